//! Faults that come and go by themselves, and pauses of servers that have nothing to do.

use crate::story::{Story, clockwork, cpu, run, run_switched, service, with};
use brownout::observation::{Observation, Outcome};
use serde_json::{Value, json};

fn constant(seconds: f64) -> Value {
    json!({"dist": "constant", "ms": seconds * 1e3})
}

/// A fault that lets its target work for `up` seconds and be repaired for `down`.
fn recurring(at_s: f64, up: f64, down: f64, target: &str, effect: Value) -> Value {
    let recurs = json!({"up": constant(up), "down": constant(down)});
    json!({"at_s": at_s, "target": target, "effect": effect, "recurs": recurs})
}

fn servers(count: u32) -> Value {
    json!({
        "users": clockwork(1.0, 1, json!({"to": "q"})),
        "q": with(service(1, json!([cpu(1.0)])), json!({"servers": count, "boot_s": 0.0})),
    })
}

/// When servers went down and came up, in seconds, with their numbers.
fn downs_and_ups(story: &Story) -> [Vec<(f64, u32)>; 2] {
    let mut found = [Vec::new(), Vec::new()];
    for (at, observation) in &story.world.observer.0 {
        match observation {
            Observation::ServerDown { server, .. } => found[0].push((at.seconds(), *server)),
            Observation::ServerUp { server, .. } => found[1].push((at.seconds(), *server)),
            _ => {}
        }
    }
    found
}

#[test]
fn a_server_breaks_down_and_is_repaired_again_and_again() {
    let crash = recurring(10.0, 5.0, 2.0, "q", json!({"kind": "crash"}));
    let story = run(30.0, servers(1), json!({"f": crash}));
    let [downs, ups] = downs_and_ups(&story);
    assert_eq!(downs, [(15.0, 0), (22.0, 0), (29.0, 0)]);
    assert_eq!(ups, [(17.0, 0), (24.0, 0)]);
    // On the timeline it is one fault.
    assert_eq!(story.moments(|o| matches!(o, Observation::FaultStarted { .. })), [10_000.0]);
    assert_eq!(story.count(|o| matches!(o, Observation::FaultEnded { .. })), 0);
}

#[test]
fn one_crew_repairs_one_server_after_the_other() {
    let mut crash = recurring(0.0, 10.0, 3.0, "q", json!({"kind": "crash"}));
    crash["recurs"]["crews"] = json!(1);
    let story = run(25.0, servers(3), json!({"f": crash}));
    let [downs, ups] = downs_and_ups(&story);
    assert_eq!(downs, [(10.0, 0), (10.0, 1), (10.0, 2), (23.0, 0)]);
    assert_eq!(ups, [(13.0, 0), (16.0, 1), (19.0, 2)]);
}

#[test]
fn more_crews_take_up_who_waits_in_line_at_once() {
    let mut crash = recurring(0.0, 10.0, 3.0, "q", json!({"kind": "crash"}));
    crash["recurs"]["crews"] = json!(1);
    let document = json!({"nodes": servers(3), "faults": {"f": crash}});
    let more = json!({"faults": {"f": {"recurs": {"crews": 2}}}});
    let story = run_switched(20.0, document, &[(11.0, more)]);
    assert_eq!(downs_and_ups(&story)[1], [(13.0, 0), (14.0, 1), (16.0, 2)]);
}

#[test]
fn the_present_phase_ends_as_drawn_and_the_fault_ends_when_it_is_turned_away() {
    let crash = recurring(0.0, 10.0, 3.0, "q", json!({"kind": "crash"}));
    let document = json!({"nodes": servers(1), "faults": {"f": crash}});
    let faster = json!({"faults": {"f": {"recurs": {"up": constant(1.0), "down": constant(1.0)}}}});
    let away = json!({"faults": {"f": null}});
    let story = run_switched(40.0, document, &[(5.0, faster), (12.5, away)]);
    let [downs, ups] = downs_and_ups(&story);
    assert_eq!(downs, [(10.0, 0), (12.0, 0)]);
    assert_eq!(ups, [(11.0, 0), (12.5, 0)]);
}

#[test]
fn a_server_that_comes_later_has_a_clock_of_its_own() {
    let crash = recurring(0.0, 10.0, 5.0, "q", json!({"kind": "crash"}));
    let document = json!({"nodes": servers(1), "faults": {"f": crash}});
    let two = json!({"nodes": {"q": {"servers": 2}}});
    let one = json!({"nodes": {"q": {"servers": 1}}});
    let story = run_switched(29.0, document, &[(4.0, two), (16.0, one)]);
    let [downs, ups] = downs_and_ups(&story);
    // The second is taken away while it is broken, and nobody repairs it.
    assert_eq!(downs, [(10.0, 0), (14.0, 1), (25.0, 0)]);
    assert_eq!(ups, [(4.0, 1), (15.0, 0)]);
}

