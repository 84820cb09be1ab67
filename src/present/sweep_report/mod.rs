//! Everything that is said of a sweep, in one structure: the command prints it as a table, as
//! JSON and as CSV, and both the command and the screens write reports of it.
//!
//! Made of the sweep's figures and of what was noted of its runs; knows no engine and no form.

mod cell;
mod choice;
mod conditions;
mod difference;
mod form;
mod notes;

use serde::Serialize;

use crate::speculate::params::{AcceptanceRule, Params};
use crate::speculate::sweep::{CellFigures, Grid, Mismatch, Sweep, SweepCommand, TestedRules};
use crate::speculate::trace::SubjectInfo;
use crate::speculate::{TokenId, command_line};

pub(crate) use cell::CellReport;
pub(crate) use choice::ChosenCell;
pub(crate) use choice::criterion;
pub(crate) use difference::DifferingText;
pub(crate) use difference::TextDifference;
pub use form::SweepForm;
pub(crate) use notes::SweepNotes;

/// Differences that a report tells of.
const N_EXAMPLES: usize = 3;

/// What a sweep ran on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SweptOn {
    pub(crate) model: String,
    pub(crate) device: String,
    pub(crate) threads: usize,
}

/// What a report is made of.
pub(crate) struct SweepSource<'a> {
    pub(crate) sweep: &'a Sweep,
    pub(crate) notes: &'a SweepNotes,
    pub(crate) subjects: &'a [SubjectInfo],
    pub(crate) on: SweptOn,
    pub(crate) framework: String,
    /// The parameters without options.
    pub(crate) configured: &'a Params,
    /// Options that chose catalog, framework, pools and model.
    pub(crate) setup: &'a [String],
    pub(crate) tested: Option<TestedRules>,
    /// A fixed number of pairs.
    pub(crate) paired: Option<usize>,
}

/// What a sweep found. As JSON its field names are a contract.
#[derive(Clone, Debug, Serialize)]
pub struct SweepReport {
    #[serde(flatten)]
    pub(crate) on: SweptOn,
    pub(crate) framework: String,
    /// What all cells share.
    pub(crate) params: Params,
    pub(crate) rules: Vec<&'static str>,
    pub(crate) budgets: Vec<String>,
    /// Longest branches, in tokens.
    pub(crate) branches: Vec<usize>,
    pub(crate) drafters: Vec<&'static str>,
    pub(crate) subjects: Vec<SubjectInfo>,
    pub(crate) runs: usize,
    pub(crate) of: usize,
    /// All runs were made.
    pub(crate) complete: bool,
    pub(crate) autoregressive: Option<CellFigures>,
    pub(crate) cells: Vec<CellReport>,
    /// `None`: nothing is known of any cell.
    pub(crate) chosen: Option<ChosenCell>,
    /// Every strict run produced the autoregressive text; `None`: no strict run.
    pub(crate) lossless: Option<bool>,
    pub(crate) mismatches: Vec<MismatchReport>,
    /// Repeats the sweep.
    pub(crate) command: String,
    /// The same without options that name files, for pages that others read.
    #[serde(skip)]
    pub(crate) command_without_paths: String,
    /// Machine, model, catalog and so on: names and values.
    #[serde(skip)]
    pub(crate) conditions: Vec<(&'static str, String)>,
    /// Where texts part from the autoregressive ones.
    #[serde(skip)]
    pub(crate) examples: Vec<TextDifference>,
    /// The arrangement of the cells.
    #[serde(skip)]
    pub(crate) grid: Grid,
    /// Where --downstream names a test.
    #[serde(skip)]
    pub(crate) tested: Option<TestedRules>,
}

/// A strict run with another text.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MismatchReport {
    pub(crate) subject: String,
    #[serde(flatten)]
    pub(crate) verify: AcceptanceRule,
    pub(crate) budget: String,
    pub(crate) at: usize,
    pub(crate) autoregressive: Option<TokenId>,
    pub(crate) found: Option<TokenId>,
}

