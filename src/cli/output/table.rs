//! Aligned columns of text. Widths are those of a terminal, where Hangul takes two columns.

use super::figure::NONE;
use super::style::Style;
use unicode_width::UnicodeWidthStr;

/// Space between columns.
const GAP: &str = "  ";

/// A table with one line of headings.
#[derive(Clone, Debug)]
pub struct Table {
    headings: Vec<String>,
    /// Columns of words; all others hold figures and are aligned to the right.
    words: usize,
    /// Whether the last column holds words, too.
    words_last: bool,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
enum Row {
    Cells(Vec<String>),
    /// A line that belongs to the row above, indented.
    Note(String),
    /// A line that names the rows below it.
    Heading(String),
}

impl Table {
    /// A table whose first `words` columns hold words.
    pub fn new<'a>(words: usize, headings: impl IntoIterator<Item = &'a str>) -> Table {
        let headings = headings.into_iter().map(str::to_owned).collect();
        Table { headings, words, words_last: false, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        debug_assert_eq!(cells.len(), self.headings.len());
        self.rows.push(Row::Cells(cells));
    }

    /// The same with one more column of words after the first. For a table without rows.
    pub fn with_second_column(mut self, heading: &str) -> Table {
        self.headings.insert(1, heading.to_owned());
        self.words = self.words.max(1) + 1;
        self
    }

    /// The same with words in the last column.
    pub fn with_words_last(mut self) -> Table {
        self.words_last = true;
        self
    }

    /// Leaves out columns that say "none" in every row, and the whole table if none of its figures is left.
    pub fn without_empty_columns(mut self) -> Table {
        for column in (0..self.headings.len()).rev() {
            let mut cells = self.rows.iter().filter_map(|row| match row {
                Row::Cells(cells) => Some(&cells[column]),
                Row::Note(_) | Row::Heading(_) => None,
            });
            if cells.all(|cell| cell == NONE) {
                self.headings.remove(column);
                for row in &mut self.rows {
                    if let Row::Cells(cells) = row {
                        cells.remove(column);
                    }
                }
            }
        }
        if self.headings.len() <= self.words {
            self.rows.clear();
        }
        self
    }

    /// Adds a line that names the rows below it.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.rows.push(Row::Heading(text.into()));
    }

    /// Adds a line below the last row.
    pub fn note(&mut self, text: impl Into<String>) {
        self.rows.push(Row::Note(text.into()));
    }

    /// The table; every line ends with a line feed. Nothing at all if it has no rows.
    pub fn render(&self, style: &Style) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let widths: Vec<usize> = (0..self.headings.len()).map(|c| self.width(c)).collect();
        let headings: Vec<&str> = self.headings.iter().map(String::as_str).collect();
        let mut text = style.strong(&self.line(&headings, &widths));
        text.push('\n');
        for row in &self.rows {
            match row {
                Row::Cells(cells) => {
                    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
                    text.push_str(&self.line(&cells, &widths));
                }
                Row::Heading(heading) => text.push_str(&style.strong(heading)),
                Row::Note(note) => text.push_str(&style.dim(&format!("  {note}"))),
            }
            text.push('\n');
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| match row {
            Row::Cells(cells) => Some(&cells[column]),
            Row::Note(_) | Row::Heading(_) => None,
        });
        cells.chain([&self.headings[column]]).map(|cell| columns(cell)).max().unwrap_or(0)
    }

    fn line(&self, cells: &[&str], widths: &[usize]) -> String {
        let mut line = String::new();
        for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let gap = if column == 0 { "" } else { GAP };
            let space = " ".repeat(width - columns(cell));
            let last = self.words_last && column + 1 == self.headings.len();
            let cell = match column < self.words || last {
                true => format!("{gap}{cell}{space}"),
                false => format!("{gap}{space}{cell}"),
            };
            line.push_str(&cell);
        }
        line.trim_end().to_owned()
    }
}

/// Columns of a terminal that a text takes; colours take none.
pub fn columns(text: &str) -> usize {
    let mut width = 0;
    for (index, part) in text.split('\x1b').enumerate() {
        let part = match index {
            0 => part,
            _ => part.split_once('m').map_or("", |(_, rest)| rest),
        };
        width += part.width();
    }
    width
}

/// Breaks a text between words so that no line is wider than `width`; later lines are indented.
pub fn wrap(text: &str, width: usize, indent: &str) -> String {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        if !line.trim().is_empty() && columns(&line) + 1 + columns(word) > width {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_left_and_figures_right() {
        let mut table = Table::new(1, ["call", "attempts", "retries"]);
        table.row(["api.social".to_owned(), "12,345".to_owned(), "7".to_owned()]);
        table.row(["결제".to_owned(), "9".to_owned(), "–".to_owned()]);
        table.note("circuit_breaker 9");
        assert_eq!(
            table.render(&Style::PLAIN),
            "\
call        attempts  retries
api.social    12,345        7
결제               9        –
  circuit_breaker 9
"
        );
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        let mut table = Table::new(1, ["cache", "hits", "misses"]);
        assert_eq!(table.render(&Style::PLAIN), "");
        table.row(["results".to_owned(), NONE.to_owned(), NONE.to_owned()]);
        assert_eq!(table.clone().without_empty_columns().render(&Style::PLAIN), "");
        table.row(["pages".to_owned(), NONE.to_owned(), "5".to_owned()]);
        let text = "cache    misses\nresults       –\npages         5\n";
        assert_eq!(table.without_empty_columns().render(&Style::PLAIN), text);
    }

    #[test]
    fn widths_are_those_of_a_terminal() {
        assert_eq!(columns("결제 ok"), 7);
        assert_eq!(columns("▁▂█ – · ✓"), 9);
        assert_eq!(columns("\x1b[32mok\x1b[0m"), 2);
    }

    #[test]
    fn long_texts_are_broken_between_words() {
        assert_eq!(wrap("aa bb cc dd", 6, "  "), "aa bb\n  cc dd".replace(" dd", "\n  dd"));
        assert_eq!(wrap("", 6, ""), "");
        assert_eq!(wrap("처리량 감소", 8, ""), "처리량\n감소");
    }
}
