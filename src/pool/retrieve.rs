//! Retrieval: what probably comes next, as a draft tree with its origins, by
//! the drafter that is chosen.

use super::blend::Blend;
use super::calibration::{Backing, Calibration, Offers, Standing};
use super::evidence::Kind;
use super::local::Local;
use super::lookup::Shelves;
use super::pools::Pools;
use super::search::{Nodes, Search};
use super::walk::Walk;
use super::weights::{WEIGHTS, Weights};
use super::{chain, laser, ngram, origins};
use crate::speculate::TokenId;
use crate::speculate::draft::{Continuation, DraftLimits, DraftTree, grow};
use crate::speculate::learned::Learned;
use crate::speculate::params::{Drafter, Params, Source, Sources};
use crate::speculate::trace::SourceHit;
use crate::speculate::verify::Verdict;

/// Paths less probable than this are not worth a row, nor a look. The same
/// for every budget, so that a smaller one drafts a prefix of the same tree.
const MIN_PATH_PROB: f32 = 0.005;
/// .. where second-ranked tokens are accepted, too: the text leaves the trodden
/// path, and what it goes on with was improbable.
const MIN_PATH_PROB_RELAXED: f32 = 0.0015;

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
    /// What the last draft could choose from.
    offers: Offers,
    /// Tokens that end a text: nothing is drafted below them.
    ends: Vec<TokenId>,
}

/// How a tree of the blend is grown.
pub(super) struct Growth<'a> {
    pub params: &'a Params,
    pub calibration: &'a Calibration,
    pub weights: &'a Weights,
    pub ends: &'a [TokenId],
}

/// A token that is copied because of one match.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copied {
    /// Tree node it is drafted below, and that path's probability.
    pub parent: usize,
    pub path_prob: f32,
    pub token: TokenId,
    pub source: Source,
    /// Tokens of the context that matched, and how many were copied before.
    pub matched: usize,
    pub depth: usize,
    /// How often it was found.
    pub count: usize,
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
    /// Nothing is drafted below these tokens.
    pub fn ending_at(ends: &[TokenId]) -> Self {
        Recall {
            ends: ends.to_vec(),
            ..Recall::default()
        }
    }

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
        let mut offers = std::mem::take(&mut self.offers);
        offers.clear();
        let ends = std::mem::take(&mut self.ends);
        let mut search = self.search(&shelves, local, params);
        let chance = |copied: Copied| offer_copy(&mut offers, calibration, copied);
        let mut tree = match params.drafter {
            Drafter::Blend => {
                let growth = Growth {
                    params,
                    calibration,
                    weights: &WEIGHTS,
                    ends: &ends,
                };
                draft(&mut search, local, &growth, &mut offers)
            }
            Drafter::Laser => laser::draft(&shelves, local, params),
            Drafter::Ngram => ngram::draft(local, params, chance),
            Drafter::Chain => {
                chain::draft(&shelves, local, search.nodes.matches(0), params, chance)
            }
            Drafter::None => DraftTree::root_only(local.last().unwrap_or_default()),
        };
        tree.prune_below(&ends);
        let hits = origins::hits(&search, local);
        (self.offers, self.ends) = (offers, ends);
        Retrieved { hits, tree }
    }

    /// Teaches the calibration that the tree drafted last, of which branches may
    /// have been cut off since, came to this verdict. Returns what it learned.
    pub fn observe(
        &self,
        calibration: &mut Calibration,
        tree: &DraftTree,
        verdict: &Verdict,
    ) -> Vec<Learned> {
        calibration.observe(&self.offers, tree, verdict)
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

/// Notes a token that is copied, and returns its chance.
fn offer_copy(offers: &mut Offers, calibration: &Calibration, copied: Copied) -> f32 {
    let kind = match copied.source {
        Source::Local => Kind::Local,
        Source::Global => Kind::Other,
        Source::Group | Source::Online => Kind::Own,
    };
    let backing = Backing::new(kind as u8, copied.matched + copied.depth, copied.count);
    let prob = copy_chance(copied.matched + copied.depth);
    let standing = Standing::new(prob, copied.path_prob, backing, 0, copied.depth + 1);
    offers.begin(copied.parent);
    offers.push(copied.token, standing);
    calibration.correct(&standing)
}

/// Grows the blend's tree.
pub(super) fn draft(
    search: &mut Search,
    local: &Local,
    growth: &Growth,
    offers: &mut Offers,
) -> DraftTree {
    let limits = DraftLimits {
        rows: growth.params.budget.max_rows(),
        branch: growth.params.branch,
        min_prob: match growth.calibration.expects_second_choices() {
            true => MIN_PATH_PROB_RELAXED,
            false => MIN_PATH_PROB,
        },
    };
    // The search node of every tree node that was expanded.
    let mut numbers: Vec<Option<usize>> = Vec::with_capacity(limits.rows);
    let mut blend = Blend::new(growth.weights, growth.params.source_weights);
    let root = local.last().unwrap_or_default();
    grow(root, &limits, |growing, list| {
        if growing.node > 0 && growth.ends.contains(&growing.token) {
            return;
        }
        let (number, depth) = match growing.parent.and_then(|p| numbers[p]) {
            None => (0, 0),
            Some(parent) => {
                let number = search.descend(parent, growing.token);
                (number, search.nodes.depth(number))
            }
        };
        numbers.resize(growing.node, None);
        numbers.push(Some(number));
        blend.begin(number == 0, growing.path_prob, growing.floor);
        search.evidence(number, &mut blend);
        offers.begin(growing.node);
        for (rank, candidate) in blend.finish().iter().enumerate() {
            let standing = Standing::new(
                candidate.prob,
                growing.path_prob,
                candidate.backing,
                rank,
                depth + 1,
            );
            offers.push(candidate.token, standing);
            list.push(Continuation {
                token: candidate.token,
                prob: growth.calibration.correct(&standing),
            });
        }
    })
}
