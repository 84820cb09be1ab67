//! What the words of a zoomed pane mean, in the rows that its figures leave free.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget};

use crate::glossary::{self, Term};
use crate::present::theme::Theme;
use crate::present::token_text::{columns, pad};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::decode::state::{Pane, Zoom};
use crate::tui::widgets::pane;
use crate::tui::widgets::paragraph::wrap;

/// With fewer free rows than this there is no legend.
const LEAST_ROWS: u16 = 4;
/// What the pool's chart has at least, and what it grows to beside a legend.
const CHART_ROWS: (u16, u16) = (8, 14);

/// The rows that a pane may fill: a chart leaves some to the legend.
pub(crate) fn room(app: &App, pane: Pane, area: Rect) -> Rect {
    if pane != Pane::Pool || app.decode.zoom == Zoom::All {
        return area;
    }
    let words = glossary::of(pane.place()).count() as u16 + 2;
    let (least, most) = CHART_ROWS;
    let height = area.height.saturating_sub(words).clamp(least, most);
    Rect {
        height: height.min(area.height),
        ..area
    }
}

/// Below what was drawn in a zoomed pane; panes with others beside them have none.
pub(crate) fn render(app: &App, pane: Pane, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let free = free_rows(area, buf);
    if app.decode.zoom == Zoom::All || !pane.is_lower() || free < LEAST_ROWS {
        return;
    }
    let terms: Vec<&Term> = glossary::of(pane.place()).collect();
    let key = app.key_of(Context::Anywhere, Action::Help);
    let names = terms.iter().map(|t| columns(&t.name)).max().unwrap_or(0);
    let width = usize::from(area.width);
    let explained: Vec<_> = terms
        .iter()
        .map(|term| lines(term, names, width, theme))
        .collect();
    let shown = shown(&explained, usize::from(free - 2));
    let head = match terms.len() - shown.len() {
        0 => format!("{key} explains more"),
        n => format!("{key} explains more, and {n} other terms"),
    };
    let mut text = Text::styled(head, theme.dim());
    text.extend(shown.iter().flatten().cloned());
    let height = text.height() as u16;
    Paragraph::new(text).render(pane::below(area, area.height - height), buf);
}

/// As many of the terms as the rows hold whole.
fn shown<'a>(explained: &'a [Vec<Line<'static>>], rows: usize) -> &'a [Vec<Line<'static>>] {
    let mut used = 0;
    let fitting = explained.iter().take_while(|lines| {
        used += lines.len();
        used <= rows
    });
    &explained[..fitting.count()]
}

/// Rows at the bottom in which nothing is drawn.
fn free_rows(area: Rect, buf: &Buffer) -> u16 {
    let is_blank = |y: &u16| (area.left()..area.right()).all(|x| buf[(x, *y)].symbol() == " ");
    let rows = (area.top()..area.bottom()).rev();
    rows.take_while(is_blank).count() as u16
}

/// A term, and what it means beside it.
fn lines(term: &Term, names: usize, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut name = term.name.as_str();
    let texts = wrap(&term.short, width.saturating_sub(names + 2)).into_iter();
    let line = |text: String| {
        let name = pad(std::mem::take(&mut name), names);
        Line::from(vec![
            Span::styled(name, theme.accent()),
            Span::styled(format!("  {text}"), theme.text()),
        ])
    };
    texts.map(line).collect()
}
