//! Faults: what goes wrong, where, when and for how long; and what goes wrong together.

use super::{Distribution, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Name on the timeline; the key of the fault where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Start.
    #[schemars(range(min = 0.0, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub at_s: f64,
    /// Length; none means until the end of the run. What happens at once, `kill` and `reclaim`, has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 31_536_000.0), extend("x-unit" = "s"))]
    pub for_s: Option<f64>,
    /// It comes and goes by itself from its start on, instead of lasting once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurs: Option<Recurrence>,
    /// What is hit: `node`, one server as `node#0`, a call as `node.call`, or a group.
    #[schemars(length(min = 1, max = 129))]
    pub target: String,
    /// What happens to it.
    pub effect: Effect,
}

/// What hangs on one thing, and suffers a fault of it together: the servers behind a switch, in a rack,
/// in a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Name shown on the page; the key of the group where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Services and databases as `node`, and single servers as `node#0`.
    #[schemars(length(min = 1, max = 1_000), inner(length(min = 1, max = 129)))]
    pub members: Vec<String>,
}

/// How a fault comes and goes by itself: breakdowns and repairs. Each server of the target has a clock
/// of its own; so has a call, a population, and a group, whose servers break down together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recurrence {
    /// Time from the start, or from the last repair, until the next breakdown. Its mean is above 0.
    pub up: Distribution,
    /// How long a repair takes. Its mean is above 0.
    pub down: Distribution,
    /// Repairs under way at once; who breaks down meanwhile waits in line. None means as many as needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub crews: Option<u32>,
}

/// What a fault does to its target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Everything that the servers do takes longer, work in progress too.
    Slow {
        /// Factor on the time.
        #[schemars(range(min = 0.01, max = 10_000.0))]
        factor: f64,
    },
    /// Requests to the target are under way for longer.
    Latency {
        /// Added once per attempt.
        #[schemars(range(min = 0.0, max = 3_600_000.0), extend("x-unit" = "ms"))]
        added_ms: f64,
    },
    /// A share of the requests ends at once with an error.
    Errors {
        /// Share of requests.
        #[schemars(range(min = 0.0, max = 1.0))]
        ratio: f64,
    },
    /// Servers crash: all their work is lost and callers' connections break. They stay down for as
    /// long as the fault lasts, and boot when it ends.
    Crash,
    /// The servers' processes die at once, with all their work. Nothing keeps them down: a restart policy
    /// starts them again, by its back-off; without one they lie there.
    Kill,
    /// The provider takes the machines back (spot instances): from the notice on they get no new requests and
    /// finish what they have; then they are gone. A restart policy or an autoscaler starts new ones, which
    /// boot; without either nobody does.
    Reclaim {
        /// Time between the notice and the end: 120 s at AWS, 30 s at Azure and Google.
        #[schemars(range(min = 0.0, max = 86_400.0), extend("x-unit" = "s"))]
        notice_s: f64,
    },
    /// The autoscaler reads wrong figures.
    Misread {
        /// What it reads, as a share of the truth.
        #[schemars(range(min = 0.0, max = 1_000.0))]
        factor: f64,
    },
    /// The autoscaler reads old figures: what it read last before the fault.
    Stale,
    /// Servers stand still: nothing moves, nothing is lost (a stop-the-world pause).
    Freeze,
    /// Messages are lost and sent again after TCP's retransmission timeout.
    PacketLoss {
        /// Share of messages lost.
        #[schemars(range(min = 0.0, max = 1.0))]
        ratio: f64,
    },
    /// No message comes or goes: a dead switch, a pulled cable. Servers stay up and work on what they
    /// have, but nobody hears of it; at a call, its messages are cut off. TCP sends them again, after
    /// 200 ms and then after twice the last pause, so that they arrive some time after the repair, and
    /// gives up after a quarter of an hour. What the caller has given up is not sent again. Health
    /// checks from outside get no answer; a liveness probe asks on the server itself.
    Unreachable,
    /// Writes take longer to reach the replicas of a database.
    ReplicationLag {
        /// Added for each write and server.
        #[schemars(range(min = 0.0, max = 86_400_000.0), extend("x-unit" = "ms"))]
        added_ms: f64,
    },
    /// A population sends more.
    Spike {
        /// Factor on the arrival rate (for a closed population, on the speed of its users).
        #[schemars(range(min = 0.0, max = 1_000.0))]
        factor: f64,
    },
}
