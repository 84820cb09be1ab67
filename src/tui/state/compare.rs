//! How the Compare screen is looked at: which two runs.

use super::app::{App, Screen};
use crate::tui::action::Action;
use crate::worker::message::Command;

#[derive(Clone, Debug, Default)]
pub struct Compare {}

impl App {
    pub(super) fn update_compare(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Close => self.screen = Screen::Catalog,
            other => return self.update_model(&other),
        }
        Vec::new()
    }
}
