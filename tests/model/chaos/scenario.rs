//! A random scenario: its systems, its faults, and what is switched while it goes on.

use super::calls::{Maker, POLICIES, call};
use super::copies::{copies, with_copies};
use super::nodes::{
    DISCIPLINES, auth_mode, balancer, cache, consumer, database, disk, memory, migration, pause,
    pool, purge, queue, service, spool, steps, twin, users,
};
use super::{Dice, END_S, QUIET_S, time};
use brownout::run::Change;
use serde_json::{Value, json};

fn effect(dice: &mut Dice) -> (&'static str, Value) {
    let server =
        dice.pick(&["front", "back", "front#0", "back#0", "db", "db#0", "db#0", "new", "q"]);
    let of_service = dice.pick(&["front", "back", "front#0", "back#0"]);
    let way =
        dice.pick(&["front", "lb", "users.main", "front.back", "front.db", "front.new", "front.q"]);
    match dice.roll(13) {
        12 => ("db", json!({"kind": "replication_lag", "added_ms": 80.0})),
        8 => (of_service, json!({"kind": "kill"})),
        9 => (of_service, json!({"kind": "reclaim", "notice_s": dice.pick(&[0.0, 0.3])})),
        10 => (dice.pick(&["front", "back"]), json!({"kind": "misread", "factor": 0.3})),
        11 => (dice.pick(&["front", "back"]), json!({"kind": "stale"})),
        0 => (server, json!({"kind": "crash"})),
        1 => (server, json!({"kind": "freeze"})),
        2 => (server, json!({"kind": "slow", "factor": dice.pick(&[10.0, 0.1])})),
        3 => (server, json!({"kind": "errors", "ratio": 0.5})),
        4 => (way, json!({"kind": "latency", "added_ms": 60.0})),
        5 => (way, json!({"kind": "packet_loss", "ratio": dice.pick(&[0.3, 1.0])})),
        6 => (
            dice.pick(&["front#0", "back", "users.main", "front.db", "rack", "db", "db#0", "q"]),
            json!({"kind": "unreachable"}),
        ),
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
    } else if !matches!(fault["effect"]["kind"].as_str(), Some("kill" | "reclaim")) {
        fault["for_s"] = json!(f64::from(1 + dice.roll(12)) / 10.0);
    }
    fault
}

/// One that is over within the test.
fn rollout(dice: &mut Dice) -> Value {
    let mut rollout = json!({"max_unavailable": 1 + dice.roll(2), "rollback": !dice.one_in(3)});
    if !dice.one_in(3) {
        rollout["canary"] = json!({"observe_s": 0.5, "max_error_ratio": 0.1});
    }
    rollout
}

/// One that acts every second: the test takes a few.
fn autoscaler(dice: &mut Dice) -> Value {
    json!({
        "enabled": !dice.one_in(4),
        "min_replicas": 1 + dice.roll(2), "max_replicas": 3 + dice.roll(4),
        "target_cpu_ratio": dice.pick(&[0.1, 0.5]), "sync_period_s": 1.0,
        "scale_down": {"stabilization_window_s": dice.pick(&[0.0, 2.0])},
        "schedule": {"dawn": {"from_s": 1.0, "for_s": 1.0, "every_s": 2.0, "max_replicas": 1}},
    })
}

fn filter(dice: &mut Dice) -> Value {
    json!({
        "threshold": 1 + dice.roll(4), "window_s": dice.pick(&[0.3, 2.0]),
        "period_s": dice.pick(&[0.1, 1.0]), "group_by": dice.pick(&["alarm", "server"]),
    })
}

