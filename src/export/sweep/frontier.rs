//! The frontier: speed-up against text in common, a mark per cell, with 95% intervals of
//! both; below it what the marks mean, and the Pareto-optimal cells by name.

use plotters::chart::ChartBuilder;
use plotters::prelude::CoordTranslate;
use plotters::style::FontStyle;

use super::ink::Ink;
use super::sheet::{
    ChartSheet, ChartSize, DrawingError, DrawingResult, Lettering, PLAIN, TextAnchor, text_width,
};
use crate::present::number::{percent, three};
use crate::present::sweep_report::SweepReport;
use crate::present::token_text::fit;
use crate::speculate::sweep::CellFigures;

/// Of the chart alone.
const SIZE: ChartSize = (560, 400);
const ROW: u32 = 19;
/// Pareto-optimal cells that are listed.
const LISTED: usize = 10;
const LISTED_COLUMNS: usize = 70;
/// Radius of a mark.
const MARK: i32 = 5;
/// The vertical axis begins at a multiple of this.
const Y_STEP: f64 = 0.1;
/// Intervals that reach further below their mean are cut by the axis.
const Y_REACH: f64 = 0.25;

/// A cell on the chart.
struct ChartPoint<'a> {
    /// From 1, as tables number the cells.
    number: usize,
    figures: &'a CellFigures,
    kind: PointKind,
}

/// In the order of drawing: what matters more comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PointKind {
    Dominated,
    Optimal,
    Chosen,
}

impl PointKind {
    fn ink(self) -> Ink {
        match self {
            PointKind::Dominated => Ink::Dim,
            PointKind::Optimal | PointKind::Chosen => Ink::Accent,
        }
    }
}

pub(super) fn size(report: &SweepReport) -> ChartSize {
    let listed = optimal(report).len().min(LISTED + 1) as u32;
    (SIZE.0, SIZE.1 + ROW * (3 + listed))
}

fn points(report: &SweepReport) -> Vec<ChartPoint<'_>> {
    let chosen = report.chosen.as_ref().map(|chosen| chosen.cell);
    let cells = report.cells.iter().enumerate();
    let found = cells.filter_map(|(i, cell)| {
        Some(ChartPoint {
            number: i + 1,
            figures: cell.figures.as_ref()?,
            kind: match cell.frontier {
                _ if chosen == Some(i) => PointKind::Chosen,
                true => PointKind::Optimal,
                false => PointKind::Dominated,
            },
        })
    });
    let mut found: Vec<ChartPoint<'_>> = found.collect();
    found.sort_by_key(|point| point.kind);
    found
}

/// The Pareto-optimal cells, the fastest first.
fn optimal(report: &SweepReport) -> Vec<ChartPoint<'_>> {
    let mut found = points(report);
    found.retain(|point| point.kind != PointKind::Dominated);
    found.sort_by(|a, b| speed(b).total_cmp(&speed(a)));
    found
}

fn speed(point: &ChartPoint<'_>) -> f64 {
    point.figures.speedup.mean
}

/// The interval of the text in common, as far as shares go.
fn kept(figures: &CellFigures) -> (f64, f64) {
    let mean = figures.in_common.mean;
    let (low, high) = figures.in_common.interval().unwrap_or((mean, mean));
    (low.max(0.0), high.min(1.0))
}

pub(super) fn draw(sheet: &ChartSheet<'_>, report: &SweepReport) -> DrawingResult {
    let points = points(report);
    let plot = sheet.part((0, 0), SIZE);
    let to_pixel = axes(&plot, &points)?;
    reference(&plot, &to_pixel)?;
    path(&plot, report, &to_pixel)?;
    for point in &points {
        intervals(&plot, point, &to_pixel)?;
    }
    let mut taken: Vec<[i32; 4]> = Vec::new();
    for point in &points {
        let at = mark(&plot, point, &to_pixel)?;
        taken.push([at.0 - MARK, at.1 - MARK, at.0 + MARK, at.1 + MARK]);
    }
    for point in points.iter().rev() {
        number(&plot, point, &to_pixel, &mut taken)?;
    }
    legend(&sheet.part((0, SIZE.1), (SIZE.0, 3 * ROW)))?;
    let list = sheet.part((0, SIZE.1 + 3 * ROW), (SIZE.0, ROW * (LISTED as u32 + 1)));
    listed(&list, report)
}

type ToPixel = Box<dyn Fn(f64, f64) -> (i32, i32)>;

