//! Clauses such as `goodput_ratio >= 0.95`: what a run must show.
//!
//! ```text
//! clause := figure [ "/" figure ] operator value                  (how many times as much)
//! figure := metric [ "(" argument { "," argument } ")" ]
//! operator := "<" | "<=" | ">" | ">=" | "==" | "!=" | "~"        (~: within 2 %)
//! argument := name | number | cause | from ".." to                (p(99, users, 30s..60s))
//! value := number [ unit ] | "none" | "true" | "false" | state
//! ```
//!
//! A name is a node (`api`), a server (`api#3`), or a class, pool or call of a node (`users.new`,
//! `api.web`, `api.idp`). Figures are those of the report, after the warm-up; with a spell they are
//! those of the windows that lie wholly inside it. A time that never came is later than any other.

mod measure;
mod metric;
mod names;
mod parse;
mod scanner;
mod table;
mod value;

pub use metric::{Kind, Metric, Number, Quantity, Subject, Unit};
pub use table::METRICS;

use super::Report;
use crate::engine::Time;
use crate::metrics::Metrics;
use crate::observation::Cause;
use crate::wiring::Wiring;
use serde::Serialize;

/// How far apart two values may be to be about equal, as a share of the wanted one.
const ABOUT: f64 = 0.02;

/// States of a verdict, in the order of the numbers that stand for them.
pub const STATES: [&str; 5] = ["healthy", "contained", "recovered", "down", "metastable"];

/// How the measured value is compared with the wanted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
    About,
}

impl Operator {
    fn holds(self, measured: f64, wanted: f64) -> bool {
        match self {
            Operator::Less => measured < wanted,
            Operator::AtMost => measured <= wanted,
            Operator::More => measured > wanted,
            Operator::AtLeast => measured >= wanted,
            Operator::Equal => measured == wanted,
            Operator::Unequal => measured != wanted,
            // Two times that never came are equal; their difference would not be a number.
            Operator::About => {
                measured == wanted || (measured - wanted).abs() <= ABOUT * wanted.abs()
            }
        }
    }
}

/// What stands between the parentheses.
#[derive(Clone, Debug, Default, PartialEq)]
struct Arguments {
    subject: Option<Subject>,
    /// 0 to 1.
    quantile: Option<f64>,
    cause: Option<Cause>,
    /// In the unit of the metric's number.
    bound: Option<f64>,
    spell: Option<(Time, Time)>,
}

/// A metric and whom it is asked about.
#[derive(Clone, Debug, PartialEq)]
struct Figure {
    metric: &'static Metric,
    arguments: Arguments,
}

impl Figure {
    fn measure(&self, metrics: &Metrics, report: &Report) -> Result<f64, String> {
        measure::measure(self.metric.quantity, &self.arguments, metrics, report)
    }
}

/// A clause whose every name and unit has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    text: String,
    figure: Figure,
    /// What the figure is divided by, if it is.
    over: Option<Figure>,
    operator: Operator,
    /// In the unit of the metric; a plain number where one figure is divided by another.
    wanted: f64,
}

/// A clause and whether it holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Expectation {
    /// The clause as written.
    pub clause: String,
    /// The measured value that it was judged on; none stands for never, or for a problem.
    pub measured: Option<f64>,
    /// Unit of the measured value: `ms`, `s`, `h`, `ratio`, `count`, `per_s`, `bytes`,
    /// `flag`, `state`.
    pub unit: &'static str,
    /// Whether it holds.
    pub holds: bool,
    /// Why it could not be judged, if so.
    pub problem: Option<String>,
}

impl Clause {
    /// Reads a clause and checks it against the nodes that exist. The error is a sentence for the
    /// author of the clause.
    pub fn parse(text: &str, wiring: &Wiring) -> Result<Clause, String> {
        parse::clause(text, wiring)
    }

    /// The clause as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Judges a run that has ended.
    pub fn judge(&self, metrics: &Metrics, report: &Report) -> Expectation {
        let unit = if self.over.is_some() { Unit::Ratio } else { self.figure.metric.unit }.key();
        let clause = self.text.clone();
        match self.measure(metrics, report) {
            Ok(measured) => Expectation {
                clause,
                measured: measured.is_finite().then_some(measured),
                unit,
                holds: self.operator.holds(measured, self.wanted),
                problem: None,
            },
            Err(problem) => {
                Expectation { clause, measured: None, unit, holds: false, problem: Some(problem) }
            }
        }
    }

    fn measure(&self, metrics: &Metrics, report: &Report) -> Result<f64, String> {
        let measured = self.figure.measure(metrics, report)?;
        let Some(over) = &self.over else { return Ok(measured) };
        match over.measure(metrics, report)? {
            0.0 => Err(format!("{} is 0: nothing can be divided by it", over.metric.name)),
            by if measured.is_finite() && by.is_finite() => Ok(measured / by),
            _ => Err("a time that never came has no share of another".into()),
        }
    }
}

impl Report {
    /// Judges clauses and keeps the result in the report; returns whether all hold.
    pub fn expect(&mut self, metrics: &Metrics, clauses: &[Clause]) -> bool {
        let judged = clauses.iter().map(|clause| clause.judge(metrics, self)).collect();
        self.expectations = judged;
        self.expectations.iter().all(|expectation| expectation.holds)
    }
}
