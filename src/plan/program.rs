//! Steps of programs.

use super::compile::Compiler;
use super::quantity::sampler;
use super::{NodeIndex, StepAction};
use crate::engine::Duration;
use crate::scenario::{RecordedAnswer, Step};
use indexmap::IndexSet;

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

impl Compiler<'_> {
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
            },
            Step::Parallel { calls, times, needs } => {
                let edges: Vec<_> = calls.iter().map(|call| self.edge_index(node, call)).collect();
                StepAction::Call {
                    // Round after round: what is added at the end moves nobody else's luck.
                    edges: edges.repeat(*times as usize).into(),
                    ratio: 1.0,
                    needs: *needs,
                    optional: false,
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
        }
    }
}
