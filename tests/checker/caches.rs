//! What is refused of caches, of the steps inside of others, and of memory.

use super::{problems, refused};
use serde_json::{Value, json};

/// The service `api` with a cache, and these steps.
fn api(steps: Value) -> Value {
    json!({"nodes": {"api": {
        "caches": {"pages": {"keys": {"set": "pages", "count": 10}}},
        "endpoints": {"page": {"steps": steps}},
    }}})
}

fn cached(steps: Value) -> Value {
    json!({"do": "cached", "cache": "pages", "steps": steps})
}

fn nested(depth: u32) -> Value {
    (0..depth).fold(json!([{"do": "fail", "ratio": 0.5}]), |inner, _| json!([cached(inner)]))
}

#[test]
fn what_is_in_order_is_taken() {
    let read = json!({"do": "read", "row": "a"});
    let commit = json!({"do": "commit", "row": "a"});
    for steps in [
        json!([cached(json!([]))]),
        nested(4),
        json!([cached(json!([read, commit]))]),
        json!([read, cached(json!([cached(json!([commit]))]))]),
    ] {
        assert_eq!(problems(&api(steps.clone())), [""; 0], "{steps}");
    }
}

#[test]
fn what_stands_inside_of_a_step_is_checked_too() {
    let path = "nodes.api.endpoints.page.steps.0";
    let wanted = format!("{path}.cache: \"page\" is unknown; did you mean \"pages\"?");
    refused(api(json!([{"do": "cached", "cache": "page", "steps": []}])), &wanted);
    let wanted = format!("{path}.steps.0.call: \"dbb\" is unknown; did you mean \"db\"?");
    refused(api(json!([cached(json!([{"do": "call", "call": "dbb"}]))])), &wanted);
    let wanted = format!("{path}.steps.0.time.max_ms: 1 ms is below min_ms, 2 ms");
    let uniform = json!({"do": "wait", "time": {"dist": "uniform", "min_ms": 2, "max_ms": 1}});
    refused(api(json!([cached(json!([uniform]))])), &wanted);
    let deepest = format!("{path}.steps.0.steps.0.steps.0.steps.0.steps.0");
    refused(api(nested(5)), &format!("{deepest}: is inside of more than 4 steps"));
}

#[test]
fn what_a_hit_skips_has_not_been_read() {
    let steps = json!([
        cached(json!([{"do": "read", "row": "a"}])), {"do": "commit", "row": "a"},
    ]);
    let wanted = "nodes.api.endpoints.page.steps.1.row: \"a\" is read by no earlier step";
    refused(api(steps), wanted);
}
