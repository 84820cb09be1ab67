//! Where the panes of Decode go, by the size alone.

use ratatui::layout::{Constraint, Layout, Rect};

use super::state::{DecodeView, Pane, Zoom};
use crate::tui::remembered::Shift;
use crate::tui::widgets::border::{Border, BorderKeys, Splitter};
use crate::tui::widgets::pane::{LEAST_HEIGHT, LEAST_WIDTH, beside, shifted};

/// From this size on all panes of Decode are shown at once.
const WIDE: (u16, u16) = (116, 32);

/// How much room Decode has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// All panes at once.
    Wide,
    /// The lower panes share one place.
    Narrow,
}

/// Of the body of Decode, which has three rows less than the terminal.
pub(crate) fn room(body: Rect) -> Room {
    if body.width >= WIDE.0 && body.height + 3 >= WIDE.1 {
        Room::Wide
    } else {
        Room::Narrow
    }
}

/// The panes of Decode and their places, borders included and shared.
pub fn panes(view: &DecodeView, shift: Shift, body: Rect) -> Vec<(Pane, Rect)> {
    if view.zoom == Zoom::One {
        return vec![(view.pane, body)];
    }
    match room(body) {
        Room::Wide => wide(body, shift),
        Room::Narrow => narrow(body, view.lower, shift),
    }
}

/// Inner heights of the steps' and the lower panes on a wide screen.
const STEPS_ROWS: u16 = 7;

const LOWER_ROWS: u16 = 11;

/// From this height of the body on they are whole; what is more is shared.
const WHOLE_HEIGHT: u16 = 37;

/// The height of the steps' pane.
fn steps_height(body: Rect) -> u16 {
    match (room(body), body.height.checked_sub(WHOLE_HEIGHT)) {
        (Room::Wide, Some(spare)) => STEPS_ROWS + (spare * 2 / 3).min(10) + 2,
        (Room::Wide, None) => STEPS_ROWS,
        (Room::Narrow, _) if body.height < ROOMY_HEIGHT => 3,
        (Room::Narrow, _) => STEPS_ROWS + 1,
    }
}

/// The height of the lower panes.
fn lower_height(body: Rect, shift: Shift) -> u16 {
    let natural = match room(body) {
        Room::Wide => LOWER_ROWS + 2,
        Room::Narrow => (body.height * 2 / 5).clamp(7, LOWER_ROWS + 2),
    };
    let shared = body.height + 2 - steps_height(body);
    shifted(natural, shift.lower, LEAST_HEIGHT, shared)
}

fn wide(body: Rect, shift: Shift) -> Vec<(Pane, Rect)> {
    let (mut panes, lower) = above(body, shift);
    let speed = (body.width * 3 / 10).clamp(38, 48);
    let pool = (body.width * 9 / 40).clamp(26, 44);
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(pool),
        Constraint::Length(speed),
    ];
    let [token, pool, speed] = Layout::horizontal(widths).spacing(-1).areas(lower);
    panes.extend([
        (Pane::Token, token),
        (Pane::Pool, pool),
        (Pane::Speed, speed),
    ]);
    panes
}

fn narrow(body: Rect, lower_pane: Pane, shift: Shift) -> Vec<(Pane, Rect)> {
    let (mut panes, lower) = above(body, shift);
    panes.push((lower_pane, lower));
    panes
}

/// Text, tree and steps, and the place below them.
fn above(body: Rect, shift: Shift) -> (Vec<(Pane, Rect)>, Rect) {
    let heights = [
        Constraint::Fill(1),
        Constraint::Length(steps_height(body)),
        Constraint::Length(lower_height(body, shift)),
    ];
    let [upper, steps, lower] = Layout::vertical(heights).spacing(-1).areas(body);
    let (text, tree) = beside(
        upper,
        shifted(natural_left(body), shift.left, LEAST_WIDTH, body.width),
    );
    let panes = vec![(Pane::Text, text), (Pane::Tree, tree), (Pane::Steps, steps)];
    (panes, lower)
}

/// On a narrow screen, the steps get more than one row from this height on.
const ROOMY_HEIGHT: u16 = 30;

fn natural_left(body: Rect) -> u16 {
    match room(body) {
        Room::Wide => body.width / 2,
        Room::Narrow => body.width / 2 - 1,
    }
}

/// The borders that can be moved; none around a zoomed pane.
pub(crate) fn borders(view: &DecodeView, shift: Shift, body: Rect) -> Vec<Border> {
    if view.zoom == Zoom::One {
        return Vec::new();
    }
    let (upper, lower) = above(body, shift);
    let text = upper.iter().find(|(pane, _)| *pane == Pane::Text);
    let left = text.map(|&(_, text)| Border::right_of(text, Splitter::Left, BorderKeys::Width));
    let lower = Border::above(lower, Splitter::Lower, BorderKeys::Height);
    left.into_iter().chain([lower]).collect()
}
