//! `docs/incidents.md`: each incident, the presets that reproduce it, and what they measure.

use super::{Source, figures, measured};
use brownout::preset::Preset;
use brownout::report::Expectation;
use brownout::scenario::Scenario;
use std::fmt::Write;

const INTRODUCTION: &str = "\
# The incidents

Every row is an outage, or what was built against it, that a preset reproduces. The clauses are those of the preset's
`expect`; beside each stands what it measures at the preset's own seed, with every switch off and with every switch on.
`brownout check --all --seeds 1..20` judges them for twenty seeds.

<!-- Generated: UPDATE=1 cargo test --test incidents -->
";

/// The whole document.
pub fn markdown(sources: &[Source], tour: &[(&Preset, Scenario)]) -> String {
    let mut text = INTRODUCTION.to_owned();
    for source in sources {
        let Source { source: key, name, article, rows } = source;
        let _ = writeln!(text, "\n## {key} · {name}\n\n{article}\n");
        text += "| row | what | preset | clause | all off | all on |\n";
        text += "| --- | --- | --- | --- | ---: | ---: |\n";
        for row in rows {
            let fact = if row.fact.is_empty() { "" } else { " — " };
            let what = format!("{}{fact}{}", row.what, row.fact);
            let mut first = true;
            for line in lines(tour, &row.id) {
                let [id, what] = if first { [row.id.as_str(), what.as_str()] } else { ["", ""] };
                let _ = writeln!(text, "| {id} | {what} | {line} |");
                first = false;
            }
        }
    }
    text
}

/// The lines of a row, without its name: a clause each.
fn lines(tour: &[(&Preset, Scenario)], row: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (preset, scenario) in tour {
        let clauses = figures(scenario, row);
        if clauses.is_empty() {
            continue;
        }
        let values = measured(preset, scenario, &clauses);
        for (number, (clause, [off, on])) in clauses.iter().zip(values).enumerate() {
            let id = if number == 0 { format!("`{}`", preset.id) } else { String::new() };
            lines.push(format!("{id} | `{clause}` | {off} | {on}"));
        }
    }
    lines
}

/// A measured value in words.
pub fn value(measured: &Expectation) -> String {
    let Some(value) = measured.measured else {
        return measured.problem.as_ref().map_or("never", |_| "–").to_owned();
    };
    match measured.unit {
        "ratio" if measured.clause.contains(" / ") => format!("×{value:.2}"),
        "ratio" if value > 2.0 => format!("×{value:.1}"),
        "ratio" => format!("{:.1} %", value * 100.0),
        "ms" if value >= 1_000.0 => format!("{:.2} s", value / 1e3),
        "ms" => format!("{value:.1} ms"),
        "s" => format!("{value:.1} s"),
        "h" => format!("{value:.3} h"),
        "per_s" => format!("{value:.1} /s"),
        "bytes" => format!("{:.1} MB", value / 1e6),
        "flag" => if value == 0.0 { "false" } else { "true" }.to_owned(),
        "state" => brownout::report::expect::STATES[value as usize].to_owned(),
        "count" if value.fract() == 0.0 => format!("{value:.0}"),
        unit => format!("{value:.1} {unit}").replace(" count", ""),
    }
}
