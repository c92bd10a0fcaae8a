//! Which meter an observation goes to: one arm each.

use super::Metrics;
use super::data::Fate;
use super::stored::Rows;
use super::timeline::Happening;
use crate::engine::Time;
use crate::observation::Observation;
use crate::wiring::NodeIndex;
use std::sync::Arc;

impl Metrics {
    /// The clock moves on to `now`, which never goes back. Windows that end by then are closed.
    #[inline(always)]
    pub fn clock(&mut self, now: Time) {
        if now.0 >= self.next_boundary {
            self.pass_boundaries(now.0);
        }
        self.went_back |= now.0 < self.now;
        self.now = now.0;
    }

    /// Takes note of something that has just happened at `at`, to which the clock has moved.
    ///
    /// Always inlined: whoever tells of something knows what it is, so that of all arms only one is
    /// left there, and nothing is packed up to be told apart again.
    #[inline(always)]
    pub fn observe(&mut self, at: Time, observation: Observation) {
        use Observation as O;
        let (now, measuring) = (at.0, self.measuring);
        match observation {
            O::RequestStarted { class, refresh, .. } => self.class_mut(class).started(now, refresh),
            O::RequestEnded { class, outcome, response } => {
                let warmup = self.warmup;
                self.class_mut(class).ended(now, outcome, response.0, warmup);
            }
            O::TryRejected { edge, cause } => self.edge_mut(edge).rejected(cause),
            O::AttemptSent { edge, retry, hedge } => self.edge_mut(edge).sent(now, retry, hedge),
            O::AttemptEnded { edge, outcome, took } => {
                self.edge_mut(edge).ended(now, outcome, took.0, measuring);
            }
            O::AttemptOutrun { edge, took } => self.edge_mut(edge).outrun(now, took.0),
            O::HedgeDenied { edge } => self.edge_mut(edge).hedge_denied(),
            O::RetryDenied { edge } => self.edge_mut(edge).retry_denied(),
            O::FallbackUsed { edge } => self.edge_mut(edge).fell_back(),
            O::CallEnded { edge, .. } => self.edge_mut(edge).call_ended(),
            O::ConnectionsChanged { edge, by } => self.edge_mut(edge).connections_changed(now, by),
            O::WorkArrived { pool, server } => {
                self.pool_mut(pool).arrived(now);
                self.station_of(pool).arrived(server);
            }
            O::WorkRefused { pool, cause, waited } => {
                self.pool_mut(pool).refused(now, cause, waited.0);
            }
            O::Queued { pool } => self.pool_mut(pool).queued(now),
            O::Dequeued { pool, waited } => self.pool_mut(pool).dequeued(now, waited.0),
            O::WorkStarted { pool, waited } => self.pool_mut(pool).started(waited.0, measuring),
            O::ThreadTaken { pool } => self.pool_mut(pool).taken(now),
            O::ThreadFreed { pool } => self.pool_mut(pool).freed(now),
            O::WorkEnded { pool, outcome, took, wasted } => {
                self.pool_mut(pool).ended(now, outcome, took.0, wasted);
                self.station_of(pool).ended(took.0, measuring);
            }
            O::WorkDrawn { .. } => {}
            O::CacheHit { cache } => self.cache_mut(cache).hit(),
            O::CacheMissed { cache, shared } => self.cache_mut(cache).missed(shared),
            O::CacheHolds { cache, server, entries, bytes, evicted } => {
                self.cache_mut(cache).holds(server, entries, bytes, evicted);
            }
            O::CoresBusy { node, cores } => self.station_mut(node).cores_busy(now, cores),
            O::WriteCommitted { node } => self.station_mut(node).copies_mut().committed(),
            O::WriteApplied { node, lag, .. } => {
                self.station_mut(node).copies_mut().applied(lag.0, measuring);
            }
            O::DataRead { node, stale, .. } => self.station_mut(node).copies_mut().read(stale),
            rare => self.dispatch_rare(at, rare),
        }
    }

