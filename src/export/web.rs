//! What the web pages have in common: a template in which everything is escaped, the
//! colours of the themes, and the text of a run in pieces.

use std::fmt::Write;

use minijinja::{AutoEscape, Environment};
use ratatui::style::{Color, Style};
use serde::Serialize;

use super::escape;
use crate::present::describe;
use crate::present::mark::Mark;
use crate::present::record::{Record, TextCell, TokenPlace};
use crate::present::selection::{self, TreeSelection};
use crate::present::theme::{Emphasis, ThemeName};
use crate::speculate::trace::Step;

/// A piece of a run's text.
#[derive(Serialize)]
pub(super) struct PageCell {
    class: &'static str,
    /// Counted from 1; `None`: present before the first step.
    step: Option<usize>,
    told: String,
    pub(super) text: String,
}

/// Escapes every value except our own style and script.
pub(super) fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_trim_blocks(true);
    env.set_lstrip_blocks(true);
    env.set_keep_trailing_newline(true);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_formatter(|out, _, value| {
        match value.as_str() {
            Some(text) if value.is_safe() => out.write_str(text)?,
            Some(text) => out.write_str(&escape::html(text))?,
            None => out.write_str(&escape::html(&value.to_string()))?,
        }
        Ok(())
    });
    env
}

/// The colours of a theme as variables of a style sheet.
pub(super) fn variables(name: ThemeName) -> String {
    let theme = name.theme();
    let ground = |style: Style| style.bg;
    let mut named = vec![
        ("ground", ground(theme.base())),
        ("bar", ground(theme.bar())),
        ("here", ground(theme.emphasis(Emphasis::Selected))),
        ("text", theme.text().fg),
        ("dim", theme.dim().fg),
        ("line", theme.line().fg),
        ("accent", theme.accent().fg),
    ];
    let marks = Mark::ALL.into_iter().filter(|m| m.name() != "unreached");
    named.extend(marks.map(|m| (m.name(), theme.mark(m).fg)));
    let mut out = String::new();
    for (name, colour) in named {
        if let Some(Color::Rgb(r, g, b)) = colour {
            let _ = write!(out, "--{name}:#{r:02x}{g:02x}{b:02x};");
        }
    }
    out
}

/// A piece of the text, with all that is known about its token.
pub(super) fn cell(record: &Record, cell: &TextCell) -> PageCell {
    let text = with_breaks(cell);
    match cell.place {
        TokenPlace::Opening => PageCell {
            class: "opening",
            step: None,
            told: String::new(),
            text,
        },
        TokenPlace::Step {
            step,
            selection,
            mark,
        } => PageCell {
            class: mark.name(),
            step: Some(step + 1),
            told: record
                .step(step)
                .map_or_else(String::new, |s| told(record, s, selection)),
            text,
        },
    }
}

/// The text, a line break where one is shown.
pub(super) fn with_breaks(cell: &TextCell) -> String {
    let mut out = String::new();
    let mut from = 0;
    for &at in &cell.breaks {
        let _ = writeln!(out, "{}", &cell.text[from..at]);
        from = at;
    }
    out.push_str(&cell.text[from..]);
    out
}

/// Everything known about a token, on one line.
fn told(record: &Record, step: &Step, selection: TreeSelection) -> String {
    let fate = selection::mark(step, selection)
        .map_or(String::new(), |m| format!("{} {} · ", m.glyph(), m.name()));
    let token = describe::token(record, step, selection);
    format!("{token} {fate}{}", said(record, step, selection))
}

/// The verdict on a token, and its origins.
pub(super) fn said(record: &Record, step: &Step, selection: TreeSelection) -> String {
    let verdict = describe::verdict(record, step, selection);
    match describe::origins(record, step, selection) {
        origins if origins.is_empty() => verdict,
        origins => format!("{verdict} · {origins}"),
    }
}
