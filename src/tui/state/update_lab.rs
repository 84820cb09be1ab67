//! The Pool screen's actions.

use super::app::{App, Screen};
use crate::tui::action::Action;
use crate::worker::message::Command;

impl App {
    pub(super) fn update_lab(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Close => self.screen = Screen::Catalog,
            Action::First => self.lab.select_pool(0),
            other => return self.update_model(&other),
        }
        Vec::new()
    }
}
