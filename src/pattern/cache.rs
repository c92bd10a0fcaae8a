//! A cache: a bounded set of keys, each of which may expire.
//!
//! It is told the time, looks for a key and is given one that was fetched. What goes when it is full:
//!
//! - least recently used: the key that nobody has asked for the longest time;
//! - first in, first out: the key that has been there the longest, however often it is asked for;
//! - random: any, each as likely as another;
//! - least frequently used: the key that was asked for least often, and among equals the one that
//!   nobody has asked for the longest time. Askings count before a key is kept, too, and a new key
//!   that was asked for less often than every one that is there is not kept at all, as in TinyLFU
//!   (G. Einziger, R. Friedman and B. Manes, 2017). Under a steady popularity the most popular keys
//!   stay, which is the best that any rule without foresight can do.
//!
//! Keys that expire go by themselves, unless they are kept for when no better answer can be had.

mod sights;
#[cfg(test)]
mod tests;

use crate::engine::{Duration, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sights::Sights;
use std::collections::BTreeMap;

/// Which entry goes when a cache is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CacheEviction")]
pub enum Eviction {
    /// The least recently used.
    #[default]
    Lru,
    /// The one that has been there the longest.
    Fifo,
    /// Any, each as likely as another.
    Random,
    /// The least frequently used; a new entry that was asked for less often than all others is not
    /// kept.
    Lfu,
}

/// From when on an entry ages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CacheTtlKind")]
pub enum TtlKind {
    /// From when it was fetched: nothing is ever older than the time to live.
    #[default]
    Fixed,
    /// From when it was last used: what is asked for often never expires.
    Sliding,
}

/// What a cache may hold, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most entries.
    pub max_entries: u64,
    /// Most bytes of all entries together.
    pub max_bytes: u64,
    /// Bytes of an entry, at least 1.
    pub entry_bytes: u64,
    /// Time to live; none means for ever.
    pub ttl: Option<Duration>,
    /// From when on the time to live counts.
    pub ttl_kind: TtlKind,
    /// Which entry goes when it is full.
    pub eviction: Eviction,
    /// A key is kept from so many askings on, of those that are remembered.
    pub admit_after: u32,
    /// Whether expired entries stay until others need their place.
    pub keeps_stale: bool,
}

impl Limits {
    /// Most entries, by both bounds.
    fn room(&self) -> u64 {
        self.max_entries.min(self.max_bytes / self.entry_bytes)
    }

    /// Whether it matters how often a key that is not there was asked for.
    fn counts(&self) -> bool {
        self.eviction == Eviction::Lfu || self.admit_after > 1
    }
}

/// What a look for a key finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It is there.
    Hit,
    /// It is there, but has expired.
    Stale,
    /// It is not there.
    Miss,
}

/// A key that is there.
#[derive(Clone, Debug)]
struct Entry {
    /// Its place in the order of going; for [`Eviction::Random`] its position among the keys.
    place: (u64, u64),
    /// From when on it ages.
    since: Time,
    /// Tells those apart that age from the same moment on.
    number: u64,
    /// How often it was asked for, as far as that is counted.
    askings: u64,
}

/// A cache.
///
/// Invariants: there are never more entries than the limits allow; each of them is in `order`, or in
/// `shuffled` if the next to go is drawn; with a time to live, those that have not expired are in
/// `ageing`.
#[derive(Clone, Debug)]
pub struct Cache {
    limits: Limits,
    entries: BTreeMap<u64, Entry>,
    /// Keys by place: the first is the next to go.
    order: BTreeMap<(u64, u64), u64>,
    /// Keys in no order.
    shuffled: Vec<u64>,
    /// Keys by since when they age.
    ageing: BTreeMap<(Time, u64), u64>,
    sights: Sights,
    /// Of what has happened so far.
    number: u64,
}

impl Cache {
    /// An empty cache.
    pub fn new(limits: Limits) -> Cache {
        Cache {
            limits,
            entries: BTreeMap::new(),
            order: BTreeMap::new(),
            shuffled: Vec::new(),
            ageing: BTreeMap::new(),
            sights: Sights::default(),
            number: 0,
        }
    }

    /// Number of entries, expired ones that are still there included.
    pub fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of all entries.
    pub fn bytes(&self) -> u64 {
        self.len() * self.limits.entry_bytes
    }

    /// What it holds in memory, for a bound on that: entries, and keys that it merely remembers.
    pub fn size(&self) -> u64 {
        self.len() + self.sights.len()
    }

    /// Somebody asks for a key.
    pub fn look(&mut self, now: Time, key: u64) -> Sight {
        self.expire(now);
        self.number += 1;
        let Some(entry) = self.entries.get_mut(&key) else {
            if self.limits.counts() {
                self.sights.see(key);
            }
            return Sight::Miss;
        };
        entry.askings += 1;
        let age = now.since(entry.since);
        if self.limits.ttl.is_some_and(|ttl| age >= ttl) {
            return Sight::Stale;
        }
        if self.limits.ttl_kind == TtlKind::Sliding {
            self.rejuvenate(now, key);
        }
        self.promote(key);
        Sight::Hit
    }

    /// What is known of a key, without asking for it.
    pub fn peek(&self, now: Time, key: u64) -> Sight {
        match self.entries.get(&key) {
            None => Sight::Miss,
            Some(entry) if self.limits.ttl.is_some_and(|ttl| now.since(entry.since) >= ttl) => {
                Sight::Stale
            }
            Some(_) => Sight::Hit,
        }
    }

