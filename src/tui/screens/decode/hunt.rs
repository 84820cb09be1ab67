//! What `[` and `]` look for, step by step, and the bookmarks.

use crate::present::pick::Pick;
use crate::speculate::condition::Condition;
use crate::speculate::trace::{Step, Trace};
use crate::speculate::verify::Fate;

/// What steps are looked for.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Hunt {
    /// Steps that committed a token only thanks to the rule.
    #[default]
    Relaxed,
    /// Steps that refused a draft.
    Rejected,
    /// Steps whose drafts were all in vain.
    NothingAccepted,
    /// Steps for which retrieval found nothing.
    PoolMiss,
    /// Typed with `m`.
    Condition(Condition),
    /// Drafts found in a document of the pools, by its id.
    Document(String),
    /// The text that is searched, match by match.
    Text,
}

impl Hunt {
    /// One key away, in this order.
    pub(crate) const PRESETS: [Hunt; 4] = [
        Hunt::Relaxed,
        Hunt::Rejected,
        Hunt::NothingAccepted,
        Hunt::PoolMiss,
    ];

    /// As the footer says it.
    pub fn name(&self) -> String {
        match self {
            Hunt::Relaxed => "relaxed".into(),
            Hunt::Rejected => "rejected".into(),
            Hunt::NothingAccepted => "nothing accepted".into(),
            Hunt::PoolMiss => "pool miss".into(),
            Hunt::Condition(condition) => condition.to_string(),
            Hunt::Document(doc) => format!("drafts from {doc}"),
            Hunt::Text => "the text searched".into(),
        }
    }

    /// The preset after this one; the first after anything else.
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
            Hunt::Relaxed => step.verdict.count(Fate::Relaxed) > 0,
            Hunt::Rejected => step.verdict.count(Fate::Rejected) > 0,
            Hunt::NothingAccepted => step.tree.n_drafts() > 0 && step.verdict.path.is_empty(),
            Hunt::PoolMiss => !step.is_hit(),
            Hunt::Condition(condition) => condition.matches(trace, index),
            Hunt::Document(doc) => supplied(step, doc).is_some(),
            Hunt::Text => false,
        }
    }

    /// What to select in a step that matches; `None`: what is worth looking at first.
    pub(crate) fn pick(&self, step: &Step) -> Option<Pick> {
        let of_fate = |fate| (1..step.tree.n_rows()).find(|&n| step.verdict.fate(n) == Some(fate));
        match self {
            Hunt::Rejected => of_fate(Fate::Rejected).map(Pick::Draft),
            Hunt::Document(doc) => supplied(step, doc).map(Pick::Draft),
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
