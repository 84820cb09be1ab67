//! What a sweep says in JSON. Field names are a contract.

use serde::Serialize;

use crate::cli::SweepArgs;
use crate::commands::report::RanOn;
use crate::engine::Engine;
use crate::speculate::TokenId;
use crate::speculate::command_line::{CommandLine, Files};
use crate::speculate::options::options;
use crate::speculate::params::{AcceptanceRule, Params};
use crate::speculate::sweep::{CellFigures, Job, Mismatch, RunFigures, Sweep};
use crate::speculate::trace::SubjectInfo;

#[derive(Clone, Debug, Serialize)]
pub struct SweepReport {
    #[serde(flatten)]
    pub on: RanOn,
    pub framework: String,
    /// What all cells share.
    pub params: Params,
    pub rules: Vec<&'static str>,
    pub budgets: Vec<String>,
    pub subjects: Vec<SubjectInfo>,
    pub runs: usize,
    pub of: usize,
    /// All runs were made.
    pub complete: bool,
    pub autoregressive: Option<CellFigures>,
    pub cells: Vec<CellReport>,
    /// Every strict run produced the autoregressive text; `None`: no strict run.
    pub lossless: Option<bool>,
    pub mismatches: Vec<MismatchReport>,
}

#[derive(Clone, Debug, Serialize)]
pub struct CellReport {
    /// Its rule and the rule's values.
    #[serde(flatten)]
    pub verify: AcceptanceRule,
    pub budget: String,
    /// Pareto-optimal in speed and text in common.
    pub frontier: bool,
    /// Command-line options that decode like this.
    pub options: String,
    /// The command line that makes the cell's run of the first subject.
    pub command: String,
    /// `None`: no run of it was made.
    #[serde(flatten)]
    pub figures: Option<CellFigures>,
    pub runs: Vec<RunOfSubject>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RunOfSubject {
    pub subject: String,
    #[serde(flatten)]
    pub figures: RunFigures,
}

#[derive(Clone, Debug, Serialize)]
pub struct MismatchReport {
    pub subject: String,
    #[serde(flatten)]
    pub verify: AcceptanceRule,
    pub budget: String,
    pub at: usize,
    pub autoregressive: Option<TokenId>,
    pub found: Option<TokenId>,
}

impl SweepReport {
    pub fn new(
        args: &SweepArgs,
        engine: &Engine,
        sweep: &Sweep,
        subjects: &[SubjectInfo],
        configured: &Params,
    ) -> Self {
        let axes = args.axes();
        let on = sweep.on_frontier();
        let setup = subjects.first().map_or_else(
            || engine.setup.words.clone(),
            |subject| engine.setup.words_for(subject.framework.as_str()),
        );
        let cell = |i: usize| cell_report(sweep, i, on[i], subjects, (configured, &setup));
        let mismatch = |m: &Mismatch| mismatch_report(sweep, m, subjects);
        let mut budgets: Vec<String> = Vec::new();
        for cell in &sweep.grid.cells {
            let spelled = cell.budget.to_string();
            if !budgets.contains(&spelled) {
                budgets.push(spelled);
            }
        }
        SweepReport {
            on: RanOn::of(engine),
            framework: args.framework.clone(),
            params: sweep.grid.base,
            rules: axes.rules.iter().map(|f| f.name()).collect(),
            budgets,
            subjects: subjects.to_vec(),
            runs: sweep.n_done(),
            of: sweep.n_runs(),
            complete: sweep.is_done(),
            autoregressive: sweep.autoregressive(),
            cells: (0..sweep.grid.cells.len()).map(cell).collect(),
            lossless: sweep.is_lossless(),
            mismatches: sweep.mismatches.iter().map(mismatch).collect(),
        }
    }
}

fn cell_report(
    sweep: &Sweep,
    cell: usize,
    frontier: bool,
    subjects: &[SubjectInfo],
    (configured, setup): (&Params, &[String]),
) -> CellReport {
    let params = sweep.grid.params(cell);
    let run = |(subject, info): (usize, &SubjectInfo)| {
        let cell = Some(cell);
        let figures = sweep.run(Job { subject, cell })?.clone();
        let subject = info.id.clone();
        Some(RunOfSubject { subject, figures })
    };
    CellReport {
        verify: params.verify,
        budget: params.budget.to_string(),
        frontier,
        options: options(&params, configured).join(" "),
        command: CommandLine {
            subject: subjects.first(),
            asked: None,
            params: &params,
            configured: Some(configured),
            setup,
            cost: None,
            header: None,
            files: Files::default(),
        }
        .text(),
        figures: sweep.cell(cell),
        runs: subjects.iter().enumerate().filter_map(run).collect(),
    }
}

fn mismatch_report(sweep: &Sweep, found: &Mismatch, subjects: &[SubjectInfo]) -> MismatchReport {
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
