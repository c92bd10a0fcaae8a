//! When requests arrive: batches, recordings, renewals, rates that jump, and limits.

use crate::story::{Story, cpu, run, run_switched, service, with};
use brownout::observation::Observation;
use serde_json::{Value, json};

fn users(arrivals: Value) -> Value {
    json!({"kind": "clients", "arrivals": arrivals, "calls": {"main": {"to": "q"}}})
}

fn nodes(users: Value) -> Value {
    json!({"users": users, "q": service(1, json!([cpu(10.0)]))})
}

fn started(story: &Story) -> Vec<f64> {
    story.moments(|o| matches!(o, Observation::RequestStarted { .. }))
}

#[test]
fn a_batch_comes_at_once_and_the_limit_cuts_it() {
    let arrivals = json!({
        "kind": "open", "rate_rps": 10.0, "process": "constant",
        "batch": {"kind": "fixed", "size": 3}, "max_requests": 7,
    });
    let story = run(10.0, nodes(users(arrivals)), json!({}));
    assert_eq!(started(&story), [0.0, 0.0, 0.0, 100.0, 100.0, 100.0, 200.0]);
    let responses: Vec<f64> = story.requests().iter().map(|(_, response)| *response).collect();
    assert_eq!(responses, [10.0, 20.0, 30.0, 10.0, 20.0, 30.0, 10.0]);
}

#[test]
fn a_recording_is_played_to_the_nanosecond_with_its_classes() {
    let arrivals = json!({
        "kind": "trace", "at_s": [0.0, 0.05, 0.05, 0.060000001, 99.0],
        "class": ["a", "b", "a", "b", "a"],
    });
    let classes = json!({"classes": {
        "a": {"share": 1.0, "call": "main"}, "b": {"share": 0.0, "call": "main"},
    }});
    let story = run(10.0, nodes(with(users(arrivals), classes)), json!({}));
    assert_eq!(started(&story), [0.0, 50.0, 50.0, 60.000001]);
    let classes = story.world.observer.0.iter().filter_map(|(_, o)| match o {
        Observation::RequestStarted { class, .. } => Some(class.0),
        _ => None,
    });
    assert_eq!(classes.collect::<Vec<_>>(), [0, 1, 0, 1]);
}

#[test]
fn who_refreshes_stays_in_the_class_of_the_recording() {
    let arrivals = json!({"kind": "trace", "at_s": [1.0], "class": ["b"]});
    let more = json!({
        "classes": {"a": {"share": 1.0, "call": "main"}, "b": {"share": 0.0, "call": "main"}},
        "refresh": {"probability": 1.0, "delay": {"dist": "constant", "ms": 100.0}, "max_refreshes": 2},
    });
    let steps = json!([{"do": "fail", "ratio": 1.0}]);
    let nodes = json!({"users": with(users(arrivals), more), "q": service(1, steps)});
    let story = run(10.0, nodes, json!({}));
    let classes = story.world.observer.0.iter().filter_map(|(_, o)| match o {
        Observation::RequestStarted { class, .. } => Some(class.0),
        _ => None,
    });
    assert_eq!(classes.collect::<Vec<_>>(), [1, 1, 1]);
}

#[test]
fn a_spike_plays_a_recording_and_renewals_faster() {
    let spike = json!({"f": {
        "at_s": 1.0, "for_s": 1.0, "target": "users", "effect": {"kind": "spike", "factor": 2.0},
    }});
    let moments: Vec<f64> = (1..=5).map(f64::from).collect();
    let expected = [1_000.0, 1_500.0, 2_000.0, 3_000.0, 4_000.0];
    let recording = users(json!({"kind": "trace", "at_s": moments}));
    assert_eq!(started(&run(4.5, nodes(recording), spike.clone())), expected);
    let every = json!({"dist": "constant", "ms": 1_000.0});
    let renewals = users(json!({"kind": "renewal", "interarrival": every}));
    assert_eq!(started(&run(4.5, nodes(renewals), spike)), expected);
}

#[test]
fn a_modulated_rate_starts_in_its_first_state_and_goes_round() {
    let document = |seed: u64| {
        let arrivals = json!({
            "kind": "modulated",
            "states": [{"rate_rps": 1_000.0, "mean_s": 1.0}, {"rate_rps": 0.0, "mean_s": 3.0}],
        });
        json!({"seed": seed, "nodes": {
            "users": users(arrivals), "q": service(1, json!([cpu(0.01)])),
        }})
    };
    let mut all = 0.0;
    for seed in 0..8 {
        let moments = started(&run_switched(400.0, document(seed), &[]));
        assert!(moments[0] < 20.0, "the first state is the busy one");
        let pauses = moments.windows(2).filter(|pair| pair[1] - pair[0] > 20.0).count();
        // About one round every 4 s, give or take five standard deviations.
        assert!((60..140).contains(&pauses), "{pauses}");
        all += moments.len() as f64;
    }
    // 250 rps on average. What a round of a busy time B and a pause I brings beyond that, 750 B − 250 I,
    // has a variance of 1.125e6; over 3200 s of rounds of 4 s that is a deviation of 30 000.
    assert!((all / 8.0 - 100_000.0).abs() < 5.0 * 30_000.0 / 8.0, "{all}");
}

#[test]
fn a_raised_limit_lets_users_come_again_without_catching_up() {
    for (arrivals, expected) in [
        (
            json!({"kind": "open", "rate_rps": 1.0, "process": "constant", "max_requests": 2}),
            vec![0.0, 1_000.0, 10_500.0, 11_500.0],
        ),
        (
            json!({
                "kind": "closed", "users": 1, "max_requests": 2,
                "think": {"dist": "constant", "ms": 990.0},
            }),
            vec![990.0, 1_990.0, 10_490.0, 11_490.0],
        ),
    ] {
        let document = json!({"nodes": nodes(users(arrivals))});
        let more = json!({"nodes": {"users": {"arrivals": {"max_requests": 4}}}});
        let story = run_switched(30.0, document, &[(9.5, more)]);
        assert_eq!(started(&story), expected);
    }
}

#[test]
fn refreshes_do_not_count_against_the_limit() {
    let arrivals = json!({
        "kind": "open", "rate_rps": 1.0, "process": "constant", "max_requests": 3,
    });
    let refresh = json!({"refresh": {
        "probability": 1.0, "delay": {"dist": "constant", "ms": 10.0}, "max_refreshes": 1,
    }});
    let steps = json!([{"do": "fail", "ratio": 1.0}]);
    let nodes = json!({"users": with(users(arrivals), refresh), "q": service(1, steps)});
    assert_eq!(started(&run(10.0, nodes, json!({}))).len(), 6);
}

#[test]
fn another_recording_goes_on_where_the_first_one_stands() {
    let document =
        json!({"nodes": nodes(users(json!({"kind": "trace", "at_s": [1.0, 2.0, 8.0]})))});
    let other = json!({"nodes": {"users": {"arrivals": {"at_s": [0.5, 2.5, 5.0, 6.0]}}}});
    let story = run_switched(30.0, document, &[(4.0, other)]);
    assert_eq!(started(&story), [1_000.0, 2_000.0, 5_000.0, 6_000.0]);
}
