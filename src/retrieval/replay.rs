//! Replays known answers against the drafts, without a model: what strict verification
//! would have accepted, and what the drafts predicted.
//!
//! Protocol: the context is the prompt and the answer's opening. At each step the
//! longest drafted path that matches the answer is accepted, and one more token
//! follows: the model's own. The mean of that is MAL.

use std::time::Instant;

use super::index::local::Local;
use super::query::estimate::calibration::Calibration;
use super::retriever::Retriever;
use super::store::pools::Pools;
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::params::Params;
use crate::speculate::subject::GroupKey;
use crate::speculate::verify::{Verdict, end_of};

/// A known answer, not in the pools.
#[derive(Clone, Debug)]
pub struct KnownAnswer {
    /// The group whose pool comes first.
    pub group: GroupKey,
    /// The prompt with the opening.
    pub prompt: Vec<TokenId>,
    /// How many of the last prompt tokens are the opening.
    pub opening_len: usize,
    /// What follows the opening.
    pub tokens: Vec<TokenId>,
}

/// One step of a replay.
#[derive(Clone, Debug)]
pub struct Replayed<'t> {
    /// Without origins.
    pub(crate) tree: &'t DraftTree,
    /// The drafted nodes that match the answer.
    pub path: &'t [usize],
    /// Tokens committed, the model's own included.
    pub n_advanced: usize,
    /// Microseconds from the context to the tree.
    pub(crate) query_us: f64,
    /// Microseconds to catch up with the previous step's tokens.
    pub(crate) advance_us: f64,
    /// Microseconds to find every draft token's origins.
    pub(crate) explain_us: f64,
}

/// Replays one answer, training the calibration; passes on every step.
pub fn replay(
    pools: &Pools,
    answer: &KnownAnswer,
    params: &Params,
    calibration: &mut Calibration,
    mut step: impl FnMut(Replayed),
) {
    let local = Local::new(&answer.prompt, answer.opening_len);
    let group = Some(answer.group.clone());
    let mut retriever = Retriever::new(pools.clone(), group, local, params);
    let mut left = answer.tokens.as_slice();
    while !left.is_empty() {
        let clock = Instant::now();
        retriever.advance();
        let advance_us = us_since(clock);
        let clock = Instant::now();
        let tree = retriever.draft(calibration).tree;
        let query_us = us_since(clock);
        let mut explained = tree.clone();
        let clock = Instant::now();
        retriever.explain(&mut explained);
        let explain_us = us_since(clock);
        let path = accepted_path(&tree, left);
        let n_advanced = (path.len() + 1).min(left.len());
        step(Replayed {
            tree: &tree,
            path: &path,
            n_advanced,
            query_us,
            advance_us,
            explain_us,
        });
        retriever.observe(calibration, &tree, &strict_verdict(path));
        retriever.push(&left[..n_advanced]);
        left = &left[n_advanced..];
    }
}

/// The drafted nodes that match the answer.
pub(crate) fn accepted_path(tree: &DraftTree, answer: &[TokenId]) -> Vec<usize> {
    let mut path: Vec<usize> = Vec::new();
    for &token in answer {
        match tree
            .children(end_of(&path))
            .find(|&c| tree.nodes[c].token == token)
        {
            Some(child) => path.push(child),
            None => break,
        }
    }
    path
}

fn strict_verdict(path: Vec<usize>) -> Verdict {
    Verdict {
        fates: Vec::new(),
        path,
        bonus: None,
        finish: None,
    }
}

fn us_since(clock: Instant) -> f64 {
    clock.elapsed().as_secs_f64() * 1e6
}
