//! Caches: hits and misses, who fetches for whom, old values when fetching fails, and what is lost.

use crate::story::{Story, clockwork, cpu, run, run_switched, service, with};
use brownout::observation::{Observation, Outcome};
use serde_json::{Value, json};

/// Users of a service that keeps what a call to `db` of 10 ms has brought; all about one key.
fn nodes(rate_rps: f64, count: u32, cache: Value) -> Value {
    let keys = json!({"set": "pages", "count": 1});
    let steps =
        json!([{"do": "cached", "cache": "pages", "steps": [{"do": "call", "call": "db"}]}]);
    json!({
        "users": clockwork(rate_rps, count, json!({"to": "q"})),
        "q": with(
            service(50, steps),
            json!({"calls": {"db": {"to": "db"}}, "caches": {"pages": with(json!({"keys": keys}), cache)}}),
        ),
        "db": service(50, json!([cpu(10.0)])),
    })
}

/// How long each answer took, in milliseconds.
fn took(story: &Story) -> Vec<f64> {
    story.requests().into_iter().map(|(_, took)| took).collect()
}

/// Attempts that went to the database.
fn fetches(story: &Story) -> usize {
    let sent = |observation: &Observation| match observation {
        Observation::AttemptSent { edge, .. } => {
            story.world.plan().wiring.edge_name(*edge) == "q.db"
        }
        _ => false,
    };
    story.world.observer.0.iter().filter(|(_, observation)| sent(observation)).count()
}

#[test]
fn a_hit_skips_the_steps_inside() {
    let story = run(1.0, nodes(50.0, 4, json!({})), json!({}));
    assert_eq!(took(&story), [10.0, 0.0, 0.0, 0.0]);
}

#[test]
fn an_entry_lives_for_its_time_and_is_fetched_again() {
    let story = run(1.0, nodes(50.0, 6, json!({"ttl_ms": 45.0})), json!({}));
    // Kept at 10, 70 ms; asked for at 0, 20, 40, 60, 80, 100 ms.
    assert_eq!(took(&story), [10.0, 0.0, 0.0, 10.0, 0.0, 0.0]);
    let sliding = json!({"ttl_ms": 25.0, "ttl_kind": "sliding"});
    assert_eq!(took(&run(1.0, nodes(50.0, 4, sliding), json!({}))), [10.0, 0.0, 0.0, 0.0]);
}

#[test]
fn everybody_who_misses_fetches_unless_one_does_it_for_all() {
    // Eleven requests come within the 10 ms of the first fetch; those at its very end find the entry.
    let herd = run(1.0, nodes(1_000.0, 20, json!({})), json!({}));
    assert_eq!(fetches(&herd), 10);
    let one = run(1.0, nodes(1_000.0, 20, json!({"single_flight": true})), json!({}));
    assert_eq!(fetches(&one), 1);
    let expected: Vec<f64> = (0..20).map(|n| f64::from((10_u8).saturating_sub(n))).collect();
    assert_eq!(took(&one), expected);
}

#[test]
fn whoever_waits_for_a_fetch_that_fails_fails_alike() {
    let mut nodes = nodes(500.0, 4, json!({"single_flight": true}));
    nodes["db"] = service(50, json!([cpu(10.0), {"do": "fail", "ratio": 1.0}]));
    let story = run(1.0, nodes, json!({}));
    assert_eq!(fetches(&story), 1);
    let expected = [10.0, 8.0, 6.0, 4.0].map(|took| (Outcome::Failed, took));
    assert_eq!(story.requests(), expected);
}

#[test]
fn when_whoever_fetches_is_stopped_the_next_takes_over() {
    let mut nodes = nodes(250.0, 3, json!({"single_flight": true}));
    let call = json!({"to": "q", "timeout_ms": 5.0, "cancel": "running"});
    nodes["users"]["calls"]["main"] = call;
    let story = run(1.0, nodes, json!({}));
    // Each gives up at 5, 9, 13 ms; the second begins its own fetch at 5 ms, the third at 9 ms.
    assert_eq!(story.requests(), [(Outcome::TimedOut, 5.0); 3]);
    assert_eq!(fetches(&story), 3);
}

#[test]
fn an_old_value_is_better_than_none() {
    let cache = json!({"ttl_ms": 15.0, "stale_if_error": true});
    let outage = json!({"outage": {
        "at_s": 0.015, "target": "db", "effect": {"kind": "errors", "ratio": 1.0},
    }});
    let story = run(1.0, nodes(50.0, 3, cache), outage.clone());
    // Kept at 10 ms, fresh at 20 ms, expired at 40 ms.
    let expected = [(Outcome::Ok, 10.0), (Outcome::Ok, 0.0), (Outcome::Degraded, 0.0)];
    assert_eq!(story.requests(), expected);
    let strict = run(1.0, nodes(50.0, 3, json!({"ttl_ms": 15.0})), outage);
    assert_eq!(strict.requests()[2], (Outcome::Failed, 0.0));
}

