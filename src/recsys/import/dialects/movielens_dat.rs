//! MovieLens 1M and 10M: fields between `::`; 1M in Latin-1 with users, 10M in
//! UTF-8 with half stars.

use color_eyre::eyre::Report;

use super::super::collect::{Collector, Table};
use super::super::fields;
use super::super::gathered::Gathered;
use super::super::refusal::RowResult;
use super::super::title::title_and_year;
use crate::recsys::catalog::{Item, User};

const OCCUPATIONS: [&str; 21] = [
    "other",
    "educator",
    "artist",
    "administration",
    "student",
    "customer service",
    "doctor",
    "executive",
    "farmer",
    "homemaker",
    "student",
    "lawyer",
    "programmer",
    "retired",
    "sales",
    "scientist",
    "self-employed",
    "engineer",
    "tradesman",
    "unemployed",
    "writer",
];

/// 1M writes an age as the first year of its bracket.
const AGES: [(&str, &str); 7] = [
    ("1", "under 18"),
    ("18", "18 to 24"),
    ("25", "25 to 34"),
    ("35", "35 to 44"),
    ("45", "45 to 49"),
    ("50", "50 to 55"),
    ("56", "56 or more"),
];

pub(crate) fn read(collector: &mut Collector) -> Result<(), Report> {
    let items = collector.need("movies.dat")?;
    collector.each_line(&items, Table::Items, Some("::"), item)?;
    if let Some(users) = collector.source.plain_or_gz("users.dat").cloned() {
        collector.each_line(&users, Table::Users, Some("::"), user)?;
    }
    let ratings = collector.need("ratings.dat")?;
    collector.each_line(&ratings, Table::Ratings, Some("::"), rating)
}

fn item(gathered: &mut Gathered, line: &str) -> RowResult {
    let [id, title, genres] = fields::exactly(line.split("::"))?;
    let (title, year) = title_and_year(title);
    gathered.item(Item {
        id: fields::id(id, "movie id")?.into(),
        title: title.into(),
        year,
        genres: fields::genres(genres.split('|')),
        ..Item::default()
    })
}

fn user(gathered: &mut Gathered, line: &str) -> RowResult {
    let [id, gender, age, occupation, zip] = fields::exactly(line.split("::"))?;
    let bracket = AGES.iter().find(|(first, _)| *first == age.trim());
    let number: Option<usize> = occupation.trim().parse().ok();
    let name = number.and_then(|number| OCCUPATIONS.get(number));
    let facts = [
        ("age", bracket.map_or(age, |(_, bracket)| bracket)),
        ("gender", gender),
        ("occupation", name.unwrap_or(&occupation)),
        ("zip code", zip),
    ];
    gathered.user(User {
        facts: fields::facts(facts),
        ..User::unnamed(fields::id(id, "user id")?)
    })
}

fn rating(gathered: &mut Gathered, line: &str) -> RowResult {
    let [user, item, stars, at] = fields::exactly(line.split("::"))?;
    let user = fields::id(user, "user id")?;
    let item = fields::id(item, "movie id")?;
    let at_s = gathered.time(at);
    gathered.rating(user, item, fields::rating(stars)?, at_s)
}
