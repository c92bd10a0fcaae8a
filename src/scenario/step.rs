//! The steps of a program: what a thread does for a request.

use super::{Distribution, Keys};
use crate::pattern::sharding::Sharding;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most calls that one step makes at once.
pub const MAX_PARALLEL: u32 = 10_000;

/// One step of a program. The thread stays occupied until the last step, except during an
/// asynchronous call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Computes: needs a core, and takes longer when cores are short.
    Cpu {
        /// Time on a core of its own.
        time: Distribution,
    },
    /// Waits without computing.
    Wait {
        /// Time that passes.
        time: Distribution,
    },
    /// Calls another node.
    Call {
        /// One of the service's calls.
        #[schemars(length(min = 1, max = 64))]
        call: String,
        /// Share of requests that make this call; the others go on to the next step.
        #[serde(default = "everyone")]
        #[schemars(range(min = 0.0, max = 1.0))]
        ratio: f64,
        /// A failed call does not fail the request; the answer is degraded.
        #[serde(default)]
        optional: bool,
    },
    /// Logs the user in. A token of the service's own that is still valid is enough. An expired one is
    /// renewed after the identity provider has confirmed the user; so is a new user let in. If the
    /// provider does not answer, the login fails, unless `identity` renews without it. What the check
    /// of a token costs is for a `cpu` step.
    Login {
        /// The call to the identity provider, one of the service's calls.
        #[schemars(length(min = 1, max = 64))]
        call: String,
    },
    /// Makes several calls at once and waits for all, or for as many as it needs.
    Parallel {
        /// Names of the service's calls; one may stand here several times.
        #[schemars(length(min = 1, max = 1_000), inner(length(min = 1, max = 64)))]
        calls: Vec<String>,
        /// How often each of them is made at once.
        #[serde(default = "once")]
        #[schemars(range(min = 1, max = 10_000))]
        times: u32,
        /// Good answers that are enough, as in a quorum. As soon as they are there, or can no longer
        /// come, the other calls are let go by their rule `cancel`. None means that every call is
        /// waited for and all must succeed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 10_000))]
        needs: Option<u32>,
    },
    /// Publishes a message to a queue: the request has a record, which is in the message.
    Publish {
        /// One of the service's calls, to a queue.
        #[schemars(length(min = 1, max = 64))]
        call: String,
    },
    /// Makes a call that must not get lost: the request has a record, which the call takes along. Where
    /// the service has a `spool`, a call that has failed for good is kept in it to be made again later,
    /// and the request goes on with a degraded answer.
    Spool {
        /// One of the service's calls.
        #[schemars(length(min = 1, max = 64))]
        call: String,
    },
    /// Makes one of several calls: the one to the shard that the request's key lives on. A request
    /// without a key asks all shards, with `parallel`.
    Shard {
        /// Names of the service's calls, one for each shard.
        #[schemars(length(min = 1, max = 1_000), inner(length(min = 1, max = 64)))]
        calls: Vec<String>,
        /// What requests are about.
        keys: Keys,
        /// Where a key lives.
        #[serde(default)]
        by: Sharding,
        /// How many of the shards are in use, from the first one on; none means all. A change takes effect
        /// at once: the data is there already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 1_000))]
        shards_in_use: Option<u32>,
    },
    /// Gives the answers of a recording, in their order: the n-th request that reaches this step on
    /// any server of the service gets the n-th answer.
    Replay {
        /// What was recorded.
        #[schemars(length(min = 1, max = 100_000))]
        answers: Vec<RecordedAnswer>,
        /// What comes after the last answer.
        #[serde(default)]
        after_last: AfterLast,
    },
    /// Reads a row: notes its version for a later `commit`. Takes no time of its own.
    Read {
        /// Name of the row, of your own. All servers of the service share its rows.
        #[schemars(length(min = 1, max = 64))]
        row: String,
    },
    /// Writes a row that the request has read, if nobody has written it since; otherwise the request
    /// fails (optimistic locking). Takes no time of its own.
    Commit {
        /// Name of the row, which an earlier step reads.
        #[schemars(length(min = 1, max = 64))]
        row: String,
    },
    /// Writes to the log on the server's disk; fails when the disk is full.
    Log {
        /// Bytes written.
        #[schemars(range(min = 1, max = 1_000_000_000), extend("x-unit" = "bytes"))]
        bytes: u64,
    },
    /// Looks for the request's key in a cache. A hit skips the steps inside; after a miss they fetch
    /// what is missing, and when they have ended well it is kept. The look takes no time of its own.
    Cached {
        /// One of the service's caches.
        #[schemars(length(min = 1, max = 64))]
        cache: String,
        /// What fetches the value: usually a call.
        #[schemars(length(max = 50))]
        steps: Vec<Step>,
    },
    /// Ends the request with an error, sometimes or always: validation, a bug.
    Fail {
        /// Share of requests that fail here.
        #[schemars(range(min = 0.0, max = 1.0))]
        ratio: f64,
    },
}

impl Step {
    /// The row that it reads or writes.
    pub fn row(&self) -> Option<&str> {
        match self {
            Step::Read { row } | Step::Commit { row } => Some(row),
            _ => None,
        }
    }

    /// The steps inside it.
    pub fn inner(&self) -> &[Step] {
        match self {
            Step::Cached { steps, .. } => steps,
            _ => &[],
        }
    }
}

/// Every step of a program in the order of running, also those inside of others, with its place under
/// the list: `2`, `2.steps.0`.
pub(crate) fn walk(steps: &[Step]) -> Vec<(String, &Step)> {
    let mut found = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        found.push((number.to_string(), step));
        let inner = walk(step.inner());
        found.extend(
            inner.into_iter().map(|(path, inner)| (format!("{number}.steps.{path}"), inner)),
        );
    }
    found
}

fn everyone() -> f64 {
    1.0
}

fn once() -> u32 {
    1
}

/// One answer of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordedAnswer {
    /// Time that passes before it.
    #[schemars(range(min = 0.0, max = 1e9), extend("x-unit" = "ms"))]
    pub ms: f64,
    /// Whether the request goes on; otherwise it fails.
    #[serde(default = "well")]
    pub ok: bool,
}

fn well() -> bool {
    true
}

/// What comes after the last answer of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AfterLast {
    /// The recording again, from its first answer.
    #[default]
    Repeat,
    /// The last answer, again and again.
    Last,
    /// Requests go on at once.
    Ok,
}
