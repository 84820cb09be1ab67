//! Where a path occurs in the sources: found token by token, each step narrowing the
//! previous result. Does not know probabilities.

use std::ops::Range;

use crate::retrieval::index::local::Local;
use crate::retrieval::index::ranks::Ranks;
use crate::retrieval::index::segment_view::Shelf;
use crate::retrieval::index::symbol::{SEPARATOR, SORTED_DEPTH};
use crate::retrieval::store::pools::Pools;
use crate::speculate::TokenId;
use crate::speculate::params::{MAX_BRANCH, MAX_SUFFIX, Params, Source};
use crate::speculate::subject::GroupKey;

/// The branch below a suffix must stay within the depth that segments are sorted to.
const _: () = assert!(MAX_SUFFIX + MAX_BRANCH <= SORTED_DEPTH);
/// Up to this many occurrences are stored one by one, more as an interval.
const MAX_SPOTS: usize = 8;
/// If the nearest source has this many occurrences of the last two tokens, no new match
/// is started in the others, which would agree but cost a search each. Existing matches
/// there are continued.
const PLENTY: u32 = 192;
/// The local text's number among the shelves: after all others.
pub(crate) const LOCAL: u16 = u16::MAX;

/// The shelves a path is looked up on: the group's own first, then the other groups',
/// and the local text.
pub(crate) struct Shelves<'a> {
    shelves: Vec<Shelf<'a>>,
    /// How many of the first hold answers of the subject's own group: one per segment
    /// of its pool, then those added online.
    n_own: usize,
    /// By shelf.
    sources: Vec<Source>,
    /// Longest suffix, in symbols: tokens, and the anchor before a document.
    pub(crate) max_suffix: usize,
    /// `None`: the context is not a source.
    local: Option<&'a Local>,
}

/// One occurrence of a path's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) shelf: u16,
    /// Number of symbols at the path's end that agree.
    pub(crate) order: u16,
    /// Text position of the next token ..
    pub(crate) at: u32,
    /// .. and the token; a separator where there is none.
    pub(crate) next: TokenId,
}

/// Many occurrences of a path's end: an interval of a shelf's suffix array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wide {
    pub(crate) shelf: u16,
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
    pub(crate) spots: Vec<Spot>,
    pub(crate) wides: Vec<Wide>,
}

/// A path's occurrences. On a shelf the longest come first; a shorter suffix that
/// occurs nowhere else has no entry, and an occurrence is stored once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// Those that were spots of the path before its last token ..
    pub(crate) spots: Range<usize>,
    /// .. and those of [`Shelves::follow_rest`].
    pub(crate) late: Range<usize>,
    pub(crate) wides: Range<usize>,
}

impl Places {
    pub(crate) fn clear(&mut self) {
        self.spots.clear();
        self.wides.clear();
    }

    pub(crate) fn spots(&self, span: &Span) -> impl Iterator<Item = &Spot> + Clone {
        let late = &self.spots[span.late.clone()];
        self.spots[span.spots.clone()].iter().chain(late)
    }

    pub(crate) fn wides(&self, span: &Span) -> &[Wide] {
        &self.wides[span.wides.clone()]
    }
}

/// How thoroughly a path's next token is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every suffix on every shelf: for committed tokens.
    Full,
    /// For drafted tokens: only the nearest source is searched for the token alone; the
    /// other shelves continue what the context itself matched.
    Draft,
}

