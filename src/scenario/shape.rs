//! Compares a JSON value with the schema and collects everything that does not fit.
//!
//! This understands exactly the words that our own schema uses, and in exchange says what is wrong
//! in words for people: the value, its bound, the nearest known name. It knows no parameter; what
//! only makes sense together (references, sums, order in time) is checked in `check`.

mod compiled;

use super::schema::{MAX_NAME, is_name};
use crate::nearest::nearest;
use crate::problem::{Problem, Problems, echo, is_invisible, join, quoted, shown};
use compiled::{Bounds, Kind, Others, Part, Shape, root};
use serde_json::{Map, Value};

pub(crate) use compiled::Object;

/// Most names that a message lists.
const MAX_LISTED: usize = 16;

/// Everything in `value` that does not fit the schema of a scenario.
pub fn misfits(value: &Value) -> Vec<Problem> {
    let mut walker = Walker { problems: Problems::default() };
    walker.walk(root(), value, &Place::Document);
    walker.problems.or(()).err().unwrap_or_default()
}

/// The object that the schema describes at the place `path` of `document`; of several objects the one
/// that the document has chosen there. None where the schema knows no such place, or no object there.
pub(crate) fn object_at(document: &Value, path: &[&str]) -> Option<&'static Object> {
    let mut shape = root();
    let mut value = Some(document);
    for key in path {
        shape = inner(shape, value, key)?.shape();
        value = value.and_then(|value| match value {
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            other => other.get(*key),
        });
    }
    chosen(shape, value)
}

/// What the schema says about the entry `key`.
fn inner(shape: &'static Shape, value: Option<&Value>, key: &str) -> Option<Part> {
    if let Kind::List { items, .. } = &shape.kind {
        return *items;
    }
    let object = chosen(shape, value)?;
    match (object.property(key), &object.others) {
        (Some(property), _) => Some(property.part),
        (None, Others::Named(part)) => Some(*part),
        (None, Others::Anything | Others::Nothing) => None,
    }
}

/// Of a tagged choice the object that the value's tag names.
fn chosen(shape: &'static Shape, value: Option<&Value>) -> Option<&'static Object> {
    match &shape.kind {
        Kind::Object(object) => Some(object),
        Kind::Choice { tag, objects } => {
            let word = value?.get(tag)?.as_str()?;
            objects.iter().find(|(own, _)| *own == word).map(|(_, object)| object)
        }
        _ => None,
    }
}

/// Where the walker is. Only a problem needs this as a text, and most values have none.
enum Place<'a> {
    Document,
    Field(&'a Place<'a>, &'a str),
    Entry(&'a Place<'a>, usize),
}

impl From<&Place<'_>> for String {
    fn from(place: &Place<'_>) -> String {
        match place {
            Place::Document => String::new(),
            Place::Field(outer, key) => join(&String::from(*outer), &shown(key)),
            Place::Entry(outer, position) => join(&String::from(*outer), &position.to_string()),
        }
    }
}

struct Walker {
    problems: Problems,
}

impl Walker {
    fn part(&mut self, part: Part, value: &Value, place: &Place<'_>) {
        if !(self.problems.is_full() || (value.is_null() && part.nullable)) {
            self.walk(part.shape(), value, place);
        }
    }

    fn walk(&mut self, shape: &'static Shape, value: &Value, place: &Place<'_>) {
        match (&shape.kind, value) {
            (Kind::Choice { tag, objects }, _) => self.choice(objects, tag, value, place),
            (Kind::Word(words), _) => self.word(words, value, place),
            (Kind::Object(object), Value::Object(map)) => self.object(object, map, place),
            (Kind::List { entries, by_position, items }, Value::Array(values)) => {
                if self.count(entries, values.len(), place) {
                    self.list(by_position, *items, values, place);
                }
            }
            (Kind::Text { characters }, Value::String(text)) => self.text(characters, text, place),
            (Kind::Number { .. }, Value::Number(_)) => self.number(shape, value, place),
            (Kind::Boolean, Value::Bool(_)) => {}
            _ => self.problems.add(place, format!("{} is not {}", echo(value), wanted(shape))),
        }
    }

    /// One of several constant words.
    fn word(&mut self, words: &[&str], value: &Value, place: &Place<'_>) {
        let all = || words.iter().copied();
        match value.as_str() {
            Some(text) if words.contains(&text) => {}
            Some(text) => {
                let known = known(text, all(), "one of");
                self.problems.add(place, format!("{} is unknown{known}", quoted(text)));
            }
            None => self.problems.add(place, format!("{} is not {}", echo(value), one_of(all()))),
        }
    }

