//! The patterns against traces recorded from the original programs.
//!
//! A trace is one line of JSON: a configuration and what the original answered to each operation.
//! The folder is `tests/vectors`, or the one named by `BROWNOUT_VECTORS`, which may hold further
//! traces of the same kinds. Run with `--nocapture` to see how much was checked.
#![cfg(not(target_arch = "wasm32"))]

use std::path::{Path, PathBuf};

use brownout::engine::{Duration, Time};
use brownout::pattern::circuit_breaker::{self, CircuitBreaker, Metrics, SlidingWindowType, State};
use brownout::pattern::concurrency_limit::aimd::AimdParams;
use brownout::pattern::concurrency_limit::{self, ConcurrencyLimit, Sample};
use brownout::pattern::interval::{exponential_ms, randomized_ms};
use brownout::pattern::rate_limiter::{self, Permission, RateLimiter};
use serde_json::Value;

const KINDS: [&str; 4] = [
    "resilience4j_circuitbreaker",
    "resilience4j_ratelimiter",
    "resilience4j_intervals",
    "concurrency_limits",
];
/// The original rounds a printed rate in the third decimal in rare cases.
const DISPLAY_ROUNDING: f32 = 0.001_5;

/// All traces of the files whose names start with `kind`.
fn traces(kind: &str) -> Vec<Value> {
    let given = std::env::var_os("BROWNOUT_VECTORS").map(PathBuf::from);
    let folder = given
        .clone()
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("vectors"));
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()))
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"))
        .collect();
    files.sort();
    let is = |path: &Path, kind: &str| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind))
    };
    let known = files.iter().any(|path| KINDS.iter().any(|kind| is(path, kind)));
    assert!(known, "{} holds no traces of any known kind", folder.display());
    files.retain(|path| is(path, kind));
    assert!(given.is_some() || !files.is_empty(), "{} lacks {kind}", folder.display());
    let mut traces = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a listed file is readable");
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        traces
            .extend(lines.map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON")));
    }
    traces
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

fn whole(value: &Value) -> u32 {
    let number = value.as_u64().unwrap_or_else(|| panic!("{value} is not a whole number"));
    u32::try_from(number).expect("counts in traces are small")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is not a list"))
}

fn moment(value: &Value) -> Time {
    Time::ZERO + Duration::from_ms(number(value))
}

fn breaker_params(cfg: &Value) -> circuit_breaker::Params {
    circuit_breaker::Params {
        sliding_window_type: match cfg["type"].as_str() {
            Some("C") => SlidingWindowType::CountBased,
            Some("T") => SlidingWindowType::TimeBased,
            other => panic!("unknown window type {other:?}"),
        },
        sliding_window_size: whole(&cfg["size"]),
        minimum_number_of_calls: whole(&cfg["min"]),
        failure_rate_threshold_percent: number(&cfg["thr"]),
        slow_call_rate_threshold_percent: number(&cfg["slowThr"]),
        slow_call_duration_threshold_ms: number(&cfg["slowMs"]),
        permitted_number_of_calls_in_half_open_state: whole(&cfg["permitted"]),
        wait_duration_in_open_state_ms: number(&cfg["waitMs"]),
        exponential_backoff_multiplier: cfg["mult"].as_f64(),
        exponential_max_wait_duration_in_open_state_ms: cfg["maxMs"]
            .as_f64()
            .filter(|&ms| ms > 0.0),
        ..circuit_breaker::Params::default()
    }
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Closed => "CLOSED",
        State::Open => "OPEN",
        State::HalfOpen => "HALF_OPEN",
        State::Disabled => "DISABLED",
        State::ForcedOpen => "FORCED_OPEN",
        State::MetricsOnly => "METRICS_ONLY",
    }
}

