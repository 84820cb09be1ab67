//! A run as one web page that needs nothing else: the text in its fates' colours,
//! and every step's draft tree. A slider shows the steps one at a time; without
//! scripts they stand one below the other. Light or dark as the reader's system is.

use std::fmt::Write;

use ratatui::style::{Color, Style};

use super::escape::html as escape;
use crate::present::describe::{self, Paths};
use crate::present::mark::Mark;
use crate::present::record::{Record, TextCell, TokenPlace};
use crate::present::selection::{self, TreeSelection};
use crate::present::theme::{Emphasis, ThemeName};
use crate::present::tree_lines::{TreeLine, tree_lines};
use crate::speculate::trace::{Step, Trace};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Nothing is fetched, whatever a text holds.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

pub(crate) fn page(trace: &Trace, paths: Paths) -> String {
    let record = describe::record(trace);
    let title = escape(&trace.header.subject.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title} · LaserScope</title>\n<style>\n{}{STYLE}</style>\n</head>\n<body>\n",
        colours()
    );
    head(trace, &record, &title, &mut out);
    text(&record, &mut out);
    steps(&record, &mut out);
    let prompt = escape(&trace.header.prompt);
    let command = escape(&describe::command(trace, paths));
    let _ = write!(
        out,
        "<h2>Prompt</h2>\n<details><summary>{} \
         tokens</summary><pre>{prompt}</pre></details>\n<h2>Command \
         line</h2>\n<details><summary>reproduces this \
         run</summary><pre>{command}</pre></details>\n<footer>Recorded by LaserScope \
         {}.</footer>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        trace.header.prompt_ids.len(),
        escape(&trace.header.program)
    );
    out
}

/// The themes' colours as variables, the light ones first.
fn colours() -> String {
    let (light, dark) = (variables(ThemeName::Light), variables(ThemeName::Dark));
    format!(":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n")
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

fn head(trace: &Trace, record: &Record, title: &str, out: &mut String) {
    let conditions = escape(&describe::conditions(trace).join(" · "));
    let _ = write!(
        out,
        "<header>\n<h1>{title}</h1>\n<p class=\"dim\">{conditions}</p>\n<dl class=\"figures\">\n"
    );
    for (name, value) in describe::figures(trace, &record.stats, record.repetition) {
        let value = escape(&value);
        let _ = writeln!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    out.push_str("</dl>\n</header>\n<ul class=\"legend\" aria-label=\"Fates of draft tokens\">\n");
    for mark in Mark::ALL {
        let (glyph, name) = (mark.glyph(), mark.name());
        let _ = writeln!(out, "<li>{glyph} <span class=\"{name}\">{name}</span></li>");
    }
    out.push_str("</ul>\n");
}

fn text(record: &Record, out: &mut String) {
    out.push_str("<main>\n<h2>Text</h2>\n<p class=\"text\">");
    record
        .cells
        .iter()
        .for_each(|c| out.push_str(&cell(record, c)));
    out.push_str(
        "</p>\n<p id=\"detail\" class=\"dim\" aria-live=\"polite\">Point at a token to see what \
         became of it, and why.</p>\n",
    );
}

fn cell(record: &Record, cell: &TextCell) -> String {
    let shown = with_breaks(cell);
    match cell.place {
        _ if cell.text.is_empty() => String::new(),
        TokenPlace::Opening => format!("<span class=\"opening\">{shown}</span>"),
        TokenPlace::Step {
            step,
            selection,
            mark,
        } => format!(
            "<span class=\"{}\" data-step=\"{}\" title=\"{}\">{shown}</span>",
            mark.name(),
            step + 1,
            record
                .step(step)
                .map_or_else(String::new, |s| escape(&told(record, s, selection)))
        ),
    }
}

fn with_breaks(cell: &TextCell) -> String {
    let mut out = String::new();
    let mut from = 0;
    for &at in &cell.breaks {
        let _ = writeln!(out, "{}", escape(&cell.text[from..at]));
        from = at;
    }
    out.push_str(&escape(&cell.text[from..]));
    out
}

/// All that is known of a token, on one line.
fn told(record: &Record, step: &Step, selection: TreeSelection) -> String {
    let fate = selection::mark(step, selection)
        .map_or(String::new(), |m| format!("{} {} · ", m.glyph(), m.name()));
    let (token, verdict) = (
        describe::token(record, step, selection),
        describe::verdict(record, step, selection),
    );
    let origins = describe::origins(record, step, selection);
    let from = if origins.is_empty() {
        origins
    } else {
        format!(" · {origins}")
    };
    format!("{token} {fate}{verdict}{from}")
}

fn steps(record: &Record, out: &mut String) {
    let n = record.n_steps();
    let _ = write!(
        out,
        "<h2>Steps</h2>\n<div class=\"walk\"><button id=\"before\" aria-label=\"the step before\">◀</button>\
         <input type=\"range\" id=\"step\" min=\"1\" max=\"{n}\" value=\"1\" aria-label=\"step\">\
         <button id=\"after\" aria-label=\"the step after\">▶</button><output id=\"told\"></output></div>\n"
    );
    for step in &record.trace.steps {
        let about = escape(&describe::step(step));
        let _ = write!(
            out,
            "<section class=\"step\" aria-label=\"step {n}\">\n<p class=\"dim\">Step {n}: {about}</p>\n\
             <ol class=\"tree\">\n",
            n = step.index + 1
        );
        let after = escape(&describe::token(record, step, TreeSelection::Root));
        let _ = writeln!(out, "<li><span class=\"said\">after</span> {after}</li>");
        for line in tree_lines(step)
            .iter()
            .filter(|l| l.selection != TreeSelection::Root)
        {
            node(record, step, line, out);
        }
        out.push_str("</ol>\n</section>\n");
    }
    out.push_str("</main>\n");
}

fn node(record: &Record, step: &Step, line: &TreeLine, out: &mut String) {
    let (glyph, name) =
        selection::mark(step, line.selection).map_or(("", ""), |m| (m.glyph(), m.name()));
    let origins = describe::origins(record, step, line.selection);
    let from = if origins.is_empty() {
        origins
    } else {
        format!(" · {origins}")
    };
    let said = format!("{}{from}", describe::verdict(record, step, line.selection));
    let _ = writeln!(
        out,
        "<li><span class=\"stem\" aria-hidden=\"true\">{}</span>{glyph} <span class=\"{name}\" \
         title=\"{name}\">{}</span>  <span class=\"said\">{}</span></li>",
        line.stem,
        escape(&describe::token(record, step, line.selection)),
        escape(&said)
    );
}
