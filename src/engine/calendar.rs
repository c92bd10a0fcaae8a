//! The calendar of pending events: a hierarchical timing wheel.
//!
//! Events come out ordered by time, then by [`Rank`], then by what was scheduled first. Scheduling,
//! cancelling and popping take constant time whatever the number pending, and a cancelled event
//! leaves nothing behind: most timers are timeouts, and most timeouts never fire.
//!
//! The wheel has eleven levels of 64 slots with a tick of one nanosecond, so it spans all of `u64`.
//! An event's level is the highest base-64 digit in which its time differs from now, its slot the
//! value of that digit. Hence all events of a lower level come before all of a higher one, and
//! within a level before all of a later slot. Idea: G. Varghese and T. Lauck, "Hashed and
//! hierarchical timing wheels", SOSP 1987; jumping to the earliest event rather than to the start
//! of its slot is the redistribution of a radix heap (R. Ahuja et al., JACM 37, 1990).

use super::Time;

/// What goes first when several events share one moment: work that ends, then work that begins,
/// then timers (so a reply that arrives at its deadline is in time), then changes of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rank {
    /// A piece of work or a reply is complete.
    Completion = 0,
    /// New work comes in.
    Arrival = 1,
    /// A timeout, a backoff, a probe, a tick.
    Timer = 2,
    /// Something breaks or is mended.
    Fault = 3,
    /// A user turns a knob.
    Switch = 4,
}

/// The receipt for a scheduled event, with which it can be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    slot: u32,
    /// Tells this event from earlier and later ones in the same slot. It wraps after 2^32 uses.
    generation: u32,
}

impl Timer {
    /// A receipt for nothing: cancelling it does nothing.
    pub const NONE: Timer = Timer { slot: NIL, generation: 0 };
}

impl Default for Timer {
    fn default() -> Timer {
        Timer::NONE
    }
}

/// The end of a linked list.
const NIL: u32 = u32::MAX;
const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// Level 0 has a row of slots for each rank: its events share one nanosecond and need no search.
const RANKS: usize = 5;
/// The ten upper levels have a row each; the eleventh digit of a `u64` has only four bits.
const ROWS: usize = RANKS + 10;
/// The rows of level 0 in a set of rows.
const LEVEL_0: u16 = (1 << RANKS) - 1;

#[derive(Clone, Copy, Debug)]
struct Node<E> {
    at: Time,
    /// The next one in the slot's list, or in the list of free nodes.
    next: u32,
    previous: u32,
    generation: u32,
    rank: Rank,
    event: E,
}

/// First and last node of a slot. Both are stale while the slot's bit in `occupied` is clear.
#[derive(Clone, Copy, Debug)]
struct List {
    head: u32,
    tail: u32,
}

/// Pending events of type `E`, in order of time, rank and scheduling.
#[derive(Clone, Debug)]
pub struct Calendar<E> {
    /// The time of the last event popped. No pending event is earlier, and the place of each in
    /// the wheel is the one that `place` computes from this very value.
    now: Time,
    pending: u32,
    /// Head of the list of free nodes.
    free: u32,
    /// The rows that have an occupied slot.
    rows: u16,
    /// The slots of each row that hold an event.
    occupied: [u64; ROWS],
    /// Within a list, events of one time and rank are in order of scheduling.
    lists: [[List; SLOTS]; ROWS],
    nodes: Vec<Node<E>>,
}

impl<E: Copy> Default for Calendar<E> {
    fn default() -> Calendar<E> {
        Calendar::new()
    }
}

impl<E: Copy> Calendar<E> {
    /// Nothing pending, and the clock at zero.
    pub fn new() -> Calendar<E> {
        Calendar {
            now: Time::ZERO,
            pending: 0,
            free: NIL,
            rows: 0,
            occupied: [0; ROWS],
            lists: [[List { head: NIL, tail: NIL }; SLOTS]; ROWS],
            nodes: Vec::new(),
        }
    }

    /// The time of the last event popped, zero before the first.
    #[inline]
    pub fn now(&self) -> Time {
        self.now
    }

    /// How many events are pending.
    #[inline]
    pub fn len(&self) -> u32 {
        self.pending
    }