/// Carries out `A` (a call asks), `S<ms>`/`E<ms>` (it succeeded or failed), `R` (permit released);
/// answers how the original would write the operation.
fn operate(breaker: &mut CircuitBreaker, now: Time, operation: &str) -> String {
    let (kind, rest) = operation.split_at(1);
    match kind {
        "A" => return format!("A{}", u8::from(breaker.permit(now))),
        "S" | "E" => {
            let duration_ms: f64 = rest.parse().expect("a duration follows S and E");
            breaker.record(now, kind == "S", Duration::from_ms(duration_ms), 0.0);
        }
        "R" => breaker.release(),
        _ => panic!("unknown operation {operation}"),
    }
    operation.to_owned()
}

/// Whether the counts are equal and how many of the two rates differ by the display alone.
fn compare(expected: &[Value], metrics: &Metrics) -> Option<u32> {
    let counts = [metrics.buffered_calls, metrics.failed_calls, metrics.slow_calls];
    let not_permitted = metrics.not_permitted_calls;
    let same_counts = expected[2..5].iter().zip(counts).all(|(want, have)| whole(want) == have)
        && u64::from(whole(&expected[5])) == not_permitted;
    let rates = [metrics.failure_rate_percent, metrics.slow_call_rate_percent];
    let mut rounded = 0;
    for (want, have) in expected[..2].iter().zip(rates) {
        let difference = (number(want) as f32 - have).abs();
        if difference > DISPLAY_ROUNDING {
            return None;
        }
        rounded += u32::from(difference > 0.0);
    }
    same_counts.then_some(rounded)
}

#[test]
fn vectors_circuit_breaker() {
    let (mut checked, mut operations, mut skipped, mut rounded) = (0, 0, 0, 0);
    for (line, trace) in traces(KINDS[0]).iter().enumerate() {
        let cfg = &trace["cfg"];
        if cfg["lockFree"] == true {
            skipped += 1;
            continue;
        }
        let ops = list(&trace["ops"]);
        let start = if cfg["t0"].is_null() { moment(&ops[0][0]) } else { moment(&cfg["t0"]) };
        let mut breaker = CircuitBreaker::new(&breaker_params(cfg), start, 0.0);
        for (step, op) in ops.iter().enumerate() {
            let now = moment(&op[0]);
            let operation = op[1].as_str().expect("operations are words");
            let answer = operate(&mut breaker, now, operation);
            let state = state_name(breaker.state());
            let metrics = breaker.metrics(now);
            let place = format!("trace {line}, operation {step}: {op}");
            assert_eq!((answer.as_str(), op[2].as_str()), (operation, Some(state)), "{place}");
            rounded += compare(&list(op)[3..], &metrics)
                .unwrap_or_else(|| panic!("{place}\nbut the breaker has {metrics:?}"));
            operations += 1;
        }
        checked += 1;
    }
    println!(
        "circuit breaker: {checked} traces, {operations} operations exact, \
         {rounded} rates rounded for display, {skipped} lock-free traces skipped"
    );
    assert!(
        rounded * 10_000 <= operations + 10_000,
        "display rounding is rare, not {rounded} times"
    );
}

#[test]
fn vectors_rate_limiter() {
    let (mut checked, mut operations) = (0, 0);
    for (line, trace) in traces(KINDS[1]).iter().enumerate() {
        let params = rate_limiter::Params {
            limit_for_period: whole(&trace["limitForPeriod"]),
            limit_refresh_period_ms: number(&trace["periodMs"]),
            timeout_duration_ms: number(&trace["timeoutMs"]),
            ..rate_limiter::Params::default()
        };
        let mut limiter = RateLimiter::new(&params, Time::ZERO);
        for (step, op) in list(&trace["ops"]).iter().enumerate() {
            let now = moment(&op[0]);
            let wait_ms = match limiter.acquire_permissions(now, whole(&op[1])) {
                Permission::Granted { wait } => wait.ms(),
                Permission::Refused => -1.0,
            };
            let answer = (wait_ms, limiter.available_permissions(now));
            let expected = (number(&op[2]), op[3].as_i64().expect("permissions are whole"));
            assert_eq!(answer, expected, "trace {line}, operation {step}: {op}");
            operations += 1;
        }
        checked += 1;
    }
    println!("rate limiter: {checked} traces, {operations} operations exact");
}

