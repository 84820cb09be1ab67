//! MovieLens 1M and 10M: fields between `::`; 1M in Latin-1 with users, 10M in
//! UTF-8 with half stars.

use color_eyre::eyre::Report;

use super::collect::{Collector, Cut, Gathered, RawItem, RawUser, Table};
use super::fields;
use super::lines::Encoding::Utf8OrLatin1;
use super::title::title_and_year;

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

pub fn read(collector: &mut Collector) -> Result<(), Report> {
    let items = collector.need("movies.dat")?;
    let how = (Table::Items, Cut::Lines, Utf8OrLatin1);
    collector.each_line(&items, how, item)?;
    if let Some(users) = collector.source.plain_or_gz("users.dat").cloned() {
        let how = (Table::Users, Cut::Lines, Utf8OrLatin1);
        collector.each_line(&users, how, user)?;
    }
    let ratings = collector.need("ratings.dat")?;
    let how = (Table::Ratings, Cut::Lines, Utf8OrLatin1);
    collector.each_line(&ratings, how, rating)
}

fn item(gathered: &mut Gathered, line: &str) -> Result<(), String> {
    let [id, title, genres] = fields::exactly(line.split("::"))?;
    let (title, year) = title_and_year(title);
    gathered.item(RawItem {
        id: fields::id(id, "movie id")?.to_owned(),
        title,
        year,
        genres: fields::genres(genres.split('|')),
        ..RawItem::default()
    })
}

fn user(gathered: &mut Gathered, line: &str) -> Result<(), String> {
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
    gathered.user(RawUser {
        facts: fields::facts(&facts),
        ..RawUser::unnamed(fields::id(id, "user id")?)
    })
}

fn rating(gathered: &mut Gathered, line: &str) -> Result<(), String> {
    let [user, item, stars, at] = fields::exactly(line.split("::"))?;
    let user = fields::id(user, "user id")?;
    let item = fields::id(item, "movie id")?;
    gathered.rating(user, item, fields::stars(stars)?, fields::seconds(at)?);
    Ok(())
}
