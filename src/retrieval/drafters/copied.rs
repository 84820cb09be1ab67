//! Tokens that are copied because of one match, and how probable it is that the copy
//! goes on.

use crate::retrieval::query::estimate::calibration::Calibration;
use crate::retrieval::query::estimate::standing::{Backing, Offers, Standing};
use crate::retrieval::query::evidence::Kind;
use crate::speculate::TokenId;
use crate::speculate::params::Source;

/// A token that is copied because of one match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copied {
    /// Tree node it is drafted below, and that path's probability.
    pub(crate) parent: usize,
    pub(crate) path_prob: f32,
    pub(crate) token: TokenId,
    pub(crate) source: Source,
    /// Tokens of the context that matched, and how many were copied before.
    pub(crate) matched: usize,
    pub(crate) depth: usize,
    /// How often it was found.
    pub(crate) count: usize,
}

/// How probable it is that a copied text goes on as it did after so many equal
/// tokens: a starting point, which the run's calibration corrects.
fn copy_chance(matched: usize) -> f32 {
    (matched + 1) as f32 / (matched + 3) as f32
}

/// Notes a token that is copied, and returns its chance.
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
