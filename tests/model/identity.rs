//! Logins: own tokens, the identity provider, and the auth mode that does without it.

use crate::story::{Story, clockwork, cpu, run, run_switched, service, with};
use brownout::observation::{Login, Observation, Outcome};
use serde_json::{Value, json};

/// One login a second, with users of so many, at a service of so many servers whose provider takes 10 ms.
fn nodes(users: u64, servers: u32, identity: Value, call: Value) -> Value {
    let identity = with(
        json!({"users": {"set": "users", "count": users}, "token_lifetime_s": 5.0,
            "valid_at_start_ratio": 0.0}),
        identity,
    );
    let call = with(json!({"to": "idp"}), call);
    json!({
        "users": clockwork(1.0, 20, json!({"to": "lb"})),
        "lb": {"kind": "balancer", "to": "auth"},
        "auth": with(service(10, json!([{"do": "login", "call": "idp"}])),
            json!({"servers": servers, "identity": identity, "calls": {"idp": call}})),
        "idp": service(10, json!([cpu(10.0)])),
    })
}

fn logins(story: &Story) -> Vec<Result<Login, bool>> {
    story.told(|o| match o {
        Observation::LoggedIn { login, .. } => Some(Ok(*login)),
        Observation::LoginFailed { new_user, .. } => Some(Err(*new_user)),
        _ => None,
    })
}

fn count(story: &Story, login: Result<Login, bool>) -> usize {
    logins(story).into_iter().filter(|found| *found == login).count()
}

fn modes(story: &Story) -> Vec<(f64, u32, bool)> {
    story.told_at(|o| match o {
        Observation::AuthModeChanged { server, alone, .. } => Some((*server, *alone)),
        _ => None,
    })
}

fn down(at_s: f64, for_s: f64) -> Value {
    json!({"down": {"at_s": at_s, "for_s": for_s, "target": "idp", "effect": {"kind": "freeze"}}})
}

#[test]
fn the_provider_is_asked_when_the_own_token_has_expired_and_all_servers_share_it() {
    // One user, one login a second, tokens of five seconds: issued 10 ms after 0, 6, 12 and 18 s.
    let story = run(30.0, nodes(1, 3, json!({}), json!({})), json!({}));
    assert_eq!(count(&story, Ok(Login::Renewed)), 4);
    assert_eq!(count(&story, Ok(Login::Token)), 16);
    let asked = |o: &Observation| matches!(o, Observation::AttemptSent { edge, .. } if edge.0 == 1);
    assert_eq!(story.moments(asked), [0.0, 6_000.0, 12_000.0, 18_000.0]);
    let times: Vec<f64> = story.requests().into_iter().map(|(_, ms)| ms).collect();
    assert_eq!(times[..7], [10.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0]);
}

#[test]
fn first_tokens_are_as_old_as_chance_wants() {
    let all_valid = json!({"valid_at_start_ratio": 1.0, "token_lifetime_s": 40.0});
    let story = run(30.0, nodes(1_000_000, 1, all_valid, json!({})), json!({}));
    // Of those who come after s seconds, s in forty have expired: a quarter of twenty on average.
    let expired = count(&story, Ok(Login::Renewed));
    assert!((1..=9).contains(&expired), "{expired}");
    let none_valid = json!({"valid_at_start_ratio": 0.0});
    let story = run(30.0, nodes(1_000_000, 1, none_valid, json!({})), json!({}));
    assert_eq!(count(&story, Ok(Login::Renewed)), 20);
}

#[test]
fn without_the_switch_expired_tokens_fail_with_their_provider() {
    let story = run(30.0, nodes(1, 1, json!({}), json!({"timeout_ms": 100})), down(5.5, 10.0));
    // At 6 … 15 s nobody answers; at 16 s the provider does.
    let failed: Vec<bool> = story.outcomes().iter().map(|o| *o == Outcome::Failed).collect();
    assert_eq!(failed.iter().position(|failed| *failed), Some(6));
    assert_eq!(count(&story, Err(false)), 10);
    assert_eq!(modes(&story), []);
}

