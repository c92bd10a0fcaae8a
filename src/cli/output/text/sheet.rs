//! A table of things of one kind: a column per figure of theirs, a row per thing and run.

use super::Page;
use crate::cli::output::table::Table;
use brownout::report::Report;

/// A figure of a thing.
pub struct Column<T> {
    /// Its heading in English.
    pub en: &'static str,
    /// The same in Korean.
    pub ko: &'static str,
    /// The figure as text.
    pub cell: fn(&T) -> String,
}

/// A column with its heading in English and Korean.
pub const fn column<T>(en: &'static str, ko: &'static str, cell: fn(&T) -> String) -> Column<T> {
    Column { en, ko, cell }
}

/// A table that is being filled.
pub struct Sheet<'a, T: 'static> {
    page: &'a Page<'a>,
    columns: &'static [Column<T>],
    table: Table,
}

impl<'a, T> Sheet<'a, T> {
    /// A table without rows; the title is in English and Korean. With two runs it has a column that names them.
    pub fn new(
        page: &'a Page,
        en: &'static str,
        ko: &'static str,
        columns: &'static [Column<T>],
    ) -> Sheet<'a, T> {
        let headings = columns.iter().map(|column| page.lang.pick(column.en, column.ko));
        let table = Table::new(1, [page.lang.pick(en, ko)].into_iter().chain(headings));
        let table = if page.is_pair() { table.with_second_column("") } else { table };
        Sheet { page, columns, table }
    }

    /// Adds a thing: a row for each run that has it.
    pub fn add(&mut self, name: &str, thing: impl Fn(&Report) -> Option<&T>) {
        self.add_noted(name, thing, |_| None);
    }

    /// Adds a thing, and below each row what there is to say of it.
    pub fn add_noted(
        &mut self,
        name: &str,
        thing: impl Fn(&Report) -> Option<&T>,
        note: impl Fn(&T) -> Option<String>,
    ) {
        for (number, lane) in self.page.lanes.iter().enumerate() {
            let Some(thing) = thing(&lane.report) else { continue };
            let name = if number == 0 { name } else { "" };
            let run = self.page.is_pair().then(|| self.page.name(number).to_owned());
            let cells = self.columns.iter().map(|column| (column.cell)(thing));
            self.table.row([name.to_owned()].into_iter().chain(run).chain(cells));
            if let Some(note) = note(thing) {
                self.table.note(note);
            }
        }
    }

    /// The table.
    pub fn finish(self) -> Table {
        self.table
    }
}
