//! Programs in a plan: their steps, and what each does.

use super::{KeysPlan, QueryPlan};
use crate::engine::{Duration, Luck, Sampler, Site};
use crate::pattern::sharding::Sharding;
use crate::scenario::AfterLast;
use crate::wiring::EdgeIndex;

/// A program.
#[derive(Clone, Debug)]
pub struct EndpointPlan {
    /// Pool, into [`super::StationPlan::pools`].
    pub pool: u16,
    /// Steps in order.
    pub steps: Vec<StepPlan>,
}

/// A step of a program, with the site where it draws its luck.
#[derive(Clone, Debug)]
pub struct StepPlan {
    /// What is done.
    pub action: StepAction,
    /// Where it draws.
    pub site: Site,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepAction {
    /// Computes for so many nanoseconds of core time.
    Cpu(Sampler),
    /// Waits for so many nanoseconds.
    Wait(Sampler),
    /// Does what a query does that has to do with rows.
    Query(Box<QueryPlan>),
    /// Does a batch of background work.
    Batch,
    /// Calls and waits for the end of the calls.
    Call {
        /// The calls.
        edges: Box<[EdgeIndex]>,
        /// Share of requests that make them.
        ratio: f64,
        /// Good answers that are enough; none means that all calls are waited for and must succeed.
        needs: Option<u32>,
        /// A failure only degrades the answer.
        optional: bool,
        /// What becomes of the request's record.
        record: Carries,
        /// Only one of the calls is made, by the request's key.
        shard: Option<Box<ShardPlan>>,
    },
    /// Logs the user in; the call asks the identity provider.
    Login(Box<[EdgeIndex; 1]>),
    /// Gives recorded answers in their order.
    Replay {
        /// Time that passes before each answer, and whether the request goes on.
        answers: Box<[(Duration, bool)]>,
        /// What comes after the last.
        after_last: AfterLast,
        /// Which of the station's replays it is.
        replay: u16,
    },
    /// Notes the version of that row of the station.
    Read(u16),
    /// Raises the version of that row, or fails if it is not the noted one any more.
    Commit(u16),
    /// Writes so many bytes to the log.
    Log(u64),
    /// Looks for its key in that cache of the server; a hit goes on at step `over`.
    Look {
        /// Into [`super::StationPlan::caches`].
        cache: u16,
        /// The step behind the matching [`StepAction::Keep`].
        over: u16,
    },
    /// Keeps what the steps since the matching [`StepAction::Look`] have fetched.
    Keep {
        /// Into [`super::StationPlan::caches`].
        cache: u16,
    },
    /// Fails with that probability.
    Fail(f64),
    /// Leaves a message in the queue.
    Publish,
    /// Stores the record.
    Store {
        /// Under which name of all databases, below 64.
        store: u8,
        /// A record that is there already is left alone.
        unique: bool,
    },
}

/// What becomes of a request's record at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// It goes along, if there is one.
    Any,
    /// There is one from now on.
    Some,
    /// There is one from now on; it is kept in the spool if the call fails.
    Spooled,
}

impl StepAction {
    /// The calls that the step makes at once for a request of that wish, and how many good answers are
    /// enough. Whichever shard it is, the call's luck is that of the first call.
    pub fn calls(&self, wish: Luck) -> Option<(&[EdgeIndex], Option<u32>)> {
        match self {
            StepAction::Call { edges, shard: Some(shard), .. } => {
                let shard = shard.shard_of(wish);
                Some((&edges[shard..=shard], None))
            }
            StepAction::Call { edges, needs, .. } => Some((edges, *needs)),
            StepAction::Login(edge) => Some((edge.as_slice(), None)),
            _ => None,
        }
    }
}

/// Which of several calls a request makes.
#[derive(Clone, Debug)]
pub struct ShardPlan {
    /// What requests are about.
    pub keys: KeysPlan,
    /// Number of keys.
    pub count: u64,
    /// Where a key lives.
    pub by: Sharding,
    /// Number of shards in use.
    pub shards: u32,
}

impl ShardPlan {
    /// The shard of a request, by the luck of what it is about.
    pub fn shard_of(&self, wish: Luck) -> usize {
        self.by.shard_of(self.keys.key_of(wish), self.count, self.shards) as usize
    }
}
