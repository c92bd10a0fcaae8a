//! Log rotation after logrotate 3.21.0: when a log is rotated, and the bytes that frees.
//!
//! Nothing happens between runs; the model decides when logrotate runs (usually once a day). A run:
//!
//! 1. `maxsize` rotates a log *larger* than it, whatever else holds.
//! 2. Otherwise the criterion decides. `size` rotates a log *at least* that large (the default is
//!    1 MiB). The calendar criteria compare dates, not elapsed time: another hour, another day,
//!    another month, another year; weekly is seven days later or a Sunday not yet rotated. A log seen
//!    for the first time only gets a state entry. `minsize` vetoes the calendar criteria alone.
//! 3. `notifempty` vetoes everything for an empty log.
//! 4. A rotated log is kept under a number; of all kept ones the newest `rotate` stay, none if 0.
//!    `copytruncate` copies it first, which needs room for a second copy; without it the run fails,
//!    the log stays, and yet the date counts as rotated. It skips the copy if none is kept.
//! 5. `compress` shrinks the rotated log, which needs room for the result while both exist (without
//!    it the log stays as it is); `delaycompress` does so one rotation later.
//!
//! Of several criteria the last one written wins, hence one enum. The run starts at `time_of_day_s`
//! on a Monday, 1 January; every year has 365 days.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod calendar;

use crate::engine::{Duration, Time};
use calendar::Date;

/// What a log must reach when no criterion is written: 1 MiB.
const DEFAULT_SIZE: u64 = 1_048_576;

/// What makes a log due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LogrotateCriterion")]
pub enum Criterion {
    /// It has reached `size_bytes`.
    #[default]
    Size,
    /// It was last rotated in another hour.
    Hourly,
    /// It was last rotated on another day.
    Daily,
    /// It was last rotated seven days ago, or before today and today is Sunday.
    Weekly,
    /// It was last rotated in another month.
    Monthly,
    /// It was last rotated in another year.
    Yearly,
}

/// Parameters under their names in logrotate, with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Logrotate")]
pub struct Params {
    /// What makes a log due for rotation.
    pub criterion: Criterion,
    /// Size from which a log is due under the size criterion.
    #[schemars(range(min = 0, max = 1_000_000_000_000_000_u64), extend("x-unit" = "B"))]
    pub size_bytes: u64,
    /// Size above which a log is due whatever the criterion; absent means none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000_000_000_u64), extend("x-unit" = "B"))]
    pub maxsize_bytes: Option<u64>,
    /// Size below which a calendar criterion is vetoed; absent means none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000_000_000_u64), extend("x-unit" = "B"))]
    pub minsize_bytes: Option<u64>,
    /// Never rotate an empty log.
    pub notifempty: bool,
    /// Rotated logs to keep; zero deletes a log instead of keeping it.
    #[schemars(range(min = 0, max = 1_000), extend("x-unit" = "files"))]
    pub rotate: u32,
    /// Compress rotated logs.
    pub compress: bool,
    /// Compress a rotated log only at the next rotation.
    pub delaycompress: bool,
    /// Size of a compressed log as a share of the original.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub compress_ratio: f64,
    /// Copy the log and empty it instead of renaming it.
    pub copytruncate: bool,
    /// Time of day at which the run starts.
    #[schemars(range(min = 0.0, max = 86_399.0), extend("x-unit" = "s"))]
    pub time_of_day_s: f64,
    /// How often logrotate's timer fires, counted from midnight; Debian's fires once a day.
    #[schemars(range(min = 1.0, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub timer_interval_s: f64,
}

impl Params {
    /// The next moment after `now` at which logrotate's timer fires.
    pub fn next_run(&self, now: Time) -> Time {
        let interval = Duration::from_seconds(self.timer_interval_s).0.max(1);
        let midnight = Duration::from_seconds(self.time_of_day_s).0;
        let next = ((now.0.saturating_add(midnight)) / interval).saturating_add(1);
        Time(next.saturating_mul(interval).saturating_sub(midnight))
    }
}

impl Default for Params {
    fn default() -> Params {
        Params {
            criterion: Criterion::Size,
            size_bytes: DEFAULT_SIZE,
            maxsize_bytes: None,
            minsize_bytes: None,
            notifempty: false,
            rotate: 0,
            compress: false,
            delaycompress: false,
            compress_ratio: 0.1,
            copytruncate: false,
            time_of_day_s: 0.0,
            timer_interval_s: 86_400.0,
        }
    }
}

/// A rotated log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotatedFile {
    /// Bytes it takes on the disk.
    pub bytes: u64,
    /// When it was rotated.
    pub rotated_at: Time,
    /// Whether it has been compressed.
    pub compressed: bool,
}

/// What a run did to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The log was not due.
    NotDue,
    /// The log was rotated.
    Rotated,
    /// The log was due, but there was no room for the copy.
    NoRoom,
}

/// The summary of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What was done.
    pub outcome: Outcome,
    /// Bytes on the disk that are free now and were not before.
    pub freed_bytes: u64,
    /// Rotated logs that were deleted.
    pub removed_files: u32,
}

