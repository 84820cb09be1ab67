//! A trace and what the views need of it, kept up to date step by step, so that
//! no frame computes it again.
//!
//! Knows no panes and no keys.

use crate::speculate::TokenId;
use crate::speculate::quality::LogProb;
use crate::speculate::stats::{Stats, repetition};
use crate::speculate::trace::{End, Header, Step, Trace};
use crate::speculate::verify::Fate;
use crate::tui::theme::Mark;
use crate::tui::token_text::{Joiner, show};

/// A place in a step's draft tree that can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The last committed token.
    Root,
    /// A draft token, by its node.
    Draft(usize),
    /// The model's own next token.
    Bonus,
}

/// Where a token of the text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Prefilled; no step made it.
    Opening,
    Step {
        step: usize,
        pick: Pick,
        mark: Mark,
    },
}

/// A token of the text as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextCell {
    pub text: String,
    pub width: usize,
    /// Byte offsets in `text` after which the line breaks.
    pub breaks: Vec<usize>,
    pub place: Place,
}

/// A draft that was not taken where its step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ghost {
    pub text: String,
    pub mark: Mark,
    pub pick: Pick,
}

#[derive(Clone, Debug)]
pub struct Record {
    pub trace: Trace,
    /// Of all steps recorded so far.
    pub stats: Stats,
    /// Share of repeated 4-grams in the output so far.
    pub repetition: f64,
    /// How likely the model finds the output so far.
    pub log_prob: LogProb,
    pub cells: Vec<TextCell>,
    /// Index in `cells` of each step's first token; one more at the end.
    pub step_cells: Vec<usize>,
    /// Per step, the likeliest draft refused at its end.
    pub ghosts: Vec<Option<Ghost>>,
    /// Output tokens, the opening not included.
    pub ids: Vec<TokenId>,
    joiner: Joiner,
}

impl Record {
    pub fn new(header: Header) -> Self {
        let mut record = Record {
            trace: Trace::new(header),
            stats: Stats::empty(),
            repetition: 0.0,
            log_prob: LogProb::default(),
            cells: Vec::new(),
            step_cells: Vec::new(),
            ghosts: Vec::new(),
            ids: Vec::new(),
            joiner: Joiner::default(),
        };
        record.push_opening();
        record.step_cells.push(record.cells.len());
        record
    }

    fn push_opening(&mut self) {
        let header = &self.trace.header;
        let n_before = header.prompt_ids.len().saturating_sub(header.opening_len);
        let opening = header.prompt_ids[n_before..].to_vec();
        for id in opening {
            self.push_cell(id, Place::Opening);
        }
    }

    pub fn push(&mut self, step: Step) {
        self.stats.add(&step);
        self.log_prob.add(&step);
        let index = self.trace.steps.len();
        self.trace.push(step);
        for (id, pick, mark) in committed(&self.trace.steps[index]) {
            self.ids.push(id);
            let step = index;
            self.push_cell(id, Place::Step { step, pick, mark });
        }
        self.repetition = repetition(&self.ids);
        self.step_cells.push(self.cells.len());
        self.ghosts.push(self.ghost(index));
    }

    pub fn finish(&mut self, end: End) {
        self.trace.end = Some(end);
    }

    /// The answer so far, its opening included.
    pub fn text(&self) -> String {
        let header = &self.trace.header;
        let n_before = header.prompt_ids.len().saturating_sub(header.opening_len);
        let opening = header.prompt_ids[n_before..].iter();
        let opening: Vec<u8> = opening
            .flat_map(|&id| self.trace.token_bytes(id).iter().copied())
            .collect();
        format!("{}{}", String::from_utf8_lossy(&opening), self.trace.text())
    }

    pub fn n_steps(&self) -> usize {
        self.trace.steps.len()
    }

    pub fn step(&self, index: usize) -> Option<&Step> {
        self.trace.steps.get(index)
    }

    /// What is drawn for a token on its own.
    pub fn quoted(&self, id: TokenId) -> String {
        match self.trace.token_bytes(id) {
            [] => format!("⟨#{id}⟩"),
            bytes => crate::tui::token_text::quoted(bytes),
        }
    }

    fn push_cell(&mut self, id: TokenId, place: Place) {
        let joined = self.joiner.push(self.trace.token_bytes(id));
        let n = self.cells.len();
        for before in &mut self.cells[n - joined.absorbed..] {
            let begun = before.text.rfind('⟨').unwrap_or(before.text.len());
            before.text.truncate(begun);
            before.width = crate::tui::token_text::columns(&before.text);
        }
        self.cells.push(TextCell {
            text: joined.shown.text,
            width: joined.shown.width,
            breaks: joined.shown.breaks,
            place,
        });
    }

    fn ghost(&self, index: usize) -> Option<Ghost> {
        let step = &self.trace.steps[index];
        let last = step.verdict.path.last().copied().unwrap_or(0);
        let refused =
            |&n: &usize| matches!(step.verdict.fate(n), Some(Fate::Rejected | Fate::Lost));
        let node = step.tree.children(last).find(refused)?;
        let bytes = self.trace.token_bytes(step.tree.nodes[node].token);
        Some(Ghost {
            text: show(bytes).text,
            mark: Mark::of(step.verdict.fate(node)),
            pick: Pick::Draft(node),
        })
    }
}

/// A step's committed tokens in order.
pub fn committed(step: &Step) -> Vec<(TokenId, Pick, Mark)> {
    let path = &step.verdict.path;
    let picks = path.iter().map(|&n| Pick::Draft(n)).chain([Pick::Bonus]);
    let tokens = step.verdict.committed(&step.tree);
    tokens
        .zip(picks)
        .map(|((id, fate), pick)| (id, pick, Mark::of(fate)))
        .collect()
}

/// What is worth looking at first in a step: what only the relaxed rule took,
/// else the last draft token committed, else the model's own.
pub fn first_look(step: &Step) -> Pick {
    let path = &step.verdict.path;
    let relaxed = |&&n: &&usize| step.verdict.fate(n) == Some(Fate::Relaxed);
    let node = path.iter().find(relaxed).or(path.last());
    match (node, step.verdict.bonus) {
        (Some(&node), _) => Pick::Draft(node),
        (None, Some(_)) => Pick::Bonus,
        (None, None) => Pick::Root,
    }
}