#[test]
fn the_mode_switches_by_itself_and_back_with_a_probe() {
    let alone = json!({"renew_without_provider": {"failures": 2, "probe_every_ms": 3_000}});
    let users = json!({"token_lifetime_s": 0.5});
    let nodes = nodes(1, 1, with(alone, users), json!({"timeout_ms": 100}));
    let story = run(30.0, nodes, down(5.5, 10.0));
    // The logins at 6 and 7 s fail; with the second one, the mode switches and the token is renewed.
    assert_eq!(count(&story, Err(false)), 1);
    assert_eq!(count(&story, Ok(Login::RenewedAlone)), 10);
    assert_eq!(story.outcomes()[6..9], [Outcome::Failed, Outcome::Ok, Outcome::Ok]);
    // Probes at 11 and 14 s fail, but renew all the same; the provider answers the one at 17 s.
    assert_eq!(story.requests()[11], (Outcome::Ok, 100.0));
    assert_eq!(modes(&story), [(7_100.0, 0, true), (17_010.0, 0, false)]);
}

#[test]
fn a_mode_belongs_to_a_server() {
    let alone = json!({"renew_without_provider": {}, "token_lifetime_s": 0.5});
    let nodes = nodes(1, 2, alone, json!({"timeout_ms": 100}));
    let story = run(30.0, nodes, down(5.5, 10.0));
    let servers: Vec<u32> = modes(&story).into_iter().map(|(_, server, _)| server).collect();
    assert_eq!(servers, [0, 1, 0, 1]);
    assert_eq!(count(&story, Err(false)), 0);
}

#[test]
fn new_users_need_the_provider() {
    let alone = json!({"renew_without_provider": {}, "valid_at_start_ratio": 1.0});
    let mut nodes = nodes(1, 1, alone, json!({"timeout_ms": 100}));
    let class = json!({"share": 1.0, "call": "main", "new_users": true});
    nodes["users"]["classes"] = json!({"new": class});
    let story = run(30.0, nodes, down(5.5, 10.0));
    assert_eq!(count(&story, Err(true)), 10);
    assert_eq!(count(&story, Ok(Login::Created)), 10);
    // They are refused at once, except those that are probes.
    let times: Vec<f64> = story.requests().into_iter().map(|(_, ms)| ms).collect();
    assert_eq!(times[5..9], [10.0, 100.0, 0.0, 100.0]);
}

#[test]
fn a_crash_forgets_the_mode_but_not_the_tokens() {
    let alone = json!({"renew_without_provider": {"probe_every_ms": 1e6}, "token_lifetime_s": 3.5});
    let nodes = nodes(1, 1, alone, json!({"timeout_ms": 100}));
    let mut faults = down(0.5, 18.0);
    faults["crash"] =
        json!({"at_s": 6.5, "for_s": 0.1, "target": "auth", "effect": {"kind": "crash"}});
    let mut nodes = nodes;
    nodes["auth"]["boot_s"] = json!(0.1);
    let story = run(30.0, nodes, faults);
    // Issued at 0, renewed alone at 4.1 s; it is still valid at 7 s, after the crash.
    assert_eq!(logins(&story)[6..8], [Ok(Login::Token), Ok(Login::Token)]);
    let changed = modes(&story);
    assert_eq!(changed[..2], [(4_100.0, 0, true), (6_500.0, 0, false)]);
    assert_eq!(changed[2], (8_100.0, 0, true));
}

#[test]
fn the_switch_works_while_the_run_goes_on() {
    let nodes = nodes(1, 1, json!({"token_lifetime_s": 0.5}), json!({"timeout_ms": 100}));
    let on = json!({"nodes": {"auth": {"identity": {"renew_without_provider": {}}}}});
    let off = json!({"nodes": {"auth": {"identity": {"renew_without_provider": null}}}});
    let document = json!({"nodes": nodes, "faults": down(1.5, 100.0)});
    let story = run_switched(30.0, document, &[(5.5, on), (10.5, off)]);
    assert_eq!(modes(&story), [(6_100.0, 0, true), (10_500.0, 0, false)]);
    // Refused at 2 … 5 s and from 11 s on.
    assert_eq!(count(&story, Err(false)), 4 + 9);
    assert_eq!(count(&story, Ok(Login::RenewedAlone)), 5);
}
