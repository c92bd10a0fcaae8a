//! Meter of a balancer: servers in rotation, ejections, and requests it refused.

use super::level::{Level, Tally};
use super::meter::{Owner, Sink, Span};

const SHED: usize = 0;
const EJECTED: usize = 1;
const REFUSED: usize = 2;

/// Meter of a balancer.
#[derive(Clone, Debug, Default)]
pub struct BalancerMeter {
    tally: Tally<3>,
    servers: u32,
    /// Which servers are out of rotation.
    out: Vec<bool>,
    in_rotation: Level,
    ejected: Level,
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

    /// Outlier detection ejected a server.
    pub fn ejected(&mut self) {
        self.tally.count(EJECTED);
    }

    /// Outlier detection has ejected so many servers.
    pub fn ejections_changed(&mut self, now: u64, ejected: u32) {
        self.ejected.set(now, ejected);
    }

    /// Outlier detection would have ejected one more than it may.
    pub fn ejection_refused(&mut self) {
        self.tally.count(REFUSED);
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
        self.ejected.settle(now);
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.tally.start_window();
        self.in_rotation.start_window();
        self.ejected.start_window();
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.tally.end_warmup();
        self.in_rotation.end_warmup();
        self.ejected.end_warmup();
    }

    /// Fills the columns of a window.
    pub fn columns(&self, owner: Owner, span: Span, sink: &mut Sink) {
        sink(owner, "in_rotation", "count", span.mean(self.in_rotation.in_window()));
        sink(owner, "ejected", "count", span.mean(self.ejected.in_window()));
        sink(owner, "ejections", "per_s", span.rate(self.tally.in_window(EJECTED)));
        sink(owner, "ejections_overflow", "per_s", span.rate(self.tally.in_window(REFUSED)));
        sink(owner, "shed", "per_s", span.rate(self.tally.in_window(SHED)));
    }
}
