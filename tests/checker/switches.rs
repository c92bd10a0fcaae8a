//! What switches and interventions may change.

use super::good::document;
use super::refused;
use brownout::scenario::check;
use serde_json::json;

#[test]
fn switches_apply_alone_and_together_and_keep_the_wiring() {
    // Set, not merged: merging would take the nulls away.
    for (change, wanted) in [
        (
            json!({"name": {"en": "x"}}),
            "name: cannot be patched: a patch may change \"nodes\", \"faults\"",
        ),
        (
            json!({"nodes": {"api": {"pools": {"web": {"threds": 9}}}}}),
            "nodes.api.pools.web.threds: unknown field; did you mean \"threads\"?",
        ),
        (
            json!({"nodes": {"api": {"servers": 0}}}),
            "nodes.api.servers: 0 is out of range: from 1 to 1000",
        ),
        (
            json!({"nodes": {"lb": null}}),
            "nodes.users.calls.page.to: \"lb\" is unknown; did you mean \"db\"?",
        ),
        (
            json!({"nodes": {"db2": {"kind": "database", "queries": {"q": {"cost": {"dist": "constant", "ms": 1}}}}}}),
            "nodes.db2: cannot be added: the wiring of a run is fixed",
        ),
        (
            json!({"nodes": {"api": {"pools": {"spare": null}}}}),
            "nodes.api.pools.spare: cannot be removed: the wiring of a run is fixed",
        ),
        (
            json!({"nodes": {"api": {"calls": {"log": {"to": "db.read"}}}}}),
            "nodes.api.calls.log.to: cannot change: the wiring of a run is fixed",
        ),
        (
            json!({"nodes": {"api": {"endpoints": {"admin": {"steps": []}}}}}),
            "nodes.api.endpoints.admin.steps: cannot change: the wiring of a run is fixed",
        ),
        (
            json!({"nodes": {"api": {"endpoints": {"page": {"steps": [
                {"do": "cpu", "time": {"dist": "exponential", "mean_ms": 6}},
                {"do": "call", "call": "db", "ratio": 0.5},
                {"do": "parallel", "calls": ["log"], "times": 2, "needs": 1},
                {"do": "read", "row": "rows"},
            ]}}}}}),
            "nodes.api.endpoints.page.steps.3.row: cannot change: the wiring of a run is fixed",
        ),
        (
            json!({"nodes": {"users": {"arrivals": {"kind": "closed", "rate_rps": null,
                "users": 5, "think": {"dist": "constant", "ms": 5}}}}}),
            "nodes.users.arrivals.kind: cannot change: the wiring of a run is fixed",
        ),
    ] {
        let mut document = document();
        let steps = document["nodes"]["api"]["endpoints"]["page"]["steps"].as_array_mut();
        steps.expect("the steps of a page").push(json!({"do": "read", "row": "seats"}));
        document["toggles"]["more"]["patch"] = change;
        let problems = check(&document).expect_err("the switch is not in order");
        assert_eq!(problems[0].to_string(), format!("toggles.more.patch.{wanted}"));
    }
    refused(
        json!({"toggles": {"fewer": {"name": {"en": "x"}, "help": {"en": "x"},
            "patch": {"nodes": {"api": {"servers": 1}}}}},
            "interventions": {"later": {"patch": {"nodes": null, "faults": {"f": {"at_s": 40,
                "target": "api#1", "effect": {"kind": "crash"}}}}}}}),
        "toggles: with every switch on and after every intervention: faults.f.target: \"1\" is no \
         server: from 0 to 0",
    );
}
