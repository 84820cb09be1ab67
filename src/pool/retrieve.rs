//! Retrieval: what probably comes next, as a draft tree with its origins, by
//! the drafter that is chosen.

use super::blend::{Blend, Candidate};
use super::calibration::{Calibration, Standing};
use super::local::Local;
use super::lookup::Shelves;
use super::pools::Pools;
use super::search::{Nodes, Search};
use super::walk::Walk;
use super::weights::{WEIGHTS, Weights};
use super::{chain, laser, ngram, origins};
use crate::speculate::draft::{Continuation, DraftLimits, DraftTree, Growing, grow};
use crate::speculate::params::{Drafter, Params, Sources};
use crate::speculate::trace::SourceHit;

/// Paths less probable than this are not worth a row, nor a look. The same
/// for every budget, so that a smaller one drafts a prefix of the same tree.
pub(super) const MIN_PATH_PROB: f32 = 0.004;

/// A draft tree and what the sources had to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrieved {
    pub tree: DraftTree,
    pub hits: Vec<SourceHit>,
}

/// What retrieval remembers from step to step of one run, over the same pools
/// for the same group: where the answer so far occurs, and buffers. It changes
/// no result, only how soon it is there.
#[derive(Clone, Debug, Default)]
pub struct Recall {
    /// What the walk was made with.
    made_for: Option<(Sources, usize)>,
    walk: Walk,
    nodes: Nodes,
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
    let mut recall = Recall::default();
    let mut retrieved = recall.draft(pools, group, local, params, calibration);
    recall.explain(pools, group, local, params, &mut retrieved.tree);
    retrieved
}

impl Recall {
    /// The same as [`retrieve`], the tree without its origins.
    pub fn draft(
        &mut self,
        pools: &Pools,
        group: Option<&str>,
        local: &Local,
        params: &Params,
        calibration: &Calibration,
    ) -> Retrieved {
        let params = &asked(params);
        let shelves = Shelves::new(pools, group, Some(local), params);
        let mut search = self.search(&shelves, local, params);
        let chance = |matched: usize, depth: usize| {
            let standing = Standing {
                is_root_child: depth == 0,
                is_first_sibling: true,
            };
            calibration.correct(copy_chance(matched + depth), standing)
        };
        let tree = match params.drafter {
            Drafter::Blend => draft(&mut search, local, params, calibration, &WEIGHTS),
            Drafter::Laser => laser::draft(&shelves, local, params),
            Drafter::Ngram => ngram::draft(local, params, chance),
            Drafter::Chain => {
                chain::draft(&shelves, local, search.nodes.matches(0), params, chance)
            }
            Drafter::None => DraftTree::root_only(local.last().unwrap_or_default()),
        };
        Retrieved {
            hits: origins::hits(&search, local),
            tree,
        }
    }

    /// Catches up with the committed tokens, so that the next draft need not.
    pub fn advance(&mut self, pools: &Pools, group: Option<&str>, local: &Local, params: &Params) {
        let params = &asked(params);
        let shelves = Shelves::new(pools, group, Some(local), params);
        self.catch_up(&shelves, local, params);
    }

    /// Names the origins of the tree drafted last, of which branches may have
    /// been cut off since.
    pub fn explain(
        &mut self,
        pools: &Pools,
        group: Option<&str>,
        local: &Local,
        params: &Params,
        tree: &mut DraftTree,
    ) {
        let shelves = Shelves::new(pools, group, Some(local), &asked(params));
        origins::explain(&shelves, &mut self.nodes, local, tree);
    }

    /// Catches up with the context and begins a search at its end.
    pub(super) fn search<'s, 'a>(
        &'s mut self,
        shelves: &'s Shelves<'a>,
        local: &Local,
        params: &Params,
    ) -> Search<'s, 'a> {
        self.catch_up(shelves, local, params);
        Search::begin(shelves, &mut self.nodes, &self.walk, local)
    }

    fn catch_up(&mut self, shelves: &Shelves, local: &Local, params: &Params) {
        let made_for = Some((params.sources, params.max_suffix));
        if self.made_for != made_for {
            self.walk = Walk::default();
            self.made_for = made_for;
        }
        self.walk.catch_up(shelves, local);
    }
}

/// What a drafter asks of the sources.
fn asked(params: &Params) -> Params {
    let (sources, longest) = match params.drafter {
        Drafter::Blend | Drafter::Chain => (params.sources, params.max_suffix),
        Drafter::Laser => (params.sources, laser::PREFIX),
        Drafter::Ngram => (Sources::NONE, ngram::MAX_N),
        Drafter::None => (Sources::NONE, 0),
    };
    Params {
        sources: Sources {
            local: params.sources.local && params.drafter != Drafter::None,
            ..sources
        },
        max_suffix: params.max_suffix.min(longest),
        ..*params
    }
}

/// How probable it is that a copied text goes on as it did after so many equal
/// tokens: a starting point, which the run's calibration corrects.
fn copy_chance(matched: usize) -> f32 {
    (matched + 1) as f32 / (matched + 3) as f32
}

/// Grows the blend's tree.
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
    // The search node of every tree node that was expanded.
    let mut numbers: Vec<Option<usize>> = Vec::with_capacity(limits.rows);
    let mut blend = Blend::new(weights, params.source_weights);
    let root = local.last().unwrap_or_default();
    grow(root, &limits, |growing, list| {
        let number = match growing.parent.and_then(|p| numbers[p]) {
            None => 0,
            Some(parent) => search.descend(parent, growing.token),
        };
        numbers.resize(growing.node, None);
        numbers.push(Some(number));
        blend.begin(number == 0, growing.path_prob, growing.floor);
        search.evidence(number, &mut blend);
        continuations(growing, blend.finish(), calibration, list);
    })
}

fn continuations(
    growing: Growing,
    candidates: &[Candidate],
    calibration: &Calibration,
    list: &mut Vec<Continuation>,
) {
    for (rank, candidate) in candidates.iter().enumerate() {
        let standing = Standing {
            is_root_child: growing.node == 0,
            is_first_sibling: rank == 0,
        };
        list.push(Continuation {
            token: candidate.token,
            prob: calibration.correct(candidate.prob, standing),
        });
    }
}
