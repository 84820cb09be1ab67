//! Counts what followed, on one view and on several together.

use crate::retrieval::index::segment_view::SegmentView;
use crate::retrieval::index::symbol::SEPARATOR;
use crate::retrieval::query::agenda::{WIDE, index_of};
use crate::retrieval::query::lookup::{SaInterval, SegmentViews};
use crate::retrieval::query::matches::Matches;
use crate::speculate::TokenId;

/// Up to this many occurrences are counted; of more, a sample of this size.
const SAMPLE: usize = 20;
/// .. and on each of the other groups' views, of which there are several.
const SAMPLE_OTHER: usize = 8;

/// The occurrences of a suffix, and what followed them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) count: u32,
    pub(crate) n_seen: u32,
    /// Distinct next tokens.
    pub(crate) next: Vec<(TokenId, u32)>,
}

/// The tally of several views together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelved {
    pub(crate) tally: Tally,
    /// What followed every view's current match; used as soon as one of them is an
    /// interval ..
    parts: Vec<(u16, TokenId, u32)>,
    /// .. with how many occurrences there are and how many of them were seen.
    counts: Vec<(u16, u32, u32)>,
}

impl Tally {
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.count = 0;
        self.n_seen = 0;
        self.next.clear();
    }

    /// Adds an occurrence.
    #[inline]
    pub(crate) fn add(&mut self, token: TokenId) {
        self.count += 1;
        self.n_seen += 1;
        if token != SEPARATOR {
            add(&mut self.next, token, 1);
        }
    }
}

impl Shelved {
    pub(crate) fn clear(&mut self) {
        self.tally.clear();
        self.parts.clear();
        self.counts.clear();
    }

    /// As [`look_at`](Self::look_at), for a single view.
    pub(crate) fn look_at_one(&mut self, views: &SegmentViews, matches: Matches, items: &[u64]) {
        for &item in items {
            if item & WIDE == 0 {
                self.tally
                    .add(matches.places.occurrences[index_of(item)].next);
                continue;
            }
            let interval = &matches.places.intervals[index_of(item)];
            self.tally.clear();
            let next = &mut self.tally.next;
            self.tally.n_seen = followers(views, interval, |t, n| next.push((t, n)));
            self.tally.count = interval.count;
        }
    }

    /// A view's shorter match contains its longer one, and replaces it.
    pub(crate) fn look_at(&mut self, views: &SegmentViews, matches: Matches, items: &[u64]) {
        let mut is_mixed = !self.counts.is_empty();
        for &item in items {
            if item & WIDE == 0 {
                let occurrence = &matches.places.occurrences[index_of(item)];
                self.parts.push((occurrence.view, occurrence.next, 1));
                if !is_mixed {
                    self.tally.add(occurrence.next);
                }
                continue;
            }
            is_mixed = true;
            let interval = &matches.places.intervals[index_of(item)];
            let view = interval.view;
            self.parts.retain(|o| o.0 != view);
            self.counts.retain(|o| o.0 != view);
            let parts = &mut self.parts;
            let n_seen = followers(views, interval, |t, n| parts.push((view, t, n)));
            self.counts.push((view, interval.count, n_seen));
        }
        if is_mixed {
            self.sum();
        }
    }

    fn sum(&mut self) {
        let counts = &self.counts;
        let is_occurrence = |view| counts.iter().all(|c| c.0 != view);
        let n_occurrences = self.parts.iter().filter(|o| is_occurrence(o.0)).count() as u32;
        self.tally.count = n_occurrences + counts.iter().map(|c| c.1).sum::<u32>();
        self.tally.n_seen = n_occurrences + counts.iter().map(|c| c.2).sum::<u32>();
        let next = &mut self.tally.next;
        next.clear();
        let told = self.parts.iter().filter(|o| o.1 != SEPARATOR);
        next.extend(told.map(|&(_, token, n)| (token, n)));
        merge(next);
    }
}

/// Overall token frequencies.
pub(crate) fn common(views: &SegmentViews) -> Tally {
    let mut tally = Tally::default();
    for view in views.nearest() {
        let view = views.view(view);
        tally.next.extend(view.frequent());
        tally.count += view.n_tokens() as u32;
    }
    if views.nearest().len() > 1 {
        merge(&mut tally.next);
    }
    tally.n_seen = tally.count;
    tally
}

/// Adds up the counts of equal tokens.
fn merge(list: &mut Vec<(TokenId, u32)>) {
    list.sort_unstable();
    list.dedup_by(|from, into| {
        let is_same = from.0 == into.0;
        if is_same {
            into.1 += from.1;
        }
        is_same
    });
}

fn add(list: &mut Vec<(TokenId, u32)>, token: TokenId, n: u32) {
    match list.iter_mut().find(|x| x.0 == token) {
        Some(known) => known.1 += n,
        None => list.push((token, n)),
    }
}

/// Lists the tokens after an interval, each once; returns the number of occurrences
/// examined.
fn followers(
    views: &SegmentViews,
    interval: &SaInterval,
    mut list: impl FnMut(TokenId, u32),
) -> u32 {
    let view = views.view(interval.view);
    let sample = match views.is_own(interval.view) {
        true => SAMPLE,
        false => SAMPLE_OTHER,
    };
    if interval.ranks.len() <= sample {
        view.segment
            .children(interval.ranks, interval.depth, |token, ranks| {
                let n = view.count(ranks) as u32;
                if n > 0 {
                    list(token, n);
                }
            });
        return interval.count;
    }
    let seen = match sample {
        SAMPLE => sampled::<SAMPLE>(view, interval),
        _ => sampled::<SAMPLE_OTHER>(view, interval),
    };
    list_runs(seen.into_iter().flatten(), list)
}

/// What follows an evenly spaced sample of an interval's suffixes.
fn sampled<const N: usize>(view: &SegmentView, interval: &SaInterval) -> [Option<TokenId>; SAMPLE] {
    let mut ranks = [interval.ranks.lo; N];
    for (place, rank) in ranks.iter_mut().zip(interval.ranks.spread(N)) {
        *place = rank;
    }
    let found = view.segment.tokens_after(&ranks, interval.depth);
    let mut tokens = [None; SAMPLE];
    for (place, (position, token)) in tokens.iter_mut().zip(found) {
        *place = view.is_visible(position).then_some(token);
    }
    tokens
}

/// Lists runs of equal tokens; in a suffix array equals are adjacent.
fn list_runs(tokens: impl Iterator<Item = TokenId>, mut list: impl FnMut(TokenId, u32)) -> u32 {
    let mut n_seen = 0;
    let mut run = (SEPARATOR, 0);
    let mut end_run = |run: (TokenId, u32)| {
        if run.0 != SEPARATOR {
            list(run.0, run.1);
        }
    };
    for token in tokens {
        n_seen += 1;
        if token != run.0 {
            end_run(run);
            run = (token, 0);
        }
        run.1 += 1;
    }
    end_run(run);
    n_seen
}
