//! The items, users and ratings read so far, each subject in a slot.
//!
//! Does not know dialects. 20 bytes per rating; each subject is stored once, and the
//! index of ids has only slots: tens of millions fit.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::super::catalog::{Item, User};
use super::fields;
use super::refusal::{Reason, Refusal, RowResult, Taken};
use super::time::{self, Time};
use super::title;
use super::values::{Kind, Values};

/// What has an id.
pub(crate) trait Named {
    fn id(&self) -> &str;
}

impl Named for Item {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Named for User {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Subjects in the order in which their ids first occurred.
pub(crate) struct Slots<T> {
    pub(crate) all: Vec<T>,
    by_id: HashTable<u32>,
    hasher: RandomState,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots {
            all: Vec::new(),
            by_id: HashTable::new(),
            hasher: RandomState::new(),
        }
    }
}

impl<T: Named> Slots<T> {
    fn find(&self, id: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        let found = self
            .by_id
            .find(hash, |&slot| self.all[slot as usize].id() == id);
        found.copied()
    }

    /// Appends a subject. Its id must be new.
    fn push(&mut self, subject: T) -> u32 {
        let slot = self.all.len() as u32;
        let hash = self.hasher.hash_one(subject.id());
        self.all.push(subject);
        let (all, hasher) = (&self.all, &self.hasher);
        self.by_id
            .insert_unique(hash, slot, |&slot| hasher.hash_one(all[slot as usize].id()));
        slot
    }
}

#[derive(Default)]
pub(crate) struct Columns {
    pub(crate) users: Vec<u32>,
    pub(crate) items: Vec<u32>,
    pub(crate) stars: Vec<f32>,
    pub(crate) at_s: Vec<i64>,
}

#[derive(Default)]
pub(crate) struct Gathered {
    /// One without a title was named by a rating and is not described so far.
    pub(crate) items: Slots<Item>,
    /// Slots of the items, as their descriptions came.
    pub(crate) item_order: Vec<u32>,
    pub(crate) users: Slots<User>,
    /// How many of the first users were described; the others are only named by ratings.
    pub(crate) n_described_users: usize,
    pub(crate) columns: Columns,
    pub(crate) values: Values,
    /// What the name of the rating column suggests.
    pub(crate) kind: Kind,
    /// By name, how many optional values could not be read and count as missing.
    pub(crate) unreadable: BTreeMap<&'static str, u64>,
    /// Number of the file and of the line that is being read.
    pub(crate) at: (u32, u64),
}

impl Gathered {
    /// Adds an item's description.
    pub(crate) fn item(&mut self, mut item: Item) -> RowResult {
        if item.title.trim().is_empty() {
            let what = format!("item `{}` has no title", fields::clipped(&item.id));
            return Err(Refusal::row(Reason::NoTitle, what));
        }
        item.title = fields::one_line(item.title.trim()).into();
        let slot = match self.items.find(&item.id) {
            None => self.items.push(item),
            Some(slot) if self.items.all[slot as usize].title.is_empty() => {
                self.items.all[slot as usize] = item;
                slot
            }
            Some(_) => {
                let what = format!("duplicate item id `{}`", fields::clipped(&item.id));
                return Err(Refusal::row(Reason::DuplicateItem, what));
            }
        };
        self.item_order.push(slot);
        Ok(Taken::Kept)
    }

    /// Whether a rating names the item, or its description was read.
    pub(crate) fn knows_item(&self, id: &str) -> bool {
        self.items.find(id).is_some()
    }

    /// The item's description was read.
    pub(crate) fn has_item(&self, id: &str) -> bool {
        let slot = self.items.find(id);
        slot.is_some_and(|slot| !self.items.all[slot as usize].title.is_empty())
    }

    pub(crate) fn n_ratings(&self) -> u64 {
        self.columns.users.len() as u64
    }

