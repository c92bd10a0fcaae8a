//! Everything measured in turn, and the table that comes of it.

use crate::case::requests_of;
use crate::machine::{output, processor};
use crate::workload::Workload;
use brownout::preset::PRESETS;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Rounds unless somebody wants another number.
const ROUNDS: u32 = 5;

/// What the command line asks for.
pub struct Options {
    rounds: u32,
    /// Folder of the page's module; without one nothing is said of WebAssembly.
    module: Option<PathBuf>,
}

impl Options {
    /// Reads `--rounds N` and `--module FOLDER`.
    pub fn read(words: &[&str]) -> Result<Options, String> {
        let mut options = Options { rounds: ROUNDS, module: None };
        for pair in words.chunks(2) {
            match *pair {
                ["--rounds", rounds] => {
                    options.rounds = rounds.parse().map_err(|_| "--rounds wants a number")?;
                }
                ["--module", folder] => options.module = Some(PathBuf::from(folder)),
                _ => return Err(format!("'{}' is not understood", pair.join(" "))),
            }
        }
        Ok(options)
    }
}

/// All values of each measurement, one for each round.
type Values = BTreeMap<String, Vec<f64>>;

/// A line of the table: how it is called, and what it comes to in each round.
struct Row {
    name: String,
    values: Vec<f64>,
    show: fn(f64) -> String,
    /// What the project asks for.
    budget: &'static str,
}

/// Measures everything in turn and prints the table.
pub fn print(options: &Options) -> Result<(), String> {
    let node = output("node", &["--version"]).filter(|_| options.module.is_some());
    let mut values = Values::new();
    for round in 1..=options.rounds {
        eprint!("round {round} of {}\r", options.rounds);
        for name in natively() {
            let value = in_own_process(&name)?;
            values.entry(name).or_default().push(value);
        }
        if let (Some(folder), Some(_)) = (&options.module, &node) {
            for workload in ["w1", "w2"] {
                let nanos = in_node(folder, workload)?;
                values.entry(format!("wasm:{workload}")).or_default().push(nanos);
            }
        }
    }
    println!("{}, median of {} rounds in turn (least to most)\n", processor(), options.rounds);
    println!("| what | median | range | budget |\n| --- | ---: | ---: | ---: |");
    for row in rows(&values, node.as_deref()) {
        let (least, middle, most) = spread(&row.values);
        let Row { name, show, budget, .. } = row;
        println!("| {name} | {} | {} to {} | {budget} |", show(middle), show(least), show(most));
    }
    Ok(())
}

/// What this program measures by itself.
fn natively() -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for workload in ["w1", "w2", "w2-x100", "w2-30s", "w2-x100-30s"] {
        names.extend([format!("floor:{workload}"), format!("measured:{workload}")]);
    }
    names.extend(
        ["unmeasured:w1", "unmeasured:w2", "unjudged:w2", "events:w1", "events:w2"]
            .map(String::from),
    );
    names.extend(["clone-nanos:w2", "clone-bytes:w2", "audit-nanos:w2"].map(String::from));
    names.extend(PRESETS.iter().map(|preset| format!("preset:{}", preset.id)));
    names
}

fn in_own_process(name: &str) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program).args(["measure", name]).stderr(Stdio::inherit()).output();
    number(output.map_err(|error| error.to_string())?.stdout, name)
}

/// Nanoseconds per request of a workload in the page's module.
fn in_node(folder: &PathBuf, workload: &str) -> Result<f64, String> {
    let requests = requests_of(workload);
    let document = Workload::named(workload).map(|workload| workload.document(requests));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/node.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let run = json!({"scenario": document, "seed": 1}).to_string();
    let mut input = node.stdin.take().expect("standard input was piped");
    input.write_all(run.as_bytes()).map_err(|error| error.to_string())?;
    drop(input);
    let output = node.wait_with_output().map_err(|error| error.to_string())?;
    Ok(number(output.stdout, "node")? / f64::from(requests))
}

fn number(bytes: Vec<u8>, name: &str) -> Result<f64, String> {
    let text = String::from_utf8_lossy(&bytes);
    text.trim().parse().map_err(|_| format!("{name} printed '{}'", text.trim()))
}

fn rows(values: &Values, node: Option<&str>) -> Vec<Row> {
    let of = |name: &str| values.get(name).cloned().unwrap_or_default();
    let ratio = |above: &str, below: &str| -> Vec<f64> {
        of(above).iter().zip(of(below)).map(|(above, below)| above / below).collect()
    };
    let mut rows = Vec::new();
    let mut row = |name: &str, values: Vec<f64>, show: fn(f64) -> String, budget: &'static str| {
        rows.push(Row { name: name.to_owned(), values, show, budget });
    };
    for (workload, budget) in [("w1", ""), ("w2", "<= 3")] {
        let (floor, measured) = (format!("floor:{workload}"), format!("measured:{workload}"));
        row(&format!("{workload}: by hand, per request"), of(&floor), nanos, "");
        row(&format!("{workload}: simulator, per request"), of(&measured), nanos, "");
        row(
            &format!("{workload}: events per request"),
            of(&format!("events:{workload}")),
            plain,
            "",
        );
        row(&format!("{workload}: simulator / by hand"), ratio(&measured, &floor), times, budget);
        let unmeasured = ratio(&format!("unmeasured:{workload}"), &measured);
        let share = unmeasured.iter().map(|rest| 1.0 - rest).collect();
        row(&format!("{workload}: share of metrics"), share, percent, "<= 25 %");
        if let Some(version) = node {
            let wasm = ratio(&format!("wasm:{workload}"), &measured);
            row(&format!("{workload}: Node {version} / native"), wasm, times, "<= 1.4");
        }
    }
    let judged = ratio("unjudged:w2", "measured:w2").iter().map(|rest| 1.0 - rest).collect();
    row("w2: share of judging invariants", judged, percent, "");
    for workload in ["w2-x100", "w2-30s", "w2-x100-30s"] {
        let larger = ratio(&format!("measured:{workload}"), "measured:w2");
        row(&format!("{workload} / w2, per request"), larger, times, "<= 1.5");
        let by_hand = ratio(&format!("floor:{workload}"), "floor:w2");
        row(&format!("the same by hand: {workload} / w2"), by_hand, times, "");
    }
    for preset in PRESETS {
        let speed = of(&format!("preset:{}", preset.id));
        row(&format!("{}: simulated seconds per second", preset.id), speed, plain, "");
    }
    row("checkpoint of w2", of("clone-nanos:w2"), milliseconds, "< 5 ms");
    row("checkpoint of w2", of("clone-bytes:w2"), mebibytes, "< 4 MiB");
    row("audit of w2, everything counted anew", of("audit-nanos:w2"), milliseconds, "");
    rows
}

fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => (f64::NAN, f64::NAN, f64::NAN),
        count => {
            (sorted[0], (sorted[(count - 1) / 2] + sorted[count / 2]) / 2.0, sorted[count - 1])
        }
    }
}

fn nanos(value: f64) -> String {
    format!("{value:.0} ns")
}

fn times(value: f64) -> String {
    format!("{value:.2} x")
}

fn percent(value: f64) -> String {
    format!("{:.0} %", value * 100.0)
}

fn plain(value: f64) -> String {
    if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

fn milliseconds(nanos: f64) -> String {
    format!("{:.2} ms", nanos / 1e6)
}

fn mebibytes(bytes: f64) -> String {
    format!("{:.2} MiB", bytes / 1_048_576.0)
}
