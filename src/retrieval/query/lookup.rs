//! Where a path occurs in the sources: found token by token, each step narrowing the
//! previous result. Does not know probabilities.

use std::ops::Range;

use crate::retrieval::index::local::Local;
use crate::retrieval::index::ranks::Ranks;
use crate::retrieval::index::segment_view::SegmentView;
use crate::retrieval::index::symbol::{SEPARATOR, SORTED_DEPTH};
use crate::retrieval::store::pools::Pools;
use crate::speculate::TokenId;
use crate::speculate::params::{MAX_BRANCH, MAX_SUFFIX, Params, Source};
use crate::speculate::subject::GroupKey;

/// The branch below a suffix must stay within the depth that segments are sorted to.
const _: () = assert!(MAX_SUFFIX + MAX_BRANCH <= SORTED_DEPTH);
/// Up to this many occurrences are stored one by one, more as an interval.
const MAX_OCCURRENCES: usize = 8;
/// If the nearest source has this many occurrences of the last two tokens, no new match
/// is started in the others, which would agree but cost a search each. Existing matches
/// there are continued.
const PLENTY: u32 = 192;
/// The local text's number among the views: after all others.
pub(crate) const LOCAL: u16 = u16::MAX;

/// The views a path is looked up on: the group's own first, then the other groups',
/// and the local text.
pub(crate) struct SegmentViews<'a> {
    views: Vec<SegmentView<'a>>,
    /// How many of the first hold answers of the subject's own group: one per segment
    /// of its pool, then those added online.
    n_own: usize,
    /// By view.
    sources: Vec<Source>,
    /// Longest suffix, in symbols: tokens, and the anchor before a document.
    pub(crate) max_suffix: usize,
    /// `None`: the context is not a source.
    local: Option<&'a Local>,
}

/// One occurrence of a path's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub(crate) view: u16,
    /// Number of symbols at the path's end that agree.
    pub(crate) order: u16,
    /// Text position of the next token ..
    pub(crate) at: u32,
    /// .. and the token; a separator where there is none.
    pub(crate) next: TokenId,
}

/// Many occurrences of a path's end: an interval of a view's suffix array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SaInterval {
    pub(crate) view: u16,
    pub(crate) order: u16,
    /// Number of symbols shared by the interval's suffixes.
    pub(crate) depth: u32,
    pub(crate) ranks: Ranks,
    /// How many of them are visible.
    pub(crate) count: u32,
}

/// Occurrences of many paths, one after the other; a [`Span`] is one path's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub(crate) occurrences: Vec<Occurrence>,
    pub(crate) intervals: Vec<SaInterval>,
}

/// A path's occurrences. On a view the longest come first; a shorter suffix that
/// occurs nowhere else has no entry, and an occurrence is stored once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// Those that were occurrences of the path before its last token ..
    pub(crate) occurrences: Range<usize>,
    /// .. and those of [`SegmentViews::follow_rest`].
    pub(crate) late: Range<usize>,
    pub(crate) intervals: Range<usize>,
}

impl Places {
    pub(crate) fn clear(&mut self) {
        self.occurrences.clear();
        self.intervals.clear();
    }

    pub(crate) fn occurrences(&self, span: &Span) -> impl Iterator<Item = &Occurrence> + Clone {
        let late = &self.occurrences[span.late.clone()];
        self.occurrences[span.occurrences.clone()]
            .iter()
            .chain(late)
    }

    pub(crate) fn intervals(&self, span: &Span) -> &[SaInterval] {
        &self.intervals[span.intervals.clone()]
    }
}

/// How thoroughly a path's next token is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every suffix on every view: for committed tokens.
    Full,
    /// For drafted tokens: only the nearest source is searched for the token alone; the
    /// other views continue what the context itself matched.
    Draft,
}

