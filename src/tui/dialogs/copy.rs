//! What could be copied, with the beginning of each.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit, pad, show};
use crate::protocol::Command;
use crate::tui::action::{Action, Copied};
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::widgets::list::{chosen, lit, row_at};
use crate::tui::widgets::pane;

const WIDTH: u16 = 76;
const NAME: usize = 14;

#[derive(Debug)]
pub(crate) struct CopyMenu {
    pub(crate) row: usize,
}

impl Dialog for CopyMenu {
    fn context(&self) -> Context {
        Context::Copy
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => {}
            Action::Submit => app.copy(Copied::ALL[self.row]),
            other => {
                self.row = chosen(self.row, other, Copied::ALL.len() - 1);
                app.keep(self);
            }
        }
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let inner = pane::dialog("COPY", place(area), theme, buf);
        let rows = Copied::ALL.map(|what| line(app, what, usize::from(inner.width), theme));
        lit(rows, Some(self.row), theme, inner, buf);
    }

    fn line_at(&self, _app: &App, area: Rect, at: Position) -> Option<usize> {
        row_at(pane::inner(place(area)), 0, Copied::ALL.len(), at)
    }
}

fn place(area: Rect) -> Rect {
    let height = Copied::ALL.len() as u16 + 2;
    pane::centred(area, WIDTH.min(area.width - 4), height)
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
