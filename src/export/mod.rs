//! A run in forms that others can open: a web page, Markdown, a table, and the
//! Decode screen as a picture, as text and as a recording of the terminal.
//! Every form is a pure function of the trace, so the same trace gives the same
//! bytes.
//!
//! Knows traces; how a screen is drawn is a function that it is given.

mod ansi;
mod cast;
mod escape;
mod html;
mod markdown;
mod table;

use std::time::Duration;

use ratatui::buffer::Buffer;

use crate::present::describe::Paths;
use crate::present::format::Format;
use crate::present::picture;
use crate::speculate::trace::Trace;

/// What a form depends on besides the trace.
#[derive(Clone, Debug)]
pub struct Canvas {
    /// Columns and rows of the screen.
    pub(crate) size: (u16, u16),
    /// The step to show, counted from 0; `None`: the last.
    pub(crate) step: Option<usize>,
    /// Whether a page's command line may name files of the machine it was made on.
    pub(crate) paths: Paths,
}

impl Default for Canvas {
    fn default() -> Self {
        Canvas {
            size: (120, 40),
            step: None,
            paths: Paths::LeftOut,
        }
    }
}

/// The Decode screen as it is drawn on a canvas.
pub(crate) struct Screen<'a> {
    /// Of a run played to its end, at the canvas's step.
    pub(crate) still: &'a dyn Fn(&Trace) -> Buffer,
    /// Before the first step, and after each.
    pub(crate) played: &'a dyn Fn(&Trace) -> Film<'_>,
}

/// Frames in order, each drawn when it is asked for.
pub(crate) type Film<'a> = Box<dyn Iterator<Item = Frame> + 'a>;

/// A picture of a film.
pub(crate) struct Frame {
    /// Since the one before it.
    pub(crate) after: Duration,
    pub(crate) screen: Buffer,
}

/// The run in one form. The screen counts only where one is drawn.
pub(crate) fn export(trace: &Trace, format: Format, paths: Paths, screen: &Screen<'_>) -> String {
    match format {
        Format::Html => html::page(trace, paths),
        Format::Markdown => markdown::document(trace, paths),
        Format::Csv => table::csv(trace),
        Format::Svg => picture::svg(&(screen.still)(trace)),
        Format::Text => picture::plain(&(screen.still)(trace)),
        Format::Cast => cast::recording(trace, (screen.played)(trace)),
    }
}
