//! The copies of a database in a plan: who holds them, how they follow, who takes over.

use super::{KeysPlan, StationPlan};
use crate::engine::{Duration, Sampler, Site};
use crate::pattern::promotion;
use crate::scenario::{Reads, StandbyKind};

/// How the servers of a database divide its work.
#[derive(Clone, Debug)]
pub struct ReplicationPlan {
    /// Whether a write waits until the other servers have got it.
    pub sync: bool,
    /// Time until a write reaches another server, in nanoseconds.
    pub lag: Option<Sampler>,
    /// Writes that a server applies at once.
    pub workers: u32,
    /// Who answers reads.
    pub reads: Reads,
    /// Its queries, by endpoint.
    pub queries: Vec<CopiedPlan>,
    /// The last server waits to be promoted.
    pub standby: Option<StandbyPlan>,
    /// Who watches the primary.
    pub failover: Option<promotion::Params>,
    /// The server that is to be the primary.
    pub primary: u32,
    /// Least time that writes wait in a planned swap of roles.
    pub swap: Duration,
    /// Where reads draw their server, and writes their lag.
    pub site: Site,
}

/// What a query does to the copies.
#[derive(Clone, Debug)]
pub struct CopiedPlan {
    /// Whether it writes.
    pub writes: bool,
    /// Which row it is about; none means all.
    pub keys: Option<KeysPlan>,
    /// The program that applies it at another server, into [`super::StationPlan::endpoints`].
    pub apply: u16,
}

/// A server that waits to be promoted.
#[derive(Clone, Copy, Debug)]
pub struct StandbyPlan {
    /// How ready it is.
    pub kind: StandbyKind,
    /// What it takes to make it ready, beside the promotion.
    pub ready: Duration,
    /// Time between two backups.
    pub backup_every: Duration,
}

impl StationPlan {
    /// The server that is switched off until it is promoted.
    pub fn cold_standby(&self) -> Option<u32> {
        let standby = self.replication.as_ref()?.standby?;
        (standby.kind == StandbyKind::Cold).then_some(self.servers - 1)
    }

    /// Servers that exist at the start.
    pub fn servers_at_start(&self) -> u32 {
        let plan = self.replication.as_ref();
        let asleep =
            self.cold_standby().is_some_and(|cold| plan.is_some_and(|p| p.primary != cold));
        self.servers - u32::from(asleep)
    }
}
