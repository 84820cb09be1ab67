//! The number that a lesson's task asks for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;

use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::widgets::field::{edit, number};

/// The dialog that asks for a lesson's number.
#[derive(Debug, Default)]
pub struct AnswerDialog {
    pub(crate) input: Input,
}

impl Dialog for AnswerDialog {
    fn context(&self) -> Context {
        Context::Typing
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => Vec::new(),
            Action::Submit => {
                app.answer(self.input.value());
                Vec::new()
            }
            other => {
                edit(&mut self.input, other);
                app.keep(self);
                Vec::new()
            }
        }
    }

    fn render(&self, _app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        number(
            "YOUR ANSWER",
            "a number: ".into(),
            &self.input,
            theme,
            area,
            buf,
        );
    }
}
