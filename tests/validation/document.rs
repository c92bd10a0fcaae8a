//! `docs/validation.md`: theory beside simulation, for every figure of the suite.

use crate::book::{Row, Source, cases, is_full, outcome};
use crate::tests;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// Cases that cannot be expressed yet, and what is missing. This list may only become shorter.
pub const NOT_YET: &[(&str, &str)] = &[];

const HEAD: &str = "\
# Theory and simulation

What theory, product sources and recorded runs predict, beside what the program finds when it runs the same system
from a scenario file: `brownout run FILE --format json`. The cases, their values and their tolerances stand in
[`tests/validation/cases.json`](../tests/validation/cases.json), the scenarios beside it.

A tolerance is five standard deviations of an estimate from a run of the stated size, measured over 200 replications of an
independent simulator; `z` is the distance in such standard deviations. Seeds are fixed, so a figure is right or wrong
for ever. *Exact* figures agree to the last digit. Figures with a source are arithmetic on what was simulated or
configured, because no run can give them.

## How to ask for a figure

| figure | in the report (`--format json`) | as a clause |
| --- | --- | --- |
| response time W of users | `totals.response`, `classes.*.response` | `mean_response`, `p`, `sd_response`, `slower_ratio(users, 1s)` |
| waiting time Wq | `stations.*.pools.*.wait` | `mean_wait`, `p_wait`, `sd_wait`, `waited_over(pool, 1s)` |
| share that waits | `….waited_ratio`, `….waited`, `….started` | `waited_ratio` |
| L, Lq, busy servers | `….mean_in_system`, `….mean_queue`, `….mean_busy` | `mean_in_system`, `mean_queue` |
| share of time above a level, level at the end | `….in_system_at_end` | `time_above(pool, 15)`, `in_system_at_end` |
| utilisation, busy time | `….utilisation`, `….busy_s` | `utilisation`, `busy_time` |
| blocked, refused, abandoned | `….rejected`, `totals.rejected` by cause | `rejected_ratio(users, queue_full)`, `refused` |
| goodput, throughput | `totals.goodput_rps`, `totals.goodput_ratio` | `throughput`, `goodput_ratio` |
| attempts, retries, hedges, fallbacks | `edges.*` | `attempts`, `retries`, `hedges`, `fallbacks` |
| tokens left | `edges.*.retry_tokens` | |
| k of n servers up, and how often not | `stations.*.up` | `up_share(node, k)`, `fell_below(node, k)` |
| hits, fetches, entries of a cache | `stations.*.caches.*` | `hit_ratio(cache)`, `cache_fetches`, `cache_entries`, `evictions` |
| memory, garbage collection | `stations.*.memory` | `heap_used`, `gc_share`, `out_of_memory` |
| when the last one ended | `totals.last_end_s`, `….last_end_s` | `last_end` |
| when a backlog was gone | | `drained_at(node, 10, 30s..400s)` |
| what happened when | `timeline`; every event by `--format ndjson` ([events](events.md)) | |

A clause in `expect.both` tells its figure in `expectations.*.measured`; [expectations.md](expectations.md) lists all.
`--seeds 1..1000` runs replications. A run lasts a year at most: let a second stand for an hour where mean times between
failures are asked for.

`cargo test --test validation` runs every case, the longest ones at a part of their size and with wider tolerances;
`VALIDATION=full` runs all at full size.
";

#[test]
fn every_case_is_tested_or_listed_with_what_is_missing() {
    let all: BTreeSet<&str> = cases().iter().filter_map(|case| case["id"].as_str()).collect();
    assert_eq!(all.len(), 99);
    let tested: Vec<String> = tests().iter().map(|(name, _)| name.to_uppercase()).collect();
    let listed = NOT_YET.iter().map(|(id, _)| *id);
    let found: Vec<&str> = tested.iter().map(String::as_str).chain(listed).collect();
    let once: BTreeSet<&str> = found.iter().copied().collect();
    assert_eq!(once.len(), found.len(), "a case is tested or listed, and only once");
    assert_eq!(once, all);
}

