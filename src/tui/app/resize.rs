//! The borders between panes, moved by keys.

use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::screens::{Screen, catalog, decode};

/// A press moves an upright border by this.
const COLUMNS: i16 = 2;

impl App {
    pub(crate) fn resize_panes(&mut self, action: &Action) {
        let width = match self.screen {
            Screen::Catalog => &mut self.look.panes.list,
            _ => &mut self.look.panes.left,
        };
        match action {
            Action::Narrower => *width = width.saturating_sub(COLUMNS),
            Action::Wider => *width = width.saturating_add(COLUMNS),
            Action::Taller => self.look.panes.lower = self.look.panes.lower.saturating_add(1),
            _ => self.look.panes.lower = self.look.panes.lower.saturating_sub(1),
        }
        let body = self.look.measured.body;
        let panes = decode::layout::effect(body, self.look.panes);
        self.look.panes = catalog::layout::effect(body, panes);
    }
}
