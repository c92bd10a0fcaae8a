//! The book of cases, and how a figure is judged by it.

use crate::tests;
use serde_json::Value;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{LazyLock, OnceLock};

/// A case that is tested: the name of its function, and the function.
pub type Test = (&'static str, fn(&mut Case));

/// Lists the cases of a family, and makes each one a test of its own.
macro_rules! cases {
    ($($name:ident)*) => {
        pub const CASES: &[crate::book::Test] = &[$((stringify!($name), $name)),*];
        mod each {
            $(#[test]
            fn $name() {
                crate::book::assert_right(stringify!($name));
            })*
        }
    };
}

static BOOK: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("cases.json")).expect("the book of cases is JSON")
});

/// All cases of the book.
pub fn cases() -> &'static [Value] {
    BOOK["cases"].as_array().expect("the book holds cases")
}

/// The case of that name, such as `q01`.
fn case_of(name: &str) -> &'static Value {
    let found = cases()
        .iter()
        .find(|case| case["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(name)));
    found.unwrap_or_else(|| panic!("there is no case {name}"))
}

/// Whether the cases run at the size that their tolerances are stated for.
pub fn is_full() -> bool {
    std::env::var("VALIDATION").is_ok_and(|size| size == "full")
}

/// How many completions to simulate of so many: the usual run is shorter where the book asks for many.
pub fn completions(full: f64) -> f64 {
    if is_full() { full } else { full.min(1e6) }
}

/// How a simulated figure came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Read from a run.
    Simulated,
    /// Arithmetic on figures of a run, or of the scenario.
    Computed(&'static str),
}

/// A figure beside its prediction.
#[derive(Clone, Debug)]
pub struct Row {
    pub metric: String,
    pub theory: Value,
    pub simulated: Value,
    /// In the unit of the figure; 0 for exact ones.
    pub tolerance: f64,
    /// Distance in standard deviations, where a tolerance is five of them.
    pub z: Option<f64>,
    pub source: Source,
    pub holds: bool,
}

/// A case while it runs.
#[derive(Debug)]
pub struct Case {
    pub name: &'static str,
    book: &'static Value,
    pub rows: Vec<Row>,
}

impl Case {
    /// A number of the case's parameters.
    pub fn param(&self, name: &str) -> f64 {
        let value = &self.book["params"][name];
        value.as_f64().unwrap_or_else(|| panic!("{}: {name} is {value}", self.name))
    }

    /// The case's parameters.
    pub fn params(&self) -> &'static Value {
        &self.book["params"]
    }

    /// The steps of a recorded case.
    pub fn trace(&self) -> &'static [Value] {
        self.book["trace"].as_array().expect("the case has a trace")
    }

    fn wanted(&self, metric: &str) -> &'static Value {
        let metrics = self.book["metrics"].as_array().expect("cases have metrics");
        let found = metrics.iter().find(|wanted| wanted["name"] == metric);
        found.unwrap_or_else(|| panic!("{}: no metric {metric} in the book", self.name))
    }

    /// What the book says of a metric.
    pub fn theory(&self, metric: &str) -> f64 {
        self.wanted(metric)["value"].as_f64().expect("the metric is a number")
    }

    /// A figure of a run of the book's own size, or one without statistics.
    pub fn is(&mut self, metric: &str, simulated: impl Into<Value>) {
        self.judge(metric, simulated.into(), 1.0, Source::Simulated);
    }

    /// A figure of a run of so many completions (or whatever the book counts).
    pub fn is_over(&mut self, completions: f64, metric: &str, simulated: impl Into<Value>) {
        let full = self.wanted(metric)["n"].as_f64();
        let scale = full.map_or(1.0, |full| (full / completions).sqrt());
        self.judge(metric, simulated.into(), scale, Source::Simulated);
    }

    /// A figure whose tolerance the book states for another size than its own `n`.
    pub fn is_scaled(&mut self, scale: f64, metric: &str, simulated: impl Into<Value>) {
        self.judge(metric, simulated.into(), scale, Source::Simulated);
    }

    /// Figures in a row, each within the relative tolerance.
    pub fn is_each(&mut self, completions: f64, metric: &str, simulated: &[f64]) {
        let wanted = self.wanted(metric);
        let scale = wanted["n"].as_f64().map_or(1.0, |full| (full / completions).sqrt());
        let share = wanted["tol_rel"].as_f64().expect("a relative tolerance") * scale;
        let theory = wanted["value"].clone();
        let wanted: Vec<f64> =
            theory.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        let apart = |(wanted, found): (&f64, &f64)| (found / wanted - 1.0) / (share / 5.0);
        let z = wanted
            .iter()
            .zip(simulated)
            .map(apart)
            .fold(0.0, |worst: f64, z| if z.abs() > worst.abs() { z } else { worst });
        let holds = wanted.len() == simulated.len() && z.abs() <= 5.0;
        let (simulated, z) = (simulated.into(), Some(z));
        let source = Source::Simulated;
        self.push(Row {
            metric: metric.into(),
            theory,
            simulated,
            tolerance: share,
            z,
            source,
            holds,
        });
    }

    /// A figure that is arithmetic on what was simulated or configured.
    pub fn computed(&mut self, metric: &str, value: impl Into<Value>, from: &'static str) {
        self.judge(metric, value.into(), 1.0, Source::Computed(from));
    }

    /// A figure that has to keep a bound.
    pub fn bounded(&mut self, metric: &str, simulated: impl Into<Value>, keeps: bool) {
        let theory = self.wanted(metric)["value"].clone();
        let source = Source::Simulated;
        let simulated = simulated.into();
        self.push(Row {
            metric: metric.into(),
            theory,
            simulated,
            tolerance: f64::INFINITY,
            z: None,
            source,
            holds: keeps,
        });
    }

    fn judge(&mut self, metric: &str, simulated: Value, scale: f64, source: Source) {
        let wanted = self.wanted(metric);
        let theory = wanted["value"].clone();
        let (Some(theory_number), Some(number)) = (theory.as_f64(), simulated.as_f64()) else {
            let holds = same(&theory, &simulated);
            return self.push(Row {
                metric: metric.into(),
                theory,
                simulated,
                tolerance: 0.0,
                z: None,
                source,
                holds,
            });
        };
        let absolute = wanted["tol_abs"].as_f64();
        let relative = wanted["tol_rel"].as_f64().map(|share| share * theory_number.abs());
        let stated = absolute.or(relative).unwrap_or_else(|| panic!("{metric}: no tolerance"));
        let is_random = wanted["kind"] != "deterministic";
        let tolerance = if is_random { stated * scale } else { stated };
        let distance = number - theory_number;
        // What is exact is exact up to the last bits of a double.
        let holds = distance.abs() <= tolerance.max(1e-12 * theory_number.abs());
        let z = (is_random && tolerance > 0.0).then(|| distance / (tolerance / 5.0));
        self.push(Row { metric: metric.into(), theory, simulated, tolerance, z, source, holds });
    }

    fn push(&mut self, row: Row) {
        let again = self.rows.iter().any(|known| known.metric == row.metric);
        assert!(!again, "{}: {} is asserted twice", self.name, row.metric);
        self.rows.push(row);
    }

    /// Metrics of the book that nothing was asserted of.
    fn forgotten(&self) -> Vec<&str> {
        let metrics = self.book["metrics"].as_array().into_iter().flatten();
        let names = metrics.filter_map(|metric| metric["name"].as_str());
        names.filter(|name| self.rows.iter().all(|row| row.metric != *name)).collect()
    }
}

