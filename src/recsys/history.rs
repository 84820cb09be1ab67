//! Which part of a user's history a prompt may show, after the paper's protocol (Xi et
//! al., section 5): the liked items by time; the first half of them for the query, and
//! the same less its last item for the pool's older document.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One user's verdict on one item. 16 bytes: there may be tens of millions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rating {
    item: u32,
    /// The source's value on the catalog's scale; 1 for bare interactions.
    pub stars: f32,
    /// Seconds since 1970.
    pub at_s: i64,
}

impl Rating {
    /// # Panics
    /// At an item index above 4,294,967,295.
    pub(crate) fn new(item_idx: usize, stars: f32, at_s: i64) -> Self {
        let item = u32::try_from(item_idx).expect("fewer than 2^32 items");
        Rating { item, stars, at_s }
    }

    /// Index into a catalog's items.
    pub fn item_idx(&self) -> usize {
        self.item as usize
    }
}

/// One user's ratings: a stretch of an array that all users share, so that a
/// clone costs nothing. Reads as a slice.
#[derive(Clone, Default)]
pub struct History {
    all: Option<Arc<Vec<Rating>>>,
    start: u32,
    len: u32,
}

impl History {
    /// The ratings of all users in sequence, split by each user's count.
    ///
    /// # Panics
    /// If the counts do not add up to the ratings, or there are 2^32 of them.
    pub(crate) fn cut(ratings: Vec<Rating>, n_by_user: &[u32]) -> Vec<History> {
        let n_total: usize = n_by_user.iter().map(|&n| n as usize).sum();
        assert_eq!(n_total, ratings.len(), "ratings cut into histories");
        assert!(u32::try_from(n_total).is_ok(), "fewer than 2^32 ratings");
        let all = Arc::new(ratings);
        let mut start = 0;
        let cut = n_by_user.iter().map(|&len| {
            let history = History {
                all: Some(Arc::clone(&all)),
                start,
                len,
            };
            start += len;
            history
        });
        cut.collect()
    }
}

impl From<Vec<Rating>> for History {
    fn from(ratings: Vec<Rating>) -> Self {
        let len = ratings.len() as u32;
        History {
            all: Some(Arc::new(ratings)),
            start: 0,
            len,
        }
    }
}

impl Deref for History {
    type Target = [Rating];

    fn deref(&self) -> &[Rating] {
        match &self.all {
            Some(all) => &all[self.start as usize..][..self.len as usize],
            None => &[],
        }
    }
}

impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Which of a user's two prompts. An item has one prompt for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The older history, whose answer goes into the pool.
    Pool,
    /// The current history, whose answer is drafted.
    Query,
}

/// The paper's protocol, with its two parameters per data set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// A rating above this is positive; on the catalog's scale.
    pub positive_above_stars: f32,
    /// No prompt shows more liked items than this.
    pub n_history_max: usize,
}

impl Protocol {
    /// The paper's numbers for MovieLens; also for the sample.
    pub const MOVIELENS: Self = Protocol {
        positive_above_stars: 3.0,
        n_history_max: 30,
    };

    /// The paper's numbers for Amazon, where most ratings are five stars.
    pub const AMAZON: Self = Protocol {
        positive_above_stars: 4.0,
        n_history_max: 15,
    };

    /// The items a prompt of this role shows, oldest first.
    pub(crate) fn shown(&self, history: &[Rating], role: Role) -> Vec<Rating> {
        match role {
            Role::Pool => self.pool_history(history),
            Role::Query => self.query_history(history),
        }
    }

    /// The first `min((n + 1) / 2, n_history_max)` of the n liked items, oldest
    /// first.
    pub fn query_history(&self, history: &[Rating]) -> Vec<Rating> {
        let mut liked = self.positives(history);
        let n_shown = liked.len().div_ceil(2).min(self.n_history_max);
        liked.truncate(n_shown);
        liked
    }

    /// [`Self::query_history`] less its last item.
    pub fn pool_history(&self, history: &[Rating]) -> Vec<Rating> {
        let mut shown = self.query_history(history);
        shown.pop();
        shown
    }

    /// Liked items by time; ties keep the history's order.
    pub fn positives(&self, history: &[Rating]) -> Vec<Rating> {
        let liked = history
            .iter()
            .filter(|r| r.stars > self.positive_above_stars);
        let mut liked: Vec<Rating> = liked.copied().collect();
        liked.sort_by_key(|rating| rating.at_s);
        liked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PROTOCOL: Protocol = Protocol::MOVIELENS;

    fn item_idxs(ratings: &[Rating]) -> Vec<usize> {
        ratings.iter().map(Rating::item_idx).collect()
    }

    #[test]
    fn three_stars_are_not_liked_and_ties_keep_their_order() {
        let history = [
            Rating::new(0, 5.0, 9),
            Rating::new(1, 3.0, 1),
            Rating::new(2, 3.5, 4),
            Rating::new(3, 4.0, 4),
        ];
        assert_eq!(item_idxs(&PROTOCOL.positives(&history)), [2, 3, 0]);
        assert_eq!(item_idxs(&PROTOCOL.query_history(&history)), [2, 3]);
        assert_eq!(item_idxs(&PROTOCOL.pool_history(&history)), [2]);
        // The stricter rule leaves one.
        assert_eq!(item_idxs(&Protocol::AMAZON.positives(&history)), [0]);
    }

    #[test]
    fn no_liked_item_shows_nothing() {
        assert!(PROTOCOL.query_history(&[Rating::new(0, 1.0, 0)]).is_empty());
        assert!(PROTOCOL.pool_history(&[Rating::new(0, 5.0, 0)]).is_empty());
    }

    #[test]
    fn a_cut_array_gives_each_user_their_own() {
        let all: Vec<Rating> = (0..5).map(|n| Rating::new(n, 4.0, 0)).collect();
        let cut = History::cut(all, &[2, 0, 3]);
        let lens: Vec<usize> = cut.iter().map(|h| h.len()).collect();
        assert_eq!(lens, [2, 0, 3]);
        assert_eq!(item_idxs(&cut[2]), [2, 3, 4]);
    }

    proptest! {
        #[test]
        fn the_pool_shows_one_less_and_never_the_newest(stars in prop::collection::vec(1u8..=5, 0..100)) {
            let history: Vec<Rating> = stars.iter().enumerate()
                .map(|(idx, &stars)| Rating::new(idx, f32::from(stars), idx as i64)).collect();
            for protocol in [Protocol::MOVIELENS, Protocol::AMAZON] {
                let n_liked = stars.iter().filter(|&&s| f32::from(s) > protocol.positive_above_stars).count();
                let query = protocol.query_history(&history);
                prop_assert_eq!(query.len(), n_liked.div_ceil(2).min(protocol.n_history_max));
                let pool = protocol.pool_history(&history);
                prop_assert_eq!(&pool[..], &query[..query.len().saturating_sub(1)]);
            }
        }
    }
}