impl<'a> SegmentViews<'a> {
    /// The views of the sources that are switched on.
    pub(crate) fn new(
        pools: &'a Pools,
        group: Option<&GroupKey>,
        local: Option<&'a Local>,
        params: &Params,
    ) -> Self {
        let on = |is_on: bool| is_on && params.max_suffix > 0;
        let own = group.filter(|_| on(params.sources.group));
        let own = own.map_or(0..0, |g| pools.views_of(g));
        let n_pool = pools.n_pool_views();
        let online = n_pool..pools.n_views();
        let online = online.filter(|_| on(params.sources.online));
        let others = (0..n_pool).filter(|view| !own.contains(view));
        let others = others.filter(|_| on(params.sources.global));
        let own_online = |view: &usize| pools.online_group(*view) == group;
        let first: Vec<usize> = own
            .clone()
            .chain(online.clone().filter(own_online))
            .collect();
        let behind = others.chain(online.filter(|s| !own_online(s)));
        let all: Vec<usize> = first.iter().copied().chain(behind).collect();
        let source = |&view: &usize| match view {
            view if view >= n_pool => Source::Online,
            view if own.contains(&view) => Source::Group,
            _ => Source::Global,
        };
        SegmentViews {
            n_own: first.len(),
            sources: all.iter().map(source).collect(),
            views: all.into_iter().map(|view| pools.view(view)).collect(),
            max_suffix: params.max_suffix.min(MAX_SUFFIX),
            local: local.filter(|_| on(params.sources.local)),
        }
    }

    pub(crate) fn source(&self, view: u16) -> Source {
        let source = self.sources.get(usize::from(view));
        source.copied().unwrap_or(Source::Local)
    }

    /// Whether the view has answers of the subject's own group.
    #[inline]
    pub(crate) fn is_own(&self, view: u16) -> bool {
        usize::from(view) < self.n_own
    }

    pub(crate) fn n_own(&self) -> usize {
        self.n_own
    }

    /// The views of the nearest source: the group's own, else all.
    pub(crate) fn nearest(&self) -> Range<u16> {
        match self.n_own {
            0 => 0..self.views.len() as u16,
            n => 0..n as u16,
        }
    }

    pub(crate) fn len(&self) -> u16 {
        self.views.len() as u16
    }

    /// Whether the context is a source, too.
    pub(crate) fn has_local(&self) -> bool {
        self.local.is_some()
    }

    pub(crate) fn view(&self, view: u16) -> &SegmentView<'a> {
        &self.views[usize::from(view)]
    }

    /// The token at a text position; a separator where there is none.
    pub(crate) fn token(&self, view: u16, at: u32) -> TokenId {
        match (view, self.local) {
            (LOCAL, Some(local)) => local.token(at as usize).unwrap_or(SEPARATOR),
            (LOCAL, None) => SEPARATOR,
            _ => self.view(view).segment.token(at),
        }
    }

    /// Appends where the context's end occurs in the context itself.
    pub(crate) fn find_local(&self, places: &mut Places) {
        if let Some(local) = self.local {
            local.occurrences(self.max_suffix, |order, at, next| {
                places
                    .occurrences
                    .push(occurrence(LOCAL, order, at as u32, next));
            });
        }
    }

    /// Appends those of `from` followed by `token`, and returns their range.
    pub(crate) fn follow_occurrences(
        &self,
        places: &mut Places,
        from: Range<usize>,
        token: TokenId,
    ) -> Range<usize> {
        let first = places.occurrences.len();
        let max = self.max_suffix as u16;
        for i in from {
            let known = places.occurrences[i];
            if known.next != token {
                continue;
            }
            let at = known.at + 1;
            let next = self.token(known.view, at);
            // Nothing follows the context's end yet.
            if known.view != LOCAL || next != SEPARATOR {
                places.occurrences.push(Occurrence {
                    order: (known.order + 1).min(max),
                    at,
                    next,
                    ..known
                });
            }
        }
        first..places.occurrences.len()
    }

    /// Adds a path's other occurrences once its occurrences are known: intervals narrowed by
    /// `token`, and those of the token alone. `before` is the path without the token.
    pub(crate) fn follow_rest(
        &self,
        places: &mut Places,
        path: &mut Span,
        before: Before,
        token: TokenId,
        reach: Reach,
    ) {
        let first_interval = places.intervals.len();
        let mut intervals = before.intervals;
        let nearest = self.nearest();
        let mut n_near = 0;
        for view in 0..self.len() {
            // The nearest views come first.
            if view == nearest.end {
                n_near = n_pairs(&places.intervals[first_interval..]);
            }
            let is_scarce = reach == Reach::Full && n_near < PLENTY;
            let is_near = is_scarce || nearest.contains(&view);
            let has_intervals =
                !intervals.is_empty() && places.intervals[intervals.start].view == view;
            if !is_near && !has_intervals {
                continue;
            }
            let mut writer = OccurrenceWriter::new(self, places, path, view);
            writer.narrow_intervals(&mut intervals, token, is_near);
            if is_near {
                writer.settle(self.view(view).segment.bucket(token), 1, 1);
            }
        }
        // `find_local` finds the context's own end directly.
        if let Some(local) = self.local.filter(|_| reach == Reach::Draft) {
            local.singles(before.last, token, |at, next| {
                places
                    .occurrences
                    .push(occurrence(LOCAL, 1, at as u32, next));
            });
        }
        path.late.end = places.occurrences.len();
        path.intervals = first_interval..places.intervals.len();
    }
}

