//! A run in forms that others can open: a web page, Markdown, a table, and the
//! Decode screen as a picture, as text and as a recording of the terminal.
//! Every form is a pure function of the trace, so the same trace gives the same
//! bytes.
//!
//! Knows traces and how the screens are drawn; never models, pools or the engine.

mod ansi;
mod cast;
mod escape;
mod html;
mod markdown;
mod screen;
mod table;

use crate::present::describe::Paths;
use crate::present::format::Format;
use crate::speculate::trace::Trace;
use crate::tui::Look;

/// What a drawn form depends on besides the trace.
#[derive(Clone, Debug)]
pub struct Canvas {
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    pub look: Look,
    /// The step to show, counted from 0; `None`: the last.
    pub step: Option<usize>,
    /// Whether a page's command line may name files of the machine it was made on.
    pub paths: Paths,
}

impl Default for Canvas {
    fn default() -> Self {
        Canvas {
            size: (120, 40),
            look: Look::default(),
            step: None,
            paths: Paths::LeftOut,
        }
    }
}

/// The run in one form. `canvas` counts only where a screen is drawn.
pub fn export(trace: &Trace, format: Format, canvas: &Canvas) -> String {
    match format {
        Format::Html => html::page(trace, canvas.paths),
        Format::Markdown => markdown::document(trace, canvas.paths),
        Format::Csv => table::csv(trace),
        Format::Svg => crate::present::picture::svg(&screen::of(trace, canvas)),
        Format::Text => crate::present::picture::plain(&screen::of(trace, canvas)),
        Format::Cast => cast::recording(trace, canvas),
    }
}
