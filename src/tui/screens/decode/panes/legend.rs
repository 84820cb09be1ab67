//! What the words of a zoomed pane mean, in the rows that its figures leave free.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget};

use crate::glossary::{self, Term};
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit, pad};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::decode::state::{Pane, Zoom};
use crate::tui::widgets::pane;

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
    let height = (terms.len() as u16 + 1).min(free - 1);
    let area = pane::below(area, area.height - height);
    let n_shown = usize::from(height - 1).min(terms.len());
    let head = match terms.len() - n_shown {
        0 => format!("{key} explains more"),
        n => format!("{key} explains more, and {n} other terms"),
    };
    let mut text = Text::styled(head, theme.dim());
    let shown = &terms[..n_shown];
    let names = shown.iter().map(|t| columns(&t.name)).max().unwrap_or(0);
    let width = usize::from(area.width);
    text.extend(shown.iter().map(|term| line(term, names, width, theme)));
    Paragraph::new(text).render(area, buf);
}

/// Rows at the bottom in which nothing is drawn.
fn free_rows(area: Rect, buf: &Buffer) -> u16 {
    let is_blank = |y: &u16| (area.left()..area.right()).all(|x| buf[(x, *y)].symbol() == " ");
    let rows = (area.top()..area.bottom()).rev();
    rows.take_while(is_blank).count() as u16
}

fn line(term: &Term, names: usize, width: usize, theme: &Theme) -> Line<'static> {
    let name = pad(&term.name, names);
    let room = width.saturating_sub(names + 2);
    Line::from(vec![
        Span::styled(name, theme.accent()),
        Span::styled(format!("  {}", fit(&term.short, room)), theme.text()),
    ])
}
