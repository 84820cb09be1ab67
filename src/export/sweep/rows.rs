//! The figures of a sweep as a table: a row for autoregressive decoding and one per cell.

use crate::present::sweep_report::{CellReport, SweepReport};
use crate::speculate::speed_up::count_pairs;
use crate::speculate::sweep::{CellFigures, Estimate};

/// Heads of the columns of figures.
const FIGURES: [&str; 12] = [
    "speed-up",
    "95%",
    "est.",
    "MAL",
    "in common",
    "agreement",
    "same text",
    "parts after",
    "facts kept",
    "log-prob.",
    "rep.",
    "acceptance",
];

/// What a number that is not there looks like.
const NONE: &str = "–";

/// A line of the table.
pub(crate) struct FigureRow {
    /// Index among the cells; `None`: autoregressive decoding.
    pub(crate) cell: Option<usize>,
    /// `*` on the frontier.
    pub(crate) mark: &'static str,
    /// A text per head.
    pub(crate) texts: Vec<String>,
}

/// The heads of all columns behind the mark.
pub(crate) fn heads(report: &SweepReport) -> Vec<String> {
    let varying = report.grid.varying();
    let mut heads = vec!["rule", "budget"];
    heads.extend(varying.branch.then_some("branch"));
    heads.extend(varying.drafter.then_some("drafter"));
    heads.extend(FIGURES);
    let tested = report.backbones().iter().map(|name| format!("AUC {name}"));
    heads.into_iter().map(String::from).chain(tested).collect()
}

/// The rows of all cells that have figures, that of autoregressive decoding first.
pub(crate) fn rows(report: &SweepReport) -> Vec<FigureRow> {
    let plain = report.autoregressive.as_ref().map(|plain| FigureRow {
        cell: None,
        mark: " ",
        texts: autoregressive(report, plain),
    });
    let cells = report.cells.iter().enumerate();
    let cells = cells.filter_map(|(i, cell)| {
        Some(FigureRow {
            cell: Some(i),
            mark: if cell.frontier { "*" } else { " " },
            texts: of_cell(report, cell, cell.figures.as_ref()?),
        })
    });
    plain.into_iter().chain(cells).collect()
}

fn autoregressive(report: &SweepReport, plain: &CellFigures) -> Vec<String> {
    let varying = report.grid.varying();
    let n_empty = 1 + usize::from(varying.branch) + usize::from(varying.drafter);
    let mut texts = vec!["autoregressive".to_string()];
    texts.extend(vec![String::new(); n_empty]);
    texts.extend(figures(plain));
    texts.extend(report.backbones().iter().map(|_| String::new()));
    texts
}

fn of_cell(report: &SweepReport, cell: &CellReport, found: &CellFigures) -> Vec<String> {
    let varying = report.grid.varying();
    let mut texts = vec![cell.verify.describe(), cell.budget.clone()];
    texts.extend(varying.branch.then(|| cell.branch.to_string()));
    texts.extend(varying.drafter.then(|| cell.drafter.to_string()));
    texts.extend(figures(found));
    texts.extend(
        report
            .backbones()
            .iter()
            .map(|name| match cell.difference(name) {
                Some(found) => format!("{} {}", found.with_interval(), found.finding),
                None => "not tested".to_string(),
            }),
    );
    texts
}

fn figures(of: &CellFigures) -> [String; FIGURES.len()] {
    let plain = |e: Option<Estimate>, digits| number(e, 1.0, digits);
    let percent = |e: Estimate| format!("{} %", number(Some(e), 100.0, 1));
    let optional = |e: Option<Estimate>| e.map_or(NONE.into(), percent);
    let by_profile = of.speedup_by_profile;
    [
        format!("{:.2}", of.speedup.mean),
        format!("{:.2}-{:.2}", of.low, of.high),
        by_profile.map_or(NONE.into(), |by| format!("{:.2}", by.mean)),
        plain(Some(of.mal), 2),
        percent(of.in_common),
        percent(of.agreement),
        format!("{}/{}", of.same_text, of.subjects),
        plain(of.first_divergence, 0),
        optional(of.facts_kept),
        plain(of.mean_log_prob, 3),
        percent(of.repetition),
        optional(of.acceptance),
    ]
}

/// A mean, and its standard error where there is one.
fn number(estimate: Option<Estimate>, times: f64, digits: usize) -> String {
    let Some(Estimate {
        mean,
        standard_error,
        ..
    }) = estimate
    else {
        return NONE.into();
    };
    let error = standard_error.map(|e| format!(" ±{:.digits$}", e * times));
    format!("{:.digits$}{}", mean * times, error.unwrap_or_default())
}

/// What the columns say, for people.
pub(crate) fn about(report: &SweepReport) -> String {
    format!(
        "*: Pareto-optimal: no other cell is faster (in paired runs, beyond the noise) with as \
         much text in common, or as fast with more. 95%: interval of the speed-up, over {}; \
         est.: by the cost profile. facts kept: of the catalog's facts that the autoregressive \
         text names, those that the cell's text names. ±: standard error over subjects.",
        count_pairs(report.pairs())
    )
}
