//! The report to read: what it came to, then figures, curves, and what happened in which order.

mod caches;
mod calls;
mod data;
mod events;
mod logins;
mod monitors;
mod requests;
mod seeds;
mod shares;
mod sheet;
mod stations;
mod stored;

use super::style::Style;
use super::table::{Table, columns, wrap};
use super::trace::{Trace, traces};
use super::{Lanes, figure, switches, text_in};
use crate::cli::args::Lang;
use crate::cli::lanes::Lane;
use brownout::chart::text::{TextChart, TextStyle};
use brownout::engine::Time;
use brownout::link;
use brownout::report::Verdict;
use brownout::run::{Change, moment};
use sheet::{Column, column};

/// Width of texts and charts, in columns of a terminal.
const WIDTH: usize = 96;
/// Rows of a curve.
const ROWS: usize = 3;
/// Longest link that is shown; one that is longer is no pleasure to copy.
const MAX_LINK: usize = 200;

/// What every part of the report needs.
#[derive(Clone, Copy, Debug)]
struct Page<'a> {
    lanes: &'a [Lane],
    lang: Lang,
    style: &'a Style,
}

/// The report.
pub fn render(lanes: &Lanes, lang: Lang, style: &Style) -> String {
    let page = Page { lanes: lanes.all(), lang, style };
    if matches!(lanes, Lanes::Seeds(_)) {
        return seeds::render(&page);
    }
    let sections = [
        page.header(),
        page.verdicts(),
        page.measures(),
        requests::requests(&page),
        page.charts(),
        stations::stations(&page),
        logins::logins(&page),
        stations::pools(&page),
        stored::rows(&page),
        calls::calls(&page),
        caches::caches(&page),
        data::records(&page),
        shares::shares(&page),
        monitors::monitors(&page),
        monitors::alarms(&page),
        events::cascade(&page),
        events::timeline(&page),
        events::objective(&page),
        page.switches(),
        page.footer(),
    ];
    let sections: Vec<String> = sections.into_iter().filter(|text| !text.is_empty()).collect();
    sections.join("\n")
}

