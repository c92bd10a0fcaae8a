//! Meter of a cache: how often it had what was asked for, and what it holds.

use super::level::Tally;
use super::meter::{Owner, Sink, Span, share};

const HIT: usize = 0;
const MISSED: usize = 1;
const SHARED: usize = 2;
const STALE: usize = 3;
const KINDS: usize = 4;

/// What a cache was asked for, over all servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Askings {
    /// The key was there.
    pub hits: u64,
    /// It was not, or had expired.
    pub misses: u64,
    /// Of the misses those that waited for another request's fetch.
    pub shared: u64,
    /// Answered by an expired entry because fetching had failed.
    pub stale: u64,
}

impl Askings {
    fn new(count: impl Fn(usize) -> u64) -> Askings {
        Askings {
            hits: count(HIT),
            misses: count(MISSED),
            shared: count(SHARED),
            stale: count(STALE),
        }
    }

    /// Hits ÷ askings, if there were any.
    pub fn hit_ratio(self) -> Option<f64> {
        let all = self.hits + self.misses;
        (all > 0).then(|| self.hits as f64 / all as f64)
    }
}

/// Meter of a cache over all servers of its service.
#[derive(Clone, Debug, Default)]
pub struct CacheMeter {
    askings: Tally<KINDS>,
    evictions: u64,
    evicted_at_window: u64,
    evicted_at_warmup: Option<u64>,
    /// Entries and bytes per server.
    holds: Vec<(u64, u64)>,
}

impl CacheMeter {
    /// A key was there.
    #[inline]
    pub fn hit(&mut self) {
        self.askings.count(HIT);
    }

    /// A key was not there; `shared`: another request fetches it already.
    pub fn missed(&mut self, shared: bool) {
        self.askings.count(MISSED);
        if shared {
            self.askings.count(SHARED);
        }
    }

    /// An expired entry answered.
    pub fn stale(&mut self) {
        self.askings.count(STALE);
    }

    /// What a server's cache holds from now on, after so many entries had to go for others.
    pub fn holds(&mut self, server: u32, entries: u64, bytes: u64, evicted: u64) {
        let server = server as usize;
        if server >= self.holds.len() {
            self.holds.resize(server + 1, (0, 0));
        }
        self.holds[server] = (entries, bytes);
        self.evictions += evicted;
    }

    /// Askings since the warm-up.
    pub fn measured(&self) -> Askings {
        Askings::new(|kind| self.askings.measured(kind))
    }

    /// Entries that had to go for others, since the warm-up.
    pub fn evictions(&self) -> u64 {
        self.evicted_at_warmup.map_or(0, |before| self.evictions - before)
    }

    /// Entries over all servers.
    pub fn entries(&self) -> u64 {
        self.holds.iter().map(|(entries, _)| entries).sum()
    }

    /// Bytes over all servers.
    pub fn bytes(&self) -> u64 {
        self.holds.iter().map(|(_, bytes)| bytes).sum()
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.askings.start_window();
        self.evicted_at_window = self.evictions;
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.askings.end_warmup();
        self.evicted_at_warmup = Some(self.evictions);
    }

    /// Fills the columns of a window.
    pub fn columns(&self, owner: Owner, span: Span, sink: &mut Sink) {
        let askings = Askings::new(|kind| self.askings.in_window(kind));
        let all = askings.hits + askings.misses;
        let mut put = |name, unit, value| sink(owner, name, unit, value);
        put("hit_ratio", "ratio", share(askings.hits as f64, all as f64));
        put("hits", "per_s", span.rate(askings.hits));
        put("misses", "per_s", span.rate(askings.misses));
        put("stale", "per_s", span.rate(askings.stale));
        put("evictions", "per_s", span.rate(self.evictions - self.evicted_at_window));
        put("entries", "count", self.entries() as f64);
        put("bytes", "bytes", self.bytes() as f64);
    }
}
