//! The metrics that clauses can name: one line each.

use crate::wiring::{AlarmIndex, CacheIndex, ClassIndex, EdgeIndex, NodeIndex, PoolIndex};

/// What a value is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A share or a quotient; `%` may be written.
    Ratio,
    /// A number of things.
    Count,
    /// Per second.
    PerSecond,
    /// A time in milliseconds.
    Ms,
    /// A time in seconds.
    Seconds,
    /// A time in hours.
    Hours,
    /// Bytes.
    Bytes,
    /// `true` or `false`.
    Flag,
    /// A state of the verdict.
    State,
}

impl Unit {
    /// Stable name in reports.
    pub fn key(self) -> &'static str {
        match self {
            Unit::Ratio => "ratio",
            Unit::Count => "count",
            Unit::PerSecond => "per_s",
            Unit::Ms => "ms",
            Unit::Seconds => "s",
            Unit::Hours => "h",
            Unit::Bytes => "bytes",
            Unit::Flag => "flag",
            Unit::State => "state",
        }
    }
}

/// What a metric can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A client population.
    Population(NodeIndex),
    /// A class of users.
    Class(ClassIndex),
    /// A service or a database.
    Station(NodeIndex),
    /// A server of a station.
    Server(NodeIndex, u32),
    /// A thread pool; a station with one pool may stand for it.
    Pool(PoolIndex),
    /// A call.
    Edge(EdgeIndex),
    /// A cache; a service with one cache may stand for it.
    Cache(CacheIndex),
    /// A stage of the cascade at a node.
    Stage(NodeIndex, &'static str),
    /// All alarms and tests of a monitor.
    Monitor(NodeIndex),
    /// An alarm.
    Alarm(AlarmIndex),
}

/// A kind of subject, as the table of metrics names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A population or a class.
    Users,
    /// A service or a database.
    Station,
    /// A server of a station.
    Server,
    /// A thread pool.
    Pool,
    /// A call.
    Edge,
    /// A cache.
    Cache,
    /// A stage of the cascade at a node.
    Stage,
    /// A monitor.
    Monitor,
    /// An alarm.
    Alarm,
}

impl Kind {
    /// What to write, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Kind::Users => "a population or class of users",
            Kind::Station => "a service or database",
            Kind::Server => "a server such as api#0",
            Kind::Pool => "a pool such as api.web",
            Kind::Edge => "a call such as api.idp",
            Kind::Cache => "a cache such as api.pages",
            Kind::Stage => "a stage such as api.slow",
            Kind::Monitor => "a monitor",
            Kind::Alarm => "an alarm such as watch.errors",
        }
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table below says what each one is")]
pub enum Quantity {
    GoodputRatio,
    Availability,
    FailedRatio,
    RejectedRatio,
    TimedOutRatio,
    DegradedRatio,
    Percentile,
    MeanResponse,
    Throughput,
    RetryAmplification,
    Attempts,
    Hedges,
    BreakerOpened,
    ConcurrencyLimit,
    WastedRatio,
    RecoveryTime,
    TimeToDetect,
    TimeToContain,
    Metastable,
    State,
    BlastRadius,
    CascadeStage,
    Share,
    ServersUp,
    MaxQueue,
    MeanQueue,
    MeanWait,
    WaitedRatio,
    Utilisation,
    MeanInSystem,
    Cpu,
    ScaleActions,
    GovernorAlarms,
    Rollbacks,
    DiskUsed,
    DiskFullAt,
    ServerHours,
    Offered,
    Answered,
    Refused,
    LastEnd,
    SlowerRatio,
    SdResponse,
    WaitPercentile,
    SdWait,
    WaitedOver,
    TimeAbove,
    InSystemAtEnd,
    DrainedAt,
    BusyTime,
    UpShare,
    FellBelow,
    Retries,
    RetriesDenied,
    Fallbacks,
    AttemptPercentile,
    MeanAttempt,
    HitRatio,
    CacheFetches,
    CacheEntries,
    CacheBytes,
    Evictions,
    StaleAnswers,
    Lost,
    Stored,
    Duplicated,
    Deduplicated,
    Spooled,
    Replayed,
    FailedReplays,
    Rows,
    DeadRows,
    PurgedRows,
    CopiedRows,
    ForwardedChanges,
    MigratedAt,
    LockWaits,
    LockTimeouts,
    LockWaiting,
    LockWaitPercentile,
    MeanLockWait,
    HeapUsed,
    GcShare,
    GcTime,
    GcPauses,
    OutOfMemory,
    OutOfMemoryAt,
    Refreshes,
    Skipped,
    LoginRatio,
    NewUsersRefusedRatio,
    Logins,
    TokensRenewedAlone,
    ExistingUsersRefused,
    NewUsersRefused,
    AuthSwitches,
    AuthAloneTime,
    Published,
    Redelivered,
    DeadLetters,
    QueueDepth,
    AlarmsRaised,
    AlarmsSent,
    FirstAlarm,
    DetectionDelay,
    WarningLead,
    TestsFailed,
    StaleReads,
    StaleRatio,
    LostWrites,
    Promotions,
    RoleSwaps,
    ReplicaLag,
    ReplicaLagPercentile,
    NoPrimaryTime,
}

