//! A read view of a path's occurrences in every source.

use crate::retrieval::query::bridge::Bridge;
use crate::retrieval::query::lookup::{Occurrence, Places, SaInterval, Span};

/// A node's occurrences in every source.
#[derive(Clone, Copy)]
pub(crate) struct Matches<'n> {
    /// Of all nodes; `span` says which are this one's.
    pub(crate) places: &'n Places,
    pub(crate) span: &'n Span,
    pub(crate) bridges: &'n [Bridge],
}

impl<'n> Matches<'n> {
    pub(crate) fn occurrences(&self) -> impl Iterator<Item = &'n Occurrence> + Clone {
        self.places.occurrences(self.span)
    }

    pub(crate) fn intervals(&self) -> &'n [SaInterval] {
        self.places.intervals(self.span)
    }

    /// The occurrences not contained in an interval of the same order. (At the longest order,
    /// occurrences belong to the intervals that contain them.)
    pub(crate) fn lone_occurrences(&self) -> impl Iterator<Item = &'n Occurrence> + Clone {
        let intervals = self.intervals();
        let is_held = |s: &Occurrence| {
            let same = |w: &SaInterval| w.order == s.order && w.view == s.view;
            intervals.iter().any(same)
        };
        self.occurrences().filter(move |s| !is_held(s))
    }
}
