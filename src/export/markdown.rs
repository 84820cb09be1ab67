//! A run as Markdown: the prompt, the text with its fates, and a table of steps.

use std::fmt::Write;

use super::escape::markdown as escape;
use crate::console::visible;
use crate::present::describe::{self, Paths};
use crate::present::mark::Mark;
use crate::present::number::NOT_RECORDED;
use crate::present::record::{Record, TextCell, TokenPlace};
use crate::present::selection::{TreeSelection, committed};
use crate::speculate::trace::Trace;
use crate::speculate::verify::Fate;

pub(crate) fn document(trace: &Trace, paths: Paths) -> String {
    let record = describe::record(trace);
    let mut out = String::new();
    let _ = writeln!(out, "# {}\n", escape(&trace.header.subject.title));
    let conditions: Vec<String> = describe::conditions(trace)
        .iter()
        .map(|c| escape(c))
        .collect();
    let _ = writeln!(out, "{}\n", conditions.join(" · "));
    figures(trace, &record, &mut out);
    let _ = writeln!(out, "## Text\n\n{}\n", text(&record));
    let _ = writeln!(
        out,
        "**Bold**: relaxed, committed only because of the relaxed rule. *Italic*: bonus, the \
         model's own next token at the end of a step. The rest: accepted drafts, and the \
         prompt's opening.\n"
    );
    steps(&record, &mut out);
    let _ = writeln!(out, "## Prompt\n\n{}", fenced(&trace.header.prompt));
    let command = describe::command(trace, paths);
    let _ = writeln!(out, "## Command line\n\n{}", fenced(&command));
    out
}

fn figures(trace: &Trace, record: &Record, out: &mut String) {
    let figures = describe::figures(trace, &record.stats, record.repetition);
    let names: Vec<&str> = figures.iter().map(|f| f.0).collect();
    let values: Vec<&str> = figures.iter().map(|f| f.1.as_str()).collect();
    let _ = writeln!(out, "| {} |", names.join(" | "));
    let _ = writeln!(out, "|{}", "---|".repeat(names.len()));
    let _ = writeln!(out, "| {} |\n", values.join(" | "));
}

fn text(record: &Record) -> String {
    record.cells.iter().map(cell).collect()
}

/// Uses tags, since asterisks do not work inside a word. Spaces stay outside.
fn cell(cell: &TextCell) -> String {
    let tag = match cell.place {
        TokenPlace::Step {
            mark: Mark::Fate(Fate::Relaxed),
            ..
        } => Some("strong"),
        TokenPlace::Step {
            mark: Mark::Bonus, ..
        } => Some("em"),
        _ => None,
    };
    let mut out = String::new();
    let mut from = 0;
    for &at in cell.breaks.iter().chain([&cell.text.len()]) {
        let piece = &cell.text[from..at];
        let word = piece.trim_end_matches('⏎');
        let spaces = word.len() - word.trim_start_matches(' ').len();
        out.push_str(&word[..spaces]);
        let word = escape(word[spaces..].trim_end());
        match tag {
            Some(tag) if !word.is_empty() => {
                let _ = write!(out, "<{tag}>{word}</{tag}>");
            }
            _ => out.push_str(&word),
        }
        if piece.ends_with('⏎') {
            out.push_str("  \n");
        }
        from = at;
    }
    out
}

fn steps(record: &Record, out: &mut String) {
    let fates = [
        Fate::Accepted,
        Fate::Relaxed,
        Fate::Rejected,
        Fate::Lost,
        Fate::Unreached,
    ];
    let heads = fates.map(|f| format!("{} {}", Mark::Fate(f).glyph(), Mark::Fate(f).name()));
    let _ = writeln!(
        out,
        "## Steps\n\n| step | rows | {} | ms | committed |",
        heads.join(" | ")
    );
    let _ = writeln!(out, "|{}", "---:|".repeat(8) + "---|");
    for step in &record.trace.steps {
        let counts = fates.map(|f| step.verdict.count(f).to_string());
        let tokens: Vec<String> = committed(step).iter().map(|&t| token(record, t)).collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            step.index + 1,
            step.tree.n_rows(),
            counts.join(" | "),
            step.timing
                .map_or(NOT_RECORDED.into(), |t| format!("{:.1}", t.total())),
            tokens.join(" ")
        );
    }
    out.push('\n');
}

fn token(record: &Record, (id, _, mark): (u32, TreeSelection, Mark)) -> String {
    format!("{} {}", mark.glyph(), escape(&record.quoted(id)))
}

/// A code block whose fence is longer than any in the text.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    let shown = visible::text(text.trim_end());
    format!("{fence}text\n{shown}\n{fence}")
}
