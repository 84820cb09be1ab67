//! A sweep as a table for people: one line per cell, and what to make of them.

use crate::console::table::Table;
use crate::export::sweep::{about_columns, heads, rows};
use crate::present::sweep_report::{CellReport, SweepReport};

/// Columns of names at the left: the mark, the rule, and what else varies.
const N_NAMES: usize = 3;

/// A table in Markdown; `*` marks Pareto-optimal cells.
pub(crate) fn print(report: &SweepReport) {
    out!(
        "{} on {}; {} subjects, {} of {} runs, repetition penalty {}",
        report.on.model,
        report.on.device,
        report.subjects.len(),
        report.runs,
        report.of,
        report.params.repeat_penalty
    );
    let heads = heads(report);
    let heads = std::iter::once("").chain(heads.iter().map(String::as_str));
    let varying = report.grid.varying();
    let n_names = N_NAMES + usize::from(varying.branch) + usize::from(varying.drafter);
    let mut table = Table::markdown(n_names, heads);
    for row in rows(report) {
        table.row(std::iter::once(row.mark.to_string()).chain(row.texts));
    }
    table.print();
    verdicts(report);
}

fn verdicts(report: &SweepReport) {
    out!("{}", about_columns(report));
    if let Some(tested) = &report.tested {
        out!("{}", tested.about());
    }
    let fastest = report.cells.iter().filter(|c| c.frontier);
    let speed = |c: &&CellReport| c.figures.as_ref().map_or(0.0, |f| f.speedup.mean);
    if let Some(cell) = fastest.max_by(|a, b| speed(a).total_cmp(&speed(b))) {
        out!("fastest of them: {}", cell.command);
    }
    if let Some(chosen) = &report.chosen {
        out!("chosen: {}: {}", chosen.options, chosen.why);
    }
    if let Some(lossless) = report.lossless_in_words() {
        out!("{lossless}");
    }
}