    /// Adds a user's description. Users come before ratings.
    pub(crate) fn user(&mut self, mut user: User) -> RowResult {
        if self.users.find(&user.id).is_some() {
            let what = format!("duplicate user id `{}`", fields::clipped(&user.id));
            return Err(Refusal::row(Reason::DuplicateUser, what));
        }
        user.name = fields::one_line(user.name.trim()).into();
        self.users.push(user);
        self.n_described_users += 1;
        Ok(Taken::Kept)
    }

    /// Adds a rating on any scale; `at_s` 0 keeps the file's order.
    pub(crate) fn rating(&mut self, user: &str, item: &str, rating: f32, at_s: i64) -> RowResult {
        let user = match self.users.find(user) {
            Some(slot) => slot,
            None => self.users.push(User::unnamed(user)),
        };
        let item = match self.items.find(item) {
            Some(slot) => slot,
            None => self.items.push(Item {
                id: item.into(),
                ..Item::default()
            }),
        };
        self.columns.users.push(user);
        self.columns.items.push(item);
        self.columns.stars.push(rating);
        self.columns.at_s.push(at_s);
        self.values.add(rating, self.at);
        Ok(Taken::Kept)
    }

    /// A time in seconds, 0 if missing or unreadable.
    pub(crate) fn time(&mut self, text: &str) -> i64 {
        match time::read(text) {
            Time::At(at_s) => at_s,
            Time::Missing => 0,
            Time::Unreadable => {
                self.not_read("times");
                0
            }
        }
    }

    /// A year; `None` if implausible for a film or book.
    pub(crate) fn year(&mut self, text: &str) -> Option<u16> {
        let text = fields::present(text);
        let year = title::parse_year(text);
        if year.is_none() && !text.is_empty() {
            self.not_read("years");
        }
        year
    }

    /// Counts an optional value that could not be read.
    pub(crate) fn not_read(&mut self, what: &'static str) {
        *self.unreadable.entry(what).or_default() += 1;
    }

    /// Extracts the items of these slots, in this order; the others are dropped. In
    /// place: there may not be memory for two copies.
    pub(crate) fn take_items(&mut self, slots: &[u32]) -> Vec<Item> {
        take(&mut self.items, slots)
    }

    pub(crate) fn take_users(&mut self, slots: &[u32]) -> Vec<User> {
        take(&mut self.users, slots)
    }
}

fn take<T: Default>(from: &mut Slots<T>, slots: &[u32]) -> Vec<T> {
    let mut all = std::mem::take(&mut from.all);
    from.by_id = HashTable::new();
    // The current position of each slot's subject, and the slot at each position.
    let mut place_of: Vec<u32> = (0..all.len() as u32).collect();
    let mut slot_at = place_of.clone();
    for (place, &slot) in slots.iter().enumerate() {
        let from = place_of[slot as usize] as usize;
        all.swap(place, from);
        let other = slot_at[place];
        slot_at.swap(place, from);
        place_of[other as usize] = from as u32;
        place_of[slot as usize] = place as u32;
    }
    all.truncate(slots.len());
    all.shrink_to_fit();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_of_them_come_out_in_any_order(
            order in Just((0u32..20).collect::<Vec<_>>()).prop_shuffle(), n in 0usize..=20,
        ) {
            let mut slots: Slots<User> = Slots::default();
            for n in 0..20 {
                slots.push(User::unnamed(&n.to_string()));
            }
            let users = take(&mut slots, &order[..n]);
            let got: Vec<u32> = users.iter().map(|user| user.id.parse().unwrap()).collect();
            prop_assert_eq!(got, &order[..n]);
        }
    }

    #[test]
    fn a_described_item_is_no_duplicate_of_one_that_was_rated() {
        let mut gathered = Gathered::default();
        gathered.rating("u", "i", 5.0, 0).unwrap();
        assert!(gathered.knows_item("i") && !gathered.has_item("i"));
        let item = Item {
            id: "i".into(),
            title: " Two\nLines ".into(),
            ..Item::default()
        };
        gathered.item(item.clone()).unwrap();
        assert_eq!(gathered.items.all[0].title, "Two Lines");
        let again = gathered.item(item);
        assert!(matches!(again, Err(Refusal::Row(Reason::DuplicateItem, _))));
    }
}
