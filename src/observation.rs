//! Facts that the model reports: what *has happened*, as opposed to `model::Event`.
//!
//! Metrics, the timeline and traces listen to observations. Nothing in the model reads them back.

use crate::engine::{Duration, Time};
use crate::wiring::{AlarmIndex, CacheIndex, ClassIndex, EdgeIndex, NodeIndex, PoolIndex};

/// Why something was rejected without being tried or worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The callee's queue was full, or the request waited in it for too long.
    QueueFull,
    /// The caller's bulkhead was full.
    Bulkhead,
    /// The caller found no free connection in time.
    ConnectionPool,
    /// The caller's circuit breaker was open.
    CircuitBreaker,
    /// The caller's rate limiter refused.
    RateLimiter,
    /// The caller had as many calls under way as its adaptive limit allows.
    ConcurrencyLimit,
    /// The balancer had as many requests under way as it may.
    Shed,
    /// The deadline had passed when the work would have started.
    Expired,
}

impl Cause {
    /// Every cause, in the order of the reports.
    pub const ALL: [Cause; 8] = [
        Cause::QueueFull,
        Cause::Bulkhead,
        Cause::ConnectionPool,
        Cause::CircuitBreaker,
        Cause::RateLimiter,
        Cause::ConcurrencyLimit,
        Cause::Shed,
        Cause::Expired,
    ];

    /// Stable name in reports.
    pub fn key(self) -> &'static str {
        match self {
            Cause::QueueFull => "queue_full",
            Cause::Bulkhead => "bulkhead",
            Cause::ConnectionPool => "connection_pool",
            Cause::CircuitBreaker => "circuit_breaker",
            Cause::RateLimiter => "rate_limiter",
            Cause::ConcurrencyLimit => "concurrency_limit",
            Cause::Shed => "shed",
            Cause::Expired => "expired",
        }
    }
}

/// How a request, a call or an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// In full.
    Ok,
    /// A fallback answered, or an optional part is missing.
    Degraded,
    /// With an error.
    Failed,
    /// Without being tried or worked on.
    Rejected(Cause),
    /// The caller gave up waiting.
    TimedOut,
}

impl Outcome {
    /// Whether the caller got something it can use.
    pub fn is_success(self) -> bool {
        matches!(self, Outcome::Ok | Outcome::Degraded)
    }
}

/// State of a circuit breaker, as the page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// Some calls pass, to see whether the callee is back.
    HalfOpen,
    /// No call passes.
    Open,
}

/// Why a server went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownCause {
    /// A fault hit it.
    Fault,
    /// It needed more memory than it had.
    OutOfMemory,
    /// An operator stopped it.
    Stopped,
    /// Its liveness probe failed too often.
    Unwell,
    /// The provider took the machine back.
    Reclaimed,
}

impl DownCause {
    /// Number of causes.
    pub const COUNT: usize = DownCause::Reclaimed as usize + 1;
}

/// How a login succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// The service's own token was still valid.
    Token,
    /// The identity provider confirmed the user, and the token was renewed.
    Renewed,
    /// The token was renewed without the provider.
    RenewedAlone,
    /// The identity provider confirmed a new user.
    Created,
}

/// Index into the labels of a run: keys of faults, toggles and interventions seen so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelIndex(pub u32);

/// Something that has just happened. Servers are numbered from 0 within their node.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the variants' docs speak of their fields")]
pub enum Observation {
    // --- requests: what users wish ---
    /// A user sent a request.
    RequestStarted { class: ClassIndex, luck: u64, refresh: bool },
    /// A request ended; `response` counts from its intended arrival.
    RequestEnded { class: ClassIndex, outcome: Outcome, response: Duration },

