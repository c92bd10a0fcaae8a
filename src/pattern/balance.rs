//! Load balancing: which server gets the next call.
//!
//! - Round robin goes through the servers in turn; random takes any with equal chance.
//! - Least connections takes the server with the fewest calls in flight, ties in turn or at random.
//! - Weighted round robin is nginx's smooth one: per pick every usable server's credit grows by its
//!   weight, the highest credit wins (the first of equals) and pays the sum of all weights. Weights
//!   5, 1, 1 give 1 1 2 1 3 1 1. Under passive marking a failure takes weight ÷ `max_fails` from what a
//!   server's credit grows by, and each further pick gives one of it back.
//! - Weighted least connections is nginx's `least_conn`: fewest calls in flight per weight, ties by
//!   smooth round robin among the tied.
//! - Power of two choices draws two different servers and takes the one with fewer calls in flight,
//!   the first on a tie (Mitzenmacher 2001; Envoy's LEAST_REQUEST, HAProxy's `random`).
//! - Fastest response takes the server whose average response time × (calls in flight + 1) is lowest, the
//!   first of equals: nginx Plus' `least_time` asks for the lowest average time and the fewest calls, F5 calls
//!   it "fastest". Neither publishes its average; ours is Finagle's peak EWMA (`ResponseTimes`), over all
//!   servers instead of two at random. Whoever fails fast is fast: pair it with passive marking.
//! - Adaptive takes the server that reports the fewest requests waiting or worked on, ties as for least
//!   connections. Unlike the calls in flight, these include the work of other balancers and work that
//!   nobody waits for any more. A server that is down reports nothing and is not used. (HAProxy's and
//!   Kemp's agents report such a figure from time to time; here it is always the present one.)
//! - Hash takes the server with the highest score of (key, server): rendezvous hashing (Thaler and
//!   Ravishankar 1998). When a server leaves, only its own keys move. It ignores weights.
//! - Failover takes the first usable server; who that may be is for
//!   [`failover`](crate::pattern::failover) to say.

mod response_time;

pub use response_time::ResponseTimes;

