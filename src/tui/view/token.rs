//! The token selected: its fate, the inequality that decided, the model's own
//! standing there, and where the draft came from. The model's distribution beside
//! it is drawn by `candidates.rs`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::candidates;
use super::number::prob;
use super::pane::{placeholder, put};
use super::tree::bonus_row;
use crate::speculate::TokenId;
use crate::speculate::draft::Origin;
use crate::speculate::explain::{choice, explain};
use crate::speculate::params::{Source, Verify};
use crate::speculate::row::{Judged, NodeRow};
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;
use crate::tui::paragraph::wrap;
use crate::tui::state::app::App;
use crate::tui::state::record::{Pick, Record};
use crate::tui::theme::{Mark, Theme};
use crate::tui::token_text::{columns, fit};

/// Columns of the distribution at the right, at least and at most.
const CANDIDATES: (u16, u16) = (26, 60);

pub fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (Some(record), Some(step), Some(pick)) = (app.record(), app.step(), app.pick()) else {
        let text =
            "Select a token in the text or the tree: here stands why it was taken or refused.";
        return placeholder(text, area, theme, buf);
    };
    let right_width = (area.width / 2).clamp(CANDIDATES.0, CANDIDATES.1);
    let left = Rect {
        width: area.width - right_width - 2,
        ..area
    };
    let right = Rect {
        x: area.right() - right_width,
        width: right_width,
        ..area
    };
    let facts = Facts {
        record,
        step,
        picked: Picked::of(step, pick),
        verify: app.params_in_force().verify,
        theme,
    };
    put(buf, area, 0, &facts.head(usize::from(area.width)));
    let below = |area: Rect| Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let left = below(left);
    let in_head = facts.reason_in_head(usize::from(area.width));
    for (row, line) in facts
        .lines(usize::from(left.width), in_head)
        .iter()
        .enumerate()
    {
        put(buf, left, row as u16, line);
    }
    candidates::render(&facts, below(right), buf);
}

/// The token and the distribution it was judged by.
#[derive(Clone, Copy)]
pub(super) struct Picked<'a> {
    pub(super) pick: Pick,
    pub(super) token: Option<TokenId>,
    pub(super) row: &'a NodeRow,
    pub(super) judged: Option<Judged>,
}

impl<'a> Picked<'a> {
    fn of(step: &'a Step, pick: Pick) -> Self {
        match pick {
            Pick::Root => Picked {
                pick,
                token: Some(step.tree.nodes[0].token),
                row: &step.rows[0],
                judged: None,
            },
            Pick::Draft(node) => Picked {
                pick,
                token: Some(step.tree.nodes[node].token),
                row: &step.rows[step.tree.nodes[node].parent.unwrap_or(0)],
                judged: Some(step.judged[node - 1]),
            },
            Pick::Bonus => Picked {
                pick,
                token: step.verdict.bonus,
                row: bonus_row(step),
                judged: None,
            },
        }
    }
}

/// What is said about it.
pub(super) struct Facts<'a> {
    pub(super) record: &'a Record,
    step: &'a Step,
    pub(super) picked: Picked<'a>,
    pub(super) verify: Verify,
    pub(super) theme: &'a Theme,
}

