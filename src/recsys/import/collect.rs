//! Gathers what a dialect's reader finds, in columns, and counts what it could
//! not read; then puts items and users in order and ratings by user and time.
//!
//! Knows no dialect. 20 bytes a rating while gathering and 16 after, ids once:
//! tens of millions of ratings fit.

use std::collections::HashMap;

use color_eyre::eyre::{Report, bail, eyre};
use serde::{Deserialize, Serialize};

use super::super::catalog::{Fact, Half, Item, User};
use super::super::history::{History, Rating};
use super::dialect::Dialect;
use super::lines::{Encoding, Lines, Next};
use super::source::{Part, Source};
use super::{Findings, Imported, ImportedContents, N_SHOWN, Options, Progress, Watch};

/// Progress is told once in so many lines.
const LINES_A_TELL: u64 = 1 << 14;

/// An item as its source describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RawItem {
    pub id: String,
    pub title: String,
    pub year: Option<u16>,
    pub genres: Vec<String>,
    pub director: String,
    pub country: String,
    pub themes: Vec<String>,
    pub facts: Vec<Fact>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RawUser {
    pub id: String,
    pub name: String,
    pub facts: Vec<Fact>,
}

impl RawUser {
    pub fn unnamed(id: &str) -> Self {
        RawUser {
            id: id.to_owned(),
            name: format!("User {id}"),
            facts: Vec::new(),
        }
    }
}

impl From<RawItem> for Item {
    fn from(raw: RawItem) -> Self {
        Item {
            id: raw.id,
            title: raw.title,
            year: raw.year,
            genres: raw.genres,
            director: raw.director,
            country: raw.country,
            themes: raw.themes,
            facts: raw.facts,
            group: "".into(),
            half: Half::Query,
        }
    }
}

impl User {
    pub(super) fn new(raw: RawUser, history: History) -> Self {
        User {
            id: raw.id,
            name: raw.name,
            facts: raw.facts,
            history,
            group: "".into(),
            half: Half::Query,
        }
    }
}

/// How a file is cut into lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Lines,
    /// A quoted field may span several.
    Csv,
}

/// Which of a catalog's tables a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    Items,
    Users,
    Ratings,
}

/// The subjects and ratings met so far.
#[derive(Default)]
pub struct Gathered {
    item_slots: HashMap<Box<str>, u32>,
    items: Vec<Option<RawItem>>,
    /// Slots of the items, as their descriptions came.
    item_order: Vec<u32>,
    user_slots: HashMap<Box<str>, u32>,
    users: Vec<RawUser>,
    n_described_users: usize,
    columns: Columns,
}

#[derive(Default)]
struct Columns {
    users: Vec<u32>,
    items: Vec<u32>,
    stars: Vec<f32>,
    at_s: Vec<i64>,
}

impl Gathered {
    /// # Errors
    /// The item has been described already.
    pub fn item(&mut self, item: RawItem) -> Result<(), String> {
        if item.title.is_empty() {
            return Err(format!("item `{}` has no title", item.id));
        }
        let slot = self.item_slot(&item.id);
        let place = &mut self.items[slot as usize];
        if place.is_some() {
            return Err(format!("duplicate item id `{}`", item.id));
        }
        *place = Some(item);
        self.item_order.push(slot);
        Ok(())
    }

    /// Some rating names the item, or its description was read.
    pub fn knows_item(&self, id: &str) -> bool {
        self.item_slots.contains_key(id)
    }

    /// The item's description was read.
    pub fn has_item(&self, id: &str) -> bool {
        let slot = self.item_slots.get(id);
        slot.is_some_and(|&slot| self.items[slot as usize].is_some())
    }

    pub fn n_ratings(&self) -> u64 {
        self.columns.users.len() as u64
    }

    /// # Errors
    /// The user has been described already. Users come before ratings.
    pub fn user(&mut self, user: RawUser) -> Result<(), String> {
        if self.user_slots.contains_key(user.id.as_str()) {
            return Err(format!("duplicate user id `{}`", user.id));
        }
        let slot = self.users.len() as u32;
        self.user_slots.insert(user.id.as_str().into(), slot);
        self.users.push(user);
        self.n_described_users += 1;
        Ok(())
    }

    pub fn rating(&mut self, user: &str, item: &str, stars: f32, at_s: i64) {
        let user = match self.user_slots.get(user) {
            Some(&slot) => slot,
            None => {
                let slot = self.users.len() as u32;
                self.user_slots.insert(user.into(), slot);
                self.users.push(RawUser::unnamed(user));
                slot
            }
        };
        let item = self.item_slot(item);
        self.columns.users.push(user);
        self.columns.items.push(item);
        self.columns.stars.push(stars);
        self.columns.at_s.push(at_s);
    }

    fn item_slot(&mut self, id: &str) -> u32 {
        if let Some(&slot) = self.item_slots.get(id) {
            return slot;
        }
        let slot = self.items.len() as u32;
        self.item_slots.insert(id.into(), slot);
        self.items.push(None);
        slot
    }
}

