//! Queues threaded through the records of a [`Slab`]: first and last out, and out of the middle, all
//! in constant time, without an allocation.
//!
//! A record may stand in several lists at once, one for each kind of link that it carries.

use super::slab::{Id, Slab};

/// A record's place in a list.
#[derive(Clone, Copy, Debug)]
pub struct Links {
    previous: Id,
    next: Id,
}

/// Links of a record that stands in no list. [`Id::NONE`] is the end of a list.
const UNLISTED: Links = Links { previous: Id::NEVER, next: Id::NEVER };

impl Default for Links {
    fn default() -> Self {
        UNLISTED
    }
}

/// A record that carries links of kind `KIND`.
pub trait Linked<const KIND: usize> {
    /// Its place in the list of that kind.
    fn links(&self) -> &Links;
    /// Its place in the list of that kind.
    fn links_mut(&mut self) -> &mut Links;
}

/// A queue of records linked by their links of kind `KIND`.
#[derive(Clone, Copy, Debug)]
pub struct List<const KIND: usize> {
    first: Id,
    last: Id,
    len: u32,
}

impl<const KIND: usize> Default for List<KIND> {
    fn default() -> Self {
        List { first: Id::NONE, last: Id::NONE, len: 0 }
    }
}

impl<const KIND: usize> List<KIND> {
    /// Number of records in it.
    #[inline]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether no record is in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The record in front, or [`Id::NONE`].
    #[inline]
    pub fn first(&self) -> Id {
        self.first
    }

    /// The record at the end, or [`Id::NONE`].
    #[inline]
    pub fn last(&self) -> Id {
        self.last
    }

    /// The record behind `id`, or [`Id::NONE`].
    #[inline]
    pub fn after<T: Linked<KIND>>(&self, slab: &Slab<T>, id: Id) -> Id {
        slab[id].links().next
    }

    /// All records, as it is now: for who may take some of them out on the way.
    pub fn ids<T: Linked<KIND>>(&self, slab: &Slab<T>) -> Vec<Id> {
        let next = |id: &Id| Some(self.after(slab, *id)).filter(|next| !next.is_none());
        let first = Some(self.first).filter(|first| !first.is_none());
        std::iter::successors(first, next).collect()
    }

    /// The record in front of `id`, or [`Id::NONE`].
    pub fn before<T: Linked<KIND>>(&self, slab: &Slab<T>, id: Id) -> Id {
        slab[id].links().previous
    }

    /// Adds a record in front of `place`, at the end if that is [`Id::NONE`].
    pub fn insert_before<T: Linked<KIND>>(&mut self, slab: &mut Slab<T>, id: Id, place: Id) {
        let Some(behind) = slab.get_mut(place) else { return self.push(slab, id) };
        let previous = std::mem::replace(&mut behind.links_mut().previous, id);
        let links = slab[id].links_mut();
        debug_assert!(links.next == Id::NEVER, "a record stands in one list of a kind at a time");
        *links = Links { previous, next: place };
        match slab.get_mut(previous) {
            Some(before) => before.links_mut().next = id,
            None => self.first = id,
        }
        self.len += 1;
    }

    /// Adds a record at the end. It must not stand in a list of this kind.
    #[inline]
    pub fn push<T: Linked<KIND>>(&mut self, slab: &mut Slab<T>, id: Id) {
        let last = self.last;
        let links = slab[id].links_mut();
        debug_assert!(links.next == Id::NEVER, "a record stands in one list of a kind at a time");
        *links = Links { previous: last, next: Id::NONE };
        match slab.get_mut(last) {
            Some(before) => before.links_mut().next = id,
            None => self.first = id,
        }
        self.last = id;
        self.len += 1;
    }

    /// Takes a record out, wherever it stands. Returns false if it stands in no list of this kind.
    #[inline]
    pub fn remove<T: Linked<KIND>>(&mut self, slab: &mut Slab<T>, id: Id) -> bool {
        let links = std::mem::take(slab[id].links_mut());
        if links.next == Id::NEVER {
            return false;
        }
        match slab.get_mut(links.previous) {
            Some(before) => before.links_mut().next = links.next,
            None => self.first = links.next,
        }
        match slab.get_mut(links.next) {
            Some(behind) => behind.links_mut().previous = links.previous,
            None => self.last = links.previous,
        }
        self.len -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Record(u32, Links);

    impl Linked<0> for Record {
        fn links(&self) -> &Links {
            &self.1
        }
        fn links_mut(&mut self) -> &mut Links {
            &mut self.1
        }
    }

    fn values(list: &List<0>, slab: &Slab<Record>) -> Vec<u32> {
        let mut found = Vec::new();
        let mut id = list.first();
        while !id.is_none() {
            found.push(slab[id].0);
            id = list.after(slab, id);
        }
        found
    }

    #[test]
    fn records_leave_from_the_front_the_end_and_the_middle() {
        let mut slab = Slab::default();
        let mut list = List::default();
        let ids: Vec<Id> = (0..5).map(|n| slab.insert(Record(n, Links::default()))).collect();
        for id in &ids {
            list.push(&mut slab, *id);
        }
        assert!(list.remove(&mut slab, ids[2]));
        assert!(!list.remove(&mut slab, ids[2]));
        assert!(list.remove(&mut slab, ids[0]));
        assert!(list.remove(&mut slab, ids[4]));
        assert_eq!(values(&list, &slab), [1, 3]);
        list.push(&mut slab, ids[2]);
        assert_eq!(values(&list, &slab), [1, 3, 2]);
        assert_eq!(list.len(), 3);
        list.insert_before(&mut slab, ids[0], ids[1]);
        list.insert_before(&mut slab, ids[4], ids[2]);
        assert_eq!(values(&list, &slab), [0, 1, 3, 4, 2]);
        assert_eq!(list.before(&slab, ids[4]), ids[3]);
        assert_eq!(list.before(&slab, list.first()), Id::NONE);
        for id in ids {
            assert!(list.remove(&mut slab, id));
        }
        assert!(list.is_empty() && list.last().is_none());
    }
}
