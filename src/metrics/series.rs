//! What was measured per window: one row for each closed window, one column for each quantity.

use super::meter::{NO_DATA, Owner};
use crate::wiring::{NodeIndex, Wiring};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A column: what is measured and where it belongs.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Stable name: `node/quantity`, `node.class/…`, `node.pool/…`, `node.cache/…`, `node.call/…` or
    /// `node.alarm/…`.
    pub key: String,
    /// The node it belongs to.
    pub node: NodeIndex,
    /// `per_s`, `ms`, `count`, `ratio` or `bytes`.
    pub unit: &'static str,
}

/// A column with its values, as pages and files take it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// See [`Column::key`].
    pub key: String,
    /// Index of the node it belongs to.
    pub node: u16,
    /// See [`Column::unit`].
    pub unit: &'static str,
    /// A value for each closed window; −1 where the window holds nothing to measure.
    pub values: Vec<f64>,
}

/// The table of all windows.
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Arc<Vec<Column>>,
    index: Arc<BTreeMap<String, usize>>,
    /// Row after row.
    values: Vec<f64>,
    rows: usize,
    /// First column that was given a number that is none.
    nonsense: Option<usize>,
}

impl Table {
    /// An empty table of those columns, in the order in which rows will be filled.
    pub fn new(columns: Vec<Column>) -> Table {
        let keys = columns.iter().enumerate().map(|(index, column)| (column.key.clone(), index));
        let index = Arc::new(keys.collect());
        Table { columns: Arc::new(columns), index, ..Table::default() }
    }

    /// Appends the next value of the row that is being filled.
    pub fn push(&mut self, value: f64) {
        let column = self.values.len() - self.rows * self.columns.len();
        let valid = value.is_finite();
        if !valid && self.nonsense.is_none() {
            self.nonsense = Some(column);
        }
        self.values.push(if valid { value } else { NO_DATA });
    }

    /// The row is complete.
    pub fn end_row(&mut self) {
        self.rows += 1;
        debug_assert_eq!(self.values.len(), self.rows * self.columns.len());
    }

    /// The columns, in a fixed order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Number of closed windows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The values of a closed window, in the order of the columns.
    pub fn row(&self, window: usize) -> &[f64] {
        let width = self.columns.len();
        &self.values[window * width..(window + 1) * width]
    }

    /// The values of a column over all closed windows; none where no column has that key.
    pub fn column(&self, key: &str) -> Option<impl Iterator<Item = f64> + '_> {
        let column = *self.index.get(key)?;
        Some(self.values.iter().skip(column).step_by(self.columns.len()).copied())
    }

    /// All columns with their values.
    pub fn series(&self) -> Vec<Series> {
        let series = self.columns.iter().enumerate().map(|(index, column)| Series {
            key: column.key.clone(),
            node: column.node.0,
            unit: column.unit,
            values: self.values.iter().skip(index).step_by(self.columns.len()).copied().collect(),
        });
        series.collect()
    }

    /// Node of the first column that was given a number that is none.
    pub fn nonsense(&self) -> Option<NodeIndex> {
        self.nonsense.map(|column| self.columns[column].node)
    }
}

/// Name of what a column belongs to, and the node that owns it.
pub fn owner_name(wiring: &Wiring, owner: Owner) -> (String, NodeIndex) {
    match owner {
        Owner::Node(node) => (wiring.node(node).key.clone(), node),
        Owner::Class(class) => (wiring.class_name(class), wiring.class(class).node),
        Owner::Pool(pool) => (wiring.pool_name(pool), wiring.pool(pool).node),
        Owner::Cache(cache) => (wiring.cache_name(cache), wiring.caches[usize::from(cache.0)].node),
        Owner::Edge(edge) => (wiring.edge_name(edge), wiring.edge(edge).owner),
        Owner::Alarm(alarm) => (wiring.alarm_name(alarm), wiring.alarms[usize::from(alarm.0)].node),
    }
}
