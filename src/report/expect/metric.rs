//! The metrics that clauses can name: one line each.

use crate::wiring::{ClassIndex, EdgeIndex, NodeIndex, PoolIndex};

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
    /// A stage of the cascade at a node.
    Stage(NodeIndex, &'static str),
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
    /// A stage of the cascade at a node.
    Stage,
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
            Kind::Stage => "a stage such as api.slow",
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
    DiskUsed,
    DiskFullAt,
    ServerHours,
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
    Metric { name, quantity, unit, subjects, needs_subject: false, by_spell: false, help }
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
}

const USERS: &[Kind] = &[Kind::Users];
const STATION: &[Kind] = &[Kind::Station];
const USERS_OR_STATION: &[Kind] = &[Kind::Users, Kind::Station];
const POOL: &[Kind] = &[Kind::Pool];
const EDGE: &[Kind] = &[Kind::Edge];

/// Every metric.
#[rustfmt::skip]
pub static METRICS: [Metric; 33] = {
    use Quantity as Q;
    use Unit as U;
    [
        metric("goodput_ratio", Q::GoodputRatio, U::Ratio, USERS, "answered ÷ offered").spell(),
        metric("availability", Q::Availability, U::Ratio, USERS, "answered ÷ ended"),
        metric("failed_ratio", Q::FailedRatio, U::Ratio, USERS, "ended with an error ÷ offered").spell(),
        metric("rejected_ratio", Q::RejectedRatio, U::Ratio, USERS, "refused, by one cause or any ÷ offered").spell(),
        metric("timed_out_ratio", Q::TimedOutRatio, U::Ratio, USERS, "given up ÷ offered").spell(),
        metric("degraded_ratio", Q::DegradedRatio, U::Ratio, USERS, "answered in part ÷ offered").spell(),
        metric("p", Q::Percentile, U::Ms, USERS_OR_STATION, "percentile of the response time of answered requests").spell(),
        metric("mean_response", Q::MeanResponse, U::Ms, USERS_OR_STATION, "mean response time of answered requests"),
        metric("throughput", Q::Throughput, U::PerSecond, USERS_OR_STATION, "answered, or worked off well, per second").spell(),
        metric("retry_amplification", Q::RetryAmplification, U::Ratio, EDGE, "attempts ÷ calls; over all populations: attempts ÷ requests"),
        metric("attempts", Q::Attempts, U::Count, EDGE, "attempts on the wire").of().spell(),
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
    ]
};