    // --- calls and attempts: what callers do, per edge ---
    /// A try was refused by the caller's own breaker, limiter, bulkhead or connections.
    TryRejected { edge: EdgeIndex, cause: Cause },
    /// A try went on the wire.
    /// A hedge is neither a first try nor a retry.
    AttemptSent { edge: EdgeIndex, retry: bool, hedge: bool },
    /// An attempt that had been sent ended, as the caller saw it.
    AttemptEnded { edge: EdgeIndex, outcome: Outcome, took: Duration },
    /// An attempt was let go because another one of the same try was faster.
    AttemptOutrun { edge: EdgeIndex, took: Duration },
    /// A hedge had its turn, but the budget was spent or no connection was free.
    HedgeDenied { edge: EdgeIndex },
    /// A retry was wanted but the budget was spent.
    RetryDenied { edge: EdgeIndex },
    /// A call was not made, because an operator has switched the feature off.
    CallSkipped { edge: EdgeIndex },
    /// A fallback answered.
    FallbackUsed { edge: EdgeIndex },
    /// A call ended, after all its tries.
    CallEnded { edge: EdgeIndex, outcome: Outcome, took: Duration },
    /// The breaker of one calling server changed its state.
    BreakerChanged { edge: EdgeIndex, server: u32, state: BreakerState },
    /// The adaptive concurrency limit of one calling server, from now on; 0 if it has none, or is down.
    LimitChanged { edge: EdgeIndex, server: u32, limit: u32 },
    /// The breaker of one calling server recorded a result: what is in its window now. The rates are
    /// in percent, or −1 while too few calls are in. Only for observers that want details.
    BreakerRecorded {
        edge: EdgeIndex,
        server: u32,
        calls: u32,
        failed: u32,
        failure_rate: f32,
        slow_call_rate: f32,
    },
    /// The retry budget of one calling server has so many tokens now. Only for observers that want
    /// details.
    BudgetChanged { edge: EdgeIndex, server: u32, tokens: f64 },
    /// A connection of the caller's pool was taken (+1) or given back (-1).
    ConnectionsChanged { edge: EdgeIndex, by: i32 },

    // --- work at services and databases, per pool ---
    /// A request reached a server.
    WorkArrived { pool: PoolIndex, server: u32 },
    /// It was refused, or dropped before a thread took it up, `waited` after its arrival.
    WorkRefused { pool: PoolIndex, cause: Cause, waited: Duration },
    /// It waits for a thread: for the first time, to take up an asynchronous reply, or because a more
    /// urgent one has taken its thread.
    Queued { pool: PoolIndex },
    /// It no longer waits (a thread took it, or it was dropped), `waited` after it was queued.
    Dequeued { pool: PoolIndex, waited: Duration },
    /// A thread took it up for the first time, `waited` after its arrival.
    WorkStarted { pool: PoolIndex, waited: Duration },
    /// A thread became busy.
    ThreadTaken { pool: PoolIndex },
    /// A thread became free.
    ThreadFreed { pool: PoolIndex },
    /// Work ended, `took` after its arrival (a crash also ends work that never started). `wasted`:
    /// nobody waited for it any more.
    WorkEnded { pool: PoolIndex, outcome: Outcome, took: Duration, wasted: bool },
    /// How much work a step of a request is; for tests of common luck.
    WorkDrawn { node: NodeIndex, luck: u64, step: u16, work: Duration },
    /// Cores in use over all servers of the node, from now on.
    CoresBusy { node: NodeIndex, cores: f64 },

    // --- caches ---
    /// A request found its key in a cache.
    CacheHit { cache: CacheIndex },
    /// A request did not find its key, or found it expired. `shared`: it waits for another's fetch.
    CacheMissed { cache: CacheIndex, shared: bool },
    /// Fetching failed, and an old entry answered.
    StaleAnswer { cache: CacheIndex },
    /// What the cache of one server holds from now on, after so many entries had to go for others.
    CacheHolds { cache: CacheIndex, server: u32, entries: u64, bytes: u64, evicted: u64 },

