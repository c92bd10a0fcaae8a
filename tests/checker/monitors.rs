//! What is refused of monitors and their alarms.

use super::{problems, refused};
use serde_json::{Value, json};

fn monitor(more: Value) -> Value {
    let mut watch = json!({"kind": "monitor", "calls": {"test": {"to": "api"}}});
    for (key, value) in more.as_object().expect("fields") {
        watch[key] = value.clone();
    }
    json!({"nodes": {"watch": watch}})
}

fn alarm(of: &str, metric: &str) -> Value {
    monitor(json!({"alarms": {"a": {"of": of, "metric": metric}}}))
}

#[test]
fn what_is_in_order_is_taken() {
    for patch in [
        monitor(json!({})),
        monitor(json!({"filter": {}, "check_every_s": 5})),
        monitor(json!({"calls": {"test": {"to": "lb"}, "store": {"to": "db"}}})),
        alarm("api", "api_error"),
        alarm("api.page", "api_error"),
        alarm("api.web", "threads"),
        alarm("db", "queue"),
        alarm("test", "test_failed"),
        alarm("db", "down"),
    ] {
        assert_eq!(problems(&patch), [""; 0], "{patch}");
    }
}

#[test]
fn alarms_look_at_what_is_there() {
    let of = |wanted: &str| format!("nodes.watch.alarms.a.of: {wanted}");
    for (patch, wanted) in [
        (alarm("apo", "cpu"), of("\"apo\" is unknown; did you mean \"api\"?")),
        (alarm("lb", "down"), of("\"lb\" is no service, database or queue")),
        (alarm("api.pag", "api_error"), of("\"pag\" is unknown; did you mean \"page\"?")),
        (alarm("api.page", "queue"), of("\"page\" is unknown; did you mean \"spare\"?")),
        (alarm("api.web", "down"), of("\"web\" names a part, but the metric has none")),
        (alarm("api", "test_failed"), of("\"api\" is unknown: there are \"test\"")),
        (
            alarm("api", "memory"),
            "nodes.watch.alarms.a.metric: \"api\" has no memory to look at".to_owned(),
        ),
        (
            monitor(json!({"alarms": {"test": {"of": "api", "metric": "down"}}})),
            "nodes.watch.alarms.test: \"test\" is the name of a call, too: figures go by names"
                .to_owned(),
        ),
    ] {
        refused(patch, &wanted);
    }
}

#[test]
fn nobody_calls_a_monitor_or_hits_it() {
    let mut patch = monitor(json!({}));
    patch["nodes"]["api"] = json!({"calls": {"db": {"to": "watch"}}});
    refused(patch, "nodes.api.calls.db.to: \"watch\" is a monitor, which nobody calls");
    let mut patch = monitor(json!({}));
    patch["faults"] = json!({"f": {"at_s": 5, "target": "watch", "effect": {"kind": "crash"}}});
    let stations = "it hits services, databases, their servers and groups of them";
    refused(patch, &format!("faults.f.target: \"watch\" cannot suffer \"crash\": {stations}"));
}
