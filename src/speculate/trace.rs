//! The record of a run: a header, one [`Step`] per forward pass, an end. Views, what-if
//! and exports read only traces, so that everything works without a model. Does not
//! know files: `trace_file.rs` has the form on disk.
//!
//! A run is a function of its header: the header determines every tree, verdict and
//! token, regardless of load and earlier runs.

mod header;
mod offered;
mod step;
mod token_bytes;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::TokenId;
use super::backoff::Backoff;
use super::branch::{Branch, BranchOf};
use super::draft::DocHit;
use super::learned::CalibrationStart;
use super::params::Params;
use super::subject::DocId;
use super::verify::{Fate, Finish};

pub(crate) use header::Arithmetic;
pub use header::FORMAT;
pub use header::FORMAT_IN_PART;
pub use header::Header;
pub use header::JudgeModel;
pub use header::LogOrigin;
pub use header::ModelInfo;
pub use header::OwnDocuments;
pub use header::PoolSize;
pub use header::RowsBy;
pub use header::StartFrom;
pub use header::SubjectInfo;
pub use offered::OfferSummary;
pub(crate) use offered::OfferedToken;
pub use offered::RightOffer;
pub use step::Excerpt;
pub use step::SourceHit;
pub use step::Step;
pub use step::Timing;
pub use token_bytes::TokenBytes;

/// The last line of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// Why the run ended.
    pub finish: Finish,
    /// Forward passes.
    pub steps: usize,
    /// Tokens committed.
    pub tokens: usize,
    /// Milliseconds of all steps; the prompt is not among them. `None`: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode_ms: Option<f64>,
}

/// A run, finished or in the making.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// What the run was asked.
    pub header: Header,
    /// In order.
    pub steps: Vec<Step>,
    /// `None`: under way, or cut off.
    pub end: Option<End>,
    token_bytes: HashMap<TokenId, Vec<u8>>,
    doc_titles: HashMap<DocId, String>,
    excerpts: HashMap<DocId, Vec<Excerpt>>,
    /// Original lines with fields unknown to this version, by number: kept for saving
    /// the run.
    pub(super) unknown: BTreeMap<usize, String>,
}

/// A committed token of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    pub(crate) token: TokenId,
    /// `None`: a bonus token.
    pub(crate) fate: Option<Fate>,
    /// Index of the step that committed it.
    pub step: usize,
    /// The tree node it came from; `None`: a bonus token.
    pub(crate) node: Option<usize>,
}

impl Trace {
    /// A run before its first step.
    pub fn new(header: Header) -> Self {
        let token_bytes = header
            .tokens
            .iter()
            .map(|(id, b)| (*id, b.as_bytes().to_vec()))
            .collect();
        Trace {
            header,
            steps: Vec::new(),
            end: None,
            token_bytes,
            doc_titles: HashMap::new(),
            excerpts: HashMap::new(),
            unknown: BTreeMap::new(),
        }
    }

    /// Adds a step, and the texts and titles that it brings. A step that lacks something
    /// makes it a run of the format that allows this.
    pub fn push(&mut self, step: Step) {
        if !step.is_whole() {
            self.header.format = FORMAT_IN_PART.max(self.header.format);
        }
        self.note_texts(&step);
        self.steps.push(step);
    }

    /// Adds the texts and titles that a step brings, once, without the step.
    pub(crate) fn note_texts(&mut self, step: &Step) {
        for (id, bytes) in &step.tokens {
            self.token_bytes.insert(*id, bytes.as_bytes().to_vec());
        }
        self.doc_titles.extend(step.documents.iter().cloned());
        for excerpt in &step.excerpts {
            let of_doc = self.excerpts.entry(excerpt.doc.clone()).or_default();
            if !of_doc.contains(excerpt) {
                of_doc.push(excerpt.clone());
            }
        }
    }

    /// The bytes of a token this run has seen; empty for any other.
    pub fn token_bytes(&self, id: TokenId) -> &[u8] {
        self.token_bytes.get(&id).map_or(&[], Vec::as_slice)
    }

    /// A pool document's title, or its id where none was recorded.
    pub fn doc_title<'a>(&'a self, id: &'a str) -> &'a str {
        self.doc_titles.get(id).map_or(id, String::as_str)
    }

