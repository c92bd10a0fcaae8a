//! The program itself, as a user runs it: arguments, standard input, output and exit codes.
#![cfg(not(target_arch = "wasm32"))]

use brownout::preset::PRESETS;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const FINE: i32 = 0;
const INTERNAL: i32 = 1;
const USAGE: i32 = 2;
const UNMET: i32 = 99;
const INVALID: i32 = 104;

/// A small scenario with one switch: without it, a third of the requests are too many.
const SMALL: &str = r#"{
  "v": 1,
  "name": {"en": "Small", "ko": "작은 예"},
  "duration_s": 20,
  "windows": 20,
  "nodes": {
    "users": {
      "kind": "clients",
      "arrivals": {"kind": "open", "rate_rps": 30, "process": "constant"},
      "calls": {"main": {"to": "api.page", "timeout_ms": 1000}}
    },
    "api": {
      "kind": "service",
      "servers": 1,
      "pools": {"web": {"threads": 2, "queue_limit": 2}},
      "endpoints": {"page": {"steps": [{"do": "wait", "time": {"dist": "constant", "ms": 100}}]}}
    }
  },
  "toggles": {
    "threads": {
      "name": {"en": "More threads"},
      "help": {"en": "Four threads."},
      "patch": {"nodes": {"api": {"pools": {"web": {"threads": 4}}}}}
    }
  },
  "expect": {
    "on": ["goodput_ratio >= 0.99"],
    "off": ["rejected_ratio > 0.3"],
    "both": ["p(99) < 300ms"]
  }
}"#;

fn brownout(arguments: &[&str]) -> Output {
    with_input(arguments, "")
}

/// Runs the program with a text on its standard input.
fn with_input(arguments: &[&str], input: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_brownout"))
        .args(arguments)
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that refuses its arguments never reads its input.
    let _ = program.stdin.take().expect("it has an input").write_all(input.as_bytes());
    program.wait_with_output().expect("it ends")
}

#[track_caller]
fn check(output: &Output, code: i32) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "stdout:\n{out}\nstderr:\n{error}");
    (out, error)
}

/// What a run that must succeed prints.
#[track_caller]
fn out(arguments: &[&str]) -> String {
    check(&brownout(arguments), FINE).0
}

/// What a run that must not succeed says.
#[track_caller]
fn error(arguments: &[&str], code: i32) -> String {
    let (out, error) = check(&brownout(arguments), code);
    assert_eq!(out, "", "nothing on standard output");
    error
}

/// A file for this test only, in the folder that cargo has for tests.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("cargo's folder for tests is writable");
    path
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn the_objective_of_each_preset_is_met_with_all_on_and_missed_with_none() {
    for preset in PRESETS {
        check(&brownout(&["check", preset.id, "--on", "all"]), FINE);
        check(&brownout(&["check", preset.id, "--on", "none"]), UNMET);
    }
}

#[test]
fn the_story_of_each_preset_holds() {
    let (text, _) = check(&brownout(&["check", "--all"]), FINE);
    for preset in PRESETS {
        assert!(text.contains(preset.id), "{text}");
        check(&brownout(&["check", preset.id]), FINE);
    }
}

#[test]
fn a_scenario_from_standard_input_is_judged_like_a_preset() {
    let judge = |arguments: &[&str], code: i32| check(&with_input(arguments, SMALL), code).0;
    let story = judge(&["check", "-"], FINE);
    assert!(story.contains("The story holds."), "{story}");
    judge(&["check", "-", "--on", "all"], FINE);
    judge(&["check", "-", "--on", "threads@0"], FINE);
    judge(&["check", "-", "--on", "threads@10"], UNMET);
    judge(&["check", "-", "--on", "all", "--off", "threads"], UNMET);
    judge(&["check", "-", "--on", "none"], UNMET);
    judge(&["check", "-", "--seeds", "1..3"], FINE);
    judge(&["check", "-", "--expect", "p(50) < 200ms"], FINE);
    let wrong = judge(&["check", "-", "--expect", "p(50) < 10ms"], UNMET);
    assert!(wrong.contains("1 of 4 clauses"), "{wrong}");
    // Enough threads without any switch: the story is no longer true.
    let set = ["check", "-", "--set", "nodes.api.pools.web.threads=4"];
    assert!(judge(&set, UNMET).contains("holds without any switch"));
}

#[test]
fn an_invalid_scenario_is_refused_with_every_problem() {
    let wrong = SMALL.replace("\"threads\": 2", "\"threads\": -2").replace("windows", "window");
    let path = file("invalid.json", &wrong);
    let path = path.to_str().unwrap();
    for command in ["run", "check", "link"] {
        let text = error(&[command, path], INVALID);
        assert!(text.contains("2 problems"), "{text}");
        assert!(text.contains("nodes.api.pools.web.threads: -2 is out of range: from 1"), "{text}");
        assert!(text.contains("did you mean \"windows\""), "{text}");
    }
    let (_, text) = check(&with_input(&["run", "-"], "{\"v\": 1,"), INVALID);
    assert!(text.contains("standard input: line 1, column 8"), "{text}");
}

