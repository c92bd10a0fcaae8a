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

/// The end of the list of free nodes, and the slot of no timer.
const NIL: u32 = u32::MAX;
const DIGIT_BITS: u32 = 6;
const SLOTS: u32 = 1 << DIGIT_BITS;
/// Level 0 has a row of slots for each rank: its events share one nanosecond and need no search.
const RANKS: u32 = 5;
/// The ten upper levels have a row each; the eleventh digit of a `u64` has only four bits.
const ROWS: u32 = RANKS + 10;
/// The rows of level 0 in a set of rows.
const LEVEL_0: u16 = (1 << RANKS) - 1;
/// Every slot of every row has a list, and every list an anchor that closes it to a ring. Anchors
/// come before the nodes of events, so that appending and unlinking need no special cases.
const LISTS: u32 = ROWS * SLOTS;

#[derive(Clone, Copy, Debug)]
struct Node {
    /// Meaningless in an anchor, like rank and generation.
    at: Time,
    /// The next one in the ring, or in the list of free nodes.
    next: u32,
    previous: u32,
    generation: u32,
    rank: Rank,
}

/// Pending events of type `E`, in order of time, rank and scheduling.
#[derive(Clone, Debug)]
pub struct Calendar<E> {
    /// The time of the last event popped. No pending event is earlier, and the list of each is the
    /// one that `list_for` computes from this very value.
    now: Time,
    pending: u32,
    /// Head of the list of free nodes.
    free: u32,
    /// The rows that have an occupied slot.
    rows: u16,
    /// The slots of each row whose list holds an event.
    occupied: [u64; ROWS as usize],
    /// The anchors of all lists, then the nodes of events. Within a list, events of one time and
    /// rank are in order of scheduling.
    nodes: Vec<Node>,
    /// What the nodes after the anchors stand for. Apart, because redistributing does not need it.
    events: Vec<E>,
}

impl<E: Copy> Default for Calendar<E> {
    fn default() -> Calendar<E> {
        Calendar::new()
    }
}

