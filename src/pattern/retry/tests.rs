//! The waits of each product and jitter. What was recorded from the products is in `tests/conformance.rs`.

use super::*;

fn exponential(like: Like, base_ms: f64, cap_ms: f64, jitter: Jitter) -> Retry {
    Retry::new(&Params {
        like,
        max_attempts: 20,
        backoff: Backoff::Exponential,
        wait_duration_ms: base_ms,
        exponential_backoff_multiplier: 2.0,
        exponential_max_wait_duration_ms: Some(cap_ms),
        jitter,
        ..Params::default()
    })
}

fn waits_ms(retry: &Retry, unit: f64) -> Vec<f64> {
    (1..=6)
        .map(|attempts| retry.next_wait(attempts, Failure::Failed, Duration::ZERO, unit).ms())
        .collect()
}

#[test]
fn defaults_survive_json_and_unknown_fields_are_refused() {
    crate::pattern::testing::check_params::<Params>();
    crate::pattern::testing::check_params::<RetryOn>();
}

#[test]
fn exponential_waits_double_up_to_the_cap() {
    let expected = [100.0, 200.0, 400.0, 800.0, 1000.0, 1000.0];
    for like in [Like::Resilience4j24, Like::GrpcA6] {
        assert_eq!(waits_ms(&exponential(like, 100.0, 1000.0, Jitter::None), 0.3), expected);
    }
}

#[test]
fn only_resilience4j_truncates_at_every_step_and_caps_no_constant_wait() {
    let waits = |like, backoff, cap_ms| {
        let params = Params {
            like,
            backoff,
            jitter: Jitter::None,
            exponential_max_wait_duration_ms: cap_ms,
            ..Params::default()
        };
        waits_ms(&Retry::new(&params), 0.0)[..4].to_vec()
    };
    let truncated = waits(Like::Resilience4j24, Backoff::Exponential, None);
    assert_eq!(truncated, [500.0, 750.0, 1125.0, 1687.0]);
    let exact = waits(Like::GrpcA6, Backoff::Exponential, None);
    assert_eq!(exact, [500.0, 750.0, 1125.0, 1687.5]);
    assert_eq!(waits(Like::Resilience4j24, Backoff::Constant, Some(400.0)), [500.0; 4]);
    assert_eq!(waits(Like::GrpcA6, Backoff::Constant, Some(400.0)), [400.0; 4]);
}

#[test]
fn full_jitter_starts_at_nothing_and_equal_jitter_at_half() {
    let full = exponential(Like::AwsSdk2026, 100.0, 10_000.0, Jitter::Full);
    let equal = exponential(Like::AwsSdk2026, 100.0, 10_000.0, Jitter::Equal);
    assert_eq!(waits_ms(&full, 0.5).iter().sum::<f64>(), 3150.0);
    assert_eq!(waits_ms(&equal, 0.0)[..3], [50.0, 100.0, 200.0]);
    assert_eq!(waits_ms(&equal, 0.5)[..3], [75.0, 150.0, 300.0]);
}

#[test]
fn decorrelated_jitter_grows_from_the_previous_wait() {
    let retry = exponential(Like::AwsSdk2026, 1.0, 3_600_000.0, Jitter::Decorrelated);
    let mut wait = Duration::ZERO;
    // At the middle of every range the waits are the means (base + 3 · previous) ÷ 2.
    let mut next = |attempts| {
        wait = retry.next_wait(attempts, Failure::Failed, wait, 0.5);
        wait.ms()
    };
    assert_eq!([1, 2, 3, 4].map(&mut next), [2.0, 3.5, 5.75, 9.125]);
    let capped = exponential(Like::AwsSdk2026, 1.0, 4.0, Jitter::Decorrelated);
    assert_eq!(capped.next_wait(2, Failure::Failed, Duration::from_ms(4.0), 0.99).ms(), 4.0);
}

#[test]
fn each_product_brings_its_own_jitter_and_cap() {
    let product = |like, base_ms| {
        Retry::new(&Params {
            like,
            backoff: Backoff::Exponential,
            wait_duration_ms: base_ms,
            exponential_backoff_multiplier: 2.0,
            ..Params::default()
        })
    };
    let upper = 1.0 - f64::EPSILON;
    let rounded = |like, base_ms| -> Vec<f64> {
        waits_ms(&product(like, base_ms), upper).iter().map(|ms| ms.round()).collect()
    };
    assert_eq!(rounded(Like::Envoy140, 25.0), [25.0, 50.0, 100.0, 200.0, 250.0, 250.0]);
    assert_eq!(rounded(Like::GrpcA6, 100.0)[..3], [120.0, 240.0, 480.0]);
    assert_eq!(
        product(Like::GrpcA6, 100.0).next_wait(1, Failure::Failed, Duration::ZERO, 0.0).ms(),
        80.0
    );
    assert_eq!(rounded(Like::AwsSdk2026, 8_000.0)[..3], [8_000.0, 16_000.0, 20_000.0]);
}

#[test]
fn randomised_waits_of_resilience4j_are_whole_milliseconds() {
    let with = |like, unit| {
        let params = Params { like, jitter: Jitter::Randomized, ..Params::default() };
        Retry::new(&params).next_wait(1, Failure::Failed, Duration::ZERO, unit).ms()
    };
    assert_eq!(
        [0.0, 0.000_5, 0.9999].map(|unit| with(Like::Resilience4j24, unit)),
        [250.0, 250.0, 750.0]
    );
    assert_eq!([0.0, 0.000_5].map(|unit| with(Like::Envoy140, unit)), [250.0, 250.25]);
}

#[test]
fn new_parameters_hold_from_the_next_try_on() {
    let mut retry = Retry::new(&Params::default());
    assert!(!retry.allows(3, Failure::Failed));
    retry.retune(&Params { max_attempts: 4, ..Params::default() });
    assert!(retry.allows(3, Failure::Failed));
}

#[test]
fn the_first_try_counts_and_only_chosen_outcomes_are_retried() {
    let retry_on = RetryOn { rejected: false, ..RetryOn::default() };
    let retry = Retry::new(&Params { retry_on, ..Params::default() });
    assert!(retry.allows(2, Failure::Failed) && retry.allows(2, Failure::TimedOut));
    assert!(!retry.allows(3, Failure::Failed));
    assert!(!retry.allows(1, Failure::Rejected));
}

#[test]
fn grpc_never_makes_more_than_five_tries() {
    let params = Params { like: Like::GrpcA6, max_attempts: 9, ..Params::default() };
    let retry = Retry::new(&params);
    assert!(retry.allows(4, Failure::Failed) && !retry.allows(5, Failure::Failed));
}
