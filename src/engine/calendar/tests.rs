//! The calendar against a sorted map, and its corner cases one by one.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const RANK: [Rank; 5] = [Rank::Completion, Rank::Arrival, Rank::Timer, Rank::Fault, Rank::Switch];

/// What a calendar is meant to be: a map sorted by time, rank and sequence number.
#[derive(Clone, Default)]
struct Model {
    now: Time,
    pending: BTreeMap<(Time, Rank, u32), ()>,
}

impl Model {
    fn pop_until(&mut self, end: Time) -> Option<(Time, u32)> {
        let (&(at, rank, sequence), ()) = self.pending.first_key_value()?;
        if at > end {
            return None;
        }
        self.pending.remove(&(at, rank, sequence));
        self.now = at;
        Some((at, sequence))
    }
}

#[derive(Clone, Debug)]
enum Step {
    Schedule { delay: u64, rank: usize },
    Cancel { which: u32 },
    Pop { ahead: u64 },
    Clone,
}

/// Delays of every size: many ties, all levels, and times beyond any run.
fn delay() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => 0..3_u64,
        2 => 0..200_u64,
        3 => (0..62_u32, 0..4_u64).prop_map(|(shift, offset)| (1 << shift) + offset),
        1 => 0..=u64::MAX / 2,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (delay(), 0..RANK.len()).prop_map(|(delay, rank)| Step::Schedule { delay, rank }),
        2 => any::<u32>().prop_map(|which| Step::Cancel { which }),
        4 => delay().prop_map(|ahead| Step::Pop { ahead }),
        1 => Just(Step::Clone),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn it_behaves_like_a_sorted_map(steps in prop::collection::vec(step(), 1..200)) {
        let mut calendar = Calendar::new();
        let mut model = Model::default();
        // Every receipt ever issued, so that old ones are tried as well.
        let mut receipts = Vec::new();
        for step in steps {
            match step {
                Step::Schedule { delay, rank } => {
                    let at = Time(model.now.0.saturating_add(delay).min(u64::MAX / 2));
                    let sequence = receipts.len() as u32;
                    let timer = calendar.schedule(at, RANK[rank], sequence);
                    receipts.push((timer, at, RANK[rank], sequence));
                    model.pending.insert((at, RANK[rank], sequence), ());
                }
                Step::Cancel { which } if !receipts.is_empty() => {
                    let (timer, at, rank, sequence) = receipts[which as usize % receipts.len()];
                    let expected = model.pending.remove(&(at, rank, sequence)).is_some();
                    prop_assert_eq!(calendar.cancel(timer), expected);
                }
                Step::Cancel { .. } => prop_assert!(!calendar.cancel(Timer::NONE)),
                Step::Pop { ahead } => {
                    let end = Time(model.now.0.saturating_add(ahead));
                    prop_assert_eq!(calendar.pop_until(end), model.pop_until(end));
                }
                Step::Clone => calendar = calendar.clone(),
            }
            prop_assert_eq!(calendar.now(), model.now);
            prop_assert_eq!(calendar.len() as usize, model.pending.len());
            prop_assert_eq!(calendar.is_empty(), model.pending.is_empty());
            let next = model.pending.first_key_value().map(|(&(at, ..), ())| at);
            prop_assert_eq!(calendar.next_time(), next);
        }
        let mut copy = calendar.clone();
        while let Some(expected) = model.pop_until(Time::NEVER) {
            prop_assert_eq!(calendar.pop_until(Time::NEVER), Some(expected));
            prop_assert_eq!(copy.pop_until(Time::NEVER), Some(expected));
        }
        prop_assert_eq!(calendar.pop_until(Time::NEVER), None);
    }
}

