//! Events of what nodes do without being asked: probes and looks, background work, breakdowns.

use super::super::quantity::mean_s;
use super::super::references::{split, station_of};
use super::{EVENTS_PER_REQUEST, Estimate, servers_of};
use crate::scenario::{Balancer, Database, Fault, Monitor, Service, Table};

/// Events of a health check of one server: sent, answered, timeout.
const EVENTS_PER_CHECK: f64 = 3.0;

/// Events of a batch of background work: due, done, answered.
const EVENTS_PER_BATCH: f64 = 3.0;

/// Events of a breakdown: broken, repaired, booted.
const EVENTS_PER_BREAKDOWN: f64 = 3.0;

impl Estimate<'_> {
    pub(super) fn health_checks(&self, balancer: &Balancer) -> f64 {
        let servers = servers_of(self.scenario.nodes.get(&balancer.to)) as f64;
        let rounds = |interval_ms: f64| self.scenario.duration_s * 1e3 / interval_ms;
        let check = balancer.health_check.as_ref();
        let checks = check.map_or(0.0, |check| rounds(check.rules.shortest_interval_ms()));
        let sweep = balancer.outlier_detection.as_ref();
        // A sweep looks at every server.
        let sweeps = sweep.map_or(0.0, |rules| rounds(rules.interval_ms));
        (checks * EVENTS_PER_CHECK + sweeps) * servers
    }

    /// What a service does without being asked, and the parameter that most of it is due to.
    pub(super) fn by_itself(&self, service: &Service) -> (f64, &'static str) {
        let parts = [
            (self.probes(service), "liveness_probe"),
            (self.pauses(service), "pause_when_idle"),
            (self.batches(service), "spool.recovery"),
            (self.looks(service), "autoscaler"),
        ];
        let dearest = parts.into_iter().max_by(|(one, _), (other, _)| one.total_cmp(other));
        let events = parts.iter().map(|(events, _)| events).sum();
        (events, dearest.expect("there are parts").1)
    }

    /// Batches that find something to send.
    fn batches(&self, service: &Service) -> f64 {
        let recovery = service.spool.as_ref().and_then(|spool| spool.recovery.as_ref());
        let Some(recovery) = recovery else { return 0.0 };
        f64::from(service.most_servers()) * self.scenario.duration_s / recovery.every_s
    }

    /// Looks of an autoscaler: one at every server each time.
    fn looks(&self, service: &Service) -> f64 {
        let Some(autoscaler) = &service.autoscaler else { return 0.0 };
        f64::from(service.most_servers()) * self.scenario.duration_s / autoscaler.sync_period_s
    }

    /// Test calls to every server and looks at every level.
    pub(super) fn tests_and_looks(&self, monitor: &Monitor) -> f64 {
        let duration = self.scenario.duration_s;
        let servers = |of: &str| {
            let station = station_of(self.scenario, split(of).0);
            servers_of(station.map(|(_, node)| node)) as f64
        };
        let tests = monitor
            .calls
            .values()
            .map(|call| servers(&call.to) * (EVENTS_PER_REQUEST + self.cost_of_call(call).events));
        let levels = monitor.alarms.values().filter(|alarm| alarm.metric.is_level());
        let looks = levels.map(|alarm| duration / alarm.sample_every_s * servers(&alarm.of));
        tests.sum::<f64>() * duration / monitor.check_every_s + looks.sum::<f64>()
    }

    fn probes(&self, service: &Service) -> f64 {
        let Some(probe) = &service.liveness_probe else { return 0.0 };
        let rounds = self.scenario.duration_s * 1e3 / probe.period_ms;
        f64::from(service.most_servers()) * rounds * EVENTS_PER_CHECK
    }

    /// Events of the background work of a database.
    fn background_work(&self, database: &Database) -> f64 {
        let purge = |table: &Table| {
            let Some(purge) = &table.purge else { return 0.0 };
            let batches = table.dead_rows as f64 / purge.rows_per_batch as f64;
            batches.min(self.rounds(purge.pause_ms)) * EVENTS_PER_BATCH
        };
        let purges: f64 = database.tables.values().map(purge).sum();
        let copy = database.migration.as_ref().map_or(0.0, |migration| {
            let rows: u64 = database.tables.values().map(|table| table.rows).sum();
            let batches = rows as f64 / migration.rows_per_batch as f64;
            2.0 * batches.min(self.rounds(migration.pause_ms)) * EVENTS_PER_BATCH
        });
        purges + copy
    }

    /// How often something can happen in the run with such a pause in between.
    fn rounds(&self, pause_ms: f64) -> f64 {
        self.scenario.duration_s * 1e3 / pause_ms
    }

    /// Events of what a database does by itself, with the parameter that makes most of them.
    pub(super) fn by_database(&self, database: &Database) -> (f64, &'static str) {
        let (purges, checks) = (self.background_work(database), self.checks_of_primary(database));
        (purges + checks, if purges > checks { "tables" } else { "failover" })
    }

    fn checks_of_primary(&self, database: &Database) -> f64 {
        let failover = database.failover.as_ref();
        failover.map_or(0.0, |rules| self.rounds(rules.check_every_ms))
    }

    /// Events of servers that have nothing to do.
    fn pauses(&self, service: &Service) -> f64 {
        let Some(pause) = &service.pause_when_idle else { return 0.0 };
        f64::from(service.most_servers()) * self.scenario.duration_s / mean_s(pause)
    }

    /// Events of a fault that recurs, as if every server of its target suffered it.
    pub(super) fn breakdowns(&self, fault: &Fault) -> f64 {
        let Some(recurs) = &fault.recurs else { return 0.0 };
        let servers = servers_of(self.scenario.nodes.get(&fault.target)).max(1) as f64;
        let rounds = self.scenario.duration_s / (mean_s(&recurs.up) + mean_s(&recurs.down));
        servers * rounds * EVENTS_PER_BREAKDOWN
    }
}
