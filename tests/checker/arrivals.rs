//! What is refused of arrivals and distributions, and how many requests are expected of them.

use super::good::document;
use super::{problems, refused};
use brownout::scenario::check;
use serde_json::{Value, json};

/// The clients of the good scenario with other arrivals.
fn arrivals(with: Value) -> Value {
    let mut nothing = json!({"rate_rps": null});
    for (key, value) in with.as_object().expect("fields") {
        nothing[key] = value.clone();
    }
    json!({"nodes": {"users": {"arrivals": nothing}}})
}

fn cost(with: Value) -> Value {
    let mut nothing = json!({"mean_ms": null});
    for (key, value) in with.as_object().expect("fields") {
        nothing[key] = value.clone();
    }
    json!({"nodes": {"db": {"queries": {"read": {"cost": nothing}}}}})
}

#[test]
fn what_is_in_order_is_taken() {
    let constant = |ms: f64| json!({"dist": "constant", "ms": ms});
    let state = json!({"rate_rps": 5, "mean_s": 2});
    for patch in [
        arrivals(json!({"kind": "renewal", "interarrival": constant(5.0)})),
        arrivals(json!({
            "kind": "renewal", "interarrival": constant(5.0), "max_requests": 10,
            "batch": {"kind": "geometric", "mean": 2.5},
        })),
        arrivals(json!({"kind": "modulated", "states": [state]})),
        arrivals(
            json!({"kind": "trace", "at_s": [0, 1, 1, 70], "class": ["old", "new", "old", "old"]}),
        ),
        cost(json!({"dist": "empirical", "values_ms": [3, 1, 2]})),
        cost(json!({"dist": "empirical", "values_ms": [3, 1], "weights": [0, 1]})),
        cost(json!({"dist": "normal", "mean_ms": 0, "sd_ms": 1})),
        cost(json!({"dist": "gamma", "mean_ms": 1e12, "scv": 0.5})),
    ] {
        assert_eq!(problems(&patch), [""; 0], "{patch}");
    }
}

#[test]
fn values_that_belong_together() {
    let at = "nodes.users.arrivals";
    let read = "nodes.db.queries.read.cost";
    for (patch, wanted) in [
        (
            arrivals(json!({"kind": "renewal", "interarrival": {"dist": "constant", "ms": 0}})),
            format!("{at}.interarrival: always takes no time: its mean must be above 0 ms"),
        ),
        (
            arrivals(json!({"kind": "trace", "at_s": [1, 3, 2]})),
            format!("{at}.at_s.2: 2 s is before the last moment, 3 s"),
        ),
        (
            arrivals(json!({"kind": "trace", "at_s": [1, 2], "class": ["old"]})),
            format!("{at}.class: 1 classes for 2 moments in at_s"),
        ),
        (
            arrivals(json!({"kind": "trace", "at_s": [1], "class": ["odl"]})),
            format!("{at}.class.0: \"odl\" is unknown; did you mean \"old\"?"),
        ),
        (
            arrivals(json!({"kind": "trace", "at_s": []})),
            format!("{at}.at_s: 0 entries are too few: at least 1"),
        ),
        (
            arrivals(json!({"kind": "modulated", "states": [{"rate_rps": 5, "mean_s": 0}]})),
            format!("{at}.states.0.mean_s: 0 is out of range: from 0.001 to 31536000 s"),
        ),
        (
            cost(json!({"dist": "empirical", "values_ms": [1, 2], "weights": [1]})),
            format!("{read}.weights: 1 weights for 2 values in values_ms"),
        ),
        (
            cost(json!({"dist": "empirical", "values_ms": [1, 2], "weights": [0, 0]})),
            format!("{read}.weights: all are 0: at least one above 0"),
        ),
        (
            json!({"nodes": {"users": {"arrivals": {"batch": {"kind": "fixed", "size": 0}}}}}),
            format!("{at}.batch.size: 0 is out of range: from 1 to 10000"),
        ),
    ] {
        refused(patch, &wanted);
    }
}

#[test]
fn expected_requests_are_bounded_by_the_rate_the_batch_and_the_limit() {
    let refused_for_load = |patch: Value| {
        let found = problems(&patch);
        found.iter().any(|problem| problem.contains("events: at most"))
    };
    let instant = json!({"dist": "constant", "ms": 1e-6});
    let state = |rate_rps: f64, mean_s: f64| json!({"rate_rps": rate_rps, "mean_s": mean_s});
    for (with, too_much) in [
        (json!({"rate_rps": 1e6}), false),
        (json!({"rate_rps": 1e6, "batch": {"kind": "fixed", "size": 10_000}}), true),
        (json!({"rate_rps": 1e6, "batch": {"kind": "geometric", "mean": 10_000.0}}), true),
        (
            json!({
                "rate_rps": 1e6, "batch": {"kind": "fixed", "size": 10_000}, "max_requests": 1_000,
            }),
            false,
        ),
        (json!({"kind": "renewal", "interarrival": instant}), true),
        (json!({"kind": "renewal", "interarrival": instant, "max_requests": 1_000}), false),
        (
            json!({"kind": "modulated", "states": [state(1e6, 1.0)],
                "batch": {"kind": "fixed", "size": 10_000}}),
            true,
        ),
        (
            json!({"kind": "modulated", "states": [state(1.0, 1.0), state(0.0, 1.0)],
                "batch": {"kind": "fixed", "size": 10_000}}),
            false,
        ),
    ] {
        assert_eq!(refused_for_load(arrivals(with.clone())), too_much, "{with}");
    }
}

#[test]
fn the_kind_of_arrivals_is_wiring_and_the_rest_is_not() {
    let switched = |patch: Value| {
        let mut document = document();
        document["toggles"]["more"]["patch"] = patch;
        let problems = check(&document).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let batch = json!({"batch": {"kind": "fixed", "size": 3}, "max_requests": 5});
    let fine = json!({"nodes": {"users": {"arrivals": batch}}});
    assert_eq!(switched(fine), [""; 0]);
    let fixed = "cannot change: the wiring of a run is fixed";
    assert_eq!(
        switched(arrivals(json!({"kind": "trace", "at_s": [1]}))),
        [format!("toggles.more.patch.nodes.users.arrivals.kind: {fixed}")],
    );
}
