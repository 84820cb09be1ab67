//! Tables printed by commands: on a terminal drawn by comfy-table to its width, elsewhere
//! in the fixed form that scripts read.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle,
    TableStyle, Width,
};
use unicode_width::UnicodeWidthStr;

use super::visible;

/// Only a line under the header.
const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none())
    .header_separator(LineStyle::none().fill('─'))
    .content_lines(ContentLineStyle::none());
/// Spaces between two columns.
const GAP: usize = 2;

/// A column, and its width when it is not drawn on a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    head: String,
    width: usize,
    is_number: bool,
}

/// A column of left-aligned text.
pub(crate) fn text(head: impl Into<String>, width: usize) -> Column {
    Column {
        head: head.into(),
        width,
        is_number: false,
    }
}

/// A column of right-aligned numbers, which are never broken.
pub(crate) fn number(head: impl Into<String>, width: usize) -> Column {
    Column {
        is_number: true,
        ..text(head, width)
    }
}

/// The form of a table that is not drawn on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Cells padded to their columns' widths.
    Padded,
    /// Markdown, with `blank` in empty cells.
    Markdown { blank: &'static str },
}

/// A table with one line per row.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    form: Form,
}

impl Table {
    /// A table that is padded when not on a terminal.
    pub(crate) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Table {
            columns: columns.into(),
            rows: Vec::new(),
            form: Form::Padded,
        }
    }

    /// A table that is Markdown when not on a terminal. The first `n_texts` columns hold
    /// text, the others numbers.
    pub(crate) fn markdown<'a>(n_texts: usize, heads: impl IntoIterator<Item = &'a str>) -> Self {
        let column = |(at, head)| match at < n_texts {
            true => text(head, 0),
            false => number(head, 0),
        };
        Table {
            form: Form::Markdown { blank: "  " },
            ..Table::new(
                heads
                    .into_iter()
                    .enumerate()
                    .map(column)
                    .collect::<Vec<_>>(),
            )
        }
    }

    /// Markdown with one space in empty cells.
    pub(crate) fn with_narrow_blanks(self) -> Self {
        Table {
            form: Form::Markdown { blank: " " },
            ..self
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints to standard output.
    pub(crate) fn print(&self) {
        let lines = match super::is_terminal() {
            true => self.drawn(terminal_width()),
            false => self.written(),
        };
        lines.iter().for_each(|line| out!("{line}"));
    }

    fn written(&self) -> Vec<String> {
        let heads: Vec<&str> = self.columns.iter().map(|c| c.head.as_str()).collect();
        let rows = self.rows.iter();
        match self.form {
            Form::Padded => {
                let has_head = heads.iter().any(|head| !head.is_empty());
                let head = has_head.then(|| self.padded(&heads));
                head.into_iter()
                    .chain(rows.map(|r| self.padded(r)))
                    .collect()
            }
            Form::Markdown { blank } => {
                let rule = format!("|{}", "---|".repeat(heads.len()));
                let head = [markdown(&heads, " "), rule];
                head.into_iter()
                    .chain(rows.map(|r| markdown(r, blank)))
                    .collect()
            }
        }
    }

    fn padded(&self, cells: &[impl AsRef<str>]) -> String {
        let cells = cells.iter().zip(&self.columns);
        let cell = |(cell, column): (_, &Column)| {
            let (cell, width): (&str, _) = (AsRef::as_ref(cell), column.width);
            match column.is_number {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            }
        };
        cells.map(cell).collect()
    }

    /// Columns that do not fit continue below, after a repetition of the columns that name
    /// the rows.
    fn drawn(&self, width: usize) -> Vec<String> {
        let blocks = self.blocks(width);
        let blocks = blocks.iter().map(|columns| self.laid_out(columns, width));
        let blocks: Vec<Vec<String>> = blocks.collect();
        blocks.join(&String::new())
    }

    /// Column indices in blocks, each with as many as fit side by side.
    fn blocks(&self, width: usize) -> Vec<Vec<usize>> {
        let is_name = |column: &&Column| !column.is_number;
        let n_names = self.columns.iter().take_while(is_name).count();
        let names: Vec<usize> = (0..n_names).collect();
        let taken: usize = names.iter().map(|&at| self.least_width(at)).sum();
        let mut blocks = vec![names.clone()];
        let mut left = width.saturating_sub(taken);
        for at in n_names..self.columns.len() {
            // The last column needs no gap after it.
            let needed = self.least_width(at) - GAP;
            if needed > left && blocks[blocks.len() - 1].len() > n_names {
                blocks.push(names.clone());
                left = width.saturating_sub(taken);
            }
            left = left.saturating_sub(needed + GAP);
            blocks
                .last_mut()
                .into_iter()
                .for_each(|block| block.push(at));
        }
        blocks
    }

    /// The least width, with the gap: cells stay on one line, heads may break between
    /// words.
    fn least_width(&self, at: usize) -> usize {
        let words = self.columns[at].head.split_whitespace();
        let cells = self.rows.iter().map(|row| row[at].as_str());
        let widths = words.chain(cells).map(|text| visible::row(text).width());
        widths.max().unwrap_or(0) + GAP
    }

    fn laid_out(&self, columns: &[usize], width: usize) -> Vec<String> {
        let mut table = comfy_table::Table::new();
        table
            .load_style(STYLE)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(narrow(width));
        let cell = |text: &str, at: usize| {
            let cell = Cell::new(visible::row(text));
            match self.columns[at].is_number {
                true => cell.set_alignment(CellAlignment::Right),
                false => cell,
            }
        };
        let head = |at: &usize| cell(&self.columns[*at].head, *at);
        if columns.iter().any(|&at| !self.columns[at].head.is_empty()) {
            table.set_header(columns.iter().map(head));
        }
        for row in &self.rows {
            table.add_row(columns.iter().map(|&at| cell(&row[at], at)));
        }
        for (i, (column, &at)) in table.column_iter_mut().zip(columns).enumerate() {
            let gap = if i + 1 < columns.len() { GAP } else { 0 };
            let least = Width::Fixed(narrow(self.least_width(at) - GAP + gap));
            column.set_padding((0, narrow(gap)));
            column.set_constraint(ColumnConstraint::LowerBoundary(least));
        }
        let lines = table.lines();
        lines.map(|line| line.trim_end().to_owned()).collect()
    }
}

fn narrow(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX)
}

