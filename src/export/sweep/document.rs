//! A sweep's report as Markdown: every figure as a table.

use std::fmt::Write;

use super::rows::{self, FigureRow};
use super::{heat_map, title};
use crate::console::visible;
use crate::export::escape::markdown as escape;
use crate::present::heat_scale::written;
use crate::present::sweep_report::{DifferingText, SweepReport, TextDifference, criterion};
use crate::speculate::sweep::{Layer, Measure};

/// What a document of a sweep is recognized by, in its first line.
pub(crate) const DOCUMENT_MARK: &str = "<!-- LaserScope: a sweep -->";

pub(super) fn document(report: &SweepReport) -> String {
    let mut out = format!("{DOCUMENT_MARK}\n# {}\n\n", escape(&title(report)));
    chosen(report, &mut out);
    if let Some(lossless) = report.lossless_in_words() {
        let _ = writeln!(out, "{}.\n", escape(lossless));
    }
    conditions(report, &mut out);
    figures(report, &mut out);
    for measure in Measure::ALL {
        if heat_map::is_measured(report, measure) {
            heat_maps(report, measure, &mut out);
        }
    }
    examples(report, &mut out);
    let command = visible::text(&report.command_without_paths);
    let _ = writeln!(out, "## Command line\n\n```sh\n{command}\n```");
    out
}

fn chosen(report: &SweepReport, out: &mut String) {
    let _ = writeln!(out, "## The chosen cell\n");
    match &report.chosen {
        Some(chosen) => {
            let name = &report.cells[chosen.cell].name;
            let (name, why) = (escape(name), escape(&chosen.why));
            let _ = writeln!(out, "**{name}**: {why}.\n\n`{}`\n", chosen.options);
        }
        None => {
            let _ = writeln!(out, "No cell could be chosen.\n");
        }
    }
    let _ = writeln!(out, "{}\n", escape(&criterion()));
}

fn conditions(report: &SweepReport, out: &mut String) {
    let _ = writeln!(out, "## Conditions\n\n| | |\n|---|---|");
    for (name, value) in &report.conditions {
        let _ = writeln!(out, "| {name} | {} |", escape(value));
    }
    out.push('\n');
}

fn figures(report: &SweepReport, out: &mut String) {
    let heads: Vec<String> = rows::heads(report).iter().map(|h| escape(h)).collect();
    let _ = writeln!(out, "## Figures\n\n| | | {} |", heads.join(" | "));
    let _ = writeln!(out, "|---:|---|{}", "---|".repeat(heads.len()));
    for FigureRow { cell, mark, texts } in rows::rows(report) {
        let number = cell.map_or(String::new(), |cell| (cell + 1).to_string());
        let texts: Vec<String> = texts.iter().map(|text| escape(text)).collect();
        let _ = writeln!(
            out,
            "| {number} | {} | {} |",
            escape(mark),
            texts.join(" | ")
        );
    }
    let _ = writeln!(out, "\n{}\n", escape(&rows::about(report)));
    if let Some(tested) = &report.tested {
        let _ = writeln!(out, "{}\n", escape(&tested.about()));
    }
}

/// A measure as a table per layer; `*` marks Pareto-optimal cells.
fn heat_maps(report: &SweepReport, measure: Measure, out: &mut String) {
    let about = heat_map::scale(report, measure).about();
    let _ = writeln!(
        out,
        "### {}\n\n{}\n",
        escape(heat_map::named(measure)),
        escape(&about)
    );
    for layer in &report.grid.layers {
        let [down, across] = layer.axes;
        let corner = [down, across].map(escape).join(" / ");
        let name = escape(&report.grid.layer_name(layer));
        let _ = writeln!(
            out,
            "{name}\n\n| {corner} | {} |",
            layer.columns.join(" | ")
        );
        let _ = writeln!(out, "|---|{}", "---:|".repeat(layer.columns.len()));
        for (row, head) in layer.rows.iter().enumerate() {
            let cells = (0..layer.columns.len()).map(|c| heat(report, measure, layer, (row, c)));
            let _ = writeln!(
                out,
                "| {head} | {} |",
                cells.collect::<Vec<_>>().join(" | ")
            );
        }
        out.push('\n');
    }
}

fn heat(
    report: &SweepReport,
    measure: Measure,
    layer: &Layer,
    (row, column): (usize, usize),
) -> String {
    let cell = &report.cells[layer.cell(row, column)];
    let value = cell.figures.as_ref().and_then(|f| measure.of(f));
    let star = if cell.frontier { "\\*" } else { "" };
    value.map_or("–".into(), |value| {
        format!("{}{star}", escape(&written(measure, value.mean)))
    })
}

fn examples(report: &SweepReport, out: &mut String) {
    let _ = writeln!(out, "## Examples of differences\n");
    if report.examples.is_empty() {
        let _ = writeln!(
            out,
            "Every text of a Pareto-optimal cell is the autoregressive text.\n"
        );
    }
    for (i, example) in report.examples.iter().enumerate() {
        example_of(report, i + 1, example, out);
    }
}

fn example_of(report: &SweepReport, number: usize, example: &TextDifference, out: &mut String) {
    let subject = &report.subjects[example.subject].title;
    let cell = &report.cells[example.cell].name;
    let _ = writeln!(
        out,
        "{number}. {}, {}: after {} equal tokens, {}\n",
        escape(subject),
        escape(cell),
        example.at,
        escape(&example.before)
    );
    let side = |name: &str, text: &DifferingText| {
        format!(
            "   - {name}: **{}** ({}){}",
            escape(&text.token),
            escape(&text.scored()),
            match text.goes_on.as_str() {
                "" => String::new(),
                text => format!(", then {}", escape(text)),
            }
        )
    };
    let _ = writeln!(out, "{}", side("autoregressive", &example.autoregressive));
    let _ = writeln!(out, "{}", side("the cell", &example.taken));
    if !example.reason.is_empty() {
        let _ = writeln!(out, "   - let in by: {}", escape(&example.reason));
    }
    if !example.why.is_empty() {
        let _ = writeln!(out, "   - {}", escape(&example.why));
    }
    out.push('\n');
}
