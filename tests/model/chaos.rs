//! Anything at any moment: random systems, faults and switches break no invariant and no replay.

mod calls;
mod copies;
mod nodes;
mod scenario;

use brownout::engine::Time;
use brownout::run::Run;
use brownout::simulation::Simulation;
use proptest::prelude::*;
use scenario::{changes, scenario};
use serde_json::{Value, json};

/// Arrivals stop; from then on everything drains.
const STOP_S: f64 = 4.0;
/// Nothing is switched any more, and nobody is left to send or to check.
const QUIET_S: f64 = 8.0;
/// Even a message that TCP has given up on has been given up on by then.
const END_S: f64 = 8_000.0;

/// Choices made from bytes, so that fewer and smaller bytes make a simpler story.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn roll(&mut self, sides: u8) -> u8 {
        self.0.next().copied().unwrap_or(0) % sides
    }

    fn one_in(&mut self, sides: u8) -> bool {
        self.roll(sides) == sides - 1
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.roll(choices.len() as u8))].clone()
    }

    fn moment_s(&mut self) -> f64 {
        // A coarse grid, so that things happen at the same instant.
        f64::from(self.roll(60)) / 10.0
    }
}

fn time(dice: &mut Dice) -> Value {
    let ms = f64::from(dice.roll(40));
    match dice.roll(3) {
        0 => json!({"dist": "constant", "ms": ms}),
        1 => json!({"dist": "exponential", "mean_ms": ms + 1.0}),
        _ => json!({"dist": "uniform", "min_ms": 0.0, "max_ms": ms}),
    }
}

fn audited(simulation: &Simulation) -> Result<(), TestCaseError> {
    let findings = simulation.world().audit();
    prop_assert!(findings.is_empty(), "at {:?}: {findings:#?}", simulation.world().now());
    Ok(())
}

/// Goes on in small pieces, and looks at everything between them.
fn advance(simulation: &mut Simulation, to: Time, piece: u64) -> Result<(), TestCaseError> {
    loop {
        let before = simulation.world().events();
        simulation.advance(to, piece);
        audited(simulation)?;
        if simulation.world().events() - before < piece || simulation.is_done() {
            return Ok(());
        }
    }
}

/// Everything that a run shows.
fn shown(simulation: &Simulation) -> (String, Vec<u64>, Value) {
    let report = serde_json::to_value(simulation.report()).expect("reports are JSON");
    (simulation.digest().to_string(), simulation.window_digests().to_vec(), report)
}

fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut dice = Dice(bytes.iter());
    let piece = 50 + u64::from(dice.roll(200));
    let document = scenario(&mut dice);
    let run = Run::new(document, 7, Vec::new());
    let run = run.map_err(|problems| TestCaseError::reject(format!("{problems:?}")))?;

    let mut live = Simulation::new(run);
    for (at_s, change) in changes(&mut dice) {
        advance(&mut live, Time::from_seconds(at_s), piece)?;
        // Not everything fits everything; what does not changes nothing.
        let _ = live.act(change);
    }
    let checkpoint = live.clone();
    advance(&mut live, Time::NEVER, piece)?;
    let actions = live.run().actions.clone();
    prop_assert_eq!(live.stopped_early(), None);
    prop_assert_eq!(live.world().alive(), (0, 0), "{:#?}", actions);
    let broken = live.metrics().check_invariants();
    prop_assert!(broken.is_empty(), "{broken:#?}");
    let up = live.metrics().snapshot().stations.iter().all(|station| {
        station.up == station.servers || station.node == "front" || station.node == "back"
    });
    prop_assert!(up, "the database is up again");

    let mut resumed = checkpoint;
    resumed.run_to_end();
    prop_assert_eq!(shown(&resumed), shown(&live), "from a checkpoint");
    let json = live.run().to_json().to_string();
    let mut replay = Simulation::new(Run::from_json(&json).expect("the run of a simulation"));
    replay.run_to_end();
    prop_assert_eq!(shown(&replay), shown(&live), "replayed: {:#?}", actions);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("CHAOS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(256),
        rng_seed: prop::test_runner::RngSeed::Fixed(2_026),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_breaks_whatever_happens_when(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes)?;
    }
}
