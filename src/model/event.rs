//! The events of the model, and their order among those of the same instant.

use super::data::tasks::Task;
use super::slab::Id;
use crate::engine::Rank;
use crate::observation::Outcome;

/// Something that will happen. Closed and small; `World::handle` is the table of contents.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the variants' docs speak of their fields")]
pub enum Event {
    /// The next request of an open population arrives.
    Arrival { population: u16 },
    /// A user of a closed population has finished thinking.
    ThinkingDone { population: u16, user: u32 },
    /// A planned call begins: a refresh after its pause.
    CallBegins { call: Id },
    /// The rate limiter lets a call pass, or has kept it waiting for nothing.
    RateWaitDone { call: Id },
    /// A call has waited too long for a bulkhead permit or a connection.
    PermitWaitDone { call: Id },
    /// It is the turn of a try's next attempt, if it is still the one with that number.
    HedgeDue { call: Id, number: u16 },
    /// The caller gives up on the current try.
    Timeout { call: Id },
    /// The pause before a retry is over.
    BackoffDone { call: Id },
    /// The fallback has an answer.
    FallbackDone { call: Id },
    /// A request reaches the callee.
    Delivered { job: Id },
    /// A thread takes up a job.
    ThreadReady { job: Id },
    /// A job has waited too long for a thread.
    QueueTimeout { job: Id },
    /// A job's `wait` step is over, or its computing where cores are not limited.
    WaitDone { job: Id },
    /// A request or a reply whose way was cut is sent again; `chosen`: its server has been found.
    SentAgain { job: Id, number: u8, chosen: bool },
    /// A reply reaches the caller.
    Replied { job: Id },
    /// The next of the threads that share a server's cores is done.
    CpuDone { station: u16, server: u32 },
    /// A balancer checks its servers.
    HealthCheckDue { balancer: u16 },
    /// A health check got no answer in time.
    ProbeTimeout { balancer: u16, server: u32 },
    /// A server is asked whether it lives.
    LivenessDue { station: u16, server: u32 },
    /// A liveness probe got no answer in time.
    LivenessTimeout { station: u16, server: u32 },
    /// A balancer's outlier detection sweeps.
    OutlierSweep { balancer: u16 },
    /// A balancer notices the ejections of the last while.
    EjectionsMerged { balancer: u16 },
    /// A monitor begins a round of test calls.
    MonitorRound { monitor: u16 },
    /// A monitor looks at the level that an alarm is on.
    AlarmLook { alarm: u16 },
    /// Logrotate's timer fires on all servers of a station.
    LogRotateDue { station: u16 },
    /// The restart policy starts a crashed server.
    RestartDue { station: u16, server: u32 },
    /// An autoscaler looks at its servers.
    ScalingDue { station: u16 },
    /// Canaries have been watched for long enough.
    CanaryDue { station: u16 },
    /// A server that leaves is gone.
    LeavingOver { station: u16, server: u32 },
    /// A server has booted.
    Booted { station: u16, server: u32 },
    /// A server's recovery batch is to begin.
    RecoveryDue { station: u16, server: u32 },
    /// A queue looks for somebody who takes messages.
    QueueWakes { queue: u16 },
    /// A message reaches who will deal with it.
    MessageArrives { job: Id },
    /// A message may be delivered again, or has not been dealt with in time.
    MessageDue { message: Id },
    /// A call of a recovery batch begins.
    ReplayBegins { call: Id },
    /// A breaker's own timer fires.
    BreakerDue { edge: u16, server: u32 },
    /// A fault begins or ends.
    FaultsChange,
    /// The rate of a modulated population jumps.
    RateChanges { population: u16 },
    /// The pause of a server that had nothing to do is over.
    PauseOver { station: u16, server: u32 },
    /// A job that has waited for a row lock has got it.
    LockGranted { job: Id },
    /// A job has waited too long for a row lock.
    LockTimeout { job: Id },
    /// The next batch of a database's background work is due.
    TaskDue { station: u16, task: Task },
    /// By the clock of a fault that recurs, a server or another target breaks down or is repaired.
    PhaseOver { clock: u16, unit: u32 },
    /// What lives and the garbage of a server do not fit its heap any more.
    HeapTight { station: u16, server: u32 },
    /// A collection has cleared the heap of a server.
    CollectionOver { station: u16, server: u32 },
    /// The fetch that a job has waited for is over; without an outcome the job has to fetch by itself.
    FetchOver { job: Id, outcome: Option<Outcome> },
    /// Writes of a database's primary reach another of its servers.
    WritesArrive { station: u16, server: u32 },
    /// The primary of a database is checked.
    PrimaryCheckDue { station: u16 },
    /// A promotion, or a swap of roles, has lasted its time.
    RolesDue { station: u16 },
    /// A switch of the run's list is flipped.
    Switch { action: u32 },
}

impl Event {
    /// The order of things that happen at the same instant.
    #[inline]
    pub(super) fn rank(self) -> Rank {
        match self {
            Event::Arrival { .. } | Event::ThinkingDone { .. } | Event::CallBegins { .. } => {
                Rank::Arrival
            }
            Event::Delivered { .. }
            | Event::ThreadReady { .. }
            | Event::WaitDone { .. }
            | Event::Replied { .. }
            | Event::MessageArrives { .. }
            | Event::QueueWakes { .. }
            | Event::SentAgain { .. }
            | Event::CpuDone { .. }
            | Event::Booted { .. }
            | Event::WritesArrive { .. }
            | Event::FallbackDone { .. }
            | Event::FetchOver { .. }
            | Event::LockGranted { .. }
            | Event::HeapTight { .. } => Rank::Completion,
            Event::FaultsChange | Event::RateChanges { .. } | Event::PhaseOver { .. } => {
                Rank::Fault
            }
            Event::Switch { .. } => Rank::Switch,
            Event::RateWaitDone { .. }
            | Event::PermitWaitDone { .. }
            | Event::HedgeDue { .. }
            | Event::Timeout { .. }
            | Event::BackoffDone { .. }
            | Event::QueueTimeout { .. }
            | Event::HealthCheckDue { .. }
            | Event::ProbeTimeout { .. }
            | Event::OutlierSweep { .. }
            | Event::EjectionsMerged { .. }
            | Event::LivenessDue { .. }
            | Event::LivenessTimeout { .. }
            | Event::MonitorRound { .. }
            | Event::AlarmLook { .. }
            | Event::LogRotateDue { .. }
            | Event::RestartDue { .. }
            | Event::ScalingDue { .. }
            | Event::LeavingOver { .. }
            | Event::CanaryDue { .. }
            | Event::PauseOver { .. }
            | Event::RecoveryDue { .. }
            | Event::ReplayBegins { .. }
            | Event::LockTimeout { .. }
            | Event::TaskDue { .. }
            | Event::CollectionOver { .. }
            | Event::MessageDue { .. }
            | Event::PrimaryCheckDue { .. }
            | Event::RolesDue { .. }
            | Event::BreakerDue { .. } => Rank::Timer,
        }
    }
}
