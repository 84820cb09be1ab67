//! The sweep on the Tune screen: whom it asks, what it tries, what it has found so
//! far, and which cell is looked at.

use std::collections::HashMap;
use std::rc::Rc;

use crate::present::footprint::trace_bytes;
use crate::present::last_result::LastResult;
use crate::present::sweep_report::SweepNotes;
use crate::protocol::{Asked, SweepId};
use crate::recsys::SubjectRef;
use crate::speculate::sweep::{Job, Layer, Measure, Sweep};
use crate::speculate::trace::Trace;
use crate::tui::runs::parked::IN_MEMORY_MB;
use crate::tui::runs::spill::{Slot, Spill};
use crate::tui::screens::tune::cell_texts::{CellTexts, TextsKey};

/// Most subjects of a spread.
pub(crate) const MOST_SUBJECTS: usize = 12;

/// Whom a sweep asks about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Who {
    /// A few of the kind that the catalog shows, over its groups.
    #[default]
    Spread,
    /// The shown run's.
    Shown,
    /// The one selected in the catalog.
    Selected,
    /// Those marked on the acceptance board.
    Marked,
}

/// What is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tried {
    /// The sliders' rule over its numbers.
    #[default]
    Rule,
    /// The same under several budgets.
    Budgets,
    /// The same with several lengths of the longest branch.
    Branches,
    /// The same with several drafters.
    Drafters,
    /// Every rule.
    Rules,
}

/// Where a sweep stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Stand {
    /// Runs are being made.
    UnderWay,
    /// Every cell is measured.
    Done,
    /// Stopped by the user.
    Cancelled,
    /// Ended with this error.
    Failed(String),
}

/// A sweep that was begun.
#[derive(Clone, Debug)]
pub struct BegunSweep {
    pub(crate) id: SweepId,
    pub(crate) asked: Vec<Asked>,
    /// Its cells and what was measured.
    pub sweep: Sweep,
    /// How far it is.
    pub stand: Stand,
    pub(crate) traces: Traces,
    /// What a report tells of the runs.
    pub(crate) notes: SweepNotes,
}

impl BegunSweep {
    /// A strict run with another text, in words.
    pub(crate) fn mismatch(&self, number: usize) -> Option<String> {
        let wrong = self.sweep.mismatches.get(number)?;
        let title = &self.asked[wrong.job.subject].subject.title;
        Some(format!(
            "strict ≠ autoregressive: {title} differs after {} equal tokens",
            wrong.at
        ))
    }
}

/// The traces of a sweep: in memory up to [`IN_MEMORY_MB`], then on disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces {
    by_job: HashMap<Job, KeptTrace>,
    n_bytes: usize,
    spill: Rc<Spill>,
}

#[derive(Clone, Debug)]
enum KeptTrace {
    Here(Box<Trace>),
    Away(Slot),
}

impl Traces {
    pub(crate) fn insert(&mut self, job: Job, trace: Box<Trace>) {
        let n_bytes = trace_bytes(&trace);
        let fits = self.n_bytes + n_bytes <= IN_MEMORY_MB << 20;
        // Where the disk takes nothing, memory does.
        let slot = (!fits).then(|| self.spill.put(&trace).ok()).flatten();
        let kept = match slot {
            Some(slot) => KeptTrace::Away(slot),
            None => {
                self.n_bytes += n_bytes;
                KeptTrace::Here(trace)
            }
        };
        self.by_job.insert(job, kept);
    }

    /// Whether the run was made.
    pub(crate) fn has(&self, job: &Job) -> bool {
        self.by_job.contains_key(job)
    }

    /// `None`: not made yet.
    ///
    /// # Errors
    /// It cannot be read back.
    pub(crate) fn get(&self, job: &Job) -> color_eyre::eyre::Result<Option<Trace>> {
        match self.by_job.get(job) {
            None => Ok(None),
            Some(KeptTrace::Here(trace)) => Ok(Some(Trace::clone(trace))),
            Some(KeptTrace::Away(slot)) => self.spill.get(*slot).map(Some),
        }
    }
}

/// The sweep half of the Tune screen: what to sweep, and the one that was begun.
#[derive(Clone, Debug)]
pub struct SweepView {
    pub(crate) who: Who,
    /// The subjects that were marked on the board.
    pub(crate) marked: Vec<SubjectRef>,
    /// Subjects of a spread.
    pub(crate) n: usize,
    pub(crate) tried: Tried,
    pub(crate) measure: Measure,
    pub(crate) layer: usize,
    /// Row and column of the cell looked at.
    pub(crate) at: (usize, usize),
    /// Whose run a cell opens.
    pub(crate) subject: usize,
    /// The cell whose texts stand beside those of the cell looked at; `None`: the frontier
    /// is shown.
    pub(crate) beside: Option<usize>,
    /// Lines by which these texts are scrolled from where they part.
    pub(crate) texts_by: isize,
    /// The two texts, as worked out last.
    pub(crate) texts: LastResult<TextsKey, Result<Rc<CellTexts>, String>>,
    /// The sweep shown; `None`: none was begun.
    pub found: Option<BegunSweep>,
    pub(crate) n_begun: SweepId,
}

impl Default for SweepView {
    fn default() -> Self {
        SweepView {
            who: Who::default(),
            marked: Vec::new(),
            n: 4,
            tried: Tried::default(),
            measure: Measure::default(),
            layer: 0,
            at: (0, 0),
            subject: 0,
            beside: None,
            texts_by: 0,
            texts: LastResult::default(),
            found: None,
            n_begun: 0,
        }
    }
}

impl SweepView {
    pub(crate) fn is_under_way(&self) -> bool {
        self.found
            .as_ref()
            .is_some_and(|f| f.stand == Stand::UnderWay)
    }

    pub(crate) fn layer(&self) -> Option<&Layer> {
        let layers = &self.found.as_ref()?.sweep.grid.layers;
        layers.get(self.layer.min(layers.len() - 1))
    }

    /// The cell looked at.
    pub(crate) fn cell(&self) -> Option<usize> {
        let layer = self.layer()?;
        let row = self.at.0.min(layer.rows.len() - 1);
        let column = self.at.1.min(layer.columns.len() - 1);
        Some(layer.cell(row, column))
    }

    /// Whose run the cell looked at opens.
    pub(crate) fn subject(&self) -> Option<&Asked> {
        let asked = &self.found.as_ref()?.asked;
        asked.get(self.subject % asked.len())
    }

    pub(crate) fn job(&self) -> Option<Job> {
        let asked = &self.found.as_ref()?.asked;
        Some(Job {
            subject: self.subject % asked.len(),
            cell: Some(self.cell()?),
        })
    }
}
