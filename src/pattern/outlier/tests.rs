//! Tests of the detector by itself. What was recorded from Envoy is in `tests/conformance.rs`.

use super::*;

fn never() -> f64 {
    0.0
}

fn at(seconds: f64) -> Time {
    Time::from_seconds(seconds)
}

fn fail(detector: &mut OutlierDetector, server: u32, times: u32, now: f64) -> Vec<Finding> {
    let answer = |_| detector.on_answer(server, Answer::ServerError, at(now), never);
    (0..times).flat_map(answer).collect()
}

#[test]
fn defaults_survive_json_and_unknown_fields_are_refused() {
    crate::pattern::testing::check_params::<Params>();
}

#[test]
fn any_other_answer_starts_the_counter_anew() {
    let mut detector = OutlierDetector::new(&Params::default(), 10);
    assert_eq!(fail(&mut detector, 0, 4, 0.0), []);
    detector.on_answer(0, Answer::Success, at(0.0), never);
    assert_eq!(fail(&mut detector, 0, 4, 0.0), []);
    let found = fail(&mut detector, 0, 1, 0.0);
    assert_eq!(found[0].verdict, Verdict::Ejected);
    assert!(detector.is_ejected(0) && detector.active() == 1);
}

#[test]
fn the_gate_counts_the_server_that_is_to_go() {
    let out = |params: &Params, servers: u32| {
        let mut detector = OutlierDetector::new(params, servers);
        (0..servers).for_each(|server| drop(fail(&mut detector, server, 5, 0.0)));
        detector.active()
    };
    let params = Params::default();
    assert_eq!([3, 9, 10, 19, 20].map(|servers| out(&params, servers)), [0, 0, 1, 1, 2]);
    let always = Params { always_eject_one_host: true, ..Params::default() };
    assert_eq!([3, 20].map(|servers| out(&always, servers)), [1, 2]);
    let older = Params { like: Like::Envoy2022, ..Params::default() };
    assert_eq!([3, 10, 11, 20].map(|servers| out(&older, servers)), [1, 1, 2, 2]);
}

#[test]
fn gateway_errors_and_broken_connections_are_counted_as_configured() {
    let params = Params {
        enforcing_consecutive_gateway_failure: 100,
        consecutive_5xx: 9,
        ..Params::default()
    };
    let mut detector = OutlierDetector::new(&params, 10);
    let mut answer = |answer| detector.on_answer(0, answer, at(0.0), never);
    (0..4).for_each(|_| assert_eq!(answer(Answer::GatewayError), []));
    assert_eq!(answer(Answer::ServerError), [], "a 500 is no gateway error");
    (0..3).for_each(|_| assert_eq!(answer(Answer::GatewayError), []));
    // The ninth error in a row is only the fourth of a gateway.
    assert_eq!(answer(Answer::LocalOrigin)[0].detection, Detection::Consecutive5xx);

    let split = Params { split_external_local_origin_errors: true, ..Params::default() };
    let mut detector = OutlierDetector::new(&split, 10);
    assert_eq!(fail(&mut detector, 0, 4, 0.0), []);
    (0..4).for_each(|_| drop(detector.on_answer(0, Answer::LocalOrigin, at(0.0), never)));
    let found = detector.on_answer(0, Answer::LocalOrigin, at(0.0), never);
    assert_eq!(found[0].detection, Detection::ConsecutiveLocalOriginFailure);
}

#[test]
fn a_counter_starts_anew_after_each_detection() {
    let params = Params {
        consecutive_gateway_failure: 3,
        consecutive_5xx: 4,
        enforcing_consecutive_5xx: 0,
        enforcing_consecutive_local_origin_failure: 0,
        consecutive_local_origin_failure: 2,
        ..Params::default()
    };
    let detections = |params: &Params, answer| {
        let mut detector = OutlierDetector::new(params, 10);
        let mut told = |number| {
            let found = detector.on_answer(0, answer, at(0.0), never);
            assert!(found.iter().all(|finding| finding.verdict == Verdict::NotEnforced));
            found.into_iter().map(move |finding| (number, finding.detection))
        };
        (1..=8).flat_map(&mut told).collect::<Vec<_>>()
    };
    let errors = Detection::Consecutive5xx;
    let gateway = Detection::ConsecutiveGatewayFailure;
    assert_eq!(
        detections(&params, Answer::GatewayError),
        [(3, gateway), (4, errors), (6, gateway), (8, errors)]
    );
    let split = Params { split_external_local_origin_errors: true, ..params };
    let local = Detection::ConsecutiveLocalOriginFailure;
    assert_eq!(detections(&split, Answer::LocalOrigin), [2, 4, 6, 8].map(|number| (number, local)));
}

