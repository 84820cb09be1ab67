//! A trace and what the views need of it, kept up to date step by step, so that
//! no frame computes it again.
//!
//! Knows no panes and no keys.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use super::footprint::{fingerprint, header_bytes, step_bytes};
use super::last_result::LastResult;
use super::lines::{From, Ghosts, Line, Piece};
use super::mark::Mark;
use super::selection::{TreeSelection, committed};
use super::token_text::{Joiner, columns, quoted, show};
use crate::speculate::TokenId;
use crate::speculate::params::{AcceptanceRule, Params};
use crate::speculate::quality::LogProb;
use crate::speculate::stats::{Repetition, Stats};
use crate::speculate::trace::{End, Header, Step, Trace};
use crate::speculate::verify::Fate;
use crate::speculate::why_low::{LowCause, WhyLow, causes};
use crate::speculate::why_slow::WhySlow;

/// Where a token of the text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenPlace {
    /// Prefilled, or taken over by a branch; no step made it.
    Opening,
    Step {
        step: usize,
        selection: TreeSelection,
        mark: Mark,
    },
}

/// A token of the text as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextCell {
    /// What is shown, control characters made visible.
    pub text: String,
    pub(crate) width: usize,
    /// Byte offsets in `text` after which the line breaks.
    pub(crate) breaks: Vec<usize>,
    pub(crate) place: TokenPlace,
}

/// A draft that was not taken where its step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ghost {
    pub(crate) text: String,
    pub(crate) mark: Mark,
    pub(crate) selection: TreeSelection,
}

/// The causes of a run's steps, counted and one by one.
#[derive(Clone, Debug)]
pub(crate) struct WhyLowSteps {
    pub(crate) all: WhyLow,
    pub(crate) steps: Vec<LowCause>,
}

/// A trace with what the screens and exports derive from it, kept up to date per step.
#[derive(Clone, Debug)]
pub struct Record {
    /// The run.
    pub trace: Trace,
    /// Of the prompt: equal for equal ones.
    pub(crate) prompt: u64,
    /// About what all of this takes in memory.
    pub n_bytes: usize,
    /// Of all steps recorded so far.
    pub stats: Stats,
    /// What the steps cost and what was wasted.
    pub(crate) why: WhySlow,
    /// Share of repeated 4-grams in the output so far.
    pub repetition: f64,
    /// How likely the model finds the output so far.
    pub log_prob: LogProb,
    /// The text, a cell per committed token.
    pub cells: Vec<TextCell>,
    /// Index in `cells` of each step's first token; one more at the end.
    pub step_cells: Vec<usize>,
    /// Per step, the likeliest draft refused at its end.
    pub(crate) ghosts: Vec<Option<Ghost>>,
    /// Output tokens, the opening not included, what a branch took over included.
    pub ids: Vec<TokenId>,
    /// The text in lines, by number of cells, ghosts and width.
    pub(crate) laid_out: LastResult<(usize, Ghosts, usize), Vec<Line>>,
    /// What is said of the answer, by its number of tokens.
    pub(crate) told_of_text: LastResult<usize, String>,
    /// Why acceptance is not higher, by the number of steps.
    why_low: LastResult<usize, WhyLowSteps>,
    /// The run after fewer steps, as it was last asked for.
    past: RefCell<Option<Rc<Record>>>,
    repeated: Repetition,
    /// From which step on which parameters were in force.
    changes: Vec<(usize, Params)>,
    joiner: Joiner,
    /// The text in small letters, and where each cell's begins.
    small: String,
    small_starts: Vec<usize>,
}

impl Record {
    /// A run of this header before its first step.
    pub fn new(header: Header) -> Self {
        let mut record = Record {
            why: WhySlow::new(&header),
            prompt: fingerprint(&header.prompt_ids),
            n_bytes: header_bytes(&header),
            trace: Trace::new(header),
            stats: Stats::empty(),
            repetition: 0.0,
            log_prob: LogProb::default(),
            cells: Vec::new(),
            step_cells: Vec::new(),
            ghosts: Vec::new(),
            ids: Vec::new(),
            laid_out: LastResult::default(),
            told_of_text: LastResult::default(),
            why_low: LastResult::default(),
            past: RefCell::default(),
            repeated: Repetition::default(),
            changes: Vec::new(),
            joiner: Joiner::default(),
            small: String::new(),
            small_starts: Vec::new(),
        };
        record.push_opening();
        record.step_cells.push(record.cells.len());
        record
    }

