//! Selecting tokens on the Decode screen: by keys, clicks and the wheel.

use crate::present::record::TokenPlace;
use crate::present::selection::TreeSelection;
use crate::present::{flow, lines};
use crate::protocol::Command;
use crate::tui::app::shared::Measured;
use crate::tui::app::{App, Tone};
use crate::tui::screens::decode::state::{Cursor, Pane};
use crate::tui::target::Target;

impl App {
    /// Another token: a line of the tree, or of the text when that has the focus.
    pub(crate) fn move_selection(&mut self, delta: i64) {
        if self.decode.pane == Pane::Text {
            return self.move_line(delta);
        }
        let (Some(step), Some(selection)) = (self.step(), self.selection()) else {
            return;
        };
        let lines = self.shown_lines(step);
        let at = lines
            .iter()
            .position(|l| l.selection == selection)
            .unwrap_or(0);
        let to = (at as i64 + delta).clamp(0, lines.len() as i64 - 1) as usize;
        self.select_in_step(lines[to].selection);
    }

    /// The selection is of one step, which must stay in view while others come.
    pub(crate) fn select_in_step(&mut self, selection: TreeSelection) {
        if let Some(step) = self.step_index() {
            let phase = self.decode.phase();
            self.decode.cursor = Cursor::At { step, phase };
            self.decode.selection = Some(selection);
        }
    }

    /// The token above or below in the running text.
    fn move_line(&mut self, delta: i64) {
        let Some(record) = self.known() else { return };
        let Some(cell) = self.selected_cell().or(record.cells.len().checked_sub(1)) else {
            return;
        };
        let width = self.look.measured.text_width;
        let lines = flow::flow(&record, self.decode.ghosts, width);
        if let Some(cell) = lines::neighbour(&lines, cell, delta)
            && let TokenPlace::Step {
                step, selection, ..
            } = record.cells[cell].place
        {
            drop(record);
            self.decode.go_to(Cursor::at(step));
            self.decode.selection = Some(selection);
        }
    }

    /// The text's token that is selected, else the step's first; `None`: the step has not
    /// committed one yet where we look.
    pub fn selected_cell(&self) -> Option<usize> {
        let (record, index, wanted) = (self.known()?, self.step_index()?, self.selection()?);
        let cells = record.step_cells[index]..*record.step_cells.get(index + 1)?;
        let is_it = |&i: &usize| matches!(record.cells[i].place, TokenPlace::Step { selection, .. } if selection == wanted);
        cells.clone().find(is_it).or(cells.into_iter().next())
    }

    /// Shows the first document that the selected draft was found in.
    pub(crate) fn open_origin(&mut self) -> Vec<Command> {
        let place = match (self.step(), self.selection()) {
            (Some(step), Some(TreeSelection::Draft(node))) => {
                let origins = &step.tree.nodes[node].origins;
                origins.iter().flat_map(|o| &o.docs).next().cloned()
            }
            _ => None,
        };
        match place {
            Some(place) => self.open_document(&place.doc, Some(place.at as usize)),
            None => {
                let text = "No document: select a draft that came from a pool.";
                self.tell(Tone::Info, text);
                Vec::new()
            }
        }
    }

    pub(crate) fn click(&mut self, target: Target) {
        match target {
            Target::Pane(pane) => self.decode.focus(pane),
            Target::Step(step) => {
                self.decode.focus(Pane::Steps);
                self.decode.go_to(Cursor::at(step));
            }
            Target::Node(selection) => {
                self.decode.focus(Pane::Tree);
                self.select_in_step(selection);
            }
            Target::Token { step, selection } => {
                self.decode.focus(Pane::Text);
                let top = self.decode.text_top;
                self.decode.go_to(Cursor::at(step));
                self.decode.selection = Some(selection);
                self.decode.text_top = top;
            }
            _ => {}
        }
    }

    pub(crate) fn wheel(&mut self, target: Target, delta: i32) {
        match target {
            Target::Token { .. } | Target::Pane(Pane::Text) => self.scroll_text(i64::from(delta)),
            Target::Node(_) | Target::Pane(Pane::Tree) => {
                self.decode.focus(Pane::Tree);
                self.move_selection(i64::from(delta));
            }
            Target::Step(_) | Target::Pane(Pane::Steps) => self.move_steps(i64::from(delta)),
            _ => {}
        }
    }

    fn scroll_text(&mut self, delta: i64) {
        let Measured { top, last, .. } = self.look.measured;
        self.decode.text_top = Some((top as i64 + delta).clamp(0, last as i64) as usize);
    }
}
