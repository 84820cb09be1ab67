//! Speed-up against what the texts have in common, a point a cell, with the 95% intervals of
//! both. Not a `Chart`: that would round points and bars to other cells than their axes'
//! names.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::present::number::three;
use crate::present::theme::Theme;
use crate::present::token_text::columns;
use crate::speculate::sweep::CellFigures;
use crate::tui::app::App;
use crate::tui::screens::tune::sweep::BegunSweep;

/// Columns of the names of the upright axis.
const Y_NAMES: u16 = 5;
/// The upright axis begins at a multiple of this.
const Y_STEP: f64 = 0.1;
/// Intervals that reach further below their mean are cut by the axis.
const Y_REACH: f64 = 0.25;
/// From this height on the level axis has a name below its numbers.
const NAMED_HEIGHT: u16 = 8;
/// From this height on the upright axis has five numbers.
const FINE_HEIGHT: u16 = 12;

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(found) = &app.tune.sweep.found else {
        return;
    };
    if area.width < Y_NAMES + 12 || area.height < 5 {
        return;
    }
    let marks = CellMarks::new(app, found);
    let plot = Plot::new(&marks.cells, area);
    plot.axes(theme, buf);
    plot.reference_line(theme, buf);
    let bars = marks.drawn();
    bars.for_each(|(_, figures)| plot.bars(figures, theme.line(), buf));
    if found.sweep.autoregressive().is_some() {
        // It agrees with itself and is as quick.
        plot.point((1.0, 1.0), "+", theme.dim(), buf);
    }
    marks.points(&plot, theme, buf);
    marks.differences(app, &plot, theme, buf);
    marks.names(&plot, theme, buf);
}

/// The cells as marks: what matters more is drawn later.
struct CellMarks<'a> {
    found: &'a BegunSweep,
    cells: Vec<Option<CellFigures>>,
    on: Vec<bool>,
    selected: Option<usize>,
    order: Vec<usize>,
}

impl<'a> CellMarks<'a> {
    fn new(app: &App, found: &'a BegunSweep) -> Self {
        let n_cells = found.sweep.grid.cells.len();
        let (on, selected) = (found.sweep.on_frontier(), app.tune.sweep.cell());
        let mut order: Vec<usize> = (0..n_cells).collect();
        order.sort_by_key(|&c| (selected == Some(c), on[c]));
        CellMarks {
            found,
            cells: (0..n_cells).map(|c| found.sweep.cell(c)).collect(),
            on,
            selected,
            order,
        }
    }

    /// Those that have figures, in the order of drawing.
    fn drawn(&self) -> impl DoubleEndedIterator<Item = (usize, &CellFigures)> {
        let order = self.order.iter();
        order.filter_map(|&cell| Some((cell, self.cells[cell].as_ref()?)))
    }

    fn points(&self, plot: &Plot, theme: &Theme, buf: &mut Buffer) {
        for (cell, figures) in self.drawn() {
            let (glyph, style) = match (self.selected == Some(cell), self.on[cell]) {
                (true, _) => ("◆", theme.strong()),
                (false, true) => ("●", theme.accent()),
                (false, false) => ("○", theme.text()),
            };
            if self.selected == Some(cell) {
                plot.bars(figures, theme.accent(), buf);
            }
            plot.point(place(figures), glyph, style, buf);
        }
    }

    /// The difference in AUC that a test found for the rule of each cell, beside its point.
    fn differences(&self, app: &App, plot: &Plot, theme: &Theme, buf: &mut Buffer) {
        let Some(tested) = &app.tune.tested else {
            return;
        };
        for (cell, figures) in self.drawn().rev() {
            let rule = self.found.sweep.grid.params(cell).verify;
            if let Some(difference) = tested.of(&rule).first() {
                let name = format!("{:+.4}", difference.value);
                plot.name(place(figures), &name, theme.dim(), buf);
            }
        }
    }

