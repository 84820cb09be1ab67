//! Walking a step phase by phase: retrieve, draft, verify, commit. Each shows
//! what was known by then.

use crate::present::known_record::KnownRecord;
use crate::present::record::Record;
use crate::present::selection::{TreeSelection, first_look};
use crate::present::step_phase::StepPhase;
use crate::present::tree_lines::{TreeLine, draft_lines, tree_lines};
use crate::protocol::Command;
use crate::speculate::trace::Step;
use crate::tui::app::App;
use crate::tui::runs::run::{self, Run};
use crate::tui::screens::decode::state::Cursor;

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

    /// How many of a run's steps are known where we look: while a step is walked, it counts
    /// from its commit on, and no later one does.
    fn n_known(&self, record: &Record) -> usize {
        match (
            self.decode.phase(),
            self.decode.step_index(record.n_steps()),
        ) {
            (None, _) | (_, None) => record.n_steps(),
            (Some(StepPhase::Commit), Some(step)) => step + 1,
            (Some(_), Some(step)) => step,
        }
    }

    /// The run as far as it is known where we look; views of a step that is walked show
    /// nothing else of it.
    pub(crate) fn known(&self) -> Option<KnownRecord<'_>> {
        let record = self.record()?;
        Some(match self.decode.phase() {
            None => {
                record.forget_past();
                KnownRecord::Whole(record)
            }
            Some(_) => KnownRecord::Past(record.after(self.n_known(record))),
        })
    }

    /// The run with what it was measured against, which is of the whole run; `None` while a
    /// step is walked.
    pub(crate) fn measured_run(&self) -> Option<&Run> {
        self.run().filter(|_| self.decode.phase().is_none())
    }

    /// The step looked at, or while its outcome is not known, the one before.
    pub(crate) fn known_step(&self) -> Option<&Step> {
        let record = self.record()?;
        let last = self.n_known(record).checked_sub(1)?;
        record.step(self.step_index()?.min(last))
    }

    /// The lines of a step's tree that can be seen in the phase looked at; the committed
    /// path comes first once it is known.
    pub(crate) fn shown_lines(&self, step: &Step) -> Vec<TreeLine> {
        let mut lines = match self.decode.knows(StepPhase::Verify) {
            true => tree_lines(step),
            false => draft_lines(&step.tree),
        };
        lines.retain(|line| self.is_shown(line.selection));
        lines
    }

    /// What is worth looking at first in a step, as far as it is known.
    pub(crate) fn first_look(&self, step: &Step) -> TreeSelection {
        match (self.decode.knows(StepPhase::Verify), step.tree.n_drafts()) {
            (true, _) => first_look(step),
            (false, 0) => TreeSelection::Root,
            (false, _) => TreeSelection::Draft(1),
        }
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
        self.known().map_or(0, |record| record.cells.len())
    }
}