/// A log and its rotated predecessors.
///
/// Invariants: `rotated` is ordered from the newest to the oldest and holds at most `rotate` files
/// after a rotation; `last_rotation` is `None` until the first run has seen the log.
#[derive(Clone, Debug)]
pub struct LogFiles {
    params: Params,
    current_bytes: u64,
    rotated: VecDeque<RotatedFile>,
    /// Bytes of all rotated files: every log write asks for the sum.
    rotated_bytes: u64,
    last_rotation: Option<Time>,
}

impl LogFiles {
    /// An empty log that logrotate has never seen.
    pub fn new(params: &Params) -> LogFiles {
        LogFiles {
            params: params.clone(),
            current_bytes: 0,
            rotated: VecDeque::new(),
            rotated_bytes: 0,
            last_rotation: None,
        }
    }

    /// Appends to the log. Whether the disk has room is the caller's to check.
    pub fn write(&mut self, bytes: u64) {
        self.current_bytes = self.current_bytes.saturating_add(bytes);
    }

    /// Bytes of the log and its predecessors together.
    pub fn used_bytes(&self) -> u64 {
        self.current_bytes.saturating_add(self.rotated_bytes)
    }

    /// Bytes of the log that is being written.
    pub fn current_bytes(&self) -> u64 {
        self.current_bytes
    }

    /// The rotated logs, the newest first.
    pub fn rotated(&self) -> impl Iterator<Item = &RotatedFile> {
        self.rotated.iter()
    }

    /// One run of logrotate at `now` on a disk with `free_bytes` free.
    pub fn run(&mut self, now: Time, free_bytes: u64) -> Summary {
        if !self.is_due(now) {
            self.last_rotation.get_or_insert(now);
            return Summary { outcome: Outcome::NotDue, freed_bytes: 0, removed_files: 0 };
        }
        let used_before = self.used_bytes();
        self.last_rotation = Some(now);
        let mut free_bytes = free_bytes;
        if self.params.compress
            && self.params.delaycompress
            && let Some(previous) = self.rotated.front_mut()
        {
            compress(previous, self.params.compress_ratio, &mut free_bytes);
        }
        let copies = self.params.copytruncate && self.params.rotate > 0;
        let outcome = if copies && free_bytes < self.current_bytes {
            Outcome::NoRoom
        } else {
            self.set_aside(now, free_bytes);
            Outcome::Rotated
        };
        let mut removed_files = 0;
        if outcome == Outcome::Rotated {
            let kept = self.rotated.len().min(self.params.rotate as usize);
            removed_files = (self.rotated.len() - kept) as u32;
            self.rotated.truncate(kept);
        }
        self.rotated_bytes =
            self.rotated.iter().fold(0, |sum: u64, file| sum.saturating_add(file.bytes));
        let freed_bytes = used_before - self.used_bytes();
        Summary { outcome, freed_bytes, removed_files }
    }

    /// Takes over new parameters; the files stay as they are until the next run.
    pub fn retune(&mut self, params: &Params) {
        self.params = params.clone();
    }

    /// Turns the current log into the newest rotated one.
    fn set_aside(&mut self, now: Time, free_bytes: u64) {
        let bytes = std::mem::take(&mut self.current_bytes);
        let mut file = RotatedFile { bytes, rotated_at: now, compressed: false };
        let mut free_bytes = free_bytes;
        // The copy took its room, but the emptied original has given the same amount back.
        if self.params.compress && !self.params.delaycompress {
            compress(&mut file, self.params.compress_ratio, &mut free_bytes);
        }
        self.rotated.push_front(file);
    }

    fn is_due(&self, now: Time) -> bool {
        let params = &self.params;
        let too_large = params.maxsize_bytes.is_some_and(|maximum| self.current_bytes > maximum);
        let due = too_large
            || match params.criterion {
                Criterion::Size => self.current_bytes >= params.size_bytes,
                _ => {
                    let too_small =
                        params.minsize_bytes.is_some_and(|minimum| self.current_bytes < minimum);
                    self.is_due_by_date(now) && !too_small
                }
            };
        due && !(params.notifempty && self.current_bytes == 0)
    }

    fn is_due_by_date(&self, now: Time) -> bool {
        let Some(last) = self.last_rotation else { return false };
        let now = Date::new(now, self.params.time_of_day_s);
        let last = Date::new(last, self.params.time_of_day_s);
        match self.params.criterion {
            Criterion::Size => false,
            Criterion::Hourly => now.hour != last.hour,
            Criterion::Daily => now.day != last.day,
            Criterion::Weekly => {
                let days = now.day.saturating_sub(last.day);
                days >= 7 || (days >= 1 && now.is_sunday())
            }
            Criterion::Monthly => now.month() != last.month(),
            Criterion::Yearly => now.year() != last.year(),
        }
    }
}

/// Compresses a file if there is room for the result.
fn compress(file: &mut RotatedFile, ratio: f64, free_bytes: &mut u64) {
    let compressed = ((file.bytes as f64 * ratio).ceil() as u64).min(file.bytes);
    if !file.compressed && compressed <= *free_bytes {
        *free_bytes += file.bytes - compressed;
        *file = RotatedFile { bytes: compressed, compressed: true, ..*file };
    }
}

#[cfg(test)]
mod tests;
