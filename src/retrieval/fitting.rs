//! What fitting the blend's weights (`examples/fit_weights.rs`) sees of a replayed answer:
//! the evidence at every node that strict verification reaches.

pub use super::query::estimate::blend::lead_inputs;
pub use super::query::estimate::logistic::dot;
pub use super::query::estimate::logistic::sigmoid;
pub use super::query::estimate::weights::LEAD_INPUTS;
pub use super::query::estimate::weights::TRUST_INPUTS;
pub use super::query::estimate::weights::Weights;

use super::drafters::blend::{Growth, draft};
use super::index::local::Local;
use super::query::estimate::blend::trust_inputs;
use super::query::estimate::calibration::Calibration;
use super::query::estimate::standing::Offers;
use super::query::evidence::{Evidence, Kind, Visit};
use super::query::lookup::SegmentViews;
use super::query::search::{Nodes, Search};
use super::query::walk::Walk;
use super::replay::{KnownAnswer, accepted_path};
use super::store::pools::Pools;
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::params::Params;

/// Kinds of evidence.
pub const N_KINDS: usize = Kind::COUNT;

/// A piece of evidence as a gradient needs it.
pub struct Link {
    /// Index of its kind, below [`N_KINDS`].
    pub kind: usize,
    /// What its trust is computed from.
    pub inputs: [f32; TRUST_INPUTS],
    /// Its weight in the blend, 0 to 1.
    pub trust: f32,
    /// Next tokens and each one's share of the evidence.
    pub next: Vec<(TokenId, f32)>,
}

/// A node on the answer's path.
pub struct Reached {
    /// The evidence there, the longest first.
    pub links: Vec<Link>,
    /// The tokens that were drafted below it.
    pub drafted: Vec<TokenId>,
    /// Estimated probability of the path from the root.
    pub path_prob: f32,
    /// It is the last committed token.
    pub is_root: bool,
    /// The answer's next token.
    pub token: TokenId,
}

/// Replays an answer under the weights, which may change at every node that is shown.
pub fn replay_nodes(
    pools: &Pools,
    answer: &KnownAnswer,
    params: &Params,
    weights: &mut Weights,
    mut show: impl FnMut(Reached, &mut Weights),
) {
    let (mut walk, mut nodes) = (Walk::default(), Nodes::default());
    let mut local = Local::new(&answer.prompt, answer.opening_len);
    let mut left = answer.tokens.as_slice();
    while !left.is_empty() {
        let views = SegmentViews::new(pools, Some(&answer.group), Some(&local), params);
        walk.catch_up(&views, &local);
        let mut search = Search::begin(&views, &mut nodes, &walk, &local);
        let tree = uncalibrated(&mut search, &local, params, weights);
        let path = accepted_path(&tree, left);
        let mut number = 0;
        for (depth, &token) in left.iter().take(path.len() + 1).enumerate() {
            let node = depth.checked_sub(1).map_or(0, |d| path[d]);
            let reached = Reached {
                links: links(&mut search, number, weights),
                drafted: tree.children(node).map(|c| tree.nodes[c].token).collect(),
                path_prob: tree.nodes[node].path_prob,
                is_root: node == 0,
                token,
            };
            show(reached, weights);
            number = search.descend(number, token);
        }
        let n_committed = (path.len() + 1).min(left.len());
        local.push(&left[..n_committed]);
        left = &left[n_committed..];
    }
}

fn uncalibrated(
    search: &mut Search,
    local: &Local,
    params: &Params,
    weights: &Weights,
) -> DraftTree {
    let growth = Growth {
        params,
        calibration: &Calibration::default(),
        weights,
        ends: &[],
    };
    draft(search, local, &growth, &mut Offers::default())
}

fn links(search: &mut Search, number: usize, weights: &Weights) -> Vec<Link> {
    let mut collect = Collect {
        weights,
        is_root: number == 0,
        links: Vec::new(),
    };
    search.evidence(number, &mut collect);
    collect.links
}

/// Collects all evidence at a node.
struct Collect<'w> {
    weights: &'w Weights,
    is_root: bool,
    links: Vec<Link>,
}

impl Visit for Collect<'_> {
    fn add(&mut self, evidence: &Evidence) -> bool {
        let kind = evidence.kind as usize;
        let inputs = trust_inputs(evidence, self.is_root, self.links.is_empty());
        let share = |n: u32| n as f32 / evidence.n_seen.max(1) as f32;
        self.links.push(Link {
            kind,
            trust: sigmoid(dot(&self.weights.trust[kind], &inputs)),
            inputs,
            next: evidence.next.iter().map(|n| (n.0, share(n.1))).collect(),
        });
        true
    }

    fn wants_rest(&self) -> bool {
        true
    }
}