fn monitor(dice: &mut Dice) -> Value {
    let look = |of: &str, metric: &str| json!({"of": of, "metric": metric, "sample_every_s": 0.5});
    json!({
        "kind": "monitor", "running": !dice.one_in(3), "check_every_s": 0.3,
        "calls": {"through": call(dice, "lb"), "straight": call(dice, "back")},
        "alarms": {
            "down": look("back", "down"), "busy": look("front.web", "threads"),
            "slow": look("db", "response"), "wrong": look("front", "error_ratio"),
            "error": look("front.page", "api_error"), "test": look("straight", "test_failed"),
        },
        "filter": if dice.one_in(2) { filter(dice) } else { Value::Null },
    })
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
    match dice.roll(47) {
        45 => {
            (format!("{service}.release"), or_off(dice, |dice| json!(dice.pick(&["one", "two"]))))
        }
        46 => (format!("{service}.rollout"), or_off(dice, rollout)),
        22 => (format!("{service}.caches.{}", dice.pick(&["near", "far"])), cache(dice)),
        23 => (format!("{service}.memory"), or_off(dice, memory)),
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
        16 => (format!("{service}.spool"), or_off(dice, spool)),
        17 => ("nodes.db.queries.q.unique".to_owned(), json!(dice.one_in(2))),
        26 => (format!("{edge}.enabled"), json!(!dice.one_in(2))),
        24 => (format!("{service}.restarts"), json!(dice.roll(4))),
        25 => (format!("{service}.identity.renew_without_provider"), or_off(dice, auth_mode)),
        31 => ("nodes.q".to_owned(), queue(dice)),
        32 => ("nodes.back.consumes.work".to_owned(), consumer(dice)),
        15 => (format!("{service}.pause_when_idle"), or_off(dice, pause)),
        27 => ("nodes.db.queries.q.locks".to_owned(), json!(dice.one_in(2))),
        18 => ("nodes.db.tables.t.purge".to_owned(), or_off(dice, purge)),
        19 => ("nodes.db.tables.t.dead_rows".to_owned(), json!(dice.pick(&[0, 40_000]))),
        33 => ("nodes.db.migration".to_owned(), or_off(dice, migration)),
        20 => ("nodes.db.tables.t.index".to_owned(), json!(dice.one_in(2))),
        28 => (format!("{service}.autoscaler"), or_off(dice, autoscaler)),
        29 => (format!("{service}.governor"), or_off(dice, |_| json!({"window_s": 2.0}))),
        30 => (format!("{service}.drain_s"), json!(dice.pick(&[0.0, 0.5]))),
        34 => ("nodes.watch.running".to_owned(), json!(!dice.one_in(3))),
        35 => ("nodes.watch.filter".to_owned(), or_off(dice, filter)),
        37..=42 => {
            let (field, value) = copies(dice);
            (format!("nodes.db.{field}"), value)
        }
        43 => ("nodes.db.queries.q.writes".to_owned(), json!(dice.one_in(2))),
        36 => ("nodes.watch.check_every_s".to_owned(), json!(dice.pick(&[0.1, 0.4]))),
        _ => ("nodes.db.connections".to_owned(), json!(1 + dice.roll(4))),
    }
}

fn with_consumer(mut service: Value, consumer: Value) -> Value {
    service["consumes"] = json!({"work": consumer});
    service
}

pub(super) fn scenario(dice: &mut Dice) -> Value {
    let mut front = {
        let steps = steps(dice);
        service(dice, steps)
    };
    front["calls"] = json!({
        "back": call(dice, "back"), "db": call(dice, "db"), "new": call(dice, "new"),
        "q": call(dice, "q"),
    });
    if dice.one_in(4) {
        front["boot_needs"] = json!(["db"]);
    }
    let database = database(dice);
    let database = with_copies(dice, database);
    let back = {
        let steps = json!([{"do": "cpu", "time": time(dice)}, {"do": "wait", "time": time(dice)}]);
        with_consumer(service(dice, steps), consumer(dice))
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
            "q": queue(dice),
            "new": twin(&database),
            "db": database,
            "watch": monitor(dice),
        },
        "groups": {"rack": {"members": ["front#0", "back"]}},
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
pub(super) fn changes(dice: &mut Dice) -> Vec<(f64, Change)> {
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
    changes.push((QUIET_S, set("nodes.db.tables.t.purge", Value::Null)));
    // Somebody has to take what is still to be written.
    for database in ["db", "new"] {
        changes.push((QUIET_S, set(&format!("nodes.{database}.failover"), Value::Null)));
    }
    changes.push((QUIET_S, set("nodes.watch.running", json!(false))));
    changes.push((QUIET_S, set("nodes.lb.health_check", Value::Null)));
    changes.push((QUIET_S, set("nodes.lb.outlier_detection", Value::Null)));
    for fault in ["f0", "f1", "f2", "f3", "live-0", "live-1"] {
        changes.push((QUIET_S, set(&format!("faults.{fault}"), Value::Null)));
    }
    // What fails goes to the dead letters.
    let last =
        json!({"kind": "queue", "cost": {"dist": "constant", "ms": 1.0}, "max_deliveries": 1});
    changes.push((QUIET_S, set("nodes.q", last)));
    for service in ["front", "back"] {
        let probe = format!("nodes.{service}.liveness_probe");
        changes.push((QUIET_S, set(&probe, Value::Null)));
        changes.push((QUIET_S, set(&format!("nodes.{service}.spool"), Value::Null)));
        let autoscaler = format!("nodes.{service}.autoscaler");
        changes.push((QUIET_S, set(&autoscaler, Value::Null)));
        let pause = format!("nodes.{service}.pause_when_idle");
        changes.push((QUIET_S, set(&pause, Value::Null)));
        changes.push((QUIET_S, set(&format!("nodes.{service}.running"), json!(true))));
    }
    changes.push((QUIET_S, Change::Toggle { id: "kill".to_owned(), on: false }));
    changes
}
