//! Memory: caches that fill it, garbage that is collected while the world stands still, and the end.

use crate::story::{Story, clockwork, cpu, run, run_switched, service, with};
use brownout::observation::{DownCause, Observation, Outcome};
use serde_json::{Value, json};

/// A server with one thread per request and a heap of 100 MB.
fn server(work_ms: f64, memory: Value) -> Value {
    let memory = with(json!({"limit_mb": 100.0}), memory);
    with(service(1_000, json!([cpu(work_ms)])), json!({"memory": memory, "boot_s": 0.0}))
}

fn crashes(story: &Story) -> Vec<f64> {
    story.moments(|observation| {
        matches!(observation, Observation::ServerDown { cause: DownCause::OutOfMemory, .. })
    })
}

/// When collections began, and for how long, in milliseconds.
fn collections(story: &Story) -> Vec<(f64, f64)> {
    let started =
        |observation: &Observation| matches!(observation, Observation::CollectionStarted { .. });
    let pauses = story.told(|observation| match observation {
        Observation::CollectionStarted { pause, .. } => Some(pause.ms()),
        _ => None,
    });
    story.moments(started).into_iter().zip(pauses).collect()
}

/// Users who never ask for the same thing twice, a hundred per second.
fn strangers(count: u32, memory: Value, cache: Value) -> Value {
    let keys = json!({"set": "sessions", "count": 1_000_000_000});
    let cache = with(json!({"keys": keys, "entry_bytes": 1_000_000}), cache);
    let mut server = server(1.0, memory);
    server["caches"] = json!({"sessions": cache});
    server["endpoints"]["work"]["steps"] =
        json!([{"do": "cached", "cache": "sessions", "steps": [cpu(1.0)]}]);
    server["restart"] = json!({"initial_delay_ms": 100.0, "max_delay_ms": 100.0});
    json!({"users": clockwork(100.0, count, json!({"to": "q"})), "q": server})
}

#[test]
fn a_cache_without_bounds_fills_the_memory_until_the_server_dies() {
    let story = run(2.0, strangers(200, json!({"base_mb": 60.5}), json!({})), json!({}));
    // (100 − 60.5) MB ÷ 1 MB: the fortieth entry, which came at 390 ms, is too much. The first restart
    // is at once, the others come after 100 ms, and all begins anew.
    assert_eq!(crashes(&story), [391.0, 791.0, 1_291.0, 1_791.0]);
    let bounded = strangers(200, json!({"base_mb": 60.5}), json!({"max_entries": 30}));
    let story = run(2.0, bounded, json!({}));
    assert!(crashes(&story).is_empty());
    assert_eq!(story.outcomes(), [Outcome::Ok; 200]);
}

#[test]
fn what_lives_is_what_is_needed_anyway_and_requests_and_caches() {
    let memory = json!({"base_mb": 10.0, "per_request_mb": 5.0});
    let story = run(1.0, strangers(2, memory, json!({})), json!({}));
    let used = story.told(|observation| match observation {
        Observation::HeapUsed { bytes, .. } => Some(bytes / 1_000_000),
        _ => None,
    });
    // At the start; a request comes, its value is kept, it leaves; the next one.
    assert_eq!(used, [10, 15, 16, 11, 16, 17, 12]);
}

#[test]
fn garbage_is_collected_when_it_fills_what_is_free() {
    let memory = json!({"base_mb": 70.0, "gc": {"garbage_per_request_mb": 10.0}});
    let nodes = json!({
        "users": clockwork(100.0, 10, json!({"to": "q"})),
        "q": server(5.0, memory),
    });
    let story = run(1.0, nodes, json!({}));
    // The fourth request to end leaves 40 MB beside 70; 70 ms stand still, and six more have come by then.
    // They compute for 5 ms each after that; four of them fill the heap again.
    assert_eq!(collections(&story), [(35.0, 70.0), (110.0, 70.0)]);
    let took: Vec<f64> = story.requests().into_iter().map(|(_, took)| took).collect();
    assert_eq!(took[..4], [5.0; 4]);
    assert_eq!(took[4..8], [70.0, 60.0, 50.0, 40.0]);
}

#[test]
fn the_nearer_to_the_limit_the_longer_and_the_more_often_the_world_stops() {
    let cost = |base_mb: f64| {
        let memory = json!({"base_mb": base_mb, "gc": {"garbage_per_request_mb": 1.0}});
        let nodes = json!({
            "users": clockwork(100.0, 1_000, json!({"to": "q"})),
            "q": server(1.0, memory),
        });
        let collections = collections(&run(30.0, nodes, json!({})));
        assert!(collections.iter().all(|(_, pause)| *pause == base_mb));
        collections.len()
    };
    // 1000 MB of garbage; each time that one request more than fits has left its own.
    assert_eq!(cost(50.0), 1_000 / 51);
    assert_eq!(cost(80.0), 1_000 / 21);
    assert_eq!(cost(90.0), 1_000 / 11);
}

#[test]
fn a_server_that_only_collects_gives_up() {
    let memory = json!({"base_mb": 99.0, "gc": {"garbage_per_request_mb": 2.0}});
    let nodes = json!({
        "users": clockwork(1_000.0, 1_000, json!({"to": "q"})),
        "q": server(1.0, memory),
    });
    let story = run(30.0, nodes, json!({}));
    // The first collection comes after 1 ms and takes 99 ms: 99 % of the time. Those who have come by
    // then compute for 1 ms; they end together, so that the other three collections follow at once.
    assert_eq!(crashes(&story), [1.0 + 99.0 + 1.0 + 4.0 * 99.0]);
}

#[test]
fn a_collection_that_is_switched_off_is_over_at_once() {
    let memory = json!({"base_mb": 70.0, "gc": {"garbage_per_request_mb": 31.0}});
    let nodes = json!({
        "users": clockwork(100.0, 2, json!({"to": "q"})),
        "q": server(5.0, memory),
    });
    let off = json!({"nodes": {"q": {"memory": {"gc": null}}}});
    let story = run_switched(1.0, json!({"nodes": nodes}), &[(0.030, off)]);
    // It began at 5 ms; the second request came at 10 ms and begins to compute at 30 ms.
    assert_eq!(story.requests(), [(Outcome::Ok, 5.0), (Outcome::Ok, 25.0)]);
}

#[test]
fn a_pool_of_one_thread_waits_for_the_end_of_a_collection() {
    let memory = json!({"base_mb": 70.0, "gc": {"garbage_per_request_mb": 31.0}});
    let mut server = server(5.0, memory);
    server["pools"]["web"]["threads"] = json!(1);
    let nodes = json!({"users": clockwork(1_000.0, 3, json!({"to": "q"})), "q": server});
    let story = run(1.0, nodes, json!({}));
    // Ends at 5, 80, 155 ms; 70 ms of standstill after each.
    assert_eq!(story.requests(), [5.0, 79.0, 153.0].map(|took| (Outcome::Ok, took)));
}