impl SweepReport {
    pub(crate) fn new(source: SweepSource<'_>) -> Self {
        let (sweep, on) = (source.sweep, source.sweep.on_frontier());
        let grid = &sweep.grid;
        let cells = (0..grid.cells.len()).map(|i| CellReport::of(&source, i, on[i]));
        let cells: Vec<CellReport> = cells.collect();
        let chosen = ChosenCell::of(&cells);
        let mismatches = sweep.mismatches.iter();
        let mismatches = mismatches.map(|m| mismatch(sweep, m, source.subjects));
        let drafting = || grid.cells.iter().map(|cell| cell.drafting);
        SweepReport {
            framework: source.framework.clone(),
            params: grid.base,
            rules: grid.axes.rules.iter().map(|f| f.name()).collect(),
            budgets: each_once(drafting().map(|d| d.budget.to_string())),
            branches: each_once(drafting().map(|d| d.branch)),
            drafters: each_once(drafting().map(|d| d.drafter.name())),
            subjects: source.subjects.to_vec(),
            runs: sweep.n_done(),
            of: sweep.n_runs(),
            complete: sweep.is_done(),
            autoregressive: sweep.autoregressive(),
            examples: examples(source.notes, &cells, chosen.as_ref()),
            cells,
            chosen,
            lossless: sweep.is_lossless(),
            mismatches: mismatches.collect(),
            command: command(&source, source.setup),
            command_without_paths: command_without_paths(&source),
            conditions: conditions::conditions(&source),
            grid: grid.clone(),
            tested: source.tested,
            on: source.on,
        }
    }

    /// The click models of the test that --downstream names.
    pub(crate) fn backbones(&self) -> &[String] {
        let tested = self.tested.as_ref();
        tested.map_or(&[], |tested| &tested.backbones)
    }

    /// Pairs that every cell has.
    pub(crate) fn pairs(&self) -> usize {
        let pairs = self.cells.iter().filter_map(|c| c.figures.as_ref());
        pairs.map(|f| f.pairs).min().unwrap_or(0)
    }

    /// Whether strict decoding was lossless, in a sentence; `None`: no strict run.
    pub(crate) fn lossless_in_words(&self) -> Option<&'static str> {
        self.lossless.map(|holds| match holds {
            true => "lossless: strict equalled autoregressive on every prompt, token for token",
            false => "NOT lossless: strict differed from autoregressive",
        })
    }
}

/// In order.
fn each_once<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.fold(Vec::new(), |mut found, next| {
        if !found.contains(&next) {
            found.push(next);
        }
        found
    })
}

fn mismatch(sweep: &Sweep, found: &Mismatch, subjects: &[SubjectInfo]) -> MismatchReport {
    let params = sweep.params(found.job);
    MismatchReport {
        subject: subjects[found.job.subject].id.clone(),
        verify: params.verify,
        budget: params.budget.to_string(),
        at: found.at,
        autoregressive: found.autoregressive,
        found: found.found,
    }
}

fn command(source: &SweepSource<'_>, setup: &[String]) -> String {
    SweepCommand {
        grid: &source.sweep.grid,
        subjects: source.subjects,
        configured: source.configured,
        setup,
        paired: source.paired,
    }
    .text()
}

fn command_without_paths(source: &SweepSource<'_>) -> String {
    let (setup, n_left_out) = command_line::without_paths(source.setup);
    let line = command(source, &setup);
    match n_left_out {
        0 => line,
        n => format!("{line}\n# options that name files are left out: {n}"),
    }
}

/// Of the chosen cell, then of the other Pareto-optimal ones, the fastest first: one of each
/// subject, then others that part elsewhere.
fn examples(
    notes: &SweepNotes,
    cells: &[CellReport],
    chosen: Option<&ChosenCell>,
) -> Vec<TextDifference> {
    let speed = |&i: &usize| cells[i].figures.as_ref().map_or(0.0, |f| f.speedup.mean);
    let mut order: Vec<usize> = (0..cells.len()).filter(|&i| cells[i].frontier).collect();
    order.sort_by(|a, b| speed(b).total_cmp(&speed(a)));
    let first = chosen.map(|chosen| chosen.cell);
    order.sort_by_key(|&i| Some(i) != first);
    let found: Vec<&TextDifference> = order.iter().flat_map(|&i| notes.of_cell(i)).collect();
    let mut told: Vec<&TextDifference> = Vec::new();
    for next in &found {
        if told.iter().all(|other| other.subject != next.subject) {
            told.push(next);
        }
    }
    for next in &found {
        if !told.iter().any(|other| other.is_same_place(next)) {
            told.push(next);
        }
    }
    told.into_iter().take(N_EXAMPLES).cloned().collect()
}
