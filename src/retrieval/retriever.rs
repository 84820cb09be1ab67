//! Retrieval for one run: the likely continuations as a draft tree with origins, by the
//! chosen drafter.

use super::drafters::blend::Growth;
use super::drafters::{asked, draft};
use super::index::local::Local;
use super::query::estimate::calibration::Calibration;
use super::query::estimate::standing::Offers;
use super::query::estimate::weights::WEIGHTS;
use super::query::lookup::SegmentViews;
use super::query::origins;
use super::query::search::{Nodes, Search};
use super::query::walk::Walk;
use super::store::pools::Pools;
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::learned::Learned;
use crate::speculate::params::{Budget, MAX_ROWS, Params};
use crate::speculate::subject::GroupKey;
use crate::speculate::trace::SourceHit;
use crate::speculate::verify::Verdict;

/// A draft tree, and what each source contributed.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrieved {
    /// The drafts.
    pub tree: DraftTree,
    /// Per source that found something.
    pub hits: Vec<SourceHit>,
}

/// Retrieval bound to pools, a group, a growing text and parameters. Its state between
/// steps (where the answer so far occurs, and buffers) affects only speed, never
/// results.
#[derive(Clone, Debug)]
pub struct Retriever {
    pools: Pools,
    /// The subject's group, whose pool comes first.
    group: Option<GroupKey>,
    /// Prompt and output so far.
    local: Local,
    /// What the current drafter needs from the sources.
    params: Params,
    /// Tokens that end a text: nothing is drafted below them.
    ends: Vec<TokenId>,
    walk: Walk,
    nodes: Nodes,
    /// The candidates of the last draft.
    offers: Offers,
}

/// Drafts the likely continuations of the context once, with origins.
pub fn retrieve(
    pools: &Pools,
    group: Option<&GroupKey>,
    local: &Local,
    params: &Params,
    calibration: &Calibration,
) -> Retrieved {
    let mut retriever = Retriever::new(pools.clone(), group.cloned(), local.clone(), params);
    let mut retrieved = retriever.draft(calibration);
    retriever.explain(&mut retrieved.tree);
    retrieved
}

impl Retriever {
    /// A retriever over `pools` for one subject, whose prompt is in `local`.
    pub fn new(pools: Pools, group: Option<GroupKey>, local: Local, params: &Params) -> Self {
        Retriever {
            pools,
            group,
            local,
            params: asked(params),
            ends: Vec::new(),
            walk: Walk::default(),
            nodes: Nodes::default(),
            offers: Offers::default(),
        }
    }

    /// Nothing is drafted below these tokens.
    pub(crate) fn ending_at(mut self, ends: &[TokenId]) -> Self {
        self.ends = ends.to_vec();
        self
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.pools
    }

    /// Sets the parameters from now on.
    pub(crate) fn set_params(&mut self, params: &Params) {
        let params = asked(params);
        let looked_up = |p: &Params| (p.sources, p.max_suffix);
        if looked_up(&params) != looked_up(&self.params) {
            self.walk = Walk::default();
        }
        self.params = params;
    }

    /// Appends committed tokens to the text.
    pub fn push(&mut self, tokens: &[TokenId]) {
        self.local.push(tokens);
    }

    /// Drafts the likely continuations of the text: a tree of at most the budget's rows
    /// and the branch's depth, best first, so that its first n nodes are the tree for a
    /// budget of n. An empty text gives an empty draft below token 0.
    /// [`explain`](Self::explain) names the sources that offer each token.
    pub fn draft(&mut self, calibration: &Calibration) -> Retrieved {
        let mut offers = std::mem::take(&mut self.offers);
        let mut retrieved = self.grown(&self.params.clone(), calibration, &mut offers);
        self.offers = offers;
        retrieved.tree.prune_below(&self.ends);
        retrieved
    }

    /// The largest tree that can be drafted here: any budget drafts its first rows, less
    /// what is below the end of a text. The last draft stays the one that is explained.
    pub(crate) fn all_offers(&mut self, calibration: &Calibration) -> DraftTree {
        let largest = Params {
            budget: Budget::Rows(MAX_ROWS),
            ..self.params
        };
        self.grown(&largest, calibration, &mut Offers::default())
            .tree
    }

    fn grown(
        &mut self,
        params: &Params,
        calibration: &Calibration,
        offers: &mut Offers,
    ) -> Retrieved {
        let views = views(&self.pools, self.group.as_ref(), &self.local, params);
        self.walk.catch_up(&views, &self.local);
        offers.clear();
        let mut search = Search::begin(&views, &mut self.nodes, &self.walk, &self.local);
        let growth = Growth {
            params,
            calibration,
            weights: &WEIGHTS,
            ends: &self.ends,
        };
        let tree = draft(&mut search, &self.local, &growth, offers);
        let hits = origins::hits(&search, &self.local);
        Retrieved { tree, hits }
    }

    /// Trains the calibration with the verdict on the last drafted tree, which may have
    /// been cut since. Returns the changed weights.
    pub fn observe(
        &self,
        calibration: &mut Calibration,
        tree: &DraftTree,
        verdict: &Verdict,
    ) -> Vec<Learned> {
        calibration.observe(&self.offers, tree, verdict)
    }

    /// Catches up with the committed tokens, so that the next draft need not.
    pub fn advance(&mut self) {
        let views = views(&self.pools, self.group.as_ref(), &self.local, &self.params);
        self.walk.catch_up(&views, &self.local);
    }

    /// Adds the origins to the last drafted tree, which may have been cut since.
    pub fn explain(&mut self, tree: &mut DraftTree) {
        let views = views(&self.pools, self.group.as_ref(), &self.local, &self.params);
        origins::explain(&views, &mut self.nodes, &self.local, tree);
    }
}

fn views<'a>(
    pools: &'a Pools,
    group: Option<&GroupKey>,
    local: &'a Local,
    params: &Params,
) -> SegmentViews<'a> {
    SegmentViews::new(pools, group, Some(local), params)
}
