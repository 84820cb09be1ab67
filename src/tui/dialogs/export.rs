//! The forms a run can be exported in.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::present::format::Format;
use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::widgets::list::{chosen, lit, row_at};
use crate::tui::widgets::pane;

const WIDTH: u16 = 68;

#[derive(Debug)]
pub(crate) struct ExportMenu {
    pub(crate) row: usize,
}

impl Dialog for ExportMenu {
    fn context(&self) -> Context {
        Context::Export
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => {}
            Action::Submit => app.export(Format::ALL[self.row]),
            other => {
                self.row = chosen(self.row, other, Format::ALL.len() - 1);
                app.keep(self);
            }
        }
        Vec::new()
    }

    fn render(&self, _app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let inner = pane::dialog("EXPORT THE RUN", place(area), theme, buf);
        let rows = Format::ALL.map(|format| {
            Line::from(vec![
                Span::styled(format!("{:<6}", format.name()), theme.strong()),
                Span::styled(format.about(), theme.text()),
            ])
        });
        lit(rows, Some(self.row), theme, inner, buf);
    }

    fn line_at(&self, _app: &App, area: Rect, at: Position) -> Option<usize> {
        row_at(pane::inner(place(area)), 0, Format::ALL.len(), at)
    }
}

fn place(area: Rect) -> Rect {
    pane::centred(area, WIDTH, Format::ALL.len() as u16 + 2)
}
