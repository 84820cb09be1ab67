//! The palette: a line to type in, and below it what fits.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use tui_input::Input;

use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit, pad};
use crate::tui::app::App;
use crate::tui::dialogs::commands::Offer;
use crate::tui::dialogs::view::push_input;
use crate::tui::widgets::pane;

const WIDTH: u16 = 84;
const ROWS: u16 = 14;
const NAME: usize = 22;
const KEYS: usize = 12;

pub fn render(app: &App, input: &Input, row: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let height = (ROWS + 4).min(area.height.saturating_sub(4));
    let rect = pane::centred(area, WIDTH.min(area.width - 4), height);
    let inner = pane::dialog("PALETTE", rect, theme, buf);
    let mut typed = Line::from(Span::styled(": ", theme.accent()));
    if input.value().is_empty() {
        let hint = "  a name, a key, what it does; a step's number; a condition";
        push_input(&mut typed, "", 0, theme);
        typed.push_span(Span::styled(hint, theme.dim()));
    } else {
        push_input(&mut typed, input.value(), input.visual_cursor(), theme);
    }
    pane::put(buf, inner, 0, &typed);
    let list = Rect {
        y: inner.y + 2,
        height: inner.height.saturating_sub(2),
        ..inner
    };
    let offers = app.offers(input.value());
    if offers.is_empty() {
        return pane::put(buf, list, 0, &Line::styled("Nothing fits.", theme.dim()));
    }
    let rows = usize::from(list.height);
    let first = (row + 1).saturating_sub(rows);
    for (i, offer) in offers.iter().enumerate().skip(first).take(rows) {
        let at = (i - first) as u16;
        let line = line(app, offer, usize::from(list.width), theme);
        pane::put(buf, list, at, &line);
        if i == row {
            pane::light(list, at, theme, buf);
        }
    }
}

fn line(app: &App, offer: &Offer<'_>, width: usize, theme: &Theme) -> Line<'static> {
    let (keys, name, help) = match offer {
        Offer::Act(binding) => (
            app.keys.names(binding),
            binding.action.name(),
            binding.help.to_string(),
        ),
        Offer::GoTo(n) => (String::new(), format!("step {n}"), "go there".into()),
        Offer::Find(_) => {
            let help = "the next step that matches this condition";
            (String::new(), "find".into(), help.into())
        }
    };
    let (keys, name) = (pad(&keys, KEYS), pad(&name, NAME));
    let room = width.saturating_sub(columns(&keys) + columns(&name) + 2);
    Line::from(vec![
        Span::styled(format!("{keys} "), theme.accent()),
        Span::styled(format!("{name} "), theme.strong()),
        Span::styled(fit(&help, room), theme.text()),
    ])
}
