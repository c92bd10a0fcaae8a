//! Records: what is stored, lost, or there twice.

use crate::story::{Story, clockwork, cpu, run, service, with};
use brownout::observation::{Observation, Outcome};
use serde_json::{Value, json};

/// A database that stores records in so many milliseconds.
pub fn store(ms: f64, more: Value) -> Value {
    let query = json!({"cost": {"dist": "constant", "ms": ms}, "stores": "event"});
    json!({"kind": "database", "queries": {"insert": with(query, more)}})
}

/// A service that makes the call that must not get lost.
pub fn sender(call: Value, more: Value) -> Value {
    let steps = json!([{"do": "spool", "call": "save"}]);
    with(with(service(10, steps), json!({"calls": {"save": call}})), more)
}

/// How many records were born, stored, lost, duplicated and ignored.
pub fn fates(story: &Story) -> [usize; 5] {
    use Observation as O;
    [
        story.count(|o| matches!(o, O::RecordBorn { .. })),
        story.count(|o| matches!(o, O::RecordStored { .. })),
        story.count(|o| matches!(o, O::RecordLost { .. })),
        story.count(|o| matches!(o, O::RecordDuplicated { .. })),
        story.count(|o| matches!(o, O::RecordIgnored { .. })),
    ]
}

fn crash(at_s: f64, for_s: f64, target: &str) -> Value {
    json!({"crash": {"at_s": at_s, "for_s": for_s, "target": target, "effect": {"kind": "crash"}}})
}

#[test]
fn what_is_not_stored_is_lost() {
    let nodes = json!({
        "users": clockwork(100.0, 4, json!({"to": "api"})),
        "api": sender(json!({"to": "db"}), json!({})),
        "db": with(store(1.0, json!({})), json!({"boot_s": 0.0})),
    });
    let story = run(1.0, nodes, crash(0.005, 0.01, "db"));
    use Outcome::{Failed, Ok};
    assert_eq!(story.outcomes(), [Ok, Failed, Ok, Ok]);
    assert_eq!(fates(&story), [4, 3, 1, 0, 0]);
}

#[test]
fn a_job_stores_though_its_caller_has_given_up_and_a_retry_stores_again() {
    let call = json!({"to": "db", "timeout_ms": 5.0, "retry": {
        "max_attempts": 2, "wait_duration_ms": 1.0,
    }});
    let nodes = |unique: bool| {
        json!({
            "users": clockwork(10.0, 1, json!({"to": "api"})),
            "api": sender(call.clone(), json!({})),
            "db": store(20.0, json!({"unique": unique})),
        })
    };
    let story = run(1.0, nodes(false), json!({}));
    assert_eq!(story.outcomes(), [Outcome::Failed]);
    assert_eq!(fates(&story), [1, 1, 0, 1, 0]);
    let story = run(1.0, nodes(true), json!({}));
    assert_eq!(fates(&story), [1, 1, 0, 0, 1]);
}

#[test]
fn a_job_that_is_cancelled_does_not_store() {
    let call = json!({"to": "db", "timeout_ms": 5.0, "cancel": "running"});
    let nodes = json!({
        "users": clockwork(10.0, 1, json!({"to": "api"})),
        "api": sender(call, json!({})),
        "db": store(20.0, json!({})),
    });
    assert_eq!(fates(&run(1.0, nodes, json!({}))), [1, 0, 1, 0, 0]);
}

#[test]
fn a_refresh_is_the_same_request() {
    let users = with(
        clockwork(10.0, 1, json!({"to": "api", "timeout_ms": 5.0})),
        json!({"refresh": {"probability": 1.0, "delay": {"dist": "constant", "ms": 50.0}, "max_refreshes": 1}}),
    );
    let nodes = |unique: bool| {
        json!({
            "users": users,
            "api": sender(json!({"to": "db"}), json!({})),
            "db": store(20.0, json!({"unique": unique})),
        })
    };
    assert_eq!(fates(&run(1.0, nodes(false), json!({}))), [2, 1, 0, 1, 0]);
    assert_eq!(fates(&run(1.0, nodes(true), json!({}))), [2, 1, 0, 0, 1]);
}

#[test]
fn a_record_goes_along_all_calls_and_is_lost_when_the_last_who_had_it_is_gone() {
    let middle = json!([cpu(10.0), {"do": "call", "call": "db"}]);
    let nodes = json!({
        "users": clockwork(10.0, 1, json!({"to": "api"})),
        "api": sender(json!({"to": "middle", "timeout_ms": 5.0}), json!({})),
        "middle": with(service(10, middle), json!({"calls": {"db": {"to": "db"}}})),
        "db": store(10.0, json!({})),
    });
    let story = run(1.0, nodes.clone(), json!({}));
    assert_eq!(story.outcomes(), [Outcome::Failed]);
    assert_eq!(fates(&story), [1, 1, 0, 0, 0]);
    // It dies with the last job that carries it.
    let story = run(1.0, nodes, crash(0.015, 0.1, "db"));
    assert_eq!(fates(&story), [1, 0, 1, 0, 0]);
    assert_eq!(story.moments(|o| matches!(o, Observation::RecordLost { .. })), [15.0]);
}

#[test]
fn each_store_and_each_name_has_a_record_once() {
    let queries = json!({"queries": {
        "insert": {"cost": {"dist": "constant", "ms": 1.0}, "stores": "event"},
        "count": {"cost": {"dist": "constant", "ms": 1.0}, "stores": "count"},
        "audit": {"cost": {"dist": "constant", "ms": 1.0}, "stores": "event"},
    }});
    let steps = json!([{"do": "spool", "call": "save"}, {"do": "parallel", "calls": ["count", "other"]},
        {"do": "call", "call": "audit"}]);
    let calls = json!({"calls": {
        "save": {"to": "db.insert"}, "count": {"to": "db.count"}, "audit": {"to": "db.audit"},
        "other": {"to": "copy"},
    }});
    let nodes = json!({
        "users": clockwork(10.0, 2, json!({"to": "api"})),
        "api": with(service(10, steps), calls),
        "db": with(store(1.0, json!({})), queries),
        "copy": store(1.0, json!({})),
    });
    assert_eq!(fates(&run(1.0, nodes, json!({}))), [2, 6, 0, 2, 0]);
}

#[test]
fn a_message_that_never_arrives_takes_its_copy_with_it() {
    let nodes = json!({
        "users": clockwork(10.0, 2, json!({"to": "api"})),
        "api": sender(json!({"to": "db", "timeout_ms": 5.0}), json!({})),
        "db": store(1.0, json!({})),
    });
    let cut = json!({"cut": {
        "at_s": 0.05, "target": "api.save", "effect": {"kind": "packet_loss", "ratio": 1.0},
    }});
    // TCP gives up after a quarter of an hour; until then the record may still come.
    assert_eq!(fates(&run(100.0, nodes.clone(), cut.clone())), [2, 1, 0, 0, 0]);
    assert_eq!(fates(&run(1_000.0, nodes, cut)), [2, 1, 1, 0, 0]);
}
