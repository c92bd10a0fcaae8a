//! Who is next, and who takes whose thread.

use crate::story::{Story, cpu, run, run_switched, service, with};
use brownout::observation::{Cause, Observation, Outcome};
use serde_json::{Value, json};

const PRIORITY: &str = "preemptive_priority";
const LIFO: &str = "preemptive_lifo";

/// A population of one request, sent at some millisecond by a class of that rank.
fn one(at_ms: f64, priority: u8, call: &Value) -> Value {
    json!({
        "kind": "clients",
        "arrivals": {
            "kind": "open", "rate_rps": 1.0, "process": "constant",
            "start_s": at_ms / 1e3, "stop_s": at_ms / 1e3 + 0.5,
        },
        "calls": {"main": call},
        "classes": {"c": {"share": 1.0, "call": "main", "priority": priority}},
    })
}

fn pool(threads: u32, discipline: &str) -> Value {
    json!({"pools": {"web": {"threads": threads, "discipline": discipline}}})
}

/// A service of that discipline.
fn station(threads: u32, discipline: &str, steps: Value) -> Value {
    with(service(1, steps), pool(threads, discipline))
}

/// Requests, one population each: the moment in milliseconds, and the rank.
fn nodes(requests: &[(f64, u8)], call: &Value, station: Value) -> Value {
    let mut nodes = json!({"q": station});
    for (number, (at_ms, priority)) in requests.iter().enumerate() {
        nodes[format!("r{number}")] = one(*at_ms, *priority, call);
    }
    nodes
}

fn story(requests: &[(f64, u8)], station: Value) -> Story {
    run(2.0, nodes(requests, &json!({"to": "q"}), station), json!({}))
}

/// When each request ended, in milliseconds, in the order in which they were given.
fn ends(story: &Story) -> Vec<f64> {
    let ended = |(at, o): &(brownout::engine::Time, Observation)| match o {
        Observation::RequestEnded { class, .. } => Some((class.0, at.0 as f64 / 1e6)),
        _ => None,
    };
    let mut ends: Vec<_> = story.world.observer.0.iter().filter_map(ended).collect();
    ends.sort_by_key(|(class, _)| *class);
    ends.into_iter().map(|(_, at)| at).collect()
}

/// Time during which a thread was busy, in milliseconds.
fn busy(story: &Story) -> f64 {
    let taken = story.moments(|o| matches!(o, Observation::ThreadTaken { .. }));
    let freed = story.moments(|o| matches!(o, Observation::ThreadFreed { .. }));
    assert_eq!(taken.len(), freed.len());
    freed.iter().sum::<f64>() - taken.iter().sum::<f64>()
}

#[test]
fn a_more_important_request_takes_the_thread_and_gives_it_back() {
    let requests = [(0.0, 5), (4.0, 0), (5.0, 5), (15.0, 3)];
    for step in [cpu(10.0), json!({"do": "wait", "time": {"dist": "constant", "ms": 10.0}})] {
        let story = story(&requests, station(1, PRIORITY, json!([step])));
        // 0–4, 4–14, again from 14 to 15, 15–25, the rest until 30, and only then the other of rank 5.
        assert_eq!(ends(&story), [30.0, 14.0, 40.0, 25.0]);
        assert_eq!(busy(&story), 40.0);
        let waits = story.told(|o| match o {
            Observation::WorkStarted { waited, .. } => Some(waited.ms()),
            _ => None,
        });
        assert_eq!(waits, [0.0, 0.0, 0.0, 25.0]);
    }
}

#[test]
fn equals_do_not_interrupt_each_other_and_without_preemption_nobody_does() {
    let requests = [(0.0, 5), (4.0, 5), (5.0, 0)];
    let of = |discipline| ends(&story(&requests, station(1, discipline, json!([cpu(10.0)]))));
    assert_eq!(of("priority"), [10.0, 30.0, 20.0]);
    assert_eq!(of(PRIORITY), [20.0, 30.0, 15.0]);
    assert_eq!(of(LIFO), [30.0, 24.0, 15.0]);
}

#[test]
fn of_several_the_least_important_one_yields_and_among_those_the_last() {
    let requests = [(0.0, 5), (1.0, 7), (2.0, 7), (3.0, 0), (4.0, 6)];
    let story = story(&requests, station(3, PRIORITY, json!([cpu(10.0)])));
    // At 3 the second of rank 7 yields (9 left), at 4 the first of rank 7 (7 left). Rank 5 ends at 10
    // and its thread goes to the first of rank 7.
    assert_eq!(ends(&story), [10.0, 17.0, 22.0, 13.0, 14.0]);
    assert_eq!(busy(&story), 50.0);
}

