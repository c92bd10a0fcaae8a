//! How users logged in, in the report.

use super::build::ratio;
use crate::metrics::Metrics;
use crate::wiring::NodeIndex;
use serde::Serialize;

/// How users logged in at a service, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Logins {
    /// The service's own token was still valid.
    pub by_token: u64,
    /// The token was renewed after the identity provider had confirmed the user.
    pub renewed: u64,
    /// The token was renewed without the provider.
    pub renewed_alone: u64,
    /// New users that the provider confirmed.
    pub created: u64,
    /// Users with an account that were not let in.
    pub existing_refused: u64,
    /// New users that were not let in.
    pub new_refused: u64,
    /// Let in ÷ all.
    pub success_ratio: f64,
    /// How often a server began to renew tokens without the provider.
    pub switches: u64,
    /// Seconds for which servers did, over all of them.
    pub alone_s: f64,
}

impl Logins {
    /// Those at a service, if anybody logs in there.
    pub(super) fn of(metrics: &Metrics, node: NodeIndex) -> Option<Logins> {
        let meter = metrics.station(node).identity();
        let logins = meter.measured();
        let ended = logins.succeeded() + logins.failed();
        meter.is_present().then(|| Logins {
            by_token: logins.by_token,
            renewed: logins.renewed,
            renewed_alone: logins.renewed_alone,
            created: logins.created,
            existing_refused: logins.existing_refused,
            new_refused: logins.new_refused,
            success_ratio: ratio(logins.succeeded() as f64, ended as f64),
            switches: logins.switches,
            alone_s: meter.alone().measured(metrics.now().0) / 1e9,
        })
    }
}
