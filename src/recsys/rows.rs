//! The rows of the three files as items, users and ratings, each bad one a fault with
//! its line. Must not open files (see `load.rs`) nor choose user groups.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use ecow::EcoString;

use super::catalog::{Item, User};
use super::faults::Faults;
use super::history::Rating;
use super::table::{SourceText, TableRow, read_table};

const ITEM_COLUMNS: [&str; 7] = [
    "id", "title", "year", "genres", "director", "country", "themes",
];
const USER_COLUMNS: [&str; 2] = ["id", "name"];
const RATING_COLUMNS: [&str; 4] = ["user", "item", "rating", "timestamp"];

/// Years a catalog may name: from the first film on record to a far future.
const YEARS: RangeInclusive<u16> = 1870..=2100;
const STARS: RangeInclusive<f32> = 1.0..=5.0;

pub(crate) fn read_items(
    source: SourceText<'_>,
    faults: &mut Faults,
) -> (Vec<Item>, HashSet<String>) {
    let table = read_table(source, ITEM_COLUMNS, faults);
    report_duplicates(source.file, &table.rows, faults);
    let mut items = Vec::with_capacity(table.rows.len());
    for row in table.rows {
        match item_of(row.fields) {
            Ok(item) => items.push(item),
            Err(what) => faults.add(source.file, row.line, what),
        }
    }
    (items, table.keys)
}

fn item_of(fields: [String; 7]) -> Result<Item, String> {
    let [id, title, year, genres, director, country, themes] = fields;
    let year = number(&year, "year", &YEARS)?;
    let genres = list(&genres, "genres")?;
    let themes = list(&themes, "themes")?;
    Ok(Item {
        id: id.into(),
        title: title.into(),
        year: Some(year),
        genres,
        director: director.into(),
        country: country.into(),
        themes,
        ..Item::default()
    })
}

pub(crate) fn read_users(
    source: SourceText<'_>,
    faults: &mut Faults,
) -> (Vec<User>, HashSet<String>) {
    let table = read_table(source, USER_COLUMNS, faults);
    report_duplicates(source.file, &table.rows, faults);
    let users = table.rows.into_iter().map(|row| {
        let [id, name] = row.fields;
        User {
            id: id.into(),
            name: name.into(),
            ..User::default()
        }
    });
    (users.collect(), table.keys)
}

fn report_duplicates<const N: usize>(file: &str, rows: &[TableRow<N>], faults: &mut Faults) {
    let mut first_line: HashMap<&str, u64> = HashMap::new();
    for row in rows {
        let id = row.fields[0].as_str();
        let first = *first_line.entry(id).or_insert(row.line);
        if first != row.line {
            let what = format!("duplicate id `{id}`, first on line {first}");
            faults.add(file, row.line, what);
        }
    }
}

/// Every id in the files, including bad lines: a rating of an item whose own line is
/// bad is not a second fault.
pub(crate) struct KnownIds<'a> {
    pub(crate) items: &'a HashSet<String>,
    pub(crate) users: &'a HashSet<String>,
}

pub(crate) fn read_ratings(
    source: SourceText<'_>,
    known: &KnownIds<'_>,
    items: &[Item],
    users: &mut [User],
    faults: &mut Faults,
) {
    let table = read_table(source, RATING_COLUMNS, faults);
    report_repeats(source.file, &table.rows, faults);
    let item_idxs = index(items.iter().map(|item| item.id.to_string()));
    let user_idxs = index(users.iter().map(|user| user.id.to_string()));
    let mut histories: Vec<Vec<Rating>> = vec![Vec::new(); users.len()];
    for row in &table.rows {
        let (stars, at_s) = match rating_of(&row.fields, known) {
            Ok(rating) => rating,
            Err(what) => {
                faults.add(source.file, row.line, what);
                continue;
            }
        };
        let [user, item, ..] = &row.fields;
        // Missing here only if its own line is bad, which is already a fault.
        if let (Some(&user_idx), Some(&item_idx)) = (user_idxs.get(user), item_idxs.get(item)) {
            histories[user_idx].push(Rating::new(item_idx, stars, at_s));
        }
    }
    for (user, mut history) in users.iter_mut().zip(histories) {
        history.sort_by_key(|rating| rating.at_s);
        user.history = history.into();
    }
}

fn report_repeats(file: &str, rows: &[TableRow<4>], faults: &mut Faults) {
    let mut first_line: HashMap<(&str, &str), u64> = HashMap::new();
    for row in rows {
        let [user, item, ..] = &row.fields;
        let first = *first_line.entry((user, item)).or_insert(row.line);
        if first != row.line {
            let what = format!("user `{user}` already rated item `{item}` on line {first}");
            faults.add(file, row.line, what);
        }
    }
}

fn rating_of(fields: &[String; 4], known: &KnownIds<'_>) -> Result<(f32, i64), String> {
    let [user, item, stars, at] = fields;
    if !known.users.contains(user) {
        return Err(format!("unknown user `{user}`"));
    }
    if !known.items.contains(item) {
        return Err(format!("unknown item `{item}`"));
    }
    let stars = number(stars, "rating", &STARS)?;
    let at_s = at
        .parse()
        .map_err(|_| format!("bad timestamp `{at}`: must be whole seconds since 1970"))?;
    Ok((stars, at_s))
}

fn index(ids: impl Iterator<Item = String>) -> HashMap<String, usize> {
    ids.enumerate().map(|(idx, id)| (id, idx)).collect()
}

fn number<T: FromStr + PartialOrd + Display>(
    text: &str,
    column: &str,
    range: &RangeInclusive<T>,
) -> Result<T, String> {
    let parsed = text.parse().ok().filter(|n| range.contains(n));
    parsed.ok_or_else(|| {
        format!(
            "bad {column} `{text}`: must be a number from {} to {}",
            range.start(),
            range.end()
        )
    })
}

fn list(text: &str, column: &str) -> Result<Box<[EcoString]>, String> {
    let parts: Box<[EcoString]> = text.split('|').map(|part| part.trim().into()).collect();
    match parts.iter().any(EcoString::is_empty) {
        true => Err(format!("bad {column} `{text}`: empty between two |")),
        false => Ok(parts),
    }
}
