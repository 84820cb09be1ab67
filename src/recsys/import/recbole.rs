//! RecBole's atomic files: tabs, and a header that gives every column a name and
//! a type (`movie_title:token_seq`). A sequence is separated by spaces.

use color_eyre::eyre::{Report, eyre};

use super::super::catalog::Fact;
use super::collect::{Collector, Cut, Gathered, RawItem, RawUser, Table};
use super::dialect::RecBoleFiles;
use super::fields;
use super::lines::Encoding::Utf8;
use super::source::Part;
use super::title::{articles_in_front, parse_year, title_and_year};

/// Where an interaction has no rating it counts as liked.
const IMPLICIT_STARS: f32 = 5.0;

pub fn read(collector: &mut Collector, files: &RecBoleFiles) -> Result<(), Report> {
    rows(collector, &files.item, Table::Items, |gathered, row| {
        gathered.item(item(row)?)
    })?;
    if let Some(users) = &files.user {
        rows(collector, users, Table::Users, |gathered, row| {
            gathered.user(user(row)?)
        })?;
    }
    let mut n_implicit = 0u64;
    rows(collector, &files.inter, Table::Ratings, |gathered, row| {
        let implicit = row.find(&["rating"]).is_none();
        n_implicit += u64::from(implicit);
        rating(gathered, row)
    })?;
    if n_implicit > 0 {
        collector.note(format!(
            "{n_implicit} interactions without a rating count as liked"
        ));
    }
    Ok(())
}

fn item(row: &Row<'_>) -> Result<RawItem, String> {
    let id = fields::id(row.need("item_id")?, "item_id")?.to_owned();
    let named = row.find(&TITLES);
    let title = named.ok_or("no column for the title (title, movie_title, name)")?;
    let years = ["release_year", "year", "publication_year"];
    let year = row.find(&years).and_then(parse_year);
    let (title, year) = match year {
        Some(year) => (articles_in_front(title.trim()), Some(year)),
        None => title_and_year(title),
    };
    let kinds = ["class", "genre", "genres", "categories", "category"];
    Ok(RawItem {
        id,
        title,
        year,
        genres: fields::genres(sequence(row.find(&kinds).unwrap_or_default()).into_iter()),
        facts: row.others(
            &["item_id"],
            &[&years[..], &kinds[..], &TITLES[..]].concat(),
        ),
        ..RawItem::default()
    })
}

const TITLES: [&str; 5] = ["movie_title", "title", "book_title", "name", "item_name"];

fn user(row: &Row<'_>) -> Result<RawUser, String> {
    Ok(RawUser {
        facts: row.others(&["user_id"], &[]),
        ..RawUser::unnamed(fields::id(row.need("user_id")?, "user_id")?)
    })
}

fn rating(gathered: &mut Gathered, row: &Row<'_>) -> Result<(), String> {
    let user = fields::id(row.need("user_id")?, "user_id")?;
    let item = fields::id(row.need("item_id")?, "item_id")?;
    let stars = match row.find(&["rating"]) {
        Some(text) => fields::stars(text)?,
        None => IMPLICIT_STARS,
    };
    let at_s = match row.find(&["timestamp"]) {
        Some(text) => fields::seconds(text)?,
        // Then the file's order is the order.
        None => 0,
    };
    gathered.rating(user, item, stars, at_s);
    Ok(())
}

/// `Action Comedy`, or `'Books', 'Art & Music'` as Amazon's conversions have it.
fn sequence(text: &str) -> Vec<&str> {
    match text.contains("', '") || text.starts_with('\'') {
        true => text
            .split("', '")
            .map(|part| part.trim_matches(['\'', ' ', '[', ']']))
            .collect(),
        false => text.split(' ').collect(),
    }
}

/// One line's fields by the names of their columns.
struct Row<'a> {
    names: &'a [String],
    fields: &'a [&'a str],
}

impl<'a> Row<'a> {
    fn find(&self, names: &[&str]) -> Option<&'a str> {
        let place = names
            .iter()
            .find_map(|name| self.names.iter().position(|known| known == name))?;
        self.fields.get(place).copied()
    }

    fn need(&self, name: &str) -> Result<&'a str, String> {
        self.find(&[name])
            .ok_or_else(|| format!("the header has no {name}"))
    }

    /// Every other column, as facts.
    fn others(&self, ids: &[&str], used: &[&str]) -> Vec<Fact> {
        let taken = |name: &str| ids.contains(&name) || used.contains(&name);
        let pairs: Vec<(String, &str)> = self
            .names
            .iter()
            .zip(self.fields)
            .filter(|(name, _)| !taken(name))
            .map(|(name, value)| (name.replace('_', " "), *value))
            .collect();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, v)| (&**name, *v)).collect();
        fields::facts(&pairs)
    }
}

fn rows(
    collector: &mut Collector,
    part: &Part,
    table: Table,
    mut read: impl FnMut(&mut Gathered, &Row<'_>) -> Result<(), String>,
) -> Result<(), Report> {
    let mut names: Option<Result<Vec<String>, String>> = None;
    let how = (table, Cut::Lines, Utf8);
    collector.each_line(part, how, |gathered, line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let names = match &names {
            Some(Ok(names)) => names,
            Some(Err(what)) => return Err(what.clone()),
            None => {
                let found = header(&fields);
                let result = found.as_ref().map(drop).map_err(String::clone);
                names = Some(found);
                return result;
            }
        };
        if fields.len() != names.len() {
            return Err(format!("{} fields, not {}", fields.len(), names.len()));
        }
        let row = Row {
            names,
            fields: &fields,
        };
        read(gathered, &row)
    })?;
    match names {
        Some(Ok(_)) => Ok(()),
        Some(Err(what)) => Err(eyre!("{}:1: {what}", part.shown())),
        None => Err(eyre!("{}: empty; it needs a header", part.shown())),
    }
}

/// The columns' names; each must say its type.
fn header(fields: &[&str]) -> Result<Vec<String>, String> {
    const TYPES: [&str; 4] = ["token", "token_seq", "float", "float_seq"];
    let name = |field: &&str| match field.trim().split_once(':') {
        Some((name, kind)) if TYPES.contains(&kind) => Ok(name.to_owned()),
        _ => Err(format!(
            "`{}` is no column's name and type, as in item_id:token",
            fields::clipped(field)
        )),
    };
    fields.iter().map(name).collect()
}
