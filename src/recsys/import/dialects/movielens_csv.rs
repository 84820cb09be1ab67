//! MovieLens latest, 20M, 25M and 32M: CSV with a header, titles with a comma in
//! quotes. Kaggle's copy of 20M has singular names and dates.

use color_eyre::eyre::Report;

use super::super::collect::{Collector, Table};
use super::super::dialect::CsvFiles;
use super::super::fields;
use super::super::files::columns::{Column, ImportRow};
use super::super::gathered::Gathered;
use super::super::refusal::RowResult;
use super::super::title::title_and_year;
use super::ratings::{self, RATING, TIME, USER};
use crate::recsys::catalog::Item;

const ITEMS: [Column; 3] = [
    Column::needed("id", &["movieId", "id", "item_id"]),
    Column::needed("title", &["title", "name"]),
    Column::optional("genres", &["genres", "genre"]),
];
const RATINGS: [Column; 4] = [
    USER,
    Column::needed("item", &["movieId", "item_id", "item"]),
    RATING,
    TIME,
];

pub(crate) fn read(collector: &mut Collector, files: &CsvFiles) -> Result<(), Report> {
    collector.each_row(&files.items, Table::Items, &ITEMS, item)?;
    collector.each_row(&files.ratings, Table::Ratings, &RATINGS, ratings::take)
}

fn item(gathered: &mut Gathered, row: &ImportRow<'_>) -> RowResult {
    let id = fields::id(row.raw("id"), "movieId")?;
    let (title, year) = title_and_year(row.raw("title"));
    gathered.item(Item {
        id: id.into(),
        title: title.into(),
        year,
        genres: fields::genres(row.get("genres").split('|')),
        ..Item::default()
    })
}
