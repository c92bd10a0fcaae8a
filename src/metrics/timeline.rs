//! The timeline: what happened to nodes and calls, bounded, with bursts told as one.
//!
//! Entries are facts without words; `report::words` says them in two languages.

use crate::engine::Time;
use crate::observation::{BreakerState, DownCause, LabelIndex};
use crate::wiring::{AlarmIndex, EdgeIndex, NodeIndex, Wiring};

/// Entries kept. A reader is lost long before, and a flapping fleet must not take memory
/// without end.
pub const MAX_ENTRIES: usize = 2_000;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A fault began.
    FaultStarted(LabelIndex),
    /// A fault ended.
    FaultEnded(LabelIndex),
    /// Somebody flipped a switch.
    Switched(LabelIndex, bool),
    /// An intervention took effect.
    Intervened(LabelIndex),
    /// Servers went down.
    Down(NodeIndex, DownCause),
    /// Servers began to boot.
    Booting(NodeIndex),
    /// Servers cannot boot for want of a node that they need.
    BootHeldUp(NodeIndex),
    /// Servers take requests.
    Up(NodeIndex),
    /// A balancer took servers out of rotation.
    OutOfRotation(NodeIndex),
    /// A balancer took servers back.
    BackInRotation(NodeIndex),
    /// Standbys began to take over.
    TakesOver(NodeIndex),
    /// Servers began to be promoted in place of a dead primary.
    PromotionStarted(NodeIndex),
    /// Servers have become the primary in place of a dead one.
    Promoted(NodeIndex),
    /// The primary and another server began to change places.
    SwapStarted(NodeIndex),
    /// Servers have become the primary as planned.
    RolesSwapped(NodeIndex),
    /// Writes were lost, as many as the entry has bytes.
    WritesLost(NodeIndex),
    /// Outlier detection would have ejected servers, but too many were out already.
    EjectionRefused(NodeIndex),
    /// More than half of servers' time goes into garbage collection.
    GcOverhead(NodeIndex),
    /// An autoscaler changed the number of servers, from and to.
    Scaled(NodeIndex, u32, u32),
    /// Another release is on its way.
    Release(NodeIndex, LabelIndex),
    /// A release that failed is taken back.
    RolledBack(NodeIndex, LabelIndex),
    /// A governor is near its limits: servers wanted and allowed.
    GovernorAlarm(NodeIndex, u32, u32),
    /// Disks are full.
    DiskFull(NodeIndex),
    /// Logs were rotated.
    LogRotated(NodeIndex),
    /// A queue is full.
    QueueFull(NodeIndex),
    /// Servers began to keep records in their spools.
    SpoolBegan(NodeIndex),
    /// Recovery batches began to fail.
    RecoveryFails(NodeIndex),
    /// Spools are empty again.
    SpoolDrained(NodeIndex),
    /// Machines are gone with what was in their spools.
    SpoolLost(NodeIndex),
    /// Servers began to renew tokens without the identity provider (true), or ended it.
    AuthMode(NodeIndex, bool),
    /// A database's rows begin to be copied to another one.
    Migrates(NodeIndex),
    /// All rows are copied: queries are held up for the cut-over.
    CutsOver(NodeIndex),
    /// Queries go to the other database.
    Migrated(NodeIndex),
    /// Breakers of calling servers changed their state.
    Breaker(EdgeIndex, BreakerState),
    /// An alarm was told.
    AlarmSent(AlarmIndex, LabelIndex),
}

/// Places of a node: one per cause of going down, and one for each other thing.
const PER_NODE: usize = DownCause::COUNT + 25;
const PER_EDGE: usize = 3;

