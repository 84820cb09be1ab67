//! What can be selected in a step's draft tree.

use super::mark::Mark;
use crate::speculate::TokenId;
use crate::speculate::row::NodeDistribution;
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;

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

/// The distribution that the bonus token was taken from.
pub(crate) fn bonus_row(step: &Step) -> &NodeDistribution {
    let last = step.verdict.path.last().copied().unwrap_or(0);
    &step.rows[last]
}

/// What became of it; `None` of the root.
pub(crate) fn mark(step: &Step, pick: Pick) -> Option<Mark> {
    match pick {
        Pick::Root => None,
        Pick::Bonus => Some(Mark::Bonus),
        Pick::Draft(node) => step.verdict.fate(node).map(Mark::Fate),
    }
}

/// A step's committed tokens in order.
pub(crate) fn committed(step: &Step) -> Vec<(TokenId, Pick, Mark)> {
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
pub(crate) fn first_look(step: &Step) -> Pick {
    let path = &step.verdict.path;
    let relaxed = |&&n: &&usize| step.verdict.fate(n) == Some(Fate::Relaxed);
    let node = path.iter().find(relaxed).or(path.last());
    match (node, step.verdict.bonus) {
        (Some(&node), _) => Pick::Draft(node),
        (None, Some(_)) => Pick::Bonus,
        (None, None) => Pick::Root,
    }
}