#[test]
fn new_parameters_judge_what_was_counted_before() {
    let mut detector = OutlierDetector::new(&Params::default(), 10);
    assert_eq!(fail(&mut detector, 0, 1, 0.0), []);
    detector.retune(&Params { consecutive_5xx: 2, ..Params::default() });
    assert_eq!(fail(&mut detector, 0, 1, 0.0)[0].verdict, Verdict::Ejected);
    assert_eq!(detector.servers(), 10);
}

#[test]
fn a_detection_that_is_not_enforced_is_only_told() {
    let params = Params { enforcing_consecutive_5xx: 30, ..Params::default() };
    for (unit, verdict) in [(0.29, Verdict::Ejected), (0.3, Verdict::NotEnforced)] {
        let mut detector = OutlierDetector::new(&params, 10);
        fail(&mut detector, 0, 4, 0.0);
        let found = detector.on_answer(0, Answer::ServerError, at(0.0), || unit);
        assert_eq!(found[0].verdict, verdict);
    }
}

/// Lets every server answer `counts` (good, bad) within one interval, and sweeps.
fn sweep(params: &Params, counts: &[(u32, u32)]) -> Vec<Finding> {
    let mut detector = OutlierDetector::new(params, counts.len() as u32);
    for (server, (good, bad)) in counts.iter().enumerate() {
        for (answer, times) in [(Answer::Success, *good), (Answer::ServerError, *bad)] {
            (0..times)
                .for_each(|_| drop(detector.on_answer(server as u32, answer, at(1.0), never)));
        }
    }
    detector.sweep(at(10.0), never)
}

#[test]
fn rates_are_judged_only_with_enough_requests_and_servers() {
    let params = Params { consecutive_5xx: 0, max_ejection_percent: 100, ..Params::default() };
    let bad = (50, 50);
    let found = sweep(&params, &[bad, (100, 0), (100, 0), (100, 0), (100, 0)]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].server, found[0].detection), (0, Detection::SuccessRate));
    assert_eq!(sweep(&params, &[bad, (100, 0), (100, 0), (100, 0), (99, 0)]), []);
    assert_eq!(sweep(&params, &[bad, bad, (100, 0), (100, 0), (100, 0)]), []);

    let params = Params { success_rate_request_volume: 0, ..params };
    let silent = [bad, (9, 0), (9, 0), (9, 0), (9, 0), (0, 0)];
    assert_eq!(sweep(&params, &silent).len(), 1, "who had no request has no rate");
    let strict = Params { success_rate_stdev_factor: 1_000, ..params.clone() };
    assert_eq!(sweep(&strict, &silent[..5]).len(), 1);
    assert_eq!(sweep(&strict, &silent[..4]), [], "four are too few");

    let params = Params { enforcing_failure_percentage: 100, ..params };
    let failing = (15, 85);
    let found = sweep(&params, &[failing; 5]);
    let high = found.iter().all(|finding| finding.detection == Detection::FailurePercentage);
    assert!(high && found.len() == 5);
    assert_eq!(sweep(&params, &[(16, 84); 5]), []);
    assert_eq!(sweep(&params, &[failing; 4]), []);
}

#[test]
fn low_is_below_the_mean_by_so_many_standard_deviations() {
    // Mean 98 %, standard deviation 4.
    let rates = [(90, 10), (100, 0), (100, 0), (100, 0), (100, 0)];
    let found = |factor| {
        let params = Params { success_rate_stdev_factor: factor, ..Params::default() };
        let params = Params { consecutive_5xx: 0, max_ejection_percent: 100, ..params };
        sweep(&params, &rates).len()
    };
    assert_eq!([1_999, 2_000].map(found), [1, 0]);
    // The mean of equal numbers may be one rounding away from them, which must not become a spread.
    for count in 1..200 {
        let threshold = success_rate_threshold(&vec![(0, 100.0 / 3.0); count], 1.9);
        assert!((threshold - 100.0 / 3.0).abs() < 1e-9, "{count} equal rates: {threshold}");
    }
}

