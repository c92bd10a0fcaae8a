//! The cores of a server, shared evenly by the threads that compute (processor sharing).
//!
//! With n threads on c cores each advances at `min(1, c/n)` of full speed. Instead of touching every
//! thread whenever n changes, one *virtual clock* advances at the common rate, and each thread ends
//! when that clock has passed its demand (Kleinrock 1967; the virtual time of fair queueing).
//! Virtual time is counted in nanoseconds of work as `f64`: below 2^53 it is exact at full speed.
//!
//! Without a limit of cores nobody shares: then a thread is a timer of its own and none of this
//! concerned with it.

use super::slab::Id;
use crate::engine::{Duration, Time};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A computing thread; the greatest one in the heap's order is the next to end.
#[derive(Clone, Copy, Debug)]
struct Computing {
    ends_at: f64,
    order: u64,
    job: Id,
}

impl PartialEq for Computing {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Computing {}

impl PartialOrd for Computing {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Computing {
    fn cmp(&self, other: &Self) -> Ordering {
        other.ends_at.total_cmp(&self.ends_at).then(other.order.cmp(&self.order))
    }
}

/// The cores of one server.
///
/// Invariant: `clock` is the virtual time at `updated`; every thread in the heap ends at or after it.
#[derive(Clone, Debug)]
pub struct Cpu {
    cores: Option<u32>,
    speed: f64,
    clock: f64,
    updated: Time,
    /// Nanoseconds that cores were in use, up to then, over all of them; differences alone mean something.
    used: u64,
    order: u64,
    computing: BinaryHeap<Computing>,
}

impl Cpu {
    /// An idle processor at full speed; without a number of cores it has nothing to do.
    pub fn new(cores: Option<u32>) -> Cpu {
        Cpu {
            cores,
            speed: 1.0,
            clock: 0.0,
            updated: Time::ZERO,
            used: 0,
            order: 0,
            computing: BinaryHeap::new(),
        }
    }

    /// Threads that compute or wait for their share.
    pub fn threads(&self) -> u32 {
        self.computing.len() as u32
    }

    /// Cores in use.
    pub fn cores_busy(&self) -> u32 {
        self.cores.map_or(self.threads(), |cores| cores.min(self.threads()))
    }

    /// Nanoseconds that cores have been in use; only the difference to another moment means something.
    pub fn used(&self, now: Time) -> u64 {
        self.used.wrapping_add(now.since(self.updated).0.wrapping_mul(self.cores_busy().into()))
    }

    /// Its number of cores.
    pub fn cores(&self) -> Option<u32> {
        self.cores
    }

    /// Changes the number of cores.
    pub fn set_cores(&mut self, now: Time, cores: Option<u32>) {
        self.advance(now);
        self.cores = cores;
    }

    /// All threads stop, in the order in which they would have ended; what is left of the work of each.
    pub fn drain(&mut self, now: Time) -> Vec<(Id, Duration)> {
        self.advance(now);
        let left = |ends_at: f64| Duration::from_nanos_up((ends_at - self.clock).max(0.0));
        let mut threads: Vec<Computing> = std::mem::take(&mut self.computing).into_vec();
        threads.sort_by(|a, b| b.cmp(a));
        threads.iter().map(|thread| (thread.job, left(thread.ends_at))).collect()
    }

    /// Changes the speed: 1 is full speed, 0 is a standstill.
    pub fn set_speed(&mut self, now: Time, speed: f64) {
        self.advance(now);
        self.speed = speed;
    }

    /// A thread begins to compute for `work` of core time.
    pub fn start(&mut self, now: Time, job: Id, work: Duration) {
        self.advance(now);
        if self.computing.is_empty() {
            // Nobody depends on the clock, so start afresh: small numbers stay exact.
            self.clock = 0.0;
        }
        self.order += 1;
        let ends_at = self.clock + work.0 as f64;
        self.computing.push(Computing { ends_at, order: self.order, job });
    }