#[test]
fn a_lower_rank_scheduled_during_its_moment_goes_before_what_remains() {
    let mut calendar = Calendar::new();
    calendar.schedule(Time(1_000), Rank::Timer, "first timer");
    calendar.schedule(Time(1_000), Rank::Timer, "second timer");
    assert_eq!(calendar.pop_until(Time::NEVER), Some((Time(1_000), "first timer")));
    calendar.schedule(Time(1_000), Rank::Switch, "switch");
    calendar.schedule(Time(1_000), Rank::Completion, "completion");
    let rest: Vec<_> = std::iter::from_fn(|| calendar.pop_until(Time(1_000))).collect();
    assert_eq!(
        rest.iter().map(|&(_, name)| name).collect::<Vec<_>>(),
        ["completion", "second timer", "switch"]
    );
}

#[test]
fn looking_ahead_in_vain_leaves_room_for_earlier_events() {
    let mut calendar = Calendar::new();
    calendar.schedule(Time(1_000_000), Rank::Arrival, 'b');
    calendar.schedule(Time(1_000_001), Rank::Arrival, 'c');
    assert_eq!(calendar.pop_until(Time(999_999)), None);
    assert_eq!(calendar.now(), Time::ZERO);
    calendar.schedule(Time(5), Rank::Arrival, 'a');
    let order: Vec<_> = std::iter::from_fn(|| calendar.pop_until(Time::NEVER)).collect();
    assert_eq!(order, [(Time(5), 'a'), (Time(1_000_000), 'b'), (Time(1_000_001), 'c')]);
}

#[test]
fn the_end_of_time_is_a_time_like_any_other() {
    let mut calendar = Calendar::new();
    calendar.schedule(Time::NEVER, Rank::Fault, 2);
    calendar.schedule(Time::NEVER, Rank::Timer, 1);
    assert_eq!(calendar.pop_until(Time(u64::MAX - 1)), None);
    assert_eq!(calendar.pop_until(Time::NEVER), Some((Time::NEVER, 1)));
    assert_eq!(calendar.pop_until(Time::NEVER), Some((Time::NEVER, 2)));
}

#[test]
fn a_receipt_is_good_for_one_event_only() {
    let mut calendar = Calendar::new();
    let fired = calendar.schedule(Time(1), Rank::Timer, 1);
    assert!(calendar.pop_until(Time(1)).is_some());
    let pending = calendar.schedule(Time(2), Rank::Timer, 2);
    assert!(!calendar.cancel(fired), "its node serves another event by now");
    assert!(calendar.cancel(pending));
    assert!(!calendar.cancel(pending));
    assert!(!calendar.cancel(Timer::NONE));
    assert!(calendar.is_empty());
    assert_eq!(calendar.next_time(), None);
}

#[test]
fn a_cancelled_event_leaves_nothing_behind() {
    let mut calendar = Calendar::new();
    for round in 0..100_000 {
        let timer = calendar.schedule(Time(30_000_000_000 + round), Rank::Timer, round);
        assert!(calendar.cancel(timer));
    }
    assert_eq!(calendar.events.len(), 1, "one node serves them all in turn");
}

/// If a tie cost more than constant time, half a million of them would take minutes.
#[test]
fn ties_cost_no_more_than_other_events() {
    const TIES: u32 = 500_000;
    let at = Time(123_456_789);
    let mut calendar = Calendar::new();
    for number in 0..TIES {
        calendar.schedule(at, RANK[number as usize % RANK.len()], number);
    }
    let popped: Vec<_> = std::iter::from_fn(|| calendar.pop_until(at)).collect();
    let expected = (0..5).flat_map(|rank| (rank..TIES).step_by(5)).map(|number| (at, number));
    assert!(popped.into_iter().eq(expected));
}

#[test]
#[should_panic(expected = "in the past")]
#[cfg(debug_assertions)]
fn the_past_is_closed() {
    let mut calendar = Calendar::new();
    calendar.schedule(Time(10), Rank::Timer, ());
    calendar.pop_until(Time(10));
    calendar.schedule(Time(9), Rank::Timer, ());
}
