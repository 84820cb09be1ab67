//! A run in forms that others can open: a web page, Markdown, a table, and the Decode
//! screen as a picture, as text and as a terminal recording. Every form is a pure function
//! of the trace, so the same trace gives the same bytes.
//!
//! Depends only on traces; the function that draws a screen is passed in.

mod ansi;
pub mod board;
mod cast;
mod escape;
mod html;
pub mod lesson;
mod markdown;
pub mod sweep;
mod table;
mod web;

use std::time::Duration;

use ratatui::buffer::Buffer;

use crate::present::describe::Paths;
use crate::present::format::Format;
use crate::present::picture;
use crate::speculate::trace::Trace;

/// What an export depends on besides the trace.
#[derive(Clone, Debug)]
pub struct Canvas {
    /// Columns and rows of the screen.
    pub(crate) size: (u16, u16),
    /// The step to show, counted from 0; `None`: the last.
    pub(crate) step: Option<usize>,
    /// Whether the command line on a page may name files of this machine.
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

/// How the Decode screen is drawn on a canvas.
pub(crate) struct Screen<'a> {
    /// Of a run played to its end, at the canvas's step.
    pub(crate) still: &'a dyn Fn(&Trace) -> Buffer,
    /// Before the first step and after each one.
    pub(crate) played: &'a dyn Fn(&Trace) -> Film<'_>,
}

/// Frames in order, each drawn on demand.
pub(crate) type Film<'a> = Box<dyn Iterator<Item = Frame> + 'a>;

/// One frame of a film.
pub(crate) struct Frame {
    /// Time since the previous frame.
    pub(crate) after: Duration,
    pub(crate) screen: Buffer,
}

/// Exports the run in one form. `screen` is used only by forms that draw it.
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