    // --- servers and balancers ---
    /// A server went down.
    ServerDown { node: NodeIndex, server: u32, cause: DownCause },
    /// A server began to boot.
    ServerBooting { node: NodeIndex, server: u32 },
    /// A server has looked in vain for a node that it needs to boot.
    BootHeldUp { node: NodeIndex, server: u32 },
    /// A server takes requests.
    ServerUp { node: NodeIndex, server: u32 },
    /// Servers that exist and servers that are up, from now on.
    ServersChanged { node: NodeIndex, servers: u32, up: u32 },
    /// An active health check ended; `health` is the server's counter now.
    HealthChecked { balancer: NodeIndex, server: u32, passed: bool, health: u32, up: bool },
    /// A balancer took a server out of rotation.
    OutOfRotation { balancer: NodeIndex, server: u32 },
    /// A balancer took a server back into rotation.
    BackInRotation { balancer: NodeIndex, server: u32 },
    /// A standby begins to take over from the server that was in charge.
    TakesOver { balancer: NodeIndex, server: u32 },
    /// Outlier detection ejected a server.
    Ejected { balancer: NodeIndex, server: u32 },
    /// Servers that outlier detection has ejected, from now on.
    EjectionsChanged { balancer: NodeIndex, ejected: u32 },
    /// Outlier detection would have ejected a server, but too many were out already.
    EjectionRefused { balancer: NodeIndex, server: u32 },
    /// A balancer refused a request because too many were under way.
    Shed { balancer: NodeIndex },
    /// Bytes that live in the memory of one server, from now on: garbage does not count.
    HeapUsed { node: NodeIndex, server: u32, bytes: u64 },
    /// A collection of garbage stops a server for so long.
    CollectionStarted { node: NodeIndex, server: u32, pause: Duration },
    /// It moves again.
    CollectionEnded { node: NodeIndex, server: u32 },
    /// More than half of a server's time goes into collections: the first one since it was less.
    GcOverhead { node: NodeIndex, server: u32 },
    /// An autoscaler changed the number of servers.
    Scaled { node: NodeIndex, from: u32, to: u32 },
    /// Another release is on its way to the servers.
    ReleaseChanged { node: NodeIndex, release: LabelIndex },
    /// A release that failed is on its way back.
    RolledBack { node: NodeIndex, release: LabelIndex },
    /// A governor is near its limits: of so many servers that somebody wanted it allowed that many.
    GovernorAlarm { node: NodeIndex, wanted: u32, allowed: u32 },
    /// Bytes in use on the disk of one server.
    DiskUsed { node: NodeIndex, server: u32, bytes: u64 },
    /// A log write found no room: the first one since there was room.
    DiskFull { node: NodeIndex, server: u32 },
    /// The log was rotated.
    LogRotated { node: NodeIndex, server: u32, freed_bytes: u64 },

    // --- records; `node` is the service that they were born at, or the database that stores them ---
    /// A request has a record that must not get lost.
    RecordBorn { node: NodeIndex },
    /// A record is stored somewhere for the first time.
    RecordKept { node: NodeIndex },
    /// Nobody is left who could store a record that nobody has stored.
    RecordLost { node: NodeIndex },
    /// A database stored a record that it did not have.
    RecordStored { node: NodeIndex },
    /// A database stored a record that it had.
    RecordDuplicated { node: NodeIndex },
    /// A database left a record alone that it had, by its unique id.
    RecordIgnored { node: NodeIndex },
    /// A server keeps a record in its spool.
    RecordSpooled { node: NodeIndex },
    /// A record of a spool was sent.
    RecordReplayed { node: NodeIndex },
    /// The last copy of a record that nobody has stored is with a dead letter.
    RecordSetAside { node: NodeIndex },

    // --- messages, by queue ---
    /// A queue took a message.
    MessagePublished { node: NodeIndex },
    /// A queue refused a message, for the first time since it took one: it is full.
    MessagesRefused { node: NodeIndex },
    /// A message went to somebody who deals with it; `again`: not for the first time.
    MessageDelivered { node: NodeIndex, again: bool },
    /// A message has failed too often and is a dead letter now.
    MessageSetAside { node: NodeIndex },
    /// Messages in the queue that nobody deals with, from now on.
    QueueDepth { node: NodeIndex, depth: u32 },
    /// When the oldest of these was published; none while there is none. It may have been delivered before.
    QueueOldest { node: NodeIndex, since: Option<Time> },

