//! Files that are generated and committed. `UPDATE=1 cargo test --test generated` writes them anew.
#![cfg(not(target_arch = "wasm32"))]

#[path = "generated/clauses.rs"]
mod clauses;
#[path = "generated/reference.rs"]
mod reference;

use brownout::scenario::schema;
use std::path::Path;

/// Compares a committed file with what it should be.
fn check(name: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, wanted).expect("the file can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{name} is out of date: UPDATE=1 cargo test --test generated");
}

#[test]
fn the_schema_is_that_of_the_types() {
    let text = serde_json::to_string_pretty(&schema()).expect("a schema is JSON");
    check("schema/scenario.schema.json", &(text + "\n"));
}

#[test]
fn the_reference_is_that_of_the_types() {
    check("docs/parameters.md", &reference::markdown(schema().as_value()));
}

#[test]
fn the_reference_of_clauses_is_that_of_the_metrics() {
    check("docs/expectations.md", &clauses::markdown());
}

/// The README's picture: what the program itself says of its first preset.
#[test]
fn the_picture_of_a_cascade_is_what_the_program_draws() {
    let arguments = ["run", "slow-dependency", "--format", "svg"];
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_brownout"));
    let output = program.args(arguments).output().expect("the program runs");
    let picture = String::from_utf8(output.stdout).expect("SVG is text");
    check("docs/cascade.svg", &picture);
}
