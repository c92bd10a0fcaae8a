//! What a clause is judged on: figures of the report, or of the windows of a spell.

mod alarms;
mod caches;
mod copies;
mod data;
mod edges;
mod logins;
mod pools;
mod stations;
mod stored;
mod users;

use super::metric::{Quantity, Subject};
use super::{Arguments, STATES};
use crate::engine::{Duration, Time};
use crate::metrics::histogram::Distribution;
use crate::metrics::{Metrics, NO_DATA};
use crate::report::build::server_hours;
use crate::report::{Latency, Report};
use crate::wiring::NodeIndex;
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
            Q::ScaleActions => self.a_station().map(|station| station.scale_actions as f64),
            Q::ScaleOuts => self.a_station().map(|station| station.scale_outs as f64),
            Q::ScaleIns => self.a_station().map(|station| station.scale_ins as f64),
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
            Q::WaitPercentile => self.wait_percentile(),
            Q::SdWait => self.a_pool().and_then(|pool| known(&pool.wait, pool.wait.sd_ms)),
            Q::WaitedOver => self.waited_over(),
            Q::TimeAbove => self.time_above(),
            Q::InSystemAtEnd => self.a_pool().map(|pool| f64::from(pool.in_system_at_end)),
            Q::DrainedAt => self.drained_at(spell),
            Q::BusyTime => self.a_pool().map(|pool| pool.busy_s),
            Q::UpShare => self.up_share(),
            Q::FellBelow => self.falls_below(),
            Q::Retries => self.an_edge().map(|edge| edge.retries as f64),
            Q::RetriesDenied => self.an_edge().map(|edge| edge.retries_denied as f64),
            Q::Fallbacks => self.an_edge().map(|edge| edge.fallbacks as f64),
            Q::AttemptPercentile => self.attempt_percentile(),
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
            Q::OldestMessage => match spell {
                None => self.station_meter().map(|meter| {
                    let age = meter.data().oldest_message().highest(self.metrics.now().0);
                    age as f64 / 1e9
                }),
                spell => self.extreme("oldest_message_ms", spell, f64::max).map(|ms| ms / 1e3),
            },
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

    /// A column in some windows, or in all; nothing where the owner has none of that name.
    fn readings(&self, owner: &str, name: &str, windows: Option<Range<usize>>) -> Vec<f64> {
        let column = self.metrics.column(&format!("{owner}/{name}"));
        match windows {
            Some(windows) => column.get(windows).unwrap_or_default().to_vec(),
            None => column,
        }
    }

    /// Mean rate of a quantity over the windows, summed over the owners.
    fn rate(&self, owners: &[String], name: &str, windows: &Range<usize>) -> f64 {
        let mean = |owner: &String| {
            let readings = self.readings(owner, name, Some(windows.clone()));
            readings.iter().sum::<f64>() / windows.len() as f64
        };
        owners.iter().map(mean).sum()
    }

    /// How many over the windows, by a column that is a rate, summed over the owners.
    fn total(&self, owners: &[String], name: &str, windows: &Range<usize>) -> f64 {
        (self.rate(owners, name, windows) * self.seconds(windows)).round()
    }

    /// The least or most of a column.
    fn extreme_of(
        &self,
        owner: &str,
        name: &str,
        spell: Option<Range<usize>>,
        pick: fn(f64, f64) -> f64,
    ) -> Measured {
        let readings = self.readings(owner, name, spell);
        readings.into_iter().reduce(pick).ok_or_else(|| "there is no such thing there then".into())
    }

    /// Mean of a column over windows of equal length, those without data left out.
    fn mean(&self, owner: &str, name: &str, windows: Range<usize>) -> Measured {
        let readings = self.readings(owner, name, Some(windows));
        let known = readings.iter().filter(|value| **value != NO_DATA);
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

    fn node_key(&self, node: NodeIndex) -> String {
        self.metrics.wiring().node(node).key.clone()
    }
}

/// A percentile in milliseconds, or why there is none.
fn percentile(times: &Distribution, quantile: f64, none: &str) -> Measured {
    let nanos = times.quantile(quantile);
    nanos.map(|nanos| nanos as f64 / 1e6).ok_or_else(|| none.to_owned())
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
