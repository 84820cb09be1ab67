//! RecBole's atomic files: tabs, and a header that gives every column a name and a type
//! (`movie_title:token_seq`). A sequence is separated by spaces. ColumnNames differ between
//! data sets: the id of an item is the column that the two files share.

use color_eyre::eyre::{Report, eyre};

use super::super::collect::{Collector, Table};
use super::super::dialect::RecBoleFiles;
use super::super::fields;
use super::super::files::columns::{Header, ImportRow};
use super::super::files::part::ImportPart;
use super::super::files::records::{Cut, Met, Records};
use super::super::gathered::Gathered;
use super::super::refusal::{Refusal, RowResult};
use super::super::title::{articles_in_front, title_and_year};
use super::ratings;
use crate::recsys::catalog::{Fact, Item, User};

/// Possible names of a column; and, second best, what its name may contain.
struct ColumnNames {
    whole: &'static [&'static str],
    parts: &'static [&'static str],
}

const USERS: ColumnNames = ColumnNames {
    whole: &["user_id", "uid", "reviewer_id"],
    parts: &["user"],
};
const TITLES: ColumnNames = ColumnNames {
    whole: &[
        "movie_title",
        "movie_name",
        "title",
        "item_name",
        "book_title",
        "product_name",
        "name",
    ],
    parts: &["title", "name"],
};
const YEARS: ColumnNames = ColumnNames {
    whole: &[
        "release_year",
        "year",
        "publication_year",
        "release_date",
        "date",
    ],
    parts: &["year"],
};
const GENRES: ColumnNames = ColumnNames {
    whole: &[
        "class",
        "genre",
        "genres",
        "categories",
        "category",
        "type",
        "tags",
    ],
    parts: &["genre", "categor"],
};
const RATINGS: ColumnNames = ColumnNames {
    whole: &[
        "rating",
        "stars",
        "overall",
        "score",
        "weight",
        "label",
        "play_count",
    ],
    parts: &["rating", "star", "weight", "count", "play"],
};
const TIMES: ColumnNames = ColumnNames {
    whole: &["timestamp", "time", "date"],
    parts: &["time", "date"],
};

