//! Outlier detection after Envoy 1.40: servers that answer worse than the others are taken out of
//! rotation for a while.
//!
//! - Errors in a row: a counter per server, reset by any other answer; a detection when it *reaches* the
//!   threshold, and then it starts anew.
//! - Success rate, per sweep: of the servers with enough requests in the last interval, if there are
//!   enough of them, those below mean − factor · σ (of the population). Failure percentage: those that
//!   fail at least so often.
//! - A detection ejects by chance (`enforcing_…`), and only if the share of ejected servers allows it;
//!   otherwise it is counted as an overflow.
//! - An ejection lasts base · k, at most the maximum, plus jitter. k grows by one per ejection and
//!   shrinks by one on each sweep that finds the server in rotation, at least one interval after it
//!   came back. It ends on the first sweep that finds its time over, and the counters start anew.
//!
//! Priorities, degraded hosts and custom error matchers are not modelled.

mod params;
#[cfg(test)]
mod tests;
mod view;

pub use params::{Like, Params};
pub use view::View;

use crate::engine::{Duration, Time};

/// What a server answered, as Envoy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Anything but a 5xx.
    Success,
    /// A 5xx other than those of gateways: the program failed.
    ServerError,
    /// 502, 503 or 504: the server refused, or passed on that somebody else did.
    GatewayError,
    /// No answer: the connection broke (counted as 503) or it took too long (504).
    LocalOrigin,
}

/// How a server came to be noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detection {
    /// Errors in a row.
    Consecutive5xx,
    /// Gateway errors in a row.
    ConsecutiveGatewayFailure,
    /// Broken connections and timeouts in a row.
    ConsecutiveLocalOriginFailure,
    /// A success rate far below that of the others.
    SuccessRate,
    /// A share of connections and answers in time far below that of the others.
    LocalOriginSuccessRate,
    /// A high share of failures.
    FailurePercentage,
}

/// What became of a detection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server is ejected.
    Ejected,
    /// Chance, or a chance of zero, kept it in.
    NotEnforced,
    /// Too many are out already (`ejections_overflow`).
    Overflow,
}

/// A detection and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The server.
    pub server: u32,
    /// How it was noticed.
    pub detection: Detection,
    /// What became of it.
    pub verdict: Verdict,
}

/// Requests of an interval and how many succeeded.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    ok: u32,
    total: u32,
}

impl Score {
    fn count(&mut self, ok: bool) {
        self.ok += u32::from(ok);
        self.total += 1;
    }

    /// Percentage of successes, if there were that many requests, and any at all.
    fn rate(self, volume: u32) -> Option<f64> {
        let enough = self.total > 0 && self.total >= volume;
        enough.then(|| 100.0 * f64::from(self.ok) / f64::from(self.total))
    }
}

/// What is known of a server.
#[derive(Clone, Debug, Default)]
struct Server {
    errors: u32,
    gateway_errors: u32,
    local_errors: u32,
    external: Score,
    local: Score,
    /// Since when it is ejected, and for how long.
    ejected: Option<(Time, Duration)>,
    /// k: base ejection times that the last ejection took.
    times: u32,
    /// When it last came back.
    returned: Option<Time>,
}

/// The outlier detector of a balancer.
///
/// Invariant: `active` is the number of servers that are ejected.
#[derive(Clone, Debug)]
pub struct OutlierDetector {
    params: Params,
    servers: Vec<Server>,
    active: u32,
}

impl OutlierDetector {
    /// A detector before so many servers, none of them ejected.
    pub fn new(params: &Params, servers: u32) -> OutlierDetector {
        let servers = vec![Server::default(); servers as usize];
        OutlierDetector { params: params.clone(), servers, active: 0 }
    }

    /// Takes over new parameters; who is ejected stays so for the time that was set.
    pub fn retune(&mut self, params: &Params) {
        self.params = params.clone();
    }

    /// Follows the number of servers; what was known of those that are gone is forgotten.
    pub fn resize(&mut self, servers: u32) {
        self.servers.resize(servers as usize, Server::default());
        self.active = self.servers.iter().filter(|server| server.ejected.is_some()).count() as u32;
    }

