//! Meter of a balancer: servers in rotation and requests it refused.

use super::level::{Level, Tally};
use super::meter::{Owner, Sink, Span};

const SHED: usize = 0;

/// Meter of a balancer.
#[derive(Clone, Debug, Default)]
pub struct BalancerMeter {
    tally: Tally<1>,
    servers: u32,
    /// Which servers are out of rotation.
    out: Vec<bool>,
    in_rotation: Level,
}

impl BalancerMeter {
    /// A balancer before so many servers, all in rotation.
    pub fn new(servers: u32) -> BalancerMeter {
        BalancerMeter { servers, in_rotation: Level::new(servers), ..BalancerMeter::default() }
    }

    /// A request was refused because too many were under way.
    pub fn shed(&mut self) {
        self.tally.count(SHED);
    }

    /// A server was taken out of rotation or back into it.
    pub fn rotated(&mut self, now: u64, server: u32, out: bool) {
        let server = server as usize;
        if server >= self.out.len() {
            self.out.resize(server + 1, false);
        }
        self.out[server] = out;
        self.recount(now);
    }

    /// The number of servers behind the balancer changed.
    pub fn servers_changed(&mut self, now: u64, servers: u32) {
        self.servers = servers;
        self.recount(now);
    }

    fn recount(&mut self, now: u64) {
        let out = self.out.iter().take(self.servers as usize).filter(|out| **out).count();
        self.in_rotation.set(now, self.servers - out as u32);
    }

    /// Servers in rotation now.
    pub fn in_rotation(&self) -> u32 {
        self.in_rotation.value()
    }

    /// Integrates levels up to `now`.
    pub fn settle(&mut self, now: u64) {
        self.in_rotation.settle(now);
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.tally.start_window();
        self.in_rotation.start_window();
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.tally.end_warmup();
        self.in_rotation.end_warmup();
    }

    /// Fills the columns of a window.
    pub fn columns(&self, owner: Owner, span: Span, sink: &mut Sink) {
        sink(owner, "in_rotation", "count", span.mean(self.in_rotation.in_window()));
        sink(owner, "shed", "per_s", span.rate(self.tally.in_window(SHED)));
    }
}
