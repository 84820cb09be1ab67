//! Where the suffixes of a path occur in the pools: found once at the root,
//! narrowed token by token below it. Knows nothing of probabilities.

use std::ops::Range;

use super::pools::{Pools, Shelf};
use super::segment::{Ranks, SORTED_DEPTH};
use crate::speculate::TokenId;
use crate::speculate::params::{MAX_BRANCH, Params, Source};

/// Longest suffix that is looked up: the branch below it must stay within the
/// depth that segments are sorted to.
const MAX_SUFFIX: usize = SORTED_DEPTH - MAX_BRANCH;

/// Occurrences of a single token that are followed on the shelves behind the
/// nearest.
const MAX_FOLLOWED: u32 = 64;

/// The shelves a path is looked up on: the group's own first, the other
/// groups' behind it.
pub(super) struct Shelves<'a> {
    shelves: Vec<Shelf<'a>>,
    /// Shelves of [`Source::Group`]: one a segment of the group's pool.
    n_own: usize,
    /// Longest suffix, in symbols.
    pub max_suffix: usize,
}

/// Occurrences of one suffix on one shelf. A shorter suffix that occurs
/// nowhere else has no match of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    pub shelf: u16,
    /// Symbols of the suffix: tokens, and the anchor before a document.
    pub order: u16,
    pub place: Place,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// One occurrence: the text position of what follows it.
    One(u32),
    /// The suffixes of the text that share their first `depth` symbols;
    /// `count` of them are visible.
    Many {
        ranks: Ranks,
        depth: u32,
        count: u32,
    },
}

impl Match {
    /// A single frequent token on a far shelf says too little to be followed.
    fn is_telling(&self) -> bool {
        self.order > 1 || self.place.count() <= MAX_FOLLOWED
    }
}

impl Place {
    pub fn count(self) -> u32 {
        match self {
            Place::One(_) => 1,
            Place::Many { count, .. } => count,
        }
    }
}

impl<'a> Shelves<'a> {
    /// The shelves of the sources that are switched on.
    pub fn new(pools: &'a Pools, group: Option<&str>, params: &Params) -> Self {
        let is_on = params.max_suffix > 0;
        let own = group.filter(|_| params.sources.group && is_on);
        let own = own.map_or(0..0, |g| pools.shelves_of(g));
        let others = (0..pools.n_shelves()).filter(|shelf| !own.contains(shelf));
        let others = others.filter(|_| params.sources.global && is_on);
        let all = own.clone().chain(others);
        Shelves {
            shelves: all.map(|shelf| pools.shelf(shelf)).collect(),
            n_own: own.len(),
            max_suffix: params.max_suffix.min(MAX_SUFFIX),
        }
    }

    pub fn source(&self, shelf: u16) -> Source {
        if usize::from(shelf) < self.n_own {
            Source::Group
        } else {
            Source::Global
        }
    }

    /// The shelves of the nearest source: the group's own, else all.
    pub fn nearest(&self) -> Range<u16> {
        let n = if self.n_own > 0 {
            self.n_own
        } else {
            self.shelves.len()
        };
        0..n as u16
    }

    /// Every shelf's index and source.
    pub fn sources(&self) -> impl Iterator<Item = (u16, Source)> + '_ {
        (0..self.shelves.len() as u16).map(|shelf| (shelf, self.source(shelf)))
    }

    pub fn shelf(&self, shelf: u16) -> &Shelf<'a> {
        &self.shelves[usize::from(shelf)]
    }

    /// Matches of every suffix of `window`, the answer's last symbols: by
    /// shelf, then the longest first.
    pub fn root(&self, window: &[TokenId]) -> Vec<Match> {
        let mut matches = Vec::new();
        for shelf in 0..self.shelves.len() as u16 {
            let first = matches.len();
            self.find_suffixes(shelf, window, &mut matches);
            matches[first..].reverse();
        }
        matches
    }

    /// Appends one shelf's matches, the shortest first.
    fn find_suffixes(&self, shelf: u16, window: &[TokenId], matches: &mut Vec<Match>) {
        let first = matches.len();
        let segment = self.shelf(shelf).segment;
        let mut order = 1;
        while order <= window.len() {
            let suffix = &window[window.len() - order..];
            let Some(place) = self.place(shelf, segment.find(suffix), order as u32) else {
                break;
            };
            if let Place::One(after) = place {
                // A single occurrence is followed backwards, without search.
                order = segment.common_suffix(after, window);
            }
            let (order_found, count) = (order as u16, place.count());
            if matches.len() > first && matches.last().is_some_and(|m| m.place.count() == count) {
                matches.pop();
            }
            matches.push(Match {
                shelf,
                order: order_found,
                place,
            });
            if count == 1 {
                break;
            }
            order += 1;
        }
    }

    /// `None` if nothing visible is there.
    fn place(&self, shelf: u16, ranks: Ranks, depth: u32) -> Option<Place> {
        let shelf = self.shelf(shelf);
        match shelf.count(ranks) {
            0 => None,
            1 => {
                let start = (ranks.lo..ranks.hi).find_map(|r| shelf.visible(r))?;
                Some(Place::One(start + depth))
            }
            count => Some(Place::Many {
                ranks,
                depth,
                count: count as u32,
            }),
        }
    }

    /// Those occurrences of a match that `token` follows, with it included.
    pub fn narrow(&self, found: &Match, token: TokenId) -> Option<Place> {
        let segment = self.shelf(found.shelf).segment;
        match found.place {
            Place::One(at) => (segment.token(at) == token).then_some(Place::One(at + 1)),
            Place::Many { ranks, depth, .. } => {
                let ranks = segment.narrow(ranks, depth, token);
                self.place(found.shelf, ranks, depth + 1)
            }
        }
    }

    /// The matches of a path that goes on with `token`, given those of
    /// the path. Only the nearest source is searched for the token alone: the
    /// shelves behind it follow what the context itself matched.
    pub fn child(&self, mut parent: &[Match], token: TokenId) -> Vec<Match> {
        let mut matches = Vec::with_capacity(parent.len() + 1);
        for shelf in 0..self.shelves.len() as u16 {
            let n_own = parent.iter().take_while(|m| m.shelf == shelf).count();
            let (own, others) = parent.split_at(n_own);
            parent = others;
            let first = matches.len();
            let is_near = self.nearest().contains(&shelf);
            for found in own.iter().filter(|m| is_near || m.is_telling()) {
                if let Some(place) = self.narrow(found, token) {
                    self.push(shelf, found.order + 1, place, first, &mut matches);
                }
            }
            if self.nearest().contains(&shelf)
                && let Some(single) = self.single(shelf, token)
            {
                self.push(shelf, 1, single.place, first, &mut matches);
            }
        }
        matches
    }

    /// The match of a token alone.
    pub fn single(&self, shelf: u16, token: TokenId) -> Option<Match> {
        let ranks = self.shelf(shelf).segment.bucket(token);
        let place = self.place(shelf, ranks, 1)?;
        Some(Match {
            shelf,
            order: 1,
            place,
        })
    }

    /// Appends a shorter match behind those from `first` on, by the rules of
    /// [`Match`]: none beyond the longest order, and only if it occurs
    /// elsewhere, too.
    fn push(&self, shelf: u16, order: u16, place: Place, first: usize, out: &mut Vec<Match>) {
        let order = order.min(self.max_suffix as u16);
        if let Some(longer) = out[first..].last() {
            if longer.place.count() == place.count() {
                return;
            }
            if longer.order == order {
                out.pop();
            }
        }
        out.push(Match {
            shelf,
            order,
            place,
        });
    }
}
