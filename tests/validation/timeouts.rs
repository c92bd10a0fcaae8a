//! T: timeouts and abandonment.

use crate::book::Case;
use crate::program::{number, rejected, run};
use crate::scenarios::*;
use serde_json::json;

cases! {
    t03 t04 t06
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
