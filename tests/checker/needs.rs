//! What is refused because it means nothing without something else, at the start and by a switch.

use super::{problems, refused};
use serde_json::{Value, json};

/// The patch as a switch of the good scenario.
fn by_switch(patch: &Value) -> Value {
    json!({"toggles": {"t": {"name": {"en": "t"}, "help": {"en": "t"}, "patch": patch}}})
}

#[test]
fn somebody_takes_the_messages() {
    refused(
        json!({"nodes": {"q": {"kind": "queue"}}}),
        "nodes.q: nobody takes messages from it: a service does by `consumes`",
    );
}

#[test]
fn a_promotion_needs_somebody_to_promote() {
    let db = |more: Value| json!({"nodes": {"db": more}});
    let alone =
        "nodes.db.failover: there is 1 server, and nobody to promote: add replicas or a standby";
    refused(db(json!({"failover": {}})), alone);
    refused(by_switch(&db(json!({"failover": {}}))), &format!("toggles.t.patch.{alone}"));
    for others in [json!({"replicas": 1}), json!({"standby": {"kind": "cold"}})] {
        let mut db = db(others);
        db["nodes"]["db"]["failover"] = json!({});
        assert_eq!(problems(&db), [""; 0]);
    }
}

#[test]
fn a_governor_and_wrong_figures_are_about_an_autoscaler() {
    let api = |more: Value| json!({"nodes": {"api": more}});
    let nothing = "nodes.api.governor: slows an autoscaler down, but there is none";
    refused(api(json!({"governor": {}})), nothing);
    refused(by_switch(&api(json!({"governor": {}}))), &format!("toggles.t.patch.{nothing}"));
    let scaled = json!({"governor": {}, "cores": 2, "autoscaler": {}});
    assert_eq!(problems(&api(scaled.clone())), [""; 0]);
    for effect in [json!({"kind": "stale"}), json!({"kind": "misread", "factor": 0.5})] {
        let fault = json!({"at_s": 1, "target": "api", "effect": effect});
        let blind = "faults.blind.target: \"api\" has no autoscaler that could misread";
        refused(json!({"faults": {"blind": fault}}), blind);
        let both = json!({"nodes": {"api": scaled}, "faults": {"blind": fault}});
        assert_eq!(problems(&both), [""; 0]);
    }
}

#[test]
fn canaries_go_before_others() {
    let canaries = |servers: u32| {
        json!({"nodes": {"api": {
            "releases": {"new": {}}, "rollout": {"canary": {"servers": servers}},
        }}})
    };
    assert_eq!(problems(&canaries(1)), [""; 0]);
    refused(
        canaries(2),
        "nodes.api.rollout.canary.servers: 2 would be all servers: there are 2, and some are to wait",
    );
}

#[test]
fn a_share_is_never_more_than_everything() {
    let alarm = |of: &str, metric: &str, above: f64| {
        let alarm = json!({"of": of, "metric": metric, "above": above});
        json!({"nodes": {"watch": {"kind": "monitor", "alarms": {"a": alarm}}}})
    };
    assert_eq!(problems(&alarm("db", "queue", 90.0)), [""; 0]);
    assert_eq!(problems(&alarm("db", "threads", 0.9)), [""; 0]);
    refused(
        alarm("db", "threads", 90.0),
        "nodes.watch.alarms.a.above: 90 is never exceeded: it goes from 0 to 1",
    );
}

#[test]
fn a_database_moves_to_one_that_stays_and_that_nobody_else_fills() {
    let database = |to: Value| {
        let cost = json!({"dist": "constant", "ms": 1});
        json!({
            "kind": "database", "tables": {"t": {"rows": 10}}, "migration": to,
            "queries": {"find": {"cost": cost}},
        })
    };
    let to = |name: &str| database(json!({"to": name}));
    let chain = json!({"nodes": {"a": to("b"), "b": to("c"), "c": database(Value::Null)}});
    refused(chain, "nodes.a.migration.to: \"b\" moves, too: let one of them end first");
    let there_and_back = json!({"nodes": {"a": to("b"), "b": to("a")}});
    assert_eq!(problems(&there_and_back).len(), 2);
    let merged = json!({"nodes": {"a": to("c"), "b": to("c"), "c": database(Value::Null)}});
    refused(merged, "nodes.b.migration.to: \"c\" gets the table \"t\" from \"a\" already");
}
