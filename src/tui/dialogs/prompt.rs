//! A custom prompt.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;

use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::widgets::field::{self, edit};

#[derive(Debug, Default)]
pub(crate) struct PromptField {
    pub(crate) input: Input,
}

impl Dialog for PromptField {
    fn context(&self) -> Context {
        Context::Typing
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => Vec::new(),
            Action::Submit => app.generate_own(self.input.value()),
            other => {
                edit(&mut self.input, other);
                app.keep(self);
                Vec::new()
            }
        }
    }

    fn render(&self, _app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let note = "The model answers it; drafts come from all pools and from the text itself.";
        field::dialog("CUSTOM PROMPT", note, &self.input, theme, area, buf);
    }
}
