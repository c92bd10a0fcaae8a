//! B: the circuit breaker, step by step as recorded from Resilience4j.
//!
//! Calls begin at scripted moments (`trace` arrivals) and get scripted answers (a `replay` step); the events of the
//! run tell what the breaker permitted, recorded and became.

use crate::book::Case;
use crate::program::{events, number, of_kind};
use crate::scenarios::*;
use serde_json::{Map, Value, json};

cases! {
    b01 b02 b03 b05 b06 b08 b09 b11 b12 b15 b16 b18 b14
}

/// A call that never ends within the run.
const FOR_EVER_MS: f64 = 1e6;

/// The breaker of a case under the names of the format.
fn breaker(case: &Case) -> Value {
    let names = [
        ("failureRateThreshold", "failure_rate_threshold_percent", 1.0),
        ("slowCallRateThreshold", "slow_call_rate_threshold_percent", 1.0),
        ("slowCallDuration", "slow_call_duration_threshold_ms", 1e3),
        ("window", "sliding_window_size", 1.0),
        ("minimumCalls", "minimum_number_of_calls", 1.0),
        ("waitOpen", "wait_duration_in_open_state_ms", 1e3),
        ("permitted", "permitted_number_of_calls_in_half_open_state", 1.0),
        ("maxWaitHalfOpen", "max_wait_duration_in_half_open_state_ms", 1e3),
    ];
    let mut breaker = Map::new();
    for (theirs, ours, factor) in names {
        if let Some(value) = case.params()[theirs].as_f64() {
            let value = value * factor;
            // Counts are whole numbers in the format.
            let value = if value.fract() == 0.0 { json!(value as u64) } else { json!(value) };
            breaker.insert(ours.to_owned(), value);
        }
    }
    let by_time = case.params()["windowType"] == "TIME";
    breaker.insert(
        "sliding_window_type".to_owned(),
        json!(if by_time { "time_based" } else { "count_based" }),
    );
    if case.params()["auto"] == true {
        breaker
            .insert("automatic_transition_from_open_to_half_open_enabled".to_owned(), json!(true));
    }
    Value::Object(breaker)
}

/// Users who come at scripted moments to a callee with scripted answers, through a breaker.
fn scripted(moments: &[f64], answers: &[Value], breaker: Value, end_s: f64) -> Value {
    let arrivals = json!({"kind": "trace", "at_s": moments});
    let queue = steps(MANY, 0, json!([{"do": "replay", "answers": answers, "after_last": "ok"}]));
    from_start(
        end_s,
        json!({
            "users": users(arrivals, json!({"to": "queue", "circuit_breaker": breaker})),
            "queue": queue,
        }),
    )
}

fn answer(ms: f64, ok: bool) -> Value {
    json!({"ms": ms, "ok": ok})
}

/// One step of a recorded case.
struct Step<'a> {
    /// When it is over.
    at_s: f64,
    kind: &'a str,
    took_s: f64,
}

fn steps_of(case: &Case) -> Vec<Step<'static>> {
    let step = |step: &'static Value| Step {
        at_s: number(step, "/t"),
        kind: step["op"].as_str().expect("a kind of step"),
        took_s: number(step, "/dur"),
    };
    case.trace().iter().map(step).collect()
}

/// Where the steps of a case ended in the events of its run, and whether each was permitted.
fn ends(steps: &[Step], events: &[Value], shift_s: f64) -> Vec<(usize, Option<bool>)> {
    let position_of = |kinds: &'static [&'static str]| {
        let is = move |event: &Value| kinds.iter().any(|kind| event["event"] == *kind);
        let found = events.iter().enumerate().filter(move |(_, event)| is(event));
        found.map(|(position, _)| position)
    };
    let mut asked = position_of(&["attempt_sent", "try_rejected"]);
    let mut recorded = position_of(&["breaker_recorded"]);
    let mut gone =
        position_of(&["call_ended"]).filter(|position| events[*position]["outcome"] == "timed_out");
    let end = |step: &Step| match step.kind {
        // Somebody looks: everything up to then has happened.
        "-" => {
            let until = step.at_s + shift_s;
            let later = events.iter().position(|event| number(event, "/at_s") > until);
            (later.unwrap_or(events.len()).saturating_sub(1), None)
        }
        "i" => (gone.next().expect("a call whose caller left"), None),
        kind => {
            let asked = asked.next().expect("each call asks the breaker");
            let permitted = events[asked]["event"] == "attempt_sent";
            let records = kind != "a" && permitted;
            (if records { recorded.next().expect("a result") } else { asked }, Some(permitted))
        }
    };
    steps.iter().map(end).collect()
}

