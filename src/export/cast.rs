//! A run as an asciinema recording, format version 2
//! (<https://docs.asciinema.org/manual/asciicast/v2/>): the Decode screen, step by step, at
//! the run's own pace.

use std::time::Duration;

use ratatui::buffer::Buffer;
use serde_json::json;

use super::{Film, ansi};
use crate::console::visible;
use crate::speculate::trace::Trace;

/// Switches to an empty alternate screen without a cursor.
const OPEN: &str = "\x1b[?1049h\x1b[?25l\x1b[2J";
const CLOSE: &str = "\x1b[0m\x1b[?25h\x1b[?1049l";
/// How long the first frame is shown; the last one is shown twice as long.
const STILL: Duration = Duration::from_secs(1);

/// Records the frames; the first one shows the screen before the first step.
pub(crate) fn recording(trace: &Trace, mut frames: Film<'_>) -> String {
    let Some(first) = frames.next() else {
        return String::new();
    };
    let mut film = Recording::begin(trace, first.screen);
    let mut at = STILL;
    for frame in frames {
        at += frame.after;
        film.frame(at, frame.screen);
    }
    film.event(at + STILL * 2, CLOSE);
    film.lines
}

struct Recording {
    lines: String,
    shown: Buffer,
}

impl Recording {
    fn begin(trace: &Trace, first: Buffer) -> Self {
        let header = json!({
            "version": 2,
            "width": first.area.width,
            "height": first.area.height,
            "title": format!("LaserScope: {}", visible::row(&trace.header.subject.title)),
            "env": {"TERM": "xterm-256color"},
        });
        let empty = Buffer::empty(first.area);
        let mut film = Recording {
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
