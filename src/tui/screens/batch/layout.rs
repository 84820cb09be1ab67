//! Where the panes of the Batch screen go.

use ratatui::layout::{Constraint, Layout, Rect};

use super::state::{BatchPane, BatchScreen};
use crate::tui::screens::decode::state::Zoom;
use crate::tui::widgets::pane::beside;

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

/// The panes that are shown, each with its place.
pub fn panes(screen: &BatchScreen, body: Rect) -> Vec<(BatchPane, Rect)> {
    if screen.zoom == Zoom::One {
        return vec![(screen.pane, body)];
    }
    if is_shared(body) {
        let rows = SHARED_ROWS.min(body.height / 2 + 1);
        let heights = [Constraint::Fill(1), Constraint::Length(rows)];
        let [lanes, lower] = Layout::vertical(heights).spacing(-1).areas(body);
        return vec![(BatchPane::Lanes, lanes), (screen.lower, lower)];
    }
    let more = body.height.saturating_sub(ENOUGH);
    let heights = [
        Constraint::Fill(1),
        Constraint::Length(PASS_ROWS + more / 4),
        Constraint::Length(THROUGHPUT_ROWS + more / 4),
    ];
    let [lanes, middle, lower] = Layout::vertical(heights).spacing(-1).areas(body);
    let left = body.width / 2;
    let ((pass, price), (throughput, curve)) = (beside(middle, left), beside(lower, left));
    vec![
        (BatchPane::Lanes, lanes),
        (BatchPane::Pass, pass),
        (BatchPane::Price, price),
        (BatchPane::Throughput, throughput),
        (BatchPane::Curve, curve),
    ]
}