    /// What happens to servers, balancers, breakers and the timeline: away from the hot path.
    #[cold]
    fn dispatch_rare(&mut self, at: Time, observation: Observation) {
        use Observation as O;
        let now = at.0;
        match observation {
            O::CallSkipped { edge } => self.edge_mut(edge).skipped(),
            O::ServersChanged { node, servers, up } => self.servers_changed(now, node, servers, up),
            O::OutOfRotation { balancer, server } => self.rotated(now, balancer, server, true),
            O::BackInRotation { balancer, server } => self.rotated(now, balancer, server, false),
            O::Ejected { balancer, .. } => self.balancers[usize::from(balancer.0)].ejected(),
            O::EjectionsChanged { balancer, ejected } => {
                self.balancers[usize::from(balancer.0)].ejections_changed(now, ejected);
            }
            O::EjectionRefused { balancer, .. } => {
                self.balancers[usize::from(balancer.0)].ejection_refused();
            }
            O::Shed { balancer } => self.balancers[usize::from(balancer.0)].shed(),
            O::BreakerChanged { edge, server, state } => {
                self.edge_mut(edge).breaker_changed(now, server, state);
            }
            O::LimitChanged { edge, server, limit } => {
                self.edge_mut(edge).limit_changed(now, server, limit);
            }
            O::InterfacesListed { monitor, interfaces } => {
                self.monitors[usize::from(monitor.0)].listed(now, interfaces);
            }
            O::InterfaceTested { edge, passed, .. } => {
                let monitor = self.layout.wiring.edge(edge).owner;
                self.monitors[usize::from(monitor.0)].tested(passed);
            }
            O::AlarmRaised { alarm, .. } => self.alarms[usize::from(alarm.0)].raised(),
            O::AlarmSent { alarm, .. } => {
                self.alarms[usize::from(alarm.0)].sent(now, self.window);
            }
            O::ServerDown { node, server, cause } => self.station_mut(node).down(at, server, cause),
            O::StaleAnswer { cache } => self.cache_mut(cache).stale(),
            O::HeapUsed { node, server, bytes } => {
                self.station_mut(node).memory_mut().heap_used(server, bytes)
            }
            O::CollectionStarted { node, .. } => {
                self.station_mut(node).memory_mut().collection_started(now)
            }
            O::CollectionEnded { node, .. } => {
                self.station_mut(node).memory_mut().collection_ended(now)
            }
            O::Scaled { node, from, to } => self.station_mut(node).scaled(to > from),
            O::RolledBack { node, .. } => self.station_mut(node).rolled_back(),
            O::GovernorAlarm { node, .. } => self.station_mut(node).governor_alarmed(),
            O::DiskUsed { node, server, bytes } => self.station_mut(node).disk_used(server, bytes),
            O::LoggedIn { node, login } => self.station_mut(node).identity_mut().logged_in(login),
            O::LoginFailed { node, new_user } => {
                self.station_mut(node).identity_mut().failed(new_user);
            }
            O::AuthModeChanged { node, alone, .. } => {
                self.station_mut(node).identity_mut().mode_changed(now, alone);
            }
            O::DiskFull { node, .. } => self.station_mut(node).disk_full(at),
            O::WritesLost { node, count, .. } => self.station_mut(node).copies_mut().lost(count),
            O::PrimaryChanged { node, primary } => {
                self.station_mut(node).copies_mut().primary_changed(now, primary);
            }
            O::Promoted { node, .. } => self.station_mut(node).copies_mut().promoted(),
            O::RolesSwapped { node, .. } => self.station_mut(node).copies_mut().swapped(),
            O::RecoveryBatchEnded { node, failed, .. } => {
                self.station_mut(node).data_mut().batch_ended(failed);
            }
            O::SpoolLost { node, records, .. } => {
                self.station_mut(node).data_mut().spool_lost(now, records);
            }
            O::MessageDelivered { node, again } => {
                self.station_mut(node).data_mut().delivered(again);
            }
            O::QueueOldest { node, since } => {
                self.station_mut(node).data_mut().oldest(now, since.map(|since| since.0));
            }
            O::QueueDepth { node, depth } => {
                self.station_mut(node).data_mut().queue_depth(now, depth);
            }
            other => self.dispatch_stored(now, other),
        }
        if let Some((happening, server, bytes)) = told(observation) {
            self.timeline.push(at, self.window, happening, server, bytes);
        }
    }

    fn count_record(&mut self, now: u64, observation: Observation) {
        use Observation as O;
        let (node, fate) = match observation {
            O::RecordBorn { node } => (node, Fate::Born),
            O::RecordKept { node } => (node, Fate::Kept),
            O::RecordLost { node } => (node, Fate::Lost),
            O::RecordStored { node } => (node, Fate::Stored),
            O::RecordDuplicated { node } => (node, Fate::Duplicated),
            O::RecordIgnored { node } => (node, Fate::Ignored),
            O::RecordSpooled { node } => (node, Fate::Spooled),
            O::RecordReplayed { node } => (node, Fate::Replayed),
            O::RecordSetAside { node } => (node, Fate::SetAside),
            O::MessagePublished { node } => (node, Fate::Published),
            O::MessageSetAside { node } => (node, Fate::Dead),
            _ => return,
        };
        self.station_mut(node).data_mut().count(now, fate);
    }

    /// What happens to rows.
    fn dispatch_stored(&mut self, now: u64, observation: Observation) {
        use Observation as O;
        let measuring = self.measuring;
        match observation {
            O::RowsChanged { node, rows: live, dead } => {
                self.station_mut(node).stored_mut().rows_changed(Rows { live, dead });
            }
            O::RowsPurged { node, rows } => self.station_mut(node).stored_mut().purged(rows),
            O::RowsCopied { node, rows } => self.station_mut(node).stored_mut().copied(rows),
            O::ChangesForwarded { node, changes } => {
                self.station_mut(node).stored_mut().changes_forwarded(changes);
            }
            O::Migrated { node, .. } => self.station_mut(node).stored_mut().migrated(now),
            O::LockAwaited { node } => self.station_mut(node).stored_mut().lock_awaited(now),
            O::LockWaitEnded { node, waited, .. } => {
                let stored = self.station_mut(node).stored_mut();
                stored.lock_wait_ended(now, waited.0, measuring);
            }
            O::LockTimedOut { node } => self.station_mut(node).stored_mut().lock_timed_out(),
            other => self.count_record(now, other),
        }
    }

