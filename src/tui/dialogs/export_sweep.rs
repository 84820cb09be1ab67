//! The forms that a sweep's report can be written in.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::present::sweep_report::SweepForm;
use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::dialog::Dialog;
use crate::tui::app::{App, Effect};
use crate::tui::keys::context::Context;
use crate::tui::widgets::list::{chosen, lit, row_at};
use crate::tui::widgets::pane;

const WIDTH: u16 = 74;

#[derive(Debug, Default)]
pub(crate) struct ExportSweepMenu {
    row: usize,
}

impl Dialog for ExportSweepMenu {
    fn context(&self) -> Context {
        Context::Export
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => {}
            Action::Submit => app
                .effects
                .push(Effect::ExportSweep(SweepForm::ALL[self.row])),
            other => {
                self.row = chosen(self.row, other, SweepForm::ALL.len() - 1);
                app.keep(self);
            }
        }
        Vec::new()
    }

    fn render(&self, _app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let inner = pane::dialog("EXPORT THE SWEEP", place(area), theme, buf);
        let rows = SweepForm::ALL.map(|form| {
            Line::from(vec![
                Span::styled(format!("{:<6}", form.ending()), theme.strong()),
                Span::styled(form.about(), theme.text()),
            ])
        });
        lit(rows, Some(self.row), theme, inner, buf);
    }

    fn line_at(&self, _app: &App, area: Rect, at: Position) -> Option<usize> {
        row_at(pane::inner(place(area)), 0, SweepForm::ALL.len(), at)
    }
}

fn place(area: Rect) -> Rect {
    pane::centred(area, WIDTH, SweepForm::ALL.len() as u16 + 2)
}