impl<'a> Shelves<'a> {
    /// The shelves of the sources that are switched on.
    pub(crate) fn new(
        pools: &'a Pools,
        group: Option<&GroupKey>,
        local: Option<&'a Local>,
        params: &Params,
    ) -> Self {
        let on = |is_on: bool| is_on && params.max_suffix > 0;
        let own = group.filter(|_| on(params.sources.group));
        let own = own.map_or(0..0, |g| pools.shelves_of(g));
        let n_pool = pools.n_pool_shelves();
        let online = n_pool..pools.n_shelves();
        let online = online.filter(|_| on(params.sources.online));
        let others = (0..n_pool).filter(|shelf| !own.contains(shelf));
        let others = others.filter(|_| on(params.sources.global));
        let own_online = |shelf: &usize| pools.online_group(*shelf) == group;
        let first: Vec<usize> = own
            .clone()
            .chain(online.clone().filter(own_online))
            .collect();
        let behind = others.chain(online.filter(|s| !own_online(s)));
        let all: Vec<usize> = first.iter().copied().chain(behind).collect();
        let source = |&shelf: &usize| match shelf {
            shelf if shelf >= n_pool => Source::Online,
            shelf if own.contains(&shelf) => Source::Group,
            _ => Source::Global,
        };
        Shelves {
            n_own: first.len(),
            sources: all.iter().map(source).collect(),
            shelves: all.into_iter().map(|shelf| pools.shelf(shelf)).collect(),
            max_suffix: params.max_suffix.min(MAX_SUFFIX),
            local: local.filter(|_| on(params.sources.local)),
        }
    }

    pub(crate) fn source(&self, shelf: u16) -> Source {
        let source = self.sources.get(usize::from(shelf));
        source.copied().unwrap_or(Source::Local)
    }

    /// Whether the shelf has answers of the subject's own group.
    #[inline]
    pub(crate) fn is_own(&self, shelf: u16) -> bool {
        usize::from(shelf) < self.n_own
    }

    pub(crate) fn n_own(&self) -> usize {
        self.n_own
    }

    /// The shelves of the nearest source: the group's own, else all.
    pub(crate) fn nearest(&self) -> Range<u16> {
        match self.n_own {
            0 => 0..self.shelves.len() as u16,
            n => 0..n as u16,
        }
    }

    pub(crate) fn len(&self) -> u16 {
        self.shelves.len() as u16
    }

    /// Whether the context is a source, too.
    pub(crate) fn has_local(&self) -> bool {
        self.local.is_some()
    }

    pub(crate) fn shelf(&self, shelf: u16) -> &Shelf<'a> {
        &self.shelves[usize::from(shelf)]
    }

    /// The token at a text position; a separator where there is none.
    pub(crate) fn token(&self, shelf: u16, at: u32) -> TokenId {
        match (shelf, self.local) {
            (LOCAL, Some(local)) => local.token(at as usize).unwrap_or(SEPARATOR),
            (LOCAL, None) => SEPARATOR,
            _ => self.shelf(shelf).segment.token(at),
        }
    }

    /// Appends where the context's end occurs in the context itself.
    pub(crate) fn find_local(&self, places: &mut Places) {
        if let Some(local) = self.local {
            local.occurrences(self.max_suffix, |order, at, next| {
                places.spots.push(spot(LOCAL, order, at as u32, next));
            });
        }
    }

    /// Appends those of `from` followed by `token`, and returns their range.
    pub(crate) fn follow_spots(
        &self,
        places: &mut Places,
        from: Range<usize>,
        token: TokenId,
    ) -> Range<usize> {
        let first = places.spots.len();
        let max = self.max_suffix as u16;
        for i in from {
            let known = places.spots[i];
            if known.next != token {
                continue;
            }
            let at = known.at + 1;
            let next = self.token(known.shelf, at);
            // Nothing follows the context's end yet.
            if known.shelf != LOCAL || next != SEPARATOR {
                places.spots.push(Spot {
                    order: (known.order + 1).min(max),
                    at,
                    next,
                    ..known
                });
            }
        }
        first..places.spots.len()
    }

    /// Adds a path's other occurrences once its spots are known: intervals narrowed by
    /// `token`, and those of the token alone. `before` is the path without the token.
    pub(crate) fn follow_rest(
        &self,
        places: &mut Places,
        path: &mut Span,
        before: Before,
        token: TokenId,
        reach: Reach,
    ) {
        let first_wide = places.wides.len();
        let mut wides = before.wides;
        let nearest = self.nearest();
        let mut n_near = 0;
        for shelf in 0..self.len() {
            // The nearest shelves come first.
            if shelf == nearest.end {
                n_near = n_pairs(&places.wides[first_wide..]);
            }
            let is_scarce = reach == Reach::Full && n_near < PLENTY;
            let is_near = is_scarce || nearest.contains(&shelf);
            let has_wides = !wides.is_empty() && places.wides[wides.start].shelf == shelf;
            if !is_near && !has_wides {
                continue;
            }
            let mut landing = Landing::new(self, places, path, shelf);
            landing.narrow_wides(&mut wides, token, is_near);
            if is_near {
                landing.settle(self.shelf(shelf).segment.bucket(token), 1, 1);
            }
        }
        // `find_local` finds the context's own end directly.
        if let Some(local) = self.local.filter(|_| reach == Reach::Draft) {
            local.singles(before.last, token, |at, next| {
                places.spots.push(spot(LOCAL, 1, at as u32, next));
            });
        }
        path.late.end = places.spots.len();
        path.wides = first_wide..places.wides.len();
    }
}

