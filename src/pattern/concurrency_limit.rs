//! Adaptive concurrency limit after Netflix concurrency-limits (78a74b9): how many calls may be
//! under way is found out from how long they take.
//!
//! A caller that knows neither its callee's threads nor its cores can still see a queue build up
//! there: round trips grow. Three rules read that sign:
//!
//! - `netflix-vegas` estimates the queue from the shortest round trip ever seen (`vegas`),
//! - `netflix-gradient2` compares the last round trip with their long-run average (`gradient2`),
//! - `netflix-aimd` grows by one and shrinks by a factor when a call is dropped (`aimd`).
//!
//! Each call that ended is a sample: its round trip, the calls under way when it started (itself
//! included), and whether it was *dropped*. As the library's own listener has it, a timeout or a
//! refusal by the callee is a drop, and a call that failed otherwise is no sample at all: an error
//! comes back too soon to tell anything about load. With `windowed`, samples are first gathered
//! over a window (`window`), as the library advises for calls that come in large numbers.
//!
//! A call that finds the limit reached is refused at once (`SimpleLimiter`).

pub mod aimd;
pub mod gradient2;
pub mod vegas;
pub mod window;

use crate::engine::{Duration, Time};
use aimd::{Aimd, AimdParams};
use gradient2::{Gradient2, Gradient2Params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vegas::{Vegas, VegasParams};
use window::{Window, WindowParams};

/// Which rule finds the limit, with its parameters under their names in the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "like")]
#[schemars(rename = "ConcurrencyLimit")]
pub enum Params {
    /// Vegas: as many calls as the callee takes without a queue, and a few more.
    #[serde(rename = "netflix-vegas")]
    Vegas(VegasParams),
    /// Gradient2: fewer calls while round trips are longer than they use to be.
    #[serde(rename = "netflix-gradient2")]
    Gradient2(Gradient2Params),
    /// AIMD: one call more while all goes well, a share less when a call is dropped.
    #[serde(rename = "netflix-aimd")]
    Aimd(AimdParams),
}

impl Default for Params {
    fn default() -> Params {
        // The library's default limiter uses Vegas.
        Params::Vegas(VegasParams::default())
    }
}

impl Params {
    fn window(&self) -> Option<&WindowParams> {
        let (windowed, window) = match self {
            Params::Vegas(params) => (params.windowed, &params.window),
            Params::Gradient2(params) => (params.windowed, &params.window),
            Params::Aimd(params) => (params.windowed, &params.window),
        };
        windowed.then_some(window)
    }
}

/// A call that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// From its start to its end.
    pub round_trip: Duration,
    /// Calls under way when it started, itself included.
    pub in_flight: u32,
    /// It timed out, or the callee refused it.
    pub dropped: bool,
}

#[derive(Clone, Debug)]
enum Rule {
    Vegas(Vegas),
    Gradient2(Gradient2),
    Aimd(Aimd),
}

impl Rule {
    fn new(params: &Params, unit: f64) -> Rule {
        match params {
            Params::Vegas(params) => Rule::Vegas(Vegas::new(params, unit)),
            Params::Gradient2(params) => Rule::Gradient2(Gradient2::new(params)),
            Params::Aimd(params) => Rule::Aimd(Aimd::new(params)),
        }
    }
}

/// An adaptive limit. It does not count the calls under way: its owner does and asks
/// [`limit`](Self::limit).
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit {
    rule: Rule,
    window: Option<Window>,
}

impl ConcurrencyLimit {
    /// A limit that has seen nothing yet. `unit` in [0, 1) is the luck of Vegas' first probe.
    pub fn new(params: &Params, unit: f64) -> ConcurrencyLimit {
        ConcurrencyLimit { rule: Rule::new(params, unit), window: params.window().map(Window::new) }
    }

    /// Most calls that may be under way now, at least 1.
    pub fn limit(&self) -> u32 {
        match &self.rule {
            Rule::Vegas(rule) => rule.limit(),
            Rule::Gradient2(rule) => rule.limit(),
            Rule::Aimd(rule) => rule.limit(),
        }
    }

    /// Tells the limit of a call that ended `now`. `unit` in [0, 1) is the luck of Vegas' next probe.
    pub fn on_sample(&mut self, now: Time, sample: Sample, unit: f64) {
        let sample = match &mut self.window {
            Some(window) => window.add(now, sample),
            None => Some(sample),
        };
        let Some(sample) = sample else { return };
        match &mut self.rule {
            Rule::Vegas(rule) => rule.on_sample(sample, unit),
            Rule::Gradient2(rule) => rule.on_sample(sample),
            Rule::Aimd(rule) => rule.on_sample(sample),
        }
    }

