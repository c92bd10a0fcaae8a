//! The breaker's rules in small scripts of calls; the recorded traces are in `tests/vectors.rs`.

use super::*;

fn in_seconds() -> Params {
    Params {
        sliding_window_type: SlidingWindowType::TimeBased,
        sliding_window_size: 20,
        minimum_number_of_calls: 5,
        slow_call_duration_threshold_ms: 4_000.0,
        slow_call_rate_threshold_percent: 50.0,
        wait_duration_in_open_state_ms: 5_000.0,
        permitted_number_of_calls_in_half_open_state: 4,
        ..Params::default()
    }
}

fn of_calls(size: u32, threshold_percent: f64) -> Params {
    Params {
        sliding_window_size: size,
        failure_rate_threshold_percent: threshold_percent,
        ..Params::default()
    }
}

/// One letter per state, small if the call was refused.
fn letter(state: State, permitted: bool) -> char {
    let letter = match state {
        State::Closed => 'C',
        State::Open => 'O',
        State::HalfOpen => 'H',
        State::Disabled => 'D',
        State::ForcedOpen => 'F',
        State::MetricsOnly => 'M',
    };
    if permitted { letter } else { letter.to_ascii_lowercase() }
}

/// Carries out one letter per operation at `seconds`: `S` and `E` are calls that end at once,
/// `L` one that took five seconds, `a` only asks, `r` releases, `-` is the deadline timer.
fn at(breaker: &mut CircuitBreaker, seconds: f64, operations: &str) -> String {
    let now = Time::from_seconds(seconds);
    let mut states = String::new();
    for operation in operations.chars() {
        let permitted = match operation {
            'r' | '-' => true,
            _ => breaker.permit(now),
        };
        match operation {
            'S' if permitted => breaker.record(now, true, Duration::ZERO, 0.0),
            'E' if permitted => breaker.record(now, false, Duration::ZERO, 0.0),
            'L' if permitted => breaker.record(now, true, Duration::from_seconds(5.0), 0.0),
            'r' => breaker.release(),
            '-' => _ = breaker.on_deadline(now, 0.0),
            _ => {}
        }
        states.push(letter(breaker.state(), permitted));
    }
    states
}

fn new(params: &Params) -> CircuitBreaker {
    CircuitBreaker::new(params, Time::ZERO, 0.0)
}

/// A breaker that five failures at 0 s have opened.
fn opened(params: &Params) -> CircuitBreaker {
    let mut breaker = new(params);
    assert_eq!(at(&mut breaker, 0.0, "EEEEE"), "CCCCO");
    breaker
}

#[test]
fn it_opens_at_the_minimum_of_calls_even_on_a_success() {
    assert_eq!(at(&mut new(&in_seconds()), 0.0, "EEESSa"), "CCCCOo");
}

#[test]
fn the_threshold_is_inclusive() {
    let mut breaker = new(&in_seconds());
    assert_eq!(at(&mut breaker, 0.0, "SSSEE"), "CCCCC");
    assert_eq!(breaker.metrics(Time::ZERO).failure_rate_percent, 40.0);
    assert_eq!(at(&mut breaker, 5.0, "E"), "O");
}

#[test]
fn slow_calls_open_it_and_slow_is_strictly_longer() {
    assert_eq!(at(&mut new(&in_seconds()), 0.0, "LLSSL"), "CCCCO");
    let strict = Params { slow_call_duration_threshold_ms: 5_000.0, ..in_seconds() };
    assert_eq!(at(&mut new(&strict), 0.0, "LLSSL"), "CCCCC");
}

#[test]
fn the_wait_is_over_only_after_its_last_moment() {
    let mut breaker = opened(&in_seconds());
    assert_eq!(breaker.open_until(), Some(Time::from_seconds(5.0)));
    assert_eq!(at(&mut breaker, 5.0, "a"), "o");
    assert_eq!(at(&mut breaker, 5.001, "a"), "H");
}

#[test]
fn a_trial_below_the_threshold_closes_it_with_an_empty_window() {
    let mut breaker = opened(&in_seconds());
    assert_eq!(at(&mut breaker, 6.0, "ESSS"), "HHHC");
    assert_eq!(breaker.metrics(Time::from_seconds(6.0)).buffered_calls, 0);
}