/// Draws the axes with their names and units; what gives a point's pixel.
fn axes(plot: &ChartSheet<'_>, points: &[ChartPoint<'_>]) -> Result<ToPixel, DrawingError> {
    let (x, y) = (x_range(points), y_low(points));
    let label = plot.axis_style(13.0, Ink::Dim);
    let digits = if x.1 - x.0 < 1.5 { 2 } else { 1 };
    let mut chart = ChartBuilder::on(&plot.area)
        .margin_top(14)
        .margin_right(18)
        .margin_left(6)
        .x_label_area_size(46)
        .y_label_area_size(62)
        .build_cartesian_2d(x.0..x.1, y..1.0)?;
    chart
        .configure_mesh()
        .axis_style(plot.stroke(Ink::Dim, 1))
        .bold_line_style(plot.stroke(Ink::Line, 1))
        .light_line_style(plot.stroke(Ink::Ground, 1))
        .max_light_lines(0)
        .x_labels(7)
        .y_labels(7)
        .x_label_formatter(&|x| format!("{x:.digits$}x"))
        .y_label_formatter(&|y| percent(*y))
        .label_style(label.clone())
        .axis_desc_style(label)
        .x_desc("speed-up over autoregressive decoding (times as fast)")
        .y_desc("text in common with autoregressive (%)")
        .draw()?;
    let place = chart.as_coord_spec().clone();
    // Places are of the whole picture, marks of this part of it.
    let (across, down) = plot.area.get_pixel_range();
    Ok(Box::new(move |x, y| {
        let (x, y) = place.translate(&(x, y));
        (x - across.start, y - down.start)
    }))
}

