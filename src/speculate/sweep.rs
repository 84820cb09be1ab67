//! A sweep: the same prompts under every cell of a grid of rules and budgets, each
//! compared with its own autoregressive run. Chooses the next run, keeps the
//! measurements, checks that lossless rules are lossless, and finds the Pareto-optimal
//! cells. Then everything is repeated, interleaved, until the speed-ups are known well
//! enough; of runs with identical steps only one.
//!
//! Makes no run itself and knows neither threads nor screens: the command and the Tune
//! screen both drive it.

mod command;
mod drafting;
mod figures;
mod frontier;
mod grid;
mod measure;
mod tested;
mod time_left;
mod times;

use super::TokenId;
use super::facts::{FactsKept, SubjectFact, named};
use super::params::{AcceptanceRule, Params};
use super::speed_up::{Pairing, SpeedUp};
use super::stats::first_difference;
use super::trace::Trace;

pub(crate) use figures::CellFigures;
pub(crate) use figures::Estimate;
pub(crate) use figures::RunFigures;
pub(crate) use frontier::Point;
pub(crate) use frontier::frontier;
pub use measure::Measure;
pub(crate) use tested::AucDifference;
pub use tested::TestedRules;
use time_left::Spent;
use times::Times;

pub(crate) use command::SweepCommand;
pub use grid::Axes;
pub(crate) use grid::Cell;
pub(crate) use grid::Family;
pub use grid::Grid;
pub(crate) use grid::Layer;

/// A run to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// Which of the subjects.
    pub subject: usize,
    /// `None`: autoregressively.
    pub cell: Option<usize>,
}

/// A lossless rule produced a text that differs from autoregressive decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) job: Job,
    /// Index of the first differing token of the answer.
    pub(crate) at: usize,
    pub(crate) autoregressive: Option<TokenId>,
    pub(crate) found: Option<TokenId>,
}

/// The reference data of an autoregressive run.
#[derive(Clone, Debug)]
struct Reference {
    ids: Vec<TokenId>,
    figures: RunFigures,
    /// Whether it names each of the subject's facts.
    named: Vec<bool>,
}

/// The state of a sweep.
#[derive(Clone, Debug)]
pub struct Sweep {
    pub(crate) grid: Grid,
    references: Vec<Option<Reference>>,
    /// By subject, then by cell.
    runs: Vec<Vec<Option<RunFigures>>>,
    times: Times,
    spent: Spent,
    /// What the catalog knows about each subject; empty: nothing is known.
    facts: Vec<Vec<SubjectFact>>,
    pub(crate) mismatches: Vec<Mismatch>,
}

impl Sweep {
    pub(crate) fn new(grid: Grid, n_subjects: usize) -> Self {
        Sweep {
            references: vec![None; n_subjects],
            runs: vec![vec![None; grid.cells.len()]; n_subjects],
            times: Times::new(n_subjects, grid.cells.len(), Pairing::default()),
            spent: Spent::new(grid.cells.len()),
            facts: vec![Vec::new(); n_subjects],
            mismatches: Vec::new(),
            grid,
        }
    }

    /// With a custom number of pairs.
    pub(crate) fn paired(mut self, pairing: Pairing) -> Self {
        self.times.pairing = pairing;
        self
    }

    /// With what the catalog knows about each subject, in their order.
    pub(crate) fn with_facts(mut self, facts: Vec<Vec<SubjectFact>>) -> Self {
        self.facts = facts;
        self
    }

    pub(crate) fn n_subjects(&self) -> usize {
        self.runs.len()
    }

    pub(crate) fn n_runs(&self) -> usize {
        self.n_subjects() * (1 + self.grid.cells.len())
    }

    pub(crate) fn n_done(&self) -> usize {
        let cells = self.runs.iter().flatten().flatten().count();
        cells + self.references.iter().flatten().count()
    }

    /// Whether every run was made once.
    pub(crate) fn is_done(&self) -> bool {
        self.n_done() == self.n_runs()
    }

    /// Which pair is being made, once every run was made.
    pub(crate) fn pair_under_way(&self) -> Option<usize> {
        self.times
            .next()
            .is_some()
            .then(|| self.times.n_pairs() + 1)
    }

    /// The next run. First the one that is missing: subject by subject, the
    /// autoregressive one first. Every subject starts one cell later, so that no cell
    /// is always at the same distance from its reference. Then the repetitions.
    pub fn next_job(&self) -> Option<Job> {
        self.missing().or_else(|| self.times.next())
    }

