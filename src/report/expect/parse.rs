//! Reads clauses, and checks every name and unit while reading.

use super::metric::{Metric, Number, Unit};
use super::names::{subject, wanted_subjects};
use super::scanner::Scanner;
use super::table::METRICS;
use super::value::{number, value};
use super::{Arguments, Clause, Figure, Operator};
use crate::engine::Time;
use crate::nearest::did_you_mean;
use crate::observation::Cause;
use crate::wiring::Wiring;

/// Longest clause that is read; far longer than any that makes sense.
const MAX_LENGTH: usize = 300;

/// Reads a clause.
pub fn clause(text: &str, wiring: &Wiring) -> Result<Clause, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("a clause has at most {MAX_LENGTH} bytes, this one {}", text.len()));
    }
    let mut scanner = Scanner { rest: text };
    let figure = figure(&mut scanner, wiring)?;
    let over = scanner.eat("/").then(|| self::figure(&mut scanner, wiring)).transpose()?;
    let unit = match &over {
        None => figure.metric.unit,
        Some(over) => ratio_of(&figure, over)?,
    };
    let operator = operator(&mut scanner)?;
    let wanted = value(scanner.rest.trim(), unit, figure.metric.name)?;
    if matches!(unit, Unit::Flag | Unit::State)
        && !matches!(operator, Operator::Equal | Operator::Unequal)
    {
        return Err(format!("{}: compare with == or !=", figure.metric.name));
    }
    Ok(Clause { text: text.trim().to_owned(), figure, over, operator, wanted })
}

fn figure(scanner: &mut Scanner, wiring: &Wiring) -> Result<Figure, String> {
    scanner.skip_spaces();
    let name = scanner.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
    let metric = metric_named(name)?;
    scanner.skip_spaces();
    let arguments = arguments(scanner, metric, wiring)?;
    scanner.skip_spaces();
    Ok(Figure { metric, arguments })
}

/// The unit of one figure divided by another.
fn ratio_of(figure: &Figure, over: &Figure) -> Result<Unit, String> {
    let (above, below) = (figure.metric, over.metric);
    let numbers = |metric: &Metric| !matches!(metric.unit, Unit::Flag | Unit::State);
    if !numbers(above) || !numbers(below) || above.unit != below.unit {
        let (above, below) = (above.name, below.name);
        return Err(format!("{above} cannot be divided by {below}: both need the same unit"));
    }
    Ok(Unit::Ratio)
}

fn metric_named(name: &str) -> Result<&'static Metric, String> {
    let found = METRICS.iter().find(|metric| metric.name == name);
    found.ok_or_else(|| {
        let near = did_you_mean(name, METRICS.iter().map(|metric| metric.name));
        format!("unknown metric \"{name}\"{near}")
    })
}

fn operator(scanner: &mut Scanner) -> Result<Operator, String> {
    // The longer ones first: `<` begins `<=`.
    let known = [
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<", Operator::Less),
        (">", Operator::More),
        ("~", Operator::About),
    ];
    let found = known.into_iter().find(|(token, _)| scanner.eat(token));
    found.map(|(_, operator)| operator).ok_or_else(|| {
        format!("expected <, <=, >, >=, ==, != or ~ before \"{}\"", scanner.rest.trim())
    })
}

fn arguments(scanner: &mut Scanner, metric: &Metric, wiring: &Wiring) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    if scanner.eat("(") {
        if !scanner.rest.contains(')') {
            return Err("a closing parenthesis is missing".into());
        }
        loop {
            let argument = scanner.take_while(|c| c != ',' && c != ')').trim();
            add_argument(&mut arguments, argument, metric, wiring)?;
            if scanner.eat(")") {
                break;
            }
            scanner.eat(",");
        }
    }
    if metric.needs_subject && arguments.subject.is_none() {
        return Err(format!("{} needs {}", metric.name, wanted_subjects(metric)));
    }
    let name = metric.name;
    match metric.number {
        Number::Percentile if arguments.quantile.is_none() => {
            return Err(format!("{name} needs a percentile, as in {name}(99)"));
        }
        Number::Bound(unit) if arguments.bound.is_none() => {
            let example = if unit == Unit::Ms { "1s" } else { "2" };
            return Err(format!("{name} needs a number to compare with, such as {example}"));
        }
        _ => {}
    }
    if arguments.cause.is_some() && arguments.spell.is_some() {
        return Err("causes are not counted per window: leave out the cause or the spell".into());
    }
    Ok(arguments)
}

