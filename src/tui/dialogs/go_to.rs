//! The number of a step.

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

#[derive(Debug, Default)]
pub(crate) struct GoTo {
    pub(crate) input: Input,
}

impl Dialog for GoTo {
    fn context(&self) -> Context {
        Context::Typing
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => Vec::new(),
            Action::Submit => {
                app.go_to_number(self.input.value());
                Vec::new()
            }
            other => {
                edit(&mut self.input, other);
                app.keep(self);
                Vec::new()
            }
        }
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let n_steps = app.record().map_or(0, |r| r.n_steps());
        number(
            "GO TO STEP",
            format!("1 to {n_steps}: "),
            &self.input,
            theme,
            area,
            buf,
        );
    }
}
