//! The draft tree, and beside it the attention mask: a row of the pass in every line, the
//! prefix as one block, then a column for every row of the pass.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::PassView;
use crate::present::number::count;
use crate::present::pass_picture::{MaskCell, PassPicture, PassRow};
use crate::present::selection::TreeSelection;
use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::{columns, fit, pad};
use crate::tui::widgets::list::first_shown;
use crate::tui::widgets::pane::{below, put};
use crate::tui::widgets::paragraph::wrap;

/// Columns of the tree: at least, and at most.
const TREE: (usize, usize) = (22, 52);
/// Columns of a row's number in the pass.
const NUMBER: usize = 3;
/// At least this much of a token is shown, however deep it is.
const TOKEN_ROOM: usize = 10;
/// Rows above the first one and below the last.
const HEADS: u16 = 1;

/// Where the columns are.
struct Grid {
    tree: usize,
    prefix: usize,
    /// Columns of a cell.
    cell: usize,
    /// The rows of the pass that have a column in view.
    shown: Range<usize>,
}

fn grid(view: &PassView<'_>, width: usize) -> Grid {
    let n = view.picture.rows.len();
    let prefix = prefix_head(&view.picture).len();
    let room = width.saturating_sub(NUMBER + 1 + prefix + 2);
    let cell = if TREE.0 + 2 * n <= room { 2 } else { 1 };
    let tree = room.saturating_sub(n * cell).clamp(TREE.0, TREE.1);
    let fit = (room.saturating_sub(tree) / cell).max(1).min(n);
    // The selected row's own column is in view; its ancestors are before it.
    let at = view.row().unwrap_or(0);
    let first = (at + 1).saturating_sub(fit).min(n - fit);
    Grid {
        tree,
        prefix,
        cell,
        shown: first..first + fit,
    }
}

/// The head of the block of the prefix, which is as wide.
fn prefix_head(picture: &PassPicture) -> String {
    format!("prefix {}", picture.prefix)
}

/// Rows that the whole mask takes.
pub(super) fn height(view: &PassView<'_>, width: u16) -> u16 {
    HEADS + view.picture.rows.len() as u16 + rows_below(view, width)
}

fn first_row(n: usize, row: usize, height: usize) -> usize {
    first_shown(row, height).min(n.saturating_sub(height))
}

/// Which row of the picture is at a position.
pub(super) fn row_at(view: &PassView<'_>, area: Rect, at: Position) -> Option<usize> {
    let n = view.picture.rows.len();
    let height = usize::from(
        area.height
            .saturating_sub(HEADS + rows_below(view, area.width)),
    );
    let line = usize::from(at.y.checked_sub(area.y + HEADS)?);
    let row = first_row(n, view.row().unwrap_or(0), height) + line;
    (area.contains(at) && line < height && row < n).then_some(row)
}

pub(super) fn render(view: &PassView<'_>, area: Rect, buf: &mut Buffer) {
    let grid = grid(view, usize::from(area.width));
    let rows = &view.picture.rows;
    let height = usize::from(
        area.height
            .saturating_sub(HEADS + rows_below(view, area.width)),
    );
    let selected = view.row().unwrap_or(0);
    let first = first_row(rows.len(), selected, height);
    put(buf, area, 0, &heads(view, &grid));
    for (i, row) in rows.iter().enumerate().skip(first).take(height) {
        let line = HEADS + (i - first) as u16;
        put(buf, area, line, &mask_line(view, &grid, i, row));
        if i == selected {
            crate::tui::widgets::pane::light(area, line, view.theme, buf);
        }
    }
    let n_shown = rows.len().saturating_sub(first).min(height);
    let under = below(area, HEADS + n_shown as u16);
    let hidden = rows.len() - n_shown;
    said(view, &grid, hidden, under, buf);
}

