//! Adaptive concurrency limits.

use crate::story::{Story, clockwork, cpu, run, run_switched, service, with};
use brownout::observation::{Cause, Observation, Outcome};
use serde_json::{Value, json};

const REFUSED: Outcome = Outcome::Rejected(Cause::ConcurrencyLimit);

fn aimd(initial_limit: u32) -> Value {
    json!({"like": "netflix-aimd", "initial_limit": initial_limit, "min_limit": 1})
}

/// The limits that observers were told of, with their moments in milliseconds.
fn limits(story: &Story) -> Vec<(f64, u32)> {
    let told = story.world.observer.0.iter().filter_map(|(at, observation)| match observation {
        Observation::LimitChanged { limit, .. } => Some((at.0 as f64 / 1e6, *limit)),
        _ => None,
    });
    told.collect()
}

#[test]
fn calls_beyond_the_limit_are_refused_at_once_and_good_ones_raise_it() {
    let call = json!({"to": "q", "concurrency_limit": aimd(2)});
    let nodes = json!({
        "users": clockwork(1000.0, 3, call),
        "q": service(10, json!([cpu(10.0)])),
    });
    let story = run(1.0, nodes, json!({}));
    assert_eq!(story.requests(), [(REFUSED, 0.0), (Outcome::Ok, 10.0), (Outcome::Ok, 10.0)]);
    // One of two, and then two of three, is at least half.
    assert_eq!(limits(&story), [(0.0, 2), (10.0, 3), (11.0, 4)]);
}

#[test]
fn timeouts_lower_the_limit_and_errors_say_nothing() {
    let call = json!({"to": "q", "timeout_ms": 5.0, "concurrency_limit": aimd(10)});
    let nodes = json!({
        "users": clockwork(100.0, 4, call),
        "q": service(10, json!([cpu(6.0)])),
    });
    let errors = json!({"errors": {
        "at_s": 0.015, "target": "q", "effect": {"kind": "errors", "ratio": 1.0},
    }});
    let story = run(1.0, nodes, errors);
    use Outcome::{Failed, TimedOut};
    assert_eq!(story.outcomes(), [TimedOut, TimedOut, Failed, Failed]);
    assert_eq!(limits(&story), [(0.0, 10), (5.0, 9), (15.0, 8)]);
}

#[test]
fn a_limit_that_is_switched_on_later_knows_what_is_under_way() {
    let nodes = json!({
        "users": clockwork(100.0, 4, json!({"to": "q"})),
        "q": service(10, json!([cpu(100.0)])),
    });
    let on = json!({"nodes": {"users": {"calls": {"main": {"concurrency_limit": aimd(3)}}}}});
    let off = json!({"nodes": {"users": {"calls": {"main": {"concurrency_limit": null}}}}});
    let document = json!({"nodes": nodes});
    let story = run_switched(1.0, document, &[(0.015, on), (0.5, off)]);
    // Two from before and one from after; only the latter is a sample.
    let ok = Outcome::Ok;
    assert_eq!(story.outcomes(), [REFUSED, ok, ok, ok]);
    assert_eq!(limits(&story), [(15.0, 3), (120.0, 4), (500.0, 0)]);
}

#[test]
fn the_time_for_a_connection_counts_and_a_crash_forgets_everything() {
    let vegas = json!({"like": "netflix-vegas", "initial_limit": 10});
    let call = json!({
        "to": "back", "concurrency_limit": vegas, "connection_pool": {"maximum_pool_size": 1},
    });
    let front = json!([{"do": "call", "call": "back"}]);
    let nodes = json!({
        "users": clockwork(1000.0, 6, json!({"to": "front"})),
        "front": with(service(10, front), json!({
            "calls": {"back": call}, "boot_s": 0.05,
        })),
        "back": service(10, json!([cpu(10.0)])),
    });
    let crash = json!({"crash": {
        "at_s": 0.1, "for_s": 0.05, "target": "front", "effect": {"kind": "crash"},
    }});
    let story = run(1.0, nodes, crash);
    // Each waits 9 ms longer than the one before it. The first sets the shortest time; the second of
    // 2 under way is below half of the limit; from the fifth on more than six seem to wait.
    assert_eq!(limits(&story), [(0.0, 10), (50.0, 9), (60.0, 8), (100.0, 0), (200.0, 10)]);
}
