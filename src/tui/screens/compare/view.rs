//! The Compare screen: two texts side by side, what differs in them, where they
//! part and why; below, the badge, the figures and the race.

use std::rc::Rc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use crate::present::flow;
use crate::present::lines::{self, From, Ghosts};
use crate::present::mark::Mark;
use crate::present::record::{Record, TokenPlace};
use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::fit;
use crate::speculate::compare::Side;
use crate::speculate::verify::Fate;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::Screen;
use crate::tui::screens::compare::figures::{self as compare_figures, TableForm};
use crate::tui::screens::compare::layout::{Places, is_beside, places};
use crate::tui::shell::layout;
use crate::tui::target::CompareTarget;
use crate::tui::widgets::pane;

pub(crate) fn render(app: &App, theme: &Theme, body: Rect, buf: &mut Buffer) {
    let places = places(app, app.look.panes, body);
    for rect in [places.figures, places.left, places.right] {
        pane::frame(rect, false, theme, buf);
    }
    let (tops, _) = tops(app, &places);
    for (side, rect, top) in [
        (Side::Left, places.left, tops.0),
        (Side::Right, places.right, tops.1),
    ] {
        heading(app, side, theme, rect, buf);
        text(app, side, top, theme, pane::inner(rect), buf);
    }
    let subject = app
        .compared(Side::Left)
        .map(|r| &r.trace.header.subject.title);
    let title = subject.map_or("FIGURES".into(), |title| format!("FIGURES · {title}"));
    let room = usize::from(places.figures.width).saturating_sub(6);
    pane::title(&fit(&title, room), places.figures, false, theme, buf);
    let form = match is_beside(body) {
        true => TableForm::Upright,
        false => TableForm::Across,
    };
    compare_figures::render(app, form, theme, pane::inner(places.figures), buf);
}

/// Which run it is, and how much of it is shown.
fn heading(app: &App, side: Side, theme: &Theme, rect: Rect, buf: &mut Buffer) {
    let letter = match side {
        Side::Left => "A",
        Side::Right => "B",
    };
    let room = usize::from(rect.width).saturating_sub(8);
    let name = match app.compare.choice(side) {
        Some(choice) => app.name_beside(side, choice, room),
        None => "not chosen".into(),
    };
    pane::title(&format!("{letter} {name}"), rect, true, theme, buf);
}

fn lines(app: &App, side: Side, rect: Rect) -> Rc<Vec<lines::Line>> {
    let width = usize::from(pane::inner(rect).width);
    match app.compared(side) {
        Some(record) => flow::flow(record, Ghosts::Hidden, width),
        None => Rc::default(),
    }
}

/// Cells before the first token that is compared: what a branch took over is.
pub(crate) fn n_opening(record: &Record) -> usize {
    record.cells.len().saturating_sub(record.ids.len())
}

/// First lines shown left and right, and the last that can be first at the left.
fn tops(app: &App, places: &Places) -> ((usize, usize), usize) {
    let (Some(a), Some(b)) = (app.compared(Side::Left), app.compared(Side::Right)) else {
        let n = lines(app, Side::Left, places.left).len();
        let last = n.saturating_sub(usize::from(pane::inner(places.left).height));
        return ((app.compare.top.unwrap_or(0).min(last), 0), last);
    };
    let height = usize::from(pane::inner(places.left).height);
    let left = lines(app, Side::Left, places.left);
    let right = lines(app, Side::Right, places.right);
    let last = left.len().max(right.len()).saturating_sub(height);
    if app.compare.clock().is_some() && app.compare.top.is_none() {
        return (
            (
                newest(app, Side::Left, a, &left, height),
                newest(app, Side::Right, b, &right, height),
            ),
            last,
        );
    }
    let comparison = app.compare.comparison.as_ref();
    let parts = comparison.and_then(|c| c.divergence.as_ref()).map(|d| d.at);
    let parts = parts.map(|at| (at + n_opening(a)).min(a.cells.len().saturating_sub(1)));
    let wanted = parts.map_or(0, |cell| {
        lines::line_of(&left, cell).saturating_sub(height / 3)
    });
    let top = app.compare.top.unwrap_or(wanted).min(last);
    (
        (
            top.min(left.len().saturating_sub(1)),
            beside(app, top, &left, &right, (a, b), last),
        ),
        last,
    )
}

/// The right text's first line: beside the left one's, token by token.
fn beside(
    app: &App,
    top: usize,
    left: &[lines::Line],
    right: &[lines::Line],
    (a, b): (&Record, &Record),
    last: usize,
) -> usize {
    let first = left.get(top).and_then(|line| line.first());
    let (Some(comparison), Some(From::Cell(cell))) =
        (&app.compare.comparison, first.map(|p| p.from))
    else {
        return top.min(last);
    };
    let Some(token) = cell.checked_sub(n_opening(a)) else {
        return top.min(last);
    };
    let other = comparison.beside(token).saturating_add(n_opening(b));
    let other = other.min(b.cells.len().saturating_sub(1));
    lines::line_of(right, other).min(right.len().saturating_sub(1))
}

