//! MovieLens 100K: `u.data` by tabs, `u.item` and `u.user` by bars, Latin-1.

use color_eyre::eyre::Report;

use super::super::collect::{Collector, Table};
use super::super::fields;
use super::super::gathered::Gathered;
use super::super::refusal::{Reason, Refusal, RowResult};
use super::super::title::title_and_year;
use crate::recsys::catalog::{Item, User};

/// The flags at the end of a line of `u.item`, in their order.
const GENRES: [&str; 19] = [
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
];
/// Before the flags: id, title, release date, video release date, URL.
const N_BEFORE_GENRES: usize = 5;

pub(crate) fn read(collector: &mut Collector) -> Result<(), Report> {
    let items = collector.need("u.item")?;
    collector.each_line(&items, Table::Items, Some("|"), item)?;
    if let Some(users) = collector.source.plain_or_gz("u.user").cloned() {
        collector.each_line(&users, Table::Users, Some("|"), user)?;
    }
    let ratings = collector.need("u.data")?;
    collector.each_line(&ratings, Table::Ratings, Some("\t"), rating)
}

fn item(gathered: &mut Gathered, line: &str) -> RowResult {
    let fields: Vec<&str> = line.split('|').collect();
    let n_wanted = N_BEFORE_GENRES + GENRES.len();
    if fields.len() != n_wanted {
        let what = format!("{} fields, not {n_wanted}", fields.len());
        return Err(Refusal::row(Reason::FieldCount, what));
    }
    let (title, year) = title_and_year(fields[1]);
    let flags = GENRES.iter().zip(&fields[N_BEFORE_GENRES..]);
    let set = flags.filter(|(_, flag)| flag.trim() == "1");
    gathered.item(Item {
        id: fields::id(fields[0], "item id")?.into(),
        title: title.into(),
        year,
        genres: fields::genres(set.map(|(name, _)| *name)),
        ..Item::default()
    })
}

fn user(gathered: &mut Gathered, line: &str) -> RowResult {
    let [id, age, gender, occupation, zip] = fields::exactly(line.split('|'))?;
    let facts = [
        ("age", age),
        ("gender", gender),
        ("occupation", occupation),
        ("zip code", zip),
    ];
    gathered.user(User {
        facts: fields::facts(facts),
        ..User::unnamed(fields::id(id, "user id")?)
    })
}

fn rating(gathered: &mut Gathered, line: &str) -> RowResult {
    let [user, item, stars, at] = fields::exactly(line.split('\t'))?;
    let user = fields::id(user, "user id")?;
    let item = fields::id(item, "item id")?;
    let at_s = gathered.time(at);
    gathered.rating(user, item, fields::rating(stars)?, at_s)
}