    /// One of several objects, told apart by the word under `tag`.
    fn choice(
        &mut self,
        objects: &'static [(&'static str, Object)],
        tag: &str,
        value: &Value,
        place: &Place<'_>,
    ) {
        let Value::Object(map) = value else {
            return self.problems.add(place, format!("{} is not an object", echo(value)));
        };
        let words = || objects.iter().map(|(word, _)| *word);
        let message = match map.get(tag) {
            Some(Value::String(text)) => {
                if let Some((_, object)) = objects.iter().find(|(word, _)| word == text) {
                    return self.object(object, map, place);
                }
                format!("{} is unknown{}", quoted(text), known(text, words(), "one of"))
            }
            Some(other) => format!("{} is not {}", echo(other), one_of(words())),
            None => format!("is missing: {}", one_of(words())),
        };
        self.problems.add(&Place::Field(place, tag), message);
    }

    fn object(&mut self, object: &'static Object, map: &Map<String, Value>, place: &Place<'_>) {
        if !self.count(&object.entries, map.len(), place) {
            return;
        }
        let mut required = 0;
        for (key, value) in map {
            let inside = Place::Field(place, key);
            match (object.property(key), &object.others) {
                (Some(property), _) => {
                    required += usize::from(property.required);
                    self.part(property.part, value, &inside);
                }
                (None, Others::Nothing) => {
                    let known = known(key, object.names(), "known here:");
                    self.problems.add(&inside, format!("unknown field{known}"));
                }
                (None, Others::Named(part)) if is_name(key) => self.part(*part, value, &inside),
                (None, Others::Named(_)) => self.problems.add(&inside, no_name(key)),
                (None, Others::Anything) => {}
            }
        }
        if required < object.required.len() {
            self.missing(object, map, place);
        }
    }

    fn missing(&mut self, object: &Object, map: &Map<String, Value>, place: &Place<'_>) {
        for name in object.required.iter().filter(|name| !map.contains_key(**name)) {
            let property = object.property(name);
            let wanted = property.map(|property| wanted(property.part.shape()));
            let message = format!("is missing: {}", wanted.unwrap_or_default());
            self.problems.add(&Place::Field(place, name), message);
        }
    }

    fn list(
        &mut self,
        by_position: &[Part],
        items: Option<Part>,
        values: &[Value],
        place: &Place<'_>,
    ) {
        for (position, value) in values.iter().enumerate() {
            if let Some(part) = by_position.get(position).copied().or(items) {
                self.part(part, value, &Place::Entry(place, position));
            }
        }
    }

    /// Whether a number of entries is within its bounds.
    fn count(&mut self, bounds: &Bounds, entries: usize, place: &Place<'_>) -> bool {
        if let Some(most) = bounds.most.filter(|most| entries > *most) {
            self.problems.add(place, format!("{entries} entries are too many: at most {most}"));
        } else if let Some(least) = bounds.least.filter(|least| entries < *least) {
            self.problems.add(place, format!("{entries} entries are too few: at least {least}"));
        } else {
            return true;
        }
        false
    }

    fn text(&mut self, bounds: &Bounds, text: &str, place: &Place<'_>) {
        let length = text.chars().count();
        let most = bounds.most.unwrap_or(usize::MAX);
        let least = bounds.least.unwrap_or(0);
        if length > most {
            self.problems.add(place, format!("{length} characters are too many: at most {most}"));
        } else if length < least {
            self.problems.add(place, format!("is empty: at least {least} character"));
        } else if let Some(character) = text.chars().find(|character| is_invisible(*character)) {
            let message = format!("{} contains U+{:04X}", quoted(text), u32::from(character));
            self.problems.add(place, format!("{message}, which nobody can see"));
        }
    }

    fn number(&mut self, shape: &Shape, value: &Value, place: &Place<'_>) {
        let Kind::Number { whole, least, most } = shape.kind else { return };
        let number = value.as_f64().unwrap_or(f64::NAN);
        let above = least.is_none_or(|least| number >= least);
        let below = most.is_none_or(|most| number <= most);
        if !(above && below) {
            let range = range(shape.schema);
            self.problems.add(place, format!("{} is out of range:{range}", echo(value)));
        } else if whole && !(value.is_u64() || value.is_i64()) {
            self.problems.add(place, format!("{} is not {}", echo(value), wanted(shape)));
        }
    }
}

/// ` from 1 to 100 ms`, as far as the schema says it.
fn range(schema: &Value) -> String {
    let unit = schema.get("x-unit").and_then(Value::as_str);
    let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(least), Some(most)) => format!(" from {least} to {most}{unit}"),
        _ => String::new(),
    }
}

/// What a shape wants, in words.
fn wanted(shape: &Shape) -> String {
    match &shape.kind {
        Kind::Word(words) => one_of(words.iter().copied()),
        Kind::Number { whole: true, .. } => format!("a whole number{}", range(shape.schema)),
        Kind::Number { whole: false, .. } => format!("a number{}", range(shape.schema)),
        Kind::Text { .. } => "a text".to_owned(),
        Kind::Boolean => "true or false".to_owned(),
        Kind::List { .. } => "a list".to_owned(),
        Kind::Object(_) | Kind::Choice { .. } => "an object".to_owned(),
    }
}

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("one of {}", listed(words))
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut words: Vec<String> = words.take(MAX_LISTED + 1).map(quoted).collect();
    if words.len() > MAX_LISTED {
        words[MAX_LISTED] = "…".to_owned();
    }
    words.join(", ")
}

/// The end of a message about an unknown word: the nearest one, or else all of them.
pub(crate) fn known<'a>(
    word: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    lead: &str,
) -> String {
    // A longer word is no typing error, and comparing it would take its time.
    let near =
        if word.chars().nth(2 * MAX_NAME).is_none() { nearest(word, known.clone()) } else { None };
    match near {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None => format!(": {lead} {}", listed(known)),
    }
}

fn no_name(key: &str) -> String {
    let rule = format!("a letter, then up to {} letters, digits, \"-\" or \"_\"", MAX_NAME - 1);
    format!("{} is not a name: {rule}", quoted(key))
}
