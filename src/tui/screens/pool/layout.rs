//! Where the panes of the Pool screen go.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::tui::screens::decode::state::Zoom;
use crate::tui::widgets::pane::beside;

/// The Pool screen's panes; zoomed, the right one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolPlaces {
    /// The list of pools.
    pub pools: Rect,
    /// The list of documents.
    pub documents: Rect,
    /// The document, the search, or the probe.
    pub view: Rect,
}

/// Divides `body` into the panes; those not shown have no width.
pub fn places(zoom: Zoom, body: Rect) -> PoolPlaces {
    let nothing = Rect { width: 0, ..body };
    if zoom == Zoom::One {
        return PoolPlaces {
            pools: nothing,
            documents: nothing,
            view: body,
        };
    }
    let width = (body.width * 2 / 5).clamp(32, 54);
    let pools = (body.height * 2 / 5).max(6);
    let (lists, view) = beside(body, width);
    let heights = [Constraint::Length(pools), Constraint::Fill(1)];
    let [pools, documents] = Layout::vertical(heights).spacing(-1).areas(lists);
    PoolPlaces {
        pools,
        documents,
        view,
    }
}