    /// A key was fetched. How many others had to go for it; `choose` draws a number below its
    /// argument.
    pub fn put(&mut self, now: Time, key: u64, mut choose: impl FnMut(u64) -> u64) -> u64 {
        self.expire(now);
        self.number += 1;
        if self.entries.contains_key(&key) {
            self.rejuvenate(now, key);
            self.promote(key);
            return 0;
        }
        let askings = self.sights.of(key);
        let known = self.limits.admit_after <= 1 || askings >= u64::from(self.limits.admit_after);
        let room = self.limits.room();
        if !known || room == 0 || self.is_outranked(askings) {
            return 0;
        }
        let evicted = self.make_room(room - 1, &mut choose);
        self.sights.forget(key);
        let number = self.number;
        let entry = Entry { place: (0, 0), since: now, number, askings };
        self.entries.insert(key, entry);
        self.age(key);
        self.line_up(key);
        evicted
    }

    /// Lets go of what has expired by `now`.
    pub fn expire(&mut self, now: Time) {
        let Some(ttl) = self.limits.ttl else { return };
        while let Some((&(since, number), &key)) = self.ageing.first_key_value()
            && now.since(since) >= ttl
        {
            self.ageing.remove(&(since, number));
            if !self.limits.keeps_stale {
                self.remove(key);
            }
        }
    }

    /// Goes on under other limits. How many entries had to go.
    pub fn retune(&mut self, limits: &Limits, mut choose: impl FnMut(u64) -> u64) -> u64 {
        if self.limits == *limits {
            return 0;
        }
        let reorders = self.limits.eviction != limits.eviction;
        self.limits = limits.clone();
        let mut keys: Vec<(u64, u64)> = Vec::new();
        if reorders {
            // Who came first, or was used last, is not known of all: the numbers are the next best.
            keys.extend(self.entries.iter().map(|(key, entry)| (entry.number, *key)));
            keys.sort_unstable();
            self.order.clear();
            self.shuffled.clear();
            keys.iter().for_each(|(_, key)| self.line_up(*key));
        }
        self.ageing.clear();
        if self.limits.ttl.is_some() {
            let entries = self.entries.iter();
            self.ageing = entries.map(|(key, entry)| ((entry.since, entry.number), *key)).collect();
        }
        if !self.limits.counts() {
            self.sights = Sights::default();
        }
        self.make_room(self.limits.room(), &mut choose)
    }

    /// Forgets everything, as a process that ends does.
    pub fn clear(&mut self) {
        *self = Cache::new(self.limits.clone());
    }

    /// Whether every entry was asked for more often than a new key, so that it is not kept.
    fn is_outranked(&self, askings: u64) -> bool {
        let is_full = self.len() >= self.limits.room();
        let least = self.order.first_key_value();
        let outranks = least.is_some_and(|((least, _), _)| *least > askings);
        self.limits.eviction == Eviction::Lfu && is_full && outranks
    }

    /// Lets entries go until at most so many are there.
    fn make_room(&mut self, most: u64, choose: &mut impl FnMut(u64) -> u64) -> u64 {
        let mut evicted = 0;
        while self.len() > most {
            let next = match self.limits.eviction {
                Eviction::Random => self.shuffled[choose(self.len()) as usize],
                _ => *self.order.first_key_value().expect("every entry has a place").1,
            };
            self.remove(next);
            evicted += 1;
        }
        evicted
    }

    fn remove(&mut self, key: u64) {
        let entry = self.entries.remove(&key).expect("only keys that are there are removed");
        self.ageing.remove(&(entry.since, entry.number));
        if self.limits.eviction == Eviction::Random {
            let position = entry.place.0 as usize;
            self.shuffled.swap_remove(position);
            if let Some(moved) = self.shuffled.get(position) {
                let moved = self.entries.get_mut(moved).expect("every key has its entry");
                moved.place.0 = position as u64;
            }
        } else {
            self.order.remove(&entry.place);
        }
        if self.limits.counts() {
            self.sights.remember(key, entry.askings);
        }
    }

    /// An entry ages anew from `now` on.
    fn rejuvenate(&mut self, now: Time, key: u64) {
        let entry = self.entries.get_mut(&key).expect("the key is there");
        self.ageing.remove(&(entry.since, entry.number));
        (entry.since, entry.number) = (now, self.number);
        self.age(key);
    }

    fn age(&mut self, key: u64) {
        if self.limits.ttl.is_some() {
            let entry = &self.entries[&key];
            self.ageing.insert((entry.since, entry.number), key);
        }
    }

    /// An entry was used: it goes later, if use counts.
    fn promote(&mut self, key: u64) {
        if matches!(self.limits.eviction, Eviction::Lru | Eviction::Lfu) {
            let place = self.entries[&key].place;
            self.order.remove(&place);
            self.line_up(key);
        }
    }

    /// Gives an entry its place in the order of going.
    fn line_up(&mut self, key: u64) {
        let entry = self.entries.get_mut(&key).expect("the key is there");
        self.number += 1;
        entry.place = match self.limits.eviction {
            Eviction::Lru | Eviction::Fifo => (0, self.number),
            Eviction::Lfu => (entry.askings, self.number),
            Eviction::Random => (self.shuffled.len() as u64, 0),
        };
        if self.limits.eviction == Eviction::Random {
            self.shuffled.push(key);
        } else {
            self.order.insert(entry.place, key);
        }
    }
}
