//! What can be selected in a step's draft tree.

use super::mark::Mark;
use crate::speculate::TokenId;
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;

/// A place in a step's draft tree that can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeSelection {
    /// The last committed token.
    Root,
    /// A draft token, by its node.
    Draft(usize),
    /// The model's own next token.
    Bonus,
}

/// What became of it; `None` of the root.
pub(crate) fn mark(step: &Step, selection: TreeSelection) -> Option<Mark> {
    match selection {
        TreeSelection::Root => None,
        TreeSelection::Bonus => Some(Mark::Bonus),
        TreeSelection::Draft(node) => step.verdict.fate(node).map(Mark::Fate),
    }
}

/// A step's committed tokens in order.
pub(crate) fn committed(step: &Step) -> Vec<(TokenId, TreeSelection, Mark)> {
    let path = &step.verdict.path;
    let selections = path
        .iter()
        .map(|&n| TreeSelection::Draft(n))
        .chain([TreeSelection::Bonus]);
    let tokens = step.verdict.committed(&step.tree);
    tokens
        .zip(selections)
        .map(|((id, fate), selection)| (id, selection, Mark::of(fate)))
        .collect()
}

/// What is worth looking at first in a step: what only the relaxed rule took,
/// else the last draft token committed, else the model's own.
pub(crate) fn first_look(step: &Step) -> TreeSelection {
    let path = &step.verdict.path;
    let relaxed = |&&n: &&usize| step.verdict.fate(n) == Some(Fate::Relaxed);
    let node = path.iter().find(relaxed).or(path.last());
    match (node, step.verdict.bonus) {
        (Some(&node), _) => TreeSelection::Draft(node),
        (None, Some(_)) => TreeSelection::Bonus,
        (None, None) => TreeSelection::Root,
    }
}
