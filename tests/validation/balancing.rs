//! L: which server.

use crate::book::{Case, completions, is_full};
use crate::program::{number, run};
use crate::scenarios::*;
use serde_json::{Value, json};

cases! {
    l01 l03 l04
}

/// Servers of one thread each behind a balancer, `rho` busy, over so many completions.
fn balanced(algorithm: &str, servers: u32, rho: f64, n: f64) -> Value {
    let rate = rho * f64::from(servers);
    let mut queue = service(1, ENDLESS, exponential(1.0));
    queue["servers"] = json!(servers);
    let nodes = json!({
        "users": users(poisson(rate), json!({"to": "lb"})),
        "lb": {"kind": "balancer", "to": "queue", "algorithm": algorithm},
        "queue": queue,
    });
    let mut scenario = scenario(n / rate, nodes);
    if algorithm == "least_connections" {
        scenario["nodes"]["lb"]["ties"] = json!("random");
    }
    run(&scenario)
}

fn response_s(report: &Value) -> f64 {
    number(report, "/totals/response/mean_ms") / 1e3
}

fn both(case: &mut Case, algorithm: &str) {
    let n = 1e6;
    let report = balanced(algorithm, case.param("n") as u32, case.param("rho"), n);
    case.is_over(n, "W", response_s(&report));
    case.is_over(n, "P_wait", number(&report, "/stations/queue/pools/threads/waited_ratio"));
}

fn l01(case: &mut Case) {
    both(case, "random");
}

fn l03(case: &mut Case) {
    both(case, "least_connections");
}

fn l04(case: &mut Case) {
    let two = "power_of_two_choices";
    let (servers, rho, n) = (case.param("n_used") as u32, case.param("rho"), completions(1e7));
    let many = response_s(&balanced(two, servers, rho, n));
    case.is_over(n, "W_limit", many);
    case.is_over(n, &format!("W_n={servers}"), many);
    case.is_over(n, "W_n=100", response_s(&balanced(two, 100, rho, n)));
    let n = if is_full() { 2e7 } else { 3e6 };
    case.is_over(n, "W_limit_rho0.99", response_s(&balanced(two, servers, 0.99, n)));
}