/// Written anew, or compared in all that no run changes: cases, metrics, theory and what is missing.
#[test]
fn the_document_has_every_figure() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/validation.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, document()).expect("the document can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let outdated = "docs/validation.md is out of date: UPDATE=1 cargo test --test validation";
    for (name, _) in tests() {
        for row in outcome(name).as_deref().unwrap_or_default() {
            let begin = beginning(name, row);
            assert!(found.contains(&begin), "{outdated}\nmissing: {begin}");
        }
    }
    assert!(found.ends_with(&not_yet()), "{outdated}\nthe list of what is missing differs");
}

fn document() -> String {
    let (size, command) = match is_full() {
        true => ("full", "VALIDATION=full UPDATE=1"),
        false => ("usual", "UPDATE=1"),
    };
    let mut text = format!(
        "{HEAD}The figures below are those of a run at its {size} size.\n\n\
         <!-- Generated: {command} cargo test --test validation -->\n\n"
    );
    let mut family = "";
    for case in cases() {
        let (id, name) = (text_of(case, "id"), text_of(case, "id").to_lowercase());
        let Some((name, _)) = tests().into_iter().find(|(known, _)| *known == name) else {
            continue;
        };
        if text_of(case, "family") != family {
            family = text_of(case, "family");
            write!(text, "## {family}\n\n").expect("writing to a string");
        }
        write!(text, "**{id}** {}\n\n", text_of(case, "model")).expect("writing to a string");
        text.push_str("| case | metric | theory | simulated | tolerance | z | source |\n");
        text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
        let rows = outcome(name).as_ref().unwrap_or_else(|problem| panic!("{problem}"));
        for row in rows {
            assert!(row.holds, "{name}: {row:?}");
            writeln!(text, "{}{}", beginning(name, row), rest(row)).expect("writing to a string");
        }
        text.push('\n');
    }
    text + &not_yet()
}

fn not_yet() -> String {
    let mut text =
        "## Not yet expressible\n\n| case | model | missing |\n| --- | --- | --- |\n".to_owned();
    for (id, missing) in NOT_YET {
        let case = cases().iter().find(|case| case["id"] == *id).expect("a case of the book");
        writeln!(text, "| {id} | {} | {missing} |", text_of(case, "model"))
            .expect("writing to a string");
    }
    text
}

fn text_of<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().expect("cases have texts")
}

/// The part of a line that no run changes.
fn beginning(name: &str, row: &Row) -> String {
    let metric = row.metric.replace('|', "\\|");
    format!("| {} | {metric} | {} |", name.to_uppercase(), shown(&row.theory))
}

fn rest(row: &Row) -> String {
    let tolerance = match (&row.theory, row.tolerance) {
        (Value::Array(_), share) if share > 0.0 => format!("± {} %", digits(share * 100.0)),
        (_, tolerance) if tolerance.is_infinite() => "bound".to_owned(),
        (_, tolerance) if tolerance > 0.0 && row.z.is_some() => format!("± {}", digits(tolerance)),
        _ => "exact".to_owned(),
    };
    let z = row.z.map(|z| format!("{z:+.2}")).unwrap_or_default();
    let source = match row.source {
        Source::Simulated => "",
        Source::Computed(from) => from,
    };
    format!(" {} | {tolerance} | {z} | {source} |", shown(&row.simulated))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => digits(number.as_f64().expect("numbers are doubles")),
        Value::String(text) => text.replace('|', "\\|"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// Seven digits that matter, without zeros at the end.
fn digits(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    // Digits before the point, or zeros behind it.
    let exponent =
        format!("{number:e}").rsplit_once('e').and_then(|(_, digits)| digits.parse::<i32>().ok());
    let before = exponent.expect("a number has an exponent") + 1;
    if !(-3..=9).contains(&before) {
        return format!("{number:.4e}");
    }
    let text = format!("{number:.*}", (7 - before).clamp(0, 9) as usize);
    let trimmed =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    trimmed.to_owned()
}

#[test]
fn numbers_are_shown_with_the_digits_that_matter() {
    for (number, text) in [
        (0.8, "0.8"),
        (23.0258509, "23.02585"),
        (200_000.0, "200000"),
        (1.5e-8, "1.5000e-8"),
        (0.0, "0"),
    ] {
        assert_eq!(digits(number), text);
    }
}