    /// Servers that are watched.
    pub fn servers(&self) -> u32 {
        self.servers.len() as u32
    }

    /// Servers that are ejected.
    pub fn active(&self) -> u32 {
        self.active
    }

    /// Whether a server is ejected.
    pub fn is_ejected(&self, server: u32) -> bool {
        self.servers.get(server as usize).is_some_and(|server| server.ejected.is_some())
    }

    /// Tells what a server answered. `draw` gives numbers in [0, 1).
    pub fn on_answer(
        &mut self,
        number: u32,
        answer: Answer,
        now: Time,
        mut draw: impl FnMut() -> f64,
    ) -> Vec<Finding> {
        let params = &self.params;
        let Some(server) = self.servers.get_mut(number as usize) else { return Vec::new() };
        let mut reached = Vec::new();
        let mut count = |counter: &mut u32, threshold, detection| {
            *counter = counter.saturating_add(1);
            if *counter == threshold {
                reached.push(detection);
            }
        };
        if params.split_external_local_origin_errors {
            let local = answer == Answer::LocalOrigin;
            server.local.count(!local);
            if local {
                let threshold = params.consecutive_local_origin_failure;
                let detection = Detection::ConsecutiveLocalOriginFailure;
                count(&mut server.local_errors, threshold, detection);
                return self.judge_all(number, &reached, now, &mut draw);
            }
            server.local_errors = 0;
        }
        server.external.count(answer == Answer::Success);
        match answer {
            Answer::Success => (server.errors, server.gateway_errors) = (0, 0),
            Answer::ServerError => server.gateway_errors = 0,
            Answer::GatewayError | Answer::LocalOrigin => {
                let threshold = params.consecutive_gateway_failure;
                let detection = Detection::ConsecutiveGatewayFailure;
                count(&mut server.gateway_errors, threshold, detection);
            }
        }
        if answer != Answer::Success {
            count(&mut server.errors, params.consecutive_5xx, Detection::Consecutive5xx);
        }
        self.judge_all(number, &reached, now, &mut draw)
    }

    /// Thresholds that were reached: each is judged, unless the server is ejected already, and its
    /// counter starts anew.
    fn judge_all(
        &mut self,
        number: u32,
        reached: &[Detection],
        now: Time,
        draw: &mut impl FnMut() -> f64,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for detection in reached {
            if self.is_ejected(number) {
                break;
            }
            findings.push(self.judge(number, *detection, now, draw));
            let server = &mut self.servers[number as usize];
            match detection {
                Detection::ConsecutiveGatewayFailure => server.gateway_errors = 0,
                Detection::ConsecutiveLocalOriginFailure => server.local_errors = 0,
                _ => server.errors = 0,
            }
        }
        findings
    }

    fn judge(
        &mut self,
        number: u32,
        detection: Detection,
        now: Time,
        draw: &mut impl FnMut() -> f64,
    ) -> Finding {
        let params = &self.params;
        let enforcing = match detection {
            Detection::Consecutive5xx => params.enforcing_consecutive_5xx,
            Detection::ConsecutiveGatewayFailure => params.enforcing_consecutive_gateway_failure,
            Detection::ConsecutiveLocalOriginFailure => {
                params.enforcing_consecutive_local_origin_failure
            }
            Detection::SuccessRate => params.enforcing_success_rate,
            Detection::LocalOriginSuccessRate => params.enforcing_local_origin_success_rate,
            Detection::FailurePercentage => params.enforcing_failure_percentage,
        };
        let verdict = if !params.may_eject(self.active, self.servers.len() as u32) {
            Verdict::Overflow
        } else if draw() * 100.0 >= f64::from(enforcing) {
            Verdict::NotEnforced
        } else {
            let server = &mut self.servers[number as usize];
            if params.grows(server.times) {
                server.times += 1;
            }
            let jitter = Duration::from_ms(draw() * params.max_ejection_time_jitter_ms);
            server.ejected = Some((now, params.ejection_time(server.times) + jitter));
            self.active += 1;
            Verdict::Ejected
        };
        Finding { server: number, detection, verdict }
    }

