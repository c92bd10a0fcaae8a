//! Valid scenarios with random damage: the checker never panics, and what it accepts can be run.

use super::good::document;
use brownout::engine::Time;
use brownout::model::{Observer, World};
use brownout::observation::Observation;
use brownout::plan::Plan;
use brownout::preset::PRESETS;
use brownout::scenario::check;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Events that an accepted scenario is run for.
const EVENTS: u64 = 2_000;

#[derive(Clone, Debug)]
struct Deaf;

impl Observer for Deaf {
    fn observe(&mut self, _now: Time, _observation: Observation) {}
}

/// All places of a document, as JSON pointers.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    let mut inside = |key: &str, value: &Value| {
        let place = format!("{here}/{key}");
        found.push(place.clone());
        places(value, &place, found);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| inside(key, value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(number, item)| inside(&number.to_string(), item));
        }
        _ => {}
    }
}

fn hostile() -> impl Strategy<Value = Value> {
    let words =
        ["", "api", "db", "db.read", "api#0", "users", "fifo", "closed", "slow", "\u{0}", "a.b.c"];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        prop::sample::select(vec![0.0, 1e-9, 1e-6, 0.5, 1.0, 2.0, 60.0, 1e3, 1e6, 1e9, 1e12])
            .prop_map(Value::from),
        (0..100_u32).prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!({"kind": "service"})),
        Just(json!({"kind": "crash"})),
        Just(json!([{"do": "call", "call": "db"}])),
        Just(json!({"dist": "constant", "ms": 0})),
        Just(json!({"dist": "pareto", "mean_ms": 1e-6, "shape": 1.01})),
        Just(json!({"kind": "closed", "users": 3, "think": {"dist": "constant", "ms": 0}})),
    ]
}

/// What happens to a place.
#[derive(Clone, Debug)]
enum Damage {
    Replace(Value),
    Remove,
    /// Takes the value of another place.
    Copy(prop::sample::Index),
    Add(String, Value),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        6 => hostile().prop_map(Damage::Replace),
        2 => Just(Damage::Remove),
        2 => any::<prop::sample::Index>().prop_map(Damage::Copy),
        1 => (".{0,8}", hostile()).prop_map(|(key, value)| Damage::Add(key, value)),
    ]
}

fn apply(document: &mut Value, place: prop::sample::Index, damage: Damage) {
    let mut all = Vec::new();
    places(document, "", &mut all);
    let pointer = all[place.index(all.len())].clone();
    let source =
        |other: prop::sample::Index| document.pointer(&all[other.index(all.len())]).cloned();
    let value = match &damage {
        Damage::Copy(other) => source(*other),
        Damage::Replace(value) => Some(value.clone()),
        Damage::Add(..) | Damage::Remove => None,
    };
    let (outer, key) = pointer.rsplit_once('/').expect("a pointer has a slash");
    match (damage, document.pointer_mut(&pointer), value) {
        (Damage::Add(key, value), Some(Value::Object(map)), _) => drop(map.insert(key, value)),
        (Damage::Remove, ..) => {
            if let Some(Value::Object(map)) = document.pointer_mut(outer) {
                map.shift_remove(key);
            }
        }
        (_, Some(target), Some(value)) => *target = value,
        _ => {}
    }
}

fn good() -> impl Strategy<Value = Value> {
    let mut all: Vec<Value> = PRESETS.iter().map(|preset| preset.document()).collect();
    all.extend(std::iter::repeat_n(document(), 4));
    prop::sample::select(all)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn damaged_scenarios_are_refused_or_run(
        mut document in good(),
        all in prop::collection::vec((any::<prop::sample::Index>(), damage()), 1..4),
    ) {
        for (place, damage) in all {
            apply(&mut document, place, damage);
        }
        if let Ok(scenario) = check(&document) {
            let plan = Plan::compile(&scenario);
            let end = plan.end;
            let mut world = World::new(plan, Deaf);
            while world.events() < EVENTS && world.step(end).is_some() {}
        }
    }
}

#[test]
fn a_large_scenario_with_many_switches_is_refused_before_it_takes_long() {
    let mut document = document();
    let calls: serde_json::Map<_, _> =
        (0..45).map(|n| (format!("c{n}"), json!({"to": "db.read", "retry": {}}))).collect();
    for number in 0..50 {
        document["nodes"][format!("s{number}")] = json!({"kind": "service", "pools": {"p": {}},
            "endpoints": {"e": {"steps": []}}, "calls": calls});
    }
    let toggle = document["toggles"]["more"].clone();
    (0..48).for_each(|number| document["toggles"][format!("t{number}")] = toggle.clone());
    let intervention = document["interventions"]["later"].clone();
    for number in 0..49 {
        document["interventions"][format!("t{number}")] = intervention.clone();
    }
    document["nodes"]["s0"]["calls"]["c0"]["retry"]["max_attempts"] = json!(1);
    match check(&document) {
        Ok(_) => panic!("too much work"),
        Err(problems) => {
            assert_eq!(problems[0].path, "toggles");
            assert!(problems[0].message.contains("are too many to check"), "{}", problems[0]);
        }
    }
}
