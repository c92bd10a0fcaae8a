//! How far the work has come: a line on a terminal, nothing elsewhere.

#![allow(
    clippy::disallowed_types,
    reason = "progress is the one thing that the wall clock decides"
)]

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long work has taken: for remarks, never for results.
#[derive(Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins.
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Seconds since the beginning.
    pub fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// Quick work needs no progress.
const QUIET: Duration = Duration::from_millis(400);

/// The progress of some work.
#[derive(Debug)]
pub struct Progress {
    steps: u64,
    done: AtomicU64,
    start: Instant,
    /// Per cent shown last; 0 for nothing.
    shown: AtomicU64,
    terminal: bool,
}

impl Progress {
    /// Work of so many steps.
    pub fn new(steps: u64) -> Progress {
        let terminal = std::io::stderr().is_terminal();
        let (done, shown) = (AtomicU64::new(0), AtomicU64::new(0));
        Progress { steps, done, start: Instant::now(), shown, terminal }
    }

    /// One step is done.
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let percent = done * 100 / self.steps.max(1);
        if !self.terminal || self.start.elapsed() < QUIET {
            return;
        }
        if self.shown.fetch_max(percent, Ordering::Relaxed) < percent {
            let _ = write!(std::io::stderr(), "\rsimulating {percent:>3} %");
        }
    }

    /// All is done: takes the line away.
    pub fn end(&self) {
        if self.shown.load(Ordering::Relaxed) > 0 {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
