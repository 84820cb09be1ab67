//! LaserScope's own format: `items`, and optionally `users` and `ratings`, each as CSV
//! with a header or as JSON lines. Only an item's id and title are required; any other
//! column is a fact about the subject.

use color_eyre::eyre::Report;
use serde_json::{Map, Value};

use super::super::collect::{Collector, Table};
use super::super::dialect::OwnFiles;
use super::super::fields;
use super::super::files::columns::{Column, Header, ImportRow};
use super::super::files::csv::Fields;
use super::super::files::part::ImportPart;
use super::super::gathered::Gathered;
use super::super::literal;
use super::super::refusal::{Reason, Refusal, RowResult};
use super::ratings::{self, RATING, TIME};
use crate::recsys::catalog::{Item, User};

const ITEMS: [Column; 7] = [
    Column::needed("id", &["id", "item_id", "movieId"]),
    Column::needed("title", &["title", "name"]),
    Column::optional("year", &["year", "release_year"]),
    Column::optional("genres", &["genres", "genre"]),
    Column::optional("director", &["director"]),
    Column::optional("country", &["country"]),
    Column::optional("themes", &["themes"]),
];
const USERS: [Column; 2] = [
    Column::needed("id", &["id", "user_id"]),
    Column::optional("name", &["name"]),
];
const RATINGS: [Column; 4] = [
    Column::needed("user", &["user", "user_id", "uid"]),
    Column::needed("item", &["item", "item_id", "movieId"]),
    RATING,
    TIME,
];

pub(crate) fn read(collector: &mut Collector, files: &OwnFiles) -> Result<(), Report> {
    rows(collector, &files.items, Table::Items, &ITEMS, item)?;
    if let Some(users) = &files.users {
        rows(collector, users, Table::Users, &USERS, user)?;
    }
    if let Some(ratings) = &files.ratings {
        rows(collector, ratings, Table::Ratings, &RATINGS, ratings::take)?;
    }
    Ok(())
}

fn item(gathered: &mut Gathered, row: &ImportRow<'_>) -> RowResult {
    let year = gathered.year(row.get("year"));
    // Separated by bars in CSV; an array in JSON.
    let list = |meaning: &str| fields::genres(row.get(meaning).split('|'));
    gathered.item(Item {
        id: fields::id(row.raw("id"), "id")?.into(),
        title: row.raw("title").into(),
        year,
        genres: list("genres"),
        director: fields::one_line(row.get("director")).into(),
        country: fields::one_line(row.get("country")).into(),
        themes: list("themes"),
        facts: fields::facts(row.others()),
        ..Item::default()
    })
}

fn user(gathered: &mut Gathered, row: &ImportRow<'_>) -> RowResult {
    let unnamed = User::unnamed(fields::id(row.raw("id"), "id")?);
    let name = Some(row.raw("name")).filter(|name| !name.is_empty());
    gathered.user(User {
        name: name.map_or(unnamed.name, Into::into),
        facts: fields::facts(row.others()),
        ..unnamed
    })
}

fn rows(
    collector: &mut Collector,
    part: &ImportPart,
    table: Table,
    columns: &[Column],
    mut read: impl FnMut(&mut Gathered, &ImportRow<'_>) -> RowResult,
) -> Result<(), Report> {
    if !part.name.to_lowercase().contains(".jsonl") {
        return collector.each_row(part, table, columns, read);
    }
    let mut header = Header::default();
    let mut fields = Fields::default();
    let mut first = None;
    collector.each_line(part, table, None, |gathered, line| {
        let object: Map<String, Value> = literal::object(line)?;
        // Objects of a file mostly have the same names.
        if !object.keys().eq(&header.names) {
            let names = object.keys().cloned().collect();
            header = Header::find(names, columns).map_err(as_row)?;
        }
        first.get_or_insert_with(|| header.taken());
        fields.clear();
        object
            .values()
            .for_each(|value| fields.push(&fields::text_of(value)));
        let row = ImportRow {
            header: &header,
            fields: &fields,
        };
        read(gathered, &row)
    })?;
    collector.columns_taken(first.unwrap_or_default());
    Ok(())
}

/// An object without an id is one bad line, not a bad file.
fn as_row(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::File(what) => {
            let what = what.replacen("the header", "the object", 1);
            Refusal::Row(Reason::NoId, what)
        }
        row => row,
    }
}
