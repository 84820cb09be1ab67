//! The Decode screen of a trace, drawn as the playground draws it.

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::Canvas;
use crate::speculate::command_line::Setup;
use crate::speculate::trace::Trace;
use crate::tui::lesson::learned::Learned;
use crate::tui::screens::decode::state::Cursor;
use crate::tui::start::Length;
use crate::tui::{App, Start};

/// The screen at the step that `canvas` names, of a run played to its end.
pub fn of(trace: &Trace, canvas: &Canvas) -> Buffer {
    let mut app = app(trace, canvas);
    if let Some(step) = canvas.step {
        app.view.go_to(Cursor::at(step));
    }
    draw(&app)
}

/// The interface with nothing but this recording.
pub fn app(trace: &Trace, canvas: &Canvas) -> App {
    let mut app = App::new(Start {
        catalog: None,
        frameworks: Vec::new(),
        framework: 0,
        length: Length::Frameworks,
        params: trace.header.params,
        look: canvas.look.clone(),
        replay: vec![trace.clone()],
        demo: None,
        shipped: Vec::new(),
        earlier: Vec::new(),
        save_dir: PathBuf::new(),
        learned: Learned::default(),
        setup: Setup::default(),
    });
    app.size = canvas.size;
    app
}

pub fn draw(app: &App) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, app.size.0, app.size.1));
    app.render(buffer.area, &mut buffer);
    buffer
}
