//! Where everything goes, as functions of the size alone: the views draw there,
//! and the mouse looks there for what it hit. Neighbouring panes share a border.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::tui::app::App;
use crate::tui::screens::Screen;
use crate::tui::shell::air::margin;

/// Below this the screens cannot be read.
pub(crate) const MIN_SIZE: (u16, u16) = (60, 20);

/// The bars, and what is between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shell {
    /// The top line: screens and device.
    pub header: Rect,
    /// The task of the lesson under way; of no height without one.
    pub lesson: Rect,
    /// What is being looked at; of no height but on Decode.
    pub strip: Rect,
    /// Between the bars: the screen in front.
    pub body: Rect,
    /// The bottom line: keys.
    pub footer: Rect,
}

/// Divides the terminal: header, lesson, body, strip, footer.
pub fn shell(app: &App, area: Rect) -> Shell {
    let margin = margin(app, area);
    let room = area.width - 2 * margin.width;
    let lesson = crate::tui::shell::lesson::height(app, room);
    let strip = u16::from(app.screen == Screen::Decode);
    let heights = [
        Constraint::Length(1),
        Constraint::Length(margin.height),
        Constraint::Length(lesson),
        Constraint::Length(margin.height.min(lesson)),
        Constraint::Length(strip),
        Constraint::Fill(1),
        Constraint::Length(margin.height),
        Constraint::Length(1),
    ];
    let [header, _, lesson, _, strip, body, _, footer] = Layout::vertical(heights).areas(area);
    let within = |rect: Rect| Rect {
        x: rect.x + margin.width,
        width: room,
        ..rect
    };
    Shell {
        header,
        lesson: within(lesson),
        strip: within(strip),
        body: within(body),
        footer,
    }
}

/// Nothing but a notice is drawn on a terminal of this size.
pub(crate) fn is_too_small((width, height): (u16, u16)) -> bool {
    width < MIN_SIZE.0 || height < MIN_SIZE.1
}

/// The whole terminal; never less than what the screens need.
pub fn whole(app: &App) -> Rect {
    Rect::new(
        0,
        0,
        app.look.size.0.max(MIN_SIZE.0),
        app.look.size.1.max(MIN_SIZE.1),
    )
}
