//! The token selected: its fate, the inequality that decided, the model's own
//! standing there, and where the draft came from. The model's distribution beside
//! it is drawn by `candidates.rs`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::number::percent;
use super::pane::{placeholder, put};
use super::tree::bonus_row;
use super::{candidates, origin};
use crate::speculate::TokenId;
use crate::speculate::explain::{Explanation, choice, explain};
use crate::speculate::params::Verify;
use crate::speculate::row::{Judged, NodeRow};
use crate::speculate::trace::Step;
use crate::tui::paragraph::wrap;
use crate::tui::state::app::App;
use crate::tui::state::decode::StepPhase;
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
    if !app.view.knows(StepPhase::Verify) {
        return unjudged(&facts, area, buf);
    }
    let heads = facts.head(usize::from(area.width));
    for (row, line) in heads.iter().enumerate() {
        put(buf, area, row as u16, line);
    }
    let n_heads = heads.len() as u16;
    let below = |area: Rect| Rect {
        y: area.y + n_heads,
        height: area.height.saturating_sub(n_heads),
        ..area
    };
    let left = below(left);
    let lines = facts.lines(usize::from(left.width));
    for (row, line) in lines.iter().enumerate() {
        put(buf, left, row as u16, line);
    }
    candidates::render(&facts, below(right), buf);
}

/// Before the model has had its say: the estimate, and where the draft came from.
fn unjudged(facts: &Facts<'_>, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let mut lines = vec![Line::styled(facts.name(), facts.theme.strong())];
    let text = match facts.picked.pick {
        Pick::Draft(node) => {
            let chance = percent(f64::from(facts.step.tree.nodes[node].path_prob));
            format!(
                "a draft; its path is expected to be taken with {chance}. The model has not seen it yet: . goes on"
            )
        }
        _ => "the last token of the text; what may follow it is looked up".into(),
    };
    let wrapped = wrap(&text, width).into_iter();
    lines.extend(wrapped.map(|t| Line::styled(t, facts.theme.text())));
    lines.push(Line::default());
    lines.extend(facts.origins(width));
    for (row, line) in lines.iter().enumerate() {
        put(buf, area, row as u16, line);
    }
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
    pub(super) step: &'a Step,
    pub(super) picked: Picked<'a>,
    pub(super) verify: Verify,
    pub(super) theme: &'a Theme,
}

impl Facts<'_> {
    /// The numbers behind the sentence, and where the draft came from.
    fn lines(&self, width: usize) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        for text in std::iter::once(self.reason()).chain(self.branches()) {
            let wrapped = wrap(&text, width).into_iter();
            lines.extend(wrapped.map(|t| Line::styled(t, self.theme.text())));
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

    /// The token, its fate, and why in a sentence, in as many rows as it takes.
    fn head(&self, width: usize) -> Vec<Line<'static>> {
        let fate = self.fate_name();
        let token = fit(&self.name(), width.saturating_sub(columns(&fate)));
        let begun = columns(&token) + columns(&fate) + 2;
        // What stands before the sentence is wrapped as if it were one word.
        let text = format!("{} {}", "·".repeat(begun.saturating_sub(1)), self.story());
        let mut rows = wrap(&text, width).into_iter();
        let first = rows.next().unwrap_or_default();
        let first: String = first.chars().skip(begun).collect();
        let style = self
            .mark()
            .map_or(self.theme.text(), |m| self.theme.mark(m));
        let head = Line::from(vec![
            Span::styled(token, self.theme.strong()),
            Span::styled(fate, style.add_modifier(Modifier::BOLD)),
            Span::styled(format!("  {first}"), self.theme.text()),
        ]);
        let rest = rows.map(|t| Line::styled(t, self.theme.text()));
        std::iter::once(head).chain(rest).collect()
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

    /// What decided on a draft token.
    pub(super) fn explained(&self, node: usize) -> Explanation {
        let tree = &self.step.tree;
        let row = &self.step.rows[tree.nodes[node].parent.unwrap_or(0)];
        let eos = &self.record.trace.header.eos;
        let judged = self.step.judged[node - 1];
        explain(tree.nodes[node].token, judged, row, self.verify, eos)
    }

    /// The deciding inequality, with its numbers.
    fn reason(&self) -> String {
        let row = self.picked.row;
        match self.picked.pick {
            Pick::Root => "committed before".into(),
            Pick::Draft(node) => self.explained(node).reason(),
            Pick::Bonus => choice(row.choice_standing(), row.drawn.is_none()),
        }
    }

    fn origins(&self, width: usize) -> Vec<Line<'static>> {
        let Pick::Draft(node) = self.picked.pick else {
            return Vec::new();
        };
        origin::lines(self.record, self.step, node, width, self.theme)
    }
}
