//! A store of records under small ids that notice when they have gone stale.
//!
//! Freed slots are used again, last freed first, so the ids of a run are the same on every machine.

/// Id of a record in a [`Slab`]. An id whose record has been removed finds nothing, even when the
/// slot has been used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id {
    slot: u32,
    generation: u32,
}

impl Id {
    /// Finds nothing in any slab.
    pub const NONE: Id = Id { slot: u32::MAX, generation: 0 };

    /// Finds nothing either: for whoever needs to tell "none" from "never any".
    pub(super) const NEVER: Id = Id { slot: u32::MAX, generation: 1 };

    /// Whether this is [`Id::NONE`].
    #[inline]
    pub fn is_none(self) -> bool {
        self.slot == u32::MAX
    }

    /// The id as one word, for the digest.
    #[inline]
    pub fn word(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }
}

#[derive(Clone, Debug)]
struct Entry<T> {
    /// That of the record's id. It grows when the record is removed, so a free slot bears a
    /// generation that no id bears yet.
    generation: u32,
    /// Whether the slot is in use; only a walk over all records has to ask.
    taken: bool,
    /// The record, or what is left of the last one. Records own nothing, so nothing needs to be
    /// dropped, and neither storing nor removing one has to look at what was there.
    record: T,
}

/// The store.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    entries: Vec<Entry<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { entries: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Whether no record is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of slots, in use or free: what a walk over all records costs.
    pub fn slots(&self) -> usize {
        self.entries.len()
    }

    /// Stores a record. Always inlined, so that it is built where it shall stand.
    #[inline(always)]
    pub fn insert(&mut self, record: T) -> Id {
        if self.free.is_empty() {
            let slot = self.entries.len() as u32;
            self.entries.push(Entry { generation: 0, taken: true, record });
            return Id { slot, generation: 0 };
        }
        let slot = self.free.pop().expect("a slot is free");
        let entry = &mut self.entries[slot as usize];
        entry.taken = true;
        entry.record = record;
        Id { slot, generation: entry.generation }
    }

    /// Takes a record out. False if it had been taken out before.
    #[inline(always)]
    pub fn remove(&mut self, id: Id) -> bool {
        match self.entries.get_mut(id.slot as usize) {
            Some(entry) if entry.generation == id.generation => {
                entry.generation = entry.generation.wrapping_add(1);
                entry.taken = false;
                self.free.push(id.slot);
                true
            }
            _ => false,
        }
    }

    /// All records with their ids, by slot.
    pub fn iter(&self) -> impl Iterator<Item = (Id, &T)> {
        let entries = self.entries.iter().zip(0..).filter(|(entry, _)| entry.taken);
        entries.map(|(entry, slot)| (Id { slot, generation: entry.generation }, &entry.record))
    }

    /// The record of that id, if it is still there.
    #[inline]
    pub fn get(&self, id: Id) -> Option<&T> {
        let entry = self.entries.get(id.slot as usize)?;
        (entry.generation == id.generation).then_some(&entry.record)
    }

    /// The record of that id, if it is still there.
    #[inline]
    pub fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        let entry = self.entries.get_mut(id.slot as usize)?;
        (entry.generation == id.generation).then_some(&mut entry.record)
    }
}

impl<T> std::ops::Index<Id> for Slab<T> {
    type Output = T;
    /// For ids that are known to be alive; a stale one is a bug, which builds with debug assertions
    /// find.
    #[inline]
    fn index(&self, id: Id) -> &T {
        let entry = &self.entries[id.slot as usize];
        debug_assert!(entry.generation == id.generation, "the id of a live record");
        &entry.record
    }
}

impl<T> std::ops::IndexMut<Id> for Slab<T> {
    /// For ids that are known to be alive; a stale one is a bug, which builds with debug assertions
    /// find.
    #[inline]
    fn index_mut(&mut self, id: Id) -> &mut T {
        let entry = &mut self.entries[id.slot as usize];
        debug_assert!(entry.generation == id.generation, "the id of a live record");
        &mut entry.record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_id_finds_nothing() {
        let mut slab = Slab::default();
        let first = slab.insert("first");
        assert!(slab.remove(first));
        let second = slab.insert("second");
        assert_eq!(slab.get(first), None);
        assert!(!slab.remove(first));
        assert_eq!(slab[second], "second");
        assert_eq!(slab.len(), 1);
        assert!(slab.get(Id::NONE).is_none());
    }
}
