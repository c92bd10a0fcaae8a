//! The reference of clauses, from the table of metrics.

use brownout::report::expect::{Kind, METRICS, Number, Unit};

const INTRODUCTION: &str = "\
# What `expect` can ask

A scenario's `expect`, and `--expect` on the command line, hold clauses such as `goodput_ratio >= 0.95` or
`p(99, users, 30s..60s) < 800ms`:

    clause   := figure [ \"/\" figure ] operator value
    figure   := metric [ \"(\" argument { \",\" argument } \")\" ]
    operator := \"<\" | \"<=\" | \">\" | \">=\" | \"==\" | \"!=\" | \"~\"        (~: within 2 %)
    argument := name | number | cause | from \"..\" to
    value    := number [ unit ] | \"none\" | \"true\" | \"false\" | state

A name is a node (`api`), a server (`api#3`), or a class, pool, call or cache of a node (`users.new`, `api.web`, `api.idp`,
`api.pages`).
Figures leave out the warm-up; with a spell (`30s..60s`) they are those of the windows that lie wholly inside it. A time
that never came is later than any other. Units: `ms`, `s`, `min`, `h`, `%`, `MB`, `GB`. One figure divided by another of
the same unit says how many times as much: `p(50, db, 0s..60s) / p(50, db, 60s..120s) >= 18`.

Clauses under `on` hold when every switch is on, and fail when none is; those under `off` hold when none is; those under
`both` hold either way.

<!-- Generated: UPDATE=1 cargo test --test generated -->

| metric | meaning | unit | about | needs, or can be asked for |
| --- | --- | --- | --- | --- |
";

/// The whole document.
pub fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    for metric in METRICS {
        let kinds: Vec<&str> = metric.subjects.iter().copied().map(Kind::describe).collect();
        let about = match (metric.subjects.is_empty(), metric.needs_subject) {
            (true, _) => "the whole run".to_owned(),
            (false, true) => kinds.join(" or "),
            (false, false) => format!("the whole run, {}", kinds.join(" or ")),
        };
        let number = match metric.number {
            Number::Nothing => None,
            Number::Percentile => Some("a percentile"),
            Number::Bound(Unit::Ms) => Some("a time"),
            Number::Bound(_) => Some("a number"),
        };
        let optional = [(metric.by_cause, "by cause"), (metric.by_spell, "in a spell")];
        let optional = optional.into_iter().filter(|(can, _)| *can).map(|(_, what)| what);
        let more = number.into_iter().chain(optional).collect::<Vec<_>>().join(", ");
        let (name, help, unit) = (metric.name, metric.help, metric.unit.key());
        text += &format!("| `{name}` | {help} | {unit} | {about} | {more} |\n");
    }
    text
}