pub struct Collector<'a, 'w> {
    pub source: &'a Source,
    pub options: &'a Options,
    watch: &'a mut Watch<'w>,
    pub gathered: Gathered,
    findings: Findings,
}

impl<'a, 'w> Collector<'a, 'w> {
    pub fn new(source: &'a Source, options: &'a Options, watch: &'a mut Watch<'w>) -> Self {
        Collector {
            source,
            options,
            watch,
            gathered: Gathered::default(),
            findings: Findings::default(),
        }
    }

    pub fn note(&mut self, note: impl Into<String>) {
        self.findings.notes.push(note.into());
    }

    /// A part that must be there.
    pub fn need(&self, name: &str) -> Result<Part, Report> {
        let part = self.source.plain_or_gz(name).cloned();
        part.ok_or_else(|| eyre!("{}: there is no {name}", self.source.path.display()))
    }

    /// Reads a file line by line; a line that `read` refuses is counted, and the
    /// reading goes on.
    ///
    /// # Errors
    /// The file cannot be opened; with `strict`, the first bad line; cancelled.
    pub fn each_line(
        &mut self,
        part: &Part,
        (table, cut, encoding): (Table, Cut, Encoding),
        mut read: impl FnMut(&mut Gathered, &str) -> Result<(), String>,
    ) -> Result<(), Report> {
        let mut lines = Lines::open(part)?;
        let limit = self.options.limit.filter(|_| table == Table::Ratings);
        let mut n_lines = 0u64;
        loop {
            if n_lines.is_multiple_of(LINES_A_TELL) {
                self.tell(part, &lines)?;
            }
            n_lines += 1;
            if limit.is_some_and(|limit| self.gathered.n_ratings() >= limit) {
                self.note(format!("stopped at {} ratings", self.gathered.n_ratings()));
                break;
            }
            let next = match cut {
                Cut::Lines => lines.read(),
                Cut::Csv => lines.read_quoted(),
            };
            let (result, ended) = match next {
                Next::End => break,
                Next::TooLong => (Err("the line is too long".to_owned()), false),
                Next::Broken(error) => (Err(format!("cannot read on: {error}")), true),
                Next::Line(line) if line.trim_ascii().is_empty() => (Ok(()), false),
                Next::Line(line) => {
                    let gathered = &mut self.gathered;
                    let text = encoding.text(line);
                    (text.and_then(|text| read(gathered, &text)), false)
                }
            };
            if let Err(what) = result {
                self.bad(part, lines.number, &what)?;
            }
            if ended {
                break;
            }
        }
        self.tell(part, &lines)
    }

    fn tell(&mut self, part: &Part, lines: &Lines) -> Result<(), Report> {
        self.watch.tell(&Progress {
            file: part.name.clone(),
            bytes_done: lines.bytes_done(),
            bytes_total: part.n_bytes,
            n_ratings: self.gathered.n_ratings(),
        })
    }

    /// Counts a bad line.
    ///
    /// # Errors
    /// The line itself, with `strict`.
    pub fn bad(&mut self, part: &Part, line: u64, what: &str) -> Result<(), Report> {
        let fault = format!("{}:{line}: {what}", part.shown());
        if self.options.strict {
            bail!("{fault} (--strict-import stops at the first bad line)");
        }
        self.findings.n_bad_lines += 1;
        if self.findings.shown.len() < N_SHOWN {
            self.findings.shown.push(fault);
        }
        Ok(())
    }

    /// # Errors
    /// No item is left.
    pub fn finish(mut self, dialect: &Dialect) -> Result<Imported, Report> {
        let gathered = std::mem::take(&mut self.gathered);
        let capped = self.options.limit.is_some();
        let items = order_items(&gathered, capped);
        let users = order_users(&gathered, capped);
        let sorted = sort_ratings(&gathered.columns, &items.places, &users);
        drop(gathered.columns);
        let mut slots = gathered.items;
        let taken = items.slots.iter();
        let items: Vec<RawItem> = taken
            .filter_map(|&slot| slots[slot as usize].take())
            .collect();
        let users = take_users(gathered.users, &users);
        self.notes_of(&sorted);
        if items.is_empty() {
            let faults = self.findings.shown.join("\n  ");
            bail!("no item could be read\n  {faults}");
        }
        self.findings.dialect = dialect.describe();
        let contents = ImportedContents {
            name: dialect.name(self.source),
            noun: dialect.noun(self.source).to_owned(),
            protocol: dialect.protocol(self.source),
            map: dialect.map(self.source),
            items,
            users,
            n_by_user: sorted.n_by_user,
            findings: self.findings,
        };
        Ok(Imported {
            contents,
            ratings: sorted.ratings,
        })
    }

    fn notes_of(&mut self, sorted: &Sorted) {
        if sorted.n_without_item > 0 {
            let n = sorted.n_without_item;
            self.note(format!("{n} ratings of items without a title left out"));
        }
        if sorted.n_repeated > 0 {
            let n = sorted.n_repeated;
            self.note(format!("{n} repeated ratings left out: the latest counts"));
        }
    }
}

