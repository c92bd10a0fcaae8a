//! What is refused of faults that recur, of pauses and of patience.

use super::{problems, refused};
use serde_json::{Value, json};

fn fault(recurs: Value, for_s: Value) -> Value {
    json!({"faults": {"slow": {"recurs": recurs, "for_s": for_s}}})
}

fn constant(ms: f64) -> Value {
    json!({"dist": "constant", "ms": ms})
}

#[test]
fn what_is_in_order_is_taken() {
    for patch in [
        fault(json!({"up": constant(5e3), "down": constant(1e3)}), Value::Null),
        fault(json!({"up": constant(5e3), "down": constant(1e3), "crews": 2}), Value::Null),
        json!({"nodes": {"api": {"pause_when_idle": constant(5.0)}}}),
        json!({"nodes": {"api": {"pools": {"web": {"patience": constant(0.0)}}}}}),
    ] {
        assert_eq!(problems(&patch), [""; 0], "{patch}");
    }
}

#[test]
fn values_that_belong_together() {
    let no_time = "always takes no time: its mean must be above 0 ms";
    for (patch, wanted) in [
        (
            fault(json!({"up": constant(5e3), "down": constant(1e3)}), json!(3)),
            "faults.slow.recurs: the fault lasts once, for_s is 3 s: leave one of the two out"
                .to_owned(),
        ),
        (
            fault(json!({"up": constant(0.0), "down": constant(1.0)}), Value::Null),
            format!("faults.slow.recurs.up: {no_time}"),
        ),
        (
            fault(json!({"up": constant(1.0), "down": constant(0.0)}), Value::Null),
            format!("faults.slow.recurs.down: {no_time}"),
        ),
        (
            fault(json!({"up": constant(1.0), "down": constant(1.0), "crews": 0}), Value::Null),
            "faults.slow.recurs.crews: 0 is out of range: from 1 to 10000".to_owned(),
        ),
        (
            json!({"nodes": {"api": {"pause_when_idle": constant(0.0)}}}),
            format!("nodes.api.pause_when_idle: {no_time}"),
        ),
        (
            json!({"nodes": {"api": {"pools": {"web": {"patience":
                {"dist": "uniform", "min_ms": 2, "max_ms": 1}}}}}}),
            "nodes.api.pools.web.patience.max_ms: 1 ms is below min_ms, 2 ms".to_owned(),
        ),
    ] {
        refused(patch, &wanted);
    }
}

#[test]
fn what_comes_again_and_again_counts_as_events() {
    for (patch, path) in [
        (
            fault(json!({"up": constant(1e-6), "down": constant(1e-6)}), Value::Null),
            "faults.slow.recurs",
        ),
        (
            json!({"nodes": {"api": {"pause_when_idle": constant(1e-6)}}}),
            "nodes.api.pause_when_idle",
        ),
    ] {
        let found = problems(&patch);
        assert!(found[0].starts_with(&format!("{path}: the run would need about")), "{found:?}");
    }
}
