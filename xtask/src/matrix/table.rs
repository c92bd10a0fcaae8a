//! The result, as a table in Markdown.

use crate::cases::Cut;
use std::fmt;

/// The runs of one build, cut in one way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cell {
    pub equal: usize,
    pub different: usize,
    /// Windows of the equal runs.
    pub windows: usize,
    pub seconds: f64,
}

/// Builds below each other, cuts beside each other.
#[derive(Debug, Default)]
pub struct Table(Vec<(String, Vec<Cell>)>);

impl Table {
    pub fn add(&mut self, build: &str, cells: Vec<Cell>) {
        self.0.push((build.to_owned(), cells));
    }

    pub fn all_equal(&self) -> bool {
        self.cells().all(|cell| cell.different == 0)
    }

    fn cells(&self) -> impl Iterator<Item = Cell> {
        self.0.iter().flat_map(|(_, cells)| cells.iter().copied())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cuts: Vec<&str> = Cut::ALL.iter().map(|cut| cut.name()).collect();
        writeln!(out, "\n| build | {} |", cuts.join(" | "))?;
        writeln!(out, "| --- |{}", " --- |".repeat(cuts.len()))?;
        for (build, cells) in &self.0 {
            write!(out, "| {build} |")?;
            for Cell { equal, different, seconds, .. } in cells {
                write!(out, " {equal} equal, {different} different, {seconds:.1} s |")?;
            }
            writeln!(out)?;
        }
        let sum = |count: fn(Cell) -> usize| self.cells().map(count).sum::<usize>();
        let seconds: f64 = self.cells().map(|cell| cell.seconds).sum();
        writeln!(
            out,
            "\n{} runs equal in all {} windows and in their reports, {} different, in {seconds:.0} s",
            sum(|cell| cell.equal),
            sum(|cell| cell.windows),
            sum(|cell| cell.different)
        )?;
        // For `cargo xtask test`, which adds up such lines: a cell is a test.
        let failed = self.cells().filter(|cell| cell.different > 0).count();
        let verdict = if failed == 0 { "ok" } else { "FAILED" };
        let passed = self.cells().count() - failed;
        writeln!(out, "\ntest result: {verdict}. {passed} passed; {failed} failed;")
    }
}