impl Page<'_> {
    /// The run that the user asked for; with two, the other one is as it was.
    fn last(&self) -> &Lane {
        self.lanes.last().expect("there is a run")
    }

    fn is_pair(&self) -> bool {
        self.lanes.len() == 2
    }

    /// What to call a run.
    fn name(&self, lane: usize) -> &'static str {
        let names = self.lang.pick(["as it was", "switched"], ["원래", "적용 후"]);
        names[lane]
    }

    fn heading(&self, en: &str, ko: &str) -> String {
        self.style.strong(self.lang.pick(en, ko)) + "\n"
    }

    fn header(&self) -> String {
        let (lane, lang) = (self.last(), self.lang);
        let report = &lane.report;
        let title = text_in(&lane.run.scenario.name, lang);
        let rule = "═".repeat(columns(title));
        let mut facts = vec![
            format!("{} {}", lang.pick("seed", "시드"), report.seed),
            format!("{} {}", figure::seconds(report.simulated_s), lang.pick("simulated", "모의")),
            format!("{} {}", figure::count(report.events), lang.pick("events", "이벤트")),
            format!("{} {}", lang.pick("digest", "다이제스트"), report.digest),
        ];
        if self.is_pair() {
            // The digest is of one run, and there are two.
            facts.truncate(2);
        }
        let facts = self.style.dim(&facts.join(" · "));
        let mut text = format!("{}\n{rule}\n{facts}\n", self.style.strong(title));
        let switches = match switches(&report.switches) {
            none if none.is_empty() => lang.pick("nothing switched", "스위치 없음").to_owned(),
            some => format!("{} {some}", lang.pick("switched:", "스위치:")),
        };
        text.push_str(&wrap(&switches, WIDTH, "  "));
        text.push('\n');
        if let Some(look_at) = &lane.run.scenario.look_at {
            text.push_str(&format!("\n{}\n", wrap(text_in(look_at, lang), WIDTH, "")));
        }
        if let Some(why) = &report.stopped_early {
            text.push_str(&format!("\n{}\n", self.style.bad(&format!("Stopped early: {why}"))));
        }
        self.lanes.iter().for_each(|lane| text.push_str(&self.broken_invariants(lane)));
        text
    }

    /// What did not hold: whoever reads on must know that no figure is to be trusted.
    fn broken_invariants(&self, lane: &Lane) -> String {
        let mut text = String::new();
        for broken in &lane.report.invariants.broken {
            let lead = self.lang.pick("Bug in this program", "프로그램 오류");
            let what = self.lang.pick(&broken.en, &broken.ko);
            let (subject, at) = (&broken.subject, figure::seconds(broken.at_s));
            let line = format!("{lead}: {subject}: {what} ({at})");
            text.push_str(&format!("\n{}\n", self.style.bad(&line)));
        }
        text
    }

    fn verdicts(&self) -> String {
        let mut text = String::new();
        for (number, lane) in self.lanes.iter().enumerate() {
            let verdict = &lane.report.verdict;
            let name = match self.is_pair() {
                true => format!("{}: ", self.name(number)),
                false => String::new(),
            };
            let sentence = self.lang.pick(&verdict.en, &verdict.ko);
            let sentence = wrap(&format!("{name}{sentence}"), WIDTH, "");
            text.push_str(&paint(self.style, verdict.state, &sentence));
            text.push('\n');
        }
        text
    }

    fn measures(&self) -> String {
        let mut table = match self.lanes {
            [_, _] => Table::new(1, ["", self.name(0), self.name(1)]),
            _ => Table::new(1, ["", ""]),
        };
        for measure in &MEASURES {
            let values = self.lanes.iter().map(|lane| (measure.cell)(&lane.report.verdict));
            let name = self.lang.pick(measure.en, measure.ko).to_owned();
            table.row([name].into_iter().chain(values));
        }
        let text = table.render(self.style);
        // One column of figures needs no line of headings.
        if self.is_pair() { text } else { text.lines().skip(1).map(|l| format!("{l}\n")).collect() }
    }

    fn charts(&self) -> String {
        let charts = traces(&self.lanes[0], self.lang).into_iter();
        charts.map(|trace| self.chart(&trace)).collect::<Vec<_>>().join("\n")
    }

    /// Curves of one measure below each other: those of a run, or the first one of each run.
    fn chart(&self, trace: &Trace) -> String {
        let shown = if trace.unit == brownout::chart::Unit::Rps { 2 } else { 1 };
        let mut curves: Vec<(String, Vec<f64>)> = Vec::new();
        for (number, lane) in self.lanes.iter().enumerate() {
            let count = if self.is_pair() { 1 } else { shown };
            for curve in trace.curves.iter().take(count) {
                let name = match self.is_pair() {
                    true => format!("{}, {}", curve.label, self.name(number)),
                    false => curve.label.clone(),
                };
                curves.push((name, curve.values(lane)));
            }
        }
        let metrics = &self.last().metrics;
        let duration_s = metrics.duration().seconds();
        let chart = TextChart {
            unit: trace.unit,
            duration_s,
            window_s: duration_s / f64::from(self.last().run.scenario.windows),
            column: trace.column,
            y_max: trace.y_max,
            curves: curves
                .iter()
                .map(|(name, values)| (name.as_str(), values.as_slice()))
                .collect(),
        };
        let language = self.lang.of_charts();
        let style = TextStyle { width: WIDTH, rows: ROWS, unicode: true, language };
        self.style.strong(trace.title) + "\n" + &chart.render(&style)
    }

    /// What can be switched, and what was.
    fn switches(&self) -> String {
        let run = &self.last().run;
        let lang = self.lang;
        let headings = lang.pick(["Switches", "", ""], ["스위치", "", ""]);
        let mut table = Table::new(3, headings);
        for (id, toggle) in &run.scenario.toggles {
            let flips = run.actions.iter().filter_map(|action| match &action.change {
                Change::Toggle { id: other, on } if other == id => Some((action.at, *on)),
                _ => None,
            });
            let flips = flips.map(|(at, on)| {
                let word = if on { lang.pick("on", "켬") } else { lang.pick("off", "끔") };
                if at == Time::ZERO {
                    word.to_owned()
                } else {
                    format!("{word}@{}", moment::format(at))
                }
            });
            let flips = flips.collect::<Vec<_>>().join(", ");
            let state = if flips.is_empty() { lang.pick("off", "끔").to_owned() } else { flips };
            table.row([format!("  {id}"), state, text_in(&toggle.name, lang).to_owned()]);
        }
        if run.scenario.toggles.is_empty() { String::new() } else { table.render(self.style) }
    }

    /// How to see the same run again.
    fn footer(&self) -> String {
        self.sound() + &self.again()
    }

    /// How many invariants held, where all did.
    fn sound(&self) -> String {
        let all = self.lanes.iter().map(|lane| &lane.report.invariants);
        let checks: u64 = all.clone().map(|invariants| invariants.checks).sum();
        if all.into_iter().any(|invariants| !invariants.broken.is_empty()) {
            return String::new();
        }
        let checks = figure::count(checks);
        let text = match self.lang {
            Lang::En => format!("Invariants: {checks} checks, all hold"),
            Lang::Ko => format!("불변식: {checks}번 검사, 모두 성립"),
        };
        self.style.dim(&text) + "\n"
    }

    fn again(&self) -> String {
        let link = link::encode(&self.last().run).ok().filter(|link| link.len() <= MAX_LINK);
        let Some(link) = link else { return String::new() };
        let again = self.lang.pick("Again:", "다시 보기:");
        let compare = if self.is_pair() { " --compare" } else { "" };
        self.style.dim(&format!("{again} brownout run '#{link}'{compare}")) + "\n"
    }
}

/// Figures of the verdict.
const MEASURES: [Column<Verdict>; 8] = [
    column("Requests answered", "응답한 요청", |v| figure::percent(v.availability)),
    column("Goodput in the trouble ÷ before", "장애 중 처리량 ÷ 평소", |v| {
        figure::percent(v.goodput_ratio)
    }),
    column("Attempts ÷ requests", "시도 ÷ 요청", |v| figure::times(v.retry_amplification)),
    column("Wasted work", "버려진 작업", |v| figure::percent(v.wasted_ratio)),
    column("From the trigger to trouble", "원인 발생 → 장애", |v| {
        figure::known(v.time_to_detect_s, figure::seconds)
    }),
    column("From the trigger until contained", "원인 발생 → 차단", |v| {
        figure::known(v.time_to_contain_s, figure::seconds)
    }),
    column("From the trigger's end to recovery", "원인 종료 → 회복", |v| {
        figure::known(v.recovery_time_s, figure::seconds)
    }),
    column("Services that left their normal band", "영향받은 서비스", |v| {
        figure::percent(v.blast_radius)
    }),
];

/// Colours a text by the state of a verdict, which the text names as well.
pub fn paint(style: &Style, state: &str, text: &str) -> String {
    match state {
        "healthy" | "contained" => style.good(text),
        "recovered" => style.warning(text),
        _ => style.bad(text),
    }
}

/// A state in words.
pub fn state_name(state: &'static str, lang: Lang) -> &'static str {
    let korean = match state {
        "healthy" => "정상",
        "contained" => "차단됨",
        "recovered" => "회복됨",
        "metastable" => "준안정 장애",
        _ => "장애 지속",
    };
    lang.pick(state, korean)
}
