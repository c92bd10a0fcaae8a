//! Anything at any moment: random systems, faults and switches break no invariant and no replay.

use brownout::engine::Time;
use brownout::run::{Change, Run};
use brownout::simulation::Simulation;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Arrivals stop; from then on everything drains.
const STOP_S: f64 = 4.0;
/// Nothing is switched any more, and nobody is left to send or to check.
const QUIET_S: f64 = 8.0;
/// Even a message that TCP has given up on has been given up on by then.
const END_S: f64 = 8_000.0;

/// Choices made from bytes, so that fewer and smaller bytes make a simpler story.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn roll(&mut self, sides: u8) -> u8 {
        self.0.next().copied().unwrap_or(0) % sides
    }

    fn one_in(&mut self, sides: u8) -> bool {
        self.roll(sides) == sides - 1
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.roll(choices.len() as u8))].clone()
    }

    fn moment_s(&mut self) -> f64 {
        // A coarse grid, so that things happen at the same instant.
        f64::from(self.roll(60)) / 10.0
    }
}

fn time(dice: &mut Dice) -> Value {
    let ms = f64::from(dice.roll(40));
    match dice.roll(3) {
        0 => json!({"dist": "constant", "ms": ms}),
        1 => json!({"dist": "exponential", "mean_ms": ms + 1.0}),
        _ => json!({"dist": "uniform", "min_ms": 0.0, "max_ms": ms}),
    }
}

fn breaker(dice: &mut Dice) -> Value {
    json!({
        "sliding_window_size": 4, "minimum_number_of_calls": 2,
        "wait_duration_in_open_state_ms": dice.pick(&[100.0, 500.0]),
        "permitted_number_of_calls_in_half_open_state": 2,
        "max_wait_duration_in_half_open_state_ms": dice.pick(&[0.0, 200.0]),
        "automatic_transition_from_open_to_half_open_enabled": dice.one_in(2),
    })
}

fn retry(dice: &mut Dice) -> Value {
    let mut retry = json!({
        "max_attempts": 2 + dice.roll(3), "wait_duration_ms": dice.pick(&[0.0, 50.0, 300.0]),
        "jitter": dice.pick(&["none", "full", "decorrelated"]),
    });
    match dice.roll(6) {
        4 => retry["budget"] = json!({"kind": "aws-sdk-2026", "max_tokens": 40}),
        5 => retry["budget"] = json!({"kind": "aws-sdk-legacy", "max_tokens": 40}),
        1 => retry["budget"] = json!({"kind": "ratio", "ratio": 0.1, "initial_tokens": 3}),
        2 => retry["budget"] = json!({"kind": "envoy-1.40"}),
        3 => retry["budget"] = json!({"kind": "grpc-a6"}),
        _ => {}
    }
    retry
}

fn limiter(dice: &mut Dice) -> Value {
    json!({
        "like": dice.pick(&["token_bucket", "resilience4j-2.4", "sliding_log"]),
        "limit_for_period": 5 + dice.roll(10), "limit_refresh_period_ms": 100.0,
        "timeout_duration_ms": dice.pick(&[0.0, 150.0]),
    })
}

fn bulkhead(dice: &mut Dice) -> Value {
    json!({
        "max_concurrent_calls": 1 + dice.roll(5),
        "max_wait_duration_ms": dice.pick(&[0.0, 30.0, 500.0]),
    })
}

fn connections(dice: &mut Dice) -> Value {
    json!({
        "maximum_pool_size": 1 + dice.roll(4),
        "connection_timeout_ms": dice.pick(&[250.0, 600.0]),
        "max_pending_requests": dice.pick(&[Value::Null, json!(0), json!(3)]),
    })
}

fn concurrency_limit(dice: &mut Dice) -> Value {
    let mut limit = json!({
        "like": dice.pick(&["netflix-vegas", "netflix-gradient2", "netflix-aimd"]),
        "initial_limit": 1 + dice.roll(5), "windowed": dice.one_in(3),
        "window": {"min_window_time_ms": 100.0, "max_window_time_ms": 200.0},
    });
    if limit["like"] != "netflix-vegas" {
        limit["min_limit"] = json!(1 + dice.roll(2));
    }
    limit
}

