//! The lessons, and how far the learner has come.

use super::app::{App, Screen};
use crate::tui::action::Action;
use crate::worker::message::Command;

#[derive(Clone, Debug, Default)]
pub struct Learn {}

impl App {
    pub(super) fn update_learn(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Close => self.screen = Screen::Catalog,
            other => return self.update_model(&other),
        }
        Vec::new()
    }
}
