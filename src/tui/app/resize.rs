//! The borders between panes, moved by keys and by the mouse.

use ratatui::layout::Rect;

use crate::tui::action::Action;
use crate::tui::app::{App, Tone};
use crate::tui::remembered::Shift;
use crate::tui::screens::{Screen, batch, catalog, compare, decode, pool, tune};
use crate::tui::shell::layout;
use crate::tui::widgets::border::{Border, BorderKeys, Splitter};

/// A press moves an upright border by this.
const COLUMNS: i32 = 2;

impl App {
    /// The borders that can be moved on the screen in front.
    pub fn borders(&self) -> Vec<Border> {
        let body = layout::shell(self, layout::whole(self)).body;
        self.borders_with(self.look.panes, body)
    }

    fn borders_with(&self, panes: Shift, body: Rect) -> Vec<Border> {
        match self.screen {
            Screen::Catalog => catalog::layout::borders(self.catalog.front, panes, body),
            Screen::Decode => decode::layout::borders(&self.decode, panes, body),
            Screen::Tune => tune::layout::borders(&self.tune, panes, body),
            Screen::Compare => compare::layout::borders(self, panes, body),
            Screen::Pool => pool::layout::borders(self.pool.zoom, panes, body),
            Screen::Batch => batch::layout::borders(&self.batch, panes, body),
            Screen::Learn => Vec::new(),
        }
    }

    /// Wider is to the right, and taller is up, since that key is for lower panes.
    pub(crate) fn resize_panes(&mut self, action: &Action) {
        let (keys, sign) = match action {
            Action::Narrower => (BorderKeys::Width, -1),
            Action::Wider => (BorderKeys::Width, 1),
            Action::Taller => (BorderKeys::Height, -1),
            _ => (BorderKeys::Height, 1),
        };
        let Some(border) = self.borders().into_iter().find(|b| b.keys == keys) else {
            return self.tell(Tone::Info, "There is no such border here to move.");
        };
        let by = match border.is_upright() {
            true => COLUMNS,
            false => 1,
        };
        self.move_border(&border, sign * by);
    }

    /// Moves the border that the mouse holds to where the mouse is.
    pub(crate) fn drag(&mut self, x: u16, y: u16) {
        let held = self.look.dragged;
        let Some(border) = self
            .borders()
            .into_iter()
            .find(|b| Some(b.splitter) == held)
        else {
            return;
        };
        let to = match border.is_upright() {
            true => x,
            false => y,
        };
        self.move_border(&border, i32::from(to) - i32::from(border.position()));
    }

    /// Moves a border to the right or down, from where it is to where it can be: no key
    /// press is lost at an end.
    fn move_border(&mut self, border: &Border, by: i32) {
        let splitter = border.splitter;
        let mut panes = self.look.panes;
        let from = i32::from(self.effect(splitter, panes));
        let wanted = from + by * splitter.grows();
        *panes.at(splitter) = wanted.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        *panes.at(splitter) = self.effect(splitter, panes);
        self.look.panes = panes;
    }

    /// How far a border is from where it would be by itself.
    fn effect(&self, splitter: Splitter, panes: Shift) -> i16 {
        let body = layout::shell(self, layout::whole(self)).body;
        let position = |panes| {
            let mut borders = self.borders_with(panes, body).into_iter();
            borders
                .find(|b| b.splitter == splitter)
                .map(|b| b.position())
        };
        let mut unmoved = panes;
        *unmoved.at(splitter) = 0;
        match (position(panes), position(unmoved)) {
            (Some(at), Some(by_itself)) => {
                let by = i32::from(at) - i32::from(by_itself);
                (by * splitter.grows()) as i16
            }
            _ => panes.of(splitter),
        }
    }
}
