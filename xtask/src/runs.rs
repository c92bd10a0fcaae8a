//! Runs to be repeated, natively and in a browser, and what they show: the same bits everywhere.
//!
//! A program that repeats runs reads a [`Job`] from each line of its standard input and writes an
//! [`Answer`] to a line of its standard output, in the same order. `replay` is the native one,
//! `wasm-replay` the one with a browser.

use crate::Outcome;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

/// A moment after every end, in seconds.
pub const FAR_S: f64 = 1e12;
/// More events than a run may have; exact in JavaScript, too.
pub const ALL_EVENTS: u64 = 1 << 53;
/// How many events an original handles after a checkpoint was made of it, before it is dropped: the
/// checkpoint must not notice.
pub const ASTRAY_EVENTS: u64 = 500;

/// A part of a run that is simulated in one go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Ends at this moment at the latest, in seconds.
    pub until_s: f64,
    /// Ends after so many events at the latest.
    pub events: u64,
    /// Whether the run goes on from a checkpoint made at the end of this piece.
    pub checkpoint: bool,
}

/// A run and how it is cut; after the last piece it goes on to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// `{scenario | preset, seed, actions}`, as the page gives it to a lane.
    pub run: Value,
    /// How it is cut; empty for a run in one go.
    pub pieces: Vec<Piece>,
}

impl Job {
    /// A scenario in one go.
    #[must_use]
    pub fn of_scenario(scenario: &Value, seed: u64) -> Self {
        Self {
            run: json!({ "scenario": scenario, "seed": seed, "actions": [] }),
            pieces: Vec::new(),
        }
    }

    /// `{run, pieces: [[until_s, events, checkpoint], …]}`
    #[must_use]
    pub fn to_json(&self) -> Value {
        let piece = |piece: &Piece| json!([piece.until_s, piece.events, piece.checkpoint]);
        json!({ "run": self.run, "pieces": self.pieces.iter().map(piece).collect::<Vec<_>>() })
    }

    /// Reads what [`Job::to_json`] has written.
    pub fn from_json(mut value: Value) -> Outcome<Self> {
        let piece = |piece: &Value| {
            Some(Piece {
                until_s: piece[0].as_f64()?,
                events: piece[1].as_u64()?,
                checkpoint: piece[2].as_bool()?,
            })
        };
        let pieces = value["pieces"].as_array().ok_or("a job has pieces")?;
        let pieces = pieces.iter().map(piece).collect::<Option<_>>();
        let pieces = pieces.ok_or("a piece is [until_s, events, checkpoint]")?;
        Ok(Self { run: value["run"].take(), pieces })
    }
}

/// What a run has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Digests at the ends of all windows, 16 hexadecimal digits each.
    pub windows: Vec<String>,
    /// Digest over all events.
    pub digest: String,
    /// Why it ended before its time.
    pub stopped: Option<String>,
    /// The report, JSON.
    pub report: String,
}

/// What became of a job: what it has shown, or why it could not: problems of the scenario as JSON, or
/// the message of a panic.
pub type Answer = Result<Shown, String>;

/// `{windows, digest, stopped, report}` or `{error}`.
#[must_use]
pub fn answer_to_json(answer: &Answer) -> Value {
    match answer {
        Ok(Shown { windows, digest, stopped, report }) => {
            json!({ "windows": windows, "digest": digest, "stopped": stopped, "report": report })
        }
        Err(error) => json!({ "error": error }),
    }
}

/// Reads what [`answer_to_json`] has written.
pub fn answer_from_json(value: &Value) -> Answer {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    if let Some(error) = text("error") {
        return Err(error);
    }
    let windows = value["windows"].as_array().into_iter().flatten();
    Ok(Shown {
        windows: windows.filter_map(Value::as_str).map(str::to_owned).collect(),
        digest: text("digest").ok_or("no digest")?,
        stopped: text("stopped"),
        report: text("report").ok_or("no report")?,
    })
}

/// Has a program repeat runs, several at a time; the answers are in the order of the jobs.
pub fn replay(program: &Path, jobs: &[Job]) -> Outcome<Vec<Answer>> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = jobs.len().div_ceil(cores).max(1);
    thread::scope(|scope| {
        let parts = jobs.chunks(share).map(|part| scope.spawn(|| replay_part(program, part)));
        let parts: Vec<_> = parts.collect();
        let mut answers = Vec::with_capacity(jobs.len());
        for part in parts {
            answers.extend(part.join().map_err(|_| "repeating runs panicked")??);
        }
        Ok(answers)
    })
}

fn replay_part(program: &Path, jobs: &[Job]) -> Outcome<Vec<Answer>> {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("could not start {}: {error}", program.display()))?;
    let mut input = child.stdin.take().expect("standard input was piped");
    let output = child.stdout.take().expect("standard output was piped");
    thread::scope(|scope| {
        // If the program ends early, the missing answers tell.
        scope.spawn(move || jobs.iter().try_for_each(|job| writeln!(input, "{}", job.to_json())));
        let mut answers = Vec::with_capacity(jobs.len());
        for line in BufReader::new(output).lines() {
            answers.push(answer_from_json(&serde_json::from_str(&line?)?));
        }
        child.wait()?;
        if answers.len() < jobs.len() {
            return Err(
                format!("{} broke down at {}", program.display(), jobs[answers.len()].run).into()
            );
        }
        Ok(answers)
    })
}

/// What a program does that repeats runs: answers all jobs of its standard input.
pub fn serve(mut answer: impl FnMut(&Job) -> Outcome<Answer>) -> Outcome {
    for line in std::io::stdin().lines() {
        let job = Job::from_json(serde_json::from_str(&line?)?)?;
        println!("{}", answer_to_json(&answer(&job)?));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_and_answers_survive_the_way() {
        let piece = Piece { until_s: 0.1 + 0.2, events: ALL_EVENTS, checkpoint: true };
        let job = Job { run: json!({ "preset": "full-disk" }), pieces: vec![piece] };
        assert_eq!(Job::from_json(job.to_json()).unwrap(), job);
        let shown = Shown {
            windows: vec!["00".to_owned()],
            digest: "ff".to_owned(),
            stopped: None,
            report: "{}".to_owned(),
        };
        for answer in [Ok(shown), Err("no".to_owned())] {
            assert_eq!(answer_from_json(&answer_to_json(&answer)), answer);
        }
        assert!(Job::from_json(json!({ "pieces": [[1]] })).is_err());
    }
}
