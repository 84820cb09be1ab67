//! MovieLens latest, 20M, 25M and 32M: CSV with a header, titles in quotes where
//! they hold a comma.

use color_eyre::eyre::Report;

use super::collect::{Collector, Gathered, RawItem, Table};
use super::columns::each_row;
use super::fields;
use super::title::title_and_year;

pub fn read(collector: &mut Collector) -> Result<(), Report> {
    let items = collector.need("movies.csv")?;
    let columns = ["movieId", "title", "genres"];
    each_row(collector, &items, Table::Items, columns, item)?;
    let ratings = collector.need("ratings.csv")?;
    let columns = ["userId", "movieId", "rating", "timestamp"];
    each_row(collector, &ratings, Table::Ratings, columns, rating)
}

fn item(gathered: &mut Gathered, [id, title, genres]: [&str; 3]) -> Result<(), String> {
    let (title, year) = title_and_year(title);
    gathered.item(RawItem {
        id: fields::id(id, "movieId")?.to_owned(),
        title,
        year,
        genres: fields::genres(genres.split('|')),
        ..RawItem::default()
    })
}

fn rating(gathered: &mut Gathered, [user, item, stars, at]: [&str; 4]) -> Result<(), String> {
    let user = fields::id(user, "userId")?;
    let item = fields::id(item, "movieId")?;
    gathered.rating(user, item, fields::stars(stars)?, fields::seconds(at)?);
    Ok(())
}
