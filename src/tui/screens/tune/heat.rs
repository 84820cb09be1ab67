//! The heat map of a sweep. A value is read from its number, and how good it is from its
//! level; the colour says it once more.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::present::heat_scale::{HeatScale, written};
use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::{columns, fit};
use crate::speculate::sweep::{CellFigures, Layer, Measure};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::tune::layout::{ROW_NAME, heat_cell};
use crate::tui::screens::tune::state::Side;
use crate::tui::screens::tune::sweep::BegunSweep;
use crate::tui::widgets::bars;
use crate::tui::widgets::pane::put;

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let view = &app.tune.sweep;
    let (Some(found), Some(layer)) = (&view.found, view.layer()) else {
        return;
    };
    put(
        buf,
        area,
        0,
        &title(app, found, layer, theme, usize::from(area.width)),
    );
    axes(layer, theme, area, buf);
    let map = Map::new(app, found, layer);
    for row in 0..layer.rows.len() {
        for column in 0..layer.columns.len() {
            let place = heat_cell(area, row, column, layer.columns.len());
            map.draw(app, (row, column), theme, place.intersection(area), buf);
        }
    }
    let legend = fit(&legend(&map.scale), usize::from(area.width));
    put(
        buf,
        area,
        layer.rows.len() as u16 + 2,
        &Line::styled(legend, theme.dim()),
    );
}

/// What levels and colours mean: `▁ bad ▅ 1.00x as AR █ good · * Pareto-optimal`.
fn legend(scale: &HeatScale) -> String {
    let middle = scale.middle.map_or(String::new(), |plain| {
        let level = bars::level(0.5);
        format!("{level} {} as AR ", written(scale.measure, plain))
    });
    format!("▁ bad {middle}█ good · * Pareto-optimal")
}

/// The scale of a measure over all cells of a sweep.
fn scale(found: &BegunSweep, measure: Measure) -> HeatScale {
    let value = |figures: &CellFigures| Some(measure.of(figures)?.mean);
    let n_cells = found.sweep.grid.cells.len();
    let cells = (0..n_cells).filter_map(|cell| value(&found.sweep.cell(cell)?));
    let plain = found.sweep.autoregressive();
    HeatScale::of(measure, cells, plain.as_ref().and_then(value))
}

fn title(
    app: &App,
    found: &BegunSweep,
    layer: &Layer,
    theme: &Theme,
    width: usize,
) -> Line<'static> {
    let n = found.sweep.grid.layers.len();
    let at = app.tune.sweep.layer.min(n - 1) + 1;
    let key = |action| app.key_of(Context::Tune, action);
    let of = if n > 1 {
        let (before, after) = (key(Action::PreviousLayer), key(Action::NextLayer));
        format!(" {at}/{n} {before} {after}")
    } else {
        String::new()
    };
    let what = format!(" · {}{of}", found.sweep.grid.layer_name(layer));
    let name = app.tune.sweep.measure.name();
    let switch = format!(" ({})", key(Action::NextMeasure));
    let room = width.saturating_sub(columns(name) + columns(&switch));
    Line::from(vec![
        Span::styled(name, theme.title(true)),
        Span::styled(switch, theme.dim()),
        Span::styled(fit(&what, room), theme.dim()),
    ])
}

fn axes(layer: &Layer, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let [down, across] = layer.axes;
    let across = format!("{across:>w$}", w = usize::from(ROW_NAME) - 1);
    put(buf, area, 1, &Line::styled(across, theme.dim()));
    for (i, name) in layer.columns.iter().enumerate() {
        let place = heat_cell(area, 0, i, layer.columns.len());
        let text = fit(name, usize::from(place.width) - 1);
        let line = Line::styled(
            format!("{text:>width$}", width = usize::from(place.width) - 1),
            theme.dim(),
        );
        if area.height > 1 {
            buf.set_line(place.x, area.y + 1, &line, place.width);
        }
    }
    for (i, name) in layer.rows.iter().enumerate() {
        let text = format!("{down} {name}");
        let text = format!("{:<w$}", text.trim(), w = usize::from(ROW_NAME));
        put(buf, area, i as u16 + 2, &Line::styled(text, theme.dim()));
    }
}