struct ItemOrder {
    /// Slots, in the catalog's order.
    slots: Vec<u32>,
    /// By slot, the catalog's index.
    places: Vec<Option<u32>>,
}

/// Ids that are all numbers go by number, so that the order is the same whatever
/// file is read; other ids keep their file's.
fn order_items(gathered: &Gathered, only_rated: bool) -> ItemOrder {
    let mut slots = gathered.item_order.clone();
    if only_rated {
        let mut rated = vec![false; gathered.items.len()];
        for &item in &gathered.columns.items {
            rated[item as usize] = true;
        }
        if gathered.n_ratings() > 0 {
            slots.retain(|&slot| rated[slot as usize]);
        }
    }
    let id = |slot: u32| gathered.items[slot as usize].as_ref().map(|item| &*item.id);
    sort_by_number(&mut slots, |slot| id(slot).unwrap_or_default());
    let mut places = vec![None; gathered.items.len()];
    for (place, &slot) in slots.iter().enumerate() {
        places[slot as usize] = Some(place as u32);
    }
    ItemOrder { slots, places }
}

/// User slots in the catalog's order.
fn order_users(gathered: &Gathered, only_rating: bool) -> Vec<u32> {
    let mut slots: Vec<u32> = (0..gathered.users.len() as u32).collect();
    if only_rating {
        let mut rates = vec![false; slots.len()];
        for &user in &gathered.columns.users {
            rates[user as usize] = true;
        }
        slots.retain(|&slot| rates[slot as usize]);
    }
    sort_by_number(&mut slots, |slot| &gathered.users[slot as usize].id);
    slots
}

fn sort_by_number<'a>(slots: &mut [u32], id: impl Fn(u32) -> &'a str) {
    let number = |slot: u32| id(slot).parse::<u64>().ok();
    if slots.iter().all(|&slot| number(slot).is_some()) {
        slots.sort_by_cached_key(|&slot| number(slot));
    }
}

fn take_users(users: Vec<RawUser>, order: &[u32]) -> Vec<RawUser> {
    let mut users: Vec<Option<RawUser>> = users.into_iter().map(Some).collect();
    let taken = order.iter();
    taken
        .filter_map(|&slot| users[slot as usize].take())
        .collect()
}

struct Sorted {
    /// By user, then by time.
    ratings: Vec<Rating>,
    n_by_user: Vec<u32>,
    n_without_item: u64,
    n_repeated: u64,
}

/// A counting sort by user, then a stable sort by time.
fn sort_ratings(columns: &Columns, item_places: &[Option<u32>], user_order: &[u32]) -> Sorted {
    let n_slots = columns.users.iter().map(|&u| u as usize + 1).max();
    let mut user_places = vec![u32::MAX; n_slots.unwrap_or(0)];
    for (place, &slot) in user_order.iter().enumerate() {
        if let Some(at) = user_places.get_mut(slot as usize) {
            *at = place as u32;
        }
    }
    let place_of = |n: usize| {
        let item = item_places[columns.items[n] as usize]?;
        Some((user_places[columns.users[n] as usize] as usize, item))
    };
    let mut starts = vec![0usize; user_order.len() + 1];
    for n in 0..columns.users.len() {
        if let Some((user, _)) = place_of(n) {
            starts[user + 1] += 1;
        }
    }
    for user in 0..user_order.len() {
        starts[user + 1] += starts[user];
    }
    let n_placed = starts[user_order.len()];
    let mut ratings = vec![Rating::new(0, 0.0, 0); n_placed];
    let mut next = starts.clone();
    for n in 0..columns.users.len() {
        if let Some((user, item)) = place_of(n) {
            let rating = Rating::new(item as usize, columns.stars[n], columns.at_s[n]);
            ratings[next[user]] = rating;
            next[user] += 1;
        }
    }
    let n_by_user = order_histories(&mut ratings, &starts);
    Sorted {
        n_without_item: (columns.users.len() - n_placed) as u64,
        n_repeated: (n_placed - ratings.len()) as u64,
        ratings,
        n_by_user,
    }
}

/// Sorts each user's stretch by time and drops all but the last rating of an
/// item; gives the lengths that are left.
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
        /// Against the plain way: sort everything, keep the last of each pair.
        #[test]
        fn ratings_go_by_user_and_time_and_the_last_counts(
            rows in prop::collection::vec((0u32..5, 0u32..6, 0i64..4), 0..60),
        ) {
            let mut columns = Columns::default();
            for &(user, item, at) in &rows {
                columns.users.push(user);
                columns.items.push(item);
                columns.stars.push(4.0);
                columns.at_s.push(at);
            }
            // Item 5 has no description; users stand in reverse.
            let places: Vec<Option<u32>> = (0..6).map(|i| (i < 5).then_some(i)).collect();
            let sorted = sort_ratings(&columns, &places, &[4, 3, 2, 1, 0]);
            let mut want: Vec<Vec<(u32, i64)>> = Vec::new();
            for user in (0..5).rev() {
                let mut own: Vec<(u32, i64)> = rows.iter()
                    .filter(|r| r.0 == user && r.1 != 5).map(|r| (r.1, r.2)).collect();
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