impl Facts<'_> {
    fn lines(&self, width: usize, in_head: bool) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        let reason = (!in_head).then(|| self.reason());
        for text in reason.into_iter().chain(self.remarks()) {
            let wrapped = wrap(&text, width);
            lines.extend(
                wrapped
                    .into_iter()
                    .map(|t| Line::styled(t, self.theme.text())),
            );
        }
        if let Some(text) = self.instead() {
            lines.push(Line::styled(fit(&text, width), self.theme.dim()));
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(self.origins(width));
        lines
    }

    pub(super) fn mark(&self) -> Option<Mark> {
        match self.picked.pick {
            Pick::Root => None,
            Pick::Bonus => Some(Mark::Bonus),
            Pick::Draft(node) => self.step.verdict.fate(node).map(Mark::Fate),
        }
    }

    /// The token, its fate, and what decided where that fits beside it.
    fn head(&self, width: usize) -> Line<'static> {
        let (token, name) = (self.name(), self.fate_name());
        let token = fit(&token, width.saturating_sub(columns(&name)));
        let style = self
            .mark()
            .map_or(self.theme.text(), |m| self.theme.mark(m));
        let mut line = Line::from(vec![
            Span::styled(token, self.theme.strong()),
            Span::styled(name, style.add_modifier(Modifier::BOLD)),
        ]);
        if self.reason_in_head(width) {
            let why = format!("  {}", self.reason());
            line.push_span(Span::styled(why, self.theme.text()));
        }
        line
    }

    fn name(&self) -> String {
        self.picked
            .token
            .map_or_else(String::new, |id| self.record.quoted(id))
    }

    fn fate_name(&self) -> String {
        self.mark()
            .map_or(String::new(), |m| format!("  {} {}", m.glyph(), m.name()))
    }

    fn reason_in_head(&self, width: usize) -> bool {
        let n = [self.name(), self.fate_name(), self.reason()].map(|t| columns(&t));
        n.iter().sum::<usize>() + 2 <= width
    }

    /// Why the token has its fate: the deciding inequality.
    fn reason(&self) -> String {
        match (self.picked.pick, self.picked.judged, self.picked.token) {
            (Pick::Root, ..) => "committed before; the drafts continue it".into(),
            (Pick::Draft(_), Some(judged), Some(token)) => {
                let eos = &self.record.trace.header.eos;
                explain(token, judged, self.picked.row, self.verify, eos).reason()
            }
            _ => {
                let row = self.picked.row;
                choice(row.choice_standing(), row.drawn.is_none())
            }
        }
    }

    /// What the inequality alone does not say.
    fn remarks(&self) -> Vec<String> {
        match self.mark() {
            Some(Mark::Fate(Fate::Lost)) => vec!["another branch went further".into()],
            Some(Mark::Fate(Fate::Unreached)) => vec!["what it follows was not taken".into()],
            Some(Mark::Bonus) => vec!["it ends the step".into()],
            _ => Vec::new(),
        }
    }

    fn instead(&self) -> Option<String> {
        self.picked.judged.filter(|j| j.rank > 1)?;
        let row = self.picked.row;
        let argmax = self.record.quoted(row.argmax());
        Some(format!("argmax {argmax} {}", prob(row.argmax_p())))
    }

    fn origins(&self, width: usize) -> Vec<Line<'static>> {
        let Pick::Draft(node) = self.picked.pick else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        for origin in &self.step.tree.nodes[node].origins {
            lines.extend(self.origin(node, origin, width));
        }
        lines
    }

    /// The source, how often it was seen after which words, and in which documents.
    fn origin(&self, node: usize, origin: &Origin, width: usize) -> Vec<Line<'static>> {
        let source = match origin.source {
            Source::Group => "group pool",
            Source::Global => "global pool",
            Source::Local => "own text",
            Source::Online => "finished answers",
        };
        let times = format!(" seen {}×", origin.count);
        let mut lines = vec![Line::from(vec![
            Span::styled(source, self.theme.accent()),
            Span::styled(times, self.theme.text()),
        ])];
        let after = match self.suffix(node, origin.matched as usize) {
            suffix if suffix.is_empty() => format!("  {}", self.without_suffix(node)),
            suffix => format!("  after {}", fit_left(&suffix, width.saturating_sub(8))),
        };
        lines.push(Line::styled(after, self.theme.text()));
        if !origin.docs.is_empty() {
            let mut titles: Vec<&str> = Vec::new();
            for doc in &origin.docs {
                let title = self.record.trace.doc_title(&doc.doc);
                if !titles.contains(&title) {
                    titles.push(title);
                }
            }
            let text = fit(&format!("  {}", titles.join(" · ")), width);
            lines.push(Line::styled(text, self.theme.dim()));
        }
        lines
    }

    /// What a match of no tokens means.
    fn without_suffix(&self, node: usize) -> &'static str {
        let prompt_len = self.record.trace.header.prompt_ids.len();
        let first = self.step.tree.nodes[node].depth == 1;
        if first && self.step.context_len <= prompt_len {
            "at the start of an answer"
        } else {
            "wherever, not after these words"
        }
    }

    /// The last `n` tokens before a node, as far as the run knows them.
    fn suffix(&self, node: usize, n: usize) -> String {
        let tree = &self.step.tree;
        let path = tree.path(tree.nodes[node].parent.unwrap_or(0));
        let drafted = path[1..].iter().map(|&i| tree.nodes[i].token);
        let trace = &self.record.trace;
        let n_output = self
            .step
            .context_len
            .saturating_sub(trace.header.prompt_ids.len());
        let output = self.record.ids.iter().take(n_output).copied();
        let all: Vec<TokenId> = trace
            .header
            .prompt_ids
            .iter()
            .copied()
            .chain(output)
            .chain(drafted)
            .collect();
        let bytes: Vec<u8> = all[all.len().saturating_sub(n)..]
            .iter()
            .flat_map(|&id| trace.token_bytes(id).iter().copied())
            .collect();
        if n == 0 {
            String::new()
        } else {
            crate::tui::token_text::quoted(&bytes)
        }
    }
}

/// Keeps the end of a text.
fn fit_left(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_string();
    }
    let mut cut: &str = text;
    while columns(cut) + 1 > width {
        let mut chars = cut.chars();
        if chars.next().is_none() {
            break;
        }
        cut = chars.as_str();
    }
    format!("…{cut}")
}
