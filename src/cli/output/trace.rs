//! The curves worth showing of a run, for charts in a terminal and in pictures.

use crate::cli::args::Lang;
use crate::cli::lanes::Lane;
use brownout::chart::Unit;
use brownout::chart::text::Column;
use brownout::metrics::NO_DATA;
use brownout::wiring::NodeKind;

/// Most curves of one kind in a picture.
const MOST_CURVES: usize = 4;

/// Colours of curves that have none of their own.
const COLORS: [u32; MOST_CURVES] = [1, 5, 3, 4];

/// One chart.
#[derive(Clone, Debug)]
pub struct Trace {
    /// What is measured.
    pub title: &'static str,
    /// What the values measure.
    pub unit: Unit,
    /// What stands for several windows.
    pub column: Column,
    /// The value axis reaches at least this value.
    pub y_max: Option<f64>,
    /// Whether a picture shows it on a logarithmic axis.
    pub log: bool,
    /// The curves, the one to look at first.
    pub curves: Vec<Curve>,
}

/// A curve: a value per window.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Its name in the legend.
    pub label: String,
    /// Its place in the palette, the same as on the page.
    pub color_index: u32,
    /// Keys of its columns, and how they become one value.
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Sum(Vec<String>),
    Largest(Vec<String>),
}

impl Curve {
    fn sum(label: &str, color_index: u32, keys: Vec<String>) -> Curve {
        Curve { label: label.to_owned(), color_index, source: Source::Sum(keys) }
    }

    fn largest(label: &str, color_index: u32, keys: Vec<String>) -> Curve {
        Curve { label: label.to_owned(), color_index, source: Source::Largest(keys) }
    }

    /// Its values in a run; [`NO_DATA`] where there is none.
    pub fn values(&self, lane: &Lane) -> Vec<f64> {
        let (Source::Sum(keys) | Source::Largest(keys)) = &self.source;
        let columns: Vec<Vec<f64>> = keys.iter().map(|key| lane.metrics.column(key)).collect();
        let value = |window: usize| {
            let values = columns.iter().filter_map(|column| column.get(window).copied());
            let values = values.filter(|value| *value != NO_DATA);
            match self.source {
                Source::Sum(_) => values.sum(),
                Source::Largest(_) => values.fold(NO_DATA, f64::max),
            }
        };
        (0..lane.metrics.table().rows()).map(value).collect()
    }
}

/// The charts of a run. Which pools are shown is decided by `lane`; a second run shows the same.
pub fn traces(lane: &Lane, lang: Lang) -> Vec<Trace> {
    let mut traces = vec![requests(lane, lang), response(lane, lang), saturation(lane, lang)];
    traces.extend(changing(
        lane,
        "servers_up",
        Trace {
            title: lang.pick("Servers up", "가동 중인 서버"),
            unit: Unit::Count,
            column: Column::Mean,
            y_max: None,
            log: false,
            curves: Vec::new(),
        },
    ));
    traces.extend(changing(
        lane,
        "disk_used",
        Trace {
            title: lang.pick("Disk in use", "디스크 사용량"),
            unit: Unit::Bytes,
            column: Column::Largest,
            y_max: None,
            log: false,
            curves: Vec::new(),
        },
    ));
    traces.retain(|trace| !trace.curves.is_empty());
    traces
}

/// Keys of a quantity of all populations.
fn of_users(lane: &Lane, name: &str) -> Vec<String> {
    let nodes = lane.metrics.wiring().nodes.iter();
    let populations = nodes.filter(|node| node.kind == NodeKind::Clients);
    populations.map(|node| format!("{}/{name}", node.key)).collect()
}

fn requests(lane: &Lane, lang: Lang) -> Trace {
    let bad = ["failed", "rejected", "timed_out"];
    let bad = bad.into_iter().flat_map(|name| of_users(lane, name)).collect();
    Trace {
        title: lang.pick("Requests per second", "초당 요청"),
        unit: Unit::Rps,
        column: Column::Mean,
        y_max: None,
        log: false,
        curves: vec![
            Curve::sum(lang.pick("answered", "응답"), 1, of_users(lane, "goodput")),
            Curve::sum(lang.pick("offered", "요청"), 0, of_users(lane, "offered")),
            Curve::sum(lang.pick("not answered", "응답 못 함"), 2, bad),
        ],
    }
}

fn response(lane: &Lane, lang: Lang) -> Trace {
    let curve = |(name, color_index)| {
        Curve::largest(name, color_index, of_users(lane, &format!("{name}_ms")))
    };
    Trace {
        title: lang.pick("Response time of answered requests", "응답한 요청의 응답 시간"),
        unit: Unit::Ms,
        column: Column::Largest,
        y_max: None,
        log: true,
        curves: [("p95", 3), ("p50", 1), ("p99", 2)].map(curve).to_vec(),
    }
}

/// The pools that were busiest, and cores where they are busier than any pool.
fn saturation(lane: &Lane, lang: Lang) -> Trace {
    let wiring = lane.metrics.wiring();
    let pools = wiring.pools();
    let pools = pools.map(|pool| {
        let name = wiring.pool_name(pool);
        let label = format!("{name} {}", lang.pick("threads", "스레드"));
        Curve::largest(&label, 0, vec![format!("{name}/utilisation")])
    });
    let cores = wiring.stations().map(|node| {
        let name = &wiring.node(node).key;
        Curve::largest(&format!("{name} CPU"), 0, vec![format!("{name}/cpu")])
    });
    let mut curves: Vec<(f64, Curve)> = pools
        .chain(cores)
        .map(|curve| {
            let values = curve.values(lane);
            let busy: f64 = values.iter().filter(|value| **value != NO_DATA).sum();
            (busy, curve)
        })
        .collect();
    // Stable: the order of the scenario decides between equals, pools before cores.
    curves.sort_by(|one, other| other.0.total_cmp(&one.0));
    curves.truncate(MOST_CURVES);
    curves.retain(|(busy, _)| *busy > 0.0);
    Trace {
        title: lang.pick("Share in use", "사용 중인 비율"),
        unit: Unit::Ratio,
        column: Column::Mean,
        y_max: Some(1.0),
        log: false,
        curves: coloured(curves.into_iter().map(|(_, curve)| curve)),
    }
}

/// A quantity of those stations where it changes during the run.
fn changing(lane: &Lane, name: &str, trace: Trace) -> Option<Trace> {
    let wiring = lane.metrics.wiring();
    let mut curves = Vec::new();
    for node in wiring.stations() {
        let key = &wiring.node(node).key;
        let curve = Curve::largest(key, 0, vec![format!("{key}/{name}")]);
        let values = curve.values(lane);
        if values.iter().any(|value| *value != values[0]) {
            curves.push(curve);
        }
    }
    curves.truncate(MOST_CURVES);
    (!curves.is_empty()).then_some(Trace { curves: coloured(curves), ..trace })
}

/// Curves of equal rank, each in a colour of its own.
fn coloured(curves: impl IntoIterator<Item = Curve>) -> Vec<Curve> {
    let curves = curves.into_iter().zip(COLORS);
    curves.map(|(curve, color_index)| Curve { color_index, ..curve }).collect()
}