#[test]
fn those_who_wait_get_the_old_value_too() {
    let cache = json!({"ttl_ms": 1.0, "stale_if_error": true, "single_flight": true});
    let mut nodes = nodes(200.0, 6, cache);
    let answers = json!([{"ms": 10.0}, {"ms": 10.0, "ok": false}, {"ms": 10.0, "ok": false}]);
    nodes["db"] = service(50, json!([{"do": "replay", "answers": answers, "after_last": "last"}]));
    let story = run(1.0, nodes, json!({}));
    let outcomes: Vec<Outcome> = story.requests().into_iter().map(|(outcome, _)| outcome).collect();
    // The first fetch is for those at 0, 5 ms; at 10 ms the entry is fresh; the next fetch fails for 15, 20 ms.
    use Outcome::{Degraded, Ok};
    assert_eq!(outcomes, [Ok, Ok, Ok, Degraded, Degraded, Degraded]);
}

#[test]
fn a_crash_makes_a_cache_cold() {
    let mut nodes = nodes(50.0, 10, json!({}));
    nodes["q"]["boot_s"] = json!(0.0);
    let crash = json!({"crash": {
        "at_s": 0.05, "for_s": 0.02, "target": "q", "effect": {"kind": "crash"},
    }});
    let story = run(1.0, nodes, crash);
    let fetched = took(&story).into_iter().filter(|took| *took == 10.0).count();
    assert_eq!(fetched, 2);
}

#[test]
fn each_server_has_its_own_cache() {
    let mut nodes = nodes(50.0, 6, json!({}));
    nodes["q"]["servers"] = json!(3);
    assert_eq!(fetches(&run(1.0, nodes, json!({}))), 3);
}

#[test]
fn a_switch_turns_a_cache_on_and_off() {
    let on = |on: bool| json!({"nodes": {"q": {"caches": {"pages": {"enabled": on}}}}});
    let document = json!({"nodes": nodes(50.0, 6, json!({"enabled": false}))});
    let story = run_switched(1.0, document, &[(0.03, on(true)), (0.09, on(false))]);
    // Asked for at 0, 20, 40, 60, 80, 100 ms.
    assert_eq!(took(&story), [10.0, 10.0, 10.0, 0.0, 0.0, 10.0]);
}

#[test]
fn a_smaller_cache_lets_entries_go_at_once() {
    let mut nodes = nodes(1_000.0, 500, json!({}));
    nodes["q"]["caches"]["pages"]["keys"]["count"] = json!(100);
    let smaller = json!({"nodes": {"q": {"caches": {"pages": {"max_entries": 7}}}}});
    let story = run_switched(1.0, json!({"nodes": nodes}), &[(0.6, smaller)]);
    let last = story.world.observer.0.iter().rev().find_map(|(_, observation)| match observation {
        Observation::CacheHolds { entries, bytes, evicted, .. } => {
            Some((*entries, *bytes, *evicted))
        }
        _ => None,
    });
    let Some((7, 7_000, evicted)) = last else { panic!("{last:?}") };
    assert!(evicted > 80, "{evicted}");
}

#[test]
fn those_who_wait_lend_their_threads_to_an_asynchronous_fetch() {
    let mut nodes = nodes(1_000.0, 8, json!({"single_flight": true}));
    nodes["q"]["pools"]["web"]["threads"] = json!(2);
    nodes["q"]["calls"]["db"]["mode"] = json!("async");
    let story = run(1.0, nodes, json!({}));
    let expected: Vec<f64> = (0..8).map(|n| f64::from(10 - n)).collect();
    assert_eq!(took(&story), expected);
}

#[test]
fn caches_may_stand_within_each_other() {
    let mut nodes = nodes(50.0, 4, json!({"ttl_ms": 25.0}));
    let inner = json!({"do": "cached", "cache": "far", "steps": [{"do": "call", "call": "db"}]});
    nodes["q"]["caches"]["far"] = json!({"keys": {"set": "pages", "count": 1}});
    nodes["q"]["endpoints"]["work"]["steps"] =
        json!([{"do": "cached", "cache": "pages", "steps": [cpu(1.0), inner]}, cpu(2.0)]);
    let story = run(1.0, nodes, json!({}));
    // Near has it from 11 to 36 ms; then the far one, which never forgets.
    assert_eq!(took(&story), [13.0, 2.0, 3.0, 2.0]);
}

#[test]
fn a_request_and_its_refresh_are_about_the_same_key() {
    let mut nodes = nodes(100.0, 300, json!({}));
    nodes["q"]["caches"]["pages"]["keys"]["count"] = json!(1_000_000_000);
    nodes["q"]["endpoints"]["work"]["steps"] = json!([
        {"do": "cached", "cache": "pages", "steps": [{"do": "call", "call": "db"}]},
        {"do": "fail", "ratio": 1.0},
    ]);
    nodes["users"]["refresh"] =
        json!({"probability": 1.0, "max_refreshes": 1, "delay": {"dist": "constant", "ms": 50.0}});
    let story = run(10.0, nodes, json!({}));
    assert_eq!((story.requests().len(), fetches(&story)), (600, 300));
}
