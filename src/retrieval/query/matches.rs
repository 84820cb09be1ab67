//! A path's occurrences in every source, as they are read.

use crate::retrieval::query::bridge::Bridge;
use crate::retrieval::query::lookup::{Places, Span, Spot, Wide};

/// A node's occurrences in every source.
#[derive(Clone, Copy)]
pub(crate) struct Matches<'n> {
    /// Of all nodes; `span` says which are this one's.
    pub(crate) places: &'n Places,
    pub(crate) span: &'n Span,
    pub(crate) bridges: &'n [Bridge],
}

impl<'n> Matches<'n> {
    pub(crate) fn spots(&self) -> impl Iterator<Item = &'n Spot> + Clone {
        self.places.spots(self.span)
    }

    pub(crate) fn wides(&self) -> &'n [Wide] {
        self.places.wides(self.span)
    }

    /// The spots that no interval of the same order holds. (At the longest order
    /// that is looked up, spots and the intervals that hold them are one.)
    pub(crate) fn lone_spots(&self) -> impl Iterator<Item = &'n Spot> + Clone {
        let wides = self.wides();
        let is_held = |s: &Spot| {
            let same = |w: &Wide| w.order == s.order && w.shelf == s.shelf;
            wides.iter().any(same)
        };
        self.spots().filter(move |s| !is_held(s))
    }
}