impl Happening {
    /// Where the same thing is looked for within a window; none for what is always told by itself.
    fn slot(self, nodes: usize, edges: usize) -> Option<usize> {
        let (node, kind) = match self {
            Happening::Down(node, cause) => (node, cause as usize),
            Happening::Booting(node) => (node, DownCause::COUNT),
            Happening::Up(node) => (node, DownCause::COUNT + 1),
            Happening::OutOfRotation(node) => (node, DownCause::COUNT + 2),
            Happening::BackInRotation(node) => (node, DownCause::COUNT + 3),
            Happening::DiskFull(node) => (node, DownCause::COUNT + 4),
            Happening::LogRotated(node) => (node, DownCause::COUNT + 5),
            Happening::EjectionRefused(node) => (node, DownCause::COUNT + 6),
            Happening::TakesOver(node) => (node, DownCause::COUNT + 7),
            Happening::SpoolBegan(node) => (node, DownCause::COUNT + 8),
            Happening::RecoveryFails(node) => (node, DownCause::COUNT + 9),
            Happening::SpoolDrained(node) => (node, DownCause::COUNT + 10),
            Happening::GcOverhead(node) => (node, DownCause::COUNT + 11),
            Happening::AuthMode(node, alone) => (node, DownCause::COUNT + 12 + usize::from(alone)),
            Happening::QueueFull(node) => (node, DownCause::COUNT + 14),
            Happening::BootHeldUp(node) => (node, DownCause::COUNT + 18),
            Happening::Migrates(node) => (node, DownCause::COUNT + 15),
            Happening::CutsOver(node) => (node, DownCause::COUNT + 16),
            Happening::Migrated(node) => (node, DownCause::COUNT + 17),
            Happening::PromotionStarted(node) => (node, DownCause::COUNT + 19),
            Happening::Promoted(node) => (node, DownCause::COUNT + 20),
            Happening::SwapStarted(node) => (node, DownCause::COUNT + 21),
            Happening::RolesSwapped(node) => (node, DownCause::COUNT + 22),
            Happening::WritesLost(node) => (node, DownCause::COUNT + 23),
            Happening::SpoolLost(node) => (node, DownCause::COUNT + 24),
            Happening::Breaker(edge, state) => {
                return Some(nodes * PER_NODE + usize::from(edge.0) * PER_EDGE + state as usize);
            }
            Happening::AlarmSent(alarm, _) => {
                return Some(nodes * PER_NODE + edges * PER_EDGE + usize::from(alarm.0));
            }
            _ => return None,
        };
        Some(usize::from(node.0) * PER_NODE + kind)
    }
}

/// An entry of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it happened first.
    pub at: Time,
    /// What happened.
    pub happening: Happening,
    /// The server that it happened to first; 0 where no server is meant.
    pub server: u32,
    /// How often it happened within the window.
    pub count: u32,
    /// Bytes freed, for rotated logs; records sent, for spools that are empty; writes that were lost.
    pub amount: u64,
}

/// What happened, in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    nodes: usize,
    edges: usize,
    entries: Vec<Entry>,
    dropped: u64,
    /// Per slot: the window (from 1; 0 is none) and the entry that told it last.
    last: Vec<(u32, u32)>,
}

impl Timeline {
    /// An empty timeline of what exists.
    pub fn new(wiring: &Wiring) -> Timeline {
        Timeline::of(wiring.nodes.len(), wiring.edges.len(), wiring.alarms.len())
    }

    fn of(nodes: usize, edges: usize, alarms: usize) -> Timeline {
        let last = vec![(0, 0); nodes * PER_NODE + edges * PER_EDGE + alarms];
        Timeline { nodes, edges, last, ..Timeline::default() }
    }

    /// Something happened in that window, to that server.
    pub fn push(&mut self, at: Time, window: u32, happening: Happening, server: u32, amount: u64) {
        let slot = happening.slot(self.nodes, self.edges);
        if let Some(slot) = slot {
            let (told, entry) = self.last[slot];
            if told == window + 1 {
                let entry = &mut self.entries[entry as usize];
                entry.count += 1;
                entry.amount += amount;
                return;
            }
        }
        if self.entries.len() >= MAX_ENTRIES {
            self.dropped += 1;
            return;
        }
        if let Some(slot) = slot {
            self.last[slot] = (window + 1, self.entries.len() as u32);
        }
        self.entries.push(Entry { at, happening, server, count: 1, amount });
    }

    /// The entries. The newest ones may still grow in count until their window ends.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many entries did not fit.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_within_a_window_are_one_entry() {
        let mut timeline = Timeline::of(1, 2, 0);
        let open = |edge| Happening::Breaker(EdgeIndex(edge), BreakerState::Open);
        for server in 0..4 {
            timeline.push(Time(5), 0, open(0), server, 0);
        }
        timeline.push(Time(6), 0, open(1), 0, 0);
        timeline.push(Time(12), 1, open(0), 2, 0);
        let told: Vec<_> = timeline.entries().iter().map(|e| (e.at.0, e.count, e.server)).collect();
        assert_eq!(told, [(5, 4, 0), (6, 1, 0), (12, 1, 2)]);
    }

    #[test]
    fn the_timeline_is_bounded_and_says_so() {
        let mut timeline = Timeline::of(1, 0, 0);
        for window in 0..MAX_ENTRIES as u32 + 7 {
            timeline.push(Time(0), window, Happening::Up(NodeIndex(0)), 0, 0);
        }
        assert_eq!((timeline.entries().len(), timeline.dropped()), (MAX_ENTRIES, 7));
    }
}
