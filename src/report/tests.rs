//! Tests of the report on observations made by hand.

use super::*;
use crate::engine::{Duration, Time};
use crate::metrics::Metrics;
use crate::metrics::script::*;
use crate::observation::{Cause, DownCause, LabelIndex, Observation, Outcome};

/// Ten requests of users, of work at the service and at the database every 100 ms; what becomes
/// of them is decided by `fate` (window of 100 ms → how long at the database, outcome for users).
fn every_100_ms(seconds: u64, fate: impl Fn(u64) -> (f64, Outcome)) -> Script {
    let mut script = Script::default();
    for window in 0..seconds * 10 {
        let (database_ms, outcome) = fate(window);
        for request in 0..10 {
            let at = ms(window as f64 * 100.0 + f64::from(request) * 5.0);
            script.request(at, NEW, database_ms + 10.0, outcome);
            let served = if outcome.is_success() { Outcome::Ok } else { Outcome::Failed };
            script.work(at, (WEB, request % 8), (0.0, database_ms + 5.0), served, false);
            script.work(at, (SESSIONS, 0), (0.0, database_ms), Outcome::Ok, false);
        }
    }
    script
}

fn report(metrics: &Metrics, triggers: &[(f64, Option<f64>)]) -> Report {
    let seconds = |at: f64| Time::from_seconds(at);
    let triggers: Vec<_> = triggers.iter().map(|(a, b)| (seconds(*a), b.map(seconds))).collect();
    let labels =
        vec![Label {
            key: "slow".into(), en: "Slow database".into(), ko: Some("느린 DB".into())
        }];
    let context = ReportContext {
        scenario: "by hand",
        seed: 7,
        names: Names { labels, ..Names::default() },
        triggers: &triggers,
        digest: 0xabc,
        ..ReportContext::default()
    };
    Report::build(metrics, &context)
}

fn stages(report: &Report) -> Vec<(f64, String)> {
    let steps = report.cascade.iter();
    steps.map(|step| (step.at_s, format!("{}.{}", step.node, step.stage))).collect()
}

fn judge(metrics: &Metrics, report: &Report, text: &str) -> Expectation {
    let clause = Clause::parse(text, &wiring()).unwrap_or_else(|e| panic!("{text}: {e}"));
    clause.judge(metrics, report)
}

#[test]
fn the_cascade_goes_from_the_database_up_to_the_users() {
    let slow = |window| match window {
        40..80 => (400.0, Outcome::Ok),
        80..150 => (400.0, Outcome::TimedOut),
        _ => (20.0, Outcome::Ok),
    };
    let mut script = every_100_ms(30, slow);
    script.at(ms(4_000.0), Observation::FaultStarted { fault: LabelIndex(0) });
    script.at(ms(15_000.0), Observation::FaultEnded { fault: LabelIndex(0) });
    let metrics = script.run(30, 300, Time::ZERO);
    let report = report(&metrics, &[(4.0, Some(15.0))]);
    let order: Vec<_> = stages(&report).into_iter().map(|(_, name)| name).collect();
    let position = |name: &str| order.iter().position(|known| known == name).expect(name);
    assert!(position("db.slow") < position("api.slow"), "{order:?}");
    assert!(position("api.slow") <= position("users.slow"), "{order:?}");
    assert!(position("users.slow") < position("users.errors"), "{order:?}");
    assert!(position("users.errors") < position("users.stopped") + 1, "{order:?}");
    assert_eq!(report.verdict.state, "recovered", "{:#?}", report.verdict);
    assert_eq!(report.verdict.blast_radius, 1.0);
    assert!(
        report.verdict.en.contains("It began at db (slow responses)."),
        "{}",
        report.verdict.en
    );
    assert!(report.verdict.ko.contains("시작점은 db (응답 지연)"), "{}", report.verdict.ko);
    let told: Vec<_> = report.timeline.iter().map(|entry| entry.ko.as_str()).collect();
    assert_eq!(told, ["장애 시작: 느린 DB", "장애 끝: 느린 DB"]);
    let recovery = report.verdict.recovery_time_s.expect("it came back");
    assert!((0.0..1.0).contains(&recovery), "{recovery}");
}