fn hedge(dice: &mut Dice) -> Value {
    let mut hedge = json!({
        "max_attempts": 2 + dice.roll(4), "hedging_delay_ms": dice.pick(&[5.0, 0.0, 30.0]),
        "non_fatal": {"failed": !dice.one_in(3), "rejected": !dice.one_in(3)},
    });
    match dice.roll(4) {
        1 => hedge["budget"] = json!({"kind": "ratio", "ratio": 0.1, "initial_tokens": 3}),
        2 => hedge["budget"] = json!({"kind": "envoy-1.40"}),
        3 => hedge["budget"] = json!({"kind": "grpc-a6"}),
        _ => {}
    }
    hedge
}

/// Makes a value up.
type Maker = fn(&mut Dice) -> Value;

/// The policies of a call, and how to make one up.
const POLICIES: [(&str, Maker); 8] = [
    ("retry", retry),
    ("circuit_breaker", breaker),
    ("rate_limiter", limiter),
    ("bulkhead", bulkhead),
    ("hedge", hedge),
    ("concurrency_limit", concurrency_limit),
    ("connection_pool", connections),
    ("fallback", |dice| json!({"latency_ms": dice.pick(&[0.0, 5.0]), "coverage_ratio": 0.7})),
];

fn call(dice: &mut Dice, to: &str) -> Value {
    let mut call = json!({
        "to": to,
        "latency_ms": dice.pick(&[0.0, 1.0, 20.0]),
        "timeout_ms": dice.pick(&[50.0, 10.0, 200.0, 1_000.0]),
        "cancel": dice.pick(&["none", "queued", "running"]),
        "propagate_deadline": dice.one_in(2),
        "mode": dice.pick(&["sync", "async"]),
    });
    if dice.one_in(4) {
        call["latency_jitter"] = time(dice);
    }
    for (name, policy) in POLICIES {
        if dice.one_in(4) {
            call[name] = policy(dice);
        }
    }
    call
}

const DISCIPLINES: [&str; 7] = [
    "fifo",
    "lifo",
    "priority",
    "random",
    "shortest_first",
    "preemptive_priority",
    "preemptive_lifo",
];

fn pool(dice: &mut Dice) -> Value {
    let mut pool = json!({
        "threads": 1 + dice.roll(6), "queue_limit": dice.pick(&[1_000, 0, 3]),
        "discipline": dice.pick(&DISCIPLINES),
    });
    if dice.one_in(3) {
        pool["queue_timeout_ms"] = json!(dice.pick(&[20.0, 100.0]));
    }
    if dice.one_in(5) {
        pool["patience"] = time(dice);
    }
    pool
}

fn health_check(dice: &mut Dice) -> Value {
    let mut rules = json!({
        "interval_ms": dice.pick(&[100.0, 250.0]), "fall": 1 + dice.roll(2), "rise": 1,
        "timeout_ms": dice.pick(&[20.0, 400.0]),
        "like": dice.pick(&["haproxy-3.5", "kubernetes-1.3x", "aws-alb", "envoy-1.40"]),
    });
    if rules["like"] == "haproxy-3.5" && dice.one_in(2) {
        rules["fastinter_ms"] = json!(30.0);
        rules["downinter_ms"] = json!(300.0);
    }
    let initial_delay_ms = dice.pick(&[0.0, 150.0]);
    if dice.one_in(2) {
        json!({"initial_delay_ms": initial_delay_ms, "rules": rules})
    } else {
        json!({"endpoint": "page", "rules": rules})
    }
}

fn outlier_detection(dice: &mut Dice) -> Value {
    json!({
        "consecutive_5xx": dice.pick(&[2, 0, 5]), "interval_ms": dice.pick(&[100.0, 700.0]),
        "base_ejection_time_ms": dice.pick(&[300.0, 0.0, 1_000.0]),
        "max_ejection_time_jitter_ms": dice.pick(&[0.0, 200.0]),
        "max_ejection_percent": dice.pick(&[100, 10, 50]),
        "always_eject_one_host": dice.one_in(2),
        "enforcing_consecutive_5xx": dice.pick(&[100, 50]),
        "enforcing_failure_percentage": 100, "failure_percentage_threshold": 50,
        "failure_percentage_minimum_hosts": 2, "failure_percentage_request_volume": 3,
        "success_rate_minimum_hosts": 2, "success_rate_request_volume": 3,
        "success_rate_stdev_factor": dice.pick(&[900, 0]),
        "split_external_local_origin_errors": dice.one_in(2),
        "update_merge_window_ms": dice.pick(&[50.0, 0.0, 1_000.0]),
    })
}