fn add_argument(
    arguments: &mut Arguments,
    text: &str,
    metric: &Metric,
    wiring: &Wiring,
) -> Result<(), String> {
    let name = metric.name;
    let taken = if let Some((from, to)) = text.split_once("..") {
        if !metric.by_spell {
            return Err(format!("{name} cannot be asked for a spell"));
        }
        arguments.spell.replace(spell(from, to)?).is_some()
    } else if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+')) {
        add_number(arguments, text, metric)?
    } else if let Some(cause) = cause(text).filter(|_| metric.by_cause) {
        arguments.cause.replace(cause).is_some()
    } else {
        arguments.subject.replace(subject(text, metric, wiring)?).is_some()
    };
    if taken {
        Err(format!("{name} has \"{text}\" where one such argument came before"))
    } else {
        Ok(())
    }
}

/// Takes a number in parentheses; whether there was one before.
fn add_number(arguments: &mut Arguments, text: &str, metric: &Metric) -> Result<bool, String> {
    match metric.number {
        Number::Nothing => Err(format!("{} takes no number, but has {text}", metric.name)),
        Number::Percentile => {
            let percentile = number(text, Unit::Count)?;
            if !(percentile > 0.0 && percentile <= 100.0) {
                return Err(format!("a percentile is above 0 and at most 100, not {text}"));
            }
            Ok(arguments.quantile.replace(percentile / 100.0).is_some())
        }
        Number::Bound(unit) => {
            let bound = number(text, unit)?;
            if bound < 0.0 || unit == Unit::Count && bound.fract() != 0.0 {
                return Err(format!("{} compares with no {text}", metric.name));
            }
            Ok(arguments.bound.replace(bound).is_some())
        }
    }
}

fn cause(text: &str) -> Option<Cause> {
    Cause::ALL.into_iter().find(|cause| cause.key() == text)
}