    fn push_opening(&mut self) {
        let header = &self.trace.header;
        let n_before = header.prompt_ids.len().saturating_sub(header.opening_len);
        let opening = header.prompt_ids[n_before..].to_vec();
        let taken_over: Vec<TokenId> = self.trace.taken_over().collect();
        for &id in opening.iter().chain(&taken_over) {
            self.push_cell(id, TokenPlace::Opening);
        }
        taken_over.iter().for_each(|&id| self.repeated.push(id));
        self.ids = taken_over;
    }

    /// Adds a step, and what follows from it.
    pub fn push(&mut self, step: Step) {
        self.n_bytes += step_bytes(&step);
        self.stats.add(&step);
        self.why.add(&step);
        self.log_prob.add(&step);
        let changed = step.params.map(|params| (self.n_steps(), params));
        self.changes.extend(changed);
        let index = self.trace.steps.len();
        self.trace.push(step);
        for (id, selection, mark) in committed(&self.trace.steps[index]) {
            self.ids.push(id);
            self.repeated.push(id);
            let step = index;
            self.push_cell(
                id,
                TokenPlace::Step {
                    step,
                    selection,
                    mark,
                },
            );
        }
        self.repetition = self.repeated.share();
        self.step_cells.push(self.cells.len());
        self.ghosts.push(self.ghost(index));
    }

    pub(crate) fn finish(&mut self, end: End) {
        self.trace.end = Some(end);
    }

    /// The run as it was after its first `n_steps`, and the texts of what the next one
    /// drafts. It is kept: going forward adds the steps that are missing.
    pub(crate) fn after(&self, n_steps: usize) -> Rc<Record> {
        let mut kept = self.past.borrow_mut();
        let past = match kept.take() {
            Some(past) if past.n_steps() == n_steps => past,
            found => self.advanced(found, n_steps),
        };
        *kept = Some(Rc::clone(&past));
        past
    }

    /// From an earlier past to a later one; otherwise from the beginning.
    fn advanced(&self, known: Option<Rc<Record>>, n_steps: usize) -> Rc<Record> {
        let known = known.filter(|past| past.n_steps() < n_steps);
        let begin = || Rc::new(Record::new(self.trace.header.clone()));
        let mut past = known.unwrap_or_else(begin);
        let record = Rc::make_mut(&mut past);
        let missing = &self.trace.steps[record.n_steps()..n_steps];
        missing.iter().for_each(|step| record.push(step.clone()));
        if let Some(next) = self.trace.steps.get(n_steps) {
            record.trace.note_texts(next);
        }
        past
    }

    /// Gives back what [`Record::after`] keeps.
    pub(crate) fn forget_past(&self) {
        self.past.take();
    }

    /// Why acceptance is not higher.
    pub(crate) fn why_low(&self) -> Rc<WhyLowSteps> {
        self.why_low.get(self.n_steps(), || {
            let steps = causes(&self.trace);
            WhyLowSteps {
                all: WhyLow::of_causes(&self.trace, &steps),
                steps,
            }
        })
    }

    /// The answer so far, its opening included.
    pub fn text(&self) -> String {
        self.trace.answer()
    }

    /// Steps so far.
    pub fn n_steps(&self) -> usize {
        self.trace.steps.len()
    }

    /// The parameters in force at a step.
    pub fn params_at(&self, step: usize) -> Params {
        let n_before = self.changes.partition_point(|&(from, _)| from <= step);
        let last = n_before.checked_sub(1).map(|i| self.changes[i].1);
        last.unwrap_or(self.trace.header.params)
    }