fn liveness_probe(dice: &mut Dice) -> Value {
    let mut probe = json!({
        "initial_delay_ms": dice.pick(&[0.0, 70.0]), "period_ms": dice.pick(&[100.0, 40.0]),
        "timeout_ms": dice.pick(&[20.0, 60.0]), "failure_threshold": 1 + dice.roll(3),
    });
    if !dice.one_in(4) {
        probe["endpoint"] = json!("page");
    }
    probe
}

fn disk(dice: &mut Dice) -> Value {
    json!({
        "capacity_bytes": dice.pick(&[20_000, 2_000]),
        "logrotate": {"size_bytes": 500, "timer_interval_s": 1.0},
    })
}

fn quorum(dice: &mut Dice) -> Value {
    json!({
        "do": "parallel", "calls": ["back", "db"], "times": 1 + dice.roll(3),
        "needs": 1 + dice.roll(2),
    })
}

fn recording(dice: &mut Dice) -> Value {
    let answers: Value = (0..=dice.roll(3))
        .map(|_| json!({"ms": f64::from(dice.roll(3)) * 10.0, "ok": !dice.one_in(4)}))
        .collect();
    let after_last = dice.pick(&["repeat", "last", "ok"]);
    json!({"do": "replay", "answers": answers, "after_last": after_last})
}

fn pause(dice: &mut Dice) -> Value {
    json!({"dist": "constant", "ms": dice.pick(&[5.0, 100.0])})
}

fn steps(dice: &mut Dice) -> Value {
    let step = |dice: &mut Dice| match dice.roll(10) {
        0 => json!({"do": "cpu", "time": time(dice)}),
        1 => json!({"do": "call", "call": "back"}),
        2 => json!({"do": "wait", "time": time(dice)}),
        3 => json!({"do": "call", "call": "db", "optional": true, "ratio": dice.pick(&[1.0, 0.5])}),
        4 => json!({"do": "parallel", "calls": ["back", "db", "back"]}),
        5 => json!({"do": "log", "bytes": 100}),
        6 => quorum(dice),
        7 => recording(dice),
        8 => json!({"do": "read", "row": dice.pick(&["a", "b"])}),
        _ => json!({"do": "fail", "ratio": 0.1}),
    };
    let count = 1 + dice.roll(4);
    let mut steps: Vec<Value> = (0..count).map(|_| step(dice)).collect();
    // Rows that have been read are written at the end.
    let rows: Vec<Value> = steps.iter().filter_map(|step| step.get("row").cloned()).collect();
    steps.extend(rows.into_iter().map(|row| json!({"do": "commit", "row": row})));
    Value::Array(steps)
}

fn service(dice: &mut Dice, steps: Value) -> Value {
    let mut service = json!({
        "kind": "service", "servers": 1 + dice.roll(3), "boot_s": dice.pick(&[0.0, 0.3]),
        "pools": {"web": pool(dice), "other": pool(dice)},
        "endpoints": {"page": {"pool": dice.pick(&["web", "other"]), "steps": steps}},
    });
    if dice.one_in(2) {
        service["cores"] = json!(1 + dice.roll(3));
    }
    if dice.one_in(4) {
        service["memory"] = json!({"limit_mb": 200.0, "base_mb": 50.0, "per_request_mb": 10.0});
        if dice.one_in(2) {
            service["restart"] = json!({"initial_delay_ms": 200.0});
        }
    }
    if dice.one_in(4) {
        service["restart"] = json!({"initial_delay_ms": 200.0});
        service["liveness_probe"] = liveness_probe(dice);
    }
    service["disk"] = disk(dice);
    if dice.one_in(5) {
        service["pause_when_idle"] = pause(dice);
    }
    service
}

fn balancer(dice: &mut Dice) -> Value {
    let mut balancer = json!({
        "kind": "balancer", "to": "front",
        "algorithm": dice.pick(&[
            "round_robin", "random", "least_connections", "weighted_round_robin",
            "weighted_least_connections", "power_of_two_choices", "hash", "failover",
        ]),
        "ties": dice.pick(&["in_turn", "random"]), "weights": [1 + dice.roll(5), 1],
        "panic_threshold_percent": dice.pick(&[0.0, 50.0]),
    });
    if dice.one_in(2) {
        balancer["health_check"] = health_check(dice);
    }
    if dice.one_in(2) {
        balancer["passive_health"] = json!({"max_fails": 2, "fail_timeout_ms": 1_000.0});
    }
    if dice.one_in(2) {
        balancer["outlier_detection"] = outlier_detection(dice);
    }
    if balancer["algorithm"] == "failover" && dice.one_in(2) {
        balancer["failover"] = json!({
            "promotion_ms": 300.0, "reconnect_ms": dice.pick(&[0.0, 100.0]),
            "failback": dice.one_in(2),
        });
    }
    if dice.one_in(3) {
        balancer["max_in_flight"] = json!(3 + dice.roll(20));
    }
    balancer
}

