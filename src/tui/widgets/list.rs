//! A list with a chosen row: moving in it, scrolling it, and what is under the mouse.

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{
    HighlightSpacing, List, ListItem, ListState, StatefulWidget, Table, TableState,
};

use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::{columns, fit};
use crate::tui::action::Action;
use crate::tui::target::Target;
use crate::tui::widgets::pane;

/// Rows a page key moves.
const PAGE: i64 = 10;

/// A row or a scroll position moved by an action.
pub(crate) fn moved(at: usize, action: &Action, last: usize) -> usize {
    let delta = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -PAGE,
        Action::PageDown => PAGE,
        Action::First => return 0,
        Action::Last => return last,
        Action::Wheel(_, delta) => i64::from(*delta),
        _ => 0,
    };
    (at as i64 + delta).clamp(0, last as i64) as usize
}

/// As [`moved`], or to the row that was clicked.
pub(crate) fn chosen(row: usize, action: &Action, last: usize) -> usize {
    match action {
        Action::Click(Target::Line(line)) => (*line).min(last),
        other => moved(row, other, last),
    }
}

/// The mark of a chosen row in a frame.
const MARK: &str = "▌";

/// Rows, the chosen one lit and in view.
pub(crate) fn lit<'a, T: Into<ListItem<'a>>>(
    rows: impl IntoIterator<Item = T>,
    chosen: Option<usize>,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let list = List::new(rows).highlight_style(theme.emphasis(Emphasis::Selected));
    let mut state = ListState::default().with_selected(chosen);
    list.render(area, buf, &mut state);
}

/// As [`lit`], and marked in the air at the left of the area.
pub(crate) fn marked<'a, T: Into<ListItem<'a>>>(
    rows: impl IntoIterator<Item = T>,
    chosen: Option<usize>,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let list = List::new(rows)
        .highlight_style(theme.emphasis(Emphasis::Selected))
        .highlight_symbol(Line::styled(MARK, theme.accent()))
        .highlight_spacing(HighlightSpacing::Always);
    let mut state = ListState::default().with_selected(chosen);
    let area = Rect {
        x: area.x - 1,
        width: area.width + 1,
        ..area
    };
    list.render(area, buf, &mut state);
}

/// As [`marked`], and lit to the frame at the right.
pub(crate) fn framed<'a, T: Into<ListItem<'a>>>(
    rows: impl IntoIterator<Item = T>,
    chosen: usize,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    marked(rows, Some(chosen), theme, area, buf);
    let row = chosen.saturating_sub(first_shown(chosen, usize::from(area.height)));
    let air = Rect {
        x: area.right(),
        width: 1,
        ..area
    };
    pane::light(air, row as u16, theme, buf);
}

/// As [`framed`], in columns below heads. The rows are those in view.
pub(crate) fn table(
    rows: Table<'_>,
    chosen: Option<usize>,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let table = rows
        .column_spacing(0)
        .row_highlight_style(theme.emphasis(Emphasis::Selected))
        .highlight_symbol(MARK)
        .highlight_spacing(HighlightSpacing::Always);
    let mut state = TableState::default().with_selected(chosen);
    let with_air = area.outer(Margin::new(1, 0));
    table.render(with_air, buf, &mut state);
    // A table lights its mark like the row.
    let row = state
        .selected()
        .and_then(|row| with_air.rows().nth(row + 1));
    if let Some(row) = row {
        buf.set_string(row.x, row.y, MARK, theme.accent());
    }
}

/// The first row that a list shows, so that the chosen one is in view.
pub(crate) fn first_shown(row: usize, height: usize) -> usize {
    (row + 1).saturating_sub(height)
}

/// As [`first_shown`], with a row to come of `n`. A long list makes the rows from here
/// on only.
pub(crate) fn first_with_next(row: usize, n: usize, height: usize) -> usize {
    first_shown(row + 1, height).min(n.saturating_sub(height))
}

/// Which of `n` rows is at a position, `first` being the first shown.
pub(crate) fn row_at(rows: Rect, first: usize, n: usize, at: Position) -> Option<usize> {
    let row = first + usize::from(at.y.checked_sub(rows.y)?);
    (rows.contains(at) && row < n).then_some(row)
}

/// A name, and at the right end what is said about it.
pub(crate) fn named_row(name: &str, text: &str, width: u16, theme: &Theme) -> Line<'static> {
    let room = usize::from(width).saturating_sub(columns(text) + 2);
    let title = fit(name, room);
    let gap = room.saturating_sub(columns(&title)) + 2;
    Line::from(vec![
        Span::styled(title, theme.strong()),
        Span::raw(" ".repeat(gap)),
        Span::styled(text.to_string(), theme.text()),
    ])
}
