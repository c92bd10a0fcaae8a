//! What a clause is judged on: figures of the report, or of the windows of a spell.

mod alarms;
mod caches;
mod copies;
mod data;
mod logins;
mod stored;
mod users;

use super::metric::{Quantity, Subject};
use super::{Arguments, STATES};
use crate::engine::{Duration, Time};
use crate::metrics::histogram::Distribution;
use crate::metrics::pool::PoolMeter;
use crate::metrics::spread::SERVERS_PER_WINDOW;
use crate::metrics::station::StationMeter;
use crate::metrics::{Metrics, NO_DATA};
use crate::report::build::server_hours;
use crate::report::{Edge, Latency, PoolReport, Report, Station};
use crate::wiring::{EdgeIndex, NodeIndex, PoolIndex};
use std::ops::Range;

/// A measured value, or why there is none.
type Measured = Result<f64, String>;

/// Measures a quantity, in the unit of its metric.
pub fn measure(
    quantity: Quantity,
    arguments: &Arguments,
    metrics: &Metrics,
    report: &Report,
) -> Measured {
    let judge = Judge { metrics, report, arguments };
    let windows = arguments.spell.map(|spell| judge.windows(spell)).transpose()?;
    judge.measure(quantity, windows)
}

struct Judge<'a> {
    metrics: &'a Metrics,
    report: &'a Report,
    arguments: &'a Arguments,
}