    fn servers_changed(&mut self, now: u64, node: NodeIndex, servers: u32, up: u32) {
        self.station_mut(node).servers_changed(now, servers, up);
        let layout = Arc::clone(&self.layout);
        for pool in layout.wiring.pools_of(node) {
            let threads = self.pool(pool).threads_per_server();
            self.pool_mut(pool).resize(now, threads, up);
        }
        for balancer in &layout.balancers[usize::from(node.0)] {
            self.balancers[usize::from(balancer.0)].servers_changed(now, servers);
        }
    }

    fn rotated(&mut self, now: u64, balancer: NodeIndex, server: u32, out: bool) {
        self.balancers[usize::from(balancer.0)].rotated(now, server, out);
        if let Some(station) = self.layout.behind[usize::from(balancer.0)] {
            self.station_mut(station).rotation_changed(now);
        }
    }
}

/// What an observation adds to the timeline, with the server and the amount that it is about.
fn told(observation: Observation) -> Option<(Happening, u32, u64)> {
    use Observation as O;
    Some(match observation {
        O::FaultStarted { fault } => (Happening::FaultStarted(fault), 0, 0),
        O::FaultEnded { fault } => (Happening::FaultEnded(fault), 0, 0),
        O::Switched { toggle, on } => (Happening::Switched(toggle, on), 0, 0),
        O::Intervened { label } => (Happening::Intervened(label), 0, 0),
        O::ServerDown { node, server, cause } => (Happening::Down(node, cause), server, 0),
        O::ServerBooting { node, server } => (Happening::Booting(node), server, 0),
        O::BootHeldUp { node, server } => (Happening::BootHeldUp(node), server, 0),
        O::MigrationStarted { node } => (Happening::Migrates(node), 0, 0),
        O::CutOverStarted { node } => (Happening::CutsOver(node), 0, 0),
        O::Migrated { node, .. } => (Happening::Migrated(node), 0, 0),
        O::ServerUp { node, server } => (Happening::Up(node), server, 0),
        O::OutOfRotation { balancer, server } => (Happening::OutOfRotation(balancer), server, 0),
        O::BackInRotation { balancer, server } => (Happening::BackInRotation(balancer), server, 0),
        O::TakesOver { balancer, server } => (Happening::TakesOver(balancer), server, 0),
        O::PromotionStarted { node, server } => (Happening::PromotionStarted(node), server, 0),
        O::Promoted { node, server } => (Happening::Promoted(node), server, 0),
        O::SwapStarted { node, server } => (Happening::SwapStarted(node), server, 0),
        O::RolesSwapped { node, server } => (Happening::RolesSwapped(node), server, 0),
        O::WritesLost { node, server, count } => (Happening::WritesLost(node), server, count),
        O::EjectionRefused { balancer, server } => {
            (Happening::EjectionRefused(balancer), server, 0)
        }
        O::BreakerChanged { edge, server, state } => (Happening::Breaker(edge, state), server, 0),
        O::GcOverhead { node, server } => (Happening::GcOverhead(node), server, 0),
        O::AuthModeChanged { node, server, alone } => (Happening::AuthMode(node, alone), server, 0),
        O::Scaled { node, from, to } => (Happening::Scaled(node, from, to), 0, 0),
        O::ReleaseChanged { node, release } => (Happening::Release(node, release), 0, 0),
        O::RolledBack { node, release } => (Happening::RolledBack(node, release), 0, 0),
        O::GovernorAlarm { node, wanted, allowed } => {
            (Happening::GovernorAlarm(node, wanted, allowed), 0, 0)
        }
        O::AlarmSent { alarm, server, label } => (Happening::AlarmSent(alarm, label), server, 0),
        O::DiskFull { node, server } => (Happening::DiskFull(node), server, 0),
        O::LogRotated { node, server, freed_bytes } => {
            (Happening::LogRotated(node), server, freed_bytes)
        }
        O::MessagesRefused { node } => (Happening::QueueFull(node), 0, 0),
        O::SpoolBegan { node, server } => (Happening::SpoolBegan(node), server, 0),
        O::RecoveryFails { node, server } => (Happening::RecoveryFails(node), server, 0),
        O::SpoolDrained { node, server, replayed } => {
            (Happening::SpoolDrained(node), server, replayed)
        }
        O::SpoolLost { node, server, records } => {
            (Happening::SpoolLost(node), server, records.into())
        }
        _ => return None,
    })
}
