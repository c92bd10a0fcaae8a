//! T: timeouts and abandonment.

use crate::book::Case;
use crate::program::{number, rejected, run};
use crate::scenarios::*;
use serde_json::json;

cases! {
    t01 t03 t04 t06
}

/// Clients give up, and the server is not told.
fn zombies(case: &mut Case, queue_limit: u32) -> serde_json::Value {
    let rate = case.param("lambda_");
    let n = 1e6;
    let call = json!({"to": "queue", "timeout_ms": case.param("timeout") * 1e3, "cancel": "none"});
    let queue = service(1, queue_limit, exponential(1.0 / case.param("mu")));
    let nodes = json!({"users": users(poisson(rate), call), "queue": queue});
    let report = run(&scenario(n / rate, nodes));
    case.is_over(n, "success_fraction", number(&report, "/totals/goodput_ratio"));
    case.is_over(n, "goodput", number(&report, "/totals/goodput_rps"));
    report
}

fn t03(case: &mut Case) {
    let report = zombies(case, ENDLESS);
    let busy = number(&report, "/stations/queue/pools/threads/utilisation");
    case.is_over(1e6, "server_utilisation", busy);
}

fn bounded(case: &mut Case) {
    let room = case.param("K") as u32 - 1;
    let report = zombies(case, room);
    let refused = rejected(&report["totals"], "queue_full") / number(&report, "/totals/offered");
    case.is_over(1e6, "P_reject", refused);
}

fn t04(case: &mut Case) {
    bounded(case);
}

fn t06(case: &mut Case) {
    bounded(case);
}

/// Erlang-A: whoever has waited for longer than their patience leaves.
fn t01(case: &mut Case) {
    let (rate, n) = (case.param("lambda_"), 1e6);
    let mut queue = service(case.param("n") as u32, ENDLESS, exponential(1.0 / case.param("mu")));
    queue["pools"]["threads"]["patience"] = exponential(1.0 / case.param("theta"));
    let report = run(&scenario(n / rate, station(poisson(rate), queue)));
    let pool = |field: &str| number(&report, &format!("/stations/queue/pools/threads/{field}"));
    let at_once = pool("started") - pool("waited");
    case.is_over(n, "P_abandon", 1.0 - pool("ok") / pool("offered"));
    case.is_over(n, "P_wait", 1.0 - at_once / pool("offered"));
    case.is_over(n, "Lq", pool("mean_queue"));
    case.is_over(n, "util", pool("utilisation"));
    // Little's law for the queue alone, those who left it included.
    case.is_over(n, "Wq_all", pool("mean_queue") / number(&report, "/totals/offered_rps"));
}
