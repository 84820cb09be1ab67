//! A list with a chosen row: moving in it, scrolling it, and what is under the mouse.

use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit};
use crate::tui::action::Action;
use crate::tui::target::Target;

/// Rows a page key moves.
const PAGE: i64 = 10;

/// A row or a scroll position moved by an action.
pub fn moved(at: usize, action: &Action, last: usize) -> usize {
    let delta = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -PAGE,
        Action::PageDown => PAGE,
        Action::Wheel(_, delta) => i64::from(*delta),
        _ => 0,
    };
    (at as i64 + delta).clamp(0, last as i64) as usize
}

/// As [`moved`], or to the row that was clicked.
pub fn chosen(row: usize, action: &Action, last: usize) -> usize {
    match action {
        Action::Click(Target::Line(line)) => (*line).min(last),
        other => moved(row, other, last),
    }
}

/// The first row shown, so that the chosen one is.
pub fn first_shown(row: usize, height: usize) -> usize {
    (row + 1).saturating_sub(height)
}

/// Which of `n` rows is at a position, `first` being the first shown.
pub fn row_at(rows: Rect, first: usize, n: usize, at: Position) -> Option<usize> {
    let row = first + usize::from(at.y.checked_sub(rows.y)?);
    (rows.contains(at) && row < n).then_some(row)
}

/// A name, and at the right end what is said about it.
pub fn named_row(name: &str, text: &str, width: u16, theme: &Theme) -> Line<'static> {
    let room = usize::from(width).saturating_sub(columns(text) + 2);
    let title = fit(name, room);
    let gap = room.saturating_sub(columns(&title)) + 2;
    Line::from(vec![
        Span::styled(title, theme.strong()),
        Span::raw(" ".repeat(gap)),
        Span::styled(text.to_string(), theme.text()),
    ])
}
