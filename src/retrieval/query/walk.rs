//! Follows the committed text through the pools: where its end occurs, updated token by
//! token instead of searched at every step. Does not know drafts.

use std::collections::VecDeque;

use crate::retrieval::index::local::Local;
use crate::retrieval::index::symbol::SEPARATOR;
use crate::retrieval::query::bridge::{Anchor, Bridge, MAX_SPAN, anchors, find_bridges};
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
            _ => {
                self.restart(views);
                symbols.len()
            }
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

    /// Resets, to the beginning of the answer: what is found depends on all of it, since a
    /// place that once was the only one keeps its own entry.
    fn restart(&mut self, views: &SegmentViews) {
        *self = Walk::default();
        self.go(views, SEPARATOR);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::retrieval::{PoolDoc, Pools};
    use crate::speculate::params::Params;
    use crate::speculate::subject::GroupKey;

    fn pools(documents: &[(bool, Vec<TokenId>)]) -> Pools {
        let each = documents.iter().enumerate();
        let docs = each.map(|(i, (is_own, tokens))| PoolDoc {
            id: format!("d{i}").as_str().into(),
            title: String::new(),
            group: GroupKey::from(if *is_own { "own" } else { "other" }),
            tokens: tokens.clone(),
        });
        Pools::build(docs.collect())
    }

    /// Phrases that documents and answers share, with a token of their own here and there.
    fn text(phrases: usize) -> impl Strategy<Value = Vec<TokenId>> {
        let phrase = (0u32..3, 3usize..30, 0u32..9);
        prop::collection::vec(phrase, 1..phrases).prop_map(|phrases| {
            let each = phrases.into_iter().flat_map(|(which, n, own)| {
                let shared = (0..n as u32).map(move |i| 10 + which * 7 + (i * i + which) % 11);
                shared.chain(std::iter::once(own))
            });
            each.collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        /// Begun anywhere, it finds what it finds token by token: a branch drafts as its run.
        #[test]
        fn a_restart_finds_what_following_finds(
            documents in prop::collection::vec((any::<bool>(), text(5)), 1..8),
            answer in text(6),
            steps in prop::collection::vec(1usize..7, 1..40),
        ) {
            let pools = pools(&documents);
            let group = GroupKey::from("own");
            let mut local = Local::new(&[1, 2], 0);
            let mut followed = Walk::default();
            let mut left = answer.as_slice();
            for n in steps {
                let (now, rest) = left.split_at(n.min(left.len()));
                left = rest;
                local.push(now);
                let views = SegmentViews::new(&pools, Some(&group), Some(&local), &Params::default());
                followed.catch_up(&views, &local);
                let mut restarted = Walk::default();
                restarted.catch_up(&views, &local);
                prop_assert_eq!(&followed.places.occurrences, &restarted.places.occurrences);
                prop_assert_eq!(&followed.places.intervals, &restarted.places.intervals);
                prop_assert_eq!(&followed.bridges, &restarted.bridges);
            }
        }
    }
}
