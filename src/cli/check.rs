//! `brownout check`: does a scenario show what it says?
//!
//! Two questions. *The story*, without switches: the failure happens when nothing is on, and does not
//! when everything is. *One run*, with `--on`: is the objective met?

use super::args::CheckArguments;
use super::lanes::{Lane, run_all};
use super::output::story::{Group, Judged, Story};
use super::output::style::Style;
use super::output::{self, story};
use super::presets;
use super::problems::{Failure, note};
use super::progress::Stopwatch;
use super::run::{tell_broken_invariants, tell_early_stops};
use super::source::Source;
use super::switches::{all_on, run, with_seeds};
use super::{Done, Outcome};
use brownout::preset::PRESETS;
use brownout::problem::Problem;
use brownout::report::{Clause, Expectation};
use brownout::run::{Change, Run};
use brownout::scenario::Scenario;

/// Checks, and prints what was judged.
pub fn check(arguments: &CheckArguments) -> Done {
    let style = Style::of(output::is_terminal());
    let (text, stories) = match &arguments.source {
        Some(source) => {
            let source = Source::read(source)?;
            let plan = Plan::new(&source, arguments)?;
            let story = plan.judge(run_all(plan.runs.clone()), &arguments.expect);
            (story::render(&story, arguments.lang, &style), vec![story])
        }
        None => {
            let stories = all_presets(arguments)?;
            let text = story::summary(&stories, arguments.lang, &style);
            (text, stories.into_iter().map(|(_, story)| story).collect())
        }
    };
    output::write(None, &text)?;
    Ok(if !stories.iter().all(|story| story.sound) {
        Outcome::Broken
    } else if stories.iter().all(Story::holds) {
        Outcome::Fine
    } else {
        Outcome::Unmet
    })
}

/// Enough runs to keep every core busy; what they measured is dropped before the next are begun.
const RUNS_AT_ONCE: usize = 40;

fn all_presets(arguments: &CheckArguments) -> Result<Vec<(String, Story)>, Failure> {
    let watch = Stopwatch::start();
    let mut stories = Vec::new();
    let mut plans = Vec::new();
    let mut runs = 0;
    for (number, preset) in PRESETS.iter().enumerate() {
        let plan = Plan::new(&Source::read(preset.id)?, arguments)?;
        plans.push((presets::scenario(preset).covers.join(" "), plan));
        let planned: usize = plans.iter().map(|(_, plan)| plan.runs.len()).sum();
        if planned >= RUNS_AT_ONCE || number + 1 == PRESETS.len() {
            runs += planned;
            stories.extend(judge_all(std::mem::take(&mut plans)));
        }
    }
    note(&format!("{runs} runs in {:.1} s", watch.seconds()));
    Ok(stories)
}

fn judge_all(plans: Vec<(String, Plan)>) -> Vec<(String, Story)> {
    let runs = plans.iter().flat_map(|(_, plan)| plan.runs.clone()).collect();
    let mut lanes = run_all(runs).into_iter();
    let judged = plans.into_iter().map(|(covers, plan)| {
        let story = plan.judge(lanes.by_ref().take(plan.runs.len()).collect(), &[]);
        (covers, story)
    });
    judged.collect()
}

/// What to run for a check.
struct Plan {
    name: String,
    scenario: Scenario,
    /// With two variants: first all runs without switches, then all with.
    runs: Vec<Run>,
    variants: Variants,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Variants {
    /// Nothing on, everything on.
    Story,
    /// What the user switched, or a scenario without switches.
    OneRun,
}

impl Plan {
    fn new(source: &Source, arguments: &CheckArguments) -> Result<Plan, Failure> {
        let given = arguments.switches.run(source)?;
        let scenario = given.scenario.clone();
        let switched = |run: &Run| {
            let toggles =
                |action: &brownout::run::Action| matches!(action.change, Change::Toggle { .. });
            run.actions.iter().any(toggles)
        };
        let one_run =
            arguments.switches.decide() || switched(&given) || scenario.toggles.is_empty();
        let variants = if one_run { Variants::OneRun } else { Variants::Story };
        let mut runs = with_seeds(&given, arguments.seeds.as_ref());
        if variants == Variants::Story {
            let mut actions = all_on(&scenario);
            actions.extend(given.actions.clone());
            let on = run(source, Some(given.seed), actions)?;
            runs.extend(with_seeds(&on, arguments.seeds.as_ref()));
        }
        let plan = Plan { name: source.name.clone(), scenario, runs, variants };
        plan.check_clauses(&arguments.expect)?;
        Ok(plan)
    }

    /// The scenario's own clauses have been checked with it; the user's have not.
    fn check_clauses(&self, clauses: &[String]) -> Result<(), Failure> {
        let wiring = brownout::plan::Plan::compile(&self.scenario).wiring;
        let wrong = |text: &String| {
            let message = Clause::parse(text, &wiring).err()?;
            Some(Problem::new(format!("--expect '{text}'"), message))
        };
        let problems: Vec<Problem> = clauses.iter().filter_map(wrong).collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Failure::Invalid(self.name.clone(), problems)),
        }
    }

    fn clauses(&self, extra: &[String]) -> Vec<(Group, String)> {
        let expect = &self.scenario.expect;
        // Of one run with switches it is not known what the failure should look like.
        let off = match (self.variants, self.scenario.toggles.is_empty()) {
            (Variants::OneRun, false) => &[][..],
            _ => &expect.off,
        };
        let group = |group: Group, clauses: &[String]| {
            clauses.iter().map(|clause| (group, clause.clone())).collect::<Vec<_>>()
        };
        [
            group(Group::Objective, &expect.on),
            group(Group::Failure, off),
            group(Group::Always, &expect.both),
            group(Group::Extra, extra),
        ]
        .concat()
    }

    fn judge(&self, lanes: Vec<Lane>, extra: &[String]) -> Story {
        tell_early_stops(&lanes);
        let sound = tell_broken_invariants(&lanes);
        let (off, on) = match self.variants {
            Variants::Story => lanes.split_at(lanes.len() / 2),
            Variants::OneRun => (&lanes[..0], &lanes[..]),
        };
        let clauses = self.clauses(extra);
        if clauses.is_empty() {
            note(&format!("{} expects nothing, so nothing was judged", self.name));
        }
        let judged = clauses.into_iter().map(|(group, text)| Judged {
            group,
            off: expectations(off, &text),
            on: expectations(on, &text),
            clause: text,
        });
        let states =
            |lanes: &[Lane]| lanes.iter().map(|lane| lane.report.verdict.state).collect::<Vec<_>>();
        Story {
            name: self.name.clone(),
            seeds: on.iter().map(|lane| lane.run.seed).collect(),
            switches: on[0].report.switches.clone(),
            off: states(off),
            on: states(on),
            judged: judged.collect(),
            sound,
        }
    }
}

fn expectations(lanes: &[Lane], clause: &str) -> Vec<Expectation> {
    let judge = |lane: &Lane| {
        let clause = Clause::parse(clause, lane.metrics.wiring()).expect("clauses were checked");
        clause.judge(&lane.metrics, &lane.report)
    };
    lanes.iter().map(judge).collect()
}
