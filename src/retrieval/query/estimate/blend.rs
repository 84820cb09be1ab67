//! From counts to probabilities: a blend of everything that followed a path, the
//! longest match first. Knows neither pools nor trees.
//!
//! After PPM (Cleary & Witten, IEEE Trans. Commun. 1984): a suffix gets a weight, and
//! the remaining weight escapes to the next shorter one. The weight is a logistic
//! function of the suffix's features instead of a fixed escape estimate. The blend
//! underestimates a leading token and overestimates the others; a second logistic step
//! corrects that.

use std::sync::LazyLock;

use crate::retrieval::query::bridge::GapKind;
use crate::retrieval::query::estimate::logistic::{dot, logit, sigmoid};
use crate::retrieval::query::estimate::standing::Backing;
use crate::retrieval::query::estimate::weights::{LEAD_INPUTS, TRUST_INPUTS, Weights};
use crate::retrieval::query::evidence::{Evidence, Kind, Visit};
use crate::speculate::TokenId;
use crate::speculate::params::SourceWeights;

/// Escaping weight below which the search stops.
const MIN_ESCAPE: f32 = 0.02;

/// Shorter matches are examined while a token with this share of the remaining weight
/// would matter.
const REST_SHARE: f32 = 0.07;

/// A next token and how probable it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) token: TokenId,
    pub(crate) prob: f32,
    /// The longest evidence that offers it.
    pub(crate) backing: Backing,
}

/// Maximum candidates of a node; later ones have less support.
const MAX_CANDIDATES: usize = 160;
/// Size of the table that finds a candidate by its token; a power of two.
const N_SLOTS: usize = 256;

/// The blend of a node, evidence by evidence. Reused for the next node.
pub(crate) struct Blend<'w> {
    weights: &'w Weights,
    sources: SourceWeights,
    /// Less probable paths are ignored.
    min_path_prob: f32,
    is_root: bool,
    path_prob: f32,
    /// Weight not yet assigned to a suffix.
    escape: f32,
    candidates: Vec<Candidate>,
    /// Open addressing: one more than the candidate's index, 0 where none is.
    slots: [u8; N_SLOTS],
}

impl<'w> Blend<'w> {
    pub(crate) fn new(weights: &'w Weights, sources: SourceWeights) -> Self {
        Blend {
            weights,
            sources,
            min_path_prob: 0.0,
            is_root: true,
            path_prob: 1.0,
            escape: 1.0,
            candidates: Vec::with_capacity(MAX_CANDIDATES),
            slots: [0; N_SLOTS],
        }
    }

    /// Starts another node. `floor`: less probable paths are ignored.
    pub(crate) fn begin(&mut self, is_root: bool, path_prob: f32, floor: f32) {
        self.min_path_prob = floor;
        self.is_root = is_root;
        self.path_prob = path_prob;
        self.escape = 1.0;
        self.candidates.clear();
        self.slots.fill(0);
    }

    /// Adds to a token's probability.
    fn raise(&mut self, token: TokenId, prob: f32, backing: Backing) {
        // Fibonacci hashing (Knuth, TAOCP 6.4).
        let mut slot = (token.wrapping_mul(0x9E37_79B9) >> 24) as usize;
        while let Some(index) = usize::from(self.slots[slot]).checked_sub(1) {
            if self.candidates[index].token == token {
                self.candidates[index].prob += prob;
                return;
            }
            slot = (slot + 1) % N_SLOTS;
        }
        if self.candidates.len() < MAX_CANDIDATES {
            self.candidates.push(Candidate {
                token,
                prob,
                backing,
            });
            self.slots[slot] = self.candidates.len() as u8;
        }
    }

    /// The next tokens, the most probable first, with their probabilities of being
    /// accepted. Those far below the floor are left out.
    pub(crate) fn finish(&mut self) -> &[Candidate] {
        let (best, second) = self.best_two();
        let min_prob = best.min(self.min_path_prob / self.path_prob * 0.5);
        self.candidates.retain(|c| c.prob >= min_prob);
        self.candidates
            .sort_unstable_by(|a, b| b.prob.total_cmp(&a.prob).then(a.token.cmp(&b.token)));
        let mut rival = second;
        for candidate in &mut self.candidates {
            let inputs = lead_inputs(candidate.prob, rival, self.is_root, self.path_prob);
            candidate.prob = sigmoid(dot(&self.weights.lead, &inputs));
            rival = best;
        }
        &self.candidates
    }

