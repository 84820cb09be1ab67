//! The rows of one lane in a pass: a step, or a chunk of its prompt.

use super::lane::Lane;
use crate::engine::run::pass::{Passed, flat};
use crate::engine::run::step::Stepped;
use crate::model::decoder::{SequenceRows, TreeBatch};
use crate::retrieval::Retrieved;
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::learned::Learned;
use crate::speculate::trace::{OfferSummary, SourceHit, Timing};
use crate::speculate::verify::RemainingTokens;

/// The rows of a lane.
pub(super) struct LaneRows {
    pub(crate) lane: usize,
    tokens: Vec<TokenId>,
    parents: Vec<Option<usize>>,
    /// `None`: rows of its prompt.
    pub(crate) step: Option<Proposed>,
}

/// A drafted step; the pass fills in the model's results.
pub(super) struct Proposed {
    hits: Vec<SourceHit>,
    pub(crate) tree: DraftTree,
    n_offered: usize,
    /// Where the right token stood among all offers, once the verdict is known.
    pub(crate) in_all: Option<OfferSummary>,
    pub(crate) room: RemainingTokens,
    pub(crate) context_len: usize,
    pub(crate) passed: Option<Passed>,
    pub(crate) learned: Vec<Learned>,
}

impl LaneRows {
    /// A step over the first `rows` nodes of the offered tree.
    pub(crate) fn step(at: usize, lane: &mut Lane, offered: Retrieved, rows: usize) -> Self {
        let Retrieved { mut tree, hits } = offered;
        // Its own budget may have cut it already.
        let n_offered = tree.n_rows() + lane.state.cut.len();
        lane.state.cut_to(&mut tree, rows);
        lane.state.cut_to_context(&mut tree);
        let (tokens, parents) = flat(&tree);
        LaneRows {
            lane: at,
            tokens,
            parents,
            step: Some(Proposed {
                hits,
                tree,
                n_offered,
                in_all: None,
                room: lane.state.room(),
                context_len: lane.state.context_len(),
                passed: None,
                learned: Vec::new(),
            }),
        }
    }

    /// The next `n` tokens of a prompt, as a chain.
    pub(crate) fn prompt(at: usize, lane: &Lane, n: usize) -> Self {
        LaneRows {
            lane: at,
            tokens: lane.state.ids[lane.cached..lane.cached + n].to_vec(),
            parents: (0..n).map(|i| i.checked_sub(1)).collect(),
            step: None,
        }
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn rows(&self) -> SequenceRows<'_> {
        SequenceRows {
            slot: self.lane,
            tree: TreeBatch {
                tokens: &self.tokens,
                parents: &self.parents,
            },
            wants_logits: self.step.is_some(),
        }
    }
}

impl Proposed {
    /// `None`: the model has not verified it.
    pub(crate) fn stepped(self, timing: Timing) -> Option<Stepped> {
        Some(Stepped {
            hits: self.hits,
            tree: self.tree,
            n_offered: self.n_offered,
            in_all: self.in_all,
            passed: self.passed?,
            learned: self.learned,
            timing,
        })
    }
}