    /// The rule, if one and the same was in force from the first step to the last.
    pub fn rule_throughout(&self) -> Option<AcceptanceRule> {
        let first = self.trace.header.params.verify;
        let same = self.changes.iter().all(|(_, p)| p.verify == first);
        same.then_some(first)
    }

    pub(crate) fn step(&self, index: usize) -> Option<&Step> {
        self.trace.steps.get(index)
    }

    /// What is drawn for a stretch of a line.
    pub(crate) fn piece(&self, piece: &Piece) -> &str {
        let whole = match piece.from {
            From::Cell(cell) => self.cells.get(cell).map(|c| c.text.as_str()),
            From::Ghost(step) => {
                let ghost = self.ghosts.get(step).and_then(Option::as_ref);
                ghost.map(|g| g.text.as_str())
            }
        };
        whole.map_or("", |text| piece.cut(text))
    }

    /// What is drawn for a token on its own.
    pub(crate) fn quoted(&self, id: TokenId) -> String {
        match self.trace.token_bytes(id) {
            [] => format!("⟨#{id}⟩"),
            bytes => quoted(bytes),
        }
    }

    /// The last `n` tokens up to a node of a step's tree, the node included.
    pub(crate) fn tokens_before(&self, step: &Step, node: usize, n: usize) -> Vec<TokenId> {
        let prompt = &self.trace.header.prompt_ids;
        let n_output = step.context_len.saturating_sub(prompt.len());
        let output = &self.ids[..n_output.min(self.ids.len())];
        let path = step.tree.path(node);
        let drafted = path[1..].iter().rev().map(|&i| step.tree.nodes[i].token);
        let before = output.iter().rev().chain(prompt.iter().rev()).copied();
        let mut tokens: Vec<TokenId> = drafted.chain(before).take(n).collect();
        tokens.reverse();
        tokens
    }

    /// These tokens as text, in quotes; empty for none.
    pub(crate) fn text_before(&self, step: &Step, node: usize, n: usize) -> String {
        match self.tokens_before(step, node, n).as_slice() {
            [] => String::new(),
            tokens => self.quoted_all(tokens),
        }
    }

    /// Several tokens as one text, in quotes.
    pub(crate) fn quoted_all(&self, ids: &[TokenId]) -> String {
        let bytes = ids.iter().flat_map(|&id| self.trace.token_bytes(id));
        quoted(&bytes.copied().collect::<Vec<u8>>())
    }

    fn push_cell(&mut self, id: TokenId, place: TokenPlace) {
        let joined = self.joiner.push(self.trace.token_bytes(id));
        let n = self.cells.len();
        for before in &mut self.cells[n - joined.absorbed..] {
            let begun = before.text.rfind('⟨').unwrap_or(before.text.len());
            before.text.truncate(begun);
            before.width = columns(&before.text);
        }
        // Its text stands there once more, in small letters.
        self.n_bytes += size_of::<TextCell>() + 2 * joined.shown.text.len();
        self.cells.push(TextCell {
            text: joined.shown.text,
            width: joined.shown.width,
            breaks: joined.shown.breaks,
            place,
        });
        self.note_small(n - joined.absorbed);
    }

    /// Notes the cells' small letters again from `first` on.
    fn note_small(&mut self, first: usize) {
        if let Some(&start) = self.small_starts.get(first) {
            self.small.truncate(start);
            self.small_starts.truncate(first);
        }
        for cell in &self.cells[first..] {
            self.small_starts.push(self.small.len());
            self.small.push_str(&cell.text.to_lowercase());
        }
    }

    /// The cells of every place where a text stands, capitals like small letters.
    pub fn find(&self, text: &str) -> Vec<Range<usize>> {
        let wanted = text.to_lowercase();
        if wanted.is_empty() {
            return Vec::new();
        }
        let cell_of = |byte: usize| self.small_starts.partition_point(|&s| s <= byte) - 1;
        let places = self.small.match_indices(&wanted);
        places
            .map(|(at, found)| cell_of(at)..cell_of(at + found.len() - 1) + 1)
            .collect()
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
            selection: TreeSelection::Draft(node),
        })
    }
}
