//! The text, token by token in its fate's colour; the cursor's step stands out.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use crate::present::flow;
use crate::present::lines::{self, From, Ghosts, Piece};
use crate::present::number::count;
use crate::present::record::{Record, TokenPlace};
use crate::present::theme::{Emphasis, Theme};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::runs::run::Phase;
use crate::tui::screens::Screen;
use crate::tui::screens::decode::state::Pane;
use crate::tui::shell::{header, layout};
use crate::tui::widgets::bars;
use crate::tui::widgets::pane::{self, more_beside, placeholder};

const PROGRESS_WIDTH: usize = 24;

pub(crate) fn note(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let Some(record) = app.known() else {
        return Vec::new();
    };
    let tokens = count(record.stats.tokens, "token");
    let wordings = match app.decode.ghosts {
        Ghosts::Hidden => vec![tokens],
        Ghosts::Shown => vec![format!("{tokens}, and refused drafts"), tokens],
    };
    let styled = |text| Line::styled(text, theme.dim());
    wordings.into_iter().map(styled).collect()
}

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(run) = app.run() else {
        let show = Action::Show(Screen::Catalog);
        let text = format!(
            "Nothing decoded yet. {} shows the catalog: choose an item or a user there, and {} \
             generates its knowledge while you watch.",
            app.key_of(Context::Anywhere, show),
            app.key_of(Context::Catalog, Action::Generate)
        );
        return placeholder(&text, area, theme, buf);
    };
    match (&run.phase, app.known()) {
        (Phase::Failed(why), None) => placeholder(&format!("✗ {why}"), area, theme, buf),
        (_, None) => waiting(app, &run.phase, theme, area, buf),
        (_, Some(record)) => text(app, &record, theme, area, buf),
    }
}

fn waiting(app: &App, phase: &Phase, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let text = match phase {
        Phase::Prompt { done, total } => {
            let share = *done as f64 / (*total).max(1) as f64;
            let (full, rest) = bars::progress(share, PROGRESS_WIDTH);
            format!(
                "{} reading the prompt\n{full}{rest}\n{done} of {total} tokens",
                header::spinner(app)
            )
        }
        _ => format!("{} waiting for the engine", header::spinner(app)),
    };
    placeholder(&text, area, theme, buf);
}

fn text(app: &App, record: &Record, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let lines = flow::flow(record, app.decode.ghosts, usize::from(area.width));
    let (top, _) = top_line(app, &lines, usize::from(area.height));
    let look = Look {
        step: app.step_index(),
        cell: app.selected_cell(),
        matches: app.matches(),
    };
    let shown = lines.iter().skip(top).take(usize::from(area.height));
    for (row, line) in shown.enumerate() {
        for piece in line {
            let at = (area.x + piece.x as u16, area.y + row as u16);
            let style = style(record, piece, &look, theme);
            draw_piece(record.piece(piece), piece.width, at, style, buf);
        }
    }
    if app.decode.phase().is_some() {
        caret(lines.get(top..).unwrap_or_default(), theme, area, buf);
    }
    if lines.len() > top + usize::from(area.height) {
        more_beside(area, theme, buf);
    }
}

/// Where the text goes on, after the lines that are shown.
fn caret(shown: &[lines::Line], theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (Some(row), Some(line)) = (shown.len().checked_sub(1), shown.last()) else {
        return;
    };
    let x = line.last().map_or(0, |piece| piece.x + piece.width);
    let last = usize::from(area.width.saturating_sub(1));
    if row < usize::from(area.height) && x <= last {
        buf.set_string(area.x + x as u16, area.y + row as u16, "▏", theme.accent());
    }
}

/// A token's leading spaces carry its background, but no line.
fn draw_piece(text: &str, width: usize, (x, y): (u16, u16), style: Style, buf: &mut Buffer) {
    let word = text.trim_start_matches(' ');
    let n_spaces = text.len() - word.len();
    let bare = style.remove_modifier(Modifier::UNDERLINED | Modifier::CROSSED_OUT);
    buf.set_stringn(x, y, text, n_spaces, bare);
    buf.set_stringn(x + n_spaces as u16, y, word, width - n_spaces, style);
}

/// What of the text stands out.
struct Look {
    step: Option<usize>,
    cell: Option<usize>,
    /// Cells of what is searched.
    matches: Vec<Range<usize>>,
}

impl Look {
    fn is_match(&self, cell: usize) -> bool {
        let after = self.matches.partition_point(|m| m.end <= cell);
        self.matches.get(after).is_some_and(|m| m.contains(&cell))
    }
}

fn style(record: &Record, piece: &Piece, look: &Look, theme: &Theme) -> Style {
    let (style, step) = match piece.from {
        From::Ghost(step) => {
            let mark = record.ghosts[step].as_ref().map(|g| g.mark);
            (mark.map_or(theme.dim(), |m| theme.token(m)), Some(step))
        }
        From::Cell(cell) => match record.cells[cell].place {
            TokenPlace::Opening => (theme.opening(), None),
            TokenPlace::Step { step, mark, .. } => (theme.token(mark), Some(step)),
        },
    };
    let emphasis = match piece.from {
        From::Cell(cell) if Some(cell) == look.cell => Emphasis::Selected,
        _ if step.is_some() && step == look.step => Emphasis::Step,
        _ => Emphasis::None,
    };
    let style = style.patch(theme.emphasis(emphasis));
    match piece.from {
        From::Cell(cell) if look.is_match(cell) => style.patch(theme.found()),
        _ => style,
    }
}

/// The inside of a pane of Decode, if it is shown.
pub fn pane_inner(app: &App, pane: Pane) -> Option<Rect> {
    let body = layout::shell(app, layout::whole(app)).body;
    let panes = crate::tui::screens::decode::layout::panes(&app.decode, app.look.panes, body);
    let found = panes.into_iter().find(|(p, _)| *p == pane);
    found.map(|(_, rect)| pane::inner(rect))
}

/// Columns the running text is wrapped to.
pub(crate) fn text_width(app: &App) -> usize {
    pane_inner(app, Pane::Text).map_or(1, |r| usize::from(r.width))
}

/// First line of the text that is shown, and the last one that can be first.
pub fn text_scroll(app: &App) -> (usize, usize) {
    let (Some(area), Some(record)) = (pane_inner(app, Pane::Text), app.known()) else {
        return (0, 0);
    };
    let lines = flow::flow(&record, app.decode.ghosts, usize::from(area.width));
    top_line(app, &lines, usize::from(area.height))
}

/// As [`text_scroll`], of a text that is laid out already.
pub(crate) fn top_line(app: &App, lines: &[lines::Line], height: usize) -> (usize, usize) {
    let last = lines.len().saturating_sub(height);
    let wanted = match (app.decode.text_top, app.selected_cell()) {
        (Some(top), _) => top,
        (None, Some(cell)) => lines::line_of(lines, cell).saturating_sub(height * 2 / 3),
        (None, None) => last,
    };
    (wanted.min(last), last)
}
