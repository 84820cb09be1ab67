//! Follows the committed text through the pools: where its end occurs, updated token by
//! token instead of searched at every step. Does not know drafts.

use std::collections::VecDeque;

use crate::retrieval::index::local::Local;
use crate::retrieval::index::symbol::SEPARATOR;
use crate::retrieval::query::bridge::{
    Anchor, Bridge, MAX_BEFORE, MAX_SPAN, anchors, find_bridges,
};
use crate::retrieval::query::lookup::{Before, Places, Reach, Shelves, Span, Wide};
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
    pub(crate) fn catch_up(&mut self, shelves: &Shelves, context: &Local) {
        let symbols = context.answer();
        let end = context.len();
        let n_new = match self.at {
            Some(at) if at <= end && end - at <= symbols.len() => end - at,
            _ => self.restart(shelves, symbols.len()),
        };
        if self.at == Some(end) {
            return;
        }
        for n in symbols.len() - n_new..symbols.len() {
            self.step(shelves, &symbols[..n], symbols[n]);
        }
        let tail = &symbols[symbols.len().saturating_sub(MAX_SPAN)..];
        self.bridges.clear();
        find_bridges(shelves, self.anchors.iter(), tail, &mut self.bridges);
        self.at = Some(end);
    }

    /// Resets. Starts at the documents' anchor or, for a long answer, as far back as
    /// matters. Returns the number of tokens to process.
    fn restart(&mut self, shelves: &Shelves, answer_len: usize) -> usize {
        *self = Walk::default();
        // as far back as a match or the text before a gap matters
        let reach = shelves.max_suffix.max(usize::from(MAX_BEFORE)) + MAX_SPAN + 1;
        if answer_len < reach {
            self.go(shelves, SEPARATOR);
        }
        answer_len.min(reach)
    }

    /// One more token of the answer, after `before`.
    fn step(&mut self, shelves: &Shelves, before: &[TokenId], token: TokenId) {
        let mut here = if self.anchors.len() < MAX_SPAN {
            Vec::new()
        } else {
            self.anchors.pop_back().unwrap_or_default()
        };
        here.clear();
        anchors(shelves, &self.places, &mut here);
        self.anchors.push_front(here);
        self.go(shelves, token);
        self.shorten(shelves, before, token);
    }

    fn go(&mut self, shelves: &Shelves, token: TokenId) {
        let places = &mut self.places;
        let spots = shelves.follow_spots(places, 0..places.spots.len(), token);
        let (n_old_spots, n_old_wides) = (spots.start, places.wides.len());
        let mut span = Span {
            late: spots.end..spots.end,
            spots,
            wides: 0..0,
        };
        let before = Before {
            wides: 0..n_old_wides,
            last: SEPARATOR,
        };
        shelves.follow_rest(places, &mut span, before, token, Reach::Full);
        places.spots.drain(..n_old_spots);
        places.wides.drain(..n_old_wides);
    }

    /// Matches longer than the lookup limit are searched again by that many symbols, so
    /// that intervals never share more.
    fn shorten(&mut self, shelves: &Shelves, before: &[TokenId], token: TokenId) {
        let max = shelves.max_suffix;
        let is_long = |wide: &Wide| wide.depth as usize > max;
        for wide in self.places.wides.iter_mut().filter(|w| is_long(w)) {
            let suffix = [&before[before.len() + 1 - max..], &[token]].concat();
            wide.ranks = shelves.shelf(wide.shelf).segment.find(&suffix);
            wide.depth = max as u32;
        }
    }
}
