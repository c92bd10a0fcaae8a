//! Draws values from the generated schema: types, ranges, words, what is optional.
//!
//! A parameter that is added to the format is drawn without anybody touching this. By hand is only
//! what a schema cannot say: names that refer to each other (see [`crate::names`]), times within the
//! run, shares that add up, and sizes that keep a run small.

use crate::dice::Dice;
use crate::names::{Kind, Named, Names};
use crate::shape::{ROOT, bound, entries, is_required, kind, properties, resolved, shapes};
use serde_json::{Map, Value, json};

/// Fields that change nothing in a run; they are drawn now and then.
const IDLE: [&str; 5] = ["name", "story", "look_at", "covers", "help"];
/// Fields with a grammar of their own.
const LEFT_OUT: [&str; 1] = ["expect"];
/// Share of optional fields that are there, in percent.
const OPTIONAL_PERCENT: u64 = 30;

/// Draws values.
pub struct Draw<'d, 'b> {
    /// Where choices come from.
    pub dice: &'d mut Dice<'b>,
    /// Who is called what.
    pub names: &'d Names,
    /// Length of the run in seconds.
    pub duration_s: f64,
    /// Most events of the run.
    pub most_events: u64,
    /// The node that is drawn.
    pub node: Option<usize>,
    /// Whom the call that is drawn is to.
    pub to: Option<String>,
}

impl Draw<'_, '_> {
    /// A whole scenario; the patches of its switches are empty.
    pub fn scenario(&mut self) -> Value {
        let mut document = Value::Object(self.object(resolved(&ROOT).0));
        document["duration_s"] = json!(self.duration_s);
        document["max_events"] = json!(self.most_events);
        document
    }

