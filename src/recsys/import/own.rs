//! Our own format: `items`, and if there are any `users` and `ratings`, each as
//! CSV with a header or as JSON lines. Only an item's id and title must be there;
//! a column of another name is a fact about the subject.

use std::borrow::Cow;

use color_eyre::eyre::{Report, eyre};
use serde_json::{Map, Value};

use super::super::catalog::Fact;
use super::collect::{Collector, Cut, Gathered, RawItem, RawUser, Table};
use super::dialect::OwnFiles;
use super::fields;
use super::lines::{Encoding::Utf8, csv_fields};
use super::source::Part;
use super::title::parse_year;

pub fn read(collector: &mut Collector, files: &OwnFiles) -> Result<(), Report> {
    rows(
        collector,
        &files.items,
        Table::Items,
        &["id", "title"],
        |gathered, row| gathered.item(item(row)?),
    )?;
    if let Some(users) = &files.users {
        rows(collector, users, Table::Users, &["id"], |gathered, row| {
            gathered.user(user(row)?)
        })?;
    }
    if let Some(ratings) = &files.ratings {
        let needed = ["user", "item", "rating"];
        rows(collector, ratings, Table::Ratings, &needed, rating)?;
    }
    Ok(())
}

fn item(row: &Row) -> Result<RawItem, String> {
    let year = row.text("year");
    Ok(RawItem {
        id: fields::id(&row.text("id"), "id")?.to_owned(),
        title: row.text("title"),
        year: match year.is_empty() {
            true => None,
            false => Some(
                parse_year(&year)
                    .ok_or_else(|| format!("bad year `{}`", fields::clipped(&year)))?,
            ),
        },
        genres: row.list("genres"),
        director: row.text("director"),
        country: row.text("country"),
        themes: row.list("themes"),
        facts: row.others(&[
            "id", "title", "year", "genres", "director", "country", "themes",
        ]),
    })
}

fn user(row: &Row) -> Result<RawUser, String> {
    let id = row.text("id");
    let unnamed = RawUser::unnamed(fields::id(&id, "id")?);
    let name = Some(row.text("name")).filter(|name| !name.is_empty());
    Ok(RawUser {
        name: name.unwrap_or(unnamed.name),
        facts: row.others(&["id", "name"]),
        ..unnamed
    })
}

fn rating(gathered: &mut Gathered, row: &Row) -> Result<(), String> {
    let (user, item, at) = (row.text("user"), row.text("item"), row.text("timestamp"));
    let at_s = match at.is_empty() {
        // Then the file's order is the order.
        true => 0,
        false => fields::seconds(&at)?,
    };
    let (user, item) = (fields::id(&user, "user")?, fields::id(&item, "item")?);
    gathered.rating(user, item, fields::stars(&row.text("rating"))?, at_s);
    Ok(())
}

/// One row: names and values, as texts or as JSON has them.
struct Row<'a> {
    cells: Vec<(&'a str, Cell<'a>)>,
}

enum Cell<'a> {
    Text(&'a str),
    Json(&'a Value),
}

impl Cell<'_> {
    fn text(&self) -> String {
        match self {
            Cell::Text(text) => (*text).to_owned(),
            Cell::Json(Value::String(text)) => text.trim().to_owned(),
            Cell::Json(Value::Null) => String::new(),
            Cell::Json(Value::Array(parts)) => {
                let parts = parts.iter().map(|part| Cell::Json(part).text());
                parts.collect::<Vec<_>>().join("|")
            }
            Cell::Json(other) => other.to_string(),
        }
    }
}

impl Row<'_> {
    /// Empty where there is no such column.
    fn text(&self, name: &str) -> String {
        let cell = self.cells.iter().find(|(known, _)| *known == name);
        cell.map(|(_, cell)| cell.text()).unwrap_or_default()
    }

    /// Between bars in CSV; an array in JSON.
    fn list(&self, name: &str) -> Vec<String> {
        fields::genres(self.text(name).split('|'))
    }

    fn others(&self, used: &[&str]) -> Vec<Fact> {
        let others = self.cells.iter().filter(|(name, _)| !used.contains(name));
        let pairs: Vec<(&str, String)> = others.map(|(name, cell)| (*name, cell.text())).collect();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, v)| (*name, &**v)).collect();
        fields::facts(&pairs)
    }
}

fn rows(
    collector: &mut Collector,
    part: &Part,
    table: Table,
    needed: &[&str],
    mut read: impl FnMut(&mut Gathered, &Row) -> Result<(), String>,
) -> Result<(), Report> {
    if part.name.contains(".jsonl") {
        let how = (table, Cut::Lines, Utf8);
        return collector.each_line(part, how, |gathered, line| {
            let object: Map<String, Value> =
                serde_json::from_str(line).map_err(|e| format!("no JSON object: {e}"))?;
            let cells = object
                .iter()
                .map(|(name, value)| (&**name, Cell::Json(value)));
            read(
                gathered,
                &Row {
                    cells: cells.collect(),
                },
            )
        });
    }
    let mut names: Vec<String> = Vec::new();
    let mut header_fault = None;
    let how = (table, Cut::Csv, Utf8);
    collector.each_line(part, how, |gathered, line| {
        let mut fields: Vec<Cow<'_, str>> = Vec::new();
        csv_fields(line, &mut fields)?;
        if names.is_empty() {
            names = fields.iter().map(|name| name.trim().to_owned()).collect();
            header_fault = lacking(&names, needed);
            return Ok(());
        }
        if let Some(what) = &header_fault {
            return Err(String::clone(what));
        }
        if fields.len() != names.len() {
            return Err(format!("{} fields, not {}", fields.len(), names.len()));
        }
        let cells = names
            .iter()
            .zip(&fields)
            .map(|(name, field)| (&**name, Cell::Text(field)));
        read(
            gathered,
            &Row {
                cells: cells.collect(),
            },
        )
    })?;
    match (header_fault, names.is_empty()) {
        (Some(what), _) => Err(eyre!("{}:1: {what}", part.shown())),
        (None, true) => Err(eyre!("{}: empty; it needs a header", part.shown())),
        (None, false) => Ok(()),
    }
}

fn lacking(names: &[String], needed: &[&str]) -> Option<String> {
    let absent: Vec<&str> = needed
        .iter()
        .filter(|wanted| !names.iter().any(|name| name == *wanted))
        .copied()
        .collect();
    (!absent.is_empty()).then(|| format!("the header lacks {}", absent.join(", ")))
}
