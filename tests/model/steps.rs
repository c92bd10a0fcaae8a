//! Steps: calls that few make, quorums, recorded answers.

use crate::story::{Story, clockwork, cpu, run, run_switched, service, with};
use brownout::observation::{Cause, Observation, Outcome};
use serde_json::{Value, json};

fn replay(answers: Value, after_last: &str) -> Value {
    json!({"do": "replay", "answers": answers, "after_last": after_last})
}

#[test]
fn recorded_answers_come_in_their_order_on_whatever_server() {
    let story = |after_last| {
        let answers = json!([{"ms": 5.0}, {"ms": 1.0, "ok": false}, {"ms": 0.0}]);
        let nodes = json!({
            "users": clockwork(100.0, 7, json!({"to": "q"})),
            "q": with(service(1, json!([replay(answers, after_last)])), json!({"servers": 3})),
        });
        run(1.0, nodes, json!({})).requests()
    };
    let (five, fails, none) = ((Outcome::Ok, 5.0), (Outcome::Failed, 1.0), (Outcome::Ok, 0.0));
    assert_eq!(story("repeat"), [five, fails, none, five, fails, none, five]);
    assert_eq!(story("last"), [five, fails, none, none, none, none, none]);
    assert_eq!(story("ok"), [five, fails, none, none, none, none, none]);
}

#[test]
fn a_recording_goes_on_where_it_was_when_it_is_edited() {
    let steps = |answers| json!([replay(answers, "last")]);
    let nodes = json!({
        "users": clockwork(100.0, 4, json!({"to": "q"})),
        "q": service(1, steps(json!([{"ms": 1.0}, {"ms": 2.0}, {"ms": 3.0}, {"ms": 4.0}]))),
    });
    let edit = json!({"nodes": {"q": {"endpoints": {"work": {
        "steps": steps(json!([{"ms": 5.0}, {"ms": 6.0}, {"ms": 7.0}])),
    }}}}});
    let story = run_switched(1.0, json!({"nodes": nodes}), &[(0.015, edit)]);
    let took: Vec<f64> = story.requests().into_iter().map(|(_, took)| took).collect();
    assert_eq!(took, [1.0, 2.0, 7.0, 7.0]);
}

#[test]
fn a_slow_server_takes_longer_over_recorded_answers_too() {
    let nodes = json!({
        "users": clockwork(100.0, 1, json!({"to": "q"})),
        "q": service(1, json!([replay(json!([{"ms": 10.0, "ok": false}]), "ok")])),
    });
    let slow = json!({"slow": {
        "at_s": 0.004, "target": "q", "effect": {"kind": "slow", "factor": 2.0},
    }});
    assert_eq!(run(1.0, nodes, slow).requests(), [(Outcome::Failed, 16.0)]);
}

#[test]
fn only_some_requests_make_a_call_and_always_the_same_ones() {
    let callers = |ratio: f64| {
        let nodes = json!({
            "users": clockwork(1_000.0, 2_000, json!({"to": "q"})),
            "q": with(
                service(10, json!([{"do": "call", "call": "db", "ratio": ratio}])),
                json!({"calls": {"db": {"to": "db"}}}),
            ),
            "db": service(10, json!([cpu(3.0)])),
        });
        let requests = run(3.0, nodes, json!({})).requests();
        assert_eq!(requests.len(), 2_000);
        // At this pace nobody overtakes by more than three; who calls takes 3 ms.
        requests.iter().filter(|(_, took)| *took == 3.0).count()
    };
    assert_eq!(callers(0.0), 0);
    assert_eq!(callers(1.0), 2_000);
    // Five standard deviations of a binomial count.
    assert!(callers(0.4).abs_diff(800) < 110, "{}", callers(0.4));
}

/// A service that asks replicas of 10, 20 and 30 ms at once; the one of 20 ms has `second`'s answer.
fn quorum(step: Value, second: bool, cancel: &str) -> Story {
    let call = |to: &str| json!({"to": to, "cancel": cancel, "latency_ms": 1.0});
    let step = with(json!({"do": "parallel", "calls": ["a", "b", "c"]}), step);
    let answer =
        |ms: f64, ok: bool| service(9, json!([replay(json!([{"ms": ms, "ok": ok}]), "last")]));
    let nodes = json!({
        "users": clockwork(10.0, 1, json!({"to": "q"})),
        "q": with(
            service(1, json!([step, cpu(1.0)])),
            json!({"calls": {"a": call("a"), "b": call("b"), "c": call("c")}}),
        ),
        "a": answer(10.0, true),
        "b": answer(20.0, second),
        "c": answer(30.0, true),
    });
    run(1.0, nodes, json!({}))
}

#[test]
fn a_quorum_waits_for_as_many_good_answers_as_it_needs() {
    let took = |step, second| quorum(step, second, "none").requests();
    assert_eq!(took(json!({}), true), [(Outcome::Ok, 33.0)]);
    assert_eq!(took(json!({"needs": 1}), true), [(Outcome::Ok, 13.0)]);
    assert_eq!(took(json!({"needs": 2}), true), [(Outcome::Ok, 23.0)]);
    // One bad answer of three: two good ones come with the third, three never do.
    assert_eq!(took(json!({"needs": 2}), false), [(Outcome::Ok, 33.0)]);
    assert_eq!(took(json!({"needs": 3}), false), [(Outcome::Failed, 22.0)]);
    assert_eq!(took(json!({}), false), [(Outcome::Failed, 32.0)]);
}