    /// The sweep that is due every interval: brings back servers whose time is over, then judges the
    /// rates of the interval that ends. `draw` gives numbers in [0, 1).
    pub fn sweep(&mut self, now: Time, mut draw: impl FnMut() -> f64) -> Vec<Finding> {
        let interval = self.params.interval();
        for number in 0..self.servers.len() as u32 {
            let server = &mut self.servers[number as usize];
            let rested = server.returned.is_none_or(|returned| now.since(returned) >= interval);
            match server.ejected {
                Some((since, length)) if now.since(since) >= length => self.bring_back(number, now),
                None if rested => server.times = server.times.saturating_sub(1),
                _ => {}
            }
        }
        let mut findings = self.judge_rates(now, false, &mut draw);
        if self.params.split_external_local_origin_errors {
            findings.extend(self.judge_rates(now, true, &mut draw));
        }
        for server in &mut self.servers {
            (server.external, server.local) = (Score::default(), Score::default());
        }
        findings
    }

    fn judge_rates(
        &mut self,
        now: Time,
        local: bool,
        draw: &mut impl FnMut() -> f64,
    ) -> Vec<Finding> {
        let params = &self.params;
        let rates = |volume: u32| -> Vec<(u32, f64)> {
            let score = |server: &Server| if local { server.local } else { server.external };
            let rated = |(number, server): (usize, &Server)| match server.ejected {
                None => Some((number as u32, score(server).rate(volume)?)),
                Some(_) => None,
            };
            self.servers.iter().enumerate().filter_map(rated).collect()
        };
        let mut detected = Vec::new();
        let successes = rates(params.success_rate_request_volume);
        if !successes.is_empty() && successes.len() >= params.success_rate_minimum_hosts as usize {
            let factor = f64::from(params.success_rate_stdev_factor) / 1_000.0;
            let threshold = success_rate_threshold(&successes, factor);
            let low = successes.iter().filter(|(_, rate)| *rate < threshold);
            let detection =
                if local { Detection::LocalOriginSuccessRate } else { Detection::SuccessRate };
            detected.extend(low.map(|(number, _)| (*number, detection)));
        }
        let failures = rates(params.failure_percentage_request_volume);
        let enough = failures.len() >= params.failure_percentage_minimum_hosts as usize;
        if !local && !failures.is_empty() && enough {
            let threshold = f64::from(params.failure_percentage_threshold);
            let high = failures.iter().filter(|(_, rate)| 100.0 - rate >= threshold);
            detected.extend(high.map(|(number, _)| (*number, Detection::FailurePercentage)));
        }
        let mut findings = Vec::new();
        for (number, detection) in detected {
            if !self.is_ejected(number) {
                findings.push(self.judge(number, detection, now, draw));
            }
        }
        findings
    }

    /// Tells that a server that is up passed an active health check; answers whether that brought
    /// it back.
    pub fn on_check_passed(&mut self, number: u32, now: Time) -> bool {
        let comes_back = self.params.successful_active_health_check_uneject_host;
        let comes_back = comes_back && self.is_ejected(number);
        if comes_back {
            self.bring_back(number, now);
        }
        comes_back
    }

    fn bring_back(&mut self, number: u32, now: Time) {
        let server = &mut self.servers[number as usize];
        server.ejected = None;
        server.returned = Some(now);
        (server.errors, server.gateway_errors, server.local_errors) = (0, 0, 0);
        self.active -= 1;
    }
}

/// Mean of the rates minus `factor` standard deviations of the population.
fn success_rate_threshold(rates: &[(u32, f64)], factor: f64) -> f64 {
    let count = rates.len() as f64;
    let mean = rates.iter().map(|(_, rate)| rate).sum::<f64>() / count;
    let variance = rates.iter().map(|(_, rate)| (rate - mean) * (rate - mean)).sum::<f64>() / count;
    // A square root is exact in IEEE arithmetic, the same everywhere.
    mean - factor * variance.sqrt()
}
