//! What faults may hit.

use super::{problems, refused};
use serde_json::{Value, json};

#[test]
fn faults_hit_what_can_suffer_them() {
    let fault = |target: &str, effect: Value| json!({"faults": {"f": {"at_s": 5, "target": target, "effect": effect}}});
    let slow = || json!({"kind": "slow", "factor": 2});
    let stations = "it hits services, databases, their servers and groups of them";
    for (patch, wanted) in [
        (fault("dbb", slow()), "\"dbb\" is unknown; did you mean \"db\"?".to_owned()),
        (fault("api.d", slow()), "\"d\" is no call of \"api\"; did you mean \"db\"?".into()),
        (fault("api#2", slow()), "\"2\" is no server: from 0 to 1".into()),
        (fault("api#+1", slow()), "\"+1\" is no server: from 0 to 1".into()),
        (fault("db#1", slow()), "\"1\" is no server: from 0 to 0".into()),
        (fault("lb#0", slow()), "\"lb\" has no servers".into()),
        (fault("users", slow()), format!("\"users\" cannot suffer \"slow\": {stations}")),
        (
            fault("lb", json!({"kind": "crash"})),
            format!("\"lb\" cannot suffer \"crash\": {stations}"),
        ),
        (
            fault("api.db", json!({"kind": "freeze"})),
            format!("\"api.db\" cannot suffer \"freeze\": {stations}"),
        ),
        (
            fault("db", json!({"kind": "spike", "factor": 2})),
            "\"db\" cannot suffer \"spike\": it hits client populations".into(),
        ),
        (
            fault("api#0", json!({"kind": "latency", "added_ms": 2})),
            "\"api#0\" cannot suffer \"latency\": it hits services, databases, groups of them, balancers and calls"
                .into(),
        ),
    ] {
        refused(patch, &format!("faults.f.target: {wanted}"));
    }
    for (target, effect) in [
        ("api#1", slow()),
        ("db#0", slow()),
        ("api.db", json!({"kind": "packet_loss", "ratio": 0.1})),
        ("lb", json!({"kind": "latency", "added_ms": 2})),
        ("users", json!({"kind": "spike", "factor": 2})),
    ] {
        assert_eq!(problems(&fault(target, effect)), [""; 0], "{target}");
    }
}
