//! The log of a database's writes, numbered in the order in which they ended at the primary: what somebody
//! has still to apply, and which rows that is about.

use crate::engine::{Luck, Time};
use std::collections::{BTreeMap, VecDeque};

/// A write that has ended well at the primary.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The row that it is about; none means all.
    pub row: Option<u64>,
    /// The program that applies it.
    pub apply: u16,
    /// The luck of the job that wrote it.
    pub luck: Luck,
    /// When it ended.
    pub at: Time,
}

/// The writes that somebody has still to apply.
///
/// Invariant: `rows` has the number of the last write of each row in `entries`, and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Number of the first of `entries`.
    first: u64,
    entries: VecDeque<Entry>,
    rows: BTreeMap<u64, u64>,
    /// The number after that of the last write that is about every row.
    after_rowless: u64,
}

impl Log {
    /// The number that the next write gets.
    pub fn head(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// How many it holds.
    pub fn held(&self) -> usize {
        self.entries.len()
    }

    /// The write of that number, if somebody has still to apply it.
    pub fn entry(&self, number: u64) -> Option<&Entry> {
        self.entries.get(number.checked_sub(self.first)? as usize)
    }

    /// One more write.
    pub fn push(&mut self, entry: Entry) {
        self.note(self.head(), entry.row);
        self.entries.push_back(entry);
    }

    fn note(&mut self, number: u64, row: Option<u64>) {
        match row {
            Some(row) => {
                self.rows.insert(row, number);
            }
            None => self.after_rowless = number + 1,
        }
    }

    /// Whether a server that has applied the writes below `applied` lacks one of that row.
    pub fn is_stale(&self, row: Option<u64>, applied: u64) -> bool {
        match row {
            None => applied < self.head(),
            Some(row) => {
                let last = self.rows.get(&row);
                self.after_rowless > applied || last.is_some_and(|last| *last >= applied)
            }
        }
    }

    /// Forgets the writes below a number: everybody has them.
    pub fn trim(&mut self, below: u64) {
        while self.first < below {
            let Some(entry) = self.entries.pop_front() else { return };
            if let Some(row) = entry.row
                && self.rows.get(&row) == Some(&self.first)
            {
                self.rows.remove(&row);
            }
            self.first += 1;
        }
    }

    /// Forgets the writes from a number on: nobody will ever know of them.
    pub fn truncate(&mut self, from: u64) {
        match from.checked_sub(self.first) {
            Some(kept) => self.entries.truncate(kept as usize),
            None => {
                self.entries.clear();
                self.first = from;
            }
        }
        self.rows.clear();
        self.after_rowless = 0;
        for number in self.first..self.head() {
            let row = self.entries[(number - self.first) as usize].row;
            self.note(number, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(row: Option<u64>) -> Entry {
        Entry { row, apply: 0, luck: Luck(0), at: Time::ZERO }
    }

    #[test]
    fn a_row_is_stale_until_its_last_write_has_been_applied() {
        let mut log = Log::default();
        for row in [7, 8, 7] {
            log.push(write(Some(row)));
        }
        assert!(log.is_stale(Some(7), 2) && !log.is_stale(Some(7), 3));
        assert!(log.is_stale(Some(8), 1) && !log.is_stale(Some(8), 2));
        assert!(!log.is_stale(Some(9), 0));
        assert!(log.is_stale(None, 2) && !log.is_stale(None, 3));
        log.trim(2);
        assert_eq!((log.held(), log.head()), (1, 3));
        assert!(log.is_stale(Some(7), 2) && !log.is_stale(Some(8), 2));
        log.push(write(None));
        assert!(log.is_stale(Some(9), 3) && !log.is_stale(Some(9), 4));
        log.truncate(2);
        assert_eq!((log.held(), log.head()), (0, 2));
        assert!(!log.is_stale(Some(7), 2));
        log.truncate(1);
        assert_eq!(log.head(), 1, "a backup may be older than everything that is kept");
    }
}
