//! Where everything goes, as functions of the size alone: the views draw there,
//! and the mouse looks there for what it hit. Neighbouring panes share a border.

use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

use crate::present::{flow, lines};
use crate::tui::app::{App, Screen};
use crate::tui::screens::decode::state::{Pane, Zoom};

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
    let lesson = crate::tui::shell::lesson::height(app, area.width);
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

/// How far panes were moved from where they are by themselves, in columns and rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shift {
    /// Decode's text grows by this.
    pub left: i16,
    /// Decode's lower panes grow by this.
    pub lower: i16,
    /// The catalog's list grows by this.
    pub list: i16,
}

/// A width or a height moved by a shift, with `least` left on both sides.
fn moved(size: u16, by: i16, least: u16, whole: u16) -> u16 {
    let most = whole.saturating_sub(least).max(least);
    size.saturating_add_signed(by).clamp(least, most)
}

const LEAST_WIDTH: u16 = 24;
const LEAST_HEIGHT: u16 = 5;

/// The shift as it takes effect on a screen: no key press is lost at an end.
pub fn clamped(app: &App) -> Shift {
    let body = shell(app, whole(app)).body;
    let effect = |natural: u16, by: i16, least: u16, whole: u16| {
        moved(natural, by, least, whole) as i16 - natural as i16
    };
    let shift = app.panes;
    Shift {
        left: effect(natural_left(body), shift.left, LEAST_WIDTH, body.width),
        list: effect(natural_list(body), shift.list, LEAST_WIDTH, body.width),
        lower: lower_height(body, shift) as i16 - lower_height(body, Shift::default()) as i16,
    }
}

fn natural_list(body: Rect) -> u16 {
    body.width * 3 / 5
}

fn natural_left(body: Rect) -> u16 {
    match room(body) {
        Room::Wide => body.width / 2,
        Room::Narrow => body.width / 2 - 1,
    }
}

/// The catalog's list and its details.
pub fn catalog(body: Rect, shift: Shift) -> (Rect, Rect) {
    let list = moved(natural_list(body), shift.list, LEAST_WIDTH, body.width);
    beside(body, list)
}

/// Two framed panes that share the line between them.
pub fn beside(area: Rect, left_width: u16) -> (Rect, Rect) {
    let left = Rect {
        width: left_width,
        ..area
    };
    let right = Rect {
        x: area.x + left_width - 1,
        width: area.width - left_width + 1,
        ..area
    };
    (left, right)
}

/// The Pool screen's panes; zoomed, the right one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabPlaces {
    pub pools: Rect,
    pub documents: Rect,
    pub view: Rect,
}

pub fn lab(app: &App, body: Rect) -> LabPlaces {
    let nothing = Rect { width: 0, ..body };
    if app.lab.zoom == Zoom::One {
        return LabPlaces {
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
    LabPlaces {
        pools: at(0, 0, width, pools),
        documents: at(0, pools - 1, width, body.height + 1 - pools),
        view: at(width - 1, 0, body.width + 1 - width, body.height),
    }
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
        Room::Wide => wide(body, app.panes),
        Room::Narrow => narrow(body, app.view.lower, app.panes),
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
    moved(natural, shift.lower, LEAST_HEIGHT, shared)
}

fn wide(body: Rect, shift: Shift) -> Vec<(Pane, Rect)> {
    let (mut panes, lower) = above(body, shift);
    let speed = (body.width * 3 / 10).clamp(38, 48);
    let pool = (body.width * 9 / 40).clamp(26, 44);
    let token = body.width + 2 - speed - pool;
    let at = |x, width| Rect {
        x: body.x + x,
        width,
        ..lower
    };
    panes.extend([
        (Pane::Token, at(0, token)),
        (Pane::Pool, at(token - 1, pool)),
        (Pane::Speed, at(token + pool - 2, speed)),
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
    let (lower, steps) = (lower_height(body, shift), steps_height(body));
    let upper = Rect {
        height: body.height + 2 - lower - steps,
        ..body
    };
    let (text, tree) = beside(
        upper,
        moved(natural_left(body), shift.left, LEAST_WIDTH, body.width),
    );
    let steps = Rect {
        y: upper.bottom() - 1,
        height: steps,
        ..body
    };
    let lower = Rect {
        y: steps.bottom() - 1,
        height: lower,
        ..body
    };
    let panes = vec![(Pane::Text, text), (Pane::Tree, tree), (Pane::Steps, steps)];
    (panes, lower)
}

/// On a narrow screen, the steps get more than one row from this height on.
const ROOMY_HEIGHT: u16 = 30;

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
pub fn top_line(app: &App, lines: &[lines::Line], height: usize) -> (usize, usize) {
    let last = lines.len().saturating_sub(height);
    let wanted = match (app.view.text_top, app.selected_cell()) {
        (Some(top), _) => top,
        (None, Some(cell)) => lines::line_of(lines, cell).saturating_sub(height * 2 / 3),
        (None, None) => last,
    };
    (wanted.min(last), last)
}