impl Judge<'_> {
    fn measure(&self, quantity: Quantity, spell: Option<Range<usize>>) -> Measured {
        use Quantity as Q;
        let verdict = &self.report.verdict;
        match quantity {
            Q::GoodputRatio => self.of_offered(spell, "goodput", |r| r.ok + r.degraded),
            Q::FailedRatio => self.of_offered(spell, "failed", |r| r.failed),
            Q::TimedOutRatio => self.of_offered(spell, "timed_out", |r| r.timed_out),
            Q::DegradedRatio => self.of_offered(spell, "degraded", |r| r.degraded),
            Q::RejectedRatio => self.of_offered(spell, "rejected", |r| self.rejected(r)),
            Q::Availability => self.availability(),
            Q::Percentile => self.percentile(spell),
            Q::MeanResponse => self.latency().and_then(|latency| known(&latency, latency.mean_ms)),
            Q::Throughput => self.throughput(spell),
            Q::RetryAmplification => Ok(match self.arguments.subject {
                Some(Subject::Edge(edge)) => self.edge(edge).amplification,
                _ => verdict.retry_amplification,
            }),
            Q::Attempts => self.attempts(spell, "attempts", |edge| edge.attempts),
            Q::Hedges => self.attempts(spell, "hedges", |edge| edge.hedges),
            Q::BreakerOpened => self.an_edge().map(|edge| edge.breaker_opened as f64),
            Q::ConcurrencyLimit => self.concurrency_limit(spell),
            Q::WastedRatio => Ok(match self.arguments.subject {
                Some(Subject::Station(node)) => self.station(node).wasted_ratio,
                _ => verdict.wasted_ratio,
            }),
            Q::RecoveryTime => Ok(or_never(verdict.recovery_time_s)),
            Q::TimeToDetect => Ok(or_never(verdict.time_to_detect_s)),
            Q::TimeToContain => Ok(or_never(verdict.time_to_contain_s)),
            Q::Metastable => Ok(f64::from(u8::from(verdict.metastable))),
            Q::State => {
                let state = STATES.iter().position(|state| *state == verdict.state);
                Ok(state.expect("the verdict uses known states") as f64)
            }
            Q::BlastRadius => Ok(verdict.blast_radius),
            Q::CascadeStage => self.cascade_stage(),
            Q::Share => self.share(spell),
            Q::ServersUp => self.extreme("servers_up", spell, f64::min),
            Q::ScaleActions => self.station_meter().map(|meter| meter.scale_actions() as f64),
            Q::Rollbacks => self.station_meter().map(|meter| meter.rollbacks() as f64),
            Q::GovernorAlarms => self.station_meter().map(|meter| meter.governor_alarms() as f64),
            Q::DiskUsed => self.extreme("disk_used", spell, f64::max),
            Q::MaxQueue => self.a_pool().map(|pool| f64::from(pool.max_queue)),
            Q::MeanQueue => self.pool_mean(spell, "queue", |pool| pool.mean_queue),
            Q::Utilisation => self.pool_mean(spell, "utilisation", |pool| pool.utilisation),
            Q::MeanWait => self.a_pool().and_then(|pool| known(&pool.wait, pool.wait.mean_ms)),
            Q::WaitedRatio => self.a_pool().map(|pool| pool.waited_ratio),
            Q::MeanInSystem => self.station_mean(spell, "in_system", |s| Some(s.mean_in_system)),
            Q::Cpu => self.station_mean(spell, "cpu", |station| station.cpu_utilisation),
            Q::Offered => self.count(|r| r.offered, |pool| pool.offered),
            Q::Answered => self.count(|r| r.ok + r.degraded, |pool| pool.ok),
            Q::Refused => self.refused(),
            Q::LastEnd => Ok(or_never(match self.arguments.subject {
                Some(Subject::Pool(pool)) => self.pool(pool).last_end_s,
                _ => self.requests().last_end_s,
            })),
            Q::SlowerRatio => self.slower_ratio(),
            Q::SdResponse => self.latency().and_then(|latency| known(&latency, latency.sd_ms)),
            Q::WaitPercentile => {
                let nanos = self.pool_meter()?.wait().quantile(self.quantile());
                nanos.map(|nanos| nanos as f64 / 1e6).ok_or_else(|| "nothing was started".into())
            }
            Q::SdWait => self.a_pool().and_then(|pool| known(&pool.wait, pool.wait.sd_ms)),
            Q::WaitedOver => {
                let wait = self.pool_meter()?.wait();
                share_above(wait, self.bound())
            }
            Q::TimeAbove => self.time_above(),
            Q::InSystemAtEnd => self.a_pool().map(|pool| f64::from(pool.in_system_at_end)),
            Q::DrainedAt => self.drained_at(spell),
            Q::BusyTime => self.a_pool().map(|pool| pool.busy_s),
            Q::UpShare => {
                let share = self.station_meter()?.up_share(self.now(), self.bound() as u32);
                share.ok_or_else(|| "so many servers are not told apart".into())
            }
            Q::FellBelow => {
                self.station_meter().map(|meter| meter.falls_below(self.bound() as u32).into())
            }
            Q::Retries => self.an_edge().map(|edge| edge.retries as f64),
            Q::RetriesDenied => self.an_edge().map(|edge| edge.retries_denied as f64),
            Q::Fallbacks => self.an_edge().map(|edge| edge.fallbacks as f64),
            Q::AttemptPercentile => {
                let Some(Subject::Edge(edge)) = self.arguments.subject else {
                    return Err(no_subject());
                };
                let nanos = self.metrics.edge(edge).time().quantile(self.quantile());
                nanos.map(|nanos| nanos as f64 / 1e6).ok_or_else(|| "no attempt ended".into())
            }
            Q::MeanAttempt => {
                self.an_edge().and_then(|edge| known(&edge.attempt_time, edge.attempt_time.mean_ms))
            }
            Q::HeapUsed => self.extreme("heap_used", spell, f64::max),
            Q::GcShare => self.gc_share(spell),
            Q::GcTime | Q::GcPauses | Q::OutOfMemory | Q::OutOfMemoryAt => self.memory(quantity),
            Q::HitRatio
            | Q::CacheFetches
            | Q::CacheEntries
            | Q::CacheBytes
            | Q::Evictions
            | Q::StaleAnswers => self.cached(quantity, spell),
            Q::Lost => self.records_in(spell, "lost", |counts| counts.lost),
            Q::Stored => self.records_in(spell, "stored", |counts| counts.stored),
            Q::Duplicated => self.records_in(spell, "duplicated", |counts| counts.duplicated),
            Q::Deduplicated => self.records(|counts| counts.ignored),
            Q::Replayed => self.records(|counts| counts.replayed),
            Q::FailedReplays => self.records(|counts| counts.failed_replays),
            Q::Spooled => {
                self.highest(spell, "spooled", self.station_meter()?.data().spool().peak())
            }
            Q::Rows => self.extreme("rows", spell, f64::max),
            Q::DeadRows => self.extreme("dead_rows", spell, f64::max),
            Q::PurgedRows => self.stored().map(|stored| stored.purged_rows as f64),
            Q::CopiedRows => self.stored().map(|stored| stored.copied_rows as f64),
            Q::ForwardedChanges => self.stored().map(|stored| stored.forwarded_changes as f64),
            Q::MigratedAt => self.stored().map(|stored| or_never(stored.migrated_at_s)),
            Q::LockWaits => self.stored().map(|stored| stored.lock_waits as f64),
            Q::LockTimeouts => self.stored().map(|stored| stored.lock_timeouts as f64),
            Q::LockWaiting => self.lock_waiting(spell),
            Q::LockWaitPercentile => self.lock_wait_percentile(),
            Q::MeanLockWait => {
                self.stored().and_then(|stored| known(&stored.lock_wait, stored.lock_wait.mean_ms))
            }
            Q::Skipped => self.attempts(spell, "skipped", |edge| edge.skipped),
            Q::Refreshes => self.refreshes(spell),
            Q::LoginRatio => self.login_ratio(spell),
            Q::NewUsersRefusedRatio => self.new_users_refused_ratio(spell),
            Q::Logins => self.logins(spell),
            Q::TokensRenewedAlone => self.tokens_renewed_alone(spell),
            Q::ExistingUsersRefused => self.existing_users_refused(spell),
            Q::NewUsersRefused => self.new_users_refused(spell),
            Q::AuthSwitches => self.auth_switches(),
            Q::AuthAloneTime => self.auth_alone_time(),
            Q::Published => self.records_in(spell, "published", |counts| counts.published),
            Q::Redelivered => self.records_in(spell, "redelivered", |counts| counts.redelivered),
            Q::DeadLetters => self.records(|counts| counts.dead_letters),
            Q::QueueDepth => {
                self.highest(spell, "queue_depth", self.station_meter()?.data().queue().peak())
            }
            Q::AlarmsRaised => self.alarms(spell, "raised", |alarm| alarm.raised),
            Q::AlarmsSent => self.alarms(spell, "sent", |alarm| alarm.sent),
            Q::FirstAlarm => Ok(or_never(self.first_alarm())),
            Q::DetectionDelay => self.detection_delay(),
            Q::WarningLead => self.warning_lead(),
            Q::TestsFailed => self.tests_failed(spell),
            Q::StaleReads
            | Q::StaleRatio
            | Q::LostWrites
            | Q::Promotions
            | Q::RoleSwaps
            | Q::ReplicaLag
            | Q::ReplicaLagPercentile
            | Q::NoPrimaryTime => self.copies(quantity, spell),
            Q::DiskFullAt => self.a_station().map(|station| or_never(station.disk_full_at_s)),
            Q::ServerHours => Ok(match self.arguments.subject {
                Some(Subject::Station(node)) => server_hours(self.metrics, node),
                _ => verdict.server_hours,
            }),
        }
    }

    /// The closed windows that lie wholly inside the spell.
    fn windows(&self, (from, to): (Time, Time)) -> Result<Range<usize>, String> {
        let rows = self.metrics.table().rows();
        let start = |window: &usize| self.metrics.window_start(*window);
        let first = (0..rows).find(|window| start(window) >= from).unwrap_or(rows);
        let inside = (first..rows).take_while(|window| start(&(window + 1)) <= to).count();
        if inside == 0 {
            return Err(format!(
                "no whole window lies between {} s and {} s",
                from.seconds(),
                to.seconds()
            ));
        }
        Ok(first..first + inside)
    }

    fn seconds(&self, windows: &Range<usize>) -> f64 {
        let metrics = self.metrics;
        metrics.window_start(windows.end).since(metrics.window_start(windows.start)).seconds()
    }

    fn time_above(&self) -> Measured {
        let share = self.pool_meter()?.time_above(self.now(), self.bound() as u32);
        share.ok_or_else(|| "so many requests are not told apart".into())
    }

    fn drained_at(&self, spell: Option<Range<usize>>) -> Measured {
        let Some(Subject::Station(node)) = self.arguments.subject else { return Err(no_subject()) };
        let column = self.metrics.column(&format!("{}/in_system", self.node_key(node)));
        let mut windows = spell.unwrap_or(0..column.len());
        let drained = windows.find(|window| column[*window] < self.bound());
        Ok(or_never(drained.map(|window| self.metrics.window_start(window).seconds())))
    }

    fn attempts(
        &self,
        spell: Option<Range<usize>>,
        column: &str,
        count: impl Fn(&Edge) -> u64,
    ) -> Measured {
        let Some(Subject::Edge(edge)) = self.arguments.subject else { return Err(no_subject()) };
        Ok(match spell {
            Some(windows) => {
                let owner = self.metrics.wiring().edge_name(edge);
                let rate = self.rate(&[owner], column, &windows);
                (rate * self.seconds(&windows)).round()
            }
            None => count(self.edge(edge)) as f64,
        })
    }

    fn concurrency_limit(&self, spell: Option<Range<usize>>) -> Measured {
        let Some(Subject::Edge(edge)) = self.arguments.subject else { return Err(no_subject()) };
        let none = || "the call has no concurrency limit then".to_owned();
        let Some(windows) = spell else {
            return self.edge(edge).concurrency_limit.as_ref().map(|l| l.mean).ok_or_else(none);
        };
        let owner = self.metrics.wiring().edge_name(edge);
        let column = self.metrics.column(&format!("{owner}/concurrency_limit"));
        let measured: Vec<f64> =
            column[windows].iter().copied().filter(|limit| *limit != NO_DATA).collect();
        if measured.is_empty() {
            return Err(none());
        }
        Ok(measured.iter().sum::<f64>() / measured.len() as f64)
    }

    fn cascade_stage(&self) -> Measured {
        let Some(Subject::Stage(node, stage)) = self.arguments.subject else {
            return Err(no_subject());
        };
        let key = self.node_key(node);
        let steps = &self.report.cascade;
        let step = steps.iter().find(|step| step.node == key && step.stage == stage);
        Ok(or_never(step.map(|step| step.at_s)))
    }

    fn share(&self, spell: Option<Range<usize>>) -> Measured {
        let windows = spell.unwrap_or(0..self.metrics.table().rows());
        let (node, server) = match self.arguments.subject {
            Some(Subject::Server(node, server)) => (node, Some(server as usize)),
            Some(Subject::Station(node)) => (node, None),
            _ => return Err(no_subject()),
        };
        let counts = self.metrics.station(node).spread().in_windows(windows.start, windows.end);
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return Err("no request reached a server".into());
        }
        match server {
            Some(server) if server >= SERVERS_PER_WINDOW => {
                Err(format!("shares are kept for the first {SERVERS_PER_WINDOW} servers"))
            }
            Some(server) => Ok(counts[server] as f64 / total as f64),
            None => Ok(1.0 / counts.iter().filter(|count| **count > 0).count() as f64),
        }
    }

    fn extreme(
        &self,
        name: &str,
        spell: Option<Range<usize>>,
        pick: fn(f64, f64) -> f64,
    ) -> Measured {
        let Some(Subject::Station(node)) = self.arguments.subject else { return Err(no_subject()) };
        let column = self.metrics.column(&format!("{}/{name}", self.node_key(node)));
        let windows = spell.unwrap_or(0..column.len());
        column[windows].iter().copied().reduce(pick).ok_or_else(|| "no window has ended".into())
    }

    fn pool_mean(
        &self,
        spell: Option<Range<usize>>,
        name: &str,
        whole_run: fn(&PoolReport) -> f64,
    ) -> Measured {
        let Some(Subject::Pool(pool)) = self.arguments.subject else { return Err(no_subject()) };
        match spell {
            Some(windows) => self.mean(&self.metrics.wiring().pool_name(pool), name, windows),
            None => self.a_pool().map(whole_run),
        }
    }

    fn station_mean(
        &self,
        spell: Option<Range<usize>>,
        name: &str,
        whole_run: fn(&Station) -> Option<f64>,
    ) -> Measured {
        let Some(Subject::Station(node)) = self.arguments.subject else { return Err(no_subject()) };
        match spell {
            Some(windows) => self.mean(&self.node_key(node), name, windows),
            None => {
                whole_run(self.station(node)).ok_or_else(|| "there is no limit of cores".into())
            }
        }
    }

    /// Mean of a column over windows of equal length, those without data left out.
    fn mean(&self, owner: &str, name: &str, windows: Range<usize>) -> Measured {
        let column = self.metrics.column(&format!("{owner}/{name}"));
        let known = column[windows].iter().filter(|value| **value != NO_DATA);
        let (sum, count) = known.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
        if count == 0 {
            Err("nothing was measured then".into())
        } else {
            Ok(sum / f64::from(count))
        }
    }

    fn now(&self) -> u64 {
        self.metrics.now().0
    }

    /// From 0 to 1.
    fn quantile(&self) -> f64 {
        self.arguments.quantile.expect("the parser demands a percentile")
    }

    /// What to compare with, in the unit of the metric's number.
    fn bound(&self) -> f64 {
        self.arguments.bound.expect("the parser demands a number")
    }

    fn pool_meter(&self) -> Result<&PoolMeter, String> {
        match self.arguments.subject {
            Some(Subject::Pool(pool)) => Ok(self.metrics.pool(pool)),
            _ => Err(no_subject()),
        }
    }

    fn station_meter(&self) -> Result<&StationMeter, String> {
        match self.arguments.subject {
            Some(Subject::Station(node)) => Ok(self.metrics.station(node)),
            _ => Err(no_subject()),
        }
    }

    fn node_key(&self, node: NodeIndex) -> String {
        self.metrics.wiring().node(node).key.clone()
    }

    fn station(&self, node: NodeIndex) -> &Station {
        &self.report.stations[&self.metrics.wiring().node(node).key]
    }

    fn edge(&self, edge: EdgeIndex) -> &Edge {
        &self.report.edges[&self.metrics.wiring().edge_name(edge)]
    }

    fn pool(&self, pool: PoolIndex) -> &PoolReport {
        let wired = self.metrics.wiring().pool(pool);
        &self.station(wired.node).pools[&wired.key]
    }

    fn a_station(&self) -> Result<&Station, String> {
        match self.arguments.subject {
            Some(Subject::Station(node)) => Ok(self.station(node)),
            _ => Err(no_subject()),
        }
    }

    fn an_edge(&self) -> Result<&Edge, String> {
        match self.arguments.subject {
            Some(Subject::Edge(edge)) => Ok(self.edge(edge)),
            _ => Err(no_subject()),
        }
    }

    fn a_pool(&self) -> Result<&PoolReport, String> {
        match self.arguments.subject {
            Some(Subject::Pool(pool)) => Ok(self.pool(pool)),
            _ => Err(no_subject()),
        }
    }
}

/// Share of times that exceed so many milliseconds.
fn share_above(times: &Distribution, ms: f64) -> Measured {
    if times.count() == 0 {
        return Err("nothing was measured".into());
    }
    Ok(times.share_above(Duration::from_ms(ms).0))
}

/// A moment that never came is later than any other.
fn or_never(seconds: Option<f64>) -> f64 {
    seconds.unwrap_or(f64::INFINITY)
}

fn known(latency: &Latency, value: f64) -> Measured {
    if latency.count > 0 { Ok(value) } else { Err("nothing was measured".into()) }
}

/// The parser lets no clause through that lacks what its metric is about.
fn no_subject() -> String {
    "the metric needs something to be about".into()
}
