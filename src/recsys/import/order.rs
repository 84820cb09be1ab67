//! Sorts the gathered data: subjects by number if their ids are numbers, ratings by
//! user and time.

use super::super::history::Rating;
use super::super::scale::Scale;
use super::gathered::{Columns, Gathered};

/// No subject of the catalog.
const NOWHERE: u32 = u32::MAX;

pub(crate) struct ItemOrder {
    /// Slots, in the catalog's order.
    pub(crate) slots: Vec<u32>,
    /// By slot, the catalog's index, or [`NOWHERE`].
    pub(crate) places: Vec<u32>,
}

/// Numeric ids are sorted by number, so that the order does not depend on the file;
/// other ids keep their file's order.
pub(crate) fn order_items(gathered: &Gathered, only_rated: bool) -> ItemOrder {
    let mut slots = gathered.item_order.clone();
    if only_rated {
        let mut rated = vec![false; gathered.items.all.len()];
        for &item in &gathered.columns.items {
            rated[item as usize] = true;
        }
        if gathered.n_ratings() > 0 {
            slots.retain(|&slot| rated[slot as usize]);
        }
    }
    sort_by_number(&mut slots, |slot| &gathered.items.all[slot as usize].id);
    let mut places = vec![NOWHERE; gathered.items.all.len()];
    for (place, &slot) in slots.iter().enumerate() {
        places[slot as usize] = place as u32;
    }
    ItemOrder { slots, places }
}

/// User slots in the catalog's order.
pub(crate) fn order_users(gathered: &Gathered, only_rating: bool) -> Vec<u32> {
    let mut slots: Vec<u32> = (0..gathered.users.all.len() as u32).collect();
    if only_rating {
        let mut rates = vec![false; slots.len()];
        for &user in &gathered.columns.users {
            rates[user as usize] = true;
        }
        slots.retain(|&slot| rates[slot as usize]);
    }
    sort_by_number(&mut slots, |slot| &gathered.users.all[slot as usize].id);
    slots
}

fn sort_by_number<'a>(slots: &mut [u32], id: impl Fn(u32) -> &'a str) {
    let number = |slot: u32| id(slot).parse::<u64>().ok();
    let all = slots.iter().all(|&slot| number(slot).is_some());
    if all && !slots.is_sorted_by_key(|&slot| number(slot)) {
        slots.sort_by_cached_key(|&slot| number(slot));
    }
}

pub(crate) struct Sorted {
    /// By user, then by time.
    pub(crate) ratings: Vec<Rating>,
    pub(crate) n_by_user: Vec<u32>,
    pub(crate) n_off_scale: u64,
    pub(crate) n_without_item: u64,
    pub(crate) n_repeated: u64,
}

/// A counting sort by user, then a stable sort by time.
pub(crate) fn sort_ratings(
    columns: &Columns,
    scale: Scale,
    item_places: &[u32],
    user_order: &[u32],
) -> Sorted {
    let user_places = places_of_users(columns, user_order);
    let place_of = |n: usize| {
        let item = item_places[columns.items[n] as usize];
        let user = user_places[columns.users[n] as usize] as usize;
        let is_kept = item != NOWHERE && scale.contains(columns.stars[n]);
        is_kept.then_some((user, item))
    };
    let mut starts = vec![0usize; user_order.len() + 1];
    for (user, _) in (0..columns.users.len()).filter_map(place_of) {
        starts[user + 1] += 1;
    }
    for user in 0..user_order.len() {
        starts[user + 1] += starts[user];
    }
    let n_placed = starts[user_order.len()];
    let mut ratings = vec![Rating::new(0, 0.0, 0); n_placed];
    let mut next = starts.clone();
    for n in 0..columns.users.len() {
        if let Some((user, item)) = place_of(n) {
            ratings[next[user]] = Rating::new(item as usize, columns.stars[n], columns.at_s[n]);
            next[user] += 1;
        }
    }
    let n_by_user = order_histories(&mut ratings, &starts);
    let is_off = |stars: &&f32| !scale.contains(**stars);
    let n_off_scale = columns.stars.iter().filter(is_off).count();
    Sorted {
        n_off_scale: n_off_scale as u64,
        n_without_item: (columns.users.len() - n_placed - n_off_scale) as u64,
        n_repeated: (n_placed - ratings.len()) as u64,
        ratings,
        n_by_user,
    }
}

