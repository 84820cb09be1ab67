//! Where everything goes, as functions of the size alone: the views draw there,
//! and the mouse looks there for what it hit. Neighbouring panes share a border.

use ratatui::layout::Rect;

use super::flow;
use super::state::app::{App, Screen};
use super::state::decode::{Pane, Zoom};

/// Below this the screens cannot be read.
pub const MIN_SIZE: (u16, u16) = (60, 20);

/// From this size on all panes of Decode are shown at once.
const WIDE: (u16, u16) = (116, 32);

/// The bars, and what is between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shell {
    pub header: Rect,
    /// The task of the lesson under way; of no height without one.
    pub lesson: Rect,
    /// What is being looked at; of no height but on Decode.
    pub strip: Rect,
    pub body: Rect,
    pub footer: Rect,
}

pub fn shell(app: &App, area: Rect) -> Shell {
    let lesson = super::view::lesson::height(app, area.width);
    let strip = u16::from(app.screen == Screen::Decode);
    let row = |y, height| Rect {
        y: area.y + y,
        height,
        ..area
    };
    let above = 1 + lesson + strip;
    Shell {
        header: row(0, 1),
        lesson: row(1, lesson),
        strip: row(1 + lesson, strip),
        body: row(above, area.height.saturating_sub(above + 1)),
        footer: row(area.height.saturating_sub(1), 1),
    }
}

/// The inside of a pane with a border and a column of air on both sides.
pub fn inner(pane: Rect) -> Rect {
    Rect {
        x: pane.x + 2,
        y: pane.y + 1,
        width: pane.width.saturating_sub(4),
        height: pane.height.saturating_sub(2),
    }
}

/// The catalog's list and its details.
pub fn catalog(body: Rect) -> (Rect, Rect) {
    let list_width = body.width * 3 / 5;
    let list = Rect {
        width: list_width,
        ..body
    };
    let detail = Rect {
        x: body.x + list_width - 1,
        width: body.width - list_width + 1,
        ..body
    };
    (list, detail)
}

/// How much room Decode has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// All panes at once.
    Wide,
    /// The lower panes share one place.
    Narrow,
}

/// Of the body of Decode, which has three rows less than the terminal.
pub fn room(body: Rect) -> Room {
    if body.width >= WIDE.0 && body.height + 3 >= WIDE.1 {
        Room::Wide
    } else {
        Room::Narrow
    }
}

/// The panes of Decode and their places, borders included and shared.
pub fn decode(app: &App, body: Rect) -> Vec<(Pane, Rect)> {
    if app.view.zoom == Zoom::One {
        return vec![(app.view.pane, body)];
    }
    match room(body) {
        Room::Wide => wide(body),
        Room::Narrow => narrow(body, app.view.lower),
    }
}

/// Inner heights of the steps' and the lower panes on a wide screen.
const STEPS_ROWS: u16 = 7;
const LOWER_ROWS: u16 = 11;
/// From this height of the body on they are whole; what is more is shared.
const WHOLE_HEIGHT: u16 = 37;

fn wide(body: Rect) -> Vec<(Pane, Rect)> {
    let lower = LOWER_ROWS + 2;
    let steps = match body.height.checked_sub(WHOLE_HEIGHT) {
        Some(spare) => STEPS_ROWS + (spare * 2 / 3).min(10) + 2,
        None => STEPS_ROWS,
    };
    let upper = body.height + 2 - lower - steps;
    let half = body.width / 2;
    let y_steps = body.y + upper - 1;
    let y_lower = y_steps + steps - 1;
    let speed = (body.width * 3 / 10).clamp(38, 48);
    let pool = (body.width * 9 / 40).clamp(26, 44);
    let token = body.width + 2 - speed - pool;
    let at = |x, y, width, height| Rect {
        x: body.x + x,
        y,
        width,
        height,
    };
    vec![
        (Pane::Text, at(0, body.y, half, upper)),
        (
            Pane::Tree,
            at(half - 1, body.y, body.width - half + 1, upper),
        ),
        (Pane::Steps, at(0, y_steps, body.width, steps)),
        (Pane::Token, at(0, y_lower, token, lower)),
        (Pane::Pool, at(token - 1, y_lower, pool, lower)),
        (Pane::Speed, at(token + pool - 2, y_lower, speed, lower)),
    ]
}

/// On a narrow screen, the steps get more than one row from this height on.
const ROOMY_HEIGHT: u16 = 30;

fn narrow(body: Rect, lower_pane: Pane) -> Vec<(Pane, Rect)> {
    let lower = (body.height * 2 / 5).clamp(7, LOWER_ROWS + 2);
    let steps = if body.height < ROOMY_HEIGHT {
        3
    } else {
        STEPS_ROWS + 1
    };
    let upper = body.height + 2 - lower - steps;
    let half = body.width / 2 - 1;
    let y_steps = body.y + upper - 1;
    let at = |x, y, width, height| Rect {
        x: body.x + x,
        y,
        width,
        height,
    };
    vec![
        (Pane::Text, at(0, body.y, half, upper)),
        (
            Pane::Tree,
            at(half - 1, body.y, body.width - half + 1, upper),
        ),
        (Pane::Steps, at(0, y_steps, body.width, steps)),
        (lower_pane, at(0, y_steps + steps - 1, body.width, lower)),
    ]
}

/// Nothing but a notice is drawn on a terminal of this size.
pub fn is_too_small((width, height): (u16, u16)) -> bool {
    width < MIN_SIZE.0 || height < MIN_SIZE.1
}

/// The whole terminal; never less than what the screens need.
pub fn whole(app: &App) -> Rect {
    Rect::new(0, 0, app.size.0.max(MIN_SIZE.0), app.size.1.max(MIN_SIZE.1))
}

/// The inside of a pane of Decode, if it is shown.
pub fn pane_inner(app: &App, pane: Pane) -> Option<Rect> {
    let body = shell(app, whole(app)).body;
    let panes = decode(app, body);
    let found = panes.into_iter().find(|(p, _)| *p == pane);
    found.map(|(_, rect)| inner(rect))
}

/// Columns the running text is wrapped to.
pub fn text_width(app: &App) -> usize {
    pane_inner(app, Pane::Text).map_or(1, |r| usize::from(r.width))
}

/// First line of the text that is shown, and the last one that can be first.
pub fn text_scroll(app: &App) -> (usize, usize) {
    let (Some(area), Some(record)) = (pane_inner(app, Pane::Text), app.record()) else {
        return (0, 0);
    };
    let lines = flow::flow(record, app.view.ghosts, usize::from(area.width));
    top_line(app, &lines, usize::from(area.height))
}

/// As [`text_scroll`], of a text that is laid out already.
pub fn top_line(app: &App, lines: &[flow::Line], height: usize) -> (usize, usize) {
    let last = lines.len().saturating_sub(height);
    let wanted = match (app.view.text_top, app.selected_cell()) {
        (Some(top), _) => top,
        (None, Some(cell)) => flow::line_of(lines, cell).saturating_sub(height * 2 / 3),
        (None, None) => last,
    };
    (wanted.min(last), last)
}
