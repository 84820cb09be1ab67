//! What followed a path, source by source, the longest match first. Counts only;
//! `estimate` weighs them.

use crate::retrieval::query::bridge::BridgeClass;
use crate::speculate::TokenId;

/// Kinds of evidence, which are trusted differently.
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
    /// Overall token frequencies.
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
    /// Symbols of the suffix; for bridges, an equivalent order.
    pub(crate) order: usize,
    /// Occurrences of the suffix.
    pub(crate) count: usize,
    pub(crate) bridge: Option<BridgeClass>,
    /// Distinct next tokens and how often each followed.
    pub(crate) next: &'a [(TokenId, u32)],
    /// Occurrences behind `next`, those at a document's end included.
    pub(crate) n_seen: u32,
}

/// Receives evidence.
pub(crate) trait Visit {
    /// Receives the next longest evidence; false once no more is needed.
    fn add(&mut self, evidence: &Evidence) -> bool;
    /// Whether the many short matches are needed.
    fn wants_rest(&self) -> bool;
}