fn spell(from: &str, to: &str) -> Result<(Time, Time), String> {
    let moment = |text: &str| -> Result<Time, String> {
        Ok(Time::from_seconds(number(text.trim(), Unit::Seconds)?))
    };
    let (start, end) = (moment(from)?, moment(to)?);
    if start >= end {
        return Err(format!("a spell ends after its start, unlike {from}..{to}"));
    }
    Ok((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::expect::metric::Subject;
    use crate::wiring::{ClassIndex, EdgeIndex, NodeIndex, NodeKind, PoolIndex};
    use crate::wiring::{WiredClass, WiredEdge, WiredNode, WiredPool};

    fn wiring() -> Wiring {
        let node = |key: &str, kind| WiredNode { key: key.into(), kind };
        let pool = |node, key: &str| WiredPool { node: NodeIndex(node), key: key.into() };
        let class = |key: &str| WiredClass { node: NodeIndex(0), key: key.into() };
        let edge = |owner, key: &str, callee| WiredEdge {
            owner: NodeIndex(owner),
            key: key.into(),
            callee: NodeIndex(callee),
            station: NodeIndex(callee),
        };
        Wiring {
            nodes: vec![
                node("users", NodeKind::Clients),
                node("api", NodeKind::Service),
                node("db", NodeKind::Database),
            ],
            pools: vec![pool(1, "web"), pool(1, "batch"), pool(2, "sessions")],
            edges: vec![edge(0, "login", 1), edge(1, "sql", 2)],
            classes: vec![class("new"), class("old")],
            caches: Vec::new(),
            alarms: Vec::new(),
        }
    }

    fn parsed(text: &str) -> Clause {
        clause(text, &wiring()).unwrap_or_else(|problem| panic!("{text}: {problem}"))
    }

    #[test]
    fn values_are_in_the_unit_of_the_metric() {
        for (text, wanted) in [
            ("goodput_ratio >= 95%", 0.95),
            ("goodput_ratio>=0.95", 0.95),
            ("p(99) < 0.8 s", 800.0),
            ("p(99) < 800", 800.0),
            ("recovery_time < 2min", 120.0),
            ("recovery_time == none", f64::INFINITY),
            ("server_hours < 30 min", 0.5),
            ("disk_used(api) <= 2GB", 2e9),
            ("throughput(users) ~ 100rps", 100.0),
            ("metastable == false", 0.0),
            ("state != down", 3.0),
        ] {
            assert!((parsed(text).wanted == wanted), "{text}: {}", parsed(text).wanted);
        }
    }

    #[test]
    fn arguments_are_found_by_their_kind() {
        let all = parsed("p(99.9, users.new, 30s..1min) <= 1s").figure.arguments;
        assert_eq!(all.subject, Some(Subject::Class(ClassIndex(0))));
        assert_eq!(all.quantile, Some(0.9990000000000001));
        assert_eq!(all.spell, Some((Time::from_seconds(30.0), Time::from_seconds(60.0))));
        let subject = |text: &str| parsed(text).figure.arguments.subject.unwrap();
        assert_eq!(subject("p(50, api) < 1s"), Subject::Station(NodeIndex(1)));
        assert_eq!(subject("max_queue(api.batch) < 1"), Subject::Pool(PoolIndex(1)));
        assert_eq!(subject("max_queue(db) < 1"), Subject::Pool(PoolIndex(2)));
        assert_eq!(subject("attempts(api.sql) < 1"), Subject::Edge(EdgeIndex(1)));
        assert_eq!(subject("share(api#3) ~ 12.5%"), Subject::Server(NodeIndex(1), 3));
        assert_eq!(subject("share(api) ~ 12.5%"), Subject::Station(NodeIndex(1)));
        assert_eq!(subject("cascade_stage(db.slow) < 9s"), Subject::Stage(NodeIndex(2), "slow"));
        let rejected = parsed("rejected_ratio(users, queue_full) < 1%").figure.arguments;
        assert_eq!(rejected.cause, Some(Cause::QueueFull));
        let waited = parsed("waited_over(1.5 s, api.web) < 1%").figure.arguments;
        assert_eq!(
            (waited.bound, waited.subject),
            (Some(1_500.0), Some(Subject::Pool(PoolIndex(0))))
        );
        assert_eq!(parsed("up_share(api, 2) > 99%").figure.arguments.bound, Some(2.0));
    }

    #[test]
    fn a_figure_may_be_divided_by_another_of_its_unit() {
        let clause = parsed("p(50, api, 0s..9s) / p(50, api, 9s..20s) >= 18");
        assert_eq!(clause.over.unwrap().metric.name, "p");
        assert!(clause.wanted == 18.0);
        assert!(parsed("attempts(api.sql) / attempts(users.login) < 110%").wanted == 1.1);
    }

    #[test]
    fn mistakes_are_named_with_what_was_meant() {
        for (text, message) in [
            (
                "goodput_ration >= 1",
                "unknown metric \"goodput_ration\"; did you mean \"goodput_ratio\"?",
            ),
            ("", "unknown metric \"\""),
            ("goodput_ratio(user) >= 1", "did you mean \"users\"?"),
            ("goodput_ratio(api) >= 1", "\"api\" is not a population or class of users"),
            ("max_queue(api) < 1", "max_queue: \"api\" is not a pool such as api.web"),
            ("max_queue < 1", "max_queue needs a pool such as api.web"),
            ("p < 1s", "p needs a percentile"),
            ("p(101) < 1s", "at most 100, not 101"),
            ("p(99, 95) < 1s", "one such argument came before"),
            ("p(99 < 1s", "closing parenthesis is missing"),
            ("p(99) < 5%", "\"%\" is no unit here: use ms, s, min, h"),
            ("p(99) 5", "expected <, <=, >, >=, ==, != or ~ before \"5\""),
            ("max_queue(db) < 5s", "\"s\" is no unit here: use no unit"),
            ("goodput_ratio >= many", "\"many\" is not a number"),
            ("metastable == yes", "true or false, not \"yes\""),
            ("metastable > false", "compare with == or !="),
            ("state == meta", "metastable, not \"meta\""),
            ("recovery_time(api) < 1s", "is not nothing in parentheses"),
            ("recovery_time(1s..2s) < 1s", "cannot be asked for a spell"),
            ("cpu(api, 9s..3s) < 1", "ends after its start"),
            ("cascade_stage(api.slwo) < 1s", "did you mean \"api.slow\"?"),
            ("rejected_ratio(queue_ful) < 1", "did you mean \"queue_full\"?"),
            ("rejected_ratio(shed, 1s..2s) < 1", "leave out the cause or the spell"),
            ("mean_wait(db, 3) < 1", "takes no number"),
            ("goodput_ratio >= nan", "not a number"),
            ("goodput_ratio >= inf", "not a number"),
            ("waited_over(db) < 1", "waited_over needs a number to compare with, such as 1s"),
            ("waited_over(db, 5%) < 1", "\"%\" is no unit here: use ms, s, min, h"),
            ("time_above(db, 1.5) < 1", "compares with no 1.5"),
            ("up_share(api, -1) < 1", "compares with no -1"),
            ("p(50) / cpu(api) > 2", "p cannot be divided by cpu: both need the same unit"),
            ("state / state == 1", "state cannot be divided by state"),
            ("p(50) / < 1", "unknown metric \"\""),
            ("p(50) / p(99) < 1s", "\"s\" is no unit here: use %"),
            ("p_wait(db) < 1s", "p_wait needs a percentile, as in p_wait(99)"),
            ("refused(db, queue_ful) < 1", "did you mean \"queue_full\"?"),
        ] {
            let problem = clause(text, &wiring()).expect_err(text);
            assert!(problem.contains(message), "{text}: {problem}");
        }
        assert!(clause(&"x".repeat(400), &wiring()).unwrap_err().contains("at most 300"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_the_parser_panic(text in ".{0,60}", tail in "[a-z_()#.,<>=~0-9%]{0,40}") {
            let _ = clause(&text, &wiring());
            let _ = clause(&format!("p(99{tail}"), &wiring());
            let _ = clause(&format!("share({tail}"), &wiring());
        }
    }
}
