use brownout::{engine::*, model::*, observation::*, plan::Plan, scenario::Scenario};
#[derive(Clone, Default, Debug)]
struct Rec {
    n: u64,
    sum: f64,
    ok: u64,
    waits: f64,
    started: u64,
    by: std::collections::BTreeMap<String, u64>,
}
impl Observer for Rec {
    fn observe(&mut self, _now: Time, o: Observation) {
        if let Observation::RequestEnded { outcome, response, .. } = o {
            self.n += 1;
            self.sum += response.seconds();
            if outcome.is_success() {
                self.ok += 1
            }
            if self.by.len() < 20 {
                *self.by.entry(format!("{outcome:?}")).or_default() += 1;
            }
        }
        if let Observation::WorkStarted { waited, .. } = o {
            self.waits += waited.seconds();
            self.started += 1;
        }
    }
}
fn run(name: &str, json: serde_json::Value) {
    let s: Scenario = serde_json::from_value(json).unwrap();
    let plan = Plan::compile(&s);
    let end = plan.end;
    let mut w = World::new(plan, Rec::default());
    let t = std::time::Instant::now();
    while w.step(end).is_some() {}
    let el = t.elapsed();
    println!(
        "{name}: events {} {:?} digest {} alive {:?}\n   {:.1} ns/event {:.1} ns/request mean {:.5} ok {:.5} meanwait {:.5} {:?}",
        w.events(),
        el,
        w.digest(),
        w.alive(),
        el.as_nanos() as f64 / w.events() as f64,
        el.as_nanos() as f64 / w.observer.n as f64,
        w.observer.sum / w.observer.n as f64,
        w.observer.ok as f64 / w.observer.n as f64,
        w.observer.waits / w.observer.started as f64,
        w.observer.by
    );
}
fn main() {
    run(
        "mm1",
        serde_json::json!({"v":1,"name":{"en":"mm1"},"duration_s":1250000,"nodes":{
        "users":{"kind":"clients","arrivals":{"kind":"open","rate_rps":0.8},"calls":{"main":{"to":"q"}}},
        "q":{"kind":"service","pools":{"p":{"threads":1,"queue_limit":1000000}},"endpoints":{"e":{"steps":[{"do":"cpu","time":{"dist":"exponential","mean_ms":1000}}]}}}}}),
    );
    run(
        "mm8",
        serde_json::json!({"v":1,"name":{"en":"mm8"},"duration_s":142857,"nodes":{
        "users":{"kind":"clients","arrivals":{"kind":"open","rate_rps":7},"calls":{"main":{"to":"q"}}},
        "q":{"kind":"database","connections":8,"queries":{"e":{"cost":{"dist":"exponential","mean_ms":1000}}}}}}),
    );
    run(
        "w2",
        serde_json::json!({"v":1,"name":{"en":"w2"},"duration_s":2000,"nodes":{
        "users":{"kind":"clients","arrivals":{"kind":"open","rate_rps":1000},"calls":{"main":{"to":"lb","timeout_ms":150,"retry":{"max_attempts":4,"wait_duration_ms":50,"backoff":"exponential","exponential_backoff_multiplier":2,"jitter":"equal"}}}},
        "lb":{"kind":"balancer","to":"api"},
        "api":{"kind":"service","servers":8,"pools":{"p":{"threads":16,"queue_limit":100}},"calls":{"db":{"to":"db"}},"endpoints":{"e":{"steps":[{"do":"cpu","time":{"dist":"exponential","mean_ms":20}},{"do":"call","call":"db"}]}}},
        "db":{"kind":"database","connections":32,"queries":{"e":{"cost":{"dist":"exponential","mean_ms":25}}}}}}),
    );
}
