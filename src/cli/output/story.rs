//! What `brownout check` judged, as a table.

use super::style::Style;
use super::table::Table;
use super::text::{paint, state_name};
use super::{figure, switches};
use crate::cli::args::Lang;
use brownout::report::Expectation;
use brownout::report::expect::STATES;

/// What a clause has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Holds with the switches on, and fails with none.
    Objective,
    /// Holds with none on.
    Failure,
    /// Holds either way.
    Always,
    /// Holds with the switches on; the user asked for it.
    Extra,
}

/// A clause, judged once per seed.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What it has to show.
    pub group: Group,
    /// As written.
    pub clause: String,
    /// With nothing on; empty where one run was asked for.
    pub off: Vec<Expectation>,
    /// With everything on, or the run that was asked for.
    pub on: Vec<Expectation>,
}

/// A scenario, judged.
#[derive(Clone, Debug)]
pub struct Story {
    /// What it was called.
    pub name: String,
    /// Seeds that it was run with.
    pub seeds: Vec<u64>,
    /// What was switched in the run that was asked for.
    pub switches: Vec<String>,
    /// State of the verdict with nothing on, per seed; empty where one run was asked for.
    pub off: Vec<&'static str>,
    /// With everything on, or of the run that was asked for.
    pub on: Vec<&'static str>,
    /// Clause by clause.
    pub judged: Vec<Judged>,
    /// Whether every invariant held in every run.
    pub sound: bool,
}

impl Story {
    /// Whether every clause shows what it has to.
    pub fn holds(&self) -> bool {
        self.judged.iter().all(|judged| judged.complaint(Lang::En).is_none())
    }

    fn is_pair(&self) -> bool {
        !self.off.is_empty()
    }

    /// Seeds with which the failure happens: nothing is on, no objective is met, and it looks as it should.
    fn fails_off(&self) -> usize {
        let shows = |judged: &Judged, seed: usize| match judged.group {
            Group::Objective => !judged.off[seed].holds,
            Group::Failure | Group::Always => judged.off[seed].holds,
            Group::Extra => true,
        };
        self.seeds_that(shows, self.off.len())
    }

    /// Seeds with which it is contained: everything is on and the objective is met.
    fn holds_on(&self) -> usize {
        let shows = |judged: &Judged, seed: usize| match judged.group {
            Group::Failure => true,
            Group::Objective | Group::Always | Group::Extra => judged.on[seed].holds,
        };
        self.seeds_that(shows, self.on.len())
    }

    fn seeds_that(&self, shows: impl Fn(&Judged, usize) -> bool, seeds: usize) -> usize {
        (0..seeds).filter(|seed| self.judged.iter().all(|judged| shows(judged, *seed))).count()
    }
}

/// Whether a clause that is about chance holds for so many of so many seeds: 19 of 20, and all of fewer.
fn is_enough(seeds: usize, of: usize) -> bool {
    seeds * 20 >= of * 19
}

impl Judged {
    /// What is wrong, if anything.
    fn complaint(&self, lang: Lang) -> Option<&'static str> {
        let holding = |judged: &[Expectation]| judged.iter().filter(|one| one.holds).count();
        let (holds_on, holds_off) = (holding(&self.on), holding(&self.off));
        let on = is_enough(holds_on, self.on.len());
        let off = is_enough(holds_off, self.off.len());
        let pair = !self.off.is_empty();
        match self.group {
            _ if !pair => (!on).then_some(lang.pick("fails", "불충족")),
            Group::Objective | Group::Extra if !on => {
                Some(lang.pick("fails with all on", "모두 켜도 불충족"))
            }
            Group::Objective if !is_enough(self.off.len() - holds_off, self.off.len()) => {
                Some(lang.pick("holds without any switch", "켜지 않아도 충족"))
            }
            Group::Failure if !off => Some(lang.pick("fails with none on", "켜지 않으면 불충족")),
            Group::Always if !on => Some(lang.pick("fails with all on", "모두 켜면 불충족")),
            Group::Always if !off => Some(lang.pick("fails with none on", "켜지 않으면 불충족")),
            _ => None,
        }
    }

    fn cells(&self, lang: Lang, style: &Style) -> Vec<String> {
        let mut cells = vec![format!("  {}", self.clause)];
        if !self.off.is_empty() {
            cells.push(cell(&self.off, lang));
        }
        cells.push(cell(&self.on, lang));
        cells.push(match self.complaint(lang) {
            None => style.good("✓"),
            Some(complaint) => style.bad(&format!("✗ {complaint}")),
        });
        cells
    }
}

/// The measured values of one clause, and whether it holds.
fn cell(judged: &[Expectation], lang: Lang) -> String {
    let measured = |one: &Expectation| match &one.problem {
        Some(problem) => problem.clone(),
        None => figure::measured(one.measured, one.unit, &STATES),
    };
    let held = judged.iter().filter(|one| one.holds).count();
    match judged {
        [one] => {
            let holds = lang.pick(["fails", "holds"], ["불충족", "충족"])[usize::from(one.holds)];
            format!("{} {holds}", measured(one))
        }
        many => {
            let value = |one: &&Expectation| one.measured.unwrap_or(f64::INFINITY);
            let ordered = |a: &&Expectation, b: &&Expectation| value(a).total_cmp(&value(b));
            let least = many.iter().min_by(ordered).map(measured).unwrap_or_default();
            let most = many.iter().max_by(ordered).map(measured).unwrap_or_default();
            let range = if least == most { least } else { format!("{least} … {most}") };
            let holds = lang.pick("hold", "충족");
            format!("{range}, {held}/{} {holds}", many.len())
        }
    }
}

