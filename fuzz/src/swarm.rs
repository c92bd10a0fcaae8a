//! Many trials at once, on several threads. What comes out does not depend on how many these are.

use crate::case::{Case, Size};
use crate::trial::{Failure, Passed, Rigour, trial};
use std::cell::RefCell;
use std::ops::Range;
use std::panic;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What many trials have shown.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Cases that were tried.
    pub scenarios: u64,
    /// Cases that could not be mended.
    pub rejected: u64,
    /// Cases that had to be mended.
    pub mended: u64,
    /// Events handled.
    pub events: u64,
    /// Invariants judged.
    pub checks: u64,
    /// Changes that runs took.
    pub taken: u64,
    /// Changes that runs refused.
    pub refused: u64,
    /// What failed, by seed.
    pub failures: Vec<(u64, Failure)>,
}

impl Summary {
    fn add(&mut self, seed: u64, tried: Tried) {
        match tried {
            Tried::Rejected => self.rejected += 1,
            Tried::Done { mended, result } => {
                self.scenarios += 1;
                self.mended += u64::from(mended > 0);
                match result {
                    Ok(Passed { events, checks, taken, refused, .. }) => {
                        self.events += events;
                        self.checks += checks;
                        self.taken += taken;
                        self.refused += refused;
                    }
                    Err(failure) => self.failures.push((seed, failure)),
                }
            }
        }
    }
}

enum Tried {
    Rejected,
    Done { mended: u32, result: Result<Passed, Failure> },
}

thread_local! {
    /// Where and why this thread has panicked last.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Tries every seed of a range on so many threads, 0 for as many as there are cores; `tell` hears the
/// number of seeds done from time to time.
pub fn swarm(
    seeds: Range<u64>,
    size: Size,
    rigour: Rigour,
    threads: usize,
    tell: impl Fn(u64) + Sync,
) -> Summary {
    listen_to_panics();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if threads == 0 { cores } else { threads };
    let next = AtomicU64::new(seeds.start);
    let summary = Mutex::new(Summary::default());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let tried = one(seed, size, rigour);
            summary.lock().expect("nobody panics with it").add(seed, tried);
            tell(seed - seeds.start + 1);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut summary = summary.into_inner().expect("nobody panics with it");
    summary.failures.sort_by_key(|(seed, _)| *seed);
    summary
}

fn one(seed: u64, size: Size, rigour: Rigour) -> Tried {
    let drawn = guarded(|| Ok(Case::of_seed(seed, size)));
    match drawn {
        Ok(None) => Tried::Rejected,
        Ok(Some(case)) => Tried::Done { mended: case.mended, result: tried(&case, rigour) },
        Err(failure) => Tried::Done { mended: 0, result: Err(failure) },
    }
}

/// A trial in which a panic is a failure like any other.
///
/// # Errors
/// The first thing that does not hold.
pub fn tried(case: &Case, rigour: Rigour) -> Result<Passed, Failure> {
    guarded(|| trial(case, rigour))
}

fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    panic::catch_unwind(panic::AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let detail = PANIC.with_borrow(String::clone);
        let place = detail.lines().next().unwrap_or_default().to_owned();
        Err(Failure::new(format!("panic {place}"), detail))
    })
}

/// Panics are noted with their place instead of being printed.
pub fn listen_to_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let message = info.payload_as_str().unwrap_or("without a word");
        PANIC.set(format!("{place}\n{message}"));
    }));
}