#[test]
fn unknown_names_are_told_the_nearest_known_one() {
    for (arguments, meant) in [
        (vec!["run", "slow-dependancy"], "slow-dependency"),
        (vec!["presets", "retry-strom"], "retry-storm"),
        (vec!["run", "slow-dependency", "--on", "braker"], "breaker"),
        (vec!["check", "slow-dependency", "--on", "braker@20"], "breaker"),
        (vec!["run", "slow-dependency", "--set", "nodes.api.pols.web.threads=5"], "pools"),
        (vec!["run", "slow-dependency", "--set", "nodes.api.pools.web.thread=5@9"], "threads"),
        (vec!["run", "#p=slow-dependency&on=braker"], "breaker"),
        (vec!["check", "slow-dependency", "--expect", "godput_ratio > 0"], "goodput_ratio"),
    ] {
        let text = error(&arguments, INVALID);
        assert!(text.contains(&format!("did you mean \"{meant}\"?")), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    assert!(error(&["run", "no-such-file.json"], INVALID).contains("cannot read"));
    assert!(error(&["run", "zzz"], INVALID).contains("`brownout presets` lists"));
}

#[test]
fn broken_links_are_refused_in_words() {
    for link in ["#", "v1.", "v1.abc", "#v9.abc", "p=", "p=nothing", "https://example.org/#p=x"] {
        let text = error(&["run", link], INVALID);
        assert!(text.starts_with("error: link: "), "{link}: {text}");
    }
    // Cut off by a chat program.
    let path = file("link.json", SMALL);
    let whole = out(&["link", path.to_str().unwrap()]);
    let cut = &whole.trim()[..whole.len() - 20];
    assert!(error(&["run", cut], INVALID).contains("damaged or was cut off"));
}

#[test]
fn wrong_usage_is_told_from_wrong_scenarios() {
    for arguments in [
        &[][..],
        &["run"],
        &["run", "full-disk", "--format", "png"],
        &["run", "full-disk", "--on", "logrotate@soon"],
        &["run", "full-disk", "--on", "@3"],
        &["run", "full-disk", "--set", "nodes"],
        &["run", "full-disk", "--seed=-1"],
        &["run", "full-disk", "--seeds", "3..1"],
        &["run", "full-disk", "--seeds", "1..3", "--seed", "1"],
        &["run", "full-disk", "--seeds", "1..3", "--format", "svg"],
        &["check"],
        &["check", "--all", "full-disk"],
        &["runn"],
    ] {
        error(arguments, USAGE);
    }
    let nowhere = ["run", "full-disk", "--output", "no-such-folder/report.txt"];
    assert!(error(&nowhere, INTERNAL).contains("cannot write"));
}

/// The digest of a run.
fn digest(arguments: &[&str]) -> String {
    let report = json(&out(&[&["run", "--format", "json"], arguments].concat()));
    report["digest"].as_str().expect("reports have a digest").to_owned()
}

#[test]
fn a_link_replays_the_run_to_the_bit() {
    let flags = ["--on", "breaker@60", "--seed", "3"];
    let set = ["--set", "nodes.api.pools.web.threads=60@45"];
    for flags in [flags.to_vec(), [&flags[..], &set].concat()] {
        let run = digest(&[&["slow-dependency"], &flags[..]].concat());
        for form in [&[][..], &["--packed"], &["--base", "https://example.org/brownout/"]] {
            let link = out(&[&["link", "slow-dependency"], &flags[..], form].concat());
            assert_eq!(digest(&[link.trim()]), run, "{link}");
            // A link of a link is the same link.
            assert_eq!(out(&[&["link", link.trim()], form].concat()), link);
        }
        assert_ne!(run, digest(&["slow-dependency", "--seed", "3"]));
    }
    let readable = out(&["link", "slow-dependency", "--on", "breaker@60", "--seed", "3"]);
    assert_eq!(readable, "#p=slow-dependency&seed=3&on=breaker@60\n");
}

#[test]
fn flags_come_after_what_a_link_says() {
    let link = "#p=slow-dependency&seed=3&on=breaker@60";
    assert_eq!(digest(&[link, "--on", "none"]), digest(&["slow-dependency", "--seed", "3"]));
    assert_eq!(
        digest(&[link, "--seed", "4", "--on", "timeout"]),
        digest(&["slow-dependency", "--on", "timeout,breaker@60", "--seed", "4"])
    );
    assert_eq!(
        digest(&["slow-dependency", "--on", "all", "--off", "breaker,timeout"]),
        digest(&["slow-dependency", "--on", "split-pools"])
    );
}

#[test]
fn a_file_gives_the_same_run_as_the_preset_that_it_was_printed_from() {
    let path = file("printed.json", &out(&["presets", "full-disk"]));
    assert_eq!(digest(&[path.to_str().unwrap()]), digest(&["full-disk"]));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for format in ["text", "json", "csv", "svg"] {
        let run = ["run", "async-calls", "--on", "all", "--compare", "--format", format];
        assert_eq!(out(&run), out(&run), "{format}");
    }
    let seeds = ["run", "async-calls", "--seeds", "1..5", "--format", "json"];
    let reports = json(&out(&seeds));
    let alone = json(&out(&["run", "async-calls", "--seed", "4", "--format", "json"]));
    assert_eq!(reports[3], alone, "a run does not depend on its neighbours");
}

#[test]
fn every_form_of_a_result_is_well_formed() {
    let path = file("forms.json", SMALL);
    let run = |flags: &[&str]| out(&[&["run", path.to_str().unwrap()], flags].concat());
    let report = json(&run(&["--format", "json", "--set", "duration_s=10"]));
    assert_eq!((report["simulated_s"].as_f64(), report["seed"].as_u64()), (Some(10.0), Some(1)));
    let pair = json(&run(&["--format", "json", "--compare", "--on", "all"]));
    assert_eq!(pair["with_switches"]["switches"][0], "threads@0");
    assert_eq!(pair["as_it_was"]["switches"].as_array().map(Vec::len), Some(0));

    let table = run(&["--format", "csv"]);
    let widths: Vec<usize> = table.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(widths.len(), 21, "a line of names and one per window");
    assert!(table.starts_with("start_s,end_s,users/offered,"));
    assert!(widths.iter().all(|width| *width == widths[0]));
    assert!(!table.contains("-1"), "cells without data are empty");
    assert!(run(&["--format", "csv", "--compare"]).starts_with("lane,start_s"));
    assert!(run(&["--format", "csv", "--seeds", "1..2"]).lines().count() == 41);

    let picture = run(&["--format", "svg", "--compare", "--on", "all"]);
    assert!(picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"));

    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("report.txt");
    assert_eq!(run(&["--output", target.to_str().unwrap()]), "");
    assert_eq!(std::fs::read_to_string(target).unwrap(), run(&[]));
}

#[test]
fn the_report_is_readable_in_both_languages() {
    for (lang, words) in [
        ("en", ["Eight minus one", "12.5%", "14.3%", "What happened", "Objective"]),
        ("ko", ["8대 중 1대", "12.5%", "14.3%", "사건 순서", "목표"]),
    ] {
        for flags in [&[][..], &["--compare", "--on", "all"]] {
            let text = out(&[&["run", "eight-minus-one", "--lang", lang], flags].concat());
            words.iter().for_each(|word| assert!(text.contains(word), "{word}\n{text}"));
            assert!(!text.contains('\x1b'), "colours are for terminals");
            assert!(text.lines().all(|line| !line.ends_with(' ')), "{text}");
        }
    }
}

#[test]
fn a_run_that_stops_early_says_so() {
    let output = brownout(&["run", "full-disk", "--set", "max_events=5000"]);
    let (out, error) = check(&output, FINE);
    assert!(out.contains("Stopped early"), "{out}");
    assert!(error.contains("stopped early"), "{error}");
    for form in ["csv", "svg", "json"] {
        let stopped = ["run", "full-disk", "--set", "max_events=5000", "--format", form];
        check(&brownout(&stopped), FINE);
    }
    let compared = ["run", "full-disk", "--set", "max_events=5000", "--compare", "--on", "all"];
    check(&brownout(&compared), FINE);
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_brownout"))
        .args(["run", "eight-minus-one", "--format", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 8];
    let mut reader = program.stdout.take().unwrap();
    reader.read_exact(&mut first).unwrap();
    drop(reader);
    let (_, error) = check(&program.wait_with_output().unwrap(), FINE);
    assert_eq!((&first, error.as_str()), (b"start_s,", ""));
}

#[test]
fn lists_and_help_name_everything() {
    let (text, list) = (out(&["presets"]), json(&out(&["presets", "--format", "json"])));
    assert_eq!(list.as_array().map(Vec::len), Some(PRESETS.len()));
    for (preset, entry) in PRESETS.iter().zip(list.as_array().unwrap()) {
        assert_eq!(entry["id"], preset.id);
        assert!(text.contains(preset.id) && text.contains(entry["covers"][0].as_str().unwrap()));
        assert_eq!(out(&["presets", preset.id]), preset.json);
    }
    assert_eq!(json(&out(&["schema"]))["title"], "Scenario");
    let help = out(&["--help"]);
    for command in ["run", "check", "link", "presets", "schema"] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        out(&[command, "--help"]);
    }
}
