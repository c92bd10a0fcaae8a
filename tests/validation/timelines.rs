//! X: exact timelines.

use crate::book::Case;
use crate::program::{events, moments, number, of_kind, run};
use crate::scenarios::*;
use serde_json::json;

cases! {
    x01
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
    let _ = (events, moments, of_kind);
}
