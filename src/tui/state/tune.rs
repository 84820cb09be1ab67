//! How the Tune screen is looked at: the parameters that are moved, and what a sweep has found.

use super::app::{App, Screen};
use crate::tui::action::Action;
use crate::worker::message::Command;

#[derive(Clone, Debug, Default)]
pub struct Tune {}

impl App {
    pub(super) fn update_tune(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Close => self.screen = Screen::Catalog,
            other => return self.update_model(&other),
        }
        Vec::new()
    }
}