/// By slot, the user's index in the catalog.
fn places_of_users(columns: &Columns, user_order: &[u32]) -> Vec<u32> {
    let n_slots = columns.users.iter().map(|&u| u as usize + 1).max();
    let mut places = vec![NOWHERE; n_slots.unwrap_or(0)];
    for (place, &slot) in user_order.iter().enumerate() {
        if let Some(at) = places.get_mut(slot as usize) {
            *at = place as u32;
        }
    }
    places
}

/// Sorts each user's range by time and drops all but the last rating of an item;
/// returns the remaining lengths.
fn order_histories(ratings: &mut Vec<Rating>, starts: &[usize]) -> Vec<u32> {
    let mut n_by_user = Vec::with_capacity(starts.len() - 1);
    let mut last_of: Vec<(u32, u32)> = Vec::new();
    let mut kept = 0;
    for bounds in starts.windows(2) {
        let (start, end) = (bounds[0], bounds[1]);
        ratings[start..end].sort_by_key(|rating| rating.at_s);
        last_of.clear();
        let items = ratings[start..end].iter().map(|r| r.item_idx() as u32);
        last_of.extend(items.zip(0..));
        last_of.sort_unstable();
        let repeated = last_of.windows(2).filter(|pair| pair[0].0 == pair[1].0);
        let mut repeated: Vec<u32> = repeated.map(|pair| pair[0].1).collect();
        repeated.sort_unstable();
        let first = kept;
        for n in start..end {
            if repeated.binary_search(&((n - start) as u32)).is_err() {
                ratings[kept] = ratings[n];
                kept += 1;
            }
        }
        n_by_user.push((kept - first) as u32);
    }
    ratings.truncate(kept);
    n_by_user
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Compared with the simple way: sort everything, keep the last of each pair.
        #[test]
        fn ratings_go_by_user_and_time_and_the_last_counts(
            rows in prop::collection::vec((0u32..5, 0u32..6, 0i64..4, 4u8..7), 0..60),
        ) {
            let mut columns = Columns::default();
            for &(user, item, at, stars) in &rows {
                columns.users.push(user);
                columns.items.push(item);
                columns.stars.push(stars.into());
                columns.at_s.push(at);
            }
            // Item 5 has no description; 6 is off the scale; users stand in reverse.
            let places: Vec<u32> = (0..6).map(|i| if i < 5 { i } else { NOWHERE }).collect();
            let sorted = sort_ratings(&columns, Scale::FIVE_STARS, &places, &[4, 3, 2, 1, 0]);
            let n_left_out = sorted.n_off_scale + sorted.n_without_item + sorted.n_repeated;
            prop_assert_eq!(n_left_out as usize + sorted.ratings.len(), rows.len());
            let mut want: Vec<Vec<(u32, i64)>> = Vec::new();
            for user in (0..5).rev() {
                let mut own: Vec<(u32, i64)> = rows.iter()
                    .filter(|r| r.0 == user && r.1 != 5 && r.3 < 6).map(|r| (r.1, r.2)).collect();
                own.sort_by_key(|r| r.1);
                let last = |n: usize| !own[n + 1..].iter().any(|r| r.0 == own[n].0);
                want.push((0..own.len()).filter(|&n| last(n)).map(|n| own[n]).collect());
            }
            let lens: Vec<u32> = want.iter().map(|own| own.len() as u32).collect();
            prop_assert_eq!(&sorted.n_by_user, &lens);
            let got: Vec<(u32, i64)> = sorted.ratings.iter().map(|r| (r.item_idx() as u32, r.at_s)).collect();
            prop_assert_eq!(got, want.concat());
        }
    }
}
