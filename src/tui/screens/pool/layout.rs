//! Where the panes of the Pool screen go.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::tui::remembered::Shift;
use crate::tui::screens::decode::state::Zoom;
use crate::tui::widgets::border::{Border, BorderKeys, Splitter};
use crate::tui::widgets::pane::{LEAST_HEIGHT, LEAST_WIDTH, beside, shifted};

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
pub fn places(zoom: Zoom, shift: Shift, body: Rect) -> PoolPlaces {
    let nothing = Rect { width: 0, ..body };
    if zoom == Zoom::One {
        return PoolPlaces {
            pools: nothing,
            documents: nothing,
            view: body,
        };
    }
    let width = (body.width * 2 / 5).clamp(32, 54);
    let width = shifted(width, shift.pool.lists, LEAST_WIDTH, body.width);
    let pools = (body.height * 2 / 5).max(6);
    let pools = shifted(pools, shift.pool.pools, LEAST_HEIGHT, body.height);
    let (lists, view) = beside(body, width);
    let heights = [Constraint::Length(pools), Constraint::Fill(1)];
    let [pools, documents] = Layout::vertical(heights).spacing(-1).areas(lists);
    PoolPlaces {
        pools,
        documents,
        view,
    }
}

/// The borders that can be moved; none around a zoomed pane.
pub(crate) fn borders(zoom: Zoom, shift: Shift, body: Rect) -> Vec<Border> {
    if zoom == Zoom::One {
        return Vec::new();
    }
    let lists = Rect {
        height: body.height,
        ..places(zoom, shift, body).pools
    };
    let documents = places(zoom, shift, body).documents;
    vec![
        Border::right_of(lists, Splitter::PoolLists, BorderKeys::Width),
        Border::above(documents, Splitter::Pools, BorderKeys::Height),
    ]
}
