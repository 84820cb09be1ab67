//! Retrieval: what probably comes next, as a draft tree with its origins.

use super::blend::{Blend, Candidate};
use super::calibration::{Calibration, Standing};
use super::local::Local;
use super::origins;
use super::pools::Pools;
use super::search::Search;
use super::weights::{WEIGHTS, Weights};
use crate::speculate::TokenId;
use crate::speculate::draft::{Continuation, DraftLimits, DraftTree, grow};
use crate::speculate::params::Params;
use crate::speculate::trace::SourceHit;

/// Paths less probable than this are not worth a row, nor a look. The same
/// for every budget, so that a smaller one drafts a prefix of the same tree.
pub(super) const MIN_PATH_PROB: f32 = 0.002;

/// A draft tree and what the sources had to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrieved {
    pub tree: DraftTree,
    pub hits: Vec<SourceHit>,
}

/// A node that may join the tree.
#[derive(Clone, Copy)]
pub(super) struct Lead {
    /// Number of the parent's search node; `None` for the root itself.
    parent: Option<usize>,
    token: TokenId,
    path_prob: f32,
}

/// Drafts what probably follows the context: a tree of at most the budget's
/// rows and the branch's depth, best first, so that its first n nodes are the
/// tree under a budget of n. Every draft token names the sources that offer
/// it. An empty context gives an empty draft below token 0.
pub fn retrieve(
    pools: &Pools,
    group: Option<&str>,
    local: &Local,
    params: &Params,
    calibration: &Calibration,
) -> Retrieved {
    let mut search = Search::begin(pools, group, local, params);
    let tree = draft(&mut search, local, params, calibration, &WEIGHTS);
    origins::explain(&search, local, tree)
}

pub(super) fn draft(
    search: &mut Search,
    local: &Local,
    params: &Params,
    calibration: &Calibration,
    weights: &Weights,
) -> DraftTree {
    let limits = DraftLimits {
        rows: params.budget.max_rows(),
        branch: params.branch,
        min_prob: MIN_PATH_PROB,
    };
    let root = Lead {
        parent: None,
        token: local.last().unwrap_or_default(),
        path_prob: 1.0,
    };
    let mut blend = Blend::new(weights, MIN_PATH_PROB);
    grow(root.token, &limits, &root, |lead, _| {
        let node = match lead.parent {
            None => 0,
            Some(parent) => search.descend(parent, lead.token),
        };
        blend.begin(node == 0, lead.path_prob);
        search.evidence(node, |evidence| blend.add(evidence));
        continuations(node, lead.path_prob, blend.finish(), calibration)
    })
}

fn continuations(
    node: usize,
    path_prob: f32,
    candidates: &[Candidate],
    calibration: &Calibration,
) -> Vec<Continuation<Lead>> {
    let mut list = Vec::with_capacity(candidates.len());
    for (rank, candidate) in candidates.iter().enumerate() {
        let standing = Standing {
            is_root_child: node == 0,
            is_first_sibling: rank == 0,
        };
        let prob = calibration.correct(candidate.prob, standing);
        if path_prob * prob >= MIN_PATH_PROB {
            list.push(Continuation {
                token: candidate.token,
                prob,
                origins: Vec::new(),
                state: Lead {
                    parent: Some(node),
                    token: candidate.token,
                    path_prob: path_prob * prob,
                },
            });
        }
    }
    list
}
