//! The heat map of a measure: a table per rule, budget, branch length and drafter, a cell per
//! setting with its figure, and the scale of the colours below.

use plotters::style::FontStyle;

use super::ink::{BINS, HeatInk, Ink, InkScale};
use super::sheet::{
    ChartSheet, ChartSize, DrawingResult, Lettering, PLAIN, TextAnchor, text_width,
};
use crate::present::heat_scale::{HeatScale, written};
use crate::present::sweep_report::SweepReport;
use crate::speculate::sweep::{Layer, Measure};

const CELL: ChartSize = (74, 32);
const ROW_NAMES: u32 = 74;
const TITLE: u32 = 24;
const HEADS: u32 = 20;
const GAP: u32 = 14;
const LEGEND: u32 = 64;
const LEAST_WIDTH: u32 = 420;

/// The values of a measure, and how good each is.
struct HeatMap<'a> {
    report: &'a SweepReport,
    measure: Measure,
    scale: HeatScale,
}

/// Whether any cell has a value of a measure.
pub(super) fn is_measured(report: &SweepReport, measure: Measure) -> bool {
    values(report, measure).next().is_some()
}

fn values(report: &SweepReport, measure: Measure) -> impl Iterator<Item = f64> + '_ {
    let figures = report.cells.iter().filter_map(|cell| cell.figures.as_ref());
    figures.filter_map(move |figures| Some(measure.of(figures)?.mean))
}

/// The scale of a measure over a report's cells.
pub(super) fn scale(report: &SweepReport, measure: Measure) -> HeatScale {
    let plain = report.autoregressive.as_ref();
    let plain = plain.and_then(|figures| Some(measure.of(figures)?.mean));
    HeatScale::of(measure, values(report, measure), plain)
}

pub(super) fn size(report: &SweepReport) -> ChartSize {
    let layers = &report.grid.layers;
    let columns = layers.iter().map(|layer| layer.columns.len()).max();
    let width = ROW_NAMES + CELL.0 * columns.unwrap_or(1) as u32 + 10;
    let height: u32 = layers.iter().map(layer_height).sum();
    (width.max(LEAST_WIDTH), TITLE + height + LEGEND)
}

fn layer_height(layer: &Layer) -> u32 {
    TITLE + HEADS + CELL.1 * layer.rows.len() as u32 + GAP
}

pub(super) fn draw(
    sheet: &ChartSheet<'_>,
    report: &SweepReport,
    measure: Measure,
) -> DrawingResult {
    let map = HeatMap {
        report,
        measure,
        scale: scale(report, measure),
    };
    let (width, _) = size(report);
    let bold = Lettering {
        weight: FontStyle::Bold,
        px: 14.0,
        ..PLAIN
    };
    sheet.text(named(measure), (8, TITLE as i32 / 2), bold)?;
    let mut top = TITLE;
    for layer in &report.grid.layers {
        let height = layer_height(layer);
        map.layer(&sheet.part((0, top), (width, height)), layer)?;
        top += height;
    }
    map.legend(&sheet.part((0, top), (width, LEGEND)))
}

/// The measure with its unit.
pub(super) fn named(measure: Measure) -> &'static str {
    match measure {
        Measure::SpeedUp => "speed-up (times as fast as autoregressive)",
        Measure::Mal => "MAL (tokens per step)",
        Measure::InCommon => "text in common with autoregressive (%)",
        Measure::Agreement => "agreement with autoregressive, by position (%)",
        Measure::LogProb => "mean log-probability of the tokens (nats)",
        Measure::Repetition => "repeated 4-grams (%)",
        Measure::Acceptance => "acceptance of draft tokens (%)",
        Measure::FactsKept => "facts kept of the autoregressive text (%)",
    }
}

