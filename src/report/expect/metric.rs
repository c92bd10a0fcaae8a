//! What a metric is: its unit, whom it can be about, what stands between its parentheses. The metrics themselves
//! are in [`METRICS`](super::METRICS).

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
#[allow(missing_docs, reason = "the table of metrics says what each one is")]
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
    ScaleOuts,
    ScaleIns,
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
    OldestMessage,
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

/// A metric of that name; about nobody in particular, without a number.
pub(super) const fn metric(
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
    /// It must be about something.
    pub(super) const fn of(mut self) -> Metric {
        self.needs_subject = true;
        self
    }

    /// It can be asked for a spell.
    pub(super) const fn spell(mut self) -> Metric {
        self.by_spell = true;
        self
    }

    /// It can be asked for one cause of refusal.
    pub(super) const fn cause(mut self) -> Metric {
        self.by_cause = true;
        self
    }

    /// It needs a percentile.
    pub(super) const fn percentile(mut self) -> Metric {
        self.number = Number::Percentile;
        self
    }

    /// It needs a number to compare with.
    pub(super) const fn bound(mut self, unit: Unit) -> Metric {
        self.number = Number::Bound(unit);
        self
    }
}
