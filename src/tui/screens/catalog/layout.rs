//! Where the catalog's list and its details go.

use ratatui::layout::Rect;

use crate::tui::remembered::Shift;
use crate::tui::widgets::pane::{LEAST_WIDTH, beside, shifted};

fn natural_list(body: Rect) -> u16 {
    body.width * 3 / 5
}

/// The catalog's list and its details.
pub fn places(body: Rect, shift: Shift) -> (Rect, Rect) {
    let list = shifted(natural_list(body), shift.list, LEAST_WIDTH, body.width);
    beside(body, list)
}

/// The board and what is beside it.
pub fn board_places(body: Rect, shift: Shift) -> (Rect, Rect) {
    let natural = body.width * 2 / 3;
    let list = shifted(natural, shift.list, LEAST_WIDTH, body.width);
    beside(body, list)
}

/// A shift as it takes effect: no key press is lost at an end.
pub(crate) fn effect(body: Rect, shift: Shift) -> Shift {
    let natural = natural_list(body);
    let list = shifted(natural, shift.list, LEAST_WIDTH, body.width);
    Shift {
        list: list as i16 - natural as i16,
        ..shift
    }
}
