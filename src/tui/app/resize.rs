//! The borders between panes, moved by keys and by the mouse.

use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::screens::catalog::tab::Front;
use crate::tui::screens::decode::state::Pane;
use crate::tui::screens::{Screen, catalog, decode};
use crate::tui::target::Splitter;

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
        self.keep_in_bounds();
    }

    /// Moves the border that the mouse holds to where the mouse is.
    pub(crate) fn drag(&mut self, x: u16, y: u16) {
        let (body, panes) = (self.look.measured.body, self.look.panes);
        let by = |to: u16, from: u16| i32::from(to) - i32::from(from);
        let moved = |size: i16, by: i32| i16::try_from(i32::from(size) + by).unwrap_or(size);
        match self.look.dragged {
            Some(Splitter::List) => {
                let list = match self.catalog.front {
                    Front::Board => catalog::layout::board_places(body, panes).0,
                    Front::Subjects => catalog::layout::places(body, panes).0,
                };
                self.look.panes.list = moved(panes.list, by(x + 1, list.right()));
            }
            Some(Splitter::Left) => {
                let shown = decode::layout::panes(&self.decode, panes, body);
                let text = shown.iter().find(|(pane, _)| *pane == Pane::Text);
                let right = text.map_or(x + 1, |(_, rect)| rect.right());
                self.look.panes.left = moved(panes.left, by(x + 1, right));
            }
            Some(Splitter::Lower) => {
                let shown = decode::layout::panes(&self.decode, panes, body);
                let lower = shown.iter().find(|(pane, _)| pane.is_lower());
                let top = lower.map_or(y, |(_, rect)| rect.y);
                self.look.panes.lower = moved(panes.lower, by(top, y));
            }
            None => return,
        }
        self.keep_in_bounds();
    }

    fn keep_in_bounds(&mut self) {
        let body = self.look.measured.body;
        let panes = decode::layout::effect(body, self.look.panes);
        self.look.panes = catalog::layout::effect(body, panes);
    }
}