/// Arrivals that come to an end by themselves.
fn arrivals(dice: &mut Dice) -> Value {
    let profile = match dice.roll(4) {
        0 => json!({"shape": "constant"}),
        1 => json!({"shape": "spike", "at_s": 1.0, "for_s": 1.0, "factor": 3.0}),
        2 => json!({"shape": "points", "points": [[0.0, 0.0], [2.0, 2.0]]}),
        _ => json!({"shape": "daily", "day_s": 1.0, "peak_s": 0.3, "lowest": 0.1}),
    };
    let batch = dice.pick(&[
        json!({"kind": "fixed", "size": 1}),
        json!({"kind": "fixed", "size": 3}),
        json!({"kind": "geometric", "mean": 2.0}),
    ]);
    match dice.roll(8) {
        5 => json!({
            "kind": "renewal", "max_requests": 150, "batch": batch,
            "interarrival": {"dist": "gamma", "mean_ms": 20.0, "scv": dice.pick(&[0.3, 3.0])},
        }),
        6 => json!({
            "kind": "modulated", "max_requests": 150, "batch": batch,
            "states": [{"rate_rps": 80.0, "mean_s": 0.5}, {"rate_rps": 5.0, "mean_s": 0.5}],
        }),
        7 => json!({
            "kind": "trace", "at_s": [0.0, 0.1, 0.1, 0.5, 1.0, 1.0, 1.001, 2.0, 3.5],
            "class": ["a", "b", "a", "a", "b", "a", "b", "a", "b"],
        }),
        _ => json!({
            "kind": "open", "rate_rps": dice.pick(&[40.0, 10.0, 120.0]), "stop_s": STOP_S,
            "process": dice.pick(&["constant", "poisson"]), "profile": profile, "batch": batch,
        }),
    }
}

fn users(dice: &mut Dice) -> Value {
    let mut users = json!({
        "kind": "clients",
        "arrivals": arrivals(dice),
        "calls": {"main": call(dice, "lb.page"), "direct": call(dice, "front")},
        "classes": {
            "a": {"share": 0.75, "call": "main", "priority": 3},
            "b": {"share": 0.25, "call": "direct"},
        },
    });
    if dice.one_in(2) {
        users["refresh"] = json!({"probability": 0.5, "delay": time(dice), "max_refreshes": 2});
    }
    users
}

fn effect(dice: &mut Dice) -> (&'static str, Value) {
    let server = dice.pick(&["front", "back", "front#0", "back#0", "db"]);
    let way = dice.pick(&["front", "lb", "users.main", "front.back", "front.db"]);
    match dice.roll(7) {
        0 => (server, json!({"kind": "crash"})),
        1 => (server, json!({"kind": "freeze"})),
        2 => (server, json!({"kind": "slow", "factor": dice.pick(&[10.0, 0.1])})),
        3 => (server, json!({"kind": "errors", "ratio": 0.5})),
        4 => (way, json!({"kind": "latency", "added_ms": 60.0})),
        5 => (way, json!({"kind": "packet_loss", "ratio": dice.pick(&[0.3, 1.0])})),
        _ => (
            dice.pick(&["users", "fans"]),
            json!({"kind": "spike", "factor": dice.pick(&[4.0, 0.0])}),
        ),
    }
}

fn fault(dice: &mut Dice, at_s: f64) -> Value {
    let (target, effect) = effect(dice);
    let mut fault = json!({"at_s": at_s, "target": target, "effect": effect});
    if dice.one_in(5) {
        let up = json!({"dist": "exponential", "mean_ms": dice.pick(&[200.0, 1_000.0])});
        let down = json!({"dist": "constant", "ms": 100.0});
        fault["recurs"] = json!({"up": up, "down": down});
        if dice.one_in(2) {
            fault["recurs"]["crews"] = json!(1);
        }
    } else {
        fault["for_s"] = json!(f64::from(1 + dice.roll(12)) / 10.0);
    }
    fault
}

