//! Charts as a picture: the same drawing code as on the page.

use super::trace::{Trace, traces};
use super::{Lanes, switches, text_in};
use crate::cli::args::Lang;
use crate::cli::lanes::Lane;
use brownout::chart::{ChartSpec, Line, LineStyle, Mark, MarkKind, Sheet, SheetChart, Theme};

/// The sheet of a run, or of the first two.
pub fn render(lanes: &Lanes, lang: Lang) -> String {
    let lanes = lanes.all();
    let last = lanes.last().expect("there is a run");
    let pair = lanes.len() == 2;
    let styles = lang.pick(["as it was", "with your switches"], ["원래대로", "스위치 적용"]);
    Sheet {
        title: text_in(&last.run.scenario.name, lang),
        subtitle: &subtitle(last, lang),
        styles: pair.then_some(styles),
        theme: Theme::Light,
        charts: traces(&lanes[0], lang).iter().map(|trace| chart(trace, lanes, lang)).collect(),
    }
    .render()
}

fn subtitle(lane: &Lane, lang: Lang) -> String {
    let seed = format!("{} {}", lang.pick("seed", "시드"), lane.run.seed);
    match switches(&lane.report.switches) {
        none if none.is_empty() => seed,
        some => format!("{seed} · {some}"),
    }
}

/// A chart: one curve per run if there are two, else every curve.
fn chart(trace: &Trace, lanes: &[Lane], lang: Lang) -> SheetChart {
    let last = lanes.last().expect("there is a run");
    let windows = last.metrics.table().rows();
    let duration_s = last.metrics.duration().seconds();
    let planned = f64::from(last.run.scenario.windows);
    let curves = match lanes.len() {
        1 => trace.curves.as_slice(),
        _ => &trace.curves[..1],
    };
    let (mut lines, mut data) = (Vec::new(), Vec::new());
    for (number, lane) in lanes.iter().enumerate() {
        let style = if number + 1 < lanes.len() { LineStyle::Dashed } else { LineStyle::Solid };
        for curve in curves {
            let color_index = curve.color_index;
            lines.push(Line { color_index, style, label: curve.label.clone() });
            let values = curve.values(lane);
            // A run that stopped early has fewer windows than the other.
            data.extend((0..windows).map(|window| values.get(window).copied().unwrap_or(-1.0)));
        }
    }
    let spec = ChartSpec {
        lang: lang.of_charts(),
        log: trace.log,
        y_max: trace.y_max,
        lines,
        points: windows as u32,
        marks: marks(last),
        ..ChartSpec::for_print(trace.unit, duration_s, duration_s / planned)
    };
    SheetChart { title: trace.title.to_owned(), spec, data }
}

/// When faults lasted and switches were flipped.
fn marks(lane: &Lane) -> Vec<Mark> {
    let timeline = &lane.report.timeline;
    let mut marks = Vec::new();
    for entry in timeline {
        let kind = match entry.kind {
            "fault_started" => MarkKind::Fault,
            "switched_on" | "switched_off" => MarkKind::Switch,
            "intervened" => MarkKind::Note,
            _ => continue,
        };
        let ends = timeline.iter().find(|other| {
            entry.kind == "fault_started"
                && other.kind == "fault_ended"
                && other.subject == entry.subject
                && other.at_s >= entry.at_s
        });
        marks.push(Mark { at_s: entry.at_s, until_s: ends.map(|other| other.at_s), kind });
    }
    marks
}