    fn missing(&self) -> Option<Job> {
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
    pub(crate) fn params(&self, job: Job) -> Params {
        match job.cell {
            Some(cell) => self.grid.params(cell),
            None => Params {
                verify: AcceptanceRule::Autoregressive,
                ..self.grid.base
            },
        }
    }

    /// Adds a finished run. A cell's run without its subject's autoregressive one has
    /// no reference and is dropped.
    pub(crate) fn add(&mut self, job: Job, trace: &Trace) {
        self.spent.add(job.cell, trace);
        if self.run(job).is_some() {
            self.times.add_again(job, trace);
        } else {
            self.add_first(job, trace);
        }
        self.check(job, &trace.token_ids());
        if self.missing().is_none() {
            self.times.plan();
        }
    }

    fn add_first(&mut self, job: Job, trace: &Trace) {
        if job.cell.is_none() || self.references[job.subject].is_some() {
            self.times.add_first(job, trace);
        }
        let facts = self.facts.get(job.subject).map_or(&[][..], Vec::as_slice);
        let named = match facts {
            [] => Vec::new(),
            facts => named(facts, &trace.answer()),
        };
        let Some(cell) = job.cell else {
            self.references[job.subject] = Some(Reference {
                ids: trace.token_ids(),
                figures: RunFigures {
                    facts_kept: FactsKept::between(&named, &named),
                    ..RunFigures::of(trace, None)
                },
                named,
            });
            return;
        };
        let Some(reference) = &self.references[job.subject] else {
            return;
        };
        self.runs[job.subject][cell] = Some(RunFigures {
            facts_kept: FactsKept::between(&reference.named, &named),
            ..RunFigures::of(trace, Some(&reference.ids))
        });
    }

    /// Whether a strict run produced the autoregressive text.
    fn check(&mut self, job: Job, ids: &[TokenId]) {
        let (Some(cell), Some(reference)) = (job.cell, &self.references[job.subject]) else {
            return;
        };
        if self.grid.cells[cell].verify == AcceptanceRule::Strict
            && let Some(at) = first_difference(&reference.ids, ids)
        {
            self.mismatches.push(Mismatch {
                job,
                at,
                autoregressive: reference.ids.get(at).copied(),
                found: ids.get(at).copied(),
            });
        }
    }

    /// Figures of one run; its speed over all repetitions of it or of runs with the
    /// same steps.
    pub(crate) fn run(&self, job: Job) -> Option<RunFigures> {
        let made = match job.cell {
            Some(cell) => self.runs[job.subject][cell].as_ref(),
            None => self.references[job.subject].as_ref().map(|r| &r.figures),
        };
        let mut figures = made?.clone();
        if let Some(speed_up) = self.times.speed_up(job) {
            figures.set_speed_up(speed_up);
        }
        if let Some(tokens_per_s) = self.times.tokens_per_s(job) {
            figures.tokens_per_s = tokens_per_s;
        }
        Some(figures)
    }

    /// The speed-up of one run.
    pub(crate) fn speed_up(&self, job: Job) -> Option<SpeedUp> {
        self.times.speed_up(job)
    }

    /// Figures of a cell over the subjects so far.
    pub(crate) fn cell(&self, cell: usize) -> Option<CellFigures> {
        self.over_subjects(Some(cell))
    }

    /// Figures of autoregressive decoding over the same subjects.
    pub(crate) fn autoregressive(&self) -> Option<CellFigures> {
        self.over_subjects(None)
    }

    fn over_subjects(&self, cell: Option<usize>) -> Option<CellFigures> {
        let job = |subject| Job { subject, cell };
        let runs = (0..self.n_subjects()).filter_map(|subject| self.run(job(subject)));
        CellFigures::over(&runs.collect::<Vec<_>>(), self.times.over_subjects(cell)?)
    }

    /// Whether each cell is on the frontier of speed-up and of what the text has in
    /// common with the autoregressive one, among those that have figures.
    pub(crate) fn on_frontier(&self) -> Vec<bool> {
        let point = |cell| {
            let figures = self.cell(cell)?;
            Some(Point {
                speed_ups: self.times.pairs_over_subjects(Some(cell)),
                in_common: figures.in_common.mean,
            })
        };
        let points: Vec<_> = (0..self.grid.cells.len()).map(point).collect();
        frontier(&points)
    }

    /// Whether every lossless cell produced the autoregressive text; `None` without
    /// such cells.
    pub(crate) fn is_lossless(&self) -> Option<bool> {
        let cells = self.grid.cells.iter().enumerate();
        let mut strict = cells.filter(|(_, cell)| cell.verify == AcceptanceRule::Strict);
        let was_run = |(cell, _): (usize, &Cell)| self.runs.iter().any(|r| r[cell].is_some());
        strict.any(was_run).then_some(self.mismatches.is_empty())
    }
}

#[cfg(test)]
#[path = "sweep/grid_test.rs"]
mod grid_tests;
#[cfg(test)]
#[path = "sweep/sweep_test.rs"]
mod tests;