/// A path without its last token: its intervals and its own last token.
pub(crate) struct Before {
    pub(crate) wides: Range<usize>,
    pub(crate) last: TokenId,
}

/// How often the last two tokens occur, by their intervals.
fn n_pairs(wides: &[Wide]) -> u32 {
    // Two tokens that only occur in a longer match have no entry.
    let pairs = wides.iter().filter(|w| w.order >= 2);
    pairs.map(|w| w.count).max().unwrap_or(0)
}

fn spot(shelf: u16, order: usize, at: u32, next: TokenId) -> Spot {
    Spot {
        shelf,
        order: order as u16,
        at,
        next,
    }
}

/// One shelf's part of a path's occurrences while it is being written.
struct Landing<'s, 'a> {
    shelves: &'s Shelves<'a>,
    places: &'s mut Places,
    shelf: u16,
    /// Known spots, on any shelf ..
    known: Range<usize>,
    /// .. and where new ones begin.
    first_late: usize,
    n_spots: usize,
    first_wide: usize,
}

impl<'s, 'a> Landing<'s, 'a> {
    fn new(shelves: &'s Shelves<'a>, places: &'s mut Places, path: &Span, shelf: u16) -> Self {
        let spots = &places.spots;
        let known = spots[path.spots.clone()]
            .iter()
            .chain(&spots[path.late.start..]);
        Landing {
            known: path.spots.clone(),
            first_late: path.late.start,
            n_spots: known.filter(|s| s.shelf == shelf).count(),
            first_wide: places.wides.len(),
            shelves,
            places,
            shelf,
        }
    }

    /// Takes this shelf's intervals off `from` and narrows them.
    fn narrow_wides(&mut self, from: &mut Range<usize>, token: TokenId, is_near: bool) {
        while let Some(i) = from.clone().next() {
            let known = self.places.wides[i];
            if known.shelf != self.shelf {
                break;
            }
            from.start += 1;
            // A single frequent token on a distant shelf carries too little information.
            if is_near || known.order > 1 {
                let segment = self.shelves.shelf(self.shelf).segment;
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
        let shelf = self.shelves.shelf(self.shelf);
        let count = shelf.count(ranks);
        if count <= self.n_spots {
            return;
        }
        let order = order.min(self.shelves.max_suffix as u16);
        if count <= MAX_SPOTS {
            self.n_spots = count;
            return self.scatter(ranks, order, depth);
        }
        let count = count as u32;
        if let Some(longer) = self.places.wides[self.first_wide..].last() {
            // At the longest order, the interval of fewer symbols contains the other.
            if longer.order == order {
                self.places.wides.pop();
            } else if longer.count == count {
                return;
            }
        }
        self.places.wides.push(Wide {
            shelf: self.shelf,
            order,
            depth,
            ranks,
            count,
        });
    }

    /// Adds new occurrences one by one.
    fn scatter(&mut self, ranks: Ranks, order: u16, depth: u32) {
        let shelf = self.shelves.shelf(self.shelf);
        let n_before = self.places.spots.len();
        for start in (ranks.lo..ranks.hi).filter_map(|r| shelf.visible(r)) {
            let at = start + depth;
            let spots = &self.places.spots;
            let known = spots[self.known.clone()].iter();
            let mut known = known.chain(&spots[self.first_late..n_before]);
            if known.all(|s| s.at != at || s.shelf != self.shelf) {
                let next = shelf.segment.token(at);
                let order = usize::from(order);
                self.places.spots.push(spot(self.shelf, order, at, next));
            }
        }
    }
}
