//! How the Pool screen is looked at: the pools, and what is searched in them.

use super::app::{App, Screen};
use crate::tui::action::Action;
use crate::worker::message::Command;

#[derive(Clone, Debug, Default)]
pub struct Lab {}

impl App {
    pub(super) fn update_lab(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Close => self.screen = Screen::Catalog,
            other => return self.update_model(&other),
        }
        Vec::new()
    }
}
