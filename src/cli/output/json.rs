//! The report for programs: the fields of [`brownout::report::Report`].

use super::Lanes;
use serde::Serialize;
use serde_json::json;

/// One report, a list of reports (one per seed), or an object of two.
pub fn render(lanes: &Lanes) -> String {
    match lanes {
        Lanes::One(lane) => pretty(&lane.report),
        Lanes::Pair(lanes) => pretty(&json!({
            "as_it_was": lanes[0].report,
            "with_switches": lanes[1].report,
        })),
        Lanes::Seeds(lanes) => pretty(&lanes.iter().map(|lane| &lane.report).collect::<Vec<_>>()),
    }
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("a report is JSON") + "\n"
}
