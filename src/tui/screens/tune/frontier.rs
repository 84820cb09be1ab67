//! Speed-up against what the texts have in common, a point a cell, with the interval
//! of the one and the standard error of the other over subjects. Not a `Chart`: that
//! would round points and bars to other cells than their axes' names.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::present::number::three;
use crate::present::theme::Theme;
use crate::present::token_text::columns;
use crate::speculate::sweep::{CellFigures, Estimate};
use crate::tui::app::App;
use crate::tui::screens::tune::sweep::BegunSweep;

/// Columns of the names of the upright axis.
const Y_NAMES: u16 = 5;
/// The upright axis begins at a multiple of this.
const Y_STEP: f64 = 0.1;

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(found) = &app.tune.sweep.found else {
        return;
    };
    if area.width < Y_NAMES + 12 || area.height < 5 {
        return;
    }
    let n_cells = found.sweep.grid.cells.len();
    let cells: Vec<_> = (0..n_cells).map(|c| found.sweep.cell(c)).collect();
    let plot = Plot::new(&cells, area);
    plot.axes(theme, buf);
    let on = found.sweep.on_frontier();
    let selected = app.tune.sweep.cell();
    // What matters more is drawn later.
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by_key(|&c| (selected == Some(c), on[c]));
    let figures = |&c: &usize| cells[c].as_ref();
    let drawn = order.iter().filter_map(figures);
    drawn.for_each(|f| plot.bars(f, theme.line(), buf));
    reference(found, &plot, theme, buf);
    for (cell, figures) in order.iter().filter_map(|c| Some((*c, figures(c)?))) {
        let (glyph, style) = match (selected == Some(cell), on[cell]) {
            (true, _) => ("◆", theme.strong()),
            (false, true) => ("●", theme.accent()),
            (false, false) => ("○", theme.text()),
        };
        if selected == Some(cell) {
            plot.bars(figures, theme.accent(), buf);
        }
        let at = (figures.speedup.mean, figures.in_common.mean);
        plot.point(at, glyph, style, buf);
    }
    let tested = order.iter().rev().filter_map(|c| Some((*c, figures(c)?)));
    differences(app, found, tested, |at, name| {
        plot.name(at, name, theme.dim(), buf);
    });
}

/// The difference in AUC that a test found for the rule of each cell, beside its point.
fn differences<'f>(
    app: &App,
    found: &BegunSweep,
    cells: impl Iterator<Item = (usize, &'f CellFigures)>,
    mut name: impl FnMut((f64, f64), &str),
) {
    let Some(tested) = &app.tune.tested else {
        return;
    };
    for (cell, figures) in cells {
        let rule = found.sweep.grid.params(cell).verify;
        if let Some(difference) = tested.of(&rule).first() {
            let at = (figures.speedup.mean, figures.in_common.mean);
            name(at, &format!("{:+.4}", difference.value));
        }
    }
}

/// Autoregressive decoding agrees with itself and is as quick.
fn reference(found: &BegunSweep, plot: &Plot, theme: &Theme, buf: &mut Buffer) {
    if found.sweep.autoregressive().is_some() {
        plot.point((1.0, 1.0), "+", theme.dim(), buf);
    }
}

struct Plot {
    area: Rect,
    /// Inside of the axes.
    inside: Rect,
    x: (f64, f64),
    /// Where the upright axis begins; it ends at 1.
    low: f64,
}

