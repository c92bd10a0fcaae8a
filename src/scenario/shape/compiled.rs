//! The schema, compiled once: what the checker asks of it for every value of every document.
//!
//! Asked in its JSON, each value costs a dozen look-ups of words by their hashes. Here references are
//! followed and words are read already. What is only needed for a message stays in the JSON.

use crate::scenario::schema::PARSED;
use serde_json::Value;
use std::ptr;
use std::sync::LazyLock;

/// Every shape of the schema, that of a whole document first.
static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let mut shapes = Vec::new();
    part(&PARSED, &mut shapes);
    shapes
});

/// The shape of a whole document.
pub(super) fn root() -> &'static Shape {
    &SHAPES[0]
}

/// What stands at a place: null, perhaps, or something of a shape.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub nullable: bool,
    /// Position in [`SHAPES`]; several places may have one shape.
    shape: usize,
}

impl Part {
    pub fn shape(self) -> &'static Shape {
        &SHAPES[self.shape]
    }
}

/// What a value looks like.
pub(super) struct Shape {
    /// Its part of the schema.
    pub schema: &'static Value,
    pub kind: Kind,
}

pub(super) enum Kind {
    Object(Object),
    /// One of several objects, told apart by the word under `tag`.
    Choice {
        tag: &'static str,
        objects: Vec<(&'static str, Object)>,
    },
    /// One of several words.
    Word(Vec<&'static str>),
    List {
        entries: Bounds,
        /// The first entries, where each has a shape of its own.
        by_position: Vec<Part>,
        items: Option<Part>,
    },
    Text {
        characters: Bounds,
    },
    Number {
        whole: bool,
        least: Option<f64>,
        most: Option<f64>,
    },
    Boolean,
}

/// An object: fields that have names of their own, or entries that have names by their author.
pub(crate) struct Object {
    pub(super) entries: Bounds,
    pub(super) properties: Vec<Property>,
    /// In the order in which they are missed.
    pub(super) required: Vec<&'static str>,
    pub(super) others: Others,
}

pub(super) struct Property {
    pub name: &'static str,
    pub required: bool,
    pub part: Part,
}

/// What an object may hold besides its properties.
pub(super) enum Others {
    Anything,
    Nothing,
    Named(Part),
}

impl Object {
    /// There are few properties, so that comparing them is faster than a hash.
    pub(super) fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// The names of its properties.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.properties.iter().map(|property| property.name)
    }

    /// Whether its author may add entries under names.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.others, Others::Named(_))
    }
}

/// How many there may be.
pub(super) struct Bounds {
    pub least: Option<usize>,
    pub most: Option<usize>,
}

impl Bounds {
    fn new(schema: &Value, least: &str, most: &str) -> Bounds {
        let bound =
            |word: &str| schema.get(word).and_then(Value::as_u64).map(|bound| bound as usize);
        Bounds { least: bound(least), most: bound(most) }
    }
}

/// Compiles a place of the schema, and what it refers to.
fn part(schema: &'static Value, shapes: &mut Vec<Shape>) -> Part {
    let nullable = allows_null(schema);
    let schema = resolved(schema);
    let known = shapes.iter().position(|shape| ptr::eq(shape.schema, schema));
    let shape = known.unwrap_or_else(|| {
        // It stands there before its parts are compiled: these may refer to it.
        shapes.push(Shape { schema, kind: Kind::Boolean });
        let position = shapes.len() - 1;
        let kind = kind(schema, shapes);
        shapes[position].kind = kind;
        position
    });
    Part { nullable, shape }
}

fn kind(schema: &'static Value, shapes: &mut Vec<Shape>) -> Kind {
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        return choice(choices, shapes);
    }
    let limit = |word: &str| schema.get(word).and_then(Value::as_f64);
    match type_of(schema) {
        "object" => Kind::Object(object(schema, shapes)),
        "array" => {
            let by_position = schema.get("prefixItems").and_then(Value::as_array);
            Kind::List {
                entries: Bounds::new(schema, "minItems", "maxItems"),
                by_position: by_position
                    .into_iter()
                    .flatten()
                    .map(|own| part(own, shapes))
                    .collect(),
                items: schema.get("items").map(|items| part(items, shapes)),
            }
        }
        "string" => Kind::Text { characters: Bounds::new(schema, "minLength", "maxLength") },
        "boolean" => Kind::Boolean,
        number @ ("integer" | "number") => Kind::Number {
            whole: number == "integer",
            least: limit("minimum"),
            most: limit("maximum"),
        },
        other => unreachable!("the schema has no type {other:?}"),
    }
}

fn choice(choices: &'static [Value], shapes: &mut Vec<Shape>) -> Kind {
    let word = |schema: &'static Value| schema["const"].as_str().unwrap_or_default();
    let Some(tag) = tag_of(choices) else {
        return Kind::Word(choices.iter().map(word).collect());
    };
    let object =
        |schema: &'static Value| (word(&schema["properties"][tag]), object(schema, shapes));
    Kind::Choice { tag, objects: choices.iter().map(object).collect() }
}

fn object(schema: &'static Value, shapes: &mut Vec<Shape>) -> Object {
    let required = schema.get("required").and_then(Value::as_array);
    let required: Vec<&str> = required.into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    let property = |(name, schema): (&'static String, &'static Value)| Property {
        name,
        required: required.contains(&name.as_str()),
        part: part(schema, shapes),
    };
    let properties = properties.into_iter().flatten().map(property).collect();
    let others = match schema.get("additionalProperties") {
        None | Some(Value::Bool(true)) => Others::Anything,
        Some(Value::Bool(false)) => Others::Nothing,
        Some(entry) => Others::Named(part(entry, shapes)),
    };
    let entries = Bounds::new(schema, "minProperties", "maxProperties");
    Object { entries, properties, required, others }
}

/// The schema behind references, without the possibility of null.
fn resolved(schema: &'static Value) -> &'static Value {
    let mut schema = schema;
    loop {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.trim_start_matches("#/$defs/");
            schema = &PARSED["$defs"][name];
        } else if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            let real = choices.iter().find(|choice| !allows_null(choice));
            schema = real.expect("an optional value has a schema beside null");
        } else {
            return schema;
        }
    }
}

fn allows_null(schema: &Value) -> bool {
    let null = |kind: &Value| kind == "null";
    let kinds = schema.get("type").is_some_and(|kind| match kind {
        Value::Array(kinds) => kinds.iter().any(null),
        kind => null(kind),
    });
    let choices = schema.get("anyOf").and_then(Value::as_array);
    kinds || choices.is_some_and(|choices| choices.iter().any(allows_null))
}

/// The type of a value that the schema wants, null left out.
fn type_of(schema: &Value) -> &str {
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().find(|kind| *kind != "null"),
        kind => kind,
    };
    kind.and_then(Value::as_str).unwrap_or_default()
}

/// The property that tells the shapes of a tagged choice apart.
fn tag_of(shapes: &[Value]) -> Option<&str> {
    let properties = shapes.first()?.get("properties")?.as_object()?;
    let tag = properties.iter().find(|(_, property)| property.get("const").is_some());
    tag.map(|(name, _)| name.as_str())
}