/// The state of the breaker after the end of a step, told right behind it if the step changed it.
fn state_after(events: &[Value], (position, asked): (usize, Option<bool>), step: &Step) -> String {
    let next_tells = events.get(position + 1).is_some_and(|next| next["event"] == "breaker");
    let next_tells = next_tells && (asked.is_some() || step.kind == "i");
    let until = if next_tells { position + 2 } else { position + 1 };
    let told = events[..until].iter().rev().find(|event| event["event"] == "breaker");
    told.map_or("CLOSED".to_owned(), state)
}

fn state(event: &Value) -> String {
    event["state"].as_str().expect("a state").to_uppercase()
}

/// Judges states, permissions and transitions; the run's clock is `shift_s` ahead.
fn judge(case: &mut Case, steps: &[Step], events: &[Value], shift_s: f64) {
    let ends = ends(steps, events, shift_s);
    let states: Vec<String> =
        ends.iter().zip(steps).map(|(end, step)| state_after(events, *end, step)).collect();
    case.is("states", states);
    let permitted: Vec<Value> = ends.iter().map(|(_, permitted)| json!(permitted)).collect();
    case.is("permitted", permitted);
    let changes = of_kind(events, "breaker").into_iter();
    let changes = changes.map(|change| json!([number(change, "/at_s") - shift_s, state(change)]));
    case.is("transitions", changes.collect::<Vec<Value>>());
}

fn recorded(case: &mut Case) {
    let steps = steps_of(case);
    // A call that took a while began before its step; whole seconds keep the windows where they are.
    let shift_s = steps.iter().map(|step| step.took_s - step.at_s).fold(0.0, f64::max).ceil();
    let mut calls: Vec<(f64, Value)> = Vec::new();
    for step in steps.iter().filter(|step| step.kind != "-") {
        let ms = if step.kind == "a" { FOR_EVER_MS } else { step.took_s * 1e3 };
        calls.push((step.at_s - step.took_s + shift_s, answer(ms, step.kind != "E")));
    }
    calls.sort_by(|one, other| one.0.total_cmp(&other.0));
    let moments: Vec<f64> = calls.iter().map(|(at_s, _)| *at_s).collect();
    let end_s = steps.iter().map(|step| step.at_s).fold(0.0, f64::max) + shift_s;
    let run =
        |answers: &[Value]| events(&scripted(&moments, answers, breaker(case), end_s.max(0.001)));
    // Only permitted calls reach the callee and use up an answer.
    let permitted =
        case.trace().iter().filter(|step| step["op"] != "-").map(|step| step["permitted"] == true);
    let answers = calls.iter().map(|(_, answer)| answer.clone()).zip(permitted);
    let answers: Vec<Value> =
        answers.filter(|(_, permitted)| *permitted).map(|(answer, _)| answer).collect();
    let events = run(&answers);
    judge(case, &steps, &events, shift_s);
}

fn b01(case: &mut Case) {
    recorded(case);
}
fn b02(case: &mut Case) {
    recorded(case);
}
fn b03(case: &mut Case) {
    recorded(case);
}
fn b05(case: &mut Case) {
    recorded(case);
}
fn b06(case: &mut Case) {
    recorded(case);
}
fn b08(case: &mut Case) {
    recorded(case);
}
fn b09(case: &mut Case) {
    recorded(case);
}
fn b11(case: &mut Case) {
    recorded(case);
}
fn b12(case: &mut Case) {
    recorded(case);
}

