//! D: who is next.

use crate::book::Case;
use crate::program::{number, run};
use crate::scenarios::*;
use serde_json::{Value, json};

cases! {
    d02 d04 d06
}

/// A population of its own for each class, with its rate, its time and its rank.
fn by_priority(case: &mut Case, classes: &[(f64, Value)]) {
    let mut nodes = json!({});
    let mut endpoints = json!({});
    for (rank, (rate, time)) in classes.iter().enumerate() {
        let name = format!("k{}", rank + 1);
        endpoints[&name] = json!({"steps": [{"do": "cpu", "time": time}]});
        nodes[format!("users{}", rank + 1)] = json!({
            "kind": "clients",
            "arrivals": poisson(*rate),
            "calls": {"main": {"to": format!("queue.{name}")}},
            "classes": {"all": {"share": 1, "call": "main", "priority": rank}},
        });
    }
    nodes["queue"] = json!({
        "kind": "service",
        "pools": {"threads": {"threads": 1, "queue_limit": ENDLESS, "discipline": "priority"}},
        "endpoints": endpoints,
    });
    let n = 1e6;
    let total: f64 = classes.iter().map(|(rate, _)| rate).sum();
    let report = run(&scenario(n / total, nodes));
    for rank in 1..=classes.len() {
        let response = number(&report, &format!("/classes/users{rank}.all/response/mean_ms"));
        case.is_over(n, &format!("T{rank}"), response / 1e3);
    }
}

fn rates(case: &Case) -> Vec<f64> {
    let rates = case.params()["lambda_"].as_array().expect("a rate for each class");
    rates.iter().filter_map(Value::as_f64).collect()
}

fn d02(case: &mut Case) {
    let time = exponential(1.0 / case.param("mu"));
    let classes: Vec<_> = rates(case).into_iter().map(|rate| (rate, time.clone())).collect();
    by_priority(case, &classes);
}

fn d04(case: &mut Case) {
    let times = [constant(0.5), exponential(2.0)];
    let classes: Vec<_> = rates(case).into_iter().zip(times).collect();
    by_priority(case, &classes);
}

/// A server that pauses whenever it has nothing to do, again and again.
fn d06(case: &mut Case) {
    let (rate, n) = (case.param("lambda_"), 1e6);
    let mut queue = service(1, ENDLESS, exponential(1.0 / case.param("mu")));
    queue["pause_when_idle"] = constant(case.param("vacation"));
    let report = run(&scenario(n / rate, station(poisson(rate), queue)));
    case.is_over(n, "Wq", number(&report, "/stations/queue/pools/threads/wait/mean_ms") / 1e3);
}
