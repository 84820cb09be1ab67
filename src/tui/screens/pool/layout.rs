//! Where the panes of the Pool screen go.

use ratatui::layout::Rect;

use crate::tui::screens::decode::state::Zoom;

/// The Pool screen's panes; zoomed, the right one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolPlaces {
    pub pools: Rect,
    pub documents: Rect,
    pub view: Rect,
}

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
    let at = |x, y, width, height| Rect {
        x: body.x + x,
        y: body.y + y,
        width,
        height,
    };
    PoolPlaces {
        pools: at(0, 0, width, pools),
        documents: at(0, pools - 1, width, body.height + 1 - pools),
        view: at(width - 1, 0, body.width + 1 - width, body.height),
    }
}
