//! The report of a sweep as a web page, a document, a picture and a table. Every form is a
//! pure function of the report, so the same sweep gives the same bytes.

mod csv;
mod document;
mod frontier;
mod heat_map;
mod ink;
mod page;
mod picture;
mod rows;
mod sheet;

pub(crate) use csv::csv;
pub(crate) use document::DOCUMENT_MARK;
pub(crate) use page::PAGE_MARK;
pub(crate) use picture::PICTURE_MARK;
pub(crate) use rows::about as about_columns;
pub(crate) use rows::heads;
pub(crate) use rows::rows;

use crate::present::number::count;
use crate::present::sweep_report::{SweepForm, SweepReport};
use crate::speculate::speed_up::count_pairs;

/// The report in one form.
pub fn sweep_report(report: &SweepReport, form: SweepForm) -> String {
    match form {
        SweepForm::Html => page::page(report),
        SweepForm::Markdown => document::document(report),
        SweepForm::Svg => picture::picture(report),
        SweepForm::Csv => csv(report),
    }
}

/// `Sweep of relaxed: SmolLM2-135M`.
fn title(report: &SweepReport) -> String {
    format!("Sweep of {}: {}", report.rules.join(", "), report.on.model)
}

/// One line about its extent.
fn about(report: &SweepReport) -> String {
    let runs = match report.complete {
        true => count(report.of, "run"),
        false => format!("{} of {} runs", report.runs, report.of),
    };
    format!(
        "{}, {}, {runs}, {} · {}",
        count(report.subjects.len(), "subject"),
        count(report.cells.len(), "cell"),
        count_pairs(report.pairs()),
        report.on.device
    )
}