#[test]
fn a_failed_trial_opens_it_for_another_wait() {
    let mut breaker = opened(&in_seconds());
    assert_eq!(at(&mut breaker, 6.0, "EESE"), "HHHO");
    assert_eq!(breaker.metrics(Time::from_seconds(7.0)).buffered_calls, 4);
    assert_eq!(at(&mut breaker, 11.0, "a") + &at(&mut breaker, 11.001, "a"), "oH");
}

#[test]
fn a_count_window_slides_call_by_call() {
    let mut breaker = new(&of_calls(10, 60.0));
    assert_eq!(at(&mut breaker, 0.0, "SSEEEESSSSSSEEEEEE"), "CCCCCCCCCCCCCCCCCO");
}

#[test]
fn a_count_window_caps_the_minimum_and_a_time_window_does_not() {
    assert_eq!(at(&mut new(&of_calls(10, 50.0)), 0.0, "SSSSSEEEEE"), "CCCCCCCCCO");
    let params = Params { sliding_window_type: SlidingWindowType::TimeBased, ..of_calls(10, 50.0) };
    assert_eq!(at(&mut new(&params), 0.0, "EEEEEEEEEEEE"), "CCCCCCCCCCCC");
}

#[test]
fn timers_open_the_trial_and_end_it_when_nothing_comes_back() {
    let mut breaker = opened(&Params {
        automatic_transition_from_open_to_half_open_enabled: true,
        max_wait_duration_in_half_open_state_ms: 1_000.0,
        ..in_seconds()
    });
    assert_eq!(at(&mut breaker, 4.9, "-") + &at(&mut breaker, 5.0, "-"), "OH");
    assert_eq!(breaker.deadline(), Some(Time::from_seconds(6.0)));
    assert_eq!(at(&mut breaker, 5.5, "a") + &at(&mut breaker, 6.0, "-"), "HO");
    assert_eq!(at(&mut breaker, 10.9, "-") + &at(&mut breaker, 11.0, "-"), "OH");
}

#[test]
fn without_the_automatic_transition_it_stays_open_until_a_call_comes() {
    let mut breaker = opened(&in_seconds());
    assert_eq!((breaker.deadline(), at(&mut breaker, 100.0, "-a").as_str()), (None, "OH"));
}

#[test]
fn without_a_time_limit_lost_calls_keep_it_half_open_for_ever() {
    let mut breaker = opened(&in_seconds());
    assert_eq!(at(&mut breaker, 6.0, "aaaaaa"), "HHHHhh");
    assert_eq!((at(&mut breaker, 1e6, "-a").as_str(), breaker.deadline()), ("Hh", None));
    assert_eq!(breaker.metrics(Time::from_seconds(1e6)).not_permitted_calls, 3);
}

#[test]
fn a_released_permit_can_be_taken_again() {
    let mut breaker = opened(&in_seconds());
    assert_eq!(at(&mut breaker, 6.0, "aaaaaara"), "HHHHhhHH");
}

#[test]
fn half_of_the_window_must_be_bad_before_it_opens() {
    let opens_at = |window: u32, per_second: u32, fails_from: u32| {
        let params = Params { sliding_window_size: window, ..in_seconds() };
        let mut breaker = new(&params);
        let times = (0..3_000).map(|k| f64::from(k) / f64::from(per_second));
        let mut call = |&seconds: &f64| {
            let failed = seconds >= f64::from(fails_from);
            at(&mut breaker, seconds, if failed { "E" } else { "S" }) == "O"
        };
        times.into_iter().find(|seconds| call(seconds))
    };
    assert_eq!(opens_at(60, 10, 100), Some(129.9));
    assert_eq!(opens_at(300, 1, 600), Some(749.0));
}

#[test]
fn metrics_only_measures_and_never_refuses() {
    let params = Params { initial_state: State::MetricsOnly, ..of_calls(10, 50.0) };
    let mut breaker = new(&params);
    let mut rates = Vec::new();
    for outcome in ["S", "S", "E", "E", "E", "E", "E", "E", "S", "S", "S", "S", "S", "S", "S"] {
        assert_eq!(at(&mut breaker, 0.0, outcome), "M");
        rates.push(breaker.metrics(Time::ZERO).failure_rate_percent);
    }
    assert_eq!(rates[..9], [-1.0; 9]);
    assert_eq!(rates[9..], [60.0, 60.0, 60.0, 50.0, 40.0, 30.0]);
}

