//! A run as an asciinema recording, format version 2
//! (<https://docs.asciinema.org/manual/asciicast/v2/>): the Decode screen, step
//! by step, at the times that the run itself took.

use std::time::Duration;

use ratatui::buffer::Buffer;
use serde_json::json;

use super::{Canvas, ansi, screen};
use crate::console::visible;
use crate::speculate::trace::Trace;
use crate::tui::App;
use crate::tui::action::Action;

/// The alternate screen, empty, without a cursor.
const OPEN: &str = "\x1b[?1049h\x1b[?25l\x1b[2J";
const CLOSE: &str = "\x1b[0m\x1b[?25h\x1b[?1049l";
/// The first picture stands still for this long, the last one twice.
const STILL: Duration = Duration::from_secs(1);

/// Plays the run, one frame a step.
pub fn recording(trace: &Trace, canvas: &Canvas) -> String {
    let mut app = screen::app(trace, canvas);
    app.update(Action::PlayPause);
    let mut film = Film::begin(trace, &app);
    let mut at = STILL;
    for step in &trace.steps {
        let ms = step.timing.total().clamp(0.0, 10_000.0);
        let elapsed = Duration::from_secs_f64(ms / 1000.0);
        app.update(Action::Tick(elapsed));
        at += elapsed;
        film.frame(at, screen::draw(&app));
    }
    film.event(at + STILL * 2, CLOSE);
    film.lines
}

struct Film {
    lines: String,
    shown: Buffer,
}

impl Film {
    fn begin(trace: &Trace, app: &App) -> Self {
        let header = json!({
            "version": 2,
            "width": app.size.0,
            "height": app.size.1,
            "title": format!("LaserScope: {}", visible::row(&trace.header.subject.title)),
            "env": {"TERM": "xterm-256color"},
        });
        let first = screen::draw(app);
        let empty = Buffer::empty(first.area);
        let mut film = Film {
            lines: format!("{header}\n"),
            shown: empty,
        };
        film.event(Duration::ZERO, OPEN);
        film.frame(Duration::ZERO, first);
        film
    }

    fn frame(&mut self, at: Duration, screen: Buffer) {
        let drawn = ansi::update(&self.shown, &screen);
        if !drawn.is_empty() {
            self.event(at, &drawn);
        }
        self.shown = screen;
    }

    fn event(&mut self, at: Duration, output: &str) {
        let seconds = (at.as_secs_f64() * 1e6).round() / 1e6;
        let line = json!([seconds, "o", output]);
        self.lines.push_str(&format!("{line}\n"));
    }
}