impl Plot {
    fn new(cells: &[Option<CellFigures>], area: Rect) -> Self {
        let ends = |e: Estimate| {
            let error = e.standard_error.unwrap_or(0.0);
            [e.mean - error, e.mean + error]
        };
        let shared = cells.iter().flatten().map(|f| ends(f.in_common)[0]);
        let least = shared.fold(1.0 - Y_STEP, f64::min).max(0.0);
        let values = cells.iter().flatten().flat_map(|f| [f.low, f.high]);
        let (low, high) = values
            .chain([1.0])
            .fold((f64::INFINITY, 0.0f64), |(low, high), v| {
                (low.min(v), high.max(v))
            });
        let air = (high - low).max(0.2) * 0.06;
        Plot {
            inside: Rect {
                x: area.x + Y_NAMES + 1,
                y: area.y + 1,
                width: area.width - Y_NAMES - 1,
                height: area.height - 3,
            },
            x: (low - air, high + air),
            low: (least / Y_STEP).floor() * Y_STEP,
            area,
        }
    }

    fn column(&self, x: f64) -> u16 {
        let (low, high) = self.x;
        let share = ((x - low) / (high - low)).clamp(0.0, 1.0);
        self.inside.x + (share * f64::from(self.inside.width - 1)).round() as u16
    }

    fn row(&self, y: f64) -> u16 {
        let share = (1.0 - y.clamp(self.low, 1.0)) / (1.0 - self.low);
        self.inside.y + (share * f64::from(self.inside.height - 1)).round() as u16
    }

    fn axes(&self, theme: &Theme, buf: &mut Buffer) {
        let whole = "in common vs. speed-up (● frontier ○ dominated ◆ here + AR)";
        let title = match columns(whole) <= usize::from(self.area.width) {
            true => whole,
            false => "in common vs. speed-up",
        };
        let title = Line::styled(title, theme.dim());
        buf.set_line(self.area.x, self.area.y, &title, self.area.width);
        for y in self.inside.y..self.inside.bottom() {
            buf.set_string(self.inside.x - 1, y, "│", theme.line());
        }
        for tick in [1.0, (1.0 + self.low) / 2.0, self.low] {
            let name = format!("{:>4.0}%", tick * 100.0);
            buf.set_string(self.area.x, self.row(tick), name, theme.dim());
        }
        let below = self.inside.bottom();
        let line = format!("└{}", "─".repeat(usize::from(self.inside.width)));
        buf.set_string(self.inside.x - 1, below, line, theme.line());
        let (low, high) = self.x;
        for x in [low, (low + high) / 2.0, high] {
            let name = format!("{}x", three(x.max(0.0)));
            let width = name.len() as u16;
            let column = self.column(x).saturating_sub(width / 2);
            let column = column.clamp(self.inside.x, self.inside.right().saturating_sub(width));
            buf.set_string(column, below + 1, name, theme.dim());
        }
    }

    fn bars(&self, figures: &CellFigures, style: Style, buf: &mut Buffer) {
        let (x, y) = (figures.speedup, figures.in_common);
        for column in self.column(figures.low)..=self.column(figures.high) {
            buf.set_string(column, self.row(y.mean), "─", style);
        }
        if let Some(error) = y.standard_error {
            for row in self.row(y.mean + error)..=self.row(y.mean - error) {
                buf.set_string(self.column(x.mean), row, "│", style);
            }
        }
    }

    /// Beside a point, where nothing else is drawn.
    fn name(&self, (x, y): (f64, f64), name: &str, style: Style, buf: &mut Buffer) {
        let (row, column) = (self.row(y), self.column(x) + 1);
        let width = columns(name) as u16;
        let is_free = |&(column, row): &(u16, u16)| {
            let place = Rect::new(column, row, width, 1);
            let mut wanted = column..column + width;
            self.inside.intersection(place) == place
                && wanted.all(|column| buf[(column, row)].symbol() == " ")
        };
        let before = (column.saturating_sub(width + 1), row);
        let places = [(column, row), before, (column, row + 1), (column, row - 1)];
        if let Some((column, row)) = places.into_iter().find(is_free) {
            buf.set_string(column, row, name, style);
        }
    }

    fn point(&self, (x, y): (f64, f64), glyph: &str, style: Style, buf: &mut Buffer) {
        buf.set_string(self.column(x), self.row(y), glyph, style);
    }
}
