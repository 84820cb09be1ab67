//! The charts as one picture: the frontier beside the heat maps of both its axes.

use plotters::style::FontStyle;

use super::frontier;
use super::heat_map;
use super::ink::Ink;
use super::sheet::{self, ChartSheet, DrawingResult, Lettering, PLAIN};
use crate::present::sweep_report::SweepReport;
use crate::present::token_text::fit;
use crate::speculate::sweep::Measure;

/// What a picture of a sweep is recognized by, in its first lines.
pub(crate) const PICTURE_MARK: &str = "<!-- LaserScope: a sweep -->";

const HEAD: u32 = 58;
const GAP: u32 = 24;
const MEASURES: [Measure; 2] = [Measure::SpeedUp, Measure::InCommon];
/// Columns of the lines at the top.
const HEAD_COLUMNS: usize = 120;

pub(super) fn picture(report: &SweepReport) -> String {
    let (plot, heat) = (frontier::size(report), heat_map::size(report));
    let size = (
        plot.0 + GAP + heat.0,
        HEAD + plot.1.max(heat.1 * MEASURES.len() as u32),
    );
    let svg = sheet::picture(size, |sheet| {
        head(sheet, report)?;
        frontier::draw(&sheet.part((0, HEAD), plot), report)?;
        for (i, measure) in MEASURES.into_iter().enumerate() {
            let at = (plot.0 + GAP, HEAD + heat.1 * i as u32);
            heat_map::draw(&sheet.part(at, heat), report, measure)?;
        }
        Ok(())
    });
    marked(&svg)
}

fn head(sheet: &ChartSheet<'_>, report: &SweepReport) -> DrawingResult {
    let bold = Lettering {
        px: 17.0,
        weight: FontStyle::Bold,
        ..PLAIN
    };
    sheet.text(&fit(&super::title(report), HEAD_COLUMNS), (8, 20), bold)?;
    let dim = Lettering {
        ink: Ink::Dim,
        ..PLAIN
    };
    sheet.text(&fit(&super::about(report), HEAD_COLUMNS), (8, 42), dim)
}

/// With the mark behind the opening tag.
fn marked(svg: &str) -> String {
    match svg.find('>') {
        Some(at) => format!("{}\n{PICTURE_MARK}{}", &svg[..=at], &svg[at + 1..]),
        None => svg.to_string(),
    }
}
