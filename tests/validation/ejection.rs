//! E: servers that are taken out, ignored, or started again.

use crate::book::Case;
use crate::program::{events, number, of_kind, run};
use crate::scenarios::*;
use serde_json::{Value, json};

cases! {
    e05
}

/// Ten servers of which so many are down, behind a balancer that knows it after a second.
fn half_dead(case: &Case, healthy: u32) -> Value {
    let hosts = case.param("hosts") as u32;
    let mut queue = service(MANY, 0, constant(0.0));
    queue["servers"] = json!(hosts);
    let rules = json!({"interval_ms": 500, "fall": 1, "rise": 1});
    let mut scenario = from_start(
        21.0,
        json!({
            "users": users(clockwork(1000.0), json!({"to": "lb"})),
            "lb": {"kind": "balancer", "to": "queue", "health_check": {"rules": rules},
                   "panic_threshold_percent": case.param("panic_threshold")},
            "queue": queue,
        }),
    );
    scenario["warmup_s"] = json!(1);
    for server in healthy..hosts {
        scenario["faults"][format!("dead{server}")] =
            json!({"at_s": 0, "target": format!("queue#{server}"), "effect": {"kind": "crash"}});
    }
    run(&scenario)
}

fn e05(case: &mut Case) {
    let hosts = |report: &Value, healthy: f64| {
        let failed = number(report, "/totals/failed") / number(report, "/totals/offered");
        (failed, (healthy / (1.0 - failed)).round())
    };
    let from = "servers that answered ÷ share of requests that were answered, in turn";
    let (failed, routed) = hosts(&half_dead(case, 5), 5.0);
    assert_eq!(failed, 0.0, "while half of the servers are well, no request goes to another");
    case.computed("healthy=5: routed to", routed, from);
    let (failed, routed) = hosts(&half_dead(case, 4), 4.0);
    case.computed("healthy=4: routed to", routed, from);
    case.is("failure_fraction_healthy=4", failed);
    let _ = (events, of_kind);
}
