//! Runs of the session that nobody looks at move to disk, the oldest first, once all
//! of them together take more than [`IN_MEMORY_MB`](super::parked::IN_MEMORY_MB), and come back when they are shown
//! or compared.

use std::borrow::Cow;

use color_eyre::eyre::{Result, eyre};

use crate::protocol::RunId;
use crate::speculate::trace::Trace;
use crate::tui::app::{App, Tone};
use crate::tui::runs::parked::{Kept, Parked};
use crate::tui::runs::reference::Measured;
use crate::tui::runs::run::{Origin, Phase, Recording, Run};
use crate::tui::runs::spill::Spill;
use crate::tui::screens::compare::state::Choice;

impl Run {
    /// `None` until the first news of it.
    pub(crate) fn kept(&self) -> Option<Kept<'_>> {
        Kept::of(self.record.as_ref(), self.parked.as_ref())
    }

    fn n_bytes(&self) -> usize {
        let references = self.references.done.iter();
        let references = references.filter_map(|m| m.record.as_deref());
        let records = self.record.as_ref().into_iter().chain(references);
        records.map(|r| r.n_bytes).sum()
    }

    /// Nothing of it changes any more, and it could be read back.
    fn can_park(&self) -> bool {
        let is_over = matches!(self.phase, Phase::Ended | Phase::Failed(_));
        let is_kept = match &self.origin {
            Origin::Live { .. } => true,
            Origin::Recorded { kind, unplayed, .. } => {
                *kind == Recording::File && unplayed.is_empty()
            }
        };
        is_over && is_kept && !self.references.is_busy()
    }

    fn park(&mut self, spill: &Spill) -> Result<()> {
        if let Some(record) = &self.record {
            if self.parked.is_none() {
                self.parked = Some(Parked::new(record, spill)?);
            }
            self.record = None;
        }
        self.references.done.iter_mut().try_for_each(|m| {
            let Some(record) = m.record.as_deref() else {
                return Ok(());
            };
            if m.parked.is_none() {
                m.parked = Some(Parked::new(record, spill)?);
            }
            m.record = None;
            Ok(())
        })
    }

    fn bring_back(&mut self, spill: &Spill) -> Result<()> {
        if let (None, Some(parked)) = (&self.record, &self.parked) {
            self.record = Some(parked.read(spill)?);
        }
        for measured in &mut self.references.done {
            if let (None, Some(parked)) = (&measured.record, &measured.parked) {
                measured.record = Some(Box::new(parked.read(spill)?));
            }
        }
        Ok(())
    }
}

impl Measured {
    /// `None` until it has begun, and where a run is its own reference.
    pub(crate) fn kept(&self) -> Option<Kept<'_>> {
        Kept::of(self.record.as_deref(), self.parked.as_ref())
    }
}

impl App {
    /// A choice's run, wherever it is kept.
    pub(crate) fn kept(&self, choice: Choice) -> Option<Kept<'_>> {
        match choice {
            Choice::Run(id) => self.run_of(id)?.kept(),
            Choice::Reference { of, verify } => self.run_of(of)?.references.of(verify)?.kept(),
        }
    }

    /// A choice's trace, wherever it is kept.
    ///
    /// # Errors
    /// The run is gone, or cannot be read back.
    pub fn trace_of(&self, choice: Choice) -> Result<Cow<'_, Trace>> {
        match self.kept(choice) {
            Some(Kept::Here(record)) => Ok(Cow::Borrowed(&record.trace)),
            Some(Kept::Away(parked)) => Ok(Cow::Owned(self.session.spill.get(parked.slot)?)),
            None => Err(eyre!("the run is gone")),
        }
    }

    /// Whether a run's record is this very trace.
    pub(crate) fn is_of(&self, run: &Run, trace: &Trace) -> bool {
        match run.kept() {
            Some(Kept::Here(record)) => record.trace == *trace,
            Some(Kept::Away(parked)) => self.session.spill.holds(parked.slot, trace),
            None => false,
        }
    }

    /// Which run Decode shows, from now on in memory.
    pub(crate) fn set_shown(&mut self, id: Option<RunId>) {
        self.session.shown = id;
        id.into_iter().for_each(|id| self.bring_back(id));
    }

    /// Has a run in memory, with its references.
    pub(crate) fn bring_back(&mut self, id: RunId) {
        let Some(run) = self.session.runs.iter_mut().find(|r| r.id == id) else {
            return;
        };
        if let Err(why) = run.bring_back(&self.session.spill) {
            self.tell(Tone::Problem, format!("The run cannot be shown: {why:#}"));
        }
    }

    /// Moves runs to disk until the others fit.
    pub(crate) fn park_runs(&mut self) {
        let mut n_bytes: usize = self.session.runs.iter().map(Run::n_bytes).sum();
        if n_bytes <= self.session.in_memory_bytes {
            return;
        }
        let compared = [self.compare.left, self.compare.right];
        let compared = compared.map(|choice| choice.map(Choice::run));
        for run in &mut self.session.runs {
            let is_seen = self.session.shown == Some(run.id) || compared.contains(&Some(run.id));
            if n_bytes <= self.session.in_memory_bytes || is_seen || !run.can_park() {
                continue;
            }
            let before = run.n_bytes();
            if let Err(why) = run.park(&self.session.spill) {
                // All goes on as before, in more memory; it is said once.
                self.session.in_memory_bytes = usize::MAX;
                let text = format!("Earlier runs stay in memory: {why:#}");
                return self.tell(Tone::Problem, text);
            }
            n_bytes -= before - run.n_bytes();
        }
    }
}
