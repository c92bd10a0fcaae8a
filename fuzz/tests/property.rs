//! A thousand random runs, and everything that must hold of each.

use brownout_fuzz::case::{Case, Size};
use brownout_fuzz::swarm::{Summary, swarm};
use brownout_fuzz::trial::Rigour;

/// Small runs: this is an unoptimised build, on few cores.
const SIZE: Size = Size { events: 4_000 };
const RIGOUR: Rigour = Rigour { audited: 200, links: false };
/// Other seeds than those of the swarm's first thousands.
const FIRST_SEED: u64 = 1_000_000;

#[test]
fn a_thousand_random_runs_hold_what_must_hold() {
    let Summary { scenarios, rejected, failures, .. } =
        swarm(FIRST_SEED..FIRST_SEED + 1_100, SIZE, RIGOUR, 0, |_| {});
    for (seed, failure) in &failures {
        eprintln!("cargo xtask swarm --one {seed} --events {}: {failure}", SIZE.events);
    }
    assert!(failures.is_empty(), "{} failures, see above", failures.len());
    assert!(scenarios >= 1_000, "{rejected} of 1100 were rejected");
}

#[test]
fn the_same_seed_draws_the_same_case() {
    for seed in 0..20 {
        let [one, other] = [(); 2].map(|()| Case::of_seed(seed, SIZE));
        let shown = |case: Option<Case>| case.map(|case| brownout_fuzz::case::shown(&case));
        assert_eq!(shown(one), shown(other));
    }
}
