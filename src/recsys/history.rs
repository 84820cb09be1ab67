//! What of a user's history a prompt may show, after the paper's protocol
//! (Xi et al., section 5): the liked items by time; the first half of them for
//! the query, and the same less its last item for the pool's older document.

use super::catalog::Rating;

/// A rating above this many stars is positive (the paper's rule for MovieLens).
pub const POSITIVE_ABOVE_STARS: f32 = 3.0;

/// No prompt shows more liked items than this.
pub const N_HISTORY_MAX: usize = 30;

/// Which of a user's two prompts is meant. An item has one prompt for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The older history, whose answer goes into the pool.
    Pool,
    /// The current history, whose answer is drafted.
    Query,
}

/// The items a prompt of this role shows, oldest first.
pub fn shown(history: &[Rating], role: Role) -> Vec<Rating> {
    match role {
        Role::Pool => pool_history(history),
        Role::Query => query_history(history),
    }
}

/// The first `min((n + 1) / 2, 30)` of the n liked items, oldest first.
pub fn query_history(history: &[Rating]) -> Vec<Rating> {
    let mut liked = positives(history);
    let n_shown = liked.len().div_ceil(2).min(N_HISTORY_MAX);
    liked.truncate(n_shown);
    liked
}

/// [`query_history`] less its last item.
pub fn pool_history(history: &[Rating]) -> Vec<Rating> {
    let mut shown = query_history(history);
    shown.pop();
    shown
}

/// Liked items by time; ties keep the history's order.
pub fn positives(history: &[Rating]) -> Vec<Rating> {
    let liked = history.iter().filter(|r| r.stars > POSITIVE_ABOVE_STARS);
    let mut liked: Vec<Rating> = liked.copied().collect();
    liked.sort_by_key(|rating| rating.at_s);
    liked
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rating(item_idx: usize, stars: f32, at_s: i64) -> Rating {
        Rating {
            item_idx,
            stars,
            at_s,
        }
    }

    fn item_idxs(ratings: &[Rating]) -> Vec<usize> {
        ratings.iter().map(|r| r.item_idx).collect()
    }

    #[test]
    fn three_stars_are_not_liked_and_ties_keep_their_order() {
        let history = [
            rating(0, 5.0, 9),
            rating(1, 3.0, 1),
            rating(2, 3.5, 4),
            rating(3, 4.0, 4),
        ];
        assert_eq!(item_idxs(&positives(&history)), [2, 3, 0]);
        assert_eq!(item_idxs(&query_history(&history)), [2, 3]);
        assert_eq!(item_idxs(&pool_history(&history)), [2]);
    }

    #[test]
    fn no_liked_item_shows_nothing() {
        assert!(query_history(&[rating(0, 1.0, 0)]).is_empty());
        assert!(pool_history(&[rating(0, 5.0, 0)]).is_empty());
    }

    proptest! {
        #[test]
        fn the_pool_shows_one_less_and_never_the_newest(stars in prop::collection::vec(1u8..=5, 0..100)) {
            let history: Vec<Rating> = stars.iter().enumerate()
                .map(|(idx, &stars)| rating(idx, f32::from(stars), idx as i64)).collect();
            let n_liked = stars.iter().filter(|&&stars| stars > 3).count();
            let query = query_history(&history);
            prop_assert_eq!(query.len(), n_liked.div_ceil(2).min(30));
            let pool = pool_history(&history);
            prop_assert_eq!(&pool[..], &query[..query.len().saturating_sub(1)]);
        }
    }
}
