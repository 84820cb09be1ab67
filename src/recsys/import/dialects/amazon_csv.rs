//! Amazon's files of ratings alone: 2014 writes user and item, 2018 item and user,
//! neither with a header; 2023 has one.

use std::collections::BTreeMap;

use color_eyre::eyre::Report;

use super::super::collect::{Collector, Table};
use super::super::fields;
use super::super::files::columns::{Column, csv_names};
use super::super::files::csv::{Fields, cut};
use super::super::files::part::ImportPart;
use super::super::files::records::{Cut, Met, Records};
use super::super::refusal::{Reason, Refusal};
use super::ratings::{self, RATING, TIME, USER};

const RATINGS: [Column; 4] = [
    USER,
    Column::needed(
        "item",
        &["parent_asin", "asin", "productId", "item_id", "item"],
    ),
    RATING,
    TIME,
];
/// Lines read to distinguish users from items.
const N_TELLING: usize = 200;

pub(crate) fn is_one(name: &str) -> bool {
    let name = name.to_lowercase();
    name.strip_suffix(".gz").unwrap_or(&name).ends_with(".csv")
}

pub(crate) fn read(collector: &mut Collector, part: &ImportPart) -> Result<(), Report> {
    let first = first_rows(part)?;
    let is_header = |row: &Vec<String>| row.iter().any(|n| n.to_lowercase() == "rating");
    if first.first().is_some_and(is_header) {
        return collector.each_row(part, Table::Ratings, &RATINGS, ratings::take);
    }
    let users_first = are_users_first(part, &first);
    let (user_at, item_at) = if users_first { (0, 1) } else { (1, 0) };
    let mut row = Fields::default();
    collector.each_line(part, Table::Ratings, Some(","), |gathered, line| {
        cut(line, ',', None, &mut row);
        if !(3..=4).contains(&row.n_filled()) {
            let what = format!("{} fields, not 4", row.n_filled());
            return Err(Refusal::row(Reason::FieldCount, what));
        }
        let user = fields::id(row.get(user_at), "user")?;
        let item = fields::id(row.get(item_at), "item")?;
        let rating = fields::rating(row.get(2))?;
        let at_s = gathered.time(row.get(3));
        gathered.rating(user, item, rating, at_s)
    })?;
    let places = [
        ("user", user_at),
        ("item", item_at),
        ("rating", 2),
        ("time", 3),
    ];
    let places = places.map(|(meaning, at)| (meaning.to_owned(), format!("column {}", at + 1)));
    collector.columns_taken(BTreeMap::from(places));
    Ok(())
}

fn first_rows(part: &ImportPart) -> Result<Vec<Vec<String>>, Report> {
    let mut records = Records::open(part, None)?;
    let mut rows = Vec::new();
    while rows.len() < N_TELLING {
        match records.next_row(Cut::Lines) {
            Met::Row => rows.push(csv_names(records.line(), ',')),
            Met::Blank => {}
            // Errors are reported when the file is actually read.
            _ => break,
        }
    }
    Ok(rows)
}

/// An item has ten letters and digits; a user has more. If that does not decide, the
/// file's name does.
fn are_users_first(part: &ImportPart, rows: &[Vec<String>]) -> bool {
    let is_item = |text: Option<&String>| {
        let all = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        text.is_some_and(|text| text.len() == 10 && all(text))
    };
    let count = |at: usize| rows.iter().filter(|row| is_item(row.get(at))).count();
    match count(0).cmp(&count(1)) {
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Greater => false,
        std::cmp::Ordering::Equal => part.name.starts_with("ratings_"),
    }
}
