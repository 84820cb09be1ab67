//! A run as one self-contained web page: the text coloured by fate, and every step's draft
//! tree. A slider shows one step at a time; without scripts they are listed one below the
//! other. Light or dark as on the reader's system. The page is `page.html`, in which
//! everything is escaped.

use minijinja::context;
use minijinja::value::Value;
use serde::Serialize;

use super::escape;
use super::web::{cell, environment, said, variables};
use crate::present::describe::{self, Paths};
use crate::present::mark::Mark;
use crate::present::record::Record;
use crate::present::selection::{self, TreeSelection};
use crate::present::theme::ThemeName;
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
    environment().render_str(
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
