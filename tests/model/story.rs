//! A scenario, its run and what was observed.

use brownout::engine::Time;
use brownout::model::{Observer, World};
use brownout::observation::{Observation, Outcome};
use brownout::plan::Plan;
use brownout::scenario::Scenario;
use brownout::scenario::patch::merge;
use serde::Deserialize;
use serde_json::{Value, json};

/// Keeps everything that happened.
#[derive(Clone, Debug, Default)]
pub struct Recorder(pub Vec<(Time, Observation)>);

impl Observer for Recorder {
    fn observe(&mut self, now: Time, observation: Observation) {
        self.0.push((now, observation));
    }
}

/// A run that is over.
pub struct Story {
    pub world: World<Recorder>,
}

/// Runs nodes and faults for a while.
pub fn run(seconds: f64, nodes: Value, faults: Value) -> Story {
    run_switched(seconds, json!({"nodes": nodes, "faults": faults}), &[])
}

/// Runs nodes and faults for a while; at some moments, in seconds, a merge patch takes effect.
pub fn run_switched(seconds: f64, mut document: Value, patches: &[(f64, Value)]) -> Story {
    merge(&mut document, &json!({"v": 1, "name": {"en": "story"}, "duration_s": seconds}));
    let compile = |document: &Value| {
        let scenario = Scenario::deserialize(document).expect("the story is well told");
        Plan::compile(&scenario)
    };
    let plan = compile(&document);
    let end = plan.end;
    let mut world = World::new(plan, Recorder::default());
    for (at_s, patch) in patches {
        let at = Time::from_seconds(*at_s);
        while world.step(at).is_some() {}
        world.advance_to(at);
        merge(&mut document, patch);
        world.retune(compile(&document));
    }
    while world.step(end).is_some() {}
    assert_eq!(world.audit(), Vec::<String>::new());
    Story { world }
}

/// Clients that send `count` requests at the given pace, the first one at the start.
pub fn clockwork(rate_rps: f64, count: u32, call: Value) -> Value {
    let stop_s = f64::from(count) / rate_rps - 0.5 / rate_rps;
    json!({
        "kind": "clients",
        "arrivals": {"kind": "open", "rate_rps": rate_rps, "process": "constant", "stop_s": stop_s},
        "calls": {"main": call},
    })
}

/// A service with one pool and one program.
pub fn service(threads: u32, steps: Value) -> Value {
    json!({
        "kind": "service",
        "pools": {"web": {"threads": threads, "queue_limit": 1_000_000}},
        "endpoints": {"work": {"steps": steps}},
    })
}

/// A computing step of constant length.
pub fn cpu(ms: f64) -> Value {
    json!({"do": "cpu", "time": {"dist": "constant", "ms": ms}})
}

/// `base` with the fields of `more`.
pub fn with(mut base: Value, more: Value) -> Value {
    for (key, value) in more.as_object().expect("fields") {
        base[key] = value.clone();
    }
    base
}

impl Story {
    /// The moments, in milliseconds, at which something was observed.
    pub fn moments(&self, wanted: impl Fn(&Observation) -> bool) -> Vec<f64> {
        let found = self.world.observer.0.iter().filter(|(_, observation)| wanted(observation));
        found.map(|(at, _)| at.0 as f64 / 1e6).collect()
    }

    /// What chosen observations tell, in order.
    pub fn told<T>(&self, choose: impl Fn(&Observation) -> Option<T>) -> Vec<T> {
        self.world.observer.0.iter().filter_map(|(_, observation)| choose(observation)).collect()
    }

    /// The same with the moment, in milliseconds, before it.
    pub fn told_at<A, B>(
        &self,
        choose: impl Fn(&Observation) -> Option<(A, B)>,
    ) -> Vec<(f64, A, B)> {
        let told = self.world.observer.0.iter().filter_map(|(at, observation)| {
            choose(observation).map(|(a, b)| (at.0 as f64 / 1e6, a, b))
        });
        told.collect()
    }

    /// How often something was observed.
    pub fn count(&self, wanted: impl Fn(&Observation) -> bool) -> usize {
        self.moments(wanted).len()
    }

    /// How the requests ended, in order, with their response times in milliseconds.
    pub fn requests(&self) -> Vec<(Outcome, f64)> {
        let ended = |(_, observation): &(Time, Observation)| match observation {
            Observation::RequestEnded { outcome, response, .. } => Some((*outcome, response.ms())),
            _ => None,
        };
        self.world.observer.0.iter().filter_map(ended).collect()
    }

    /// The outcomes of the requests alone.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.requests().into_iter().map(|(outcome, _)| outcome).collect()
    }
}