/// A value to be set while the run goes on.
fn setting(dice: &mut Dice, at_s: f64) -> (String, Value) {
    let or_off = |dice: &mut Dice, value: Maker| {
        if dice.one_in(3) { Value::Null } else { value(dice) }
    };
    let service = dice.pick(&["nodes.front", "nodes.back"]);
    let edge = dice.pick(&[
        "nodes.users.calls.main",
        "nodes.front.calls.back",
        "nodes.front.calls.db",
        "nodes.users.calls.direct",
        "nodes.fans.calls.main",
    ]);
    match dice.roll(17) {
        0 => {
            let (name, policy) = dice.pick(&POLICIES);
            (format!("{edge}.{name}"), or_off(dice, policy))
        }
        1 => (format!("{service}.servers"), json!(1 + dice.roll(5))),
        2 => (
            format!("faults.live-{}", dice.roll(2)),
            if dice.one_in(4) { Value::Null } else { fault(dice, at_s) },
        ),
        3 => (format!("{service}.running"), json!(!dice.one_in(2))),
        4 => (format!("{service}.pools.web"), pool(dice)),
        5 => (format!("{service}.endpoints.page.pool"), json!(dice.pick(&["web", "other"]))),
        6 => (format!("{service}.cores"), or_off(dice, |dice| json!(1 + dice.roll(3)))),
        7 => (format!("{service}.disk"), or_off(dice, disk)),
        8 => ("nodes.lb".to_owned(), balancer(dice)),
        9 => ("nodes.fans.arrivals.users".to_owned(), json!(1 + dice.roll(8))),
        10 => ("nodes.users.arrivals.rate_rps".to_owned(), json!(dice.pick(&[0.0, 30.0, 90.0]))),
        11 => (format!("{edge}.mode"), json!(dice.pick(&["sync", "async"]))),
        13 => ("nodes.db.discipline".to_owned(), json!(dice.pick(&DISCIPLINES))),
        14 => (format!("{service}.pools.web.discipline"), json!(dice.pick(&DISCIPLINES))),
        12 => (format!("{edge}.timeout_ms"), json!(dice.pick(&[5.0, 100.0, 400.0]))),
        15 => (format!("{service}.pause_when_idle"), or_off(dice, pause)),
        _ => ("nodes.db.connections".to_owned(), json!(1 + dice.roll(4))),
    }
}

fn scenario(dice: &mut Dice) -> Value {
    let mut front = {
        let steps = steps(dice);
        service(dice, steps)
    };
    front["calls"] = json!({"back": call(dice, "back"), "db": call(dice, "db")});
    let back = {
        let steps = json!([{"do": "cpu", "time": time(dice)}, {"do": "wait", "time": time(dice)}]);
        service(dice, steps)
    };
    let faults: serde_json::Map<String, Value> = (0..dice.roll(4))
        .map(|number| {
            let at_s = dice.moment_s();
            (format!("f{number}"), fault(dice, at_s))
        })
        .collect();
    let think = json!({"dist": "exponential", "mean_ms": dice.pick(&[100.0, 400.0])});
    json!({
        "v": 1, "name": {"en": "chaos"}, "duration_s": END_S, "windows": 50,
        "nodes": {
            "users": users(dice),
            "fans": {
                "kind": "clients",
                "arrivals": {"kind": "closed", "users": 1 + dice.roll(6), "think": think},
                "calls": {"main": call(dice, "lb")},
            },
            "lb": balancer(dice),
            "front": front,
            "back": back,
            "db": {
                "kind": "database", "connections": 1 + dice.roll(4), "boot_s": 0.2,
                "discipline": dice.pick(&DISCIPLINES),
                "queries": {"q": {"cost": time(dice)}},
            },
        },
        "faults": faults,
        "toggles": {
            "patient": {
                "name": {"en": "patient"}, "help": {"en": "waits longer"},
                "patch": {"nodes": {"front": {"calls": {"back": {"timeout_ms": 700.0}}}}},
            },
            "kill": {
                "name": {"en": "kill"}, "help": {"en": "kills"},
                "patch": {"faults": {"kill": {
                    "at_s": 0.0, "target": "back", "effect": {"kind": "crash"},
                }}},
            },
        },
        "interventions": {
            "bigger": {
                "name": {"en": "bigger"}, "at_s": dice.moment_s(),
                "patch": {"nodes": {"back": {"servers": 4}}},
            },
        },
    })
}

