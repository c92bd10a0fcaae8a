//! Memory of a server in a plan.

use crate::pattern::heap;

/// Memory of a server, as what it has room for.
#[derive(Clone, Copy, Debug)]
pub struct MemoryPlan {
    /// Requests in the server beyond which it is killed.
    pub max_requests: u64,
    /// What it holds byte by byte, where more than requests count.
    pub heap: Option<HeapPlan>,
    /// Share of it that is needed without any request.
    pub base: f64,
    /// Share of it that each request needs.
    pub per_request: f64,
}

impl MemoryPlan {
    /// Share of it in use with so many requests in the server.
    pub fn share_in_use(self, requests: u32) -> f64 {
        self.base + self.per_request * f64::from(requests)
    }

    /// Whether one more request would be more than the memory holds.
    pub fn is_full(self, requests: u32, cached: impl FnOnce() -> u64) -> bool {
        let bursts = |heap: HeapPlan| heap.live(requests + 1, cached()) > heap.limit;
        u64::from(requests) >= self.max_requests || self.heap.is_some_and(bursts)
    }
}

/// Memory of a server with caches or garbage, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct HeapPlan {
    /// More than this kills it.
    pub limit: u64,
    /// Needed without any request.
    pub base: u64,
    /// Needed by each request.
    pub per_request: u64,
    /// Garbage and its collection.
    pub gc: Option<heap::Params>,
}

impl HeapPlan {
    /// What lives with so many requests and so many bytes in caches.
    pub fn live(self, requests: u32, cached: u64) -> u64 {
        let needed = self.per_request.saturating_mul(u64::from(requests));
        self.base.saturating_add(needed).saturating_add(cached)
    }
}
