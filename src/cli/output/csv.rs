//! Every measured quantity per window of time. Names hold letters, digits, `-` and `_` only, so
//! nothing needs quotation marks; where a window holds nothing to measure, the cell is empty.

use super::Lanes;
use crate::cli::lanes::Lane;
use brownout::metrics::NO_DATA;

/// One line per window, below a line of names.
pub fn render(lanes: &Lanes) -> String {
    let mut text = String::new();
    let name = match lanes {
        Lanes::One(_) => "",
        Lanes::Pair(_) => "lane,",
        Lanes::Seeds(_) => "seed,",
    };
    text.push_str(name);
    text.push_str("start_s,end_s");
    for column in lanes.all()[0].metrics.table().columns() {
        text.push(',');
        text.push_str(&column.key);
    }
    text.push('\n');
    for (number, lane) in lanes.all().iter().enumerate() {
        let name = match lanes {
            Lanes::One(_) => String::new(),
            Lanes::Pair(_) => format!("{},", ["as_it_was", "with_switches"][number]),
            Lanes::Seeds(_) => format!("{},", lane.run.seed),
        };
        push_windows(&mut text, &name, lane);
    }
    text
}

fn push_windows(text: &mut String, name: &str, lane: &Lane) {
    let metrics = &lane.metrics;
    for window in 0..metrics.table().rows() {
        let (start, end) = (metrics.window_start(window), metrics.window_start(window + 1));
        text.push_str(&format!("{name}{},{}", start.seconds(), end.seconds()));
        for value in metrics.table().row(window) {
            text.push(',');
            if *value != NO_DATA {
                text.push_str(&value.to_string());
            }
        }
        text.push('\n');
    }
}