/// Permits are given back by calls whose caller leaves: the users of a service that holds the breaker. The steps
/// of one moment are a millisecond apart, so that one user can leave between two others.
fn b18(case: &mut Case) {
    const APART: f64 = 1e-3;
    let steps = steps_of(case);
    let moment = |index: usize| steps[index].at_s + APART * index as f64;
    let released = steps.iter().position(|step| step.kind == "i").expect("a permit is given back");
    // The last one who was permitted before leaves.
    let permitted = |step: &Value| step["permitted"] == true;
    let leaver = (0..released)
        .rev()
        .find(|index| permitted(&case.trace()[*index]))
        .expect("a permitted call");
    let calls = steps.iter().enumerate().filter(|(_, step)| matches!(step.kind, "E" | "S" | "a"));
    let stays: Vec<f64> = calls
        .clone()
        .filter(|(index, _)| *index != leaver)
        .map(|(index, _)| moment(index))
        .collect();
    let answers = calls.filter(|(index, _)| permitted(&case.trace()[*index]));
    let answers = answers.map(|(_, step)| match step.kind {
        "a" => answer(FOR_EVER_MS, true),
        kind => answer(0.0, kind == "S"),
    });
    let mut front = crate::scenarios::steps(MANY, 0, json!([{"do": "call", "call": "callee"}]));
    front["calls"] = json!({"callee": {"to": "queue", "circuit_breaker": breaker(case)}});
    let replay =
        json!([{"do": "replay", "answers": answers.collect::<Vec<_>>(), "after_last": "ok"}]);
    let trace = |moments: &[f64]| json!({"kind": "trace", "at_s": moments});
    let patience_ms = (moment(released) - moment(leaver)) * 1e3;
    let nodes = json!({
        "users": users(trace(&stays), json!({"to": "front"})),
        "leaver": users(trace(&[moment(leaver)]), json!({"to": "front", "timeout_ms": patience_ms, "cancel": "running"})),
        "front": front,
        "queue": crate::scenarios::steps(MANY, 0, replay),
    });
    let events = events(&from_start(moment(steps.len() - 1) + 0.5, nodes));
    // What happens between the users and the service is not the breaker's.
    let of_breaker = |event: &Value| event["call"] == "front.callee";
    let events: Vec<Value> = events.into_iter().filter(of_breaker).collect();
    let ends = ends(&steps, &events, 0.0);
    let states: Vec<String> =
        ends.iter().zip(&steps).map(|(end, step)| state_after(&events, *end, step)).collect();
    case.is("states", states);
    case.is(
        "permitted",
        ends.iter().map(|(_, permitted)| json!(permitted)).collect::<Vec<Value>>(),
    );
    let changes = of_kind(&events, "breaker").into_iter();
    let whole_second = |change: &Value| json!([number(change, "/at_s").floor(), state(change)]);
    case.is("transitions", changes.map(whole_second).collect::<Vec<Value>>());
}

/// The outcomes of a word such as `ESS`, one call each.
fn outcomes(word: &str) -> Vec<Value> {
    word.chars().map(|outcome| answer(0.0, outcome == 'S')).collect()
}

fn recorded_figures(case: &mut Case, scenario: &Value, figures: &[(&str, &str)]) {
    let events = events(scenario);
    for (metric, field) in figures {
        let values =
            of_kind(&events, "breaker_recorded").into_iter().map(|event| event[field].clone());
        case.is(metric, values.collect::<Vec<Value>>());
    }
}

fn b15(case: &mut Case) {
    let moments = case.params()["record_times"].as_array().expect("moments");
    let moments: Vec<f64> = moments.iter().filter_map(Value::as_f64).collect();
    let breaker = json!({
        "sliding_window_type": "time_based", "sliding_window_size": case.param("window_s") as u64,
        "minimum_number_of_calls": 1000,
    });
    let answers = outcomes(case.params()["outcomes"].as_str().expect("outcomes"));
    let scenario = scripted(&moments, &answers, breaker, 20.0);
    recorded_figures(case, &scenario, &[("total_calls", "calls"), ("failed_calls", "failed")]);
}

fn b16(case: &mut Case) {
    let answers = outcomes(case.params()["outcomes"].as_str().expect("outcomes"));
    let breaker = json!({
        "sliding_window_size": case.param("window") as u64, "initial_state": "metrics_only",
        "minimum_number_of_calls": case.param("minimumCalls") as u64,
    });
    let scenario = scripted(&vec![0.0; answers.len()], &answers, breaker, 1.0);
    recorded_figures(case, &scenario, &[("failure_rate", "failure_rate")]);
}

fn b14(case: &mut Case) {
    let mut fractions = Vec::new();
    for settings in case.params()["cases"].as_array().expect("settings") {
        let field = |name: &str| number(settings, &format!("/{name}"));
        let (window_s, from_s) = (field("window_s"), field("fail_from"));
        let breaker = json!({
            "sliding_window_type": "time_based", "sliding_window_size": window_s as u64,
            "minimum_number_of_calls": 10, "failure_rate_threshold_percent": case.param("threshold"),
        });
        let mut scenario = from_start(
            from_s + window_s,
            json!({
                "users": users(clockwork(field("rps")), json!({"to": "queue", "circuit_breaker": breaker})),
                "queue": service(MANY, 0, constant(0.0)),
            }),
        );
        // At one moment users come first; the first call that fails is that of the stated moment.
        scenario["faults"]["outage"] = json!({"at_s": from_s - 0.01, "target": "queue", "effect": {"kind": "errors", "ratio": 1}});
        let events = events(&scenario);
        let opened = number(of_kind(&events, "breaker")[0], "/at_s");
        case.is(&format!("opens_at_{window_s}s_window"), opened);
        fractions.push((opened - from_s) / window_s);
    }
    let mean = fractions.iter().sum::<f64>() / fractions.len() as f64;
    case.computed("detection_delay_fraction_of_window", mean, "the mean over both windows");
}