/// A column's name and type.
struct Typed {
    name: String,
    kind: FieldKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FieldKind {
    Token,
    Sequence,
    Float,
}

pub(crate) fn read(collector: &mut Collector, files: &RecBoleFiles) -> Result<(), Report> {
    let ids = Ids::shared(&files.inter[0], &files.item)?;
    let header = |line: &str| item_header(line, &ids.item);
    collector.each_plain_row(&files.item, Table::Items, '\t', header, item)?;
    if let Some(users) = &files.user {
        let header = |line: &str| user_header(line, &ids.user);
        collector.each_plain_row(users, Table::Users, '\t', header, user)?;
    }
    for part in &files.inter {
        let header = |line: &str| rating_header(line, &ids);
        collector.each_plain_row(part, Table::Ratings, '\t', header, ratings::take)?;
    }
    Ok(())
}

/// The names of the columns of ids.
struct Ids {
    user: String,
    item: String,
}

impl Ids {
    fn shared(inter: &ImportPart, item: &ImportPart) -> Result<Self, Report> {
        let (rated, described) = (columns_of(inter)?, columns_of(item)?);
        let no_column = |what: &str| eyre!("{}:1: {what}", inter.shown());
        let user = find(&rated, &USERS, |typed| typed.kind == FieldKind::Token);
        let tokens = (0..rated.len()).filter(|&at| rated[at].kind == FieldKind::Token);
        let is_described = |at: &usize| described.iter().any(|d| d.name == rated[*at].name);
        let shared: Vec<usize> = tokens
            .clone()
            .filter(|at| Some(*at) != user && is_described(at))
            .collect();
        let likeliest = |at: &&usize| match rated[**at].name.as_str() {
            "item_id" => 0,
            name if name.ends_with("_id") => 1,
            _ => 2,
        };
        let item_at = shared.iter().min_by_key(likeliest).copied();
        let item_at = item_at.ok_or_else(|| {
            no_column(&format!(
                "the header shares no column of ids with {}, as item_id:token",
                item.name
            ))
        })?;
        let user = user.or_else(|| tokens.clone().find(|at| *at != item_at));
        let user = user.ok_or_else(|| no_column("the header has no column for the user"))?;
        Ok(Ids {
            user: rated[user].name.clone(),
            item: rated[item_at].name.clone(),
        })
    }
}

/// The columns of a file, from its first line.
fn columns_of(part: &ImportPart) -> Result<Vec<Typed>, Report> {
    let mut records = Records::open(part, None)?;
    while let Met::Blank = records.next_row(Cut::Lines) {}
    let shown = part.shown();
    if records.line().trim().is_empty() {
        return Err(eyre!("{shown}: empty; it needs a header"));
    }
    let number = records.number;
    typed(records.line()).map_err(|refusal| match refusal {
        Refusal::Row(_, what) | Refusal::File(what) => eyre!("{shown}:{number}: {what}"),
    })
}

/// The columns' names; each must say its type.
fn typed(line: &str) -> Result<Vec<Typed>, Refusal> {
    let column = |field: &str| {
        let (name, kind) = field.trim().split_once(':')?;
        let kind = match kind {
            "token" => FieldKind::Token,
            "token_seq" => FieldKind::Sequence,
            "float" | "float_seq" => FieldKind::Float,
            _ => return None,
        };
        Some(Typed {
            name: name.to_owned(),
            kind,
        })
    };
    let fields = line.trim_end_matches('\t').split('\t');
    let columns = fields.map(|field| {
        column(field).ok_or_else(|| {
            let field = fields::clipped(field);
            Refusal::File(format!(
                "`{field}` is not a column name with its type, as in item_id:token"
            ))
        })
    });
    columns.collect()
}

/// The index of the likeliest suitable column of a kind.
fn find(columns: &[Typed], names: &ColumnNames, fits: impl Fn(&Typed) -> bool) -> Option<usize> {
    let place = |is_it: &dyn Fn(&str) -> bool| {
        let mut columns = columns.iter();
        columns.position(|typed| fits(typed) && is_it(&typed.name.to_lowercase()))
    };
    let whole = names.whole.iter();
    let mut whole = whole.filter_map(|name| place(&|known: &str| known == *name));
    let parts = names.parts.iter();
    let mut parts = parts.filter_map(|part| place(&|known: &str| known.contains(part)));
    whole.next().or_else(|| parts.next())
}

fn header_of(columns: &[Typed]) -> Header {
    let names = columns.iter().map(|typed| typed.name.clone());
    Header::of_names(names.collect())
}

/// Gives the column of this name a meaning.
fn set_id(
    header: &mut Header,
    columns: &[Typed],
    meaning: &'static str,
    name: &str,
) -> Result<(), Refusal> {
    let place = columns.iter().position(|typed| typed.name == name);
    let place = place.ok_or_else(|| Refusal::File(format!("the header has no {name}")))?;
    header.set(meaning, place);
    Ok(())
}

fn item_header(line: &str, id: &str) -> Result<Header, Refusal> {
    let columns = typed(line)?;
    let mut header = header_of(&columns);
    set_id(&mut header, &columns, "id", id)?;
    for (meaning, names) in [("title", &TITLES), ("year", &YEARS), ("genres", &GENRES)] {
        let found = find(&columns, names, |typed| typed.name != id);
        if let Some(place) = found.filter(|place| !header.means_something(*place)) {
            header.set(meaning, place);
        }
    }
    if header.place("title").is_none() {
        // By its type: the first text column without another meaning.
        let is_text = |(at, typed): &(usize, &Typed)| {
            typed.kind == FieldKind::Sequence && !header.means_something(*at)
        };
        let text = columns.iter().enumerate().find(is_text);
        let what = "no column for the title (title, movie_title, name)";
        let (place, _) = text.ok_or_else(|| Refusal::File(what.to_owned()))?;
        header.set("title", place);
    }
    Ok(header)
}

fn user_header(line: &str, id: &str) -> Result<Header, Refusal> {
    let columns = typed(line)?;
    let mut header = header_of(&columns);
    set_id(&mut header, &columns, "id", id)?;
    Ok(header)
}

fn rating_header(line: &str, ids: &Ids) -> Result<Header, Refusal> {
    let columns = typed(line)?;
    let mut header = header_of(&columns);
    set_id(&mut header, &columns, "user", &ids.user)?;
    set_id(&mut header, &columns, "item", &ids.item)?;
    let is_number = |typed: &Typed| typed.kind == FieldKind::Float;
    let is_rating = |typed: &Typed| typed.name == RATINGS.whole[0];
    let rating = find(&columns, &RATINGS, is_number);
    if let Some(place) = rating.or_else(|| columns.iter().position(is_rating)) {
        header.set("rating", place);
    }
    let is_free = |typed: &Typed| typed.name != ids.user && typed.name != ids.item;
    if let Some(place) = find(&columns, &TIMES, is_free) {
        header.set("time", place);
    }
    Ok(header)
}

fn item(gathered: &mut Gathered, row: &ImportRow<'_>) -> RowResult {
    let id = fields::id(row.raw("id"), row.header.name("id").unwrap_or("id"))?;
    let title = row.raw("title");
    let (title, year) = match gathered.year(row.get("year")) {
        Some(year) => (articles_in_front(title.trim()), Some(year)),
        None => title_and_year(title),
    };
    gathered.item(Item {
        id: id.into(),
        title: title.into(),
        year,
        genres: fields::genres(sequence(row.get("genres")).into_iter()),
        facts: others(row),
        ..Item::default()
    })
}

fn user(gathered: &mut Gathered, row: &ImportRow<'_>) -> RowResult {
    let id = fields::id(row.raw("id"), row.header.name("id").unwrap_or("id"))?;
    gathered.user(User {
        facts: others(row),
        ..User::unnamed(id)
    })
}

/// Every other column, as facts.
fn others(row: &ImportRow<'_>) -> Box<[Fact]> {
    let pairs = row
        .others()
        .map(|(name, value)| (name.replace('_', " "), value));
    let pairs: Vec<(String, &str)> = pairs.collect();
    fields::facts(pairs.iter().map(|(name, value)| (&**name, *value)))
}

/// `Action Comedy`; or `'Books', 'Art & Music'` and `Doctors, Family Practice`, as
/// some conversions have it.
fn sequence(text: &str) -> Vec<&str> {
    if text.contains("', '") || text.starts_with('\'') {
        let parts = text.split("', '");
        return parts
            .map(|part| part.trim_matches(['\'', ' ', '[', ']']))
            .collect();
    }
    let separator = [", ", "|", " "].into_iter().find(|s| text.contains(s));
    text.split(separator.unwrap_or(" ")).collect()
}