impl HeatMap<'_> {
    fn layer(&self, sheet: &ChartSheet<'_>, layer: &Layer) -> DrawingResult {
        let dim = Lettering {
            px: 12.0,
            ink: Ink::Dim,
            ..PLAIN
        };
        let name = self.report.grid.layer_name(layer);
        let [down, across] = layer.axes;
        sheet.text(
            &name,
            (8, TITLE as i32 / 2),
            Lettering { px: 12.0, ..PLAIN },
        )?;
        let head_y = (TITLE + HEADS / 2) as i32;
        let right = Lettering {
            anchor: TextAnchor::Right,
            ..dim
        };
        sheet.text(across, (ROW_NAMES as i32 - 8, head_y), right)?;
        let middle = Lettering {
            anchor: TextAnchor::Middle,
            ..dim
        };
        for (i, column) in layer.columns.iter().enumerate() {
            let x = (ROW_NAMES + CELL.0 * i as u32 + CELL.0 / 2) as i32;
            sheet.text(column, (x, head_y), middle)?;
        }
        for (row, name) in layer.rows.iter().enumerate() {
            let y = (TITLE + HEADS + CELL.1 * row as u32 + CELL.1 / 2) as i32;
            let name = format!("{down} {name}");
            sheet.text(name.trim(), (ROW_NAMES as i32 - 8, y), right)?;
            for column in 0..layer.columns.len() {
                self.cell(sheet, layer, (row, column))?;
            }
        }
        Ok(())
    }

    fn cell(
        &self,
        sheet: &ChartSheet<'_>,
        layer: &Layer,
        (row, column): (usize, usize),
    ) -> DrawingResult {
        let at = layer.cell(row, column);
        let left = (ROW_NAMES + CELL.0 * column as u32) as i32;
        let top = (TITLE + HEADS + CELL.1 * row as u32) as i32;
        let corners = [
            (left + 1, top + 1),
            (left + CELL.0 as i32 - 1, top + CELL.1 as i32 - 1),
        ];
        let cell = &self.report.cells[at];
        let value = cell.figures.as_ref().and_then(|f| self.measure.of(f));
        let middle = (left + CELL.0 as i32 / 2, top + CELL.1 as i32 / 2);
        let middling = Lettering {
            anchor: TextAnchor::Middle,
            ink: Ink::Dim,
            ..PLAIN
        };
        let Some(value) = value else {
            sheet.frame(corners, Ink::Line, 1)?;
            return sheet.text("–", middle, middling);
        };
        let ink = self.ink(self.scale.goodness(value.mean));
        sheet.fill(corners, Ink::Heat(ink))?;
        let is_chosen = self.report.chosen.as_ref().is_some_and(|c| c.cell == at);
        if is_chosen {
            sheet.frame(corners, Ink::Text, 3)?;
        }
        let star = if cell.frontier { "*" } else { "" };
        let how = Lettering {
            ink: Ink::OnHeat(ink),
            weight: if is_chosen {
                FontStyle::Bold
            } else {
                FontStyle::Normal
            },
            ..middling
        };
        sheet.text(
            &format!("{}{star}", written(self.measure, value.mean)),
            middle,
            how,
        )
    }

    fn ink(&self, goodness: f64) -> HeatInk {
        let scale = match self.scale.middle {
            Some(_) => InkScale::Diverging,
            None => InkScale::Sequential,
        };
        HeatInk::of(scale, goodness)
    }

    /// The scale from bad to good with its values, and what the marks mean.
    fn legend(&self, sheet: &ChartSheet<'_>) -> DrawingResult {
        let dim = Lettering {
            px: 12.0,
            ink: Ink::Dim,
            ..PLAIN
        };
        let right = Lettering {
            anchor: TextAnchor::Right,
            ..dim
        };
        let ends = [0.0, 1.0].map(|g| written(self.measure, self.scale.value_at(g)));
        let bad = format!("bad {}", ends[0]);
        let start = 8 + text_width(&bad, 12.0) + 8;
        sheet.text(&bad, (start - 8, 10), right)?;
        for bin in 0..BINS {
            let left = start + 18 * i32::from(bin);
            let ink = self.ink(f64::from(bin) / f64::from(BINS - 1));
            sheet.fill([(left, 2), (left + 17, 18)], Ink::Heat(ink))?;
        }
        let end = start + 18 * i32::from(BINS) + 8;
        sheet.text(&format!("good {}", ends[1]), (end, 10), dim)?;
        sheet.text(&self.scale.about(), (8, 30), dim)?;
        sheet.text(
            "*: Pareto-optimal; framed: chosen; –: no figure",
            (8, 48),
            dim,
        )
    }
}
