//! Messages, and what a queue knows of those that it holds. What happens to them is in `queue`.

use crate::engine::{Time, Timer};
use crate::model::list::{Linked, Links, List};
use crate::model::slab::Id;
use std::collections::BTreeMap;

/// Links of the messages of a queue.
pub const MESSAGES: usize = 0;

/// How far a message has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waits for somebody who takes it.
    Ready,
    /// Somebody deals with it.
    Delivered,
    /// Has failed, and waits until it may be delivered again.
    Resting,
}

/// A message in a broker.
#[derive(Clone, Debug)]
pub struct Message {
    /// The record in it.
    pub(in crate::model) record: Id,
    /// The queue's station.
    pub(in crate::model) queue: u16,
    /// How far it has got.
    pub(in crate::model) stage: Stage,
    /// Who deals with it.
    pub(in crate::model) job: Id,
    /// Its number among those of the queue, in the order in which they were published.
    pub(super) number: u64,
    /// When it was published.
    pub(super) published: Time,
    pub(super) deliveries: u32,
    /// Ends its present stage.
    pub(super) timer: Timer,
    pub(super) links: Links,
}

impl Linked<MESSAGES> for Message {
    fn links(&self) -> &Links {
        &self.links
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// The state of a queue.
#[derive(Clone, Debug, Default)]
pub struct QueueState {
    /// Messages that wait for somebody.
    pub(in crate::model) ready: List<MESSAGES>,
    /// Messages that somebody deals with, and those that rest.
    pub(in crate::model) out: List<MESSAGES>,
    /// Of these, those that rest.
    pub(in crate::model) resting: u32,
    /// When each of those that nobody deals with was published, by number.
    pub(super) ages: BTreeMap<u64, Time>,
    /// When the oldest of them was published, as observers were told.
    pub(super) told_oldest: Option<Time>,
    /// Messages published so far.
    pub(super) published: u64,
    /// The last message was refused.
    pub(super) full: bool,
    /// It is about to look for somebody who takes messages.
    pub(super) awake: bool,
    /// Whose turn it is.
    pub(super) turn: u32,
}

impl QueueState {
    /// Messages that nobody deals with.
    pub fn depth(&self) -> u32 {
        self.ready.len() + self.resting
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.published += 1;
        self.published
    }
}
