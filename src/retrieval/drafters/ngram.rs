//! The n-gram drafter: what followed the last tokens at their latest occurrence in the
//! prompt or the output. Does not use pools.
//!
//! Prompt lookup (Saxena, "Prompt Lookup Decoding", 2023; also the n-gram
//! speculator of vLLM): the longest of the last 3, 2, 1 tokens that occurred
//! before, its latest occurrence, copied as one branch.

use crate::retrieval::drafters::copied::Copied;
use crate::retrieval::index::local::Local;
use crate::speculate::draft::{DraftTree, Origin};
use crate::speculate::params::{Params, Source};

/// Longest n-gram that is looked up.
pub(crate) const MAX_N: usize = 3;

pub(crate) fn draft(
    local: &Local,
    params: &Params,
    mut chance: impl FnMut(Copied) -> f32,
) -> DraftTree {
    let mut tree = DraftTree::root_only(local.last().unwrap_or_default());
    let mut found: Vec<(usize, usize)> = Vec::new();
    if params.sources.local {
        let max = MAX_N.min(params.max_suffix);
        local.occurrences(max, |matched, at, _| found.push((matched, at)));
    }
    let Some(n) = found.iter().map(|f| f.0).max() else {
        return tree;
    };
    // The latest comes first.
    found.retain(|f| f.0 == n);
    let mut places: Vec<usize> = found.into_iter().map(|f| f.1).collect();
    let (mut node, mut path_prob) = (0, 1.0);
    for depth in 0..params
        .branch
        .min(params.budget.max_rows().saturating_sub(1))
    {
        let Some(token) = places.first().and_then(|&at| local.token(at + depth)) else {
            break;
        };
        places.retain(|&at| local.token(at + depth) == Some(token));
        path_prob *= chance(Copied {
            parent: node,
            path_prob,
            token,
            source: Source::Local,
            matched: n,
            depth,
            count: places.len(),
        });
        let origin = local_origin(n + depth, places.len());
        node = tree.push(node, token, path_prob, vec![origin]);
    }
    tree
}

fn local_origin(matched: usize, count: usize) -> Origin {
    Origin {
        source: Source::Local,
        matched: matched as u32,
        count: count as u32,
        docs: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::TokenId;
    use crate::speculate::params::Budget;

    #[test]
    fn copies_what_followed_the_latest_longest_match() {
        let local = Local::new(&[1, 2, 3, 7, 2, 3, 8, 9, 3, 5, 2, 3], 0);
        let params = Params {
            budget: Budget::Rows(4),
            ..Params::default()
        };
        let tree = draft(&local, &params, |_| 0.5);
        let tokens: Vec<TokenId> = tree.nodes.iter().map(|n| n.token).collect();
        assert_eq!(tokens, [3, 8, 9, 3]);
        let origins = tree.nodes[1..].iter().map(|n| &n.origins[0]);
        let matched: Vec<u32> = origins.map(|o| o.matched).collect();
        assert_eq!(matched, [2, 3, 4]);
    }
}
