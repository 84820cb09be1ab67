//! Walking a step phase by phase: retrieve, draft, verify, commit. Each shows
//! what was known by then.

use crate::present::selection::TreeSelection;
use crate::present::tree_lines::{TreeLine, tree_lines};
use crate::protocol::Command;
use crate::speculate::trace::Step;
use crate::tui::app::App;
use crate::tui::runs::run;
use crate::tui::screens::decode::state::{Cursor, StepPhase};

impl App {
    /// The next phase; after the last one the next step's first. At the end of a
    /// paused run this makes a step.
    pub(crate) fn next_phase(&mut self) -> Vec<Command> {
        let (Some(step), n_steps) = (self.step_index(), self.n_steps()) else {
            return Vec::new();
        };
        let phase = match self.decode.phase() {
            None => Some(StepPhase::Retrieve),
            Some(here) => here.next(),
        };
        if phase.is_some() {
            self.show_phase(step, phase);
            return Vec::new();
        }
        let paused = self.run().is_some_and(|r| r.phase == run::Phase::Paused);
        let mut commands = Vec::new();
        if step + 1 >= n_steps {
            if !paused {
                return commands;
            }
            commands = self.single_step();
        }
        self.show_phase(step + 1, Some(StepPhase::Retrieve));
        commands
    }

    /// The phase before; from a step's first one the last of the step before.
    pub(crate) fn previous_phase(&mut self) {
        let Some(step) = self.step_index() else {
            return;
        };
        let (step, phase) = match self.decode.phase() {
            None => (step, StepPhase::Commit),
            Some(here) => match (here.previous(), step.checked_sub(1)) {
                (Some(phase), _) => (step, phase),
                (None, Some(before)) => (before, StepPhase::Commit),
                (None, None) => return,
            },
        };
        self.show_phase(step, Some(phase));
    }

    /// A token selected stays selected within its step, where it is there yet.
    fn show_phase(&mut self, step: usize, phase: Option<StepPhase>) {
        let selection = self
            .decode
            .selection
            .filter(|_| self.step_index() == Some(step));
        self.decode.go_to(Cursor::At { step, phase });
        self.decode.selection = selection;
    }

    pub(crate) fn n_steps(&self) -> usize {
        self.record().map_or(0, |r| r.n_steps())
    }

    /// The lines of a step's tree that can be seen in the phase looked at.
    pub(crate) fn shown_lines(&self, step: &Step) -> Vec<TreeLine> {
        let mut lines = tree_lines(step);
        lines.retain(|line| self.is_shown(line.selection));
        lines
    }

    /// Whether something of a step's tree can be seen in the phase looked at.
    pub(crate) fn is_shown(&self, selection: TreeSelection) -> bool {
        match selection {
            TreeSelection::Root => true,
            TreeSelection::Draft(_) => self.decode.knows(StepPhase::Draft),
            TreeSelection::Bonus => self.decode.knows(StepPhase::Verify),
        }
    }

    /// How much of the text is shown: all of it, or as far as it went in the
    /// phase looked at.
    pub fn n_cells_shown(&self) -> usize {
        let (Some(record), Some(step)) = (self.record(), self.step_index()) else {
            return 0;
        };
        match self.decode.phase() {
            None => record.cells.len(),
            Some(StepPhase::Commit) => record.step_cells[step + 1],
            Some(_) => record.step_cells[step],
        }
    }
}