#[test]
fn the_last_one_takes_the_thread_of_the_first() {
    let requests = [(0.0, 0), (4.0, 0), (6.0, 0)];
    let of = |threads| ends(&story(&requests, station(threads, LIFO, json!([cpu(10.0)]))));
    assert_eq!(of(1), [30.0, 24.0, 16.0]);
    // With two threads the third takes that of the first, which goes on at 14 with 4 left.
    assert_eq!(of(2), [18.0, 14.0, 16.0]);
}

#[test]
fn one_that_ends_at_that_instant_has_ended() {
    // The important request is under way for 10 ms and arrives when the other one is done, though
    // its arrival was planned before that end.
    let nodes = json!({
        "first": one(0.0, 0, &json!({"to": "q", "latency_ms": 10.0})),
        "second": one(0.0, 5, &json!({"to": "q"})),
        "q": station(1, PRIORITY, json!([cpu(10.0)])),
    });
    assert_eq!(ends(&run(1.0, nodes, json!({}))), [30.0, 10.0]);
}

#[test]
fn a_request_in_a_call_keeps_its_thread_but_yields_when_it_is_back() {
    let steps = json!([cpu(2.0), {"do": "call", "call": "db"}, cpu(2.0)]);
    let mut nodes = nodes(
        &[(0.0, 5), (3.0, 0)],
        &json!({"to": "q"}),
        with(station(1, PRIORITY, steps), json!({"calls": {"db": {"to": "db"}}})),
    );
    nodes["db"] = service(9, json!([cpu(10.0)]));
    // The first is back at 12 and is interrupted at once; the second computes from 12 to 14, keeps the
    // thread during its call until 24, and ends at 26.
    let story = run(1.0, nodes, json!({}));
    assert_eq!(ends(&story), [28.0, 26.0]);
    assert_eq!(busy(&story), 28.0 + 2.0 * 10.0);
}

#[test]
fn an_interrupted_request_is_in_no_queue_that_it_could_time_out_of() {
    let limits = json!({"pools": {"web": {
        "threads": 1, "discipline": PRIORITY, "queue_timeout_ms": 5.0, "queue_limit": 1,
    }}});
    let station = with(service(1, json!([cpu(10.0)])), limits);
    // The third finds the interrupted one in the queue, which is full.
    let story = story(&[(0.0, 5), (4.0, 3), (5.0, 0), (14.5, 5)], station);
    assert_eq!(ends(&story), [20.0, 14.0, 5.0, 19.5]);
    let refused = Outcome::Rejected(Cause::QueueFull);
    assert_eq!(story.outcomes(), [refused, Outcome::Ok, refused, Outcome::Ok]);
}

#[test]
fn an_interrupted_request_can_be_cancelled_crash_or_stand_still() {
    let requests = [(0.0, 5), (4.0, 0)];
    let of = |call: Value, faults: Value| {
        run(2.0, nodes(&requests, &call, station(1, PRIORITY, json!([cpu(10.0)]))), faults)
    };
    let patient = || json!({"to": "q"});
    // Cancelled while it waits for the thread.
    let call = json!({"to": "q", "timeout_ms": 12.0, "cancel": "running"});
    let cancelled = of(call, json!({}));
    assert_eq!(ends(&cancelled), [12.0, 14.0]);
    assert_eq!(busy(&cancelled), 14.0);
    // Given up, but not cancelled: ghost work.
    let given_up = of(json!({"to": "q", "timeout_ms": 12.0}), json!({}));
    assert_eq!(busy(&given_up), 20.0);
    // Its deadline went along: what is left is not begun.
    let call = json!({"to": "q", "timeout_ms": 12.0, "propagate_deadline": true});
    assert_eq!(busy(&of(call, json!({}))), 14.0);
    let fault = |at_s: f64, effect: Value| json!({"f": {"at_s": at_s, "for_s": 0.02, "target": "q", "effect": effect}});
    let crashed = of(patient(), fault(0.008, json!({"kind": "crash"})));
    assert_eq!(ends(&crashed), [8.0, 8.0]);
    assert_eq!(crashed.outcomes(), [Outcome::Failed, Outcome::Failed]);
    let frozen = of(patient(), fault(0.008, json!({"kind": "freeze"})));
    assert_eq!(ends(&frozen), [40.0, 34.0]);
    // Who arrives while it stands still takes the thread when it moves again.
    let frozen = of(patient(), fault(0.003, json!({"kind": "freeze"})));
    assert_eq!(ends(&frozen), [40.0, 33.0]);
    // Half as fast from 3 to 23: 3.5 done at 4; the other one has done 9.5 by 23.
    let slow = of(patient(), fault(0.003, json!({"kind": "slow", "factor": 2.0})));
    assert_eq!(ends(&slow), [30.0, 23.5]);
}

