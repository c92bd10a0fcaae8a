//! One scenario under many seeds: is it the luck of one?

use super::{Page, paint, state_name};
use crate::cli::output::table::Table;
use crate::cli::output::{figure, switches, text_in};
use brownout::report::Report;

/// A line per run, and the extremes.
pub fn render(page: &Page) -> String {
    let lang = page.lang;
    let headings = lang.pick(
        [
            "seed",
            "state",
            "answered",
            "goodput",
            "attempts",
            "p50",
            "p95",
            "p99",
            "objective",
            "digest",
        ],
        ["시드", "상태", "응답", "장애 중", "시도", "p50", "p95", "p99", "목표", "다이제스트"],
    );
    let mut table = Table::new(2, headings);
    for lane in page.lanes {
        table.row(cells(page, &lane.report));
    }
    let title = text_in(&page.last().run.scenario.name, lang);
    let switches = match switches(&page.last().report.switches) {
        none if none.is_empty() => lang.pick("nothing switched", "스위치 없음").to_owned(),
        some => some,
    };
    format!(
        "{} · {switches}\n\n{}\n{}",
        page.style.strong(title),
        table.render(page.style),
        spread(page).render(page.style)
    )
}

fn cells(page: &Page, report: &Report) -> Vec<String> {
    let (verdict, response) = (&report.verdict, &report.totals.response);
    let held = report.expectations.iter().filter(|expectation| expectation.holds).count();
    vec![
        report.seed.to_string(),
        paint(page.style, verdict.state, state_name(verdict.state, page.lang)),
        figure::percent(verdict.availability),
        figure::percent(verdict.goodput_ratio),
        figure::times(verdict.retry_amplification),
        figure::ms(response.p50_ms),
        figure::ms(response.p95_ms),
        figure::ms(response.p99_ms),
        format!("{held}/{}", report.expectations.len()),
        report.digest.clone(),
    ]
}

type Figure = (&'static str, &'static str, fn(&Report) -> f64, fn(f64) -> String);

/// Least, middle and most of what differs between seeds.
fn spread(page: &Page) -> Table {
    let figures: [Figure; 4] = [
        ("answered", "응답", |r| r.verdict.availability, figure::percent),
        ("goodput", "장애 중", |r| r.verdict.goodput_ratio, figure::percent),
        ("p95", "p95", |r| r.totals.response.p95_ms, figure::ms),
        ("p99", "p99", |r| r.totals.response.p99_ms, figure::ms),
    ];
    let headings = page.lang.pick(
        ["over all seeds", "least", "median", "most"],
        ["전체 시드", "최소", "중앙값", "최대"],
    );
    let mut table = Table::new(1, headings);
    for (en, ko, value, write) in figures {
        let mut values: Vec<f64> = page.lanes.iter().map(|lane| value(&lane.report)).collect();
        values.sort_by(f64::total_cmp);
        let last = values.len() - 1;
        let name = page.lang.pick(en, ko).to_owned();
        table.row([name, write(values[0]), write(values[last / 2]), write(values[last])]);
    }
    table
}
