//! What a sweep says in JSON. Field names are a contract.

use serde::Serialize;

use crate::cli::SweepArgs;
use crate::commands::report::RanOn;
use crate::engine::Engine;
use crate::speculate::TokenId;
use crate::speculate::command_line::{CommandLine, Files};
use crate::speculate::options::options;
use crate::speculate::params::{AcceptanceRule, Params};
use crate::speculate::sweep::{
    AucDifference, CellFigures, Job, Mismatch, RunFigures, Sweep, TestedRules,
};
use crate::speculate::trace::SubjectInfo;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct SweepReport {
    #[serde(flatten)]
    pub(crate) on: RanOn,
    pub(crate) framework: String,
    /// What all cells share.
    pub(crate) params: Params,
    pub(crate) rules: Vec<&'static str>,
    pub(crate) budgets: Vec<String>,
    pub(crate) subjects: Vec<SubjectInfo>,
    pub(crate) runs: usize,
    pub(crate) of: usize,
    /// All runs were made.
    pub(crate) complete: bool,
    pub(crate) autoregressive: Option<CellFigures>,
    pub(crate) cells: Vec<CellReport>,
    /// Every strict run produced the autoregressive text; `None`: no strict run.
    pub(crate) lossless: Option<bool>,
    pub(crate) mismatches: Vec<MismatchReport>,
    /// Where --downstream names a test.
    #[serde(skip)]
    pub(crate) tested: Option<TestedRules>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct CellReport {
    /// Its rule and the rule's values.
    #[serde(flatten)]
    pub(crate) verify: AcceptanceRule,
    pub(crate) budget: String,
    /// Pareto-optimal in speed and text in common.
    pub(crate) frontier: bool,
    /// Command-line options that decode like this.
    pub(crate) options: String,
    /// The command line that makes the cell's run of the first subject.
    pub(crate) command: String,
    /// Of the rule, in a downstream test.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) auc_differences: Vec<AucDifference>,
    /// `None`: no run of it was made.
    #[serde(flatten)]
    pub(crate) figures: Option<CellFigures>,
    pub(crate) runs: Vec<RunOfSubject>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunOfSubject {
    pub(crate) subject: String,
    #[serde(flatten)]
    pub(crate) figures: RunFigures,
}

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
    pub(crate) fn new(
        args: &SweepArgs,
        engine: &Engine,
        sweep: &Sweep,
        subjects: &[SubjectInfo],
        configured: &Params,
        tested: Option<TestedRules>,
    ) -> Self {
        let axes = args.axes();
        let on = sweep.on_frontier();
        let setup = subjects.first().map_or_else(
            || engine.setup.words.clone(),
            |subject| engine.setup.words_for(subject.framework.as_str()),
        );
        let cell = |i: usize| CellReport {
            auc_differences: differences(tested.as_ref(), &sweep.grid.params(i).verify),
            ..cell_report(sweep, i, on[i], subjects, (configured, &setup))
        };
        let mismatch = |m: &Mismatch| mismatch_report(sweep, m, subjects);
        SweepReport {
            on: RanOn::of(engine),
            framework: args.framework.clone(),
            params: sweep.grid.base,
            rules: axes.rules.iter().map(|f| f.name()).collect(),
            budgets: budgets(sweep),
            subjects: subjects.to_vec(),
            runs: sweep.n_done(),
            of: sweep.n_runs(),
            complete: sweep.is_done(),
            autoregressive: sweep.autoregressive(),
            cells: (0..sweep.grid.cells.len()).map(cell).collect(),
            lossless: sweep.is_lossless(),
            mismatches: sweep.mismatches.iter().map(mismatch).collect(),
            tested,
        }
    }
}

impl CellReport {
    /// The rule's difference in the AUC of a click model.
    pub(crate) fn difference(&self, backbone: &str) -> Option<&AucDifference> {
        let mut all = self.auc_differences.iter();
        all.find(|found| found.backbone == backbone)
    }
}

impl SweepReport {
    /// The click models of the test that --downstream names.
    pub(crate) fn backbones(&self) -> &[String] {
        let tested = self.tested.as_ref();
        tested.map_or(&[], |tested| &tested.backbones)
    }
}

/// Each once, in order.
fn budgets(sweep: &Sweep) -> Vec<String> {
    let mut budgets: Vec<String> = Vec::new();
    for cell in &sweep.grid.cells {
        let spelled = cell.budget.to_string();
        if !budgets.contains(&spelled) {
            budgets.push(spelled);
        }
    }
    budgets
}

/// What a test found about a rule.
fn differences(tested: Option<&TestedRules>, rule: &AcceptanceRule) -> Vec<AucDifference> {
    tested.map_or(&[][..], |tested| tested.of(rule)).to_vec()
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
        auc_differences: Vec::new(),
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
