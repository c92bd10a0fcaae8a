//! How often keys were asked for that a cache does not hold, as far as it remembers.

use std::collections::BTreeMap;

/// Keys that are remembered. The ones that nobody has asked for the longest time are forgotten first,
/// so a key that is asked for a million times cannot be missed, and memory is bounded.
const MOST: usize = 65_536;

/// Askings of keys, bounded.
///
/// Invariant: both maps hold the same keys.
#[derive(Clone, Debug, Default)]
pub struct Sights {
    /// How often each was asked for, and its place in the order.
    keys: BTreeMap<u64, (u64, u64)>,
    /// Keys by when they were last asked for.
    order: BTreeMap<u64, u64>,
    number: u64,
}

impl Sights {
    /// Number of keys that are remembered.
    pub fn len(&self) -> u64 {
        self.keys.len() as u64
    }

    /// How often a key was asked for.
    pub fn of(&self, key: u64) -> u64 {
        self.keys.get(&key).map_or(0, |(askings, _)| *askings)
    }

    /// A key is asked for once more.
    pub fn see(&mut self, key: u64) {
        self.remember(key, self.of(key) + 1);
    }

    /// A key was asked for so often.
    pub fn remember(&mut self, key: u64, askings: u64) {
        self.forget(key);
        self.number += 1;
        self.keys.insert(key, (askings, self.number));
        self.order.insert(self.number, key);
        if self.keys.len() > MOST
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.keys.remove(&oldest);
        }
    }

    /// A key need not be remembered any more.
    pub fn forget(&mut self, key: u64) {
        if let Some((_, place)) = self.keys.remove(&key) {
            self.order.remove(&place);
        }
    }
}