    /// The two highest probabilities, 0 where there is none.
    fn best_two(&self) -> (f32, f32) {
        let probs = self.candidates.iter().map(|c| c.prob);
        probs.fold((0.0, 0.0), |(best, second), prob| {
            if prob > best {
                (prob, best)
            } else {
                (best, second.max(prob))
            }
        })
    }
}

impl Visit for Blend<'_> {
    fn add(&mut self, evidence: &Evidence) -> bool {
        let inputs = trust_inputs(evidence, self.is_root, self.escape == 1.0);
        let trust = sigmoid(dot(&self.weights.trust[evidence.kind as usize], &inputs));
        let trust = match evidence.kind {
            Kind::Own | Kind::OwnBridge => trust * self.sources.group,
            Kind::Other | Kind::OtherBridge => trust * self.sources.global,
            Kind::Local => trust * self.sources.local,
            Kind::Common => trust,
        };
        let unit = self.escape * trust / evidence.n_seen.max(1) as f32;
        // Negligible shares are not worth a lookup.
        let crumb = self.min_path_prob / self.path_prob * 0.5;
        let backing = Backing::new(evidence.kind as u8, evidence.order, evidence.count);
        for &(token, n) in evidence.next {
            let prob = unit * n as f32;
            if prob > crumb {
                self.raise(token, prob, backing);
            }
        }
        self.escape *= 1.0 - trust;
        self.escape > MIN_ESCAPE && self.wants_rest()
    }

    fn wants_rest(&self) -> bool {
        self.escape * self.path_prob * REST_SHARE > self.min_path_prob
    }
}

fn flag(holds: bool) -> f32 {
    f32::from(u8::from(holds))
}

/// Features for the trust in a piece of evidence. `is_first`: it is the first at this node.
pub(crate) fn trust_inputs(
    evidence: &Evidence,
    is_root: bool,
    is_first: bool,
) -> [f32; TRUST_INPUTS] {
    let mut inputs = [0.0; TRUST_INPUTS];
    inputs[0] = 1.0;
    if evidence.kind == Kind::Common {
        inputs[1] = flag(is_root);
        return inputs;
    }
    let top = evidence.next.iter().map(|n| n.1).max().unwrap_or(0);
    let count = ln(evidence.count);
    let sole = flag(evidence.next.len() == 1);
    inputs[1] = count;
    inputs[2] = ln(evidence.next.len() + 1);
    inputs[3] = top as f32 / evidence.n_seen.max(1) as f32;
    inputs[4] = sole;
    inputs[5] = flag(is_first);
    inputs[6] = flag(is_first) * ln(evidence.order + 1);
    inputs[7..].copy_from_slice(&match evidence.bridge {
        None => {
            let order = ln(evidence.order);
            let is_single = flag(evidence.order == 1);
            let sole_count = sole * count.min(3.0);
            [order, is_single, flag(is_root), sole * order, sole_count]
        }
        Some(bridge) => [
            ln(usize::from(bridge.after) + 1),
            flag(bridge.after == 0),
            ln(usize::from(bridge.before)),
            flag(bridge.gap == GapKind::Even),
            flag(bridge.gap == GapKind::UnevenInterval),
        ],
    });
    inputs
}

/// Features for the correction; `rival` is the best other candidate.
pub fn lead_inputs(prob: f32, rival: f32, is_root: bool, path_prob: f32) -> [f32; LEAD_INPUTS] {
    let lead = (prob / rival.max(1e-4)).ln().clamp(-6.0, 6.0);
    [
        1.0,
        logit(prob),
        flag(lead >= 0.0),
        lead,
        flag(is_root),
        path_prob.max(1e-4).ln(),
    ]
}

/// Logarithms of counts, tabulated for small ones.
fn ln(n: usize) -> f32 {
    static SMALL: LazyLock<[f32; 128]> = LazyLock::new(|| std::array::from_fn(|n| (n as f32).ln()));
    match SMALL.get(n) {
        Some(&ln) => ln,
        None => (n as f32).ln(),
    }
}
