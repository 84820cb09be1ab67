//! A sweep as comma-separated values: the autoregressive line first, then one per cell. The
//! names of the columns are a contract: new ones come after the others, before those of the click
//! models, of which there are as many as were tested.

use crate::export::table::field;
use crate::present::sweep_report::{CellReport, SweepReport};
use crate::speculate::parameters::{Parameter, rule_numbers};
use crate::speculate::sweep::{AucDifference, CellFigures, Estimate};

/// Names of the figures, each with its standard error after it.
const FIGURES: [&str; 9] = [
    "speedup",
    "mal",
    "agreement",
    "first_divergence",
    "mean_log_prob",
    "repetition",
    "acceptance",
    "tokens_per_s",
    "in_common",
];

fn figures(of: &CellFigures) -> [Option<Estimate>; 9] {
    [
        Some(of.speedup),
        Some(of.mal),
        Some(of.agreement),
        of.first_divergence,
        of.mean_log_prob,
        Some(of.repetition),
        of.acceptance,
        Some(of.tokens_per_s),
        Some(of.in_common),
    ]
}

/// The whole table.
pub(crate) fn csv(report: &SweepReport) -> String {
    let backbones = report.backbones();
    let mut lines = vec![heads(backbones)];
    lines.extend(
        report
            .autoregressive
            .as_ref()
            .map(|plain| autoregressive(plain, backbones)),
    );
    let cells = report.cells.iter();
    lines.extend(cells.filter_map(|cell| Some(of_cell(cell, cell.figures.as_ref()?, backbones))));
    let quoted = |line: &Vec<String>| line.iter().map(|f| field(f)).collect::<Vec<_>>();
    lines
        .iter()
        .map(|line| quoted(line).join(",") + "\n")
        .collect()
}

/// The heads of the columns; `backbones`: of the click models that were tested.
fn heads(backbones: &[String]) -> Vec<String> {
    let mut head: Vec<String> = vec!["rule".into()];
    head.extend(rule_numbers().map(|number| number.name.to_string()));
    head.extend(["budget", "subjects", "same_text"].map(String::from));
    let errors = FIGURES
        .iter()
        .flat_map(|f| [f.to_string(), format!("{f}_se")]);
    head.extend(errors);
    head.extend(["frontier", "options"].map(String::from));
    head.extend(["low", "high", "pairs", "speedup_by_profile"].map(String::from));
    head.extend(["branch", "drafter", "facts_kept", "facts_kept_se"].map(String::from));
    for backbone in backbones {
        let of = ["", "_low", "_high", "_finding"];
        head.extend(of.map(|end| format!("auc_difference_{backbone}{end}")));
    }
    head
}

fn autoregressive(plain: &CellFigures, backbones: &[String]) -> Vec<String> {
    let mut line = vec!["autoregressive".to_string()];
    line.extend(rule_numbers().map(|_| String::new()));
    line.push(String::new());
    line.extend(csv_figures(plain));
    line.extend([String::new(), "--verify autoregressive".to_string()]);
    line.extend(csv_interval(plain));
    line.extend([String::new(), String::new()]);
    line.extend(numbers(plain.facts_kept));
    line.extend(vec![String::new(); 4 * backbones.len()]);
    line
}

fn of_cell(cell: &CellReport, found: &CellFigures, backbones: &[String]) -> Vec<String> {
    let number = |number: &Parameter| {
        let mut of_the_rule = cell.verify.numbers();
        let found = of_the_rule.find(|(each, _)| *each == number);
        found.map_or_else(String::new, |(_, value)| value.to_string())
    };
    let mut line = vec![cell.verify.name().to_string()];
    line.extend(rule_numbers().map(number));
    line.push(cell.budget.clone());
    line.extend(csv_figures(found));
    line.extend([cell.frontier.to_string(), cell.options.clone()]);
    line.extend(csv_interval(found));
    line.extend([cell.branch.to_string(), cell.drafter.to_string()]);
    line.extend(numbers(found.facts_kept));
    for backbone in backbones {
        line.extend(csv_difference(cell.difference(backbone)));
    }
    line
}

fn csv_difference(found: Option<&AucDifference>) -> [String; 4] {
    found.map_or_else(Default::default, |found| {
        let [value, low, high] = [found.value, found.low, found.high].map(|n| format!("{n:.6}"));
        [value, low, high, found.finding.clone()]
    })
}

fn csv_figures(of: &CellFigures) -> Vec<String> {
    let mut line = vec![of.subjects.to_string(), of.same_text.to_string()];
    line.extend(figures(of).into_iter().flat_map(numbers));
    line
}

/// A mean and its standard error; empty where there is none.
fn numbers(estimate: Option<Estimate>) -> [String; 2] {
    let (mean, error) = estimate.map_or((None, None), |e| (Some(e.mean), e.standard_error));
    [mean, error].map(|n: Option<f64>| n.map_or_else(String::new, |n| format!("{n:.6}")))
}

fn csv_interval(of: &CellFigures) -> [String; 4] {
    let by_profile = of.speedup_by_profile.map(|by| format!("{:.6}", by.mean));
    [
        format!("{:.6}", of.low),
        format!("{:.6}", of.high),
        of.pairs.to_string(),
        by_profile.unwrap_or_default(),
    ]
}
