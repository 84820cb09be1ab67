//! MovieLens 100K: `u.data` by tabs, `u.item` and `u.user` by bars, Latin-1.

use color_eyre::eyre::Report;

use super::collect::{Collector, Cut, Gathered, RawItem, RawUser, Table};
use super::fields;
use super::lines::Encoding::Utf8OrLatin1;
use super::title::title_and_year;

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

pub fn read(collector: &mut Collector) -> Result<(), Report> {
    let items = collector.need("u.item")?;
    let how = (Table::Items, Cut::Lines, Utf8OrLatin1);
    collector.each_line(&items, how, item)?;
    if let Some(users) = collector.source.plain_or_gz("u.user").cloned() {
        let how = (Table::Users, Cut::Lines, Utf8OrLatin1);
        collector.each_line(&users, how, user)?;
    }
    let ratings = collector.need("u.data")?;
    let how = (Table::Ratings, Cut::Lines, Utf8OrLatin1);
    collector.each_line(&ratings, how, rating)
}

fn item(gathered: &mut Gathered, line: &str) -> Result<(), String> {
    let fields: Vec<&str> = line.split('|').collect();
    let n_wanted = N_BEFORE_GENRES + GENRES.len();
    if fields.len() != n_wanted {
        return Err(format!("{} fields, not {n_wanted}", fields.len()));
    }
    let (title, year) = title_and_year(fields[1]);
    let flags = GENRES.iter().zip(&fields[N_BEFORE_GENRES..]);
    let set = flags.filter(|(_, flag)| flag.trim() == "1");
    gathered.item(RawItem {
        id: fields::id(fields[0], "item id")?.to_owned(),
        title,
        year,
        genres: fields::genres(set.map(|(name, _)| *name)),
        ..RawItem::default()
    })
}

fn user(gathered: &mut Gathered, line: &str) -> Result<(), String> {
    let [id, age, gender, occupation, zip] = fields::exactly(line.split('|'))?;
    let facts = [
        ("age", age),
        ("gender", gender),
        ("occupation", occupation),
        ("zip code", zip),
    ];
    gathered.user(RawUser {
        facts: fields::facts(&facts),
        ..RawUser::unnamed(fields::id(id, "user id")?)
    })
}

fn rating(gathered: &mut Gathered, line: &str) -> Result<(), String> {
    let [user, item, stars, at] = fields::exactly(line.split('\t'))?;
    let user = fields::id(user, "user id")?;
    let item = fields::id(item, "item id")?;
    gathered.rating(user, item, fields::stars(stars)?, fields::seconds(at)?);
    Ok(())
}
