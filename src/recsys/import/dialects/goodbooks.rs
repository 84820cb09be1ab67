//! goodbooks-10k: `books.csv` and `ratings.csv`, with genres from readers' shelves if
//! `book_tags.csv` and `tags.csv` exist. Ratings have no time: they are in the order in
//! which they were given.

use std::collections::HashMap;

use color_eyre::eyre::Report;
use ecow::EcoString;

use super::super::collect::{Collector, Table};
use super::super::dialect::CsvFiles;
use super::super::fields;
use super::super::files::columns::Column;
use super::super::files::part::ImportPart;
use super::super::refusal::Taken;
use super::ratings::{self, RATING, TIME, USER};
use crate::recsys::catalog::Item;

/// Shelves that are genres; most are not (`to-read`, `owned`).
const GENRES: [&str; 27] = [
    "art",
    "biography",
    "business",
    "childrens",
    "classics",
    "comics",
    "contemporary",
    "cookbooks",
    "crime",
    "fantasy",
    "graphic-novels",
    "historical-fiction",
    "history",
    "horror",
    "humor",
    "memoir",
    "mystery",
    "non-fiction",
    "paranormal",
    "philosophy",
    "poetry",
    "psychology",
    "religion",
    "romance",
    "science-fiction",
    "thriller",
    "young-adult",
];
const N_GENRES_MAX: usize = 3;

/// Genres by the Goodreads id of a book.
type Shelves = HashMap<String, Box<[EcoString]>>;

const BOOKS: [Column; 5] = [
    Column::needed("id", &["book_id"]),
    Column::optional("shelved", &["goodreads_book_id"]),
    Column::needed("title", &["title"]),
    Column::optional("author", &["authors", "author"]),
    Column::optional("year", &["original_publication_year", "year"]),
];
/// The older edition numbers its books in `id`, to which its ratings refer as
/// `book_id`; its own `book_id` is Goodreads'.
const OLDER_BOOKS: [Column; 5] = [
    Column::needed("id", &["id"]),
    Column::optional("shelved", &["book_id"]),
    BOOKS[2],
    BOOKS[3],
    BOOKS[4],
];
const RATINGS: [Column; 4] = [USER, Column::needed("item", &["book_id"]), RATING, TIME];

pub(crate) fn read(collector: &mut Collector, files: &CsvFiles) -> Result<(), Report> {
    let shelves = shelves(collector)?;
    let is_older = |names: &[String]| {
        let has = |name: &str| names.iter().any(|known| known == name);
        has("id") && !has("goodreads_book_id")
    };
    let columns = |names: &[String]| -> &[Column] {
        match is_older(names) {
            true => &OLDER_BOOKS,
            false => &BOOKS,
        }
    };
    collector.each_row_of(&files.items, Table::Items, columns, |gathered, row| {
        let year = gathered.year(row.get("year"));
        gathered.item(Item {
            id: fields::id(row.raw("id"), "book_id")?.into(),
            title: row.raw("title").into(),
            year,
            genres: shelves.get(row.get("shelved")).cloned().unwrap_or_default(),
            facts: fields::facts([("author", row.get("author"))]),
            ..Item::default()
        })
    })?;
    collector.each_row(&files.ratings, Table::Ratings, &RATINGS, ratings::take)
}

/// The tags that are genres, by id.
fn genre_names(
    collector: &mut Collector,
    tags: &ImportPart,
) -> Result<HashMap<String, &'static str>, Report> {
    let mut names = HashMap::new();
    let columns = [
        Column::needed("id", &["tag_id"]),
        Column::needed("name", &["tag_name"]),
    ];
    collector.each_row(tags, Table::Shelves, &columns, |_, row| {
        if let Some(genre) = GENRES.iter().find(|genre| **genre == row.raw("name")) {
            names.insert(fields::id(row.raw("id"), "tag_id")?.to_owned(), *genre);
        }
        Ok(Taken::Kept)
    })?;
    Ok(names)
}

/// The genres of a book by its Goodreads id, the most shelved first.
fn shelves(collector: &mut Collector) -> Result<Shelves, Report> {
    let tags = collector.source.plain_or_gz("tags.csv").cloned();
    let book_tags = collector.source.plain_or_gz("book_tags.csv").cloned();
    let (Some(tags), Some(book_tags)) = (tags, book_tags) else {
        collector.note("no tags.csv and book_tags.csv next to it: books have no genres");
        return Ok(Shelves::new());
    };
    let names = genre_names(collector, &tags)?;
    let mut counts: HashMap<String, Vec<(u64, &str)>> = HashMap::new();
    let columns = [
        Column::needed("book", &["goodreads_book_id", "book_id"]),
        Column::needed("tag", &["tag_id"]),
        Column::optional("count", &["count"]),
    ];
    collector.each_row(&book_tags, Table::Shelves, &columns, |gathered, row| {
        let Some(name) = names.get(fields::id(row.raw("tag"), "tag_id")?) else {
            return Ok(Taken::Kept);
        };
        let book = fields::id(row.raw("book"), "goodreads_book_id")?;
        let count = row.get("count");
        // A few books were removed from a shelf more often than added.
        let n = match fields::number(count) {
            Some(n) if n >= 1.0 => n as u64,
            Some(_) => return Ok(Taken::Kept),
            None if count.is_empty() => 1,
            None => {
                gathered.not_read("shelf counts");
                1
            }
        };
        counts.entry(book.to_owned()).or_default().push((n, name));
        Ok(Taken::Kept)
    })?;
    Ok(counts
        .into_iter()
        .map(|(id, found)| (id, most(found)))
        .collect())
}

fn most(mut found: Vec<(u64, &str)>) -> Box<[EcoString]> {
    found.sort_by_key(|&(n, name)| (std::cmp::Reverse(n), name));
    found.truncate(N_GENRES_MAX);
    found
        .into_iter()
        .map(|(_, name)| name.replace('-', " ").into())
        .collect()
}
