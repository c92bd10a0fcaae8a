//! X: exact timelines.

use crate::book::Case;
use crate::program::{events, moments, number, of_kind, run};
use crate::scenarios::*;
use serde_json::json;

cases! {
    x01 x03
}

fn x01(case: &mut Case) {
    let mut arrivals = clockwork(500.0);
    arrivals["stop_s"] = json!(2);
    let nodes = station(arrivals, service(1, ENDLESS, constant(case.param("service_ms") / 1e3)));
    let half = run(&from_start(2.0, nodes.clone()));
    case.is("completed_by_2000ms", number(&half, "/totals/ok"));
    case.is("in_system_at_2000ms", number(&half, "/stations/queue/in_system_at_end"));
    let whole = run(&from_start(10.0, nodes));
    assert_eq!(number(&whole, "/totals/offered"), 1000.0);
    let wait = |field: &str| number(&whole, &format!("/stations/queue/pools/threads/wait/{field}"));
    case.is("makespan_ms", number(&whole, "/totals/last_end_s") * 1e3);
    case.is("mean_wait_ms", wait("mean_ms"));
    case.is("max_wait_ms", wait("max_ms"));
    case.is("mean_sojourn_ms", number(&whole, "/totals/response/mean_ms"));
}

fn x03(case: &mut Case) {
    let retry = json!({"max_attempts": case.param("retries") + 1.0, "wait_duration_ms": 0});
    let call = json!({"to": "queue", "timeout_ms": case.param("timeout") * 1e3, "retry": retry, "cancel": "none"});
    let scenario = from_start(
        10.0,
        json!({
            "users": users(json!({"kind": "trace", "at_s": [0.0]}), call),
            "queue": service(1, ENDLESS, constant(case.param("service"))),
        }),
    );
    let (report, events) = (run(&scenario), events(&scenario));
    case.is("attempts_sent_at", moments(&events, "attempt_sent"));
    case.is("request_fails_at", moments(&events, "request_ended")[0]);
    case.is("server_busy_until", number(&report, "/stations/queue/pools/threads/last_end_s"));
    case.is("successes", number(&report, "/totals/ok"));
    let wasted =
        of_kind(&events, "work_ended").into_iter().filter(|work| work["wasted"] == true).count();
    assert_eq!(wasted as f64, number(&report, "/stations/queue/wasted"));
    // All that the thread did was for nobody.
    assert_eq!(number(&report, "/stations/queue/wasted_ratio"), 1.0);
    case.is("work_wasted_s", number(&report, "/stations/queue/pools/threads/busy_s"));
}
