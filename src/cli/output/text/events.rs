//! What happened in which order, and what was expected.

use super::{Page, WIDTH};
use crate::cli::lanes::Lane;
use crate::cli::output::figure;
use crate::cli::output::style::Style;
use crate::cli::output::table::{Table, wrap};
use brownout::report::TimelineEntry;
use brownout::report::expect::STATES;

/// Most entries of the timeline that are shown.
const MOST_ENTRIES: usize = 14;
/// So often the same thing is told before other things have their turn.
const TOLD_AT_ONCE: usize = 2;
/// Most steps of the cascade that are shown.
const MOST_STEPS: usize = 12;

/// The order in which nodes left their normal band.
pub fn cascade(page: &Page) -> String {
    let lane = |lane: &Lane, name: String| {
        let steps = &lane.report.cascade;
        let heading = page.heading("How it spread", "장애가 번진 순서");
        let mut text = heading.trim_end().to_owned() + &name + "\n";
        if steps.is_empty() {
            text.push_str(page.lang.pick(
                "  It did not: no service left its normal band.\n",
                "  번지지 않음: 모든 서비스가 평소 범위를 유지했습니다.\n",
            ));
        }
        for step in steps.iter().take(MOST_STEPS) {
            let words = page.lang.pick(&step.en, &step.ko);
            let line = format!("{:>9}  {}: {words}", moment(step.at_s), step.node);
            text.push_str(&wrap_entry(&line));
        }
        push_rest(&mut text, page, steps.len().saturating_sub(MOST_STEPS));
        text
    };
    per_lane(page, lane)
}

/// What happened.
pub fn timeline(page: &Page) -> String {
    let lane = |lane: &Lane, name: String| {
        let report = &lane.report;
        if report.timeline.is_empty() {
            return String::new();
        }
        let heading = page.heading("What happened", "사건 순서");
        let mut text = heading.trim_end().to_owned() + &name + "\n";
        let shown = most_important(&report.timeline);
        for entry in &shown {
            let words = page.lang.pick(&entry.en, &entry.ko);
            let mark = mark(page.style, entry.severity);
            text.push_str(&wrap_entry(&format!("{:>9}  {mark} {words}", moment(entry.at_s))));
        }
        let rest = report.timeline.len() - shown.len() + report.timeline_dropped as usize;
        push_rest(&mut text, page, rest);
        text
    };
    per_lane(page, lane)
}

/// Whether the scenario's objective was met.
pub fn objective(page: &Page) -> String {
    let expectations = &page.last().report.expectations;
    if expectations.is_empty() {
        return String::new();
    }
    let first = page.lang.pick("Objective", "목표");
    let mut table = match page.is_pair() {
        true => Table::new(1, [first, page.name(0), page.name(1)]),
        false => Table::new(1, [first, page.lang.pick("measured", "측정값")]),
    };
    for (number, expectation) in expectations.iter().enumerate() {
        let cells = page.lanes.iter().map(|lane| {
            let judged = &lane.report.expectations[number];
            let measured = figure::measured(judged.measured, judged.unit, &STATES);
            format!("{measured} {}", tick(page.style, judged.holds))
        });
        table.row([expectation.clause.clone()].into_iter().chain(cells));
    }
    table.render(page.style)
}

/// A mark that is more than a colour.
pub fn tick(style: &Style, holds: bool) -> String {
    if holds { style.good("✓") } else { style.bad("✗") }
}

fn mark(style: &Style, severity: u8) -> String {
    match severity {
        0 => "·".to_owned(),
        1 => style.good("✓"),
        2 => style.warning("!"),
        _ => style.bad("✗"),
    }
}

/// Both runs, each under its name; or the one there is.
fn per_lane(page: &Page, section: impl Fn(&Lane, String) -> String) -> String {
    let sections = page.lanes.iter().enumerate().map(|(number, lane)| {
        let name = match page.is_pair() {
            true => format!(", {}", page.name(number)),
            false => String::new(),
        };
        section(lane, name)
    });
    sections.collect()
}

fn wrap_entry(line: &str) -> String {
    // `wrap` would eat the indentation, so the first word goes through on its own.
    let words = line.trim_start();
    let indent = &line[..line.len() - words.len()];
    let indented = wrap(words, WIDTH - indent.len(), "             ");
    let (time, rest) = indented.split_once(' ').unwrap_or((&indented, ""));
    format!("{indent}{time}  {rest}\n")
}

fn moment(at_s: f64) -> String {
    format!("{at_s:.1}s")
}

fn push_rest(text: &mut String, page: &Page, rest: usize) {
    if rest > 0 {
        let line = match page.lang.pick(true, false) {
            true => format!("           … and {rest} more (all of them: --format json)"),
            false => format!("           … 외 {rest}건 (전체: --format json)"),
        };
        text.push_str(&page.style.dim(&line));
        text.push('\n');
    }
}

/// The entries that tell the story, in the order of time. What happens again and again is told after
/// everything else.
fn most_important(timeline: &[TimelineEntry]) -> Vec<&TimelineEntry> {
    let rank = |entry: &TimelineEntry| match (entry.kind, entry.severity) {
        ("fault_started" | "fault_ended" | "switched_on" | "switched_off" | "intervened", _) => 0,
        (_, 3) => 1,
        (_, 2) => 2,
        (_, 1) => 3,
        _ => 4,
    };
    let again = |index: usize| {
        let entry = &timeline[index];
        let same = |other: &&TimelineEntry| (other.kind, &other.en) == (entry.kind, &entry.en);
        timeline[..index].iter().filter(same).count() / TOLD_AT_ONCE
    };
    let mut order: Vec<(usize, u8, usize)> =
        (0..timeline.len()).map(|index| (again(index), rank(&timeline[index]), index)).collect();
    order.sort_unstable();
    order.truncate(MOST_ENTRIES);
    let mut shown: Vec<usize> = order.into_iter().map(|(_, _, index)| index).collect();
    shown.sort_unstable();
    shown.into_iter().map(|index| &timeline[index]).collect()
}
