//! Matches across a gap. Texts of one kind differ in a name or a number and
//! then agree again, but an exact suffix ends at the difference. A bridge is a
//! place in a pool where the text before the gap agrees with the context and,
//! at the same distance or nearly so, the text after it does too. Knows
//! nothing of probabilities.

use std::cmp::Reverse;

use super::lookup::Shelves;
use super::pools::Shelf;
use super::segment::Ranks;
use crate::speculate::TokenId;
use crate::speculate::params::Source;

/// The gap and what agrees after it span at most this many tokens.
const MAX_SPAN: usize = 6;
/// Symbols before the gap that must agree in the subject's own group ..
const MIN_BEFORE_OWN: usize = 2;
/// .. and in the others, which are many.
const MIN_BEFORE_OTHER: usize = 4;
/// Places before a gap that are looked at.
const MAX_ANCHORS: usize = 16;
/// By how many tokens the pool's gap may be longer than the context's ..
const MAX_LONGER: usize = 3;
/// .. or shorter.
const MAX_SHORTER: usize = 2;

/// What follows `at` in a segment followed a text like the context's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bridge {
    pub shelf: u16,
    /// Symbols before the gap that agree.
    pub before: u16,
    /// Tokens of the context in the gap.
    pub gap: u16,
    /// Tokens after the gap that agree.
    pub after: u16,
    /// The pool's gap is as long as the context's.
    pub is_even: bool,
    /// Text position of the next token.
    pub at: u32,
}

/// Bridges that are equally good to the eye, and therefore counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BridgeClass {
    /// Agreement before the gap in symbols, rounded down to a step.
    pub before: u16,
    /// Agreement after the gap in tokens, rounded down to a step.
    pub after: u16,
    pub gap: GapKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GapKind {
    /// As long in the pool as in the context.
    Even,
    /// Of another length, at most two tokens in the context.
    Uneven,
    /// Of another length and wide.
    UnevenWide,
}

impl Bridge {
    pub fn class(&self) -> BridgeClass {
        let step = |steps: &[u16], n: u16| {
            let below = steps.iter().rev().find(|&&s| s <= n);
            below.copied().unwrap_or(steps[0])
        };
        BridgeClass {
            before: step(&[2, 4, 7, 11], self.before),
            after: step(&[0, 1, 2, 3, 5], self.after),
            gap: match (self.is_even, self.gap) {
                (true, _) => GapKind::Even,
                (false, ..=2) => GapKind::Uneven,
                (false, _) => GapKind::UnevenWide,
            },
        }
    }

    /// The bridge after one more token, if the pool goes on like that.
    pub fn follow(&self, shelves: &Shelves, token: TokenId) -> Option<Bridge> {
        let segment = shelves.shelf(self.shelf).segment;
        (segment.token(self.at) == token).then_some(Bridge {
            at: self.at + 1,
            after: self.after + 1,
            ..*self
        })
    }

    /// More agreement after the gap is better, then a smaller gap.
    fn merit(&self) -> (u16, Reverse<u16>) {
        (self.after, Reverse(self.gap))
    }
}

impl BridgeClass {
    /// A number of its own, below 2^16.
    pub fn code(self) -> u16 {
        (self.before << 8) | (self.after << 4) | self.gap as u16
    }

    /// The order of an exact match that is about as good.
    pub fn rank(self) -> u16 {
        let before = match self.before {
            ..=3 => 2,
            4..=6 => 3,
            _ => 5,
        };
        before + self.after
    }
}

/// Every bridge from the end of `window`, the answer's last symbols, into the
/// shelves.
pub(super) fn find_bridges(shelves: &Shelves, window: &[TokenId]) -> Vec<Bridge> {
    let mut bridges = Vec::new();
    for (index, source) in shelves.sources() {
        let min_before = match source {
            Source::Group => MIN_BEFORE_OWN,
            _ => MIN_BEFORE_OTHER,
        };
        let first = bridges.len();
        let max_span = MAX_SPAN.min(window.len().saturating_sub(min_before));
        for span in 1..=max_span {
            let (before, behind) = window.split_at(window.len() - span);
            let shelf = shelves.shelf(index);
            for at in anchors(shelf, before, min_before) {
                let found = cross(shelf, index, at, before, behind);
                found.for_each(|bridge| keep_best(&mut bridges, first, bridge));
            }
        }
    }
    bridges
}

/// Where texts go on after the end of `before`: at most [`MAX_ANCHORS`] places
/// after a suffix of it that is as long as it can be without being rare.
fn anchors<'a>(
    shelf: &'a Shelf,
    before: &[TokenId],
    min: usize,
) -> impl Iterator<Item = u32> + use<'a> {
    let mut best = (Ranks::NONE, 0);
    for order in (min..=before.len()).step_by(2) {
        let ranks = shelf.segment.find(&before[before.len() - order..]);
        if ranks.is_empty() {
            break;
        }
        best = (ranks, order as u32);
        if ranks.len() <= MAX_ANCHORS {
            break;
        }
    }
    let (ranks, order) = best;
    let starts = ranks.spread(MAX_ANCHORS).filter_map(|r| shelf.visible(r));
    starts.map(move |start| start + order)
}

/// Bridges over the gap that begins at `start`, where the text agrees with the
/// end of `before`, to where it agrees with the end of `behind`.
fn cross<'a>(
    shelf: &'a Shelf,
    index: u16,
    start: u32,
    before: &'a [TokenId],
    behind: &'a [TokenId],
) -> impl Iterator<Item = Bridge> + use<'a> {
    let span = behind.len();
    let last = behind[span - 1];
    let text = shelf.segment.until_separator(start, span + MAX_LONGER + 1);
    let shortest = span.saturating_sub(MAX_SHORTER).max(1);
    // What follows the bridge must be there, too: one token is left over.
    let ends = shortest..text.len();
    let ends = ends.filter(move |&end| text[end - 1] == last || (span, end) == (1, 1));
    ends.filter_map(move |end| {
        let at = start + end as u32;
        let after = shelf.segment.common_suffix(at, behind).min(end);
        // Nothing after the gap need agree if it is one token on both sides.
        let is_closed = after > 0 || (span, end) == (1, 1);
        (is_closed && after < span).then(|| Bridge {
            shelf: index,
            before: shelf.segment.common_suffix(start, before) as u16,
            gap: (span - after) as u16,
            after: after as u16,
            is_even: end == span,
            at,
        })
    })
}

/// One bridge a place: the best.
fn keep_best(bridges: &mut Vec<Bridge>, first: usize, bridge: Bridge) {
    match bridges[first..].iter_mut().find(|b| b.at == bridge.at) {
        Some(known) if bridge.merit() > known.merit() => *known = bridge,
        Some(_) => {}
        None => bridges.push(bridge),
    }
}
