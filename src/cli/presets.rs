//! `brownout presets` and `brownout schema`: what comes with the program.

use super::args::{ListFormat, PresetsArguments};
use super::output::style::Style;
use super::output::table::Table;
use super::problems::Failure;
use super::source::preset_hint;
use super::{Done, Outcome, output};
use brownout::preset::{self, PRESETS, Preset};
use brownout::problem::{Problem, shown};
use brownout::scenario::{SCHEMA, Scenario};
use serde_json::{Value, json};

/// Prints the list, or one preset as its author wrote it.
pub fn presets(arguments: &PresetsArguments) -> Done {
    if let Some(id) = &arguments.id {
        let unknown = || Problem::new("", format!("no preset of that name{}", preset_hint(id)));
        let preset = preset::find(id).map_err(|_| Failure::one(shown(id), unknown()))?;
        output::write(None, preset.json)?;
        return Ok(Outcome::Fine);
    }
    match arguments.format {
        ListFormat::Json => {
            let list: Vec<Value> = PRESETS.iter().map(entry).collect();
            let text = serde_json::to_string_pretty(&list).expect("a list of texts is JSON");
            output::write(None, &(text + "\n"))?;
        }
        ListFormat::Text => {
            let headings = arguments
                .lang
                .pick(["id", "name", "switches", "covers"], ["id", "이름", "스위치", "재현"]);
            let mut table = Table::new(headings.len(), headings);
            for preset in PRESETS {
                let scenario = scenario(preset);
                let name = output::text_in(&scenario.name, arguments.lang).to_owned();
                let toggles: Vec<&str> = scenario.toggles.keys().map(String::as_str).collect();
                let covers = scenario.covers.join(" ");
                table.row([preset.id.to_owned(), name, toggles.join(", "), covers]);
            }
            output::write(None, &table.render(&Style::of(output::is_terminal())))?;
        }
    }
    Ok(Outcome::Fine)
}

/// Prints the JSON Schema of scenarios.
pub fn schema() -> Done {
    output::write(None, SCHEMA)?;
    Ok(Outcome::Fine)
}

/// A preset's scenario.
pub fn scenario(preset: &Preset) -> Scenario {
    brownout::scenario::check(&preset.document()).expect("presets are valid")
}

fn entry(preset: &Preset) -> Value {
    let scenario = scenario(preset);
    let toggles = scenario
        .toggles
        .iter()
        .map(|(id, toggle)| json!({"id": id, "name": toggle.name, "help": toggle.help}));
    json!({
        "id": preset.id,
        "name": scenario.name,
        "covers": scenario.covers,
        "switches": toggles.collect::<Vec<Value>>(),
    })
}
