//! What the meters share: passages through a place, causes of rejection, and the columns they fill.

use super::integral::Integral;
use super::invariants::{Judge, Law};
use super::level::Level;
use crate::census::Present;
use crate::observation::Cause;
use crate::wiring::{AlarmIndex, CacheIndex, ClassIndex, EdgeIndex, NodeIndex, PoolIndex};
use std::collections::BTreeMap;

/// Number of causes of rejection.
pub const CAUSES: usize = Cause::ALL.len();

/// Value of a column where a window holds nothing to measure. JSON knows no NaN, and every
/// measured quantity is at least 0; charts leave a gap.
pub const NO_DATA: f64 = -1.0;

/// What a column belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A population, a station, a balancer or a monitor.
    Node(NodeIndex),
    /// A class of users in a population that has several.
    Class(ClassIndex),
    /// A thread pool.
    Pool(PoolIndex),
    /// A call.
    Edge(EdgeIndex),
    /// A cache.
    Cache(CacheIndex),
    /// An alarm.
    Alarm(AlarmIndex),
}

/// Takes the columns of a window in a fixed order: owner, name, unit, value.
pub type Sink<'a> = dyn FnMut(Owner, &'static str, &'static str, f64) + 'a;

/// The window whose columns are filled.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Its length in nanoseconds.
    pub nanos: f64,
}

impl Span {
    /// A count as a rate per second.
    pub fn rate(self, count: u64) -> f64 {
        count as f64 * 1e9 / self.nanos
    }

    /// An integral as a mean.
    pub fn mean(self, integral: f64) -> f64 {
        integral / self.nanos
    }
}

/// A share of a capacity, both as integrals: [`NO_DATA`] without capacity, at most 1 (a pool
/// may be made smaller than what is busy in it).
pub fn share(used: f64, capacity: f64) -> f64 {
    if capacity <= 0.0 {
        return NO_DATA;
    }
    // Not `min`, which would hide a bug: it makes 1 of what is not a number.
    let share = used / capacity;
    if share > 1.0 { 1.0 } else { share }
}

/// A quantile of nanoseconds in milliseconds, [`NO_DATA`] without values.
pub fn quantile_ms(nanos: Option<u64>) -> f64 {
    nanos.map_or(NO_DATA, |nanos| nanos as f64 / 1e6)
}

/// The causes that occurred, with their counts.
pub fn by_cause(count: impl Fn(usize) -> u64) -> BTreeMap<&'static str, u64> {
    let counts = Cause::ALL.iter().enumerate().map(|(index, cause)| (cause.key(), count(index)));
    counts.filter(|(_, count)| *count > 0).collect()
}

/// Everything that enters a place and leaves it again, with Little's law as a check.
///
/// The integral of the number present equals the sum of the times that those who left had stayed
/// and of those that the ones present have stayed so far. Model and metrics reach the two sides on
/// different ways, so each census tests both, to the nanosecond.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passage {
    present: Level,
    stayed: Integral,
}

impl Passage {
    /// Somebody enters.
    #[inline]
    pub fn enter(&mut self, now: u64) {
        self.present.rise(now);
    }

    /// Somebody leaves who has been there for `stayed` nanoseconds.
    #[inline]
    pub fn leave(&mut self, now: u64, stayed: u64) {
        self.present.fall(now);
        self.stayed.add(stayed);
    }

    /// How many are present.
    pub fn level(&self) -> &Level {
        &self.present
    }

    /// How many are present, to settle it.
    pub fn level_mut(&mut self) -> &mut Level {
        &mut self.present
    }

    /// Judges the invariants. Without a census Little's law can be told only while nobody is present.
    pub fn judge(&self, now: u64, counted: Option<Present>, judge: &mut Judge) {
        judge.demand(Law::Levels, !self.present.broken());
        let present = u64::from(self.present.value());
        if let Some(counted) = counted {
            judge.demand(Law::Census, counted.count == present);
        }
        if let Some(counted) = counted.or((present == 0).then(Present::default)) {
            let since = u128::from(counted.count) * u128::from(now);
            let stayed = self.stayed.as_u128() + since.wrapping_sub(counted.arrivals);
            judge.demand(Law::Little, self.present.integral(now).as_u128() == stayed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(passage: &Passage, now: u64, counted: Option<Present>) -> Vec<Law> {
        let mut judge = Judge::default();
        passage.judge(now, counted, &mut judge);
        judge.broken().iter().map(|broken| broken.law).collect()
    }

    #[test]
    fn a_passage_with_true_times_keeps_littles_law() {
        let mut passage = Passage::default();
        passage.enter(10);
        passage.enter(20);
        passage.leave(50, 40);
        assert_eq!(broken(&passage, 55, Some(Present { count: 1, arrivals: 20 })), []);
        passage.leave(60, 40);
        assert_eq!(broken(&passage, 60, None), []);
        assert_eq!(passage.level().integral(60).as_f64(), 80.0);
    }

    #[test]
    fn a_wrong_time_is_noticed() {
        let mut passage = Passage::default();
        passage.enter(10);
        passage.enter(20);
        assert_eq!(broken(&passage, 55, Some(Present { count: 2, arrivals: 31 })), [Law::Little]);
        passage.leave(50, 40);
        passage.leave(50, 31);
        assert_eq!(broken(&passage, 50, None), [Law::Little]);
    }

    #[test]
    fn leaving_without_having_entered_is_noticed() {
        let mut passage = Passage::default();
        passage.leave(50, 0);
        assert_eq!(broken(&passage, 50, None), [Law::Levels]);
    }

    #[test]
    fn somebody_who_is_not_there_is_noticed() {
        let mut passage = Passage::default();
        passage.enter(10);
        passage.enter(10);
        let found = broken(&passage, 50, Some(Present { count: 1, arrivals: 10 }));
        assert_eq!(found, [Law::Census, Law::Little]);
    }
}
