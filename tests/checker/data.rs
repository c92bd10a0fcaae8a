//! What is refused of records, spools and queues.

use super::{problems, refused};
use serde_json::{Value, json};

fn queue() -> Value {
    json!({"kind": "queue"})
}

fn consumer(queue: &str, endpoint: &str) -> Value {
    json!({"work": {"queue": queue, "endpoint": endpoint}})
}

fn worker(steps: Value, calls: Value, consumes: Value) -> Value {
    json!({
        "kind": "service", "pools": {"web": {}}, "endpoints": {"work": {"steps": steps}},
        "calls": calls, "consumes": consumes,
    })
}

#[test]
fn what_is_in_order_is_taken() {
    let send = json!([{"do": "publish", "call": "send"}, {"do": "spool", "call": "send"}]);
    let patch = json!({"nodes": {
        "q": queue(),
        "sender": worker(send, json!({"send": {"to": "q.publish"}}), json!({})),
        "taker": worker(json!([]), json!({}), consumer("q", "work")),
        "db": {"queries": {"write": {"stores": "event", "unique": true}}},
    }});
    assert_eq!(problems(&patch), [""; 0]);
}

#[test]
fn a_unique_id_is_that_of_something_stored() {
    refused(
        json!({"nodes": {"db": {"queries": {"write": {"unique": true}}}}}),
        "nodes.db.queries.write.unique: is about what a query stores, but this one stores nothing",
    );
}

#[test]
fn queues_exist_and_messages_go_to_queues() {
    let taker = |queue_name: &str, endpoint: &str| {
        json!({"nodes": {
            "q": queue(),
            "taker": worker(json!([]), json!({}), consumer(queue_name, endpoint)),
        }})
    };
    refused(
        taker("db", "work"),
        "nodes.taker.consumes.work.queue: \"db\" is no queue: queues are \"q\"",
    );
    refused(
        taker("q", "wrk"),
        "nodes.taker.consumes.work.endpoint: \"wrk\" is unknown; did you mean \"work\"?",
    );
    let publish = json!([{"do": "publish", "call": "send"}]);
    refused(
        json!({"nodes": {"sender": worker(publish, json!({"send": {"to": "db"}}), json!({}))}}),
        "nodes.sender.endpoints.work.steps.0.call: \"send\" does not lead to a queue",
    );
    refused(
        json!({"nodes": {"q": queue(), "users": {"calls": {"page": {"to": "q.take"}}}}}),
        "nodes.users.calls.page.to: \"take\" is unknown: queues know \"publish\"",
    );
}

#[test]
fn a_message_must_not_bring_itself_about() {
    let publish = json!([{"do": "publish", "call": "send"}]);
    refused(
        json!({"nodes": {
            "q": queue(),
            "loop": worker(publish, json!({"send": {"to": "q"}}), consumer("q", "work")),
        }}),
        "nodes.loop.endpoints.work: calls go in a circle: q.publish → loop.work → q.publish",
    );
}
