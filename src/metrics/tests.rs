//! Tests of metrics on observations made by hand.

use super::script::*;
use super::*;
use crate::engine::Duration;
use crate::observation::{BreakerState, Cause, DownCause, Observation, Outcome};
use crate::report::{Report, ReportContext};
use proptest::prelude::*;

fn column(metrics: &Metrics, key: &str) -> Vec<f64> {
    assert!(metrics.table().columns().iter().any(|column| column.key == key), "{key} exists");
    metrics.column(key)
}

/// Three requests to one thread that needs 100 ms for each, arriving at 0, 50 and 250 ms.
fn three_requests() -> Script {
    let mut script = Script::default();
    script.work(ms(0.0), (SESSIONS, 0), (0.0, 100.0), Outcome::Ok, false);
    script.work(ms(50.0), (SESSIONS, 0), (50.0, 100.0), Outcome::Ok, false);
    script.work(ms(250.0), (SESSIONS, 0), (0.0, 100.0), Outcome::Failed, false);
    script
}

#[test]
fn a_queue_by_hand() {
    let metrics = three_requests().run(1, 10, Time::ZERO);
    let station = Report::build(&metrics, &ReportContext::default()).stations["db"].clone();
    assert_eq!((station.offered, station.ok, station.failed), (3, 2, 1));
    // Present for 100, 150 and 100 ms of 1 s.
    assert!((station.mean_in_system - 0.35).abs() < 1e-12);
    assert_eq!(station.response.max_ms, 150.0);
    let pool = &station.pools["sessions"];
    assert!((pool.mean_busy - 0.3).abs() < 1e-12);
    assert!((pool.utilisation - 0.3 / 20.0).abs() < 1e-12);
    assert!((pool.mean_queue - 0.05).abs() < 1e-12);
    assert_eq!((pool.max_queue, pool.wait.max_ms), (1, 50.0));
    assert!((pool.waited_ratio - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(metrics.check_invariants(), Vec::<String>::new());
}

#[test]
fn windows_take_what_happens_at_their_start_and_not_at_their_end() {
    let metrics = three_requests().run(1, 10, Time::ZERO);
    let ok = column(&metrics, "db/ok");
    // The first ends at exactly 100 ms, where the second window begins, the second at 200 ms.
    assert_eq!(ok[..4], [0.0, 10.0, 10.0, 0.0]);
    assert_eq!(column(&metrics, "db/failed")[3], 10.0);
    assert_eq!(column(&metrics, "db.sessions/busy")[..4], [1.0, 1.0, 0.5, 0.5]);
    assert_eq!(column(&metrics, "db.sessions/queue")[..2], [0.5, 0.0]);
    assert_eq!(column(&metrics, "db/in_system")[..4], [1.5, 1.0, 0.5, 0.5]);
    assert_eq!(column(&metrics, "db/p95_ms")[0], NO_DATA);
    assert_eq!(ok.len(), 10);
}

#[test]
fn the_last_window_holds_the_last_nanosecond() {
    let mut script = Script::default();
    let end = Time(1_000_000_000);
    script.request(Time(900_000_000), NEW, 100.0, Outcome::Ok);
    let metrics = script.run(1, 2, Time::ZERO);
    assert_eq!(metrics.now(), end);
    assert_eq!(column(&metrics, "users/ok"), [0.0, 2.0]);
}

#[test]
fn windows_that_do_not_divide_the_run_evenly_still_cover_it() {
    let setup = MetricsSetup { duration: Time(10), windows: 3, ..setup(1, 1, Time::ZERO) };
    let metrics = Metrics::new(&wiring(), &setup);
    let starts: Vec<_> = (0..=3).map(|window| metrics.window_start(window).0).collect();
    assert_eq!(starts, [0, 3, 6, 10]);
    let year = MetricsSetup { duration: Time(31_536_000_000_000_000), windows: 1_200, ..setup };
    assert_eq!(Metrics::new(&wiring(), &year).window_start(1_200), year.duration);
    let crowded = MetricsSetup { duration: Time(2), windows: 5, ..year };
    let mut metrics = Metrics::new(&wiring(), &crowded);
    metrics.advance_to(Time(2));
    assert_eq!(metrics.table().rows(), 5);
}

#[test]
fn the_warmup_counts_in_windows_and_not_in_totals() {
    let mut script = Script::default();
    // Before, across and after the end of the warm-up at 500 ms.
    script.request(ms(100.0), NEW, 100.0, Outcome::Ok);
    script.request(ms(450.0), NEW, 100.0, Outcome::Ok);
    script.request(ms(500.0), NEW, 100.0, Outcome::TimedOut);
    script.request(ms(950.0), OLD, 100.0, Outcome::Ok);
    let metrics = script.run(1, 2, ms(500.0));
    let report = Report::build(&metrics, &ReportContext::default());
    let totals = &report.totals;
    assert_eq!((totals.offered, totals.ok, totals.timed_out), (2, 0, 1));
    assert_eq!(totals.abandoned, 1);
    assert_eq!(totals.offered_rps, 4.0);
    assert_eq!(report.classes["users.old"].abandoned, 1);
    assert_eq!(column(&metrics, "users/ok"), [2.0, 2.0]);
    assert_eq!(column(&metrics, "users.new/ok"), [2.0, 2.0]);
}

#[test]
fn times_of_users_are_those_of_answered_requests() {
    let mut script = Script::default();
    script.request(ms(0.0), NEW, 10.0, Outcome::Ok);
    script.request(ms(0.0), OLD, 30.0, Outcome::Degraded);
    script.request(ms(0.0), NEW, 900.0, Outcome::TimedOut);
    script.request(ms(0.0), NEW, 0.0, Outcome::Rejected(Cause::Shed));
    let metrics = script.run(1, 1, Time::ZERO);
    let report = Report::build(&metrics, &ReportContext::default());
    assert_eq!((report.totals.response.count, report.totals.response.mean_ms), (2, 20.0));
    assert_eq!(report.totals.rejected["shed"], 1);
    assert_eq!(report.totals.goodput_ratio, 0.5);
    let p99 = column(&metrics, "users/p99_ms")[0];
    assert!((p99 - 30.0).abs() < 30.0 / 64.0, "{p99}");
    assert_eq!(column(&metrics, "users/in_flight"), [0.94]);
}

#[test]
fn attempts_breakers_and_connections() {
    use Observation as O;
    let mut script = Script::default();
    let took = Duration::from_ms(100.0);
    for (at, retry) in [(0.0, false), (200.0, true)] {
        script.at(ms(at), O::AttemptSent { edge: SQL, retry, hedge: false });
        script.at(ms(at), O::ConnectionsChanged { edge: SQL, by: 1 });
        let outcome = if retry { Outcome::Ok } else { Outcome::Rejected(Cause::QueueFull) };
        script.at(ms(at + 100.0), O::AttemptEnded { edge: SQL, outcome, took });
        script.at(ms(at + 100.0), O::ConnectionsChanged { edge: SQL, by: -1 });
    }
    script.at(ms(300.0), O::CallEnded { edge: SQL, outcome: Outcome::Ok, took });
    script.at(ms(400.0), O::TryRejected { edge: SQL, cause: Cause::CircuitBreaker });
    script.at(ms(400.0), O::FallbackUsed { edge: SQL });
    script.at(ms(450.0), O::RetryDenied { edge: SQL });
    for server in 0..4 {
        let state = BreakerState::Open;
        script.at(ms(500.0), O::BreakerChanged { edge: SQL, server, state });
        let state = BreakerState::HalfOpen;
        script.at(ms(750.0), O::BreakerChanged { edge: SQL, server, state });
    }
    let metrics = script.run(1, 1, Time::ZERO);
    let edge = Report::build(&metrics, &ReportContext::default()).edges["api.sql"].clone();
    assert_eq!((edge.attempts, edge.retries, edge.calls), (2, 1, 1));
    assert_eq!(edge.amplification, 2.0);
    assert_eq!((edge.ok, edge.refused, edge.rejected["circuit_breaker"]), (1, 1, 1));
    assert_eq!((edge.fallbacks, edge.retries_denied, edge.breaker_opened), (1, 1, 4));
    // Half of eight breakers open for a quarter and half-open for another.
    assert_eq!(column(&metrics, "api.sql/breaker_open"), [0.5 * 0.25 + 0.25 * 0.25]);
    assert_eq!(column(&metrics, "api.sql/connections"), [0.2]);
    let state = &metrics.snapshot().edges[1];
    assert_eq!((state.breakers_open, state.breakers_half_open, state.breakers_closed), (0, 4, 4));
    assert_eq!(metrics.check_invariants(), Vec::<String>::new());
}

#[test]
fn servers_that_are_down_offer_no_threads_and_no_cores() {
    use Observation as O;
    let mut script = Script::default();
    script.at(ms(500.0), O::ServerDown { node: API, server: 7, cause: DownCause::Fault });
    script.at(ms(500.0), O::ServersChanged { node: API, servers: 8, up: 4 });
    script.at(ms(500.0), O::OutOfRotation { balancer: BALANCER, server: 7 });
    script.at(ms(500.0), O::CoresBusy { node: API, cores: 16.0 });
    (0..40).for_each(|_| script.at(ms(500.0), O::WorkArrived { pool: WEB, server: 0 }));
    (0..40).for_each(|_| script.at(ms(500.0), O::ThreadTaken { pool: WEB }));
    let metrics = script.run(1, 2, Time::ZERO);
    assert_eq!(column(&metrics, "api/servers_up"), [8.0, 4.0]);
    assert_eq!(column(&metrics, "api/cpu"), [0.0, 1.0]);
    assert_eq!(column(&metrics, "api.web/utilisation"), [0.0, 1.0]);
    assert_eq!(column(&metrics, "lb/in_rotation"), [8.0, 7.0]);
    let state = &metrics.snapshot().stations[0];
    assert_eq!(
        (state.servers, state.up, state.cores, state.pools[0].threads),
        (8, 4, Some(16), 40)
    );
    let report = Report::build(&metrics, &ReportContext::default());
    assert_eq!(report.verdict.server_hours, 9.0 / 3_600.0);
}

#[test]
fn retuning_changes_capacity_from_then_on() {
    let mut metrics = Metrics::new(&wiring(), &setup(1, 2, Time::ZERO));
    metrics.retune_threads(ms(250.0), WEB, 20);
    metrics.retune_cores(ms(250.0), API, None);
    metrics.clock(ms(250.0));
    metrics.observe(ms(250.0), Observation::ThreadTaken { pool: WEB });
    metrics.advance_to(ms(1_000.0));
    let utilisation = column(&metrics, "api.web/utilisation");
    assert_eq!(utilisation, [1.0 / (80.0 + 160.0), 1.0 / 160.0]);
    assert_eq!(column(&metrics, "api/cpu")[1], NO_DATA);
}

#[test]
fn contradictions_are_named() {
    use Observation as O;
    let mut metrics = Metrics::new(&wiring(), &setup(1, 2, Time::ZERO));
    let response = Duration::from_ms(1.0);
    metrics.clock(ms(5.0));
    metrics.observe(ms(5.0), O::RequestStarted { class: OLD, luck: 0, refresh: false });
    metrics.clock(ms(7.0));
    metrics.observe(ms(7.0), O::RequestEnded { class: OLD, outcome: Outcome::Ok, response });
    metrics.clock(ms(8.0));
    metrics.observe(ms(8.0), O::ThreadTaken { pool: WEB });
    metrics.clock(ms(8.0));
    metrics
        .observe(ms(8.0), O::AttemptEnded { edge: SQL, outcome: Outcome::Failed, took: response });
    metrics.clock(ms(9.0));
    metrics.observe(ms(9.0), O::CoresBusy { node: API, cores: f64::NAN });
    metrics.advance_to(ms(1_000.0));
    let problems = metrics.check_invariants();
    let little = "the times stayed do not add up to the number present over time";
    let attempts = "attempts sent are not those ended and those in flight";
    assert_eq!(
        problems,
        [
            format!("users.old: {little}"),
            "api.web: more work waits and holds threads than is present".to_owned(),
            format!("api.sql: {attempts}"),
            "api.sql: more left than had entered".to_owned(),
            format!("api.sql: {little}"),
            "api: a figure is not a number".to_owned(),
        ]
    );
}

/// A random but consistent run: requests of both classes and work at both stations, with crashes,
/// breakers and disks between them.
fn random_run(parts: &[(u16, u16, u16, u8)]) -> Script {
    use Observation as O;
    let mut script = Script::default();
    for &(at, wait, length, kind) in parts {
        let (at, wait) = (ms(f64::from(at) / 40.0), f64::from(wait) / 1_000.0);
        let length = f64::from(length) / 300.0;
        let server = u32::from(kind % 8);
        match kind % 16 {
            0..4 => script.request(at, NEW, length, Outcome::Ok),
            4 => script.request(at, OLD, length, Outcome::Rejected(Cause::QueueFull)),
            5 => script.request(at, OLD, length, Outcome::Failed),
            6..10 => script.work(at, (WEB, server), (wait, length), Outcome::Ok, false),
            10 => script.work(at, (SESSIONS, 0), (wait, length), Outcome::Failed, true),
            11 => script.at(at, O::ServersChanged { node: API, servers: 8, up: server }),
            12 => script.at(at, O::CoresBusy { node: API, cores: wait }),
            13 => {
                let state = [BreakerState::Open, BreakerState::Closed][usize::from(kind / 16 % 2)];
                script.at(at, O::BreakerChanged { edge: SQL, server, state });
            }
            14 => script.at(at, O::DiskUsed { node: API, server, bytes: u64::from(kind) }),
            _ => script.at(at, O::DiskFull { node: API, server }),
        }
    }
    script
}

proptest! {
    #[test]
    fn looking_changes_nothing(
        parts in prop::collection::vec(any::<(u16, u16, u16, u8)>(), 0..200),
        looks in prop::collection::vec(0u64..100_000_000, 0..50),
        windows in 1u32..40,
        warmup in 0u64..900,
    ) {
        let warmup = ms(warmup as f64);
        let plain = random_run(&parts).run(1, windows, warmup);
        let mut looks = looks.into_iter().cycle();
        let mut watched = Metrics::new(&wiring(), &setup(1, windows, warmup));
        random_run(&parts).play(&mut watched, |metrics, next| {
            // A few looks at moments up to the next observation, and a checkpoint.
            for look in looks.by_ref().take(3) {
                let at = metrics.now() + Duration(look);
                if at < next {
                    metrics.advance_to(at);
                    let restored = metrics.clone();
                    *metrics = restored;
                }
            }
            metrics.advance_to(next.min(Time(metrics.duration().0 - 1)));
        });
        let triggers = [(ms(300.0), Some(ms(400.0)))];
        let context = ReportContext { triggers: &triggers, ..ReportContext::default() };
        prop_assert_eq!(Report::build(&plain, &context), Report::build(&watched, &context));
        prop_assert_eq!(plain.snapshot(), watched.snapshot());
        prop_assert_eq!(plain.table().series(), watched.table().series());
        prop_assert_eq!(plain.check_invariants(), Vec::<String>::new());
        let json = serde_json::to_string(&plain.table().series()).expect("plain data");
        prop_assert!(!json.contains("null"));
    }
}
