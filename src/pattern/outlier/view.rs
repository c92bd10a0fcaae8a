//! What the balancer has noticed of the ejections.
//!
//! Envoy hands the first change of a cluster to its load balancer at once and merges those of the
//! next `update_merge_window`, which is over before they take effect: three servers that are ejected
//! within milliseconds leave the rotation one at once and two a second later.

use crate::engine::{Duration, Time};

/// The servers that the balancer leaves out.
///
/// Invariant: a server beyond `out` is not left out.
#[derive(Clone, Debug, Default)]
pub struct View {
    out: Vec<bool>,
    changed: Option<Time>,
}

impl View {
    /// Whether the balancer leaves a server out.
    pub fn is_out(&self, server: u32) -> bool {
        self.out.get(server as usize).is_some_and(|out| *out)
    }

    /// Whether exactly those servers are left out that are ejected.
    pub fn agrees(&self, servers: u32, is_ejected: impl Fn(u32) -> bool) -> bool {
        (0..servers).all(|server| is_ejected(server) == self.is_out(server))
    }

    /// Takes over who is ejected, or tells at which moment to ask again.
    pub fn follow(
        &mut self,
        servers: u32,
        is_ejected: impl Fn(u32) -> bool,
        window: Duration,
        now: Time,
    ) -> Option<Time> {
        if self.agrees(servers, &is_ejected) {
            return None;
        }
        let over = self.changed.map_or(Time::ZERO, |changed| changed + window);
        if now < over {
            return Some(over);
        }
        self.out = (0..servers).map(is_ejected).collect();
        self.changed = Some(now);
        None
    }
}