#[test]
fn a_standstill_that_recurs_resumes_the_work_where_it_was() {
    let nodes = json!({
        "users": clockwork(1.0, 1, json!({"to": "q"})),
        "q": service(1, json!([cpu(10_000.0)])),
    });
    let freeze = recurring(0.0, 3.0, 1.0, "q#0", json!({"kind": "freeze"}));
    // Three standstills of 1 s, after 3 s of work each.
    let story = run(60.0, nodes, json!({"f": freeze}));
    assert_eq!(story.requests(), [(Outcome::Ok, 13_000.0)]);
}

#[test]
fn a_spike_and_latency_can_recur() {
    let nodes = json!({
        "users": {
            "kind": "clients",
            "arrivals": {"kind": "open", "rate_rps": 10.0, "process": "constant"},
            "calls": {"main": {"to": "q"}},
        },
        "q": service(100, json!([cpu(1.0)])),
    });
    let faults = json!({
        "spike": recurring(0.0, 2.0, 1.0, "users", json!({"kind": "spike", "factor": 3.0})),
        "late": recurring(0.0, 4.0, 5.0, "users.main", json!({"kind": "latency", "added_ms": 20.0})),
    });
    let story = run(9.0, nodes, faults);
    let started = story.moments(|o| matches!(o, Observation::RequestStarted { .. }));
    let within = |from: f64, to: f64| started.iter().filter(|at| from < **at && **at <= to).count();
    assert_eq!((within(0.0, 2e3), within(2e3, 3e3), within(3e3, 5e3)), (20, 30, 20));
    let late = story.requests().iter().filter(|(_, response)| *response == 21.0).count();
    // From 4 s to 9 s: three usual seconds and two busy ones, apart from what is still under way.
    assert!((85..=90).contains(&late), "{late}");
}

#[test]
fn an_idle_server_pauses_until_a_pause_ends_with_work() {
    let arrivals = json!({"kind": "trace", "at_s": [0.5, 2.0, 2.5, 7.0]});
    let users = json!({"kind": "clients", "arrivals": arrivals, "calls": {"main": {"to": "q"}}});
    let q = with(service(1, json!([cpu(300.0)])), json!({"pause_when_idle": constant(1.0)}));
    let story = run(20.0, json!({"users": users, "q": q}), json!({}));
    // The first waits for the pause from 0 to 1 s. From 1.3 s the server pauses until 2.3 s: the
    // second waits 0.3 s, the third for the second. Pauses from 2.9 s on end at 6.9 s and 7.9 s.
    let responses: Vec<f64> = story.requests().iter().map(|(_, response)| *response).collect();
    assert_eq!(responses, [800.0, 600.0, 400.0, 1_200.0]);
}

#[test]
fn pauses_begin_and_end_with_the_switch_and_a_crash_ends_them() {
    let users = clockwork(1.0, 8, json!({"to": "q"}));
    let q = with(service(1, json!([cpu(100.0)])), json!({"boot_s": 0.1}));
    let document = json!({
        "nodes": {"users": users, "q": q},
        "faults": {"f": {"at_s": 3.5, "for_s": 0.1, "target": "q", "effect": {"kind": "crash"}}},
    });
    let on = json!({"nodes": {"q": {"pause_when_idle": constant(2.0)}}});
    let off = json!({"nodes": {"q": {"pause_when_idle": null}}});
    let story = run_switched(20.0, document, &[(0.5, on), (4.2, off)]);
    // Pauses: 0.5 to 2.5 s, then work until 2.7 s; 2.7 s until the crash at 3.5 s, which loses the
    // request of 3 s; from the boot at 3.7 s to 5.7 s, and no more.
    let expected = [
        (Outcome::Ok, 100.0),
        (Outcome::Ok, 1_600.0),
        (Outcome::Ok, 700.0),
        (Outcome::Failed, 500.0),
        (Outcome::Ok, 1_800.0),
        (Outcome::Ok, 900.0),
        (Outcome::Ok, 100.0),
        (Outcome::Ok, 100.0),
    ];
    assert_eq!(story.requests(), expected);
}

#[test]
fn a_server_that_an_autoscaler_has_not_added_yet_breaks_down_unnoticed() {
    let often = json!({"dist": "constant", "ms": 1_000.0});
    let faults = json!({"f": {
        "at_s": 0.0, "target": "q#5", "effect": {"kind": "crash"},
        "recurs": {"up": often, "down": often},
    }});
    let q = with(
        service(1, json!([cpu(1.0)])),
        json!({"servers": 2, "cores": 1, "autoscaler": {"max_replicas": 10, "min_replicas": 2}}),
    );
    let story = run(10.0, json!({"users": clockwork(1.0, 5, json!({"to": "q"})), "q": q}), faults);
    assert_eq!(story.count(|o| matches!(o, Observation::ServerDown { .. })), 0);
}