/// Whether two values are the same, 1 and 1.0 included.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) =
                (one.as_f64().unwrap_or(f64::NAN), other.as_f64().unwrap_or(f64::NAN));
            (one - other).abs() <= 1e-9
        }
        _ => one == other,
    }
}

/// What came of a case: its rows, or why there are none.
pub type Outcome = Result<Vec<Row>, String>;

static OUTCOMES: LazyLock<BTreeMap<&'static str, OnceLock<Outcome>>> =
    LazyLock::new(|| tests().into_iter().map(|(name, _)| (name, OnceLock::new())).collect());

/// What came of a case; whoever asks first runs it.
pub fn outcome(name: &str) -> &'static Outcome {
    let (name, run) = tests().into_iter().find(|(known, _)| *known == name).expect("a case");
    OUTCOMES[name].get_or_init(|| {
        let mut case = Case { name, book: case_of(name), rows: Vec::new() };
        crate::program::begin_case(name);
        catch_unwind(AssertUnwindSafe(|| run(&mut case))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_default()
        })?;
        match case.forgotten() {
            forgotten if forgotten.is_empty() => Ok(case.rows),
            forgotten => Err(format!("{name}: nothing was asserted of {}", forgotten.join(", "))),
        }
    })
}

/// Runs a case, prints its figures and fails if one is wrong.
pub fn assert_right(name: &str) {
    let rows = outcome(name).as_ref().unwrap_or_else(|problem| panic!("{problem}"));
    for row in rows {
        let mark = if row.holds { ' ' } else { '!' };
        let z = row.z.map(|z| format!(" z {z:+.2}")).unwrap_or_default();
        println!(
            "{mark} {name} {}: {} simulated {} ± {:.4}{z}",
            row.metric, row.theory, row.simulated, row.tolerance
        );
    }
    let wrong: Vec<&Row> = rows.iter().filter(|row| !row.holds).collect();
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
}