#[test]
fn nothing_out_of_the_ordinary_is_no_cascade() {
    let metrics = every_100_ms(20, |_| (20.0, Outcome::Ok)).run(20, 200, Time::ZERO);
    let report = report(&metrics, &[(5.0, Some(10.0))]);
    assert_eq!(stages(&report), []);
    assert_eq!((report.verdict.state, report.verdict.availability), ("healthy", 1.0));
    assert_eq!(report.verdict.en, "Healthy: 100.0% of all requests were answered.");
}

#[test]
fn a_crash_and_a_full_disk_are_stages_with_their_cause() {
    let mut script = every_100_ms(10, |window| match window {
        60.. => (20.0, Outcome::Failed),
        _ => (20.0, Outcome::Ok),
    });
    let down = Observation::ServerDown { node: DB, server: 0, cause: DownCause::OutOfMemory };
    script.at(ms(3_000.0), down);
    script.at(ms(6_020.0), Observation::DiskFull { node: API, server: 2 });
    let metrics = script.run(10, 100, Time::ZERO);
    let report = report(&metrics, &[]);
    assert_eq!(stages(&report)[0], (3.0, "db.down".to_owned()));
    assert_eq!(report.cascade[0].en, "server #0 ran out of memory");
    let disk = report.cascade.iter().find(|step| step.node == "api").expect("a step");
    assert_eq!(
        (disk.at_s, disk.stage, disk.ko.as_str()),
        (6.02, "errors", "디스크가 가득 차 로그 쓰기 실패")
    );
    assert_eq!(report.stations["api"].disk_full_at_s, Some(6.02));
    assert!(judge(&metrics, &report, "disk_full_at(api) ~ 6s").holds);
    let never = judge(&metrics, &report, "disk_full_at(db) > 100 h");
    assert_eq!((never.holds, never.measured), (true, None));
}

#[test]
fn a_pool_without_a_free_thread_is_saturated() {
    let mut script = every_100_ms(10, |_| (20.0, Outcome::Ok));
    for _ in 0..30 {
        script.work(ms(5_000.0), (SESSIONS, 0), (0.0, 4_000.0), Outcome::Ok, false);
        script.work(ms(5_000.0), (SESSIONS, 0), (4_000.0, 10.0), Outcome::Ok, false);
    }
    let metrics = script.run(10, 100, Time::ZERO);
    let report = report(&metrics, &[(4.95, None)]);
    let (at, _) = stages(&report).into_iter().find(|(_, name)| name == "db.saturated").unwrap();
    assert_eq!(at, 5.0);
    let step = report.cascade.iter().find(|step| step.stage == "saturated").unwrap();
    assert_eq!(step.en, "pool sessions: all 20 threads busy, 30 waiting");
}

#[test]
fn eight_servers_carry_an_eighth_each_and_seven_a_seventh() {
    let mut script = Script::default();
    for request in 0..8_000u32 {
        let at = ms(f64::from(request));
        let server = if request < 4_000 { request % 8 } else { request % 7 };
        script.work(at, (WEB, server), (0.0, 0.5), Outcome::Ok, false);
    }
    let (servers, node) = (8, API);
    script.at(ms(4_000.0), Observation::ServersChanged { node, servers, up: 7 });
    script.at(ms(4_003.0), Observation::OutOfRotation { balancer: BALANCER, server: 7 });
    let metrics = script.run(8, 80, Time::ZERO);
    let report = report(&metrics, &[(4.0, None)]);
    let shares = &report.stations["api"].shares;
    assert_eq!(shares.len(), 2);
    assert_eq!((shares[0].servers, shares[0].share), (8, 0.125));
    assert_eq!((shares[1].servers, shares[1].share), (7, 1.0 / 7.0));
    assert_eq!(words::percent(shares[1].share), "14.3%");
    for (text, holds) in [
        ("share(api, 0s..4s) == 12.5%", true),
        ("share(api#7, 0s..4s) ~ 12.5%", true),
        ("share(api, 4.1s..8s) ~ 14.3%", true),
        ("share(api#7, 4.1s..8s) == 0", true),
        ("share(api#7) < 10%", true),
        ("servers_up(api) == 7", true),
        ("servers_up(api, 0s..3s) == 8", true),
        ("servers_up(api, 0s..3s) < 8", false),
    ] {
        let judged = judge(&metrics, &report, text);
        assert_eq!((judged.holds, judged.problem.as_deref()), (holds, None), "{judged:?}");
    }
    assert!(judge(&metrics, &report, "share(api#70) < 1").problem.unwrap().contains("64"));
}

