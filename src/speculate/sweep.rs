//! A sweep: the same prompts under every cell of a grid of rules and budgets, each
//! beside its own autoregressive run. Says which run is next, keeps what the
//! finished ones measured, checks that what must be lossless is, and finds the
//! cells that no other beats.
//!
//! Makes no run itself, and knows neither threads nor screens: the command and the
//! Tune screen both are faces of this.

mod figures;
mod frontier;
mod grid;

use super::TokenId;
use super::params::{Params, Verify};
use super::stats::first_difference;
use super::trace::Trace;

pub use figures::{CellFigures, Estimate, Measure, RunFigures};
pub use frontier::frontier;
pub use grid::{Axes, Cell, Family, Grid, Layer};

/// A run to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// Which of the subjects.
    pub subject: usize,
    /// `None`: autoregressively.
    pub cell: Option<usize>,
}

/// A lossless rule made another text than autoregressive decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    pub job: Job,
    /// Index of the first differing token of the answer.
    pub at: usize,
    pub autoregressive: Option<TokenId>,
    pub found: Option<TokenId>,
}

/// What an autoregressive run left for comparing.
#[derive(Clone, Debug, PartialEq)]
struct Reference {
    ids: Vec<TokenId>,
    figures: RunFigures,
}

/// How far a sweep has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    pub grid: Grid,
    references: Vec<Option<Reference>>,
    /// By subject, then by cell.
    runs: Vec<Vec<Option<RunFigures>>>,
    pub mismatches: Vec<Mismatch>,
}

impl Sweep {
    pub fn new(grid: Grid, n_subjects: usize) -> Self {
        Sweep {
            references: vec![None; n_subjects],
            runs: vec![vec![None; grid.cells.len()]; n_subjects],
            mismatches: Vec::new(),
            grid,
        }
    }

    pub fn n_subjects(&self) -> usize {
        self.runs.len()
    }

    pub fn n_runs(&self) -> usize {
        self.n_subjects() * (1 + self.grid.cells.len())
    }

    pub fn n_done(&self) -> usize {
        let cells = self.runs.iter().flatten().flatten().count();
        cells + self.references.iter().flatten().count()
    }

    pub fn is_done(&self) -> bool {
        self.n_done() == self.n_runs()
    }

    /// The first run that is missing: subject by subject, the autoregressive one
    /// first. Every subject begins its cells one further on, so that no cell
    /// always comes at the same distance from its reference.
    pub fn next_job(&self) -> Option<Job> {
        let n_cells = self.grid.cells.len();
        (0..self.n_subjects()).find_map(|subject| {
            if self.references[subject].is_none() {
                return Some(Job {
                    subject,
                    cell: None,
                });
            }
            let cells = (0..n_cells).map(|i| (i + subject) % n_cells);
            let missing = cells.into_iter().find(|&c| self.runs[subject][c].is_none());
            missing.map(|cell| Job {
                subject,
                cell: Some(cell),
            })
        })
    }

    /// The parameters of a run.
    pub fn params(&self, job: Job) -> Params {
        match job.cell {
            Some(cell) => self.grid.params(cell),
            None => Params {
                verify: Verify::Autoregressive,
                ..self.grid.base
            },
        }
    }

    /// Takes a finished run in. A cell's run without its subject's autoregressive
    /// one has nothing to be compared with, and is dropped.
    pub fn add(&mut self, job: Job, trace: &Trace) {
        let ids = trace.token_ids();
        let Some(cell) = job.cell else {
            let figures = RunFigures::of(trace, None);
            self.references[job.subject] = Some(Reference { ids, figures });
            return;
        };
        let Some(reference) = &self.references[job.subject] else {
            return;
        };
        let beside = Some((reference.ids.as_slice(), &reference.figures));
        self.runs[job.subject][cell] = Some(RunFigures::of(trace, beside));
        if self.grid.cells[cell].verify == Verify::Strict
            && let Some(at) = first_difference(&reference.ids, &ids)
        {
            self.mismatches.push(Mismatch {
                job,
                at,
                autoregressive: reference.ids.get(at).copied(),
                found: ids.get(at).copied(),
            });
        }
    }

    /// Figures of one run.
    pub fn run(&self, job: Job) -> Option<&RunFigures> {
        match job.cell {
            Some(cell) => self.runs[job.subject][cell].as_ref(),
            None => self.references[job.subject].as_ref().map(|r| &r.figures),
        }
    }

    /// Figures of a cell over the subjects that were asked so far.
    pub fn cell(&self, cell: usize) -> Option<CellFigures> {
        let runs = self.runs.iter().filter_map(|cells| cells[cell].as_ref());
        CellFigures::over(&runs.collect::<Vec<_>>())
    }

    /// Figures of autoregressive decoding over the same subjects.
    pub fn autoregressive(&self) -> Option<CellFigures> {
        let runs = self.references.iter().flatten().map(|r| &r.figures);
        CellFigures::over(&runs.collect::<Vec<_>>())
    }

    /// Whether each cell is on the frontier of speed-up and of what the text has in
    /// common with the autoregressive one, among those that have figures.
    pub fn on_frontier(&self) -> Vec<bool> {
        let point = |cell| self.cell(cell).map(|f| (f.speedup.mean, f.in_common.mean));
        let points: Vec<_> = (0..self.grid.cells.len()).map(point).collect();
        frontier(&points)
    }

    /// Every lossless cell that was run made the autoregressive text; `None` if
    /// there was none.
    pub fn is_lossless(&self) -> Option<bool> {
        let cells = self.grid.cells.iter().enumerate();
        let mut strict = cells.filter(|(_, cell)| cell.verify == Verify::Strict);
        let was_run = |(cell, _): (usize, &Cell)| self.runs.iter().any(|r| r[cell].is_some());
        strict.any(was_run).then_some(self.mismatches.is_empty())
    }
}

#[cfg(test)]
#[path = "sweep/sweep_test.rs"]
mod tests;
