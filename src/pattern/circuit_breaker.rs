//! Circuit breaker after Resilience4j 2.4.0 (`CircuitBreakerStateMachine`, synchronised windows,
//! configured as in YAML).
//!
//! 1. The window keeps (failed?, slow?) per recorded call: the last N calls, or the calls of the
//!    last N seconds in buckets aligned to whole seconds of the clock. The running second counts,
//!    so a time window really covers between N − 1 and N seconds.
//! 2. Rates are 32-bit percentages; with fewer calls than the minimum they are −1 and decide
//!    nothing. A count window caps the minimum at its size, a time window does not.
//! 3. Closed: every call is permitted. After *every* recorded result, also a success, a failure or
//!    slow-call rate at or above its threshold opens the breaker.
//! 4. Open: calls are refused until the wait is over; a call strictly later than that makes it
//!    half-open and takes its first permit. Late results are recorded but never change the state.
//! 5. Half-open: a given number of permits and a fresh count window of that size. When enough
//!    results are in, it opens again (the wait may have grown) or closes with an empty window.
//!    Results of calls admitted earlier count too. Without a time limit, calls that never come back
//!    keep it half-open for ever.
//! 6. Slow means strictly longer than the threshold. A released permit (call not judged) is given
//!    back. Disabled permits all and records nothing, forced-open refuses all, metrics-only permits
//!    all and records.

mod params;
#[cfg(test)]
mod tests;
mod window;

use crate::engine::{Duration, Time};

pub use params::{AfterWait, Like, Params, SlidingWindowType, State};
use window::Window;

/// What a breaker shows of itself; the rates are −1 while too few calls are in the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// Failed calls in percent of the calls in the window, or −1.
    pub failure_rate_percent: f32,
    /// Slow calls in percent of the calls in the window, or −1.
    pub slow_call_rate_percent: f32,
    /// Calls in the window.
    pub buffered_calls: u32,
    /// Failed calls in the window.
    pub failed_calls: u32,
    /// Slow calls in the window.
    pub slow_calls: u32,
    /// Calls refused since the window was last replaced.
    pub not_permitted_calls: u64,
}

/// A circuit breaker.
///
/// Invariants:
/// - `wait_until` matters only while open, `permits_left` and `half_open_since` only while half-open;
/// - `openings` counts the openings since the breaker was last closed and is ≥ 1 while open;
/// - `window` is the closed state's, unless `on_trial`: from becoming half-open until closing again
///   it is a count window of the permitted calls;
/// - `minimum` belongs to `window`.
#[derive(Clone, Debug)]
pub struct CircuitBreaker {
    params: Params,
    state: State,
    window: Window,
    on_trial: bool,
    minimum: u32,
    not_permitted_calls: u64,
    openings: u32,
    wait_until: Time,
    permits_left: u32,
    half_open_since: Time,
}

impl CircuitBreaker {
    /// A breaker in its initial state at `now`. `unit` in [0, 1) is used only if that is open with a
    /// randomised wait.
    pub fn new(params: &Params, now: Time, unit: f64) -> CircuitBreaker {
        let mut breaker = CircuitBreaker {
            params: params.clone(),
            state: State::Closed,
            window: params.closed_window(),
            on_trial: false,
            minimum: params.closed_minimum(),
            not_permitted_calls: 0,
            openings: 0,
            wait_until: Time::ZERO,
            permits_left: 0,
            half_open_since: Time::ZERO,
        };
        breaker.move_to(params.initial_state, now, unit);
        breaker
    }

    /// Whether a call may go out now. A permitted call must end in exactly one of
    /// [`record`](Self::record) and [`release`](Self::release).
    pub fn permit(&mut self, now: Time) -> bool {
        if self.state == State::Open && now > self.wait_until {
            self.become_half_open(now);
        }
        let permitted = match self.state {
            State::Closed | State::Disabled | State::MetricsOnly => true,
            State::Open | State::ForcedOpen => false,
            State::HalfOpen => self.permits_left > 0,
        };
        match (permitted, self.state) {
            (true, State::HalfOpen) => self.permits_left -= 1,
            (true, _) => {}
            (false, _) => self.not_permitted_calls += 1,
        }
        permitted
    }

    /// Tells the breaker how a permitted call ended and how long it took, also when the answer is
    /// late. `unit` in [0, 1) spreads the open wait if it is randomised.
    pub fn record(&mut self, now: Time, success: bool, duration: Duration, unit: f64) {
        if self.state == State::Disabled || self.state == State::ForcedOpen {
            return;
        }
        let threshold = Duration::from_ms(self.params.slow_call_duration_threshold_ms);
        self.window.record(now, !success, duration > threshold);
        if self.state == State::Closed || self.state == State::HalfOpen {
            self.judge(now, unit);
        }
    }

    /// Gives back the permit of a call that is not judged (ignored error, cancelled).
    pub fn release(&mut self) {
        if self.state == State::HalfOpen {
            self.permits_left += 1;
        }
    }

    /// The state as of the last call to any method; an open breaker whose wait is over stays open
    /// until a call or the deadline comes.
    pub fn state(&self) -> State {
        self.state
    }