#[test]
fn clauses_read_the_figures_of_the_report_and_of_spells() {
    let fate = |window| match window {
        50..60 => (20.0, Outcome::Rejected(Cause::Bulkhead)),
        60..70 => (20.0, Outcome::Degraded),
        _ => (20.0, Outcome::Ok),
    };
    let metrics = every_100_ms(10, fate).run(10, 100, Time::ZERO);
    let mut report = report(&metrics, &[(5.0, Some(6.0))]);
    for (text, holds) in [
        ("goodput_ratio == 90%", true),
        ("goodput_ratio(users.new) == 0.9", true),
        ("goodput_ratio(users, 5.1s..5.9s) == 0", true),
        ("goodput_ratio(users, 7s..9s) == 1", true),
        ("degraded_ratio == 10%", true),
        ("rejected_ratio(bulkhead) == 10%", true),
        ("rejected_ratio(users, shed) == 0", true),
        ("failed_ratio > 0", false),
        ("timed_out_ratio <= 0", true),
        ("p(99) ~ 30ms", true),
        ("p(50, db) ~ 20ms", true),
        ("p(50, api, 1s..2s) ~ 25ms", true),
        ("p(95, users, 1s..2s) < 0.03 s", false),
        ("mean_response(db) == 20ms", true),
        ("throughput(users, 1s..2s) == 100", true),
        ("throughput(db) == 100rps", true),
        ("utilisation(db, 1s..2s) ~ 10%", true),
        ("mean_in_system(db, 1s..2s) ~ 2", true),
        ("mean_in_system(db) ~ 2", true),
        ("mean_queue(api.web) == 0", true),
        ("max_queue(db) == 0", true),
        ("waited_ratio(db) == 0", true),
        ("mean_wait(db) == 0ms", true),
        ("cpu(api) < 1%", true),
        ("wasted_ratio == 0", true),
        ("attempts(users.login) == 0", true),
        ("breaker_opened(api.sql) != 0", false),
        ("metastable == false", true),
        ("state == recovered", true),
        ("state != recovered", false),
        ("recovery_time <= 0.2s", true),
        ("cascade_stage(users.errors) ~ 5s", true),
        ("cascade_stage(db.down) == none", true),
        ("blast_radius <= 50%", true),
        ("server_hours ~ 90 s", true),
        ("availability == 0.9", true),
    ] {
        let judged = judge(&metrics, &report, text);
        assert_eq!((judged.holds, judged.problem.as_deref()), (holds, None), "{judged:?}");
    }
    let clauses = ["goodput_ratio >= 0.5", "p(99) < 1ms"];
    let clauses = clauses.map(|text| Clause::parse(text, &wiring()).expect("a clause"));
    assert!(!report.expect(&metrics, &clauses));
    assert_eq!(report.expectations[0].measured, Some(0.9));
    assert_eq!(report.expectations[1].unit, "ms");
}

#[test]
fn what_cannot_be_judged_does_not_hold_and_says_why() {
    let metrics = Script::default().run(10, 100, Time::ZERO);
    let report = report(&metrics, &[]);
    for (text, problem) in [
        ("goodput_ratio < 1", "there was no request"),
        ("p(99) < 1h", "nothing was answered"),
        ("mean_wait(db) < 1h", "nothing was measured"),
        ("utilisation(db, 5.01s..5.05s) < 2", "no whole window lies between 5.01 s and 5.05 s"),
        ("cpu(db) < 2", "no limit of cores"),
        ("share(api) < 2", "no request reached a server"),
    ] {
        let judged = judge(&metrics, &report, text);
        assert!(!judged.holds, "{text}");
        assert!(judged.problem.as_deref().is_some_and(|p| p.contains(problem)), "{judged:?}");
    }
    assert_eq!(report.verdict.state, "healthy");
}

#[test]
fn a_run_that_stops_at_once_has_a_report() {
    let mut metrics = Metrics::new(&wiring(), &setup(10, 100, ms(500.0)));
    metrics.clock(Time(5));
    metrics.observe(Time(5), Observation::RequestStarted { class: OLD, luck: 1, refresh: true });
    let report = report(&metrics, &[(0.0, None)]);
    assert_eq!((report.totals.offered, report.digest.as_str()), (0, "0000000000000abc"));
    let json = serde_json::to_string(&report).expect("plain data");
    assert!(json.contains("\"simulated_s\":5e-9"), "{json}");
    assert_eq!(Duration(5).seconds(), 5e-9);
}
