//! Random populations, balancers and services.

use super::calls::call;
use super::{Dice, STOP_S, time};
use serde_json::{Value, json};

pub(super) const DISCIPLINES: [&str; 7] = [
    "fifo",
    "lifo",
    "priority",
    "random",
    "shortest_first",
    "preemptive_priority",
    "preemptive_lifo",
];

pub(super) fn pool(dice: &mut Dice) -> Value {
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

pub(super) fn disk(dice: &mut Dice) -> Value {
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

fn sharded(dice: &mut Dice) -> Value {
    json!({
        "do": "shard", "calls": ["db", "new", "db"], "keys": {"set": "rows", "count": 4},
        "by": dice.pick(&["hash", "range", "consistent"]), "shards_in_use": 1 + dice.roll(3),
    })
}

pub(super) fn migration(dice: &mut Dice) -> Value {
    json!({
        "to": "new", "at_s": dice.moment_s(), "live": !dice.one_in(4),
        "rows_per_batch": dice.pick(&[200, 5_000]), "pause_ms": dice.pick(&[10.0, 0.0]),
        "cut_over_pause_ms": dice.pick(&[50.0, 0.0]),
    })
}

fn recording(dice: &mut Dice) -> Value {
    let answers: Value = (0..=dice.roll(3))
        .map(|_| json!({"ms": f64::from(dice.roll(3)) * 10.0, "ok": !dice.one_in(4)}))
        .collect();
    let after_last = dice.pick(&["repeat", "last", "ok"]);
    json!({"do": "replay", "answers": answers, "after_last": after_last})
}

pub(super) fn pause(dice: &mut Dice) -> Value {
    json!({"dist": "constant", "ms": dice.pick(&[5.0, 100.0])})
}

pub(super) fn queue(dice: &mut Dice) -> Value {
    let mut queue = json!({
        "kind": "queue", "connections": 1 + dice.roll(3), "boot_s": 0.1, "cost": time(dice),
        "redelivery_delay_ms": dice.pick(&[10.0, 300.0]), "durable": !dice.one_in(3),
    });
    if dice.one_in(2) {
        queue["depth_limit"] = json!(dice.pick(&[2, 20]));
    }
    if dice.one_in(2) {
        queue["visibility_timeout_ms"] = json!(dice.pick(&[20.0, 200.0]));
    }
    if dice.one_in(2) {
        queue["max_deliveries"] = json!(1 + dice.roll(3));
    }
    queue
}

pub(super) fn consumer(dice: &mut Dice) -> Value {
    json!({
        "queue": "q", "endpoint": "page", "prefetch": 1 + dice.roll(5),
        "latency_ms": dice.pick(&[0.0, 10.0]),
    })
}

pub(super) fn spool(dice: &mut Dice) -> Value {
    let mut spool = json!({
        "max_records": dice.pick(&[1_000, 4]), "bytes_per_record": dice.pick(&[100, 1_000]),
    });
    if !dice.one_in(4) {
        spool["recovery"] = json!({
            "every_s": dice.pick(&[0.1, 0.4]), "batch": dice.pick(&[100, 3]),
            "parallel": 1 + dice.roll(3),
        });
    }
    spool
}

pub(super) fn steps(dice: &mut Dice) -> Value {
    let step = |dice: &mut Dice| match dice.roll(16) {
        11 => cached(dice, "near", json!([{"do": "call", "call": "back"}])),
        12 => {
            let inner = cached(dice, "far", json!([{"do": "call", "call": "db"}]));
            let first = json!({"do": "cpu", "time": time(dice)});
            cached(dice, "near", json!([first, inner]))
        }
        14 => sharded(dice),
        0 => json!({"do": "cpu", "time": time(dice)}),
        1 => json!({"do": "call", "call": "back"}),
        2 => json!({"do": "wait", "time": time(dice)}),
        3 => json!({"do": "call", "call": "db", "optional": true, "ratio": dice.pick(&[1.0, 0.5])}),
        4 => json!({"do": "parallel", "calls": ["back", "db", "back"]}),
        5 => json!({"do": "log", "bytes": 100}),
        6 => quorum(dice),
        7 => recording(dice),
        13 => json!({"do": "login", "call": "back"}),
        8 => json!({"do": "spool", "call": dice.pick(&["db", "back", "q"])}),
        9 => json!({"do": "publish", "call": "q"}),
        10 => json!({"do": "read", "row": dice.pick(&["a", "b"])}),
        _ => json!({"do": "fail", "ratio": 0.1}),
    };
    let count = 1 + dice.roll(4);
    let mut steps: Vec<Value> = (0..count).map(|_| step(dice)).collect();
    // Rows that have been read are written at the end.
    let rows: Vec<Value> = steps.iter().filter_map(|step| step.get("row").cloned()).collect();
    steps.extend(rows.into_iter().map(|row| json!({"do": "commit", "row": row})));
    Value::Array(steps)
}

/// A `cached` step, what is inside of it may fail.
fn cached(dice: &mut Dice, cache: &str, mut steps: Value) -> Value {
    if let (true, Some(steps)) = (dice.one_in(3), steps.as_array_mut()) {
        steps.push(json!({"do": "fail", "ratio": 0.3}));
    }
    json!({"do": "cached", "cache": dice.pick(&[cache, "far"]), "steps": steps})
}

pub(super) fn memory(dice: &mut Dice) -> Value {
    let mut memory = json!({"limit_mb": 200.0, "base_mb": 50.0, "per_request_mb": 10.0});
    if dice.one_in(2) {
        memory["base_mb"] = json!(dice.pick(&[50.0, 150.0, 196.0]));
        memory["per_request_mb"] = json!(dice.pick(&[0.0, 1.0]));
        memory["gc"] = json!({
            "garbage_per_request_mb": dice.pick(&[20.0, 1.0, 300.0]),
            "pause_ms_per_live_mb": dice.pick(&[0.1, 0.0, 2.0]),
        });
    }
    memory
}

pub(super) fn cache(dice: &mut Dice) -> Value {
    let mut cache = json!({
        "keys": {"set": "pages", "count": dice.pick(&[3, 40]), "zipf_exponent": 0.8},
        "enabled": !dice.one_in(8), "entry_bytes": dice.pick(&[1_000, 2_000_000]),
        "eviction": dice.pick(&["lru", "fifo", "random", "lfu"]),
        "single_flight": dice.one_in(2), "stale_if_error": dice.one_in(2),
        "ttl_kind": dice.pick(&["fixed", "sliding"]), "admit_after": dice.pick(&[1, 2]),
    });
    if dice.one_in(2) {
        cache["max_entries"] = json!(dice.roll(5));
    }
    if dice.one_in(2) {
        cache["ttl_ms"] = json!(dice.pick(&[30.0, 500.0]));
    }
    cache
}

pub(super) fn auth_mode(dice: &mut Dice) -> Value {
    json!({"failures": 1 + dice.roll(3), "probe_every_ms": dice.pick(&[100.0, 1_000.0])})
}

fn identity(dice: &mut Dice) -> Value {
    let mut identity = json!({
        "users": {"set": "users", "count": dice.pick(&[3, 1_000])},
        "token_lifetime_s": dice.pick(&[0.5, 60.0]),
        "valid_at_start_ratio": dice.pick(&[1.0, 0.5]),
    });
    if dice.one_in(2) {
        identity["renew_without_provider"] = auth_mode(dice);
    }
    identity
}

pub(super) fn service(dice: &mut Dice, steps: Value) -> Value {
    let mut service = json!({
        "kind": "service", "servers": 1 + dice.roll(3), "boot_s": dice.pick(&[0.0, 0.3]),
        "pools": {"web": pool(dice), "other": pool(dice)},
        "endpoints": {"page": {"pool": dice.pick(&["web", "other"]), "steps": steps}},
    });
    if dice.one_in(2) {
        service["cores"] = json!(1 + dice.roll(3));
    }
    if dice.one_in(4) {
        service["memory"] = memory(dice);
        if dice.one_in(2) {
            service["restart"] = json!({"initial_delay_ms": 200.0});
        }
    }
    if dice.one_in(4) {
        service["restart"] = json!({"initial_delay_ms": 200.0});
        service["liveness_probe"] = liveness_probe(dice);
    }
    service["disk"] = disk(dice);
    service["releases"] = json!({"one": {}, "two": {"error_ratio": 0.3, "slow_factor": 2.0}});
    service["caches"] = json!({"near": cache(dice), "far": cache(dice)});
    if !dice.one_in(3) {
        service["spool"] = spool(dice);
    }
    service["identity"] = identity(dice);
    if dice.one_in(5) {
        service["pause_when_idle"] = pause(dice);
    }
    service
}

pub(super) fn purge(dice: &mut Dice) -> Value {
    json!({
        "rows_per_batch": dice.pick(&[500, 7_000]), "us_per_row": dice.pick(&[1.0, 0.0]),
        "pause_ms": dice.pick(&[20.0, 0.0]),
    })
}

pub(super) fn database(dice: &mut Dice) -> Value {
    let mut table = json!({
        "rows": dice.pick(&[1_000, 0]), "dead_rows": dice.pick(&[20_000, 0]),
        "index": dice.one_in(2), "us_per_row": dice.pick(&[1.0, 0.1]),
    });
    if dice.one_in(2) {
        table["purge"] = purge(dice);
    }
    let mut query = json!({
        "cost": time(dice), "stores": "event", "unique": dice.one_in(2), "locks": dice.one_in(2),
        "keys": {"set": "rows", "count": dice.pick(&[1, 4]), "hot_ratio": dice.pick(&[0.0, 0.5])},
    });
    if dice.one_in(2) {
        query["table"] = json!("t");
        query["adds_rows"] = json!(dice.roll(3));
        query["matched_ratio"] = json!(dice.pick(&[0.0, 0.5]));
    }
    let mut database = json!({
        "kind": "database", "connections": 1 + dice.roll(4), "boot_s": 0.2,
        "discipline": dice.pick(&DISCIPLINES), "lock_timeout_ms": dice.pick(&[30.0, 1_000.0]),
        "tables": {"t": table}, "queries": {"q": query},
    });
    if dice.one_in(2) {
        database["migration"] = migration(dice);
    }
    database
}

/// A database like another one, for it to move to.
pub(super) fn twin(database: &Value) -> Value {
    let mut twin = database.clone();
    twin["tables"]["t"]["rows"] = json!(0);
    if let Some(twin) = twin.as_object_mut() {
        twin.remove("migration");
    }
    twin
}

pub(super) fn balancer(dice: &mut Dice) -> Value {
    let mut balancer = json!({
        "kind": "balancer", "to": "front",
        "algorithm": dice.pick(&[
            "round_robin", "random", "least_connections", "weighted_round_robin",
            "weighted_least_connections", "power_of_two_choices", "fastest_response", "adaptive", "hash", "failover",
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

pub(super) fn users(dice: &mut Dice) -> Value {
    let mut users = json!({
        "kind": "clients",
        "arrivals": arrivals(dice),
        "calls": {"main": call(dice, "lb.page"), "direct": call(dice, "front")},
        "classes": {
            "a": {"share": 0.75, "call": "main", "priority": 3},
            "b": {"share": 0.25, "call": "direct", "new_users": dice.one_in(2)},
        },
    });
    if dice.one_in(2) {
        users["refresh"] = json!({
            "probability": 0.5, "delay": time(dice), "max_refreshes": 2,
            "notice_ratio": dice.pick(&[0.0, 0.5]),
        });
    }
    users
}
