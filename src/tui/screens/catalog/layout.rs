//! Where the catalog's list and its details go.

use ratatui::layout::Rect;

use crate::tui::remembered::Shift;
use crate::tui::screens::catalog::tab::Front;
use crate::tui::widgets::border::{Border, BorderKeys, Splitter};
use crate::tui::widgets::pane::{LEAST_WIDTH, beside, shifted};

/// The catalog's list and its details.
pub fn places(body: Rect, shift: Shift) -> (Rect, Rect) {
    let natural = body.width * 3 / 5;
    let list = shifted(natural, shift.list, LEAST_WIDTH, body.width);
    beside(body, list)
}

/// The board and what is beside it.
pub fn board_places(body: Rect, shift: Shift) -> (Rect, Rect) {
    let natural = body.width * 2 / 3;
    let list = shifted(natural, shift.list, LEAST_WIDTH, body.width);
    beside(body, list)
}

/// The border between them.
pub(crate) fn borders(front: Front, shift: Shift, body: Rect) -> Vec<Border> {
    let (list, _) = match front {
        Front::Board => board_places(body, shift),
        Front::Subjects => places(body, shift),
    };
    vec![Border::right_of(list, Splitter::List, BorderKeys::Width)]
}
