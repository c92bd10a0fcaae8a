//! Runs the program as a user does, and reads what it prints.
//!
//! Every report that passes through here is looked at: requests, work and attempts are conserved, no figure
//! is negative, no pool is busier than it has threads (cases I01, I03 to I05 over every run of the suite).

use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;

thread_local! {
    static CASE: Cell<&'static str> = const { Cell::new("") };
}

/// Every scenario that a case ran, for the invariants: by case and number.
static SEEN: Mutex<BTreeMap<String, Value>> = Mutex::new(BTreeMap::new());

/// The case that this thread works on from now on.
pub fn begin_case(name: &'static str) {
    CASE.set(name);
}

/// Every scenario that has been run so far, by a name of its own.
pub fn scenarios() -> BTreeMap<String, Value> {
    SEEN.lock().expect("nobody panics while it is held").clone()
}

fn remember(scenario: &Value) {
    let mut seen = SEEN.lock().expect("nobody panics while it is held");
    let case = CASE.get();
    let number = seen.keys().filter(|key| key.starts_with(&format!("{case}/"))).count();
    if seen.values().all(|known| known != scenario) {
        seen.insert(format!("{case}/{number:02}"), scenario.clone());
    }
}

/// Runs the program with a scenario on its standard input.
pub fn output(arguments: &[&str], input: &str) -> std::process::Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_brownout"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that refuses its input may not read all of it.
    let _ = program.stdin.take().expect("it has an input").write_all(input.as_bytes());
    program.wait_with_output().expect("it ends")
}

fn text(scenario: &Value, arguments: &[&str]) -> String {
    remember(scenario);
    let arguments = [&["run", "-"], arguments].concat();
    let output = output(&arguments, &scenario.to_string());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && error.is_empty(), "{arguments:?}: {error}\n{scenario:#}");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

/// The report of a run.
pub fn run(scenario: &Value) -> Value {
    let report = serde_json::from_str(&text(scenario, &["--format", "json"])).expect("a report");
    assert_sound(&report);
    report
}

/// What is read from the reports of runs from the first to the last seed.
pub fn of_seeds<T>(scenario: &Value, first: u64, last: u64, read: impl Fn(&Value) -> T) -> Vec<T> {
    let mut found = Vec::new();
    let mut next = first;
    while next <= last {
        // As many as one command takes.
        let end = last.min(next + 999);
        let seeds = format!("{next}..{end}");
        let text = text(scenario, &["--format", "json", "--seeds", &seeds]);
        let reports: Vec<Value> = serde_json::from_str(&text).expect("a list of reports");
        reports.iter().for_each(assert_sound);
        found.extend(reports.iter().map(&read));
        next = end + 1;
    }
    found
}

/// Everything that happens in a run.
pub fn events(scenario: &Value) -> Vec<Value> {
    let text = text(scenario, &["--format", "ndjson"]);
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// The events of one kind.
pub fn of_kind<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == kind).collect()
}

/// The moments of events of one kind.
pub fn moments(events: &[Value], kind: &str) -> Vec<f64> {
    of_kind(events, kind).into_iter().map(|event| number(event, "/at_s")).collect()
}

/// A number at a place of a report.
pub fn number(report: &Value, pointer: &str) -> f64 {
    let value = report.pointer(pointer);
    value.and_then(Value::as_f64).unwrap_or_else(|| panic!("{pointer} is {value:?}"))
}

/// What the clause of that number measured.
pub fn measured(report: &Value, clause: usize) -> f64 {
    number(report, &format!("/expectations/{clause}/measured"))
}

/// A count in a map by cause, 0 where there is none.
pub fn rejected(of: &Value, cause: &str) -> f64 {
    of["rejected"][cause].as_f64().unwrap_or(0.0)
}

fn all_rejected(of: &Value) -> f64 {
    let causes = of["rejected"].as_object().into_iter().flatten();
    causes.filter_map(|(_, count)| count.as_f64()).sum()
}

/// Fails if a report contradicts itself. Counts since a warm-up may be off by what was under way then.
fn assert_sound(report: &Value) {
    assert_finite(report, "");
    assert_eq!(report["stopped_early"], Value::Null, "the run reached its end");
    let mut sum = BTreeMap::new();
    for (name, class) in report["classes"].as_object().into_iter().flatten() {
        let count = |key: &str| class[key].as_f64().expect("a count");
        let ended = count("ok") + count("degraded") + count("failed") + count("timed_out");
        let all = ended + all_rejected(class) + count("abandoned");
        assert_eq!(count("offered"), all, "{name}: requests are conserved");
        for key in ["offered", "ok", "degraded", "failed", "timed_out", "abandoned"] {
            *sum.entry(key).or_insert(0.0) += count(key);
        }
    }
    for (key, sum) in sum {
        assert_eq!(report["totals"][key].as_f64(), Some(sum), "{key}: the classes make the total");
    }
    for (name, station) in report["stations"].as_object().into_iter().flatten() {
        for (key, pool) in station["pools"].as_object().into_iter().flatten() {
            let utilisation = number(pool, "/utilisation");
            assert!((0.0..=1.0).contains(&utilisation), "{name}.{key}: utilisation {utilisation}");
        }
    }
}

fn assert_finite(value: &Value, path: &str) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| assert_finite(value, &format!("{path}/{key}")));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(at, value)| assert_finite(value, &format!("{path}/{at}")));
        }
        // JSON knows neither NaN nor infinity; nothing that is counted or measured is negative.
        Value::Number(number) => {
            assert!(number.as_f64().is_some_and(|number| number >= 0.0), "{path}: {number}");
        }
        _ => {}
    }
}