fn x_range(points: &[ChartPoint<'_>]) -> (f64, f64) {
    let ends = points.iter().flat_map(|p| [p.figures.low, p.figures.high]);
    let (low, high) = ends
        .chain([1.0])
        .fold((f64::INFINITY, 0.0f64), |(low, high), v| {
            (low.min(v), high.max(v))
        });
    let air = (high - low).max(0.2) * 0.08;
    (low - air, high + air)
}

fn y_low(points: &[ChartPoint<'_>]) -> f64 {
    let ends = points.iter().map(|p| {
        let mean = p.figures.in_common.mean;
        kept(p.figures).0.max(mean - Y_REACH)
    });
    let least = ends.fold(1.0 - Y_STEP, f64::min).max(0.0);
    // A mark on the axis would be cut.
    ((least - 0.02).max(0.0) / Y_STEP).floor() * Y_STEP
}

/// Autoregressive decoding is as fast as itself, and has its own text.
fn reference(plot: &ChartSheet<'_>, to_pixel: &ToPixel) -> DrawingResult {
    let ((x, top), (_, bottom)) = (to_pixel(1.0, 1.0), to_pixel(1.0, 0.0));
    let bottom = bottom.min(SIZE.1 as i32 - 46);
    let mut y = top;
    while y < bottom {
        plot.line(vec![(x, y), (x, (y + 5).min(bottom))], Ink::Dim, 1)?;
        y += 10;
    }
    plot.cross((x, top), MARK + 1, Ink::Text)
}

/// From one Pareto-optimal cell to the next.
fn path(plot: &ChartSheet<'_>, report: &SweepReport, to_pixel: &ToPixel) -> DrawingResult {
    let found = optimal(report);
    let at = |p: &ChartPoint<'_>| to_pixel(speed(p), p.figures.in_common.mean);
    match found.len() {
        0 | 1 => Ok(()),
        _ => plot.line(found.iter().map(at).collect(), Ink::Line, 2),
    }
}

fn intervals(plot: &ChartSheet<'_>, point: &ChartPoint<'_>, to_pixel: &ToPixel) -> DrawingResult {
    let figures = point.figures;
    let (x, y) = (figures.speedup.mean, figures.in_common.mean);
    let (left, right) = (to_pixel(figures.low, y), to_pixel(figures.high, y));
    let (low, high) = kept(figures);
    let (bottom, top) = (to_pixel(x, low), to_pixel(x, high));
    // Coordinates below the axis end on it.
    let floor = SIZE.1 as i32 - 46;
    let ink = point.kind.ink();
    plot.line(vec![left, right], ink, 1)?;
    plot.line(vec![top, (bottom.0, bottom.1.min(floor))], ink, 1)?;
    for (x, y) in [left, right] {
        plot.line(vec![(x, y - 3), (x, y + 3)], ink, 1)?;
    }
    let ends = [top, bottom].into_iter().filter(|end| end.1 <= floor);
    for (x, y) in ends.filter(|_| low < high) {
        plot.line(vec![(x - 3, y), (x + 3, y)], ink, 1)?;
    }
    Ok(())
}

fn mark(
    plot: &ChartSheet<'_>,
    point: &ChartPoint<'_>,
    to_pixel: &ToPixel,
) -> Result<(i32, i32), DrawingError> {
    let at = to_pixel(speed(point), point.figures.in_common.mean);
    let ink = point.kind.ink();
    match point.kind {
        PointKind::Dominated => plot.ring(at, MARK - 1, ink)?,
        PointKind::Optimal => plot.dot(at, MARK, ink)?,
        PointKind::Chosen => plot.diamond(at, MARK + 3, ink)?,
    }
    Ok(at)
}

/// The cell's number beside its mark, where nothing else stands; those on the frontier have
/// theirs in any case.
fn number(
    plot: &ChartSheet<'_>,
    point: &ChartPoint<'_>,
    to_pixel: &ToPixel,
    taken: &mut Vec<[i32; 4]>,
) -> DrawingResult {
    let (x, y) = to_pixel(speed(point), point.figures.in_common.mean);
    let text = point.number.to_string();
    let (width, off) = (text_width(&text, 12.0) + 2, MARK + 4);
    let place = |x: i32, y: i32| [x, y - 7, x + width, y + 7];
    let places = [
        place(x + off, y - 9),
        place(x - off - width, y - 9),
        place(x + off, y + 10),
        place(x - off - width, y + 10),
        place(x - width / 2, y - 20),
        place(x - width / 2, y + 21),
    ];
    let free = places.iter().find(|place| is_free(place, taken));
    let place = match (free, point.kind) {
        (Some(place), _) => *place,
        (None, PointKind::Dominated) => return Ok(()),
        (None, _) => places[0],
    };
    taken.push(place);
    let (ink, weight) = match point.kind {
        PointKind::Dominated => (Ink::Dim, FontStyle::Normal),
        _ => (Ink::Text, FontStyle::Bold),
    };
    let how = Lettering {
        px: 12.0,
        ink,
        weight,
        ..PLAIN
    };
    plot.text(&text, (place[0], place[1] + 7), how)
}

/// Whether nothing stands there, and it is on the chart.
fn is_free([left, top, right, bottom]: &[i32; 4], taken: &[[i32; 4]]) -> bool {
    let meets = |other: &[i32; 4]| {
        *left < other[2] && other[0] < *right && *top < other[3] && other[1] < *bottom
    };
    !taken.iter().any(meets) && *top > 0 && *right < SIZE.0 as i32
}

fn legend(sheet: &ChartSheet<'_>) -> DrawingResult {
    let dim = Lettering {
        px: 12.0,
        ink: Ink::Dim,
        ..PLAIN
    };
    let (y, mut x) = (ROW as i32 / 2, 14);
    for (kind, name) in [
        (Some(PointKind::Chosen), "chosen"),
        (Some(PointKind::Optimal), "Pareto-optimal"),
        (Some(PointKind::Dominated), "dominated"),
        (None, "autoregressive"),
    ] {
        match kind {
            Some(PointKind::Chosen) => sheet.diamond((x, y), MARK + 2, Ink::Accent)?,
            Some(PointKind::Optimal) => sheet.dot((x, y), MARK, Ink::Accent)?,
            Some(PointKind::Dominated) => sheet.ring((x, y), MARK - 1, Ink::Dim)?,
            None => sheet.cross((x, y), MARK, Ink::Text)?,
        }
        sheet.text(name, (x + 12, y), dim)?;
        x += 12 + text_width(name, 12.0) + 24;
    }
    let bars = "Bars: 95% intervals, of the speed-up over pairs, of the text over subjects.";
    sheet.text(bars, (8, y + ROW as i32), dim)
}

fn listed(sheet: &ChartSheet<'_>, report: &SweepReport) -> DrawingResult {
    let found = optimal(report);
    let mut y = 2;
    for point in found.iter().take(LISTED) {
        let cell = &report.cells[point.number - 1];
        let common = point.figures.in_common.mean;
        let (speed, common) = (three(speed(point)), percent(common));
        let text = format!("{}: {speed}x, {common} in common", cell.name);
        let number = Lettering {
            anchor: TextAnchor::Right,
            weight: FontStyle::Bold,
            px: 12.0,
            ..PLAIN
        };
        sheet.text(&point.number.to_string(), (26, y), number)?;
        let how = Lettering { px: 12.0, ..PLAIN };
        sheet.text(&fit(&text, LISTED_COLUMNS), (34, y), how)?;
        y += ROW as i32;
    }
    if found.len() > LISTED {
        let more = format!("and {} more Pareto-optimal cells", found.len() - LISTED);
        sheet.text(&more, (34, y), Lettering { px: 12.0, ..PLAIN })?;
    }
    Ok(())
}
