//! The air that presenter mode puts around what an audience looks at.

use ratatui::layout::{Rect, Size};

use crate::tui::app::App;
use crate::tui::start::Presenting;

/// From this size on, an audience gets air around what it looks at.
const AIRY: Size = Size {
    width: 116,
    height: 36,
};

/// More columns than this are hard to take in from afar.
const WIDEST: u16 = 140;

/// Whether there is an audience, and room for air.
pub(crate) fn is_airy(app: &App) -> bool {
    let (width, height) = app.look.size;
    app.look.presenting == Presenting::Yes && width >= AIRY.width && height >= AIRY.height
}

/// Columns at either side, and rows between the parts.
pub(super) fn margin(app: &App, area: Rect) -> Size {
    match is_airy(app) {
        true => {
            let beyond = area.width.saturating_sub(WIDEST) / 2;
            Size::new(beyond.max(area.width / 20), 1)
        }
        false => Size::ZERO,
    }
}
