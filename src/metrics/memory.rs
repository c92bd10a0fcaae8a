//! Meter of the memory of a service's servers: what lives in it, collections of garbage, and crashes for want of it.

use super::level::{Level, Tally};
use crate::engine::Time;

/// What is counted.
const COLLECTIONS: usize = 0;
const OUT_OF_MEMORY: usize = 1;
const COUNTS: usize = 2;

/// Meter of the memory of a service's servers.
#[derive(Clone, Debug, Default)]
pub struct MemoryMeter {
    /// Bytes that live per server.
    heaps: Vec<u64>,
    /// Servers that stand still for a collection.
    collecting: Level,
    counts: Tally<COUNTS>,
    first_out_of_memory: Option<Time>,
}

impl MemoryMeter {
    /// Bytes that live in the memory of a server, from now on.
    pub fn heap_used(&mut self, server: u32, bytes: u64) {
        let server = server as usize;
        if server >= self.heaps.len() {
            self.heaps.resize(server + 1, 0);
        }
        self.heaps[server] = bytes;
    }

    /// A server stands still for a collection of garbage.
    pub fn collection_started(&mut self, now: u64) {
        self.collecting.rise(now);
        self.counts.count(COLLECTIONS);
    }

    /// It moves again.
    pub fn collection_ended(&mut self, now: u64) {
        self.collecting.fall(now);
    }

    /// Bytes that live in the fullest memory.
    pub fn heap(&self) -> u64 {
        self.heaps.iter().copied().max().unwrap_or(0)
    }

    /// Whether memory is, or was, followed byte by byte.
    pub fn has_heap(&self) -> bool {
        !self.heaps.is_empty()
    }

    /// Collections since the warm-up.
    pub fn collections(&self) -> u64 {
        self.counts.measured(COLLECTIONS)
    }

    /// Servers that stand still for a collection.
    pub fn collecting(&self) -> &Level {
        &self.collecting
    }

    /// A server went out of memory.
    pub fn ran_out(&mut self, at: Time) {
        self.counts.count(OUT_OF_MEMORY);
        self.first_out_of_memory.get_or_insert(at);
    }

    /// How often a server went out of memory since the warm-up.
    pub fn out_of_memory(&self) -> u64 {
        self.counts.measured(OUT_OF_MEMORY)
    }

    /// When the first one did.
    pub fn first_out_of_memory(&self) -> Option<Time> {
        self.first_out_of_memory
    }

    /// Integrates levels up to `now`.
    pub fn settle(&mut self, now: u64) {
        self.collecting.settle(now);
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.collecting.start_window();
        self.counts.start_window();
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.collecting.end_warmup();
        self.counts.end_warmup();
    }
}
