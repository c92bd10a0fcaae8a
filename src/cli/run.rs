//! `brownout run`: runs a scenario and reports what happened.

use super::args::{Arguments, Format, RunArguments};
use super::lanes::{Lane, run_all};
use super::output::style::Style;
use super::output::{self, Lanes, csv, events, json, svg, text};
use super::problems::{self, Failure, note};
use super::source::Source;
use super::switches::{self, with_seeds};
use super::{Done, Outcome};
use brownout::report::{BrokenInvariant, Clause};
use brownout::run::{Action, Change, Run};
use clap::CommandFactory;
use clap::error::ErrorKind;

/// Settings of the run itself: two runs that differ in these cannot be compared.
const FRAME: [&str; 4] = ["duration_s", "warmup_s", "windows", "max_events"];

/// Runs, and writes the result.
pub fn run(arguments: &RunArguments) -> Done {
    if arguments.seeds.is_some() && arguments.format == Format::Svg {
        let message = "charts show one run: use --seed instead of --seeds";
        Arguments::command().error(ErrorKind::ArgumentConflict, message).exit();
    }
    if arguments.format == Format::Ndjson && (arguments.seeds.is_some() || arguments.compare) {
        let message = "events are those of one run: leave out --seeds and --compare";
        Arguments::command().error(ErrorKind::ArgumentConflict, message).exit();
    }
    let source = Source::read(&arguments.source)?;
    if arguments.format == Format::Ndjson {
        events::write(arguments.switches.run(&source)?, arguments.output.as_deref())?;
        return Ok(Outcome::Fine);
    }
    let mut lanes = lanes(arguments, &source)?;
    tell_early_stops(lanes.all());
    judge(&mut lanes);
    let to_terminal = arguments.output.is_none() && output::is_terminal();
    let result = match arguments.format {
        Format::Text => text::render(&lanes, arguments.lang, &Style::of(to_terminal)),
        Format::Json => json::render(&lanes),
        Format::Csv => csv::render(&lanes),
        Format::Svg => svg::render(&lanes, arguments.lang),
        Format::Ndjson => unreachable!("events are written while they happen"),
    };
    output::write(arguments.output.as_deref(), &result)?;
    let sound = tell_broken_invariants(lanes.all());
    Ok(if sound { Outcome::Fine } else { Outcome::Broken })
}

fn lanes(arguments: &RunArguments, source: &Source) -> Result<Lanes, Failure> {
    let run = arguments.switches.run(source)?;
    if arguments.seeds.is_some() {
        return Ok(Lanes::Seeds(run_all(with_seeds(&run, arguments.seeds.as_ref()))));
    }
    let runs = match arguments.compare {
        true => vec![as_it_was(source, &run)?, run],
        false => vec![run],
    };
    let lanes = <[Lane; 2]>::try_from(run_all(runs));
    Ok(match lanes {
        Ok(pair) => Lanes::Pair(Box::new(pair)),
        Err(mut one) => Lanes::One(Box::new(one.remove(0))),
    })
}

/// The same world without what the user changed in the system: what goes wrong hits both.
fn as_it_was(source: &Source, run: &Run) -> Result<Run, Failure> {
    let hits_both = |action: &&Action| match &action.change {
        Change::Set { path, .. } => path.starts_with("faults.") || FRAME.contains(&path.as_str()),
        Change::Toggle { .. } => false,
    };
    let actions = run.actions.iter().filter(hits_both).cloned().collect();
    switches::run(source, Some(run.seed), actions)
}

/// Judges each run by the scenario's objective.
fn judge(lanes: &mut Lanes) {
    let lanes = match lanes {
        Lanes::One(lane) => std::slice::from_mut(lane.as_mut()),
        Lanes::Pair(lanes) => lanes.as_mut_slice(),
        Lanes::Seeds(lanes) => lanes.as_mut_slice(),
    };
    for lane in lanes {
        let expect = &lane.run.scenario.expect;
        let clauses: Vec<Clause> = expect
            .on
            .iter()
            .chain(&expect.both)
            .map(|text| Clause::parse(text, lane.metrics.wiring()).expect("clauses were checked"))
            .collect();
        lane.report.expect(&lane.metrics, &clauses);
    }
}

/// A run that stopped early must not be taken for a whole one.
pub fn tell_early_stops(lanes: &[Lane]) {
    for lane in lanes {
        if let Some(why) = &lane.report.stopped_early {
            note(&format!("seed {}: stopped early: {why}", lane.report.seed));
        }
    }
}

/// Names the invariants that did not hold; true if all did.
pub fn tell_broken_invariants(lanes: &[Lane]) -> bool {
    let broken = lanes.iter().flat_map(|lane| {
        lane.report.invariants.broken.iter().map(|broken| (lane.report.seed, broken))
    });
    let mut sound = true;
    for (seed, BrokenInvariant { at_s, subject, en, .. }) in broken {
        sound = false;
        problems::error(&format!("seed {seed}: bug in this program: {subject}: {en}, at {at_s} s"));
    }
    sound
}

#[cfg(test)]
mod tests {
    use super::*;
    use brownout::preset::PRESETS;

    /// A preset's first second, with an invariant that is said to be broken.
    fn broken() -> Lane {
        let mut document = PRESETS[0].document();
        document["duration_s"] = 1.into();
        for group in ["faults", "interventions", "toggles", "expect", "figures", "warmup_s"] {
            document.as_object_mut().unwrap().remove(group);
        }
        let run = Run::new(document, 3, Vec::new()).unwrap();
        let mut lane = run_all(vec![run]).remove(0);
        assert!(lane.report.invariants.checks > 0);
        lane.report.invariants.broken.push(BrokenInvariant {
            at_s: 0.5,
            subject: "api.web".to_owned(),
            en: "more left than had entered".to_owned(),
            ko: "들어온 것보다 많이 나갔습니다".to_owned(),
        });
        lane
    }

    #[test]
    fn a_broken_invariant_is_named_and_no_run_is_fine_with_it() {
        let lane = broken();
        assert!(!tell_broken_invariants(std::slice::from_ref(&lane)));
        let mut sound = lane.clone();
        sound.report.invariants.broken.clear();
        assert!(tell_broken_invariants(&[sound]));
        let lanes = Lanes::One(Box::new(lane));
        let english = text::render(&lanes, crate::cli::args::Lang::En, &Style::PLAIN);
        assert!(english.contains("Bug in this program: api.web: more left than had entered"));
        assert!(!english.contains("all hold"));
        let korean = text::render(&lanes, crate::cli::args::Lang::Ko, &Style::PLAIN);
        assert!(korean.contains("프로그램 오류: api.web: 들어온 것보다"));
    }
}
