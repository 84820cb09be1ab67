//! A run as one self-contained web page: the text coloured by fate, and every step's draft
//! tree. A slider shows one step at a time; without scripts they are listed one below the
//! other. Light or dark as on the reader's system. The page is `page.html`, in which
//! everything is escaped.

use std::fmt::Write;

use minijinja::context;
use minijinja::value::Value;
use ratatui::style::{Color, Style};
use serde::Serialize;

use super::{escape, template};
use crate::present::describe::{self, Paths};
use crate::present::mark::Mark;
use crate::present::record::{Record, TextCell, TokenPlace};
use crate::present::selection::{self, TreeSelection};
use crate::present::theme::{Emphasis, ThemeName};
use crate::present::tree_lines::{TreeLine, tree_lines};
use crate::speculate::trace::{Step, Trace};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

#[derive(Serialize)]
struct PageFigure {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct PageFate {
    glyph: &'static str,
    name: &'static str,
}

/// A piece of the text.
#[derive(Serialize)]
struct PageCell {
    class: &'static str,
    /// Counted from 1; `None`: present before the first step.
    step: Option<usize>,
    told: String,
    text: String,
}

#[derive(Serialize)]
struct PageStep {
    number: usize,
    about: String,
    after: String,
    nodes: Vec<PageNode>,
}

#[derive(Serialize)]
struct PageNode {
    stem: String,
    glyph: &'static str,
    fate: &'static str,
    token: String,
    said: String,
}

/// The page. If the template cannot be rendered, which a test would catch, it shows the
/// error.
pub(crate) fn page(trace: &Trace, paths: Paths) -> String {
    rendered(trace, paths).unwrap_or_else(|error| escape::html(&format!("page.html: {error:#}")))
}

fn rendered(trace: &Trace, paths: Paths) -> Result<String, minijinja::Error> {
    let record = describe::record(trace);
    let figures = describe::figures(trace, &record.stats, record.repetition).into_iter();
    let figures: Vec<_> = figures
        .map(|(name, value)| PageFigure { name, value })
        .collect();
    let cells = record.cells.iter().filter(|c| !c.text.is_empty());
    let cells: Vec<_> = cells.map(|c| cell(&record, c)).collect();
    let steps: Vec<_> = trace.steps.iter().map(|s| step(&record, s)).collect();
    template::environment().render_str(
        PAGE,
        context! {
            title => trace.header.subject.title,
            light => variables(ThemeName::Light),
            dark => variables(ThemeName::Dark),
            style => Value::from_safe_string(STYLE.into()),
            script => Value::from_safe_string(SCRIPT.into()),
            conditions => describe::conditions(trace).join(" · "),
            figures,
            fates => Mark::ALL.map(|m| PageFate { glyph: m.glyph(), name: m.name() }),
            cells,
            n_steps => steps.len(),
            steps,
            prompt => trace.header.prompt,
            prompt_tokens => trace.header.prompt_ids.len(),
            command => describe::command(trace, paths),
            program => trace.header.program,
        },
    )
}

fn variables(name: ThemeName) -> String {
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

fn cell(record: &Record, cell: &TextCell) -> PageCell {
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

fn with_breaks(cell: &TextCell) -> String {
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
fn said(record: &Record, step: &Step, selection: TreeSelection) -> String {
    let verdict = describe::verdict(record, step, selection);
    match describe::origins(record, step, selection) {
        origins if origins.is_empty() => verdict,
        origins => format!("{verdict} · {origins}"),
    }
}

fn step(record: &Record, step: &Step) -> PageStep {
    let lines = tree_lines(step);
    let drafted = lines.iter().filter(|l| l.selection != TreeSelection::Root);
    PageStep {
        number: step.index + 1,
        about: describe::step(step),
        after: describe::token(record, step, TreeSelection::Root),
        nodes: drafted.map(|l| node(record, step, l)).collect(),
    }
}

fn node(record: &Record, step: &Step, line: &TreeLine) -> PageNode {
    let (glyph, fate) =
        selection::mark(step, line.selection).map_or(("", ""), |m| (m.glyph(), m.name()));
    PageNode {
        stem: line.stem.clone(),
        glyph,
        fate,
        token: describe::token(record, step, line.selection),
        said: said(record, step, line.selection),
    }
}