/// A number between the parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// None.
    Nothing,
    /// A percentile, above 0 and at most 100.
    Percentile,
    /// Something to compare with, in that unit.
    Bound(Unit),
}

/// A metric that clauses can name.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What is measured.
    pub quantity: Quantity,
    /// What the value is counted in.
    pub unit: Unit,
    /// What it can be about; empty for figures of the whole run.
    pub subjects: &'static [Kind],
    /// Whether it must be about something.
    pub needs_subject: bool,
    /// Whether it can be asked for a spell.
    pub by_spell: bool,
    /// The number that it needs.
    pub number: Number,
    /// Whether it can be asked for one cause of refusal.
    pub by_cause: bool,
    /// What it is, in one line.
    pub help: &'static str,
}

const fn metric(
    name: &'static str,
    quantity: Quantity,
    unit: Unit,
    subjects: &'static [Kind],
    help: &'static str,
) -> Metric {
    let number = Number::Nothing;
    let (needs_subject, by_spell, by_cause) = (false, false, false);
    Metric { name, quantity, unit, subjects, needs_subject, by_spell, number, by_cause, help }
}

impl Metric {
    const fn of(mut self) -> Metric {
        self.needs_subject = true;
        self
    }

    const fn spell(mut self) -> Metric {
        self.by_spell = true;
        self
    }

    const fn cause(mut self) -> Metric {
        self.by_cause = true;
        self
    }

    const fn percentile(mut self) -> Metric {
        self.number = Number::Percentile;
        self
    }

    const fn bound(mut self, unit: Unit) -> Metric {
        self.number = Number::Bound(unit);
        self
    }
}

const USERS: &[Kind] = &[Kind::Users];
const STATION: &[Kind] = &[Kind::Station];
const USERS_OR_STATION: &[Kind] = &[Kind::Users, Kind::Station];
const USERS_OR_POOL: &[Kind] = &[Kind::Users, Kind::Pool];
const POOL: &[Kind] = &[Kind::Pool];
const EDGE: &[Kind] = &[Kind::Edge];
const CACHE: &[Kind] = &[Kind::Cache];
const ALARMS: &[Kind] = &[Kind::Monitor, Kind::Alarm];

