//! What the checker refuses and with which words, and that whatever it accepts can be run.
#![cfg(not(target_arch = "wasm32"))]

#[path = "checker/arrivals.rs"]
mod arrivals;
#[path = "checker/breakdowns.rs"]
mod breakdowns;
#[path = "checker/caches.rs"]
mod caches;
#[path = "checker/data.rs"]
mod data;
#[path = "checker/faults.rs"]
mod faults;
#[path = "checker/good.rs"]
mod good;
#[path = "checker/groups.rs"]
mod groups;
#[path = "checker/monitors.rs"]
mod monitors;
#[path = "checker/mutations.rs"]
mod mutations;
#[path = "checker/needs.rs"]
mod needs;
#[path = "checker/runs.rs"]
mod runs;
#[path = "checker/switches.rs"]
mod switches;
#[path = "checker/tables.rs"]
mod tables;

use brownout::scenario::check;
use brownout::scenario::patch::merge;
use good::document;
use serde_json::{Value, json};

/// The problems of the good scenario after a merge patch.
fn problems(patch: &Value) -> Vec<String> {
    let mut document = document();
    merge(&mut document, patch);
    let problems = check(&document).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn refused(patch: Value, wanted: &str) {
    let found = problems(&patch);
    assert_eq!(found, [wanted], "{patch}");
}

#[test]
fn the_good_scenario_is_good() {
    assert_eq!(problems(&json!({})), [""; 0]);
}

#[test]
fn figures_name_what_is_covered_and_expected() {
    let figures = |incident: &str, clause: &str| {
        json!({
            "covers": ["KU.1"],
            "expect": {"both": ["goodput_ratio > 0"]},
            "figures": [{"incident": incident, "clauses": [clause]}],
        })
    };
    assert_eq!(problems(&figures("KU.1", "goodput_ratio > 0")), [""; 0]);
    refused(figures("KU.2", "goodput_ratio > 0"), "figures.0.incident: \"KU.2\" is not in covers");
    refused(
        figures("KU.1", "goodput_ratio > 1"),
        "figures.0.clauses.0: \"goodput_ratio > 1\" is no clause of expect",
    );
}

#[test]
fn shapes() {
    for (patch, wanted) in [
        (json!({"windows": "many"}), "windows: \"many\" is not a whole number from 1 to 1200"),
        (json!({"windows": 1.5}), "windows: 1.5 is not a whole number from 1 to 1200"),
        (json!({"name": null}), "name: is missing: an object"),
        (json!({"duration_s": null}), "duration_s: is missing: a number from 0.001 to 31536000 s"),
        (json!({"name": {"en": ""}}), "name.en: is empty: at least 1 character"),
        (json!({"nods": {}}), "nods: unknown field; did you mean \"nodes\"?"),
        (json!({"nodes": {"db": 7}}), "nodes.db: 7 is not an object"),
        (
            json!({"nodes": {"db": {"kind": null}}}),
            "nodes.db.kind: is missing: one of \"clients\", \"balancer\", \"service\", \"database\", \"queue\", \"monitor\"",
        ),
        (json!({"nodes": {"db": {"queries": [1]}}}), "nodes.db.queries: a list is not an object"),
        (
            json!({"nodes": {"db": {"queries": {"read": null, "write": null}}}}),
            "nodes.db.queries: 0 entries are too few: at least 1",
        ),
        (
            json!({"nodes": {"db": {"discipline": "filo"}}}),
            "nodes.db.discipline: \"filo\" is unknown; did you mean \"fifo\"?",
        ),
        (
            json!({"nodes": {"api": {"calls": {"db": {"retry": {"max_attempts": 1001}}}}}}),
            "nodes.api.calls.db.retry.max_attempts: 1001 is out of range: from 1 to 1000 tries",
        ),
        (
            json!({"nodes": {"users": {"arrivals": {"profile":
                {"shape": "points", "points": [[0, 1], [5, 1001]]}}}}}),
            "nodes.users.arrivals.profile.points.1.1: 1001 is out of range: from 0 to 1000",
        ),
        (
            json!({"nodes": {"users": {"arrivals": {"profile": {"shape": "points", "points": [[0]]}}}}}),
            "nodes.users.arrivals.profile.points.0: 1 entries are too few: at least 2",
        ),
    ] {
        refused(patch, wanted);
    }
}

#[test]
fn references() {
    for (patch, wanted) in [
        (
            json!({"nodes": {"users": {"calls": {"page": {"to": "lbb.page"}}}}}),
            "nodes.users.calls.page.to: \"lbb\" is unknown; did you mean \"lb\"?",
        ),
        (
            json!({"nodes": {"users": {"calls": {"page": {"to": "lb.pages"}}}}}),
            "nodes.users.calls.page.to: \"pages\" is unknown; did you mean \"page\"?",
        ),
        (
            json!({"nodes": {"api": {"calls": {"db": {"to": "db.delete"}}}}}),
            "nodes.api.calls.db.to: \"delete\" is unknown: there are \"read\", \"write\"",
        ),
        (
            json!({"nodes": {"api": {"calls": {"db": {"to": "users"}}}}}),
            "nodes.api.calls.db.to: \"users\" is a client population, which nobody calls",
        ),
        (json!({"nodes": {"lb": {"to": "db"}}}), "nodes.lb.to: \"db\" is not a service"),
        (
            json!({"nodes": {"lb": {"to": "apo"}}}),
            "nodes.lb.to: \"apo\" is unknown; did you mean \"api\"?",
        ),
        (
            json!({"nodes": {"lb": {"health_check": {"endpoint": "health"}}}}),
            "nodes.lb.health_check.endpoint: \"health\" is unknown: there are \"page\", \"admin\"",
        ),
        (
            json!({"nodes": {"lb": {"health_check": {"rules": {
                "like": "envoy-1.40", "interval_ms": 1000, "timeout_ms": 500, "fall": 2,
            }}}}}),
            "nodes.lb.health_check.rules.rise: is missing: Envoy has no default for it",
        ),
        (
            json!({"nodes": {"lb": {"health_check": {"rules": {
                "like": "aws-alb", "fastinter_ms": 1000,
            }}}}}),
            "nodes.lb.health_check.rules.fastinter_ms: exists only like \"haproxy-3.5\"",
        ),
        (
            json!({"nodes": {"api": {"liveness_probe": {}}}}),
            "nodes.api.liveness_probe: kills servers, but there is no restart that starts them again",
        ),
        (
            json!({"nodes": {"api": {"restart": {}, "liveness_probe": {"endpoint": "health"}}}}),
            "nodes.api.liveness_probe.endpoint: \"health\" is unknown: there are \"page\", \"admin\"",
        ),
        (
            json!({"nodes": {"lb": {"failover": {}}}}),
            "nodes.lb.failover: needs the algorithm \"failover\"",
        ),
        (
            json!({"nodes": {"lb": {"outlier_detection": {"max_ejection_time_ms": 1000}}}}),
            "nodes.lb.outlier_detection.max_ejection_time_ms: 1000 ms is below \
             base_ejection_time_ms, 30000 ms",
        ),
        (
            json!({"nodes": {"users": {"classes": {"old": {"call": "pag"}}}}}),
            "nodes.users.classes.old.call: \"pag\" is unknown; did you mean \"page\"?",
        ),
        (
            json!({"nodes": {"users": {"classes": {"old": null, "page": {"share": 0.7, "call": "page"}}}}}),
            "nodes.users.classes.page: \"page\" is the name of a call, too: figures go by names",
        ),
        (
            json!({"nodes": {"api": {"endpoints": {"page": {"pool": "wep"}}}}}),
            "nodes.api.endpoints.page.pool: \"wep\" is unknown; did you mean \"web\"?",
        ),
        (
            json!({"nodes": {"api": {"endpoints": {"admin": {"steps": [{"do": "call", "call": "x"}]}}}}}),
            "nodes.api.endpoints.admin.steps.0.call: \"x\" is unknown: there are \"db\", \"log\"",
        ),
        (
            json!({"nodes": {"api": {"endpoints": {"admin": {"steps": [{"do": "log", "bytes": 1}]}}}}}),
            "nodes.api.endpoints.admin.steps.0: writes to a log, but the service has no disk",
        ),
    ] {
        refused(patch, wanted);
    }
}

#[test]
fn values_that_belong_together() {
    let arrivals = |profile: Value| json!({"nodes": {"users": {"arrivals": {"profile": profile}}}});
    let admin =
        |step: Value| json!({"nodes": {"api": {"endpoints": {"admin": {"steps": [step]}}}}});
    for (patch, wanted) in [
        (json!({"warmup_s": 60}), "warmup_s: 60 s is not before the end of the run at 60 s"),
        (
            json!({"nodes": {"users": {"classes": {"old": {"share": 0.5}}}}}),
            "nodes.users.classes: the shares make 0.8, not 1",
        ),
        (
            arrivals(json!({"shape": "ramp", "from_s": 9, "to_s": 9, "factor": 2})),
            "nodes.users.arrivals.profile.to_s: 9 s is not after from_s, 9 s",
        ),
        (
            arrivals(json!({"shape": "points", "points": [[5, 1], [4, 2]]})),
            "nodes.users.arrivals.profile.points.1.0: 4 s is before the last point at 5 s",
        ),
        (
            json!({"nodes": {"users": {"arrivals": {"start_s": 5, "stop_s": 5}}}}),
            "nodes.users.arrivals.stop_s: 5 s is not after start_s, 5 s",
        ),
        (
            json!({"nodes": {"db": {"queries": {"read": {"cost":
                {"dist": "uniform", "mean_ms": null, "min_ms": 5, "max_ms": 4}}}}}}),
            "nodes.db.queries.read.cost.max_ms: 4 ms is below min_ms, 5 ms",
        ),
        (
            json!({"nodes": {"api": {"memory": {"limit_mb": 100, "base_mb": 100, "per_request_mb": 1}}}}),
            "nodes.api.memory.base_mb: 100 MB is not below limit_mb, 100 MB",
        ),
        (
            json!({"nodes": {"api": {"disk": {"capacity_bytes": 10, "used_bytes": 11}}}}),
            "nodes.api.disk.used_bytes: 11 bytes is more than capacity_bytes, 10 bytes",
        ),
        (
            admin(json!({"do": "parallel", "calls": ["db", "log"], "needs": 3})),
            "nodes.api.endpoints.admin.steps.0.needs: 3 is more than the 2 calls of the step",
        ),
        (
            admin(json!({"do": "parallel", "calls": ["db", "log"], "times": 5_001})),
            "nodes.api.endpoints.admin.steps.0.times: 10002 calls at once are too many: at most 10000",
        ),
        (
            admin(json!({"do": "commit", "row": "seats"})),
            "nodes.api.endpoints.admin.steps.0.row: \"seats\" is read by no earlier step",
        ),
        (
            json!({"nodes": {"api": {"endpoints": {"admin": {"steps": [
                {"do": "read", "row": "seat"}, {"do": "commit", "row": "seats"}]}}}}}),
            "nodes.api.endpoints.admin.steps.1.row: \"seats\" is read by no earlier step; did you mean \"seat\"?",
        ),
        (
            json!({"nodes": {"api": {"calls": {"db": {"latency_jitter":
                {"dist": "uniform", "min_ms": 5, "max_ms": 4}}}}}}),
            "nodes.api.calls.db.latency_jitter.max_ms: 4 ms is below min_ms, 5 ms",
        ),
        (
            admin(json!({"do": "call", "call": "db", "ratio": 1.5})),
            "nodes.api.endpoints.admin.steps.0.ratio: 1.5 is out of range: from 0 to 1",
        ),
        (
            admin(json!({"do": "replay", "answers": []})),
            "nodes.api.endpoints.admin.steps.0.answers: 0 entries are too few: at least 1",
        ),
        (
            admin(json!({"do": "replay", "answers": [{"ms": 1}, {"ok": true}]})),
            "nodes.api.endpoints.admin.steps.0.answers.1.ms: is missing: a number from 0 to 1000000000 ms",
        ),
        (
            json!({"interventions": {"later": {"at_s": 61}}}),
            "interventions.later.at_s: 61 s is behind the end of the run at 60 s",
        ),
        (
            json!({"expect": {"on": ["goodput_ratio(user) > 0.5"]}}),
            "expect.on.0: goodput_ratio: \"user\" is not a population or class of users; did you mean \
             \"users\"?",
        ),
    ] {
        refused(patch, wanted);
    }
}

#[test]
fn policies() {
    let call = |policy| json!({"nodes": {"api": {"calls": {"db": policy}}}});
    let at = "nodes.api.calls.db.concurrency_limit";
    let aimd = json!({"like": "netflix-aimd", "max_limit": 10, "initial_limit": 10});
    refused(
        call(json!({"concurrency_limit": aimd})),
        &format!("{at}.min_limit: 20 is above max_limit, 10"),
    );
    let vegas = json!({"like": "netflix-vegas", "max_concurrency": 5});
    refused(
        call(json!({"concurrency_limit": vegas})),
        &format!("{at}.initial_limit: 20 is above max_concurrency, 5"),
    );
    let window = json!({"min_window_time_ms": 2_000.0});
    let gradient = json!({"like": "netflix-gradient2", "windowed": true, "window": window});
    refused(
        call(json!({"concurrency_limit": gradient})),
        &format!("{at}.window.min_window_time_ms: 2000 is above max_window_time_ms, 1000"),
    );
    refused(
        call(json!({"hedge": {"max_attempts": 6}})),
        "nodes.api.calls.db.hedge.max_attempts: 6 is out of range: from 2 to 5 attempts",
    );
    assert_eq!(
        problems(&call(json!({"hedge": {}, "concurrency_limit": {"like": "netflix-vegas"}}))),
        [""; 0]
    );
}

#[test]
fn size() {
    let services: serde_json::Map<_, _> = (0..11)
        .map(|n| {
            (
                format!("s{n}"),
                json!({"kind": "service", "servers": 1_000, "pools": {"p": {}},
            "endpoints": {"e": {"steps": []}}}),
            )
        })
        .collect();
    refused(json!({"nodes": services}), "nodes: 11003 servers are too many: at most 10000");
    refused(
        json!({"duration_s": 4_000_000, "nodes": {"lb": {"health_check": {"rules": {"interval_ms": 1}}}}}),
        "nodes.lb.health_check: the run would need about 2.7e10 events: at most 2.0e10 (shorten it, \
         lower the rate or the number of tries)",
    );
}

#[test]
fn all_problems_are_collected() {
    let found =
        problems(&json!({"v": 2, "windows": 0, "nodes": {"api": {"servers": 0}, "x y": 1}}));
    assert_eq!(found.len(), 4, "{found:?}");
    let many: serde_json::Map<_, _> = (0..150).map(|n| (format!("f{n}"), json!(1))).collect();
    assert_eq!(problems(&json!({"faults": many})).len(), 100);
}
