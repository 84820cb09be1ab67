//! The blend's drafter: at every node the evidence of all sources becomes probabilities,
//! and the most probable paths are drafted first.

use crate::retrieval::index::local::Local;
use crate::retrieval::query::estimate::blend::{Blend, Candidate};
use crate::retrieval::query::estimate::calibration::Calibration;
use crate::retrieval::query::estimate::standing::{Offers, Standing};
use crate::retrieval::query::estimate::weights::Weights;
use crate::retrieval::query::search::Search;
use crate::speculate::TokenId;
use crate::speculate::draft::{Continuation, DraftLimits, DraftTree, grow};
use crate::speculate::params::Params;

/// Paths less probable than this are neither drafted nor searched. The same for every
/// budget, so that a smaller one drafts a prefix of the same tree.
const MIN_PATH_PROB: f32 = 0.005;
/// .. if second-ranked tokens are accepted, too: the text then leaves likely paths, and
/// its continuations were improbable.
const MIN_PATH_PROB_RELAXED: f32 = 0.0015;

/// Parameters for growing a tree of the blend.
pub(crate) struct Growth<'a> {
    pub(crate) params: &'a Params,
    pub(crate) calibration: &'a Calibration,
    pub(crate) weights: &'a Weights,
    pub(crate) ends: &'a [TokenId],
}

impl Growth<'_> {
    fn limits(&self) -> DraftLimits {
        DraftLimits {
            rows: self.params.budget.max_rows(),
            branch: self.params.branch,
            min_prob: match self.calibration.expects_second_choices() {
                true => MIN_PATH_PROB_RELAXED,
                false => MIN_PATH_PROB,
            },
        }
    }
}

/// Grows the blend's tree.
pub(crate) fn draft(
    search: &mut Search,
    local: &Local,
    growth: &Growth,
    offers: &mut Offers,
) -> DraftTree {
    let limits = growth.limits();
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
            let Candidate {
                token,
                prob,
                backing,
            } = *candidate;
            let standing = Standing::new(prob, growing.path_prob, backing, rank, depth + 1);
            offers.push(token, standing);
            let prob = growth.calibration.correct(&standing);
            list.push(Continuation { token, prob });
        }
    })
}