#[test]
fn answers_that_nobody_needs_any_more_are_wasted_or_cancelled() {
    let wasted = |cancel| {
        let story = quorum(json!({"needs": 1}), true, cancel);
        story.moments(|o| matches!(o, Observation::WorkEnded { wasted: true, .. }))
    };
    assert_eq!(wasted("none"), [21.0, 31.0]);
    assert_eq!(wasted("running"), [12.0, 12.0]);
    // Nobody gave up on them: others were faster.
    let story = quorum(json!({"needs": 1}), true, "none");
    assert_eq!(story.count(|o| matches!(o, Observation::AttemptOutrun { .. })), 2);
    let timed_out =
        |o: &Observation| matches!(o, Observation::AttemptEnded { outcome: Outcome::TimedOut, .. });
    assert_eq!(story.count(timed_out), 0);
}

#[test]
fn every_call_of_a_parallel_step_is_made_so_many_times() {
    let story = quorum(json!({"times": 4, "needs": 8}), true, "none");
    assert_eq!(story.requests(), [(Outcome::Ok, 23.0)]);
    assert_eq!(story.count(|o| matches!(o, Observation::AttemptSent { .. })), 13);
}

#[test]
fn calls_that_are_refused_at_once_spoil_a_quorum_at_once() {
    let nodes = |needs: u32| {
        let bulkhead = json!({"max_concurrent_calls": 2, "max_wait_duration_ms": 0.0});
        json!({
            "users": clockwork(10.0, 1, json!({"to": "q"})),
            "q": with(
                service(1, json!([
                    {"do": "parallel", "calls": ["db"], "times": 5, "needs": needs}, cpu(1.0),
                ])),
                json!({"calls": {"db": {"to": "db", "bulkhead": bulkhead}}}),
            ),
            "db": service(9, json!([cpu(10.0)])),
        })
    };
    assert_eq!(run(1.0, nodes(2), json!({})).requests(), [(Outcome::Ok, 11.0)]);
    let refused = Outcome::Rejected(Cause::Bulkhead);
    assert_eq!(run(1.0, nodes(3), json!({})).requests(), [(refused, 0.0)]);
}

fn wait(ms: f64) -> Value {
    json!({"do": "wait", "time": {"dist": "constant", "ms": ms}})
}

#[test]
fn who_writes_a_row_that_somebody_else_has_written_since_fails() {
    let (read, commit) =
        (json!({"do": "read", "row": "seats"}), json!({"do": "commit", "row": "seats"}));
    let story = |steps: Value| {
        let nodes = json!({
            "users": clockwork(200.0, 4, json!({"to": "q"})),
            "q": with(service(9, steps), json!({"servers": 2})),
        });
        run(1.0, nodes, json!({})).requests()
    };
    let (well, fails) = ((Outcome::Ok, 8.0), (Outcome::Failed, 8.0));
    // They read at 0, 5, 10, 15 and write 8 ms later: the second one's row is written in between, and
    // so is the fourth one's, whereas the third one reads what the first has written.
    let steps = json!([read, wait(8.0), commit]);
    assert_eq!(story(steps), [well, fails, well, fails]);
    // Other rows do not matter, and a request may write what it has itself written.
    let other = json!([read, {"do": "read", "row": "other"}, wait(8.0), commit]);
    assert_eq!(story(other), [well, fails, well, fails]);
    let twice = json!([read, commit, wait(4.0), commit]);
    assert_eq!(story(twice), [(Outcome::Ok, 4.0); 4]);
    // Who reads again starts afresh.
    assert_eq!(story(json!([read, wait(8.0), read, commit])), [well; 4]);
}

#[test]
fn a_row_stays_written_when_its_servers_crash() {
    let steps = json!([{"do": "read", "row": "r"}, wait(8.0), {"do": "commit", "row": "r"}]);
    let nodes = json!({
        "users": clockwork(200.0, 2, json!({"to": "q"})),
        "q": with(service(9, steps), json!({"servers": 2, "boot_s": 0.0})),
    });
    let crash =
        json!({"at_s": 0.009, "for_s": 0.001, "target": "q#0", "effect": {"kind": "crash"}});
    let outcomes = run(1.0, nodes, json!({"crash": crash})).outcomes();
    assert_eq!(outcomes, [Outcome::Ok, Outcome::Failed]);
}

#[test]
fn jitter_is_drawn_for_each_message_and_delays_nobody_else() {
    let took = |jitter: Value| {
        let call = json!({"to": "q", "latency_ms": 2.0, "latency_jitter": jitter});
        let nodes = json!({
            "users": clockwork(10.0, 50, call), "q": service(9, json!([cpu(5.0)])),
        });
        let requests = run(9.0, nodes, json!({})).requests();
        requests.into_iter().map(|(_, took)| took).collect::<Vec<f64>>()
    };
    assert_eq!(took(Value::Null), vec![9.0; 50]);
    assert_eq!(took(json!({"dist": "constant", "ms": 3.0})), vec![15.0; 50]);
    let uniform = took(json!({"dist": "uniform", "min_ms": 0.0, "max_ms": 10.0}));
    assert!(uniform.iter().all(|took| (9.0..29.0).contains(took)));
    // A sum of two draws: hardly any two are alike, and some are beyond what one draw could do.
    assert!(uniform.iter().any(|took| *took > 19.0) && uniform.iter().any(|took| *took < 19.0));
}