    /// Of the cells on the frontier and the selected one; where several are in one place,
    /// only the first has room for its name.
    fn names(&self, plot: &Plot, theme: &Theme, buf: &mut Buffer) {
        let is_named = |cell: usize| self.on[cell] || self.selected == Some(cell);
        let mut places = Vec::new();
        for (cell, figures) in self.drawn().rev().filter(|&(cell, _)| is_named(cell)) {
            let at = place(figures);
            let drawn = (plot.column(at.0), plot.row(at.1));
            if places.contains(&drawn) {
                continue;
            }
            places.push(drawn);
            let style = match self.selected == Some(cell) {
                true => theme.strong(),
                false => theme.text(),
            };
            plot.name(at, &short_name(self.found, cell), style, buf);
        }
    }
}

/// Speed-up and text in common.
fn place(figures: &CellFigures) -> (f64, f64) {
    (figures.speedup.mean, figures.in_common.mean)
}

/// A cell by its place in the heat map: `2/0.1`; where there are several maps, with its
/// rule.
fn short_name(found: &BegunSweep, cell: usize) -> String {
    let grid = &found.sweep.grid;
    let params = grid.params(cell);
    let numbers = params.verify.numbers().take(2);
    let numbers = numbers.map(|(_, value)| value.to_string());
    let numbers = numbers.collect::<Vec<_>>().join("/");
    let rule = params.verify.name();
    match (numbers.is_empty(), grid.axes.rules.len()) {
        (true, _) => rule.to_string(),
        (false, 1) => numbers,
        (false, _) => format!("{rule} {numbers}"),
    }
}

/// The 95% interval of the text in common, as far as shares go.
fn kept(figures: &CellFigures) -> (f64, f64) {
    let mean = figures.in_common.mean;
    let (low, high) = figures.in_common.interval().unwrap_or((mean, mean));
    (low.max(0.0), high.min(1.0))
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
        let shared = cells.iter().flatten().map(|f| {
            let mean = f.in_common.mean;
            kept(f).0.max(mean - Y_REACH)
        });
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
                height: area.height - 3 - u16::from(area.height >= NAMED_HEIGHT),
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
        let titles = [
            "text in common (%) · ● frontier ○ dominated ◆ here + AR",
            "text in common (%) by speed-up",
            "in common % by speed-up",
        ];
        let fits = |title: &&&str| columns(title) <= usize::from(self.area.width);
        let title = titles.iter().find(fits).unwrap_or(&titles[2]);
        let title = Line::styled(*title, theme.dim());
        buf.set_line(self.area.x, self.area.y, &title, self.area.width);
        for y in self.inside.y..self.inside.bottom() {
            buf.set_string(self.inside.x - 1, y, "│", theme.line());
        }
        let n = if self.inside.height >= FINE_HEIGHT {
            4
        } else {
            2
        };
        for i in 0..=n {
            let tick = 1.0 - (1.0 - self.low) * f64::from(i) / f64::from(n);
            let name = format!("{:>4.0}%", tick * 100.0);
            buf.set_string(self.area.x, self.row(tick), name, theme.dim());
        }
        self.level_axis(theme, buf);
    }

    /// Its line, its numbers, and where there is room its name with its unit.
    fn level_axis(&self, theme: &Theme, buf: &mut Buffer) {
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
        if self.area.height < NAMED_HEIGHT {
            return;
        }
        let names = [
            "speed-up over autoregressive · bars: 95% intervals",
            "speed-up · bars: 95%",
        ];
        let room = usize::from(self.inside.width);
        let name = names.iter().find(|name| columns(name) <= room);
        let name = name.copied().unwrap_or("speed-up");
        let x = self.inside.x + (room.saturating_sub(columns(name)) / 2) as u16;
        buf.set_stringn(x, below + 2, name, room, theme.dim());
    }

    /// As fast as autoregressive decoding.
    fn reference_line(&self, theme: &Theme, buf: &mut Buffer) {
        let column = self.column(1.0);
        for row in self.inside.y..self.inside.bottom() {
            buf.set_string(column, row, "┊", theme.line());
        }
    }

    fn bars(&self, figures: &CellFigures, style: Style, buf: &mut Buffer) {
        let (x, y) = (figures.speedup.mean, figures.in_common.mean);
        for column in self.column(figures.low)..=self.column(figures.high) {
            buf.set_string(column, self.row(y), "─", style);
        }
        let (low, high) = kept(figures);
        if low < high {
            for row in self.row(high)..=self.row(low) {
                buf.set_string(self.column(x), row, "│", style);
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
