//! Click rows: the ratings that come after the last one a user's prompt shows, each to be
//! predicted from the ratings before it. No negatives are drawn: a rating above the
//! threshold is a click, any other is none (the paper's protocol).

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::recsys::{Catalog, Rating, Role};

/// The most earlier ratings that a model reads with a row.
pub const N_HISTORY: usize = 5;

/// One rating to predict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClickRow {
    /// Index into the catalog's users.
    pub user: usize,
    /// Index into the catalog's items.
    pub item: usize,
    /// Whether the rating is above the threshold.
    pub label: bool,
    /// The newest ratings before this one, oldest first, at most [`N_HISTORY`].
    pub history: Vec<SeenRating>,
    /// Place among the user's ratings by time.
    pub place: usize,
}

/// An earlier rating.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenRating {
    /// Index into the catalog's items.
    pub item: usize,
    /// Its rating's place in [`ClickRows::levels`].
    pub level: usize,
    /// Place among the user's ratings by time.
    pub place: usize,
}

/// All rows of a catalog, and what was left out.
#[derive(Clone, Debug, Default)]
pub struct ClickRows {
    /// User by user, each in order of time.
    pub rows: Vec<ClickRow>,
    /// The values that ratings have, ascending.
    pub levels: Vec<f32>,
    /// Users without a prompt or without a later rating.
    pub n_users_without: usize,
    /// Ratings left out because they are not later than what the prompt shows.
    pub n_before: usize,
    /// Later ratings of items that the prompt shows.
    pub n_repeated: usize,
}

impl ClickRows {
    /// The rows of these users.
    pub fn of(catalog: &Catalog, users: &[usize]) -> Self {
        let mut found = ClickRows {
            levels: levels(catalog, users),
            ..ClickRows::default()
        };
        for &user in users {
            let n_before = found.rows.len();
            found.push(catalog, user);
            found.n_users_without += usize::from(found.rows.len() == n_before);
        }
        found
    }

    fn push(&mut self, catalog: &Catalog, user: usize) {
        let ratings = by_time(&catalog.users[user].history);
        let Some(shown) = PromptEnd::of(catalog, user) else {
            return;
        };
        self.n_before += shown.end;
        for place in shown.end..ratings.len() {
            let rating = ratings[place];
            if shown.items.contains(&rating.item_idx()) {
                self.n_repeated += 1;
                continue;
            }
            let history = ratings[..place].iter().enumerate();
            let newest = history.skip(place.saturating_sub(N_HISTORY));
            self.rows.push(ClickRow {
                user,
                item: rating.item_idx(),
                label: rating.stars > catalog.protocol.positive_above_stars,
                history: newest.map(|(at, seen)| self.seen(seen, at)).collect(),
                place,
            });
        }
    }

    fn seen(&self, rating: &Rating, place: usize) -> SeenRating {
        let below = self.levels.partition_point(|level| *level < rating.stars);
        SeenRating {
            item: rating.item_idx(),
            level: below,
            place,
        }
    }

    /// The items that occur in rows, ascending.
    pub fn items(&self) -> Vec<usize> {
        let items: HashSet<usize> = self.rows.iter().map(|row| row.item).collect();
        sorted(items)
    }

    /// The users that have rows, ascending.
    pub fn users(&self) -> Vec<usize> {
        sorted(self.rows.iter().map(|row| row.user).collect())
    }
}

fn sorted(set: HashSet<usize>) -> Vec<usize> {
    let mut all: Vec<usize> = set.into_iter().collect();
    all.sort_unstable();
    all
}

fn levels(catalog: &Catalog, users: &[usize]) -> Vec<f32> {
    let ratings = users
        .iter()
        .flat_map(|&user| catalog.users[user].history.iter());
    let mut levels: Vec<f32> = ratings.map(|rating| rating.stars).collect();
    levels.sort_by(f32::total_cmp);
    levels.dedup();
    levels
}

/// By time; ties keep the file's order, as in prompts.
pub(crate) fn by_time(ratings: &[Rating]) -> Vec<Rating> {
    let mut ordered = ratings.to_vec();
    ordered.sort_by_key(|rating| rating.at_s);
    ordered
}

/// What a user's prompt gives away.
struct PromptEnd {
    /// Items the prompt names.
    items: HashSet<usize>,
    /// Place after the last rating it shows.
    end: usize,
}

impl PromptEnd {
    /// `None` without a prompt.
    fn of(catalog: &Catalog, user: usize) -> Option<Self> {
        let history = &catalog.users[user].history;
        let n_shown = catalog.protocol.shown(history, Role::Query).len();
        let above = catalog.protocol.positive_above_stars;
        let ratings = by_time(history);
        let liked = ratings.iter().enumerate().filter(|(_, r)| r.stars > above);
        let shown: Vec<(usize, &Rating)> = liked.take(n_shown).collect();
        let end = shown.last()?.0 + 1;
        let items = shown.iter().map(|(_, rating)| rating.item_idx()).collect();
        Some(PromptEnd { items, end })
    }
}