/// Every metric.
#[rustfmt::skip]
pub static METRICS: &[Metric] = {
    use Quantity as Q;
    use Unit as U;
    &[
        metric("goodput_ratio", Q::GoodputRatio, U::Ratio, USERS, "answered ÷ offered").spell(),
        metric("availability", Q::Availability, U::Ratio, USERS, "answered ÷ ended"),
        metric("failed_ratio", Q::FailedRatio, U::Ratio, USERS, "ended with an error ÷ offered").spell(),
        metric("rejected_ratio", Q::RejectedRatio, U::Ratio, USERS, "refused, by one cause or any ÷ offered").spell().cause(),
        metric("timed_out_ratio", Q::TimedOutRatio, U::Ratio, USERS, "given up ÷ offered").spell(),
        metric("degraded_ratio", Q::DegradedRatio, U::Ratio, USERS, "answered in part ÷ offered").spell(),
        metric("p", Q::Percentile, U::Ms, USERS_OR_STATION, "percentile of the response time of answered requests").spell().percentile(),
        metric("mean_response", Q::MeanResponse, U::Ms, USERS_OR_STATION, "mean response time of answered requests"),
        metric("throughput", Q::Throughput, U::PerSecond, USERS_OR_STATION, "answered, or worked off well, per second").spell(),
        metric("retry_amplification", Q::RetryAmplification, U::Ratio, EDGE, "attempts ÷ calls; over all populations: attempts ÷ requests"),
        metric("attempts", Q::Attempts, U::Count, EDGE, "attempts on the wire").of().spell(),
        metric("hedges", Q::Hedges, U::Count, EDGE, "attempts on the wire that were hedges").of().spell(),
        metric("breaker_opened", Q::BreakerOpened, U::Count, EDGE, "how often a breaker opened").of(),
        metric("concurrency_limit", Q::ConcurrencyLimit, U::Count, EDGE, "mean adaptive limit over all calling servers together").of().spell(),
        metric("wasted_ratio", Q::WastedRatio, U::Ratio, STATION, "work that nobody waited for any more ÷ work that ended"),
        metric("recovery_time", Q::RecoveryTime, U::Seconds, &[], "from the end of the trigger until goodput was back"),
        metric("time_to_detect", Q::TimeToDetect, U::Seconds, &[], "from the trigger until goodput left its normal band"),
        metric("time_to_contain", Q::TimeToContain, U::Seconds, &[], "from the trigger until goodput was back"),
        metric("metastable", Q::Metastable, U::Flag, &[], "not recovered though the trigger is gone"),
        metric("state", Q::State, U::State, &[], "healthy, contained, recovered, down or metastable"),
        metric("blast_radius", Q::BlastRadius, U::Ratio, &[], "share of services and databases that left their normal band"),
        metric("cascade_stage", Q::CascadeStage, U::Seconds, &[Kind::Stage], "when a node reached a stage of the cascade").of(),
        metric("share", Q::Share, U::Ratio, &[Kind::Server, Kind::Station], "share of a station's requests that a server received").of().spell(),
        metric("servers_up", Q::ServersUp, U::Count, STATION, "fewest servers that were up").of().spell(),
        metric("scale_actions", Q::ScaleActions, U::Count, STATION, "how often an autoscaler changed the number of servers").of(),
        metric("governor_alarms", Q::GovernorAlarms, U::Count, STATION, "alarms of the governor").of(),
        metric("rollbacks", Q::Rollbacks, U::Count, STATION, "how often a release was taken back by itself").of(),
        metric("max_queue", Q::MaxQueue, U::Count, POOL, "longest queue over all servers together").of(),
        metric("mean_queue", Q::MeanQueue, U::Count, POOL, "mean number of requests waiting").of().spell(),
        metric("mean_wait", Q::MeanWait, U::Ms, POOL, "mean time between arrival and start").of(),
        metric("waited_ratio", Q::WaitedRatio, U::Ratio, POOL, "share of started requests that had to wait").of(),
        metric("utilisation", Q::Utilisation, U::Ratio, POOL, "mean share of threads that were busy").of().spell(),
        metric("mean_in_system", Q::MeanInSystem, U::Count, STATION, "mean number of requests waiting or worked on").of().spell(),
        metric("cpu", Q::Cpu, U::Ratio, STATION, "mean share of cores in use").of().spell(),
        metric("disk_used", Q::DiskUsed, U::Bytes, STATION, "most bytes in use on a disk at the end of a window").of().spell(),
        metric("disk_full_at", Q::DiskFullAt, U::Seconds, STATION, "when the first disk was full").of(),
        metric("server_hours", Q::ServerHours, U::Hours, STATION, "server-hours used"),
        metric("offered", Q::Offered, U::Count, USERS_OR_POOL, "requests that arrived"),
        metric("answered", Q::Answered, U::Count, USERS_OR_POOL, "requests that were answered, or worked off well"),
        metric("refused", Q::Refused, U::Count, &[Kind::Pool, Kind::Edge, Kind::Users], "refused, by one cause or any; at a call: by the caller itself").cause(),
        metric("last_end", Q::LastEnd, U::Seconds, USERS_OR_POOL, "when a request, or work, last ended"),
        metric("slower_ratio", Q::SlowerRatio, U::Ratio, USERS_OR_STATION, "share of answered requests that took longer than so long").bound(U::Ms),
        metric("sd_response", Q::SdResponse, U::Ms, USERS_OR_STATION, "standard deviation of the response time of answered requests"),
        metric("p_wait", Q::WaitPercentile, U::Ms, POOL, "percentile of the time between arrival and start").of().percentile(),
        metric("sd_wait", Q::SdWait, U::Ms, POOL, "standard deviation of the time between arrival and start").of(),
        metric("waited_over", Q::WaitedOver, U::Ratio, POOL, "share of started requests that had waited longer than so long").of().bound(U::Ms),
        metric("time_above", Q::TimeAbove, U::Ratio, POOL, "share of the time in which more than so many (below 1023) waited or were worked on").of().bound(U::Count),
        metric("in_system_at_end", Q::InSystemAtEnd, U::Count, POOL, "requests waiting or worked on at the end of the run").of(),
        metric("drained_at", Q::DrainedAt, U::Seconds, STATION, "start of the first window in which on average fewer than so many waited or were worked on").of().spell().bound(U::Count),
        metric("busy_time", Q::BusyTime, U::Seconds, POOL, "time that threads were busy, over all of them").of(),
        metric("up_share", Q::UpShare, U::Ratio, STATION, "share of the time in which at least so many servers were up").of().bound(U::Count),
        metric("fell_below", Q::FellBelow, U::Count, STATION, "how often fewer than so many servers came to be up").of().bound(U::Count),
        metric("retries", Q::Retries, U::Count, EDGE, "attempts that were retries").of(),
        metric("retries_denied", Q::RetriesDenied, U::Count, EDGE, "retries that the budget denied").of(),
        metric("fallbacks", Q::Fallbacks, U::Count, EDGE, "calls that the fallback answered").of(),
        metric("skipped", Q::Skipped, U::Count, EDGE, "calls that were not made, because the feature was switched off").of().spell(),
        metric("p_attempt", Q::AttemptPercentile, U::Ms, EDGE, "percentile of the time of an attempt, as the caller saw it").of().percentile(),
        metric("heap_used", Q::HeapUsed, U::Bytes, STATION, "most bytes that live in a server's memory at the end of a window, garbage left out").of().spell(),
        metric("gc_share", Q::GcShare, U::Ratio, STATION, "share of the time in which servers stood still for garbage collection").of().spell(),
        metric("gc_time", Q::GcTime, U::Seconds, STATION, "time that servers stood still for garbage collection, over all of them").of(),
        metric("gc_pauses", Q::GcPauses, U::Count, STATION, "garbage collections that stopped a server").of(),
        metric("out_of_memory", Q::OutOfMemory, U::Count, STATION, "how often a server crashed for want of memory").of(),
        metric("out_of_memory_at", Q::OutOfMemoryAt, U::Seconds, STATION, "when a server first crashed for want of memory").of(),
        metric("hit_ratio", Q::HitRatio, U::Ratio, CACHE, "share of look-ups of a cache that found what they wanted").of().spell(),
        metric("cache_fetches", Q::CacheFetches, U::Count, CACHE, "how often something missing was fetched, and not only waited for").of(),
        metric("cache_entries", Q::CacheEntries, U::Count, CACHE, "most entries of a cache at the end of a window, over all servers together").of().spell(),
        metric("cache_bytes", Q::CacheBytes, U::Bytes, CACHE, "most bytes of a cache at the end of a window, over all servers together").of().spell(),
        metric("evictions", Q::Evictions, U::Count, CACHE, "entries that had to go for others").of(),
        metric("stale_answers", Q::StaleAnswers, U::Count, CACHE, "answers by expired entries, because fetching had failed").of(),
        metric("refreshes", Q::Refreshes, U::Count, USERS, "presses of the refresh button").spell(),
        metric("login_ratio", Q::LoginRatio, U::Ratio, STATION, "logins that succeeded ÷ logins").of().spell(),
        metric("new_users_refused_ratio", Q::NewUsersRefusedRatio, U::Ratio, STATION, "new users who were not let in ÷ logins").of().spell(),
        metric("logins", Q::Logins, U::Count, STATION, "logins, however they ended").of().spell(),
        metric("tokens_renewed_alone", Q::TokensRenewedAlone, U::Count, STATION, "tokens renewed without the identity provider").of().spell(),
        metric("existing_users_refused", Q::ExistingUsersRefused, U::Count, STATION, "users with an account who were not let in").of().spell(),
        metric("new_users_refused", Q::NewUsersRefused, U::Count, STATION, "new users who were not let in").of().spell(),
        metric("auth_switches", Q::AuthSwitches, U::Count, STATION, "how often a server began to renew tokens without the identity provider").of(),
        metric("auth_alone_time", Q::AuthAloneTime, U::Seconds, STATION, "time for which servers renewed tokens without the identity provider, over all of them").of(),
        metric("stale_reads", Q::StaleReads, U::Count, STATION, "reads that a database answered without a committed write of the same row").of().spell(),
        metric("stale_ratio", Q::StaleRatio, U::Ratio, STATION, "stale reads ÷ reads that a database answered").of(),
        metric("lost_writes", Q::LostWrites, U::Count, STATION, "committed writes of a database that are gone").of().spell(),
        metric("promotions", Q::Promotions, U::Count, STATION, "how often a server took the place of a dead primary").of(),
        metric("role_swaps", Q::RoleSwaps, U::Count, STATION, "how often the primary and another server changed places as planned").of(),
        metric("replica_lag", Q::ReplicaLag, U::Ms, STATION, "longest time from the commit of a write until another server had applied it").of().spell(),
        metric("p_replica_lag", Q::ReplicaLagPercentile, U::Ms, STATION, "percentile of the time from the commit of a write until another server had applied it").of().percentile(),
        metric("no_primary_time", Q::NoPrimaryTime, U::Seconds, STATION, "time in which no server of a database took writes").of().spell(),
        metric("mean_attempt", Q::MeanAttempt, U::Ms, EDGE, "mean time of an attempt, as the caller saw it").of(),
        metric("lost", Q::Lost, U::Count, STATION, "records of a service, or of all, that are stored nowhere and never will be").spell(),
        metric("stored", Q::Stored, U::Count, STATION, "records stored at a database, or at all, that were not there").spell(),
        metric("duplicated", Q::Duplicated, U::Count, STATION, "records stored though they were there").spell(),
        metric("deduplicated", Q::Deduplicated, U::Count, STATION, "records left alone because they were there, by their unique id"),
        metric("spooled", Q::Spooled, U::Count, STATION, "most records in the spools of a service; in a spell by the means of its windows").of().spell(),
        metric("replayed", Q::Replayed, U::Count, STATION, "records sent by recovery batches"),
        metric("failed_replays", Q::FailedReplays, U::Count, STATION, "times that a recovery batch could not send a record"),
        metric("rows", Q::Rows, U::Count, STATION, "most live rows at the end of a window").of().spell(),
        metric("dead_rows", Q::DeadRows, U::Count, STATION, "most dead rows at the end of a window").of().spell(),
        metric("purged_rows", Q::PurgedRows, U::Count, STATION, "dead rows that were deleted").of(),
        metric("copied_rows", Q::CopiedRows, U::Count, STATION, "rows copied to another database").of(),
        metric("forwarded_changes", Q::ForwardedChanges, U::Count, STATION, "writes that came during the copy and were repeated at the other database").of(),
        metric("migrated_at", Q::MigratedAt, U::Seconds, STATION, "when queries began to go to the other database").of(),
        metric("lock_waits", Q::LockWaits, U::Count, STATION, "queries that had to wait for a row lock").of(),
        metric("lock_timeouts", Q::LockTimeouts, U::Count, STATION, "queries that failed because they had waited too long for a row lock").of(),
        metric("lock_waiting", Q::LockWaiting, U::Count, STATION, "mean number of queries that waited for a row lock").of().spell(),
        metric("p_lock_wait", Q::LockWaitPercentile, U::Ms, STATION, "percentile of the waits for a row lock").of().percentile(),
        metric("mean_lock_wait", Q::MeanLockWait, U::Ms, STATION, "mean wait for a row lock").of(),
        metric("published", Q::Published, U::Count, STATION, "messages that a queue took").spell(),
        metric("redelivered", Q::Redelivered, U::Count, STATION, "deliveries of messages that were not the first").spell(),
        metric("dead_letters", Q::DeadLetters, U::Count, STATION, "messages that failed too often and were set aside"),
        metric("queue_depth", Q::QueueDepth, U::Count, STATION, "most messages in a queue that nobody dealt with; in a spell by the means of its windows").of().spell(),
        metric("alarms_raised", Q::AlarmsRaised, U::Count, ALARMS, "how often alarms occurred").spell(),
        metric("alarms_sent", Q::AlarmsSent, U::Count, ALARMS, "how often somebody was told of an alarm").spell(),
        metric("first_alarm", Q::FirstAlarm, U::Seconds, ALARMS, "when somebody was first told of an alarm"),
        metric("detection_delay", Q::DetectionDelay, U::Seconds, ALARMS, "from the first trigger until somebody was told of an alarm"),
        metric("warning_lead", Q::WarningLead, U::Seconds, &[], "from the first alarm until goodput left its normal band"),
        metric("tests_failed", Q::TestsFailed, U::Count, &[Kind::Monitor], "test calls of a monitor without success").of().spell(),
    ]
};