/// What is drawn, and the least and the most of it.
struct Map<'a> {
    layer: &'a Layer,
    measure: Measure,
    figures: Vec<Option<CellFigures>>,
    on_frontier: Vec<bool>,
    scale: HeatScale,
    /// The cell whose run is being made.
    now: Option<usize>,
    selected: (usize, usize),
}

impl<'a> Map<'a> {
    fn new(app: &App, found: &BegunSweep, layer: &'a Layer) -> Self {
        let measure = app.tune.sweep.measure;
        let n_cells = found.sweep.grid.cells.len();
        let figures: Vec<_> = (0..n_cells).map(|cell| found.sweep.cell(cell)).collect();
        let at = app.tune.sweep.at;
        Map {
            measure,
            scale: scale(found, measure),
            figures,
            on_frontier: found.sweep.on_frontier(),
            now: match app.tune.sweep.is_under_way() {
                true => found.sweep.next_job().and_then(|job| job.cell),
                false => None,
            },
            selected: (
                at.0.min(layer.rows.len() - 1),
                at.1.min(layer.columns.len() - 1),
            ),
            layer,
        }
    }

    fn draw(&self, app: &App, at: (usize, usize), theme: &Theme, place: Rect, buf: &mut Buffer) {
        if place.height == 0 {
            return;
        }
        let cell = self.layer.cell(at.0, at.1);
        let estimate = self.figures[cell].as_ref().and_then(|f| self.measure.of(f));
        let is_selected = at == self.selected;
        let [left, right] = if is_selected { ["[", "]"] } else { [" ", " "] };
        let width = usize::from(place.width).saturating_sub(3);
        let inside = match estimate {
            Some(estimate) => {
                let mark = if self.on_frontier[cell] { "*" } else { " " };
                let goodness = self.scale.goodness(estimate.mean);
                let level = bars::level(goodness.max(0.125));
                let value = written(self.measure, estimate.mean);
                format!("{}{mark}", leveled(level, &value, width.saturating_sub(1)))
            }
            None if self.now == Some(cell) => {
                format!("{:>width$}", crate::tui::shell::header::spinner(app))
            }
            None => format!("{:>width$}", "·"),
        };
        let style = match estimate {
            Some(estimate) => theme.heat(self.scale.level(estimate.mean)),
            None => theme.dim(),
        };
        let line = Line::styled(format!("{left}{inside}{right}"), style);
        buf.set_line(place.x, place.y, &line, place.width - 1);
        if is_selected {
            let emphasis = match app.tune.side {
                Side::Sweep => Emphasis::Selected,
                Side::Sliders => Emphasis::Step,
            };
            let place = Rect {
                width: place.width - 1,
                ..place
            };
            buf.set_style(place, theme.emphasis(emphasis));
        }
    }
}

/// A value behind its level. Where there is no room for both, its unit goes first, which
/// the title names, then the level, which says the same as the number.
fn leveled(level: &str, value: &str, width: usize) -> String {
    let bare = value.trim_end_matches(['x', '%']);
    let fits = |text: &&str| columns(text) < width;
    match [value, bare].into_iter().find(fits) {
        Some(text) => format!("{level}{text:>w$}", w = width - 1),
        None => format!("{:>width$}", fit(bare, width)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::heat_scale::HeatLevel;

    #[test]
    fn a_narrow_cell_keeps_its_number() {
        assert_eq!(leveled("▅", "2.44x", 8), "▅  2.44x");
        assert_eq!(leveled("▅", "2.44x", 5), "▅2.44");
        assert_eq!(leveled("▅", "2.44x", 4), "2.44");
    }

    #[test]
    fn the_worst_is_red_and_the_best_green() {
        let theme = crate::tui::Themes::default().theme();
        let fg = |level| theme.heat(level).fg;
        assert_eq!(fg(HeatLevel::Worst), theme.error().fg);
        assert_eq!(fg(HeatLevel::Best), theme.good().fg);
        let neutral = fg(HeatLevel::Neutral);
        assert!(neutral != theme.error().fg && neutral != theme.good().fg);
    }
}
