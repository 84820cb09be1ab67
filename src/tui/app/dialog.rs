//! Dialogs: they are drawn over the screens and take the keys.

use std::any::Any;
use std::fmt::Debug;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::App;
use crate::glossary::GlossaryPlace;
use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::keys::context::Context;

/// A dialog: its own state, its keys, what they do, and its look.
pub trait Dialog: Any + Debug {
    /// The context whose keys apply.
    fn context(&self) -> Context;

    /// Where its words stand in the glossary; `None`: with the screen's.
    fn place(&self) -> Option<GlossaryPlace> {
        None
    }

    /// Handles an action. The dialog is closed by then; to stay open, it puts itself back.
    fn update(self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command>;

    /// Draws it over `area`, the whole screen.
    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer);

    /// Which of its lines is at a position.
    fn line_at(&self, _app: &App, _area: Rect, _at: Position) -> Option<usize> {
        None
    }

    /// Whether it only waits for a model that may come by itself.
    fn waits_for_model(&self) -> bool {
        false
    }
}

impl App {
    /// Lays a dialog over the screen, in the place of the one that is there.
    pub(crate) fn ask(&mut self, dialog: impl Dialog) {
        self.dialog = Some(Box::new(dialog));
    }

    /// A dialog stays.
    pub(crate) fn keep(&mut self, dialog: Box<impl Dialog>) {
        self.dialog = Some(dialog);
    }

    /// The open dialog, if it is of this kind.
    pub fn dialog_of<D: Dialog>(&self) -> Option<&D> {
        let dialog: &dyn Any = self.dialog.as_deref()?;
        dialog.downcast_ref()
    }

    pub(super) fn update_dialog(&mut self, action: &Action) -> Vec<Command> {
        match self.dialog.take() {
            Some(dialog) => dialog.update(self, action),
            None => Vec::new(),
        }
    }
}