fn markdown(cells: &[impl AsRef<str>], blank: &str) -> String {
    let cell = |cell: &str| match cell {
        "" => format!("{blank}|"),
        cell => format!(" {cell} |"),
    };
    let cells = cells.iter().map(|text| cell(text.as_ref()));
    format!("|{}", cells.collect::<String>())
}

fn terminal_width() -> usize {
    crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes() -> Table {
        let mut table = Table::new([
            text("", 8),
            number("tokens", 8),
            number("speed-up (95%)", 18),
        ]);
        table.row(["strict", "100", "1.51x 1.40-1.62"].map(String::from));
        table.row(["relaxed", "97", "2.00x"].map(String::from));
        table
    }

    #[test]
    fn elsewhere_than_on_a_terminal_widths_are_fixed() {
        let lines = modes().written();
        assert_eq!(lines[0], "          tokens    speed-up (95%)");
        assert_eq!(lines[1], "strict       100   1.51x 1.40-1.62");
        let mut table = Table::markdown(1, ["", "MAL"]);
        table.row(["a".to_owned(), String::new()]);
        assert_eq!(table.written(), ["| | MAL |", "|---|---|", "| a |  |"]);
        assert_eq!(table.with_narrow_blanks().written()[2], "| a | |");
    }

    #[test]
    fn a_table_fits_its_terminal_and_cells_stay_whole() {
        for width in [26, 34, 40, 80, 200] {
            let lines = modes().drawn(width);
            let text = lines.join("\n");
            assert!(text.contains("1.51x 1.40-1.62"), "{width}: {text}");
            let fits = |line: &String| line.width() <= width;
            assert!(lines.iter().all(fits), "{width}: {text}");
        }
        assert!(modes().drawn(80)[0].ends_with("speed-up (95%)"));
    }

    #[test]
    fn what_does_not_fit_goes_below_with_the_names_again() {
        let heads = (0..12).map(|at| number(format!("figure {at}"), 10));
        let names = std::iter::once(text("rule", 8));
        let mut table = Table::new(names.chain(heads).collect::<Vec<_>>());
        table.row((0..13).map(|at| format!("{at}.25 ±0.05")));
        let lines = table.drawn(60);
        assert!(lines.iter().all(|line| line.width() <= 60), "{lines:?}");
        let named = lines.iter().filter(|line| line.starts_with("0.25"));
        assert_eq!(named.count(), 4, "{lines:?}");
        let cell = |at| format!("{at}.25 ±0.05");
        assert!((1..13).all(|at| lines.join(" ").contains(&cell(at))));
    }

    #[test]
    fn nothing_in_a_cell_is_obeyed() {
        let mut table = Table::new([text("a", 4)]);
        table.row(["\u{1b}[2J\nx".to_owned()]);
        let lines = table.drawn(40);
        assert_eq!(lines[2], "␛[2J␊x");
    }
}