#[test]
fn who_breaks_connections_is_told_from_who_answers_with_errors() {
    let params = Params {
        split_external_local_origin_errors: true,
        consecutive_5xx: 0,
        consecutive_local_origin_failure: 0,
        enforcing_success_rate: 0,
        enforcing_local_origin_success_rate: 0,
        failure_percentage_threshold: 50,
        ..Params::default()
    };
    let found = |answer| {
        let mut detector = OutlierDetector::new(&params, 10);
        for server in 0..10 {
            let mut told = |answer| drop(detector.on_answer(server, answer, at(1.0), never));
            (0..100).for_each(|_| told(Answer::Success));
            (0..if server == 3 { 100 } else { 0 }).for_each(|_| told(answer));
        }
        let told = |finding: Finding| (finding.server, finding.detection);
        detector.sweep(at(10.0), never).into_iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(found(Answer::LocalOrigin), [(3, Detection::LocalOriginSuccessRate)]);
    let rates = [Detection::SuccessRate, Detection::FailurePercentage].map(|how| (3, how));
    assert_eq!(found(Answer::ServerError), rates, "only errors have a failure percentage");
}

#[test]
fn ejections_grow_and_shrink_again() {
    // The longest times of 25 s and of 30 s both end on the sweep at 30 s.
    for longest_ms in [25_000.0, 30_000.0] {
        let params = Params {
            base_ejection_time_ms: 10_000.0,
            max_ejection_time_ms: Some(longest_ms),
            ..Params::default()
        };
        let mut detector = OutlierDetector::new(&params, 10);
        let mut now = 0.0;
        let mut lengths = Vec::new();
        for _ in 0..8 {
            fail(&mut detector, 0, 5, now);
            let start = now;
            while detector.is_ejected(0) && now < 1e3 {
                now += 10.0;
                detector.sweep(at(now), never);
            }
            lengths.push(now - start);
        }
        assert_eq!(lengths, [10.0, 20.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0]);
        // The multiplier has stopped at 4: base · 4 is the first that is not below the maximum + base.
        (0..4).for_each(|_| {
            now += 10.0;
            detector.sweep(at(now), never);
        });
        fail(&mut detector, 0, 5, now);
        detector.sweep(at(now + 10.0), never);
        assert!(!detector.is_ejected(0), "four quiet sweeps took four from the multiplier");
    }
}

#[test]
fn jitter_prolongs_an_ejection() {
    let params = Params { max_ejection_time_jitter_ms: 10_000.0, ..Params::default() };
    let mut detector = OutlierDetector::new(&params, 10);
    (0..5).for_each(|_| drop(detector.on_answer(0, Answer::ServerError, at(0.0), || 0.9)));
    let mut out = |now| {
        detector.sweep(at(now), never);
        detector.is_ejected(0)
    };
    assert_eq!([30.0, 38.9, 39.0].map(&mut out), [true, true, false]);
}

#[test]
fn the_multiplier_rests_for_an_interval_after_a_return() {
    let params = Params { base_ejection_time_ms: 10_000.0, ..Params::default() };
    let mut detector = OutlierDetector::new(&params, 10);
    for (failed, passed) in [(0.0, 5.0), (6.0, 25.0)] {
        fail(&mut detector, 0, 5, failed);
        assert!(detector.on_check_passed(0, at(passed)));
    }
    // It has been back for five seconds of the ten: the third ejection takes three base times.
    detector.sweep(at(30.0), never);
    fail(&mut detector, 0, 5, 31.0);
    detector.sweep(at(60.0), never);
    assert!(detector.is_ejected(0));
    detector.sweep(at(61.0), never);
    assert!(!detector.is_ejected(0));
}

#[test]
fn a_passed_health_check_brings_a_server_back() {
    let mut detector = OutlierDetector::new(&Params::default(), 10);
    fail(&mut detector, 3, 5, 0.0);
    assert!(!detector.on_check_passed(2, at(1.0)) && detector.on_check_passed(3, at(1.0)));
    assert_eq!(detector.active(), 0);
    fail(&mut detector, 3, 5, 2.0);
    detector.resize(3);
    assert_eq!((detector.active(), detector.is_ejected(3)), (0, false));
    assert_eq!(fail(&mut detector, 3, 5, 3.0), [], "a server that is gone");
}

#[test]
fn the_balancer_notices_the_first_change_at_once_and_further_ones_later() {
    let mut view = View::default();
    let window = Duration::from_ms(1_000.0);
    assert!(view.agrees(4, |_| false) && !view.agrees(4, |server| server == 3));
    assert_eq!(view.follow(4, |_| false, window, at(4.9)), None, "no change, nothing to wait for");
    assert_eq!(view.follow(4, |server| server == 0, window, at(5.0)), None);
    assert!(view.is_out(0));
    assert_eq!(view.follow(4, |server| server < 3, window, at(5.01)), Some(at(6.0)));
    assert!(!view.is_out(1));
    assert_eq!(view.follow(4, |server| server < 3, window, at(6.0)), None);
    assert!(view.is_out(1) && view.is_out(2) && !view.is_out(3));
    assert_eq!(view.follow(4, |_| false, Duration::ZERO, at(6.0)), None);
    assert!(!view.is_out(1));
}
