//! Meter of a thread pool over all servers: work that arrives, waits, is worked on and ends.

use super::histogram::Distribution;
use super::invariants::{Judge, Law};
use super::level::{Heights, Level, Tally};
use super::meter::{CAUSES, Owner, Passage, Sink, Span, by_cause, share};
use crate::census::AtPool;
use crate::observation::{Cause, Outcome};
use std::collections::BTreeMap;

const ARRIVED: usize = 0;
const OK: usize = 1;
const FAILED: usize = 2;
const WASTED: usize = 3;
const STARTED: usize = 4;
const WAITED: usize = 5;
const REFUSED: usize = 6;

/// Counts of work, in a window or since the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Reached a server.
    pub arrived: u64,
    /// Ended well, with somebody waiting for it.
    pub ok: u64,
    /// Ended with an error, with somebody waiting for it.
    pub failed: u64,
    /// Ended when nobody waited for it any more.
    pub wasted: u64,
    /// Refused, or dropped before a thread took it up.
    pub refused: u64,
    /// Taken up by a thread.
    pub started: u64,
    /// Of these, after waiting.
    pub waited: u64,
}

impl Work {
    /// All work that had started and ended.
    pub fn ended(&self) -> u64 {
        self.ok + self.failed + self.wasted
    }

    /// The sum of two.
    pub fn plus(self, other: Work) -> Work {
        Work {
            arrived: self.arrived + other.arrived,
            ok: self.ok + other.ok,
            failed: self.failed + other.failed,
            wasted: self.wasted + other.wasted,
            refused: self.refused + other.refused,
            started: self.started + other.started,
            waited: self.waited + other.waited,
        }
    }
}

/// Meter of a thread pool.
#[derive(Clone, Debug, Default)]
pub struct PoolMeter {
    tally: Tally<{ REFUSED + CAUSES }>,
    passage: Passage,
    queue: Passage,
    busy: Level,
    /// Threads of all servers that are up.
    threads: Level,
    threads_per_server: u32,
    /// Threads were taken away, maybe while they were busy.
    shrunk: bool,
    wait: Distribution,
    /// How long how many were present.
    heights: Heights,
    /// When work last ended.
    last_end: u64,
}

impl PoolMeter {
    /// A pool of so many threads on each of `up` servers.
    pub fn new(threads_per_server: u32, up: u32) -> PoolMeter {
        let threads = Level::new(threads_per_server.saturating_mul(up));
        PoolMeter { threads_per_server, threads, ..PoolMeter::default() }
    }

    /// Work arrived.
    #[inline]
    pub fn arrived(&mut self, now: u64) {
        self.tally.count(ARRIVED);
        self.heights.stood(now, self.passage.level().value());
        self.passage.enter(now);
    }

    /// Work was refused, or dropped, `waited` nanoseconds after its arrival.
    #[inline]
    pub fn refused(&mut self, now: u64, cause: Cause, waited: u64) {
        self.tally.count(REFUSED + cause as usize);
        self.heights.stood(now, self.passage.level().value());
        self.passage.leave(now, waited);
    }

    /// Work waits for a thread.
    #[inline]
    pub fn queued(&mut self, now: u64) {
        self.queue.enter(now);
    }

    /// Work no longer waits, after so many nanoseconds.
    #[inline]
    pub fn dequeued(&mut self, now: u64, waited: u64) {
        self.queue.leave(now, waited);
    }

    /// A thread took work up for the first time.
    #[inline]
    pub fn started(&mut self, waited: u64, measuring: bool) {
        self.tally.count(STARTED);
        if waited > 0 {
            self.tally.count(WAITED);
        }
        if measuring {
            self.wait.record(waited);
        }
    }

    /// A thread became busy.
    #[inline]
    pub fn taken(&mut self, now: u64) {
        self.busy.rise(now);
    }

    /// A thread became free.
    #[inline]
    pub fn freed(&mut self, now: u64) {
        self.busy.fall(now);
    }

    /// Work ended, `took` nanoseconds after its arrival.
    #[inline]
    pub fn ended(&mut self, now: u64, outcome: Outcome, took: u64, wasted: bool) {
        let index = match outcome {
            _ if wasted => WASTED,
            Outcome::Ok | Outcome::Degraded => OK,
            Outcome::Failed | Outcome::Rejected(_) | Outcome::TimedOut => FAILED,
        };
        self.tally.count(index);
        self.heights.stood(now, self.passage.level().value());
        self.last_end = now;
        self.passage.leave(now, took);
    }

