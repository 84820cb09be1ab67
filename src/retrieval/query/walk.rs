//! Follows the committed text through the pools: where its end occurs, updated token by
//! token instead of searched at every step. Does not know drafts.

use std::collections::VecDeque;

use crate::retrieval::index::local::Local;
use crate::retrieval::index::symbol::SEPARATOR;
use crate::retrieval::query::bridge::{
    Anchor, Bridge, MAX_BEFORE, MAX_SPAN, anchors, find_bridges,
};
use crate::retrieval::query::lookup::{Before, Places, Reach, SaInterval, SegmentViews, Span};
use crate::speculate::TokenId;

/// Where the end of the answer so far occurs in the pools.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walk {
    pub(crate) places: Places,
    /// Number of context tokens processed; `None`: none yet.
    at: Option<usize>,
    /// Where the text occurs that ends 1, 2, .. tokens ago, the nearest first.
    anchors: VecDeque<Vec<Anchor>>,
    pub(crate) bridges: Vec<Bridge>,
}

impl Walk {
    /// Advances to the context's end, from scratch if necessary.
    pub(crate) fn catch_up(&mut self, views: &SegmentViews, context: &Local) {
        let symbols = context.answer();
        let end = context.len();
        let n_new = match self.at {
            Some(at) if at <= end && end - at <= symbols.len() => end - at,
            _ => self.restart(views, symbols.len()),
        };
        if self.at == Some(end) {
            return;
        }
        for n in symbols.len() - n_new..symbols.len() {
            self.step(views, &symbols[..n], symbols[n]);
        }
        let tail = &symbols[symbols.len().saturating_sub(MAX_SPAN)..];
        self.bridges.clear();
        find_bridges(views, self.anchors.iter(), tail, &mut self.bridges);
        self.at = Some(end);
    }

    /// Resets. Starts at the documents' anchor or, for a long answer, as far back as
    /// matters. Returns the number of tokens to process.
    fn restart(&mut self, views: &SegmentViews, answer_len: usize) -> usize {
        *self = Walk::default();
        // as far back as a match or the text before a gap matters
        let reach = views.max_suffix.max(usize::from(MAX_BEFORE)) + MAX_SPAN + 1;
        if answer_len < reach {
            self.go(views, SEPARATOR);
        }
        answer_len.min(reach)
    }

    /// One more token of the answer, after `before`.
    fn step(&mut self, views: &SegmentViews, before: &[TokenId], token: TokenId) {
        let mut here = if self.anchors.len() < MAX_SPAN {
            Vec::new()
        } else {
            self.anchors.pop_back().unwrap_or_default()
        };
        here.clear();
        anchors(views, &self.places, &mut here);
        self.anchors.push_front(here);
        self.go(views, token);
        self.shorten(views, before, token);
    }

    fn go(&mut self, views: &SegmentViews, token: TokenId) {
        let places = &mut self.places;
        let occurrences = views.follow_occurrences(places, 0..places.occurrences.len(), token);
        let (n_old_occurrences, n_old_intervals) = (occurrences.start, places.intervals.len());
        let mut span = Span {
            late: occurrences.end..occurrences.end,
            occurrences,
            intervals: 0..0,
        };
        let before = Before {
            intervals: 0..n_old_intervals,
            last: SEPARATOR,
        };
        views.follow_rest(places, &mut span, before, token, Reach::Full);
        places.occurrences.drain(..n_old_occurrences);
        places.intervals.drain(..n_old_intervals);
    }

    /// Matches longer than the lookup limit are searched again by that many symbols, so
    /// that intervals never share more.
    fn shorten(&mut self, views: &SegmentViews, before: &[TokenId], token: TokenId) {
        let max = views.max_suffix;
        let is_long = |interval: &SaInterval| interval.depth as usize > max;
        for interval in self.places.intervals.iter_mut().filter(|w| is_long(w)) {
            let suffix = [&before[before.len() + 1 - max..], &[token]].concat();
            interval.ranks = views.view(interval.view).segment.find(&suffix);
            interval.depth = max as u32;
        }
    }
}