    // --- spools ---
    /// A server's spool was empty and is not any more.
    SpoolBegan { node: NodeIndex, server: u32 },
    /// A recovery batch of a server ended, with so many records sent and so many kept.
    RecoveryBatchEnded { node: NodeIndex, server: u32, replayed: u32, failed: u32 },
    /// A recovery batch sent nothing, for the first time since one did.
    RecoveryFails { node: NodeIndex, server: u32 },
    /// A server's spool is empty, after so many records were sent.
    SpoolDrained { node: NodeIndex, server: u32, replayed: u64 },
    /// A machine is gone, and with it so many records of its spool.
    SpoolLost { node: NodeIndex, server: u32, records: u32 },

    // --- what databases store ---
    /// Live and dead rows over all tables of a database, from now on.
    RowsChanged { node: NodeIndex, rows: u64, dead: u64 },
    /// Dead rows were deleted.
    RowsPurged { node: NodeIndex, rows: u64 },
    /// The rows of a database begin to be copied to another one.
    MigrationStarted { node: NodeIndex },
    /// Rows have been written to the other database.
    RowsCopied { node: NodeIndex, rows: u64 },
    /// Writes that came in the meantime have been repeated at the other database.
    ChangesForwarded { node: NodeIndex, changes: u64 },
    /// Everything is copied; queries are held up for the cut-over.
    CutOverStarted { node: NodeIndex },
    /// From now on queries go to the other database.
    Migrated { node: NodeIndex, to: NodeIndex },
    /// A query waits for a row lock.
    LockAwaited { node: NodeIndex },
    /// It no longer waits: it has the lock (`granted`), or has given up or been stopped.
    LockWaitEnded { node: NodeIndex, waited: Duration, granted: bool },
    /// A query failed because it had waited too long for a row lock.
    LockTimedOut { node: NodeIndex },
    // --- logins ---
    /// A user was let in.
    LoggedIn { node: NodeIndex, login: Login },
    /// A user was not let in: the identity provider would have been needed.
    LoginFailed { node: NodeIndex, new_user: bool },
    /// A server takes the identity provider for unreachable and renews tokens without it, or does so no
    /// longer.
    AuthModeChanged { node: NodeIndex, server: u32, alone: bool },
    // --- monitors ---
    /// Interfaces of servers that a monitor tests, from now on.
    InterfacesListed { monitor: NodeIndex, interfaces: u32 },
    /// A test call has ended.
    InterfaceTested { edge: EdgeIndex, server: u32, passed: bool },
    /// An alarm occurred at a server.
    AlarmRaised { alarm: AlarmIndex, server: u32 },
    /// It was told, for itself or for the group that it is the newest of.
    AlarmSent { alarm: AlarmIndex, server: u32, label: LabelIndex },
    // --- copies of databases ---
    /// A write has ended well at the primary of a database with several servers.
    WriteCommitted { node: NodeIndex },
    /// A server has applied a write that had been committed `lag` before.
    WriteApplied { node: NodeIndex, server: u32, lag: Duration },
    /// A query was answered from the data of a server; `stale`: they lacked a write of the same row that
    /// had been committed.
    DataRead { node: NodeIndex, server: u32, stale: bool },
    /// Writes that were committed are gone: a server that has not got them is the primary now, or they
    /// ended at one that no longer is.
    WritesLost { node: NodeIndex, server: u32, count: u64 },
    /// The server that takes the writes of a database from now on; none: nobody does.
    PrimaryChanged { node: NodeIndex, primary: Option<u32> },
    /// The primary counts as dead, and a server begins to take its place.
    PromotionStarted { node: NodeIndex, server: u32 },
    /// A server has become the primary in place of a dead one.
    Promoted { node: NodeIndex, server: u32 },
    /// The primary and a server begin to change places.
    SwapStarted { node: NodeIndex, server: u32 },
    /// A server has become the primary as planned.
    RolesSwapped { node: NodeIndex, server: u32 },

    // --- the timeline ---
    /// A fault began.
    FaultStarted { fault: LabelIndex },
    /// A fault ended.
    FaultEnded { fault: LabelIndex },
    /// Somebody flipped a switch.
    Switched { toggle: LabelIndex, on: bool },
    /// An intervention, or an edit made by hand while the run went on, took effect.
    Intervened { label: LabelIndex },
}