    /// Whether nothing is pending.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.pending == 0
    }

    /// Puts `event` down for the moment `at`, which must not lie before [`Calendar::now`].
    ///
    /// A time in the past is a bug of the caller: debug builds panic, release builds take it for
    /// now.
    #[inline]
    pub fn schedule(&mut self, at: Time, rank: Rank, event: E) -> Timer {
        debug_assert!(at >= self.now, "an event cannot be scheduled in the past");
        let at = at.max(self.now);
        let slot = self.claim(at, rank, event);
        self.append(slot);
        self.pending += 1;
        Timer { slot, generation: self.nodes[slot as usize].generation }
    }

    /// Takes an event back. False if it has fired or was cancelled before.
    #[inline]
    pub fn cancel(&mut self, timer: Timer) -> bool {
        match self.nodes.get(timer.slot as usize) {
            // A free node has a generation that no receipt bears.
            Some(node) if node.generation == timer.generation => {
                self.unlink(timer.slot);
                self.release(timer.slot);
                true
            }
            _ => false,
        }
    }

    /// Takes the next event out and moves the clock to it, unless it lies after `end`.
    ///
    /// When nothing is due nothing changes: `end` may be passed in any steps, and events may be
    /// scheduled before it afterwards.
    #[inline]
    pub fn pop_until(&mut self, end: Time) -> Option<(Time, E)> {
        let (row, slot, first) = self.first()?;
        let Node { at, event, .. } = self.nodes[first as usize];
        if at > end {
            return None;
        }
        let List { head, tail } = self.lists[row][slot];
        if row < RANKS || head == tail {
            self.unlink(first);
            self.now = at;
        } else {
            self.redistribute(row, slot, first);
        }
        self.release(first);
        Some((at, event))
    }

    /// The time of the next event. Walks the list of one slot, and changes nothing.
    pub fn next_time(&self) -> Option<Time> {
        self.first().map(|(_, _, first)| self.nodes[first as usize].at)
    }

    /// Row, slot and node of the next event.
    #[inline]
    fn first(&self) -> Option<(usize, usize, u32)> {
        if self.rows & LEVEL_0 != 0 {
            return Some(self.first_on_level_0());
        }
        if self.rows == 0 {
            return None;
        }
        let row = self.rows.trailing_zeros() as usize;
        let slot = self.occupied[row].trailing_zeros() as usize;
        let List { head, tail } = self.lists[row][slot];
        let mut first = head;
        // Most slots hold one event, and then it need not be touched.
        if head != tail {
            let mut best = self.key(head);
            let mut index = self.nodes[head as usize].next;
            while index != NIL {
                let key = self.key(index);
                if key < best {
                    (first, best) = (index, key);
                }
                index = self.nodes[index as usize].next;
            }
        }
        Some((row, slot, first))
    }

    fn first_on_level_0(&self) -> (usize, usize, u32) {
        let earliest = self.occupied[..RANKS].iter().fold(0, |all, row| all | row);
        let slot = earliest.trailing_zeros() as usize;
        let row = self.occupied[..RANKS]
            .iter()
            .position(|row| row >> slot & 1 != 0)
            .expect("an occupied slot is occupied in one of the rows");
        (row, slot, self.lists[row][slot].head)
    }

    #[inline]
    fn key(&self, index: u32) -> (Time, Rank) {
        let node = &self.nodes[index as usize];
        (node.at, node.rank)
    }

    /// Moves the clock to `first` and the rest of its slot to the lower levels, where they belong
    /// then. Those are empty, so keeping the order of the list keeps the order of scheduling.
    fn redistribute(&mut self, row: usize, slot: usize, first: u32) {
        let mut index = self.lists[row][slot].head;
        self.vacate(row, slot);
        self.now = self.nodes[first as usize].at;
        while index != NIL {
            let next = self.nodes[index as usize].next;
            if index != first {
                self.append(index);
            }
            index = next;
        }
    }

    /// Row and slot of an event, as seen from now.
    #[inline]
    fn place(&self, at: Time, rank: Rank) -> (usize, usize) {
        let difference = at.0 ^ self.now.0;
        let level = (63 - (difference | 1).leading_zeros()) / DIGIT_BITS;
        let slot = (at.0 >> (level * DIGIT_BITS)) as usize % SLOTS;
        let row = if level == 0 { rank as usize } else { level as usize + (RANKS - 1) };
        (row, slot)
    }

    #[inline]
    fn append(&mut self, index: u32) {
        let Node { at, rank, .. } = self.nodes[index as usize];
        let (row, slot) = self.place(at, rank);
        let bit = 1 << slot;
        let list = &mut self.lists[row][slot];
        let mut previous = NIL;
        if self.occupied[row] & bit == 0 {
            self.occupied[row] |= bit;
            self.rows |= 1 << row;
            list.head = index;
        } else {
            previous = list.tail;
            self.nodes[previous as usize].next = index;
        }
        list.tail = index;
        let node = &mut self.nodes[index as usize];
        node.previous = previous;
        node.next = NIL;
    }

    #[inline]
    fn unlink(&mut self, index: u32) {
        let Node { at, rank, previous, next, .. } = self.nodes[index as usize];
        let (row, slot) = self.place(at, rank);
        match (previous, next) {
            (NIL, NIL) => self.vacate(row, slot),
            (NIL, _) => self.lists[row][slot].head = next,
            (_, NIL) => self.lists[row][slot].tail = previous,
            _ => {}
        }
        if previous != NIL {
            self.nodes[previous as usize].next = next;
        }
        if next != NIL {
            self.nodes[next as usize].previous = previous;
        }
    }

    #[inline]
    fn vacate(&mut self, row: usize, slot: usize) {
        self.occupied[row] &= !(1 << slot);
        if self.occupied[row] == 0 {
            self.rows &= !(1 << row);
        }
    }

    /// A node for the event, taken from the free list or new.
    #[inline]
    fn claim(&mut self, at: Time, rank: Rank, event: E) -> u32 {
        let index = self.free;
        if index == NIL {
            return self.grow(Node { at, next: NIL, previous: NIL, generation: 0, rank, event });
        }
        let node = &mut self.nodes[index as usize];
        self.free = node.next;
        node.at = at;
        node.rank = rank;
        node.event = event;
        index
    }

    #[cold]
    fn grow(&mut self, node: Node<E>) -> u32 {
        let index = self.nodes.len() as u32;
        assert!(index < NIL, "the calendar cannot hold 2^32 events");
        self.nodes.push(node);
        index
    }

    /// Returns an unlinked node to the free list and makes its receipts void.
    #[inline]
    fn release(&mut self, index: u32) {
        let node = &mut self.nodes[index as usize];
        node.generation = node.generation.wrapping_add(1);
        node.next = self.free;
        self.free = index;
        self.pending -= 1;
    }
}
