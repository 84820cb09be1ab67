//! A cell of a sweep as its report tells it.

use serde::Serialize;

use super::SweepSource;
use crate::speculate::command_line::{CommandLine, Files};
use crate::speculate::options::options;
use crate::speculate::params::{AcceptanceRule, Params};
use crate::speculate::sweep::{AucDifference, CellFigures, Job, RunFigures, TestedRules};
use crate::speculate::trace::SubjectInfo;

/// How a downstream test names a rule whose knowledge serves a click model less well.
const WORSE: &str = "worse";

/// A cell, its figures over the subjects, and those of each subject.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CellReport {
    /// Its rule and the rule's values.
    #[serde(flatten)]
    pub(crate) verify: AcceptanceRule,
    pub(crate) budget: String,
    /// Longest branch, in tokens.
    pub(crate) branch: usize,
    pub(crate) drafter: &'static str,
    /// Its rule, and what else varies between cells.
    #[serde(skip)]
    pub(crate) name: String,
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

/// A cell's run of one subject.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunOfSubject {
    pub(crate) subject: String,
    #[serde(flatten)]
    pub(crate) figures: RunFigures,
}

impl CellReport {
    pub(super) fn of(source: &SweepSource<'_>, cell: usize, frontier: bool) -> Self {
        let sweep = source.sweep;
        let params = sweep.grid.params(cell);
        let run = |(subject, info): (usize, &SubjectInfo)| {
            let cell = Some(cell);
            let figures = sweep.run(Job { subject, cell })?;
            let subject = info.id.clone();
            Some(RunOfSubject { subject, figures })
        };
        CellReport {
            verify: params.verify,
            budget: params.budget.to_string(),
            branch: params.branch,
            drafter: params.drafter.name(),
            name: sweep.grid.cell_name(cell),
            frontier,
            auc_differences: differences(source.tested.as_ref(), &params.verify),
            options: options(&params, source.configured).join(" "),
            command: command(source, &params),
            figures: sweep.cell(cell),
            runs: source.subjects.iter().enumerate().filter_map(run).collect(),
        }
    }

    /// The rule's difference in the AUC of a click model.
    pub(crate) fn difference(&self, backbone: &str) -> Option<&AucDifference> {
        let mut all = self.auc_differences.iter();
        all.find(|found| found.backbone == backbone)
    }

    /// Whether a downstream test found its rule worse for any click model.
    pub(super) fn is_worse_downstream(&self) -> bool {
        let mut all = self.auc_differences.iter();
        all.any(|found| found.finding == WORSE)
    }
}

/// What a test found about a rule.
fn differences(tested: Option<&TestedRules>, rule: &AcceptanceRule) -> Vec<AucDifference> {
    tested.map_or(&[][..], |tested| tested.of(rule)).to_vec()
}

fn command(source: &SweepSource<'_>, params: &Params) -> String {
    CommandLine {
        subject: source.subjects.first(),
        asked: None,
        params,
        configured: Some(source.configured),
        setup: source.setup,
        cost: None,
        header: None,
        files: Files::default(),
    }
    .text()
}
