//! Tokens copied from one match, and how probable it is that the copy continues.

use crate::retrieval::query::estimate::calibration::Calibration;
use crate::retrieval::query::estimate::standing::{Backing, Offers, Standing};
use crate::retrieval::query::evidence::Kind;
use crate::speculate::TokenId;
use crate::speculate::params::Source;

/// A token copied from one match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copied {
    /// Tree node it is drafted below, and that path's probability.
    pub(crate) parent: usize,
    pub(crate) path_prob: f32,
    pub(crate) token: TokenId,
    pub(crate) source: Source,
    /// Matching tokens of the context, plus tokens copied before.
    pub(crate) matched: usize,
    pub(crate) depth: usize,
    /// How often it was found.
    pub(crate) count: usize,
}

/// The probability that a copied text continues the same way after this many equal
/// tokens: a starting point, corrected by the run's calibration.
fn copy_chance(matched: usize) -> f32 {
    (matched + 1) as f32 / (matched + 3) as f32
}

/// Records a copied token and returns its probability.
pub(crate) fn offer_copy(offers: &mut Offers, calibration: &Calibration, copied: Copied) -> f32 {
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