impl<E: Copy> Calendar<E> {
    /// Nothing pending, and the clock at zero.
    pub fn new() -> Calendar<E> {
        let anchor = |list| Node {
            at: Time::NEVER,
            next: list,
            previous: list,
            generation: 0,
            rank: Rank::Switch,
        };
        Calendar {
            now: Time::ZERO,
            pending: 0,
            free: NIL,
            rows: 0,
            occupied: [0; ROWS as usize],
            nodes: (0..LISTS).map(anchor).collect(),
            events: Vec::new(),
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
    ///
    /// Always inlined, but for the node: the event is then written where it shall stand. Passed on as
    /// a whole it would be put together in memory first, and a processor waits when it reads as one
    /// word what has just been written in parts.
    #[inline(always)]
    pub fn schedule(&mut self, at: Time, rank: Rank, event: E) -> Timer {
        debug_assert!(at >= self.now, "an event cannot be scheduled in the past");
        if self.free == NIL {
            self.grow(event);
        }
        let timer = self.link(at, rank);
        self.events[(timer.slot - LISTS) as usize] = event;
        timer
    }

    /// Puts the first free node where it belongs.
    fn link(&mut self, at: Time, rank: Rank) -> Timer {
        let at = at.max(self.now);
        let slot = self.free;
        let node = &mut self.nodes[slot as usize];
        self.free = node.next;
        node.at = at;
        node.rank = rank;
        let generation = node.generation;
        self.append(slot, at, rank);
        self.pending += 1;
        Timer { slot, generation }
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
        let list = self.first_list()?;
        let first = self.first_of(list);
        let at = self.node(first).at;
        if at > end {
            return None;
        }
        self.unlink(first);
        self.now = at;
        if list >= RANKS * SLOTS && self.node(list).next != list {
            self.redistribute(list);
        }
        self.release(first);
        Some((at, self.events[(first - LISTS) as usize]))
    }

    /// The time of the next event. Walks the list of one slot, and changes nothing.
    pub fn next_time(&self) -> Option<Time> {
        let list = self.first_list()?;
        Some(self.node(self.first_of(list)).at)
    }

    #[inline]
    fn node(&self, index: u32) -> &Node {
        &self.nodes[index as usize]
    }

    /// The list that holds the next event.
    #[inline]
    fn first_list(&self) -> Option<u32> {
        if self.rows & LEVEL_0 != 0 {
            return Some(self.first_list_of_level_0());
        }
        if self.rows == 0 {
            return None;
        }
        let row = self.rows.trailing_zeros();
        Some(row * SLOTS + self.occupied[row as usize].trailing_zeros())
    }

    fn first_list_of_level_0(&self) -> u32 {
        let ranks = &self.occupied[..RANKS as usize];
        let slot = ranks.iter().fold(0, |slots, row| slots | row).trailing_zeros();
        let row = ranks.iter().position(|slots| slots >> slot & 1 != 0);
        row.expect("an occupied slot is occupied in one of the rows") as u32 * SLOTS + slot
    }

    /// The earliest event of an occupied list, of the lowest rank, scheduled first.
    #[inline]
    fn first_of(&self, list: u32) -> u32 {
        let Node { next: mut first, previous: last, .. } = *self.node(list);
        // Most lists hold one event, and those of level 0 are in order.
        if first == last || list < RANKS * SLOTS {
            return first;
        }
        let mut best = self.node(first);
        let mut index = best.next;
        while index != list {
            let node = self.node(index);
            if node.at < best.at || (node.at == best.at && node.rank < best.rank) {
                (first, best) = (index, node);
            }
            index = node.next;
        }
        first
    }

    /// Moves what is left of a slot to the lower levels, where it belongs now that the clock has
    /// come into the slot. They are empty, so keeping the order of the list keeps the order of
    /// scheduling.
    fn redistribute(&mut self, list: u32) {
        let mut index = self.node(list).next;
        self.nodes[list as usize].next = list;
        self.nodes[list as usize].previous = list;
        self.vacate(list);
        while index != list {
            let Node { at, rank, next, .. } = *self.node(index);
            self.append(index, at, rank);
            index = next;
        }
    }

    /// The list that an event belongs to, as seen from now.
    #[inline]
    fn list_for(&self, at: Time, rank: Rank) -> u32 {
        let difference = at.0 ^ self.now.0;
        let level = (63 - (difference | 1).leading_zeros()) / DIGIT_BITS;
        let slot = (at.0 >> (level * DIGIT_BITS)) as u32 % SLOTS;
        let row = if level == 0 { rank as u32 } else { level + (RANKS - 1) };
        row * SLOTS + slot
    }

    #[inline]
    fn append(&mut self, index: u32, at: Time, rank: Rank) {
        let list = self.list_for(at, rank);
        let row = list / SLOTS;
        self.occupied[row as usize] |= 1 << (list % SLOTS);
        self.rows |= 1 << row;
        let last = self.node(list).previous;
        self.nodes[last as usize].next = index;
        self.nodes[list as usize].previous = index;
        let node = &mut self.nodes[index as usize];
        node.previous = last;
        node.next = list;
    }

    #[inline]
    fn unlink(&mut self, index: u32) {
        let Node { previous, next, .. } = *self.node(index);
        self.nodes[previous as usize].next = next;
        self.nodes[next as usize].previous = previous;
        // Every ring contains its anchor, so a single neighbour is that.
        if previous == next {
            self.vacate(next);
        }
    }

    /// Notes that a list has become empty.
    #[inline]
    fn vacate(&mut self, list: u32) {
        let row = list / SLOTS;
        let slots = &mut self.occupied[row as usize];
        *slots &= !(1 << (list % SLOTS));
        self.rows &= !(u16::from(*slots == 0) << row);
    }

    /// Makes a free node when there is none.
    #[cold]
    fn grow(&mut self, event: E) {
        let index = self.nodes.len() as u32;
        assert!(index < NIL, "the calendar cannot hold 2^32 events");
        let node =
            Node { at: Time::NEVER, next: NIL, previous: NIL, generation: 0, rank: Rank::Switch };
        self.nodes.push(node);
        self.events.push(event);
        self.free = index;
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

#[cfg(test)]
mod tests;
