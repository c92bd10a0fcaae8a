//! The parameter reference as Markdown, from the schema alone.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write;

const HEAD: &str = "# Parameters

Generated from the types of `src/scenario` and `src/pattern`; do not edit. A field without a default is
needed, unless it is marked optional. `*` stands for a name of your own. The same in a form for
programs: [`schema/scenario.schema.json`](../schema/scenario.schema.json).
";

/// A chapter for the scenario and one for each of its parts.
pub fn markdown(schema: &Value) -> String {
    let mut places = BTreeMap::new();
    find_places(schema, schema, "", &mut places);
    let mut text = HEAD.to_owned();
    chapter(&mut text, "Scenario", schema, &[]);
    for (name, part) in entries(schema, "$defs") {
        let found = places.get(name).map(Vec::as_slice).unwrap_or_default();
        chapter(&mut text, name, part, found);
    }
    text
}

fn chapter(text: &mut String, name: &str, part: &Value, places: &[String]) {
    let help = part["description"].as_str().unwrap_or_default();
    write!(text, "\n## {name}\n\n{help}\n").expect("writing to a string");
    if !places.is_empty() {
        let listed: Vec<String> = places.iter().map(|place| format!("`{place}`")).collect();
        write!(text, "\nAt {}.\n", listed.join(", ")).expect("writing to a string");
    }
    let shapes = part["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    if shapes.iter().any(|shape| shape.get("const").is_some()) {
        text.push_str("\n| word | meaning |\n| --- | --- |\n");
        for shape in shapes {
            let word = shape["const"].as_str().unwrap_or_default();
            writeln!(text, "| `{word}` | {} |", meaning(shape)).expect("writing to a string");
        }
    }
    for shape in shapes.iter().filter(|shape| shape.get("properties").is_some()) {
        let tags = entries(shape, "properties").filter(|(_, field)| field.get("const").is_some());
        for (tag, field) in tags {
            let word = field["const"].as_str().unwrap_or_default();
            let help = shape["description"].as_str().unwrap_or_default();
            write!(text, "\n### {name} with `{tag}` `{word}`\n\n{help}\n").expect("to a string");
        }
        table(text, shape);
    }
    table(text, part);
    if let Some(pattern) = part["pattern"].as_str() {
        write!(text, "\nPattern: `{pattern}`\n").expect("writing to a string");
    }
}

fn table(text: &mut String, part: &Value) {
    let fields: Vec<_> =
        entries(part, "properties").filter(|(_, field)| field.get("const").is_none()).collect();
    if fields.is_empty() {
        return;
    }
    text.push_str("\n| field | meaning | kind | unit | range | default |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for (name, field) in fields {
        let cells = [
            format!("`{name}`"),
            meaning(field),
            kind(field),
            field["x-unit"].as_str().unwrap_or_default().to_owned(),
            range(field),
            default(name, field, part),
        ];
        writeln!(text, "| {} |", cells.join(" | ")).expect("writing to a string");
    }
}

fn meaning(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('|', "\\|").replace("\n\n", " ")
}

fn kind(field: &Value) -> String {
    if let Some(name) = reference(field) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(inner) = field.get("anyOf").and_then(|choices| choices.get(0)) {
        return kind(inner);
    }
    let inner = |word: &str| field.get(word).filter(|inner| inner.is_object());
    if let Some(entry) = inner("additionalProperties") {
        return format!("by name: {}", kind(entry));
    }
    if let Some(items) = inner("items") {
        return format!("list of {}", kind(items));
    }
    if field.get("prefixItems").is_some() {
        return "pairs of moment (s) and factor".to_owned();
    }
    let kinds = match &field["type"] {
        Value::Array(kinds) => kinds[0].as_str(),
        kind => kind.as_str(),
    };
    kinds.unwrap_or_default().to_owned()
}

fn range(field: &Value) -> String {
    let bounds = |least: &str, most: &str| match (field.get(least), field.get(most)) {
        (Some(least), Some(most)) => Some(format!("{least} – {most}")),
        (None, Some(most)) => Some(format!("at most {most}")),
        _ => None,
    };
    let entries = || bounds("minItems", "maxItems").or(bounds("minProperties", "maxProperties"));
    bounds("minimum", "maximum")
        .or_else(|| entries().map(|text| text + " entries"))
        .or_else(|| bounds("minLength", "maxLength").map(|text| text + " characters"))
        .unwrap_or_default()
}

fn default(name: &str, field: &Value, part: &Value) -> String {
    let required = part["required"].as_array().is_some_and(|names| names.contains(&name.into()));
    match field.get("default") {
        Some(value) => format!("`{value}`"),
        None if required => "needed".to_owned(),
        None => "optional".to_owned(),
    }
}

/// The places where each part can stand.
fn find_places(
    schema: &Value,
    root: &Value,
    path: &str,
    places: &mut BTreeMap<String, Vec<String>>,
) {
    if let Some(name) = reference(schema) {
        let found = places.entry(name.to_owned()).or_default();
        // Parts may stand within themselves, as steps do.
        if found.iter().any(|known| path.starts_with(&format!("{known}."))) {
            return;
        }
        if !found.iter().any(|known| known == path) {
            found.push(path.to_owned());
        }
        return find_places(&root["$defs"][name], root, path, places);
    }
    for word in ["oneOf", "anyOf"] {
        for shape in schema[word].as_array().into_iter().flatten() {
            find_places(shape, root, path, places);
        }
    }
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for (name, field) in entries(schema, "properties") {
        find_places(field, root, &join(name), places);
    }
    for word in ["additionalProperties", "items"] {
        if let Some(inner) = schema.get(word).filter(|inner| inner.is_object()) {
            find_places(inner, root, &join("*"), places);
        }
    }
}

fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/$defs/")
}

fn entries<'s>(schema: &'s Value, word: &str) -> impl Iterator<Item = (&'s String, &'s Value)> {
    schema.get(word).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}
