//! Matches across a gap. Similar texts differ in a name or a number and then agree
//! again, but an exact suffix match ends at the difference. A bridge is a place in a
//! pool where the text before the gap agrees with the context and, at about the same
//! distance, the text after it does too. Does not know probabilities.

use std::cmp::Reverse;

use crate::retrieval::query::lookup::{Places, SegmentViews};
use crate::speculate::TokenId;

/// The gap and the agreement after it span at most this many tokens.
pub(crate) const MAX_SPAN: usize = 6;
/// Symbols before a gap beyond which more agreement has no effect.
pub(crate) const MAX_BEFORE: u16 = 11;
/// Symbols before the gap that must agree in the subject's own group ..
const MIN_BEFORE_OWN: u16 = 2;
/// .. and in the others, which are many.
const MIN_BEFORE_OTHER: u16 = 4;
/// Maximum places before a gap per view if all are frequent.
const MAX_ANCHORS: usize = 16;
/// By how many tokens the pool's gap may be longer than the context's ..
const MAX_LONGER: usize = 3;
/// .. or shorter.
const MAX_SHORTER: usize = 2;

/// Where a view's text continues after a place that agrees with the context some
/// tokens ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub(crate) view: u16,
    /// Number of symbols that agree.
    pub(crate) order: u16,
    pub(crate) at: u32,
}

/// What follows `at` in a segment followed a text like the context's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bridge {
    pub(crate) view: u16,
    /// Symbols before the gap that agree.
    pub(crate) before: u16,
    /// Tokens of the context in the gap.
    pub(crate) gap: u16,
    /// Tokens after the gap that agree.
    pub(crate) after: u16,
    /// The pool's gap is as long as the context's.
    pub(crate) is_even: bool,
    /// Text position of the next token, and the token.
    pub(crate) at: u32,
    pub(crate) next: TokenId,
}

/// Bridges of about the same quality, counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BridgeClass {
    /// Agreement before the gap in symbols, rounded down to a step.
    pub(crate) before: u16,
    /// Agreement after the gap in tokens, rounded down to a step.
    pub(crate) after: u16,
    pub(crate) gap: GapKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GapKind {
    /// The gap is as long in the pool as in the context.
    Even,
    /// Of another length, at most two tokens in the context.
    Uneven,
    /// Of another length and interval.
    UnevenInterval,
}

impl Bridge {
    pub(crate) fn class(&self) -> BridgeClass {
        BridgeClass {
            before: match self.before {
                ..4 => 2,
                4..7 => 4,
                7..MAX_BEFORE => 7,
                MAX_BEFORE.. => MAX_BEFORE,
            },
            after: match self.after {
                4 => 3,
                n => n.min(5),
            },
            gap: match (self.is_even, self.gap) {
                (true, _) => GapKind::Even,
                (false, ..=2) => GapKind::Uneven,
                (false, _) => GapKind::UnevenInterval,
            },
        }
    }

    /// The bridge after its next token.
    pub(crate) fn moved(&self, views: &SegmentViews) -> Bridge {
        Bridge {
            at: self.at + 1,
            after: self.after + 1,
            next: views.token(self.view, self.at + 1),
            ..*self
        }
    }

    /// More agreement after the gap is better, then a smaller gap.
    fn merit(&self) -> (u16, Reverse<u16>) {
        (self.after, Reverse(self.gap))
    }
}

impl BridgeClass {
    /// A unique number below 2^12.
    pub(crate) fn code(self) -> u16 {
        (self.before << 8) | (self.after << 4) | self.gap as u16
    }

    /// The order of an exact match of about the same quality.
    pub(crate) fn rank(self) -> u16 {
        let before = match self.before {
            ..=3 => 2,
            4..=6 => 3,
            _ => 5,
        };
        before + self.after
    }
}

/// Appends a path's places as anchors: on every view at most [`MAX_ANCHORS`], after
/// the longest suffix that is not rare.
pub(crate) fn anchors(views: &SegmentViews, places: &Places, out: &mut Vec<Anchor>) {
    let min_before = |view| match views.is_own(view) {
        true => MIN_BEFORE_OWN,
        false => MIN_BEFORE_OTHER,
    };
    let occurrences = places.occurrences.iter();
    let occurrences = occurrences.filter(|s| s.order >= min_before(s.view));
    out.extend(occurrences.map(|s| Anchor {
        view: s.view,
        order: s.order,
        at: s.at,
    }));
    let n_occurrences = out.len();
    for view in places.intervals.chunk_by(|a, b| a.view == b.view) {
        let longest = view[0];
        let is_alone = out[..n_occurrences].iter().all(|a| a.view != longest.view);
        if is_alone && longest.order >= min_before(longest.view) {
            let visible = |rank| views.view(longest.view).visible(rank);
            let starts = longest.ranks.spread(MAX_ANCHORS).filter_map(visible);
            out.extend(starts.map(|start| Anchor {
                view: longest.view,
                order: longest.order,
                at: start + longest.depth,
            }));
        }
    }
}

/// Appends every bridge from the end of the context, whose last tokens are `tail`, into
/// the views: the best one per place. `anchors` are those of the text that ends 1, 2,
/// .. tokens ago.
pub(crate) fn find_bridges<'w>(
    views: &SegmentViews,
    anchors: impl Iterator<Item = &'w Vec<Anchor>>,
    tail: &[TokenId],
    bridges: &mut Vec<Bridge>,
) {
    for (span, anchors) in (1..=MAX_SPAN.min(tail.len())).zip(anchors) {
        let behind = &tail[tail.len() - span..];
        for anchor in anchors {
            cross(views, anchor, behind, |bridge| bridges.push(bridge));
        }
    }
    bridges.sort_unstable_by_key(|b| (b.view, b.at, Reverse(b.merit())));
    bridges.dedup_by_key(|b| (b.view, b.at));
}

/// Bridges over the gap that begins at the anchor, to where the text agrees
/// with the end of `behind`.
fn cross(views: &SegmentViews, anchor: &Anchor, behind: &[TokenId], mut found: impl FnMut(Bridge)) {
    let span = behind.len();
    let last = behind[span - 1];
    let segment = views.view(anchor.view).segment;
    // One token is reserved for what follows the bridge.
    let text = segment.until_separator(anchor.at, span + MAX_LONGER + 1);
    for end in span.saturating_sub(MAX_SHORTER).max(1)..text.len() {
        // If the gap is one token on both sides, nothing after it needs to agree.
        let is_single = (span, end) == (1, 1);
        if text[end - 1] != last && !is_single {
            continue;
        }
        let pairs = text[..end].iter().rev().zip(behind.iter().rev());
        let after = pairs.take_while(|(a, b)| a == b).count();
        if (after > 0 || is_single) && after < span {
            found(Bridge {
                view: anchor.view,
                before: anchor.order,
                gap: (span - after) as u16,
                after: after as u16,
                is_even: end == span,
                at: anchor.at + end as u32,
                next: text[end],
            });
        }
    }
}