    /// A value for the field of that name.
    pub fn value(&mut self, name: &str, schema: &'static Value) -> Value {
        let (schema, nullable) = resolved(schema);
        if nullable && self.dice.percent(20) {
            return Value::Null;
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(shapes) = shapes(schema) {
            let shape = self.shape(shapes);
            return match shape.get("const") {
                Some(word) => word.clone(),
                None => Value::Object(self.object(shape)),
            };
        }
        match kind(schema) {
            "object" => match entries(schema) {
                Some(entry) => Value::Object(self.map(name, schema, entry)),
                None => Value::Object(self.object(schema)),
            },
            "array" => Value::Array(self.list(name, schema)),
            "integer" => json!(self.whole(name, schema)),
            "number" => self.number(name, schema),
            "boolean" => Value::Bool(self.dice.percent(50)),
            _ => Value::String(self.text(name)),
        }
    }

    /// One of several shapes; of a node's the one that its name stands for.
    fn shape(&mut self, shapes: &'static [Value]) -> &'static Value {
        let node = self.node.map(|node| &self.names.nodes[node]);
        let of_kind = |shape: &&Value| {
            node.is_some_and(|node| shape["properties"]["kind"]["const"] == node.kind.word())
        };
        if shapes[0]["properties"]["arrivals"].is_object()
            && let Some(shape) = shapes.iter().find(of_kind)
        {
            return shape;
        }
        let calls = node.is_some_and(|node| !node.calls.is_empty());
        let calling = |shape: &Value| ["call", "calls"].iter().any(|name| is_required(shape, name));
        let caches = node.is_some_and(|node| !node.caches.is_empty());
        let caching = |shape: &Value| is_required(shape, "cache");
        let possible: Vec<&Value> = shapes
            .iter()
            .filter(|shape| (calls || !calling(shape)) && (caches || !caching(shape)))
            .collect();
        possible[self.dice.roll(possible.len() as u64) as usize]
    }

    /// An object with named properties.
    pub fn object(&mut self, schema: &'static Value) -> Map<String, Value> {
        let mut map = Map::new();
        for (name, property) in properties(schema) {
            let percent = match name {
                _ if LEFT_OUT.contains(&name) => 0,
                _ if is_required(schema, name) => 100,
                _ if IDLE.contains(&name) => 2,
                // Others ask for these.
                "calls" | "caches" | "faults" | "toggles" => 100,
                "disk" | "tables" => 60,
                _ => OPTIONAL_PERCENT,
            };
            if percent == 0 || percent < 100 && !self.dice.percent(percent) {
                continue;
            }
            map.insert(name.to_owned(), self.value(name, property));
        }
        self.make_sense(&mut map);
        map
    }

    /// What holds between two fields of one object.
    fn make_sense(&mut self, map: &mut Map<String, Value>) {
        if let Some(effect) = map.get("effect").and_then(|effect| effect["kind"].as_str()) {
            let targets = self.names.targets(effect);
            // A small system may have nothing that this could happen to; the checker says so.
            let nothing = ["none".to_owned()];
            let targets = if targets.is_empty() { &nothing[..] } else { &targets };
            let target = self.dice.pick(targets).clone();
            map.insert("target".to_owned(), Value::String(target));
        }
        for [low, high] in [["min_", "max_"], ["from_", "to_"], ["start_", "stop_"]] {
            let lows: Vec<String> =
                map.keys().filter(|name| name.starts_with(low)).cloned().collect();
            for name in lows {
                let other = name.replacen(low, high, 1);
                if let (Some(a), Some(b)) =
                    (map[&name].as_f64(), map.get(&other).and_then(Value::as_f64))
                    && a > b
                {
                    let (a, b) = (map[&name].clone(), map[&other].clone());
                    map.insert(name, b);
                    map.insert(other, a);
                }
            }
        }
    }

    /// An object that maps names.
    fn map(&mut self, name: &str, schema: &Value, entry: &'static Value) -> Map<String, Value> {
        let keys = self.keys(name, schema);
        let mut map = Map::new();
        for (position, key) in keys.into_iter().enumerate() {
            match name {
                "nodes" => self.node = Some(position),
                "calls" => self.to = self.call(position),
                _ => {}
            }
            map.insert(key, self.value(name, entry));
        }
        if name == "nodes" {
            self.node = None;
        }
        self.share_out(&mut map);
        map
    }

    /// The keys of a map: those that others refer to, or any.
    fn keys(&mut self, name: &str, schema: &Value) -> Vec<String> {
        let node = self.node.map(|node| &self.names.nodes[node]);
        let known = |of: fn(&Named) -> Vec<String>| node.map(of).unwrap_or_default();
        match name {
            "nodes" => self.names.nodes.iter().map(|node| node.key.clone()).collect(),
            "pools" => known(|node| node.pools.clone()),
            "caches" => known(|node| node.caches.clone()),
            "endpoints" | "queries" => known(|node| node.programs.clone()),
            "calls" => known(|node| node.calls.iter().map(|(key, _)| key.clone()).collect()),
            "classes" => known(|node| node.classes.clone()),
            _ => {
                let least = bound(schema, "minProperties").unwrap_or(0);
                let count = least + self.dice.roll(4);
                (0..count).map(|number| format!("{}{number}", &name[..1])).collect()
            }
        }
    }

    fn call(&self, position: usize) -> Option<String> {
        let node = &self.names.nodes[self.node?];
        node.calls.get(position).map(|(_, to)| to.clone())
    }

    /// Shares of one map add up to 1; sixteenths do so exactly.
    fn share_out(&mut self, map: &mut Map<String, Value>) {
        let sharing = map.values().all(|entry| entry.get("share").is_some());
        let count = map.len() as u64;
        if !sharing || count == 0 {
            return;
        }
        let mut left = 16;
        for (number, entry) in (1..).zip(map.values_mut()) {
            let share =
                if number == count { left } else { self.dice.between(1, left - (count - number)) };
            left -= share;
            entry["share"] = json!(share as f64 / 16.0);
        }
    }

    fn list(&mut self, name: &str, schema: &'static Value) -> Vec<Value> {
        if let Some(items) = schema.get("prefixItems").and_then(Value::as_array) {
            return items.iter().map(|item| self.value(name, item)).collect();
        }
        let least = bound(schema, "minItems").unwrap_or(0);
        let most = bound(schema, "maxItems").unwrap_or(u64::MAX);
        let usual = if self.dice.percent(3) { 30 } else { 4 };
        let count = self.dice.between(least, most.min(least + usual));
        let Some(item) = schema.get("items") else { return Vec::new() };
        let mut list: Vec<Value> = (0..count).map(|_| self.value(name, item)).collect();
        // Moments, and points that begin with one, stand in the order of time.
        let moment = |value: &Value| value.get(0).unwrap_or(value).as_f64();
        if name == "points" || name.ends_with("_s") {
            list.sort_by(|a, b| moment(a).partial_cmp(&moment(b)).expect("drawn numbers"));
        }
        list
    }

    /// A text: mostly a name of something else.
    fn text(&mut self, name: &str) -> String {
        let node = self.node.map(|node| &self.names.nodes[node]);
        let known: Vec<String> = match (name, node) {
            // A database moves to the last one, if it is another one.
            ("to", Some(node)) if node.kind == Kind::Database => {
                let mut databases = self.names.nodes.iter().rev();
                let last = databases.find(|node| node.kind == Kind::Database);
                last.map(|node| node.key.clone()).into_iter().collect()
            }
            ("boot_needs", Some(_)) => self.names.nodes.iter().map(|n| n.key.clone()).collect(),
            ("to", Some(node)) => {
                let to = if node.kind == Kind::Balancer { &node.behind } else { &self.to };
                to.iter().cloned().collect()
            }
            ("call" | "calls", Some(node)) => {
                node.calls.iter().map(|(key, _)| key.clone()).collect()
            }
            ("table", Some(_)) => vec!["t0".to_owned()],
            ("queue", Some(_)) => self.names.queues_before(self.node.unwrap_or_default()),
            ("pool", Some(node)) => node.pools.clone(),
            ("cache", Some(node)) => node.caches.clone(),
            // Few sets, so that several things are about the same.
            ("set", _) => ["pages", "users"].map(str::to_owned).to_vec(),
            ("endpoint", Some(node)) => node.programs.clone(),
            ("class" | "classes", Some(node)) => node.classes.clone(),
            ("members", None) => self.names.targets("crash"),
            ("of", Some(node)) => {
                let calls = node.calls.iter().map(|(key, _)| key.clone());
                self.names.targets("crash").into_iter().chain(calls).collect()
            }
            _ => ["a", "b", "c"].map(str::to_owned).to_vec(),
        };
        if known.is_empty() { "none".to_owned() } else { self.dice.pick(&known).clone() }
    }

    fn whole(&mut self, name: &str, schema: &Value) -> i64 {
        let least = schema["minimum"].as_i64().unwrap_or(0);
        let most = schema["maximum"].as_i64().unwrap_or(1_000);
        if least == most {
            return least;
        }
        let unit = schema["x-unit"].as_str().unwrap_or_default();
        let usual = match (name, unit) {
            ("seed", _) => 1_000,
            ("windows", _) => 40,
            (_, "bytes" | "B") => 20_000,
            _ => 8,
        };
        let number = match self.dice.roll(100) {
            0..=79 => self.dice.between(0, usual) as i64 + least,
            80..=89 => least,
            // The largest sizes cost more than all the rest of a run; they are rare.
            99 if most <= 100_000 => most,
            _ => least + self.dice.between(0, 10 * usual) as i64,
        };
        number.min(most)
    }

    fn number(&mut self, name: &str, schema: &Value) -> Value {
        let least = schema["minimum"].as_f64().unwrap_or(0.0);
        let most = schema["maximum"].as_f64().unwrap_or(1e3);
        let unit = schema["x-unit"].as_str().unwrap_or_default();
        let usual = match unit {
            "s" if name == "interval_s" => 10.0,
            "s" => self.duration_s,
            "ms" => *self.dice.pick(&[20.0, 5.0, 100.0, 1_000.0]),
            "rps" => 100.0,
            "MB" => 100.0,
            _ if most <= 100.0 => most,
            _ => 8.0,
        };
        let number = match self.dice.roll(100) {
            // A coarse grid, so that things happen at the same instant.
            0..=49 => (self.dice.unit() * 16.0).round() / 16.0 * usual,
            50..=84 => self.dice.unit() * usual,
            85..=89 => least,
            90..=91 if unit != "s" => most,
            92..=94 => self.dice.unit() * usual * 20.0,
            _ => usual,
        };
        json!(number.clamp(least, most))
    }
}
