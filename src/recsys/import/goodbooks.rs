//! goodbooks-10k: `books.csv` and `ratings.csv`, with genres from readers' shelves
//! where `book_tags.csv` and `tags.csv` are there. Ratings have no time: they
//! stand in the order in which they were given.

use std::collections::HashMap;

use color_eyre::eyre::Report;

use super::collect::{Collector, Gathered, RawItem, Table};
use super::columns::each_row;
use super::fields;
use super::title::parse_year;

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

pub fn read(collector: &mut Collector) -> Result<(), Report> {
    let shelves = shelves(collector)?;
    let books = collector.need("books.csv")?;
    let columns = [
        "book_id",
        "goodreads_book_id",
        "title",
        "authors",
        "original_publication_year",
    ];
    each_row(collector, &books, Table::Items, columns, |gathered, row| {
        let [id, goodreads_id, title, authors, year] = row;
        gathered.item(RawItem {
            id: fields::id(id, "book_id")?.to_owned(),
            title: title.to_owned(),
            year: parse_year(year),
            genres: shelves.get(goodreads_id).cloned().unwrap_or_default(),
            facts: fields::facts(&[("author", authors)]),
            ..RawItem::default()
        })
    })?;
    let ratings = collector.need("ratings.csv")?;
    let columns = ["user_id", "book_id", "rating"];
    each_row(collector, &ratings, Table::Ratings, columns, rating)
}

fn rating(gathered: &mut Gathered, [user, item, stars]: [&str; 3]) -> Result<(), String> {
    let user = fields::id(user, "user_id")?;
    let item = fields::id(item, "book_id")?;
    gathered.rating(user, item, fields::stars(stars)?, 0);
    Ok(())
}

/// The genres of a book by its Goodreads id, the most shelved first.
fn shelves(collector: &mut Collector) -> Result<HashMap<String, Vec<String>>, Report> {
    let tags = collector.source.plain_or_gz("tags.csv").cloned();
    let book_tags = collector.source.plain_or_gz("book_tags.csv").cloned();
    let (Some(tags), Some(book_tags)) = (tags, book_tags) else {
        collector.note("no tags.csv and book_tags.csv beside it: books have no genres");
        return Ok(HashMap::new());
    };
    let mut names: HashMap<String, &str> = HashMap::new();
    let columns = ["tag_id", "tag_name"];
    each_row(collector, &tags, Table::Items, columns, |_, [id, name]| {
        if let Some(genre) = GENRES.iter().find(|genre| **genre == name) {
            names.insert(id.to_owned(), genre);
        }
        Ok(())
    })?;
    let mut counts: HashMap<String, Vec<(u64, &str)>> = HashMap::new();
    let columns = ["goodreads_book_id", "tag_id", "count"];
    each_row(collector, &book_tags, Table::Items, columns, |_, row| {
        let [book, tag, count] = row;
        if let Some(name) = names.get(tag) {
            let n = count
                .parse()
                .map_err(|_| format!("bad count `{}`", fields::clipped(count)))?;
            counts.entry(book.to_owned()).or_default().push((n, name));
        }
        Ok(())
    })?;
    Ok(counts
        .into_iter()
        .map(|(id, found)| (id, most(found)))
        .collect())
}

fn most(mut found: Vec<(u64, &str)>) -> Vec<String> {
    found.sort_by_key(|&(n, name)| (std::cmp::Reverse(n), name));
    found.truncate(N_GENRES_MAX);
    found
        .into_iter()
        .map(|(_, name)| name.replace('-', " "))
        .collect()
}