    /// Until when an open breaker refuses calls, the moment itself included; `None` if not open.
    pub fn open_until(&self) -> Option<Time> {
        (self.state == State::Open).then_some(self.wait_until)
    }

    /// The rates and counts as of `now`; a time window drops what has become too old.
    pub fn metrics(&mut self, now: Time) -> Metrics {
        self.window.advance(now);
        let counts = self.window.counts();
        let rate = |part: u32| match counts.total {
            0 => -1.0,
            total if total < self.minimum => -1.0,
            total => part as f32 * 100.0 / total as f32,
        };
        Metrics {
            failure_rate_percent: rate(counts.failed),
            slow_call_rate_percent: rate(counts.slow),
            buffered_calls: counts.total,
            failed_calls: counts.failed,
            slow_calls: counts.slow,
            not_permitted_calls: self.not_permitted_calls,
        }
    }

    /// When the breaker wants to be told the time by [`on_deadline`](Self::on_deadline), if ever:
    /// the end of the open wait under automatic transition, or of the half-open time limit.
    /// Ask again after every other call.
    pub fn deadline(&self) -> Option<Time> {
        let limit_ms = self.params.max_wait_duration_in_half_open_state_ms;
        match self.state {
            State::Open if self.params.automatic_transition_from_open_to_half_open_enabled => {
                Some(self.wait_until)
            }
            State::HalfOpen if limit_ms > 0.0 => {
                Some(self.half_open_since + Duration::from_ms(limit_ms))
            }
            _ => None,
        }
    }

    /// Carries out a deadline that has come; earlier or without a deadline nothing happens.
    /// Returns whether the state changed.
    pub fn on_deadline(&mut self, now: Time, unit: f64) -> bool {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return false;
        }
        let next = match (self.state, self.params.transition_to_state_after_wait_duration) {
            (State::Open, _) => State::HalfOpen,
            (_, AfterWait::Open) => State::Open,
            (_, AfterWait::Closed) => State::Closed,
        };
        self.move_to(next, now, unit);
        true
    }

    /// Puts the breaker into `state`, as an operator would.
    pub fn move_to(&mut self, state: State, now: Time, unit: f64) {
        match state {
            State::HalfOpen => self.become_half_open(now),
            State::Open => self.open(now, unit),
            State::Closed | State::Disabled | State::ForcedOpen | State::MetricsOnly => {
                self.state = state;
                self.openings = 0;
                self.on_trial = false;
                self.minimum = self.params.closed_minimum();
                self.window = self.params.closed_window();
                self.not_permitted_calls = 0;
            }
        }
    }

    /// Takes over new parameters at `now`.
    ///
    /// Kept: the state, the newest results that fit the new window (all are dropped when its type
    /// changes), the refused count and a running open wait. New thresholds judge the next result;
    /// while half-open they judge at once, because with fewer permits there may be no next one.
    /// A new `initial_state` moves the breaker there.
    pub fn retune(&mut self, params: &Params, now: Time, unit: f64) {
        let old = std::mem::replace(&mut self.params, params.clone());
        let permitted = params.permitted_number_of_calls_in_half_open_state;
        let was_permitted = old.permitted_number_of_calls_in_half_open_state;
        self.window.advance(now);
        if self.state == State::HalfOpen {
            self.permits_left = (self.permits_left + permitted).saturating_sub(was_permitted);
            self.window.resize(permitted);
            self.minimum = params.half_open_minimum();
        } else if !self.on_trial {
            if params.sliding_window_type == old.sliding_window_type {
                self.window.resize(params.sliding_window_size);
            } else {
                self.window = params.closed_window();
            }
            self.minimum = params.closed_minimum();
        }
        if params.initial_state != old.initial_state {
            self.move_to(params.initial_state, now, unit);
        } else if self.state == State::HalfOpen {
            self.judge(now, unit);
        }
    }

    /// Opens or closes the breaker if enough results are in the window.
    fn judge(&mut self, now: Time, unit: f64) {
        let metrics = self.metrics(now);
        if metrics.failure_rate_percent < 0.0 {
            return;
        }
        let failing =
            metrics.failure_rate_percent >= self.params.failure_rate_threshold_percent as f32;
        let slow =
            metrics.slow_call_rate_percent >= self.params.slow_call_rate_threshold_percent as f32;
        if failing || slow {
            self.open(now, unit);
        } else if self.state == State::HalfOpen {
            self.move_to(State::Closed, now, unit);
        }
    }

    /// Opens, keeping the window and its counts for late results.
    fn open(&mut self, now: Time, unit: f64) {
        self.state = State::Open;
        self.openings = self.openings.saturating_add(1);
        self.wait_until = now + self.params.open_wait(self.openings, unit);
    }

    fn become_half_open(&mut self, now: Time) {
        let permitted = self.params.permitted_number_of_calls_in_half_open_state;
        self.state = State::HalfOpen;
        self.permits_left = permitted;
        self.half_open_since = now;
        self.on_trial = true;
        self.minimum = self.params.half_open_minimum();
        self.window = Window::calls(permitted);
        self.not_permitted_calls = 0;
    }
}