    /// Takes out the thread whose end [`Cpu::next_end`] announced for `now`.
    pub fn finish(&mut self, now: Time) -> Option<Id> {
        self.advance(now);
        let done = self.computing.pop()?;
        // The end was rounded up to a whole nanosecond; the clock never runs past an end unnoticed.
        self.clock = self.clock.max(done.ends_at);
        Some(done.job)
    }

    /// A thread stops before its end; what is left of its work.
    pub fn cancel(&mut self, now: Time, job: Id) -> Duration {
        self.advance(now);
        let mut left = Duration::ZERO;
        let clock = self.clock;
        self.computing.retain(|thread| {
            let stops = thread.job == job;
            if stops {
                left = Duration::from_nanos_up((thread.ends_at - clock).max(0.0));
            }
            !stops
        });
        left
    }

    /// All threads stop.
    pub fn clear(&mut self, now: Time) {
        self.advance(now);
        self.computing.clear();
    }

    /// When the next thread ends if nothing changes until then.
    pub fn next_end(&self) -> Option<Time> {
        let next = self.computing.peek()?;
        let rate = self.rate();
        if rate <= 0.0 {
            return None;
        }
        let left = (next.ends_at - self.clock).max(0.0) / rate;
        Some(self.updated + Duration::from_nanos_up(left))
    }

    fn rate(&self) -> f64 {
        match self.cores {
            Some(cores) if cores < self.threads() => {
                self.speed * f64::from(cores) / f64::from(self.threads())
            }
            _ => self.speed,
        }
    }

    fn advance(&mut self, now: Time) {
        let passed = now.since(self.updated);
        if passed > Duration::ZERO {
            if !self.computing.is_empty() {
                self.clock += passed.0 as f64 * self.rate();
                self.used = self.used(now);
            }
            self.updated = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::slab::Slab;

    #[test]
    fn two_threads_on_one_core_take_twice_as_long() {
        let mut slab = Slab::default();
        let (a, b) = (slab.insert(()), slab.insert(()));
        let mut cpu = Cpu::new(Some(1));
        cpu.start(Time(0), a, Duration(100));
        assert_eq!(cpu.next_end(), Some(Time(100)));
        cpu.start(Time(50), b, Duration(100));
        // a has 50 left at half speed, then b has 50 left at full speed.
        assert_eq!(cpu.next_end(), Some(Time(150)));
        assert_eq!(cpu.finish(Time(150)), Some(a));
        assert_eq!(cpu.next_end(), Some(Time(200)));
        assert_eq!(cpu.finish(Time(200)), Some(b));
        assert_eq!(cpu.next_end(), None);
    }

    #[test]
    fn a_standstill_keeps_the_work_and_a_slow_processor_stretches_it() {
        let mut slab = Slab::default();
        let job = slab.insert(());
        let mut cpu = Cpu::new(None);
        cpu.start(Time(0), job, Duration(100));
        cpu.set_speed(Time(40), 0.0);
        assert_eq!(cpu.next_end(), None);
        cpu.set_speed(Time(1_000), 0.5);
        assert_eq!(cpu.next_end(), Some(Time(1_120)));
        assert_eq!(cpu.drain(Time(1_060)), [(job, Duration(30))]);
        assert_eq!(cpu.threads(), 0);
    }

    #[test]
    fn a_cancelled_thread_gives_its_share_back() {
        let mut slab = Slab::default();
        let (a, b) = (slab.insert(()), slab.insert(()));
        let mut cpu = Cpu::new(Some(1));
        cpu.start(Time(0), a, Duration(100));
        cpu.start(Time(0), b, Duration(100));
        assert_eq!(cpu.cancel(Time(100), a), Duration(50));
        assert_eq!(cpu.next_end(), Some(Time(150)));
        assert_eq!(cpu.cores_busy(), 1);
    }
}