#[test]
fn cores_are_shared_by_those_who_have_threads() {
    let station = with(station(2, PRIORITY, json!([cpu(10.0)])), json!({"cores": 1}));
    // Two share the core until 4 (2 done each), then the second and the third until 20; the second has
    // done all by then, and so has the third at 20 + 2; the first has 8 left.
    let story = story(&[(0.0, 4), (0.0, 5), (4.0, 0)], station);
    assert_eq!(ends(&story), [20.0, 30.0, 24.0]);
    assert_eq!(story.requests().len(), 3);
}

#[test]
fn a_switch_of_the_discipline_concerns_those_who_wait_and_those_who_work() {
    let requests = [(0.0, 5), (1.0, 0), (2.0, 3)];
    let of = |before: &str, switches: &[(f64, &str)]| {
        let nodes = nodes(&requests, &json!({"to": "q"}), station(1, before, json!([cpu(10.0)])));
        let patch = |(at_s, discipline): &(f64, &str)| {
            (*at_s, json!({"nodes": {"q": {"pools": {"web": {"discipline": discipline}}}}}))
        };
        let patches: Vec<_> = switches.iter().map(patch).collect();
        ends(&run_switched(1.0, json!({"nodes": nodes}), &patches))
    };
    assert_eq!(of("fifo", &[]), [10.0, 20.0, 30.0]);
    // The most important one takes over at once.
    assert_eq!(of("fifo", &[(0.004, PRIORITY)]), [30.0, 14.0, 24.0]);
    assert_eq!(of("fifo", &[(0.004, LIFO)]), [30.0, 24.0, 14.0]);
    // The interrupted one came first.
    assert_eq!(of(PRIORITY, &[(0.004, "fifo")]), [20.0, 11.0, 30.0]);
    assert_eq!(of(PRIORITY, &[(0.004, "lifo")]), [30.0, 11.0, 21.0]);
    assert_eq!(of(PRIORITY, &[(0.004, "shortest_first")])[1], 11.0);
    assert_eq!(of("random", &[(0.004, PRIORITY), (0.005, "lifo")]), [30.0, 14.0, 24.0]);
}

#[test]
fn the_shortest_is_next_and_its_work_is_what_it_would_have_been() {
    let requests: Vec<(f64, u8)> = (0..40).map(|n| (f64::from(n) / 100.0, 0)).collect();
    let time = json!({"dist": "exponential", "mean_ms": 10.0});
    let steps = json!([{"do": "fail", "ratio": 0.0}, {"do": "cpu", "time": time}]);
    let works = |discipline| {
        let story = story(&requests, station(1, discipline, steps.clone()));
        story.told(|o| match o {
            Observation::WorkDrawn { luck, work, .. } => Some((*work, *luck)),
            _ => None,
        })
    };
    let (fifo, shortest) = (works("fifo"), works("shortest_first"));
    assert!(shortest[1..].is_sorted() && !fifo[1..].is_sorted());
    let sorted = |mut works: Vec<_>| {
        works.sort();
        works
    };
    assert_eq!(sorted(fifo), sorted(shortest));
}

#[test]
fn a_random_choice_is_another_order_and_always_the_same_one() {
    let requests: Vec<(f64, u8)> = (0..40).map(|n| (f64::from(n) / 100.0, 0)).collect();
    let of = |discipline| ends(&story(&requests, station(1, discipline, json!([cpu(10.0)]))));
    let random = of("random");
    assert_eq!(random, of("random"));
    assert!(!random.is_sorted());
    let mut sorted = random.clone();
    sorted.sort_by(f64::total_cmp);
    assert_eq!(sorted, of("fifo"));
}
