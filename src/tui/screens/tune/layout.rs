//! Where everything on the Tune screen goes, as functions of the size alone.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::tui::screens::tune::state::{Side, SweepShape};
use crate::tui::widgets::pane;

/// From this width on both halves are shown.
const BOTH_WIDTH: u16 = 110;
/// Of the sliders beside the sweep.
const SLIDERS_WIDTH: u16 = 50;
/// Of the list of sliders beside what would change.
const LIST_WIDTH: u16 = 45;
/// Rows below the sliders from which on what would change is there.
const WHAT_IF_ROWS: u16 = 13;
const HEAD_ROWS: u16 = 5;
const CELL_ROWS: u16 = 9;
/// From this height on the plot is below the heat map.
const TALL: u16 = 30;
const HEAT_WIDTH: u16 = 49;
const GAP: u16 = 2;

/// The halves that are shown, with their frames.
pub fn sides(body: Rect, front: Side) -> Vec<(Side, Rect)> {
    if body.width < BOTH_WIDTH {
        return vec![(front, body)];
    }
    let (left, right) = pane::beside(body, SLIDERS_WIDTH);
    vec![(Side::Sliders, left), (Side::Sweep, right)]
}

/// The list of sliders, and what would change.
pub(crate) fn sliders(pane: Rect, n: usize) -> [Rect; 2] {
    let area = pane::inner(pane);
    // One more row says what the slider in front does.
    let n_rows = n as u16 + 2;
    if area.height >= n_rows + WHAT_IF_ROWS {
        return pane::split_rows(area, n_rows + 1);
    }
    split_columns(area, LIST_WIDTH)
}

/// The parts of the sweep's half.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SweepPlaces {
    pub(crate) head: Rect,
    pub(crate) heat: Rect,
    /// The frontier, or two texts.
    pub(crate) plot: Rect,
    /// Empty where the texts need its place.
    pub(crate) cell: Rect,
}

pub(crate) fn sweep(pane: Rect, shape: SweepShape) -> SweepPlaces {
    let [head, rest] = pane::split_rows(pane::inner(pane), HEAD_ROWS);
    let tall = rest.height + HEAD_ROWS >= TALL;
    // A title, the columns' names, and a legend.
    let heat_rows = shape.n_rows as u16 + 3;
    if shape.texts && !tall {
        let [heat, plot] = pane::split_rows(rest, heat_rows);
        return SweepPlaces {
            head,
            heat,
            plot,
            cell: Rect::default(),
        };
    }
    let cell_rows = if tall { CELL_ROWS } else { CELL_ROWS - 2 } + shape.n_tested as u16;
    let rows = [Constraint::Fill(1), Constraint::Length(cell_rows)];
    let [rest, cell] = Layout::vertical(rows).areas(rest);
    let [heat, plot] = match tall {
        true => pane::split_rows(rest, heat_rows + 1),
        false => split_columns(rest, HEAT_WIDTH),
    };
    SweepPlaces {
        head,
        heat,
        plot,
        cell,
    }
}

/// Columns of a heat map's row names.
pub(crate) const ROW_NAME: u16 = 9;

/// The place of a cell of the heat map, in a table of `n_columns`. Not a `Layout`, which
/// would shrink the cells that lie beyond the map.
pub(crate) fn heat_cell(heat: Rect, row: usize, column: usize, n_columns: usize) -> Rect {
    let width = (heat.width.saturating_sub(ROW_NAME) / n_columns.max(1) as u16).clamp(8, 14);
    Rect {
        x: heat.x + ROW_NAME + column as u16 * width,
        y: heat.y + 2 + row as u16,
        width,
        height: 1,
    }
}

/// The gap shrinks before the left part does.
fn split_columns(area: Rect, columns: u16) -> [Rect; 2] {
    let widths = [
        Constraint::Length(columns),
        Constraint::Max(GAP),
        Constraint::Fill(1),
    ];
    let [left, _, right] = Layout::horizontal(widths).areas(area);
    [left, right]
}
