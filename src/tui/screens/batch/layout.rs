//! Where the panes of the Batch screen go.

use ratatui::layout::{Constraint, Layout, Rect};

use super::state::{BatchPane, BatchScreen};
use crate::tui::remembered::Shift;
use crate::tui::screens::decode::state::Zoom;
use crate::tui::widgets::border::{Border, BorderKeys, Splitter};
use crate::tui::widgets::pane::{LEAST_HEIGHT, LEAST_WIDTH, beside, between, shifted};

/// From this size on, every pane has its own place.
const ROOMY: (u16, u16) = (110, 32);
/// Rows with their frame: the pass, the throughput, and what shares a place.
const PASS_ROWS: u16 = 8;
const THROUGHPUT_ROWS: u16 = 13;
const SHARED_ROWS: u16 = 11;
/// Of what a higher screen has beyond this, the lower panes get a part.
const ENOUGH: u16 = 38;

/// Whether the lower panes share one place.
pub(crate) fn is_shared(body: Rect) -> bool {
    body.width < ROOMY.0 || body.height < ROOMY.1
}

/// The rows of panes from top to bottom: two where the lower panes share a place, else
/// three.
fn rows_of_panes(shift: Shift, body: Rect) -> Vec<Rect> {
    let shift = shift.batch;
    if is_shared(body) {
        let natural = body.height + 1 - SHARED_ROWS.min(body.height / 2 + 1);
        let lanes = shifted(natural, shift.lanes, LEAST_HEIGHT, body.height + 1);
        let heights = [Constraint::Length(lanes), Constraint::Fill(1)];
        return Layout::vertical(heights).spacing(-1).split(body).to_vec();
    }
    // The frames of neighbours are on one another.
    let height = body.height + 2;
    let more = body.height.saturating_sub(ENOUGH) / 4;
    let (middle, lowest) = (PASS_ROWS + more, THROUGHPUT_ROWS + more);
    let most = height - 2 * LEAST_HEIGHT;
    let lanes = between(height - middle - lowest, shift.lanes, LEAST_HEIGHT, most);
    let rest = height - lanes;
    let lowest = lowest.min(rest - LEAST_HEIGHT);
    let lowest = shifted(lowest, shift.lowest, LEAST_HEIGHT, rest);
    let heights = [
        Constraint::Length(lanes),
        Constraint::Fill(1),
        Constraint::Length(lowest),
    ];
    Layout::vertical(heights).spacing(-1).split(body).to_vec()
}

/// The width of the left ones among the lower panes.
fn left_width(shift: Shift, body: Rect) -> u16 {
    shifted(body.width / 2, shift.batch.left, LEAST_WIDTH, body.width)
}

/// The panes that are shown, each with its place.
pub fn panes(screen: &BatchScreen, shift: Shift, body: Rect) -> Vec<(BatchPane, Rect)> {
    if screen.zoom == Zoom::One {
        return vec![(screen.pane, body)];
    }
    match rows_of_panes(shift, body)[..] {
        [lanes, middle, lowest] => {
            let left = left_width(shift, body);
            let ((pass, price), (throughput, curve)) = (beside(middle, left), beside(lowest, left));
            vec![
                (BatchPane::Lanes, lanes),
                (BatchPane::Pass, pass),
                (BatchPane::Price, price),
                (BatchPane::Throughput, throughput),
                (BatchPane::Curve, curve),
            ]
        }
        [lanes, lower] => vec![(BatchPane::Lanes, lanes), (screen.lower, lower)],
        _ => Vec::new(),
    }
}

/// The borders that can be moved; none around a zoomed pane. The keys for heights move the
/// one above the lowest panes while one of these has the focus.
pub(crate) fn borders(screen: &BatchScreen, shift: Shift, body: Rect) -> Vec<Border> {
    if screen.zoom == Zoom::One {
        return Vec::new();
    }
    let [_, below @ ..] = &rows_of_panes(shift, body)[..] else {
        return Vec::new();
    };
    let is_lowest = matches!(screen.pane, BatchPane::Throughput | BatchPane::Curve);
    let keys = |of_lowest: bool| match below.len() == 1 || of_lowest == is_lowest {
        true => BorderKeys::Height,
        false => BorderKeys::None,
    };
    let lying = [(Splitter::Lanes, false), (Splitter::BatchLowest, true)];
    let lying = lying.into_iter().zip(below);
    let lying = lying.map(|((at, lowest), &row)| Border::above(row, at, keys(lowest)));
    let left = below.iter().filter(|_| !is_shared(body)).map(|row| Rect {
        width: left_width(shift, body),
        ..*row
    });
    let upright = left.map(|left| Border::right_of(left, Splitter::BatchLeft, BorderKeys::Width));
    lying.chain(upright).collect()
}
