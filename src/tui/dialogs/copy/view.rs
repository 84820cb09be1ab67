//! What could be copied, with the beginning of each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit, pad, show};
use crate::tui::action::{Action, Copied};
use crate::tui::app::App;
use crate::tui::keys::table::Context;
use crate::tui::widgets::pane;

const WIDTH: u16 = 76;
const NAME: usize = 14;

pub fn place(area: Rect) -> Rect {
    let height = Copied::ALL.len() as u16 + 2;
    pane::centred(area, WIDTH.min(area.width - 4), height)
}

pub fn render(app: &App, row: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let inner = pane::dialog("COPY", place(area), theme, buf);
    for (i, what) in Copied::ALL.into_iter().enumerate() {
        let line = line(app, what, usize::from(inner.width), theme);
        pane::put(buf, inner, i as u16, &line);
        if i == row {
            pane::light(inner, i as u16, theme, buf);
        }
    }
}

fn line(app: &App, what: Copied, width: usize, theme: &Theme) -> Line<'static> {
    let key = pad(&app.key_of(Context::Copy, Action::Copy(what)), 2);
    let name = pad(what.name(), NAME);
    let room = width.saturating_sub(columns(&key) + columns(&name) + 2);
    let sample = match app.to_copy(what) {
        Some(text) => {
            let beginning: String = text.chars().take(room + 1).collect();
            Span::styled(fit(&show(beginning.as_bytes()).text, room), theme.text())
        }
        None => Span::styled("—", theme.dim()),
    };
    Line::from(vec![
        Span::styled(format!("{key} "), theme.accent()),
        Span::styled(format!("{name} "), theme.strong()),
        sample,
    ])
}