    /// The number of threads per server or the number of servers up changed.
    pub fn resize(&mut self, now: u64, threads_per_server: u32, up: u32) {
        self.shrunk |= threads_per_server < self.threads_per_server;
        self.threads_per_server = threads_per_server;
        self.threads.set(now, threads_per_server.saturating_mul(up));
    }

    /// Threads on each server.
    pub fn threads_per_server(&self) -> u32 {
        self.threads_per_server
    }

    /// Threads of the servers that are up.
    pub fn threads(&self) -> &Level {
        &self.threads
    }

    /// Threads that are busy.
    pub fn busy(&self) -> &Level {
        &self.busy
    }

    /// Requests that wait.
    pub fn queue(&self) -> &Level {
        self.queue.level()
    }

    /// Requests that wait or are worked on.
    pub fn present(&self) -> &Level {
        self.passage.level()
    }

    /// Share of the time since the warm-up in which more than `bound` were present; none if so many are
    /// not told apart.
    pub fn time_above(&self, now: u64, bound: u32) -> Option<f64> {
        self.heights.share_above(now, self.present().value(), bound)
    }

    /// When work that had started last ended, in nanoseconds; none if none ever did.
    pub fn last_end(&self) -> Option<u64> {
        let ended = [OK, FAILED, WASTED].iter().any(|&index| self.tally.all(index) > 0);
        ended.then_some(self.last_end)
    }

    /// Times between arrival and start, since the warm-up.
    pub fn wait(&self) -> &Distribution {
        &self.wait
    }

    /// Counts since the warm-up.
    pub fn measured(&self) -> Work {
        self.work(|index| self.tally.measured(index))
    }

    /// Counts in this window.
    pub fn in_window(&self) -> Work {
        self.work(|index| self.tally.in_window(index))
    }

    /// What was refused since the warm-up.
    pub fn refused_by_cause(&self) -> BTreeMap<&'static str, u64> {
        by_cause(|cause| self.tally.measured(REFUSED + cause))
    }

    fn work(&self, count: impl Fn(usize) -> u64) -> Work {
        Work {
            arrived: count(ARRIVED),
            ok: count(OK),
            failed: count(FAILED),
            wasted: count(WASTED),
            refused: (REFUSED..REFUSED + CAUSES).map(&count).sum(),
            started: count(STARTED),
            waited: count(WAITED),
        }
    }

    fn levels(&mut self) -> [&mut Level; 4] {
        [self.passage.level_mut(), self.queue.level_mut(), &mut self.busy, &mut self.threads]
    }

    /// Integrates levels up to `now`.
    pub fn settle(&mut self, now: u64) {
        self.levels().into_iter().for_each(|level| level.settle(now));
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.tally.start_window();
        self.levels().into_iter().for_each(Level::start_window);
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self, now: u64) {
        self.tally.end_warmup();
        self.heights.end_warmup(now);
        self.levels().into_iter().for_each(Level::end_warmup);
    }

    /// Fills the columns of a window.
    pub fn columns(&self, owner: Owner, span: Span, sink: &mut Sink) {
        let utilisation = share(self.busy.in_window(), self.threads.in_window());
        sink(owner, "busy", "count", span.mean(self.busy.in_window()));
        sink(owner, "utilisation", "ratio", utilisation);
        sink(owner, "queue", "count", span.mean(self.queue().in_window()));
    }

    /// Judges the invariants.
    pub fn judge(&self, now: u64, counted: Option<AtPool>, judge: &mut Judge) {
        let work = self.work(|index| self.tally.all(index));
        let present = u64::from(self.present().value());
        judge.demand(Law::Work, work.refused + work.ended() + present == work.arrived);
        judge.demand(Law::Levels, !self.busy.broken());
        let [queue, busy] = [self.queue(), &self.busy].map(|level| u64::from(level.value()));
        judge.demand(Law::Threads, queue + busy <= present);
        let times = [&self.busy, &self.threads].map(|level| level.integral(now).as_u128());
        judge.demand(Law::Utilisation, self.shrunk || times[0] <= times[1]);
        if let Some(counted) = counted {
            judge.demand(Law::Census, counted.busy == busy);
        }
        self.queue.judge(now, counted.map(|counted| counted.waiting), judge);
        self.passage.judge(now, counted.map(|counted| counted.present), judge);
    }
}