/// A table of all clauses, and the judgement.
pub fn render(story: &Story, lang: Lang, style: &Style) -> String {
    let seeds = match story.seeds.as_slice() {
        [seed] => format!("{} {seed}", lang.pick("seed", "시드")),
        seeds => format!("{} {}", seeds.len(), lang.pick("seeds", "개 시드")),
    };
    let title = format!("{} · {seeds}", story.name);
    let mut table = match story.is_pair() {
        true => {
            let [off, on] = lang.pick(["nothing on", "all on"], ["모두 끔", "모두 켬"]);
            Table::new(1, [title.as_str(), off, on, ""])
        }
        false => {
            let switches = match switches(&story.switches) {
                none if none.is_empty() => lang.pick("nothing on", "모두 끔").to_owned(),
                some => some,
            };
            Table::new(1, [title.as_str(), switches.as_str(), ""])
        }
    }
    .with_words_last();
    let mut state = vec![format!("  {}", lang.pick("state", "상태"))];
    if story.is_pair() {
        state.push(states(&story.off, lang, style));
    }
    state.extend([states(&story.on, lang, style), String::new()]);
    table.row(state);
    let mut group = None;
    for judged in &story.judged {
        if group != Some(judged.group) {
            table.heading(group_name(judged.group, story.is_pair(), lang));
            group = Some(judged.group);
        }
        table.row(judged.cells(lang, style));
    }
    table.render(style) + "\n" + &judgement(story, lang, style)
}

fn group_name(group: Group, pair: bool, lang: Lang) -> &'static str {
    match group {
        Group::Objective if pair => lang.pick(
            "The objective: holds with all on, fails with none",
            "목표: 모두 켜면 충족, 모두 끄면 불충족",
        ),
        Group::Objective => lang.pick("The objective", "목표"),
        Group::Failure => lang.pick("The failure: holds with none on", "장애: 모두 끄면 충족"),
        Group::Always => lang.pick("Either way", "항상"),
        Group::Extra if !pair => lang.pick("Asked for", "추가 조건"),
        Group::Extra => lang.pick("Asked for: holds with all on", "추가 조건: 모두 켜면 충족"),
    }
}

fn judgement(story: &Story, lang: Lang, style: &Style) -> String {
    let count = story.judged.len();
    let wrong = story.judged.iter().filter(|judged| judged.complaint(lang).is_some()).count();
    let text = match (wrong, story.is_pair()) {
        (0, true) => lang.pick("The story holds.", "이야기대로 재현됩니다.").to_owned(),
        (0, false) => lang.pick("Every clause holds.", "모든 조건을 충족합니다.").to_owned(),
        (wrong, true) => match lang {
            Lang::En => format!("The story does not hold: {wrong} of {count} clauses."),
            Lang::Ko => format!("이야기와 다릅니다: 조건 {count}개 중 {wrong}개."),
        },
        (wrong, false) => match lang {
            Lang::En => format!("Not met: {wrong} of {count} clauses."),
            Lang::Ko => format!("충족하지 못한 조건: {count}개 중 {wrong}개."),
        },
    };
    let text = if wrong == 0 { style.good(&text) } else { style.bad(&text) };
    text + "\n"
}

/// The state that the runs came to; with several seeds, how many came to which.
fn states(states: &[&'static str], lang: Lang, style: &Style) -> String {
    let mut distinct: Vec<(&'static str, usize)> = Vec::new();
    for state in states {
        match distinct.iter_mut().find(|(known, _)| known == state) {
            Some((_, count)) => *count += 1,
            None => distinct.push((state, 1)),
        }
    }
    let words = distinct.iter().map(|(state, count)| {
        let name = state_name(state, lang);
        let name = match states.len() {
            1 => name.to_owned(),
            _ => format!("{name} {count}"),
        };
        paint(style, state, &name)
    });
    words.collect::<Vec<_>>().join(", ")
}

/// A line per preset: what it covers, and how it went.
pub fn summary(stories: &[(String, Story)], lang: Lang, style: &Style) -> String {
    let headings = lang.pick(
        ["preset", "covers", "nothing on", "fails", "all on", "holds", "story", "clauses"],
        ["프리셋", "재현", "모두 끔", "장애", "모두 켬", "충족", "이야기", "조건"],
    );
    let mut table = Table::new(2, headings);
    for (covers, story) in stories {
        let complaints = story.judged.iter().filter_map(|judged| {
            judged.complaint(lang).map(|complaint| format!("{}: {complaint}", judged.clause))
        });
        let complaints: Vec<String> = complaints.collect();
        let count = story.judged.len();
        table.row([
            story.name.clone(),
            covers.clone(),
            states(&story.off, lang, style),
            format!("{}/{}", story.fails_off(), story.off.len()),
            states(&story.on, lang, style),
            format!("{}/{}", story.holds_on(), story.on.len()),
            match complaints.is_empty() {
                true => style.good(lang.pick("✓ holds", "✓ 재현됨")),
                false => style.bad(lang.pick("✗ does not hold", "✗ 다름")),
            },
            format!("{}/{count}", count - complaints.len()),
        ]);
        complaints.into_iter().for_each(|complaint| table.note(complaint));
    }
    let hold = stories.iter().filter(|(_, story)| story.holds()).count();
    let line = match lang {
        Lang::En => format!("{hold} of {} stories hold.", stories.len()),
        Lang::Ko => format!("{}개 중 {hold}개가 이야기대로 재현됩니다.", stories.len()),
    };
    let line = if hold == stories.len() { style.good(&line) } else { style.bad(&line) };
    table.render(style) + "\n" + &line + "\n"
}