/// The columns' heads: the prefix's rows, and the last digit of each row's number.
fn heads(view: &PassView<'_>, grid: &Grid) -> Line<'static> {
    let theme = view.theme;
    let rows = &view.picture.rows;
    let lit = view.row().map_or(&[][..], |row| &rows[row].attends_to);
    let left = pad("row  draft tree", NUMBER + grid.tree + 1);
    let mut line = Line::from(vec![
        Span::styled(left, theme.dim()),
        Span::styled(format!("{}  ", prefix_head(&view.picture)), theme.accent()),
    ]);
    for column in grid.shown.clone() {
        let digit = (rows[column].node % 10).to_string();
        let style = match lit.contains(&column) {
            true => theme.accent(),
            false => theme.dim(),
        };
        line.push_span(Span::styled(pad(&digit, grid.cell), style));
    }
    line
}

fn mask_line(view: &PassView<'_>, grid: &Grid, i: usize, row: &PassRow) -> Line<'static> {
    let theme = view.theme;
    let selected = view.row();
    let lit = selected.is_some_and(|at| view.picture.cell(at, i).attends());
    let is_selected = selected == Some(i);
    let number = match lit {
        true => theme.accent(),
        false => theme.dim(),
    };
    let mut line = Line::from(Span::styled(format!("{:>2} ", row.node), number));
    push_token(&mut line, row, lit, grid.tree, theme);
    let style = cell_style(theme, is_selected);
    let block = MaskCell::Ancestor.glyph().repeat(grid.prefix);
    line.push_span(Span::styled(format!(" {block}  "), style));
    for column in grid.shown.clone() {
        let cell = view.picture.cell(i, column);
        let style = match cell {
            MaskCell::Masked => theme.dim(),
            _ => style,
        };
        line.push_span(Span::styled(pad(cell.glyph(), grid.cell), style));
    }
    line
}

fn cell_style(theme: &Theme, is_selected: bool) -> ratatui::style::Style {
    match is_selected {
        true => theme.accent().patch(theme.emphasis(Emphasis::Selected)),
        false => theme.text(),
    }
}

fn push_token(line: &mut Line<'static>, row: &PassRow, lit: bool, width: usize, theme: &Theme) {
    let stem = match columns(&row.stem) + TOKEN_ROOM > width {
        true => format!(
            "…{}",
            end_of(&row.stem, width.saturating_sub(TOKEN_ROOM + 1))
        ),
        false => row.stem.clone(),
    };
    let mark = row.fate().map_or("", |(glyph, _)| glyph);
    let gap = if mark.is_empty() { "" } else { " " };
    let room = width.saturating_sub(columns(&stem) + columns(mark) + gap.len());
    let token = fit(&row.text, room);
    let gap_behind = " ".repeat(room.saturating_sub(columns(&token)));
    let of_mark = row.mark.map_or(theme.text(), |mark| theme.mark(mark));
    let of_token = match (lit, row.mark) {
        (true, _) => theme.strong(),
        (false, Some(mark)) => theme.token(mark),
        (false, None) => theme.text(),
    };
    line.push_span(Span::styled(stem, theme.line()));
    line.push_span(Span::styled(format!("{mark}{gap}"), of_mark));
    line.push_span(Span::styled(token, of_token));
    line.push_span(gap_behind);
}

fn end_of(text: &str, n: usize) -> String {
    let skipped = text.chars().count().saturating_sub(n);
    text.chars().skip(skipped).collect()
}

/// What the selected row attends to.
fn told(view: &PassView<'_>, width: u16) -> Vec<String> {
    let row = view.row().unwrap_or(0);
    let mut told = view.picture.attention_in_words(row);
    if view.selection == TreeSelection::Bonus {
        let from = &view.picture.rows[row].text;
        told = format!(
            "The bonus token has no row in this pass; it is predicted by the row of {from}. {told}"
        );
    }
    wrap(&told, usize::from(width))
}

/// Rows below the mask: a sentence and the legend.
fn rows_below(view: &PassView<'_>, width: u16) -> u16 {
    told(view, width).len() as u16 + 1
}

/// What the selected row attends to, what the cells mean, and what is out of sight.
fn said(view: &PassView<'_>, grid: &Grid, hidden: usize, area: Rect, buf: &mut Buffer) {
    let theme = view.theme;
    let told = told(view, area.width);
    for (i, text) in told.iter().enumerate() {
        put(
            buf,
            area,
            i as u16,
            &Line::styled(text.clone(), theme.text()),
        );
    }
    let mut legend = vec![];
    for (cell, name) in [
        (MaskCell::Ancestor, "attends"),
        (MaskCell::Itself, "itself"),
        (MaskCell::Masked, "masked: another branch, or later"),
    ] {
        legend.push(Span::styled(format!("{} ", cell.glyph()), theme.text()));
        legend.push(Span::styled(format!("{name}   "), theme.dim()));
    }
    let out = view.picture.rows.len() - grid.shown.len();
    let more = match (hidden, out) {
        (0, 0) => String::new(),
        (rows, 0) => format!("{} more", count(rows, "row")),
        (0, columns) => format!("{} more", count(columns, "column")),
        (rows, columns) => format!("{}, {} more", count(rows, "row"), count(columns, "column")),
    };
    legend.push(Span::styled(more, theme.accent()));
    put(buf, area, told.len() as u16, &Line::from(legend));
}