/// What is done while the run goes on, in the order of time.
fn changes(dice: &mut Dice) -> Vec<(f64, Change)> {
    let set = |path: &str, value| Change::Set { path: path.to_owned(), value };
    let mut changes: Vec<(f64, Change)> = (0..dice.roll(10))
        .map(|_| {
            let at_s = dice.moment_s();
            let change = match dice.roll(5) {
                0 => Change::Toggle { id: "kill".to_owned(), on: !dice.one_in(2) },
                1 => Change::Toggle { id: "patient".to_owned(), on: !dice.one_in(2) },
                _ => {
                    let (path, value) = setting(dice, at_s);
                    set(&path, value)
                }
            };
            (at_s, change)
        })
        .collect();
    changes.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let nobody =
        json!({"at_s": QUIET_S, "target": "fans", "effect": {"kind": "spike", "factor": 0.0}});
    changes.push((QUIET_S, set("faults.nobody", nobody)));
    changes.push((QUIET_S, set("nodes.lb.health_check", Value::Null)));
    changes.push((QUIET_S, set("nodes.lb.outlier_detection", Value::Null)));
    for fault in ["f0", "f1", "f2", "f3", "live-0", "live-1"] {
        changes.push((QUIET_S, set(&format!("faults.{fault}"), Value::Null)));
    }
    for service in ["front", "back"] {
        let probe = format!("nodes.{service}.liveness_probe");
        changes.push((QUIET_S, set(&probe, Value::Null)));
        let pause = format!("nodes.{service}.pause_when_idle");
        changes.push((QUIET_S, set(&pause, Value::Null)));
        changes.push((QUIET_S, set(&format!("nodes.{service}.running"), json!(true))));
    }
    changes.push((QUIET_S, Change::Toggle { id: "kill".to_owned(), on: false }));
    changes
}

fn audited(simulation: &Simulation) -> Result<(), TestCaseError> {
    let findings = simulation.world().audit();
    prop_assert!(findings.is_empty(), "at {:?}: {findings:#?}", simulation.world().now());
    Ok(())
}

/// Goes on in small pieces, and looks at everything between them.
fn advance(simulation: &mut Simulation, to: Time, piece: u64) -> Result<(), TestCaseError> {
    loop {
        let before = simulation.world().events();
        simulation.advance(to, piece);
        audited(simulation)?;
        if simulation.world().events() - before < piece || simulation.is_done() {
            return Ok(());
        }
    }
}

/// Everything that a run shows.
fn shown(simulation: &Simulation) -> (String, Vec<u64>, Value) {
    let report = serde_json::to_value(simulation.report()).expect("reports are JSON");
    (simulation.digest().to_string(), simulation.window_digests().to_vec(), report)
}

fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut dice = Dice(bytes.iter());
    let piece = 50 + u64::from(dice.roll(200));
    let document = scenario(&mut dice);
    let run = Run::new(document, 7, Vec::new());
    let run = run.map_err(|problems| TestCaseError::reject(format!("{problems:?}")))?;

    let mut live = Simulation::new(run);
    for (at_s, change) in changes(&mut dice) {
        advance(&mut live, Time::from_seconds(at_s), piece)?;
        // Not everything fits everything; what does not changes nothing.
        let _ = live.act(change);
    }
    let checkpoint = live.clone();
    advance(&mut live, Time::NEVER, piece)?;
    let actions = live.run().actions.clone();
    prop_assert_eq!(live.stopped_early(), None);
    prop_assert_eq!(live.world().alive(), (0, 0), "{:#?}", actions);
    let broken = live.metrics().check_invariants();
    prop_assert!(broken.is_empty(), "{broken:#?}");
    let up = live.metrics().snapshot().stations.iter().all(|station| {
        station.up == station.servers || station.node == "front" || station.node == "back"
    });
    prop_assert!(up, "the database is up again");

    let mut resumed = checkpoint;
    resumed.run_to_end();
    prop_assert_eq!(shown(&resumed), shown(&live), "from a checkpoint");
    let json = live.run().to_json().to_string();
    let mut replay = Simulation::new(Run::from_json(&json).expect("the run of a simulation"));
    replay.run_to_end();
    prop_assert_eq!(shown(&replay), shown(&live), "replayed: {:#?}", actions);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("CHAOS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(256),
        rng_seed: prop::test_runner::RngSeed::Fixed(2_026),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_breaks_whatever_happens_when(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes)?;
    }
}