    /// Takes over new parameters: under the same rule what has been learnt is kept within the new
    /// bounds, another rule starts afresh.
    pub fn retune(&mut self, params: &Params, unit: f64) {
        match (&mut self.rule, params) {
            (Rule::Vegas(rule), Params::Vegas(params)) => rule.retune(params),
            (Rule::Gradient2(rule), Params::Gradient2(params)) => rule.retune(params),
            (Rule::Aimd(rule), Params::Aimd(params)) => rule.retune(params),
            (rule, params) => *rule = Rule::new(params, unit),
        }
        self.window = match (self.window.take(), params.window()) {
            (Some(mut window), Some(params)) => {
                window.retune(params);
                Some(window)
            }
            (None, Some(params)) => Some(Window::new(params)),
            (_, None) => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample(ms: f64, in_flight: u32, dropped: bool) -> Sample {
        Sample { round_trip: Duration::from_ms(ms), in_flight, dropped }
    }

    #[test]
    fn defaults_survive_json_and_unknown_fields_are_refused() {
        use crate::pattern::testing::check_params;
        check_params::<Params>();
        check_params::<VegasParams>();
        check_params::<Gradient2Params>();
        check_params::<AimdParams>();
        check_params::<WindowParams>();
        let foreign = json!({"like": "netflix-aimd", "queue_size": 4});
        assert!(serde_json::from_value::<Params>(foreign).is_err());
    }

    #[test]
    fn a_windowed_limit_moves_once_per_window() {
        let params = AimdParams { windowed: true, ..AimdParams::default() };
        let mut limit = ConcurrencyLimit::new(&Params::Aimd(params), 0.0);
        let mut told = |ms: u64| {
            limit.on_sample(Time(ms * 1_000_000), sample(50.0, 20, false), 0.0);
            limit.limit()
        };
        // The very first sample closes a window, which is too small to count.
        assert_eq!((0..=100).map(|n| told(50 + 10 * n)).max(), Some(20));
        assert_eq!(told(1_060), 21);
        assert_eq!((0..99).map(|n| told(1_070 + 10 * n)).max(), Some(21));
        assert_eq!(told(2_070), 22);
    }

    #[test]
    fn retuning_keeps_what_was_learnt_within_the_new_bounds() {
        let mut limit = ConcurrencyLimit::new(&Params::Aimd(AimdParams::default()), 0.0);
        (0..15).for_each(|_| limit.on_sample(Time::ZERO, sample(1.0, 200, false), 0.0));
        assert_eq!(limit.limit(), 35);
        let narrow = AimdParams { max_limit: 30, ..AimdParams::default() };
        limit.retune(&Params::Aimd(narrow), 0.0);
        assert_eq!(limit.limit(), 30);
        limit.retune(&Params::default(), 0.0);
        assert_eq!(limit.limit(), 20);
        let narrow = VegasParams { max_concurrency: 15, ..VegasParams::default() };
        limit.retune(&Params::Vegas(narrow), 0.0);
        assert_eq!(limit.limit(), 15);
        limit.retune(&Params::Gradient2(Gradient2Params::default()), 0.0);
        let narrow = Gradient2Params { min_limit: 1, max_concurrency: 9, ..Default::default() };
        limit.retune(&Params::Gradient2(narrow), 0.0);
        assert_eq!(limit.limit(), 9);
    }

    #[test]
    fn a_retuned_window_keeps_its_samples_and_counts_by_the_new_rules() {
        let windowed = |window_size| {
            let window = WindowParams { window_size, ..WindowParams::default() };
            Params::Aimd(AimdParams { windowed: true, window, ..AimdParams::default() })
        };
        let mut limit = ConcurrencyLimit::new(&windowed(10), 0.0);
        let tell = |limit: &mut ConcurrencyLimit, ms: u64| {
            limit.on_sample(Time(ms * 1_000_000), sample(50.0, 20, false), 0.0);
            limit.limit()
        };
        assert_eq!((1..12).map(|n| tell(&mut limit, 10 * n)).max(), Some(20));
        limit.retune(&windowed(20), 0.0);
        assert_eq!(tell(&mut limit, 1_020), 20, "eleven samples are too few now");
        assert_eq!((0..9).map(|n| tell(&mut limit, 1_030 + n)).max(), Some(20));
        limit.retune(&windowed(10), 0.0);
        assert_eq!(tell(&mut limit, 2_030), 21, "the nine before and this one are enough");
    }
}