/// While the race goes on, the newest line is in view.
fn newest(app: &App, side: Side, record: &Record, lines: &[lines::Line], height: usize) -> usize {
    let n = n_opening(record) + app.compare.n_shown(side);
    let cell = n.min(record.cells.len()).saturating_sub(1);
    (lines::line_of(lines, cell) + 2).saturating_sub(height)
}

/// First line of the left text shown, and the last that can be.
pub(crate) fn scrolled(app: &App) -> (usize, usize) {
    let body = layout::shell(app, layout::whole(app)).body;
    let ((top, _), last) = tops(app, &places(app, app.look.panes, body));
    (top, last)
}

fn text(app: &App, side: Side, top: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(record) = app.compared(side) else {
        return pane::placeholder(&nothing(app, side), area, theme, buf);
    };
    let lines = flow::flow(record, Ghosts::Hidden, usize::from(area.width));
    let n_shown = n_opening(record) + app.compare.n_shown(side);
    let is_racing = app.compare.clock().is_some();
    let shown = lines.iter().skip(top).take(usize::from(area.height));
    for (row, line) in shown.enumerate() {
        for piece in line {
            let From::Cell(cell) = piece.from else {
                continue;
            };
            if is_racing && cell >= n_shown {
                continue;
            }
            let style = style(app, side, record, cell, theme);
            let at = (area.x + piece.x as u16, area.y + row as u16);
            draw_piece(record.piece(piece), piece.width, at, style, buf);
        }
    }
    if lines.len() > top + usize::from(area.height) && !is_racing {
        pane::more_beside(area, theme, buf);
    }
}

fn nothing(app: &App, side: Side) -> String {
    let open = app.key_of(Context::Compare, Action::EarlierRuns);
    match (side, app.compare.left) {
        (_, None) => format!(
            "Nothing to compare yet. {} shows the catalog, where {} generates a run; {open} opens \
             an earlier one.",
            app.key_of(Context::Anywhere, Action::Show(Screen::Catalog)),
            app.key_of(Context::Catalog, Action::Generate)
        ),
        (Side::Left, _) => String::new(),
        (Side::Right, _) => format!(
            "No other run of this prompt yet. {} runs it autoregressively and strictly; {} on Decode \
             runs it again with other settings; {open} opens an earlier run.",
            app.key_of(Context::Compare, Action::Reference),
            app.key_of(Context::Decode, Action::Again)
        ),
    }
}

/// A token's leading spaces carry its background, but no line.
pub(crate) fn draw_piece(
    text: &str,
    width: usize,
    (x, y): (u16, u16),
    style: Style,
    buf: &mut Buffer,
) {
    let word = text.trim_start_matches(' ');
    let n_spaces = text.len() - word.len();
    let bare = style.remove_modifier(Modifier::UNDERLINED);
    buf.set_stringn(x, y, text, n_spaces, bare);
    buf.set_stringn(x + n_spaces as u16, y, word, width - n_spaces, style);
}

/// What differs stands out; what only the relaxed rule took looks so; the rest
/// is plain.
fn style(app: &App, side: Side, record: &Record, cell: usize, theme: &Theme) -> Style {
    let style = own_style(record, cell, theme);
    let token = cell.checked_sub(n_opening(record));
    let Some((token, comparison)) = token.zip(app.compare.comparison.as_ref()) else {
        return style;
    };
    if comparison
        .divergence
        .as_ref()
        .is_some_and(|d| d.at == token)
    {
        return style.patch(theme.emphasis(Emphasis::Selected));
    }
    match comparison.differs(side, token) {
        true => style
            .add_modifier(Modifier::BOLD)
            .patch(theme.emphasis(Emphasis::Step)),
        false => style,
    }
}

/// The look of a text's piece by itself: the opening, what only the relaxed rule took, the
/// rest.
pub(crate) fn own_style(record: &Record, cell: usize, theme: &Theme) -> Style {
    let relaxed = Mark::Fate(Fate::Relaxed);
    match record.cells[cell].place {
        _ if cell < n_opening(record) => theme.opening(),
        TokenPlace::Step { mark, .. } if mark == relaxed => theme.token(relaxed),
        _ => theme.text(),
    }
}

/// What is at a position.
pub(crate) fn hit(app: &App, body: Rect, at: Position) -> Option<CompareTarget> {
    let places = places(app, app.look.panes, body);
    let (tops, _) = tops(app, &places);
    for (side, rect, top) in [
        (Side::Left, places.left, tops.0),
        (Side::Right, places.right, tops.1),
    ] {
        if rect.contains(at) && at.y == rect.y {
            return Some(CompareTarget::Side(side));
        }
        let area = pane::inner(rect);
        if area.contains(at) {
            let lines = lines(app, side, rect);
            let line = lines.get(top + usize::from(at.y - area.y))?;
            let x = usize::from(at.x - area.x);
            let piece = line.iter().find(|p| (p.x..p.x + p.width).contains(&x))?;
            let From::Cell(cell) = piece.from else {
                return None;
            };
            return Some(CompareTarget::Token(side, cell));
        }
    }
    places
        .figures
        .contains(at)
        .then_some(CompareTarget::Figures)
}
