//! A small scenario with a bit of everything, for tests to spoil.

use serde_json::{Value, json};

/// Clients, a balancer, a service and a database, with a fault, a switch and an intervention.
pub fn document() -> Value {
    json!({
        "v": 1,
        "name": {"en": "test", "ko": "시험"},
        "seed": 5,
        "duration_s": 60,
        "nodes": {
            "users": {
                "kind": "clients",
                "arrivals": {"kind": "open", "rate_rps": 10},
                "calls": {"page": {"to": "lb.page", "timeout_ms": 100, "retry": {"max_attempts": 3}}},
                "classes": {
                    "new": {"share": 0.3, "call": "page"},
                    "old": {"share": 0.7, "call": "page"},
                },
            },
            "lb": {"kind": "balancer", "to": "api", "algorithm": "round_robin"},
            "api": {
                "kind": "service",
                "servers": 2,
                "pools": {"web": {"threads": 4, "queue_limit": 10}, "spare": {}},
                "endpoints": {
                    "page": {"pool": "web", "steps": [
                        {"do": "cpu", "time": {"dist": "exponential", "mean_ms": 5}},
                        {"do": "call", "call": "db"},
                        {"do": "parallel", "calls": ["log", "log"]},
                    ]},
                    "admin": {"steps": [{"do": "fail", "ratio": 0.5}]},
                },
                "calls": {
                    "db": {"to": "db.read", "circuit_breaker": {}, "bulkhead": {}, "fallback": {}},
                    "log": {"to": "db.write", "rate_limiter": {}, "connection_pool": {}},
                },
            },
            "db": {
                "kind": "database",
                "queries": {
                    "read": {"cost": {"dist": "exponential", "mean_ms": 1}},
                    "write": {"cost": {"dist": "constant", "ms": 1}},
                },
            },
        },
        "faults": {
            "slow": {"at_s": 20, "for_s": 10, "target": "db", "effect": {"kind": "slow", "factor": 50}},
        },
        "toggles": {
            "more": {
                "name": {"en": "more threads"},
                "help": {"en": "Twice the threads."},
                "patch": {"nodes": {"api": {"pools": {"web": {"threads": 8}}}}},
            },
            "calm": {
                "name": {"en": "fewer tries"},
                "help": {"en": "No retries."},
                "patch": {"nodes": {"users": {"calls": {"page": {"retry": null}}}}},
            },
        },
        "interventions": {
            "later": {
                "name": {"en": "later"},
                "at_s": 30,
                "patch": {"nodes": {"api": {"servers": 3}}},
            },
        },
        "expect": {"on": ["goodput_ratio >= 0.5"], "off": [], "both": []},
    })
}
