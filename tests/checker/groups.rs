//! What is refused of groups.

use super::{problems, refused};
use serde_json::{Value, json};

fn group(members: Value) -> Value {
    json!({"groups": {"rack": {"members": members}}})
}

fn aimed(members: Value, effect: Value) -> Value {
    json!({
        "groups": {"rack": {"members": members}},
        "faults": {"f": {"at_s": 5, "target": "rack", "effect": effect}},
    })
}

#[test]
fn what_is_in_order_is_taken() {
    let unreachable = || json!({"kind": "unreachable"});
    for patch in [
        group(json!(["api", "db#0"])),
        aimed(json!(["api#1", "db"]), unreachable()),
        aimed(json!(["api#1", "db"]), json!({"kind": "crash"})),
        aimed(json!(["api", "db"]), json!({"kind": "packet_loss", "ratio": 0.1})),
        json!({"faults": {"f": {"at_s": 5, "target": "api.db", "effect": unreachable()}}}),
    ] {
        assert_eq!(problems(&patch), [""; 0], "{patch}");
    }
}

#[test]
fn members_exist_and_have_servers() {
    for (members, wanted) in [
        (json!([]), "groups.rack.members: 0 entries are too few: at least 1"),
        (json!(["dbb"]), "groups.rack.members.0: \"dbb\" is unknown; did you mean \"db\"?"),
        (json!(["db", "lb"]), "groups.rack.members.1: \"lb\" has no servers"),
        (json!(["users"]), "groups.rack.members.0: \"users\" has no servers"),
        (json!(["api.db"]), "groups.rack.members.0: \"api.db\" has no servers"),
        (json!(["api#2"]), "groups.rack.members.0: \"2\" is no server: from 0 to 1"),
        (json!(["db", "db"]), "groups.rack.members.1: \"db\" is a member already"),
    ] {
        refused(group(members), wanted);
    }
    refused(
        json!({"groups": {"db": {"members": ["api"]}}}),
        "groups.db: \"db\" is the name of a node, too: faults go by names",
    );
}

#[test]
fn what_concerns_calls_needs_whole_nodes() {
    let wanted = "faults.f.target: \"rack\" cannot suffer \"latency\": it hits services, databases, \
                  groups of them, balancers and calls";
    refused(aimed(json!(["api#0"]), json!({"kind": "latency", "added_ms": 2})), wanted);
    let wanted = "faults.f.target: \"users\" cannot suffer \"unreachable\": it hits services, \
                  databases, their servers, groups of them and calls";
    let effect = json!({"kind": "unreachable"});
    refused(json!({"faults": {"f": {"at_s": 5, "target": "users", "effect": effect}}}), wanted);
    let wanted = "faults.f.target: \"rak\" is unknown; did you mean \"rack\"?";
    let mut patch = aimed(json!(["db"]), json!({"kind": "crash"}));
    patch["faults"]["f"]["target"] = json!("rak");
    refused(patch, wanted);
}
