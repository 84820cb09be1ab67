//! A read view of a path's occurrences in every source.

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

    /// The spots not contained in an interval of the same order. (At the longest order,
    /// spots belong to the intervals that contain them.)
    pub(crate) fn lone_spots(&self) -> impl Iterator<Item = &'n Spot> + Clone {
        let wides = self.wides();
        let is_held = |s: &Spot| {
            let same = |w: &Wide| w.order == s.order && w.shelf == s.shelf;
            wides.iter().any(same)
        };
        self.spots().filter(move |s| !is_held(s))
    }
}