#[test]
fn vectors_intervals() {
    let (mut checked, mut waits) = (0, 0);
    for trace in traces(KINDS[2]) {
        let initial_ms = u64::from(whole(&trace["initialMs"]));
        if trace["kind"] == "exp" {
            let max_ms = trace["maxMs"].as_u64().filter(|&ms| ms > 0);
            for (attempt, wait) in (1..).zip(list(&trace["waits"])) {
                let answer =
                    exponential_ms(initial_ms, number(&trace["multiplier"]), max_ms, attempt);
                assert_eq!(Some(answer), wait.as_u64(), "attempt {attempt} of {trace}");
                waits += 1;
            }
        } else {
            waits += check_randomized(&trace, initial_ms);
        }
        checked += 1;
    }
    println!("intervals: {checked} traces, {waits} waits");
}

/// Evenly spaced luck must span the observed range and have the observed mean.
fn check_randomized(trace: &Value, initial_ms: u64) -> u32 {
    const DRAWS: u32 = 100_000;
    let draw = |i| {
        let unit = f64::from(i) / f64::from(DRAWS);
        randomized_ms(initial_ms, number(&trace["factor"]), unit)
    };
    let waits: Vec<u64> = (0..DRAWS).map(draw).collect();
    assert_eq!(waits.first().copied(), trace["observedMin"].as_u64(), "{trace}");
    assert_eq!(waits.last().copied(), trace["observedMax"].as_u64(), "{trace}");
    let mean = waits.iter().sum::<u64>() as f64 / f64::from(DRAWS);
    // The observed mean is a sample's: 0.2 % of the initial wait, and 0.01 ms, is five sigma or more.
    let tolerance = 0.01 + 0.002 * initial_ms as f64;
    let observed = number(&trace["observedMean"]);
    assert!((mean - observed).abs() <= tolerance, "mean {mean} against {trace}");
    DRAWS
}

/// The library's defaults, except for the timeout of AIMD that the traces were recorded with.
fn limit_params(algorithm: &str) -> concurrency_limit::Params {
    use concurrency_limit::Params;
    match algorithm {
        "vegas" => Params::Vegas(Default::default()),
        "gradient2" => Params::Gradient2(Default::default()),
        "aimd" => Params::Aimd(AimdParams { timeout_ms: 100.0, ..AimdParams::default() }),
        other => panic!("unknown algorithm {other}"),
    }
}

#[test]
fn vectors_concurrency_limits() {
    let mut checked = std::collections::BTreeMap::<String, (u32, u32)>::new();
    for (line, trace) in traces(KINDS[3]).iter().enumerate() {
        let algorithm = trace["algo"].as_str().expect("a trace names its algorithm");
        // The traces of Vegas end before its first probe may happen, so its luck does not matter.
        let mut limit = ConcurrencyLimit::new(&limit_params(algorithm), 0.0);
        let (traces, samples) = checked.entry(algorithm.to_owned()).or_default();
        for (step, sample) in list(&trace["samples"]).iter().enumerate() {
            let told = Sample {
                round_trip: Duration(sample[0].as_u64().expect("whole nanoseconds")),
                in_flight: whole(&sample[1]),
                dropped: whole(&sample[2]) != 0,
            };
            limit.on_sample(Time::ZERO, told, 0.0);
            let expected = whole(&sample[3]);
            assert_eq!(limit.limit(), expected, "{algorithm}, trace {line}, sample {step}");
            *samples += 1;
        }
        *traces += 1;
    }
    for (algorithm, (traces, samples)) in checked {
        println!("concurrency limit {algorithm}: {traces} traces, {samples} samples exact");
    }
}
