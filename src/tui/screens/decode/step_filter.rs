//! The steps that the search keys jump to.

use crate::present::selection::TreeSelection;
use crate::speculate::condition::Condition;
use crate::speculate::trace::{Step, Trace};
use crate::speculate::verify::Fate;

/// Which steps to look for.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum StepFilter {
    /// Steps in which only a lossy rule accepted a token.
    #[default]
    Relaxed,
    /// Steps that rejected a draft.
    Rejected,
    /// Steps with drafts, none of which was accepted.
    NothingAccepted,
    /// Steps for which retrieval found nothing.
    PoolMiss,
    /// A condition typed by the user.
    Condition(Condition),
    /// Steps with drafts found in a pool document, by its id.
    Document(String),
    /// The text being searched, match by match.
    Text,
}

impl StepFilter {
    /// Selected by one key, in this order.
    pub(crate) const PRESETS: [StepFilter; 4] = [
        StepFilter::Relaxed,
        StepFilter::Rejected,
        StepFilter::NothingAccepted,
        StepFilter::PoolMiss,
    ];

    /// The name in the footer.
    pub fn name(&self) -> String {
        match self {
            StepFilter::Relaxed => "relaxed".into(),
            StepFilter::Rejected => "rejected".into(),
            StepFilter::NothingAccepted => "nothing accepted".into(),
            StepFilter::PoolMiss => "pool miss".into(),
            StepFilter::Condition(condition) => condition.to_string(),
            StepFilter::Document(doc) => format!("drafts from {doc}"),
            StepFilter::Text => "the searched text".into(),
        }
    }

    /// The preset after this one, or the first if this is not a preset.
    pub(crate) fn next(&self) -> Self {
        let at = Self::PRESETS.iter().position(|h| h == self);
        let next = at.map_or(0, |at| (at + 1) % Self::PRESETS.len());
        Self::PRESETS[next].clone()
    }

    pub(crate) fn matches(&self, trace: &Trace, index: usize) -> bool {
        let Some(step) = trace.steps.get(index) else {
            return false;
        };
        match self {
            StepFilter::Relaxed => step.verdict.count(Fate::Relaxed) > 0,
            StepFilter::Rejected => step.verdict.count(Fate::Rejected) > 0,
            StepFilter::NothingAccepted => step.tree.n_drafts() > 0 && step.verdict.path.is_empty(),
            StepFilter::PoolMiss => !step.is_hit(),
            StepFilter::Condition(condition) => condition.matches(trace, index),
            StepFilter::Document(doc) => supplied(step, doc).is_some(),
            StepFilter::Text => false,
        }
    }

    /// What to select in a matching step; `None`: what is worth looking at first.
    pub(crate) fn selection(&self, step: &Step) -> Option<TreeSelection> {
        let of_fate = |fate| (1..step.tree.n_rows()).find(|&n| step.verdict.fate(n) == Some(fate));
        match self {
            StepFilter::Rejected => of_fate(Fate::Rejected).map(TreeSelection::Draft),
            StepFilter::Document(doc) => supplied(step, doc).map(TreeSelection::Draft),
            _ => None,
        }
    }
}

/// The first draft token found in a document.
pub(crate) fn supplied(step: &Step, doc: &str) -> Option<usize> {
    let from_it = |node: &usize| {
        let origins = &step.tree.nodes[*node].origins;
        origins.iter().any(|o| o.docs.iter().any(|d| d.doc == doc))
    };
    (1..step.tree.n_rows()).find(from_it)
}