/// A path without its last token: its intervals and its own last token.
pub(crate) struct Before {
    pub(crate) intervals: Range<usize>,
    pub(crate) last: TokenId,
}

/// How often the last two tokens occur, by their intervals.
fn n_pairs(intervals: &[SaInterval]) -> u32 {
    // Two tokens that only occur in a longer match have no entry.
    let pairs = intervals.iter().filter(|w| w.order >= 2);
    pairs.map(|w| w.count).max().unwrap_or(0)
}

fn occurrence(view: u16, order: usize, at: u32, next: TokenId) -> Occurrence {
    Occurrence {
        view,
        order: order as u16,
        at,
        next,
    }
}

/// One view's part of a path's occurrences while it is being written.
struct OccurrenceWriter<'s, 'a> {
    views: &'s SegmentViews<'a>,
    places: &'s mut Places,
    view: u16,
    /// Known occurrences, on any view ..
    known: Range<usize>,
    /// .. and where new ones begin.
    first_late: usize,
    n_occurrences: usize,
    first_interval: usize,
}

impl<'s, 'a> OccurrenceWriter<'s, 'a> {
    fn new(views: &'s SegmentViews<'a>, places: &'s mut Places, path: &Span, view: u16) -> Self {
        let occurrences = &places.occurrences;
        let known = occurrences[path.occurrences.clone()]
            .iter()
            .chain(&occurrences[path.late.start..]);
        OccurrenceWriter {
            known: path.occurrences.clone(),
            first_late: path.late.start,
            n_occurrences: known.filter(|s| s.view == view).count(),
            first_interval: places.intervals.len(),
            views,
            places,
            view,
        }
    }

    /// Takes this view's intervals off `from` and narrows them.
    fn narrow_intervals(&mut self, from: &mut Range<usize>, token: TokenId, is_near: bool) {
        while let Some(i) = from.clone().next() {
            let known = self.places.intervals[i];
            if known.view != self.view {
                break;
            }
            from.start += 1;
            // A single frequent token on a distant view carries too little information.
            if is_near || known.order > 1 {
                let segment = self.views.view(self.view).segment;
                let ranks = segment.narrow(known.ranks, known.depth, token);
                self.settle(ranks, known.order + 1, known.depth + 1);
            }
        }
    }

    /// Adds the occurrences of a shorter suffix, unless they are known.
    fn settle(&mut self, ranks: Ranks, order: u16, depth: u32) {
        if ranks.is_empty() {
            return;
        }
        let view = self.views.view(self.view);
        let count = view.count(ranks);
        if count <= self.n_occurrences {
            return;
        }
        let order = order.min(self.views.max_suffix as u16);
        if count <= MAX_OCCURRENCES {
            self.n_occurrences = count;
            return self.scatter(ranks, order, depth);
        }
        let count = count as u32;
        if let Some(longer) = self.places.intervals[self.first_interval..].last() {
            // At the longest order, the interval of fewer symbols contains the other.
            if longer.order == order {
                self.places.intervals.pop();
            } else if longer.count == count {
                return;
            }
        }
        self.places.intervals.push(SaInterval {
            view: self.view,
            order,
            depth,
            ranks,
            count,
        });
    }

    /// Adds new occurrences one by one.
    fn scatter(&mut self, ranks: Ranks, order: u16, depth: u32) {
        let view = self.views.view(self.view);
        let n_before = self.places.occurrences.len();
        for start in (ranks.lo..ranks.hi).filter_map(|r| view.visible(r)) {
            let at = start + depth;
            let occurrences = &self.places.occurrences;
            let known = occurrences[self.known.clone()].iter();
            let mut known = known.chain(&occurrences[self.first_late..n_before]);
            if known.all(|s| s.at != at || s.view != self.view) {
                let next = view.segment.token(at);
                let order = usize::from(order);
                self.places
                    .occurrences
                    .push(occurrence(self.view, order, at, next));
            }
        }
    }
}
