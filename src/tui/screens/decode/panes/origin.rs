//! Where a draft token came from: the source, the words before it there, the
//! documents, and what stands around it in them.

use ratatui::text::{Line, Span};

use crate::present::record::Record;
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit, fit_left};
use crate::speculate::TokenId;
use crate::speculate::draft::{DocHit, Origin};
use crate::speculate::params::Source;
use crate::speculate::trace::Step;

/// Source and words share a line where these have as much room.
const ONE_LINE: usize = 18;

pub(crate) fn source_name(source: Source) -> &'static str {
    match source {
        Source::Group => "group pool",
        Source::Global => "global pool",
        Source::Local => "own text",
        Source::Online => "finished answers",
    }
}

/// All origins of a draft token, the one it is credited to first.
pub(crate) fn lines(
    record: &Record,
    step: &Step,
    node: usize,
    width: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let origins = step.tree.nodes[node].origins.iter();
    origins
        .flat_map(|origin| origin_lines(record, step, node, origin, width, theme))
        .collect()
}

/// The source, how often it was seen after which words, and in which documents.
fn origin_lines(
    record: &Record,
    step: &Step,
    node: usize,
    origin: &Origin,
    width: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let parent = step.tree.nodes[node].parent.unwrap_or(0);
    let suffix = record.text_before(step, parent, origin.matched as usize);
    let after = match suffix.is_empty() {
        true => without_suffix(record, step, node).to_string(),
        false => format!("after {suffix}"),
    };
    let source = source_name(origin.source);
    let times = format!(" {}× ", origin.count);
    let begun = columns(source) + columns(&times);
    let mut head = Line::from(vec![
        Span::styled(source, theme.accent()),
        Span::styled(times, theme.text()),
    ]);
    let mut lines = Vec::new();
    if width >= begun + ONE_LINE {
        let after = fit_after(&after, width - begun);
        head.push_span(Span::styled(after, theme.text()));
        lines.push(head);
    } else {
        lines.push(head);
        let after = format!("  {}", fit_after(&after, width.saturating_sub(2)));
        lines.push(Line::styled(after, theme.text()));
    }
    lines.extend(documents(record, origin, width, theme));
    lines
}

/// The words just before count most.
fn fit_after(after: &str, width: usize) -> String {
    match after.strip_prefix("after ") {
        Some(suffix) => format!("after {}", fit_left(suffix, width.saturating_sub(6))),
        None => fit(after, width),
    }
}

/// What stands there in the first document, and the documents by title.
fn documents(record: &Record, origin: &Origin, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut titles: Vec<String> = Vec::new();
    for doc in &origin.docs {
        let title = record.trace.doc_title(&doc.doc);
        let group = record.trace.doc_group(&doc.doc);
        let group = group.map_or(String::new(), |g| format!(", {}", short_group(g)));
        let title = format!("{title}{group}");
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    let mut lines = Vec::new();
    if !titles.is_empty() {
        let text = fit(&format!("  {}", titles.join(" · ")), width);
        lines.push(Line::styled(text, theme.strong()));
    }
    if let Some(first) = origin.docs.first() {
        lines.extend(excerpt(record, first, width, theme));
    }
    lines
}

/// Groups are `items/crime`: the last part is what a person calls it.
fn short_group(group: &str) -> &str {
    group.rsplit('/').next().unwrap_or(group)
}

/// The words around a place of a document, the draft token among them standing out.
fn excerpt(record: &Record, place: &DocHit, width: usize, theme: &Theme) -> Option<Line<'static>> {
    let (excerpt, at) = record.trace.excerpt(place)?;
    let text = |ids: &[TokenId]| {
        let quoted = record.quoted_all(ids);
        quoted[1..quoted.len() - 1].to_string()
    };
    let token = text(&excerpt.ids[at..=at]);
    let room = width.saturating_sub(columns(&token) + 2);
    let before = fit_left(&text(&excerpt.ids[..at]), room / 2);
    let behind = fit(&text(&excerpt.ids[at + 1..]), room - columns(&before));
    Some(Line::from(vec![
        Span::styled(format!("  {before}"), theme.dim()),
        Span::styled(token, theme.strong()),
        Span::styled(behind, theme.dim()),
    ]))
}

/// What a match of no tokens means.
fn without_suffix(record: &Record, step: &Step, node: usize) -> &'static str {
    let prompt_len = record.trace.header.prompt_ids.len();
    let first = step.tree.nodes[node].depth == 1;
    if first && step.context_len <= prompt_len {
        "at the start of an answer"
    } else {
        "no matching suffix"
    }
}
