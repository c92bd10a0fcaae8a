//! Steps of programs.

use super::compile::Compiler;
use super::quantity::{keys, sampler};
use super::{Carries, NodeIndex, ShardPlan, StepAction, StepPlan};
use crate::engine::{Duration, Site};
use crate::scenario::{Cache, RecordedAnswer, Step};
use indexmap::{IndexMap, IndexSet};

/// What the steps of a station remember from request to request, with its numbers.
#[derive(Default)]
pub(super) struct Memories {
    /// Number of `replay` steps.
    pub replays: u16,
    /// Rows that are read and written.
    pub rows: IndexSet<String>,
}

impl Memories {
    fn row(&mut self, name: &str) -> u16 {
        self.rows.insert_full(name.to_owned()).0 as u16
    }
}

/// Whose steps they are.
pub(super) struct Program<'a> {
    /// The service.
    pub node: NodeIndex,
    /// Its caches.
    pub caches: &'a IndexMap<String, Cache>,
}

impl Compiler<'_> {
    /// Appends steps to a flat program. Each draws at the site of its place within `site`, so that
    /// steps inside of others move nobody else's luck.
    pub(super) fn steps(
        &self,
        program: &Program<'_>,
        steps: &[Step],
        site: Site,
        memories: &mut Memories,
        flat: &mut Vec<StepPlan>,
    ) {
        for (number, step) in steps.iter().enumerate() {
            let site = site.index(number as u64);
            let Step::Cached { cache, steps } = step else {
                let action = self.action(program.node, step, memories);
                flat.push(StepPlan { action, site });
                continue;
            };
            let cache = program.caches.get_index_of(cache);
            let cache = cache.expect("the checker resolves every cache") as u16;
            let look = flat.len();
            flat.push(StepPlan { action: StepAction::Look { cache, over: 0 }, site });
            self.steps(program, steps, site, memories, flat);
            flat.push(StepPlan { action: StepAction::Keep { cache }, site });
            let over = flat.len() as u16;
            flat[look].action = StepAction::Look { cache, over };
        }
    }

    /// What a step of a service does.
    pub(super) fn action(
        &self,
        node: NodeIndex,
        step: &Step,
        memories: &mut Memories,
    ) -> StepAction {
        match step {
            Step::Cpu { time } => StepAction::Cpu(sampler(time)),
            Step::Wait { time } => StepAction::Wait(sampler(time)),
            Step::Call { call, ratio, optional } => StepAction::Call {
                edges: Box::new([self.edge_index(node, call)]),
                ratio: *ratio,
                needs: None,
                optional: *optional,
                record: Carries::Any,
                shard: None,
            },
            Step::Publish { call } => StepAction::Call {
                edges: Box::new([self.edge_index(node, call)]),
                ratio: 1.0,
                needs: None,
                optional: false,
                record: Carries::Some,
                shard: None,
            },
            Step::Spool { call } => StepAction::Call {
                edges: Box::new([self.edge_index(node, call)]),
                ratio: 1.0,
                needs: None,
                optional: false,
                record: Carries::Spooled,
                shard: None,
            },
            Step::Login { call } => StepAction::Login(Box::new([self.edge_index(node, call)])),
            Step::Parallel { calls, times, needs } => {
                let edges: Vec<_> = calls.iter().map(|call| self.edge_index(node, call)).collect();
                StepAction::Call {
                    // Round after round: what is added at the end moves nobody else's luck.
                    edges: edges.repeat(*times as usize).into(),
                    ratio: 1.0,
                    needs: *needs,
                    optional: false,
                    record: Carries::Any,
                    shard: None,
                }
            }
            Step::Shard { calls, keys: set, by, shards_in_use } => {
                let edges: Vec<_> = calls.iter().map(|call| self.edge_index(node, call)).collect();
                let all = edges.len() as u32;
                StepAction::Call {
                    edges: edges.into(),
                    ratio: 1.0,
                    needs: None,
                    optional: false,
                    record: Carries::Any,
                    shard: Some(Box::new(ShardPlan {
                        keys: keys(set),
                        count: set.count,
                        by: *by,
                        shards: shards_in_use.unwrap_or(all).min(all),
                    })),
                }
            }
            Step::Replay { answers, after_last } => {
                let answer = |answer: &RecordedAnswer| (Duration::from_ms(answer.ms), answer.ok);
                memories.replays += 1;
                StepAction::Replay {
                    answers: answers.iter().map(answer).collect(),
                    after_last: *after_last,
                    replay: memories.replays - 1,
                }
            }
            Step::Read { row } => StepAction::Read(memories.row(row)),
            Step::Commit { row } => StepAction::Commit(memories.row(row)),
            Step::Log { bytes } => StepAction::Log(*bytes),
            Step::Fail { ratio } => StepAction::Fail(*ratio),
            Step::Cached { .. } => unreachable!("a cached step is several steps of the plan"),
        }
    }
}