#[test]
fn disabled_and_forced_open_record_nothing() {
    let mut breaker = new(&in_seconds());
    for (state, answers) in [(State::Disabled, "DDD"), (State::ForcedOpen, "fff")] {
        breaker.move_to(state, Time::ZERO, 0.0);
        assert_eq!(at(&mut breaker, 0.0, "EES"), answers);
        assert_eq!(breaker.metrics(Time::ZERO).buffered_calls, 0);
    }
}

#[test]
fn the_open_wait_grows_until_it_closes() {
    let mut breaker = opened(&Params {
        exponential_backoff_multiplier: Some(2.0),
        exponential_max_wait_duration_in_open_state_ms: Some(15_000.0),
        ..in_seconds()
    });
    let mut now = 0.0;
    for wait in [5.0, 10.0, 15.0, 15.0] {
        assert_eq!(at(&mut breaker, now + wait, "a"), "o");
        now += wait + 0.5;
        assert_eq!(at(&mut breaker, now, "EEEE"), "HHHO");
    }
    assert_eq!(at(&mut breaker, now + 15.5, "SSSS"), "HHHC");
    assert_eq!(at(&mut breaker, now + 16.0, "EEEEE"), "CCCCO");
    assert_eq!(breaker.open_until(), Some(Time::from_seconds(now + 21.0)));
}

#[test]
fn retuning_keeps_the_newest_results_and_judges_the_next() {
    let mut breaker = new(&in_seconds());
    at(&mut breaker, 0.0, "SEESSSSS");
    let strict = Params { failure_rate_threshold_percent: 20.0, ..in_seconds() };
    breaker.retune(&strict, Time::ZERO, 0.0);
    assert_eq!(breaker.metrics(Time::ZERO).buffered_calls, 8);
    assert_eq!(at(&mut breaker, 0.0, "S"), "O");
}

#[test]
fn retuning_cannot_leave_a_trial_without_permits_and_results() {
    let mut breaker = opened(&in_seconds());
    assert_eq!(at(&mut breaker, 6.0, "SS"), "HH");
    let fewer = Params { permitted_number_of_calls_in_half_open_state: 2, ..in_seconds() };
    breaker.retune(&fewer, Time::from_seconds(6.0), 0.0);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn retuning_hands_out_the_permits_that_a_trial_has_more_or_fewer() {
    for (permitted, answers) in [(6, "HHHHHhh"), (3, "HHhhhhh")] {
        let mut breaker = opened(&in_seconds());
        assert_eq!(at(&mut breaker, 6.0, "a"), "H");
        let permitted_number_of_calls_in_half_open_state = permitted;
        let other = Params { permitted_number_of_calls_in_half_open_state, ..in_seconds() };
        breaker.retune(&other, Time::from_seconds(6.0), 0.0);
        assert_eq!(at(&mut breaker, 6.0, "aaaaaaa"), answers, "{permitted} permits, one taken");
    }
}

#[test]
fn retuning_takes_over_window_and_minimum_unless_a_trial_has_just_failed() {
    let few = Params { sliding_window_size: 3, minimum_number_of_calls: 2, ..in_seconds() };
    let mut breaker = new(&in_seconds());
    assert_eq!(at(&mut breaker, 0.0, "SSE") + &at(&mut breaker, 2.0, "E"), "CCCC");
    breaker.retune(&few, Time::from_seconds(3.0), 0.0);
    let metrics = breaker.metrics(Time::from_seconds(3.0));
    assert_eq!((metrics.buffered_calls, metrics.failure_rate_percent), (1, -1.0));
    assert_eq!(at(&mut breaker, 3.0, "E"), "O");

    let mut breaker = opened(&in_seconds());
    assert_eq!(at(&mut breaker, 6.0, "SEEE"), "HHHO");
    let many = Params { minimum_number_of_calls: 9, ..in_seconds() };
    breaker.retune(&many, Time::from_seconds(6.0), 0.0);
    let metrics = breaker.metrics(Time::from_seconds(6.0));
    assert_eq!((metrics.buffered_calls, metrics.failure_rate_percent), (4, 75.0));
}

#[test]
fn a_new_initial_state_moves_it_there() {
    let mut breaker = new(&in_seconds());
    let forced = Params { initial_state: State::ForcedOpen, ..in_seconds() };
    breaker.retune(&forced, Time::ZERO, 0.0);
    assert_eq!(at(&mut breaker, 0.0, "a"), "f");
}