use crate::engine::{Duration, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the next server is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BalancerAlgorithm")]
pub enum Algorithm {
    /// In turn.
    #[default]
    RoundRobin,
    /// Any, with equal chance.
    Random,
    /// The fewest calls in flight.
    LeastConnections,
    /// In turn, in proportion to the weights.
    WeightedRoundRobin,
    /// The fewest calls in flight per weight.
    WeightedLeastConnections,
    /// The better of two at random.
    PowerOfTwoChoices,
    /// The lowest recent response time, times the calls in flight: least time, fastest.
    FastestResponse,
    /// The fewest requests waiting or worked on, as the servers themselves report.
    Adaptive,
    /// Always the same for the same key.
    Hash,
    /// The first in order that is well gets everything; another one takes over when it is out.
    Failover,
}

/// Who of several servers with equally few calls in flight gets the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BalancerTies")]
pub enum Ties {
    /// The next in turn.
    #[default]
    InTurn,
    /// Any of them, with equal chance.
    Random,
}

/// A balancer over servers numbered from 0.
///
/// Invariants: `weights`, `effective` and `credits` have one entry per server; `turn` is below their
/// number, or 0; `effective` never exceeds `weights`; the credits of servers that were usable
/// throughout add up to zero.
#[derive(Clone, Debug)]
pub struct Balancer {
    algorithm: Algorithm,
    ties: Ties,
    weights: Vec<u32>,
    effective: Vec<u32>,
    credits: Vec<i64>,
    turn: u32,
    times: ResponseTimes,
}

impl Balancer {
    /// A balancer over `weights.len()` servers; the weighted algorithms give weight 0 no calls.
    pub fn new(algorithm: Algorithm, weights: &[u32]) -> Balancer {
        let credits = vec![0; weights.len()];
        let weights = weights.to_vec();
        let ties = Ties::InTurn;
        let mut times = ResponseTimes::default();
        times.resize(weights.len());
        Balancer { algorithm, ties, effective: weights.clone(), weights, credits, turn: 0, times }
    }

    /// Tells what time it is, for the algorithm that goes by response times.
    pub fn clock(&mut self, now: Time) {
        self.times.clock(now);
    }

    /// Tells how long a call took that has been answered, or given up, for the same one.
    pub fn on_answer(&mut self, server: u32, took: Duration) {
        self.times.on_answer(server, took);
    }

    /// The server for the next call, or `None` if none is usable.
    ///
    /// `load` gives the calls in flight of a server (what it reports, if the algorithm is adaptive), or `None` if it must not be used; `key` is what
    /// hashing goes by; `units` in [0, 1) are the luck of the random algorithms, the
    /// only ones that ask.
    pub fn pick(
        &mut self,
        load: impl Fn(u32) -> Option<u32>,
        key: u64,
        units: impl FnOnce() -> (f64, f64),
    ) -> Option<u32> {
        match self.algorithm {
            Algorithm::RoundRobin => {
                // Mostly the one whose turn it is.
                let usable = |server: &u32| load(*server).is_some();
                let first = Some(self.turn).filter(|turn| *turn < self.servers() && usable(turn));
                let server = first.or_else(|| self.in_turn().find(usable));
                self.passed(server)
            }
            Algorithm::LeastConnections | Algorithm::Adaptive if self.ties == Ties::Random => {
                let least = self.all().filter_map(&load).min()?;
                let tied = |server: u32| load(server).filter(|calls| *calls == least);
                let count = self.all().filter_map(tied).count() as u32;
                self.nth(&tied, draw(units().0, count))
            }
            Algorithm::LeastConnections | Algorithm::Adaptive => {
                // The first of equals, seen from whose turn it is.
                let candidates = self.in_turn().filter_map(|server| Some((load(server)?, server)));
                let server = candidates.min_by_key(|&(calls, _)| calls).map(|(_, server)| server);
                self.passed(server)
            }
            Algorithm::Random => {
                let (unit1, unit2) = units();
                self.any(&load, unit1, unit2)
            }
            Algorithm::WeightedRoundRobin => self.smooth(|server| load(server).is_some()),
            Algorithm::WeightedLeastConnections => self.least_per_weight(&load),
            Algorithm::PowerOfTwoChoices => {
                let (unit1, unit2) = units();
                self.better_of_two(&load, unit1, unit2)
            }
            Algorithm::FastestResponse => {
                let costs = self
                    .all()
                    .filter_map(|server| Some((self.times.cost(server, load(server)?), server)));
                costs.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, server)| server)
            }
            Algorithm::Failover => self.all().find(|&server| load(server).is_some()),
            Algorithm::Hash => {
                let usable = self.all().filter(|&server| load(server).is_some());
                usable.max_by_key(|&server| (score(key, server), std::cmp::Reverse(server)))
            }
        }
    }

    /// Changes the number of servers and their weights; whose turn it is stays. If there is a change,
    /// smooth credits start afresh.
    pub fn resize(&mut self, weights: &[u32]) {
        if self.weights == weights {
            return;
        }
        self.weights = weights.to_vec();
        self.effective = weights.to_vec();
        self.credits = vec![0; weights.len()];
        self.turn = if self.turn < self.servers() { self.turn } else { 0 };
        self.times.resize(weights.len());
    }

    /// Changes the algorithm; whose turn it is stays.
    pub fn set_algorithm(&mut self, algorithm: Algorithm, ties: Ties) {
        self.algorithm = algorithm;
        self.ties = ties;
    }

    /// Tells that a call to a server failed under passive marking that allows so many failures: for a
    /// while it gets less than its weight (nginx's `effective_weight`).
    pub fn on_failure(&mut self, server: u32, max_fails: u32) {
        let weight = self.weights.get(server as usize).copied().unwrap_or(0);
        if let Some(effective) = self.effective.get_mut(server as usize)
            && max_fails > 0
        {
            *effective = effective.saturating_sub(weight / max_fails);
        }
    }

    fn servers(&self) -> u32 {
        self.weights.len() as u32
    }

    fn all(&self) -> std::ops::Range<u32> {
        0..self.servers()
    }

    /// Every server once, beginning with the one whose turn it is.
    fn in_turn(&self) -> impl Iterator<Item = u32> + use<> {
        (self.turn..self.servers()).chain(0..self.turn)
    }

    /// Passes the turn on to the server after the picked one.
    fn passed(&mut self, picked: Option<u32>) -> Option<u32> {
        if let Some(server) = picked {
            self.turn = if server + 1 < self.servers() { server + 1 } else { 0 };
        }
        picked
    }

    /// The `ordinal`-th usable server.
    fn nth(&self, load: &impl Fn(u32) -> Option<u32>, ordinal: u32) -> Option<u32> {
        self.all().filter(|&server| load(server).is_some()).nth(ordinal as usize)
    }

    fn any(&self, load: &impl Fn(u32) -> Option<u32>, unit1: f64, unit2: f64) -> Option<u32> {
        // A first draw among all is almost always usable; if not, a second one among the usable
        // keeps their chances equal.
        let first = draw(unit1, self.servers());
        if first < self.servers() && load(first).is_some() {
            return Some(first);
        }
        let usable = self.all().filter(|&server| load(server).is_some()).count() as u32;
        self.nth(load, draw(unit2, usable))
    }

    fn better_of_two(
        &self,
        load: &impl Fn(u32) -> Option<u32>,
        unit1: f64,
        unit2: f64,
    ) -> Option<u32> {
        let usable = self.all().filter(|&server| load(server).is_some()).count() as u32;
        let first = draw(unit1, usable);
        let first_server = self.nth(load, first)?;
        if usable == 1 {
            return Some(first_server);
        }
        // Drawn from the others, so that the two are never the same.
        let second = draw(unit2, usable - 1);
        let second_server = self.nth(load, second + u32::from(second >= first))?;
        let better = load(second_server) < load(first_server);
        Some(if better { second_server } else { first_server })
    }

    fn least_per_weight(&mut self, load: &impl Fn(u32) -> Option<u32>) -> Option<u32> {
        let weights = &self.weights;
        // calls ÷ weight, compared without dividing; weight 0 gets no calls.
        let ratio = |server: u32| match (load(server), weights[server as usize]) {
            (None, _) | (_, 0) => None,
            (Some(calls), weight) => Some((u64::from(calls), u64::from(weight))),
        };
        let less = |a: (u64, u64), b: (u64, u64)| a.0 * b.1 < b.0 * a.1;
        let mut least: Option<(u64, u64)> = None;
        for candidate in self.all().filter_map(ratio) {
            if least.is_none_or(|least| less(candidate, least)) {
                least = Some(candidate);
            }
        }
        let least = least?;
        let tied: Vec<bool> =
            self.all().map(|server| ratio(server).is_some_and(|r| !less(least, r))).collect();
        self.smooth(|server| tied[server as usize])
    }

    /// nginx's smooth weighted round robin among the usable servers of positive weight.
    fn smooth(&mut self, usable: impl Fn(u32) -> bool) -> Option<u32> {
        let mut total = 0;
        let mut best: Option<u32> = None;
        for server in self.all() {
            let weight = self.weights[server as usize];
            if weight == 0 || !usable(server) {
                continue;
            }
            let effective = &mut self.effective[server as usize];
            let share = i64::from(*effective);
            *effective = (*effective + 1).min(weight);
            total += share;
            self.credits[server as usize] += share;
            let credit = self.credits[server as usize];
            if best.is_none_or(|best| credit > self.credits[best as usize]) {
                best = Some(server);
            }
        }
        let best = best?;
        self.credits[best as usize] -= total;
        Some(best)
    }
}

/// One of `count` ordinals by `unit` in [0, 1); 0 if there are none.
fn draw(unit: f64, count: u32) -> u32 {
    ((unit * f64::from(count)) as u32).min(count.saturating_sub(1))
}

/// The rendezvous score of a server or a shard for a key: the same on every machine and in every run.
pub(super) fn score(key: u64, server: u32) -> u64 {
    // An odd constant tells neighbouring servers apart before mixing.
    mix(mix(key) ^ (u64::from(server) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every input bit reaches every output bit.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests;
