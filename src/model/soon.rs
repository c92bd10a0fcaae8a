//! What happens next at the present instant: consequences of what has just happened, in their order.

use super::Event;
use std::collections::VecDeque;

/// Stands where an event is about to be written.
const BLANK: Event = Event::FaultsChange;

/// A queue that mostly holds one event or none.
///
/// Invariant: events wait in line only behind a next one.
#[derive(Clone, Debug, Default)]
pub struct Soon {
    next: Option<Event>,
    line: VecDeque<Event>,
}

impl Soon {
    /// Adds an event behind all others.
    ///
    /// It is written where it shall stand. Passed on as a whole it would be put together in memory
    /// first, and a processor waits when it reads as one word what has just been written in parts.
    #[inline(always)]
    pub fn push(&mut self, event: Event) {
        let place =
            if self.next.is_none() { self.next.insert(BLANK) } else { self.place_in_line() };
        *place = event;
    }

    #[cold]
    #[inline(never)]
    fn place_in_line(&mut self) -> &mut Event {
        self.line.push_back(BLANK);
        self.line.back_mut().expect("it has just been added")
    }

    /// Takes out the event that was added first.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<Event> {
        let event = self.next.take();
        if !self.line.is_empty() {
            self.next = self.line.pop_front();
        }
        event
    }

    /// Whether nothing is left to happen at this instant.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.next.is_none()
    }
}