    /// The text around a position in a pool document, and the token's index in it;
    /// `None` if not recorded.
    pub(crate) fn excerpt(&self, place: &DocHit) -> Option<(&Excerpt, usize)> {
        let known = self.excerpts.get(&place.doc)?.iter();
        let found = known.filter(|e| e.holds(place.at));
        // The one with the most text before and after it, up to what is wanted.
        let room = |e: &&Excerpt| {
            let at = (place.at - e.from) as usize;
            at.min(Excerpt::BEFORE) + (e.ids.len() - at).min(Excerpt::BEHIND)
        };
        let best = found.max_by_key(room)?;
        Some((best, (place.at - best.from) as usize))
    }

    /// The pool of a document, where it was recorded.
    pub(crate) fn doc_group(&self, id: &str) -> Option<&str> {
        let known = self.excerpts.get(id)?;
        known.first().map(|e| e.group.as_str())
    }

    /// The parameters that were in force at a step.
    pub fn params_at(&self, step: usize) -> Params {
        let upto = self.steps.len().min(step + 1);
        self.steps[..upto]
            .iter()
            .rev()
            .find_map(|s| s.params)
            .unwrap_or(self.header.params)
    }

    /// Every committed token with its fate, in order.
    pub fn committed(&self) -> impl Iterator<Item = Committed> + '_ {
        self.steps.iter().flat_map(|step| {
            let nodes = step.verdict.path.iter().map(|&n| Some(n)).chain([None]);
            let tokens = step.verdict.committed(&step.tree);
            tokens.zip(nodes).map(|((token, fate), node)| Committed {
                token,
                fate,
                step: step.index,
                node,
            })
        })
    }

    /// The inherited tokens and the forced one: the answer before the first step.
    pub(crate) fn taken_over(&self) -> impl Iterator<Item = TokenId> + '_ {
        self.header.branch.iter().flat_map(Branch::ids)
    }

    /// The answer, inherited tokens included.
    pub fn token_ids(&self) -> Vec<TokenId> {
        let own = self.committed().map(|c| c.token);
        self.taken_over().chain(own).collect()
    }

    /// The answer up to a step, as a branch inherits it, plus the step's first `within`
    /// tokens.
    pub fn branch_at(&self, step: usize, within: usize, forced: Option<TokenId>) -> Branch {
        let before = self.steps.iter().take(step);
        let before: usize = before.map(|s| s.verdict.n_committed()).sum();
        let n = self.taken_over().count() + before + within;
        let mut prefix = self.token_ids();
        prefix.truncate(n);
        Branch {
            prefix,
            forced,
            of: BranchOf { step, within },
            backoff: self.backoff_before(step),
        }
    }

    /// The state of retrieval's rest before a step; `None` if it was never needed.
    fn backoff_before(&self, step: usize) -> Option<Backoff> {
        let begun = self.header.branch.as_ref().and_then(|b| b.backoff.clone());
        let mut backoff = begun.unwrap_or_default();
        for step in self.steps.iter().take(step) {
            backoff.after_step(step.tree.n_drafts() > 0);
        }
        (backoff != Backoff::default()).then_some(backoff)
    }

    /// The start of a branch before a step under these parameters: the run's profile,
    /// and its calibration at that point.
    pub fn start_before(&self, step: usize, params: &Params) -> StartFrom {
        let start = StartFrom {
            calibration: self.calibration_before(step),
            ..self.header.start()
        };
        start.carried(&self.params_at(step), params)
    }

    /// `None`: it was not recorded.
    fn calibration_before(&self, step: usize) -> Option<CalibrationStart> {
        let mut start = self.header.calibration.clone()?;
        for (i, taken) in self.steps.iter().enumerate().take(step) {
            start.learn(&self.params_at(i), &taken.learned);
        }
        Some(start.named(format!("step {} of another run", step + 1)))
    }

    /// The answer with its prefilled opening, as knowledge documents keep it; otherwise as
    /// [`text`](Self::text).
    pub fn answer(&self) -> String {
        let header = &self.header;
        let n_before = header.prompt_ids.len().saturating_sub(header.opening_len);
        let opening = header.prompt_ids[n_before..].iter();
        let opening: Vec<u8> = opening
            .flat_map(|&id| self.token_bytes(id).iter().copied())
            .collect();
        format!("{}{}", String::from_utf8_lossy(&opening), self.text())
    }

    /// The generated text, the prefilled opening not included and special
    /// end-of-generation tokens left out; lossy where UTF-8 is cut.
    pub fn text(&self) -> String {
        let eos = &self.header.eos;
        let bytes: Vec<u8> = self
            .token_ids()
            .into_iter()
            .filter(|id| !eos.contains(id))
            .flat_map(|id| self.token_bytes(id).iter().copied())
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
