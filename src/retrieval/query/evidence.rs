//! What followed a path, source by source, the longest match first. Counts
//! only; what they are worth is for `estimate` to say.

use crate::retrieval::query::bridge::BridgeClass;
use crate::speculate::TokenId;

/// Kinds of evidence, which deserve different trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Exact matches in the subject's own group.
    Own,
    /// Exact matches in the prompt and the output so far.
    Local,
    /// Exact matches in the other groups.
    Other,
    OwnBridge,
    OtherBridge,
    /// How frequent tokens are anywhere.
    Common,
}

impl Kind {
    pub(crate) const COUNT: usize = 6;
    pub(crate) const ALL: [Kind; Kind::COUNT] = [
        Kind::Own,
        Kind::Local,
        Kind::Other,
        Kind::OwnBridge,
        Kind::OtherBridge,
        Kind::Common,
    ];
}

/// What followed one suffix in one source.
pub(crate) struct Evidence<'a> {
    pub(crate) kind: Kind,
    /// Symbols of the suffix; for bridges see there.
    pub(crate) order: usize,
    /// Occurrences of the suffix.
    pub(crate) count: usize,
    pub(crate) bridge: Option<BridgeClass>,
    /// Distinct next tokens and how often each followed.
    pub(crate) next: &'a [(TokenId, u32)],
    /// Occurrences that `next` is drawn from, those at a document's end
    /// included.
    pub(crate) n_seen: u32,
}

/// What evidence is shown to.
pub(crate) trait Visit {
    /// Takes the next longest evidence in; false once no more is needed.
    fn add(&mut self, evidence: &Evidence) -> bool;
    /// The short matches, of which there are many, are worth a look.
    fn wants_rest(&self) -> bool;
}
