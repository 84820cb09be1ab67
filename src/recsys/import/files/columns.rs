//! Which column of a file means what, by its name; rows by those meanings.

use std::collections::BTreeMap;

use super::super::fields::{clipped, present};
use super::super::refusal::{Reason, Refusal};
use super::csv::{Fields, cut};

/// A column that a dialect knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) meaning: &'static str,
    /// Its possible names, the likeliest first; letter case, spaces, `_` and `-` do
    /// not count.
    pub(crate) names: &'static [&'static str],
    pub(crate) is_needed: bool,
}

impl Column {
    pub(crate) const fn needed(meaning: &'static str, names: &'static [&'static str]) -> Self {
        Column {
            meaning,
            names,
            is_needed: true,
        }
    }

    pub(crate) const fn optional(meaning: &'static str, names: &'static [&'static str]) -> Self {
        Column {
            meaning,
            names,
            is_needed: false,
        }
    }
}

/// The columns of one file and what they mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) names: Vec<String>,
    /// Meanings with the places of their columns.
    places: Vec<(&'static str, usize)>,
}

/// `movieId`, `movie_id` and `Movie ID` are one name.
fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-'));
    letters.flat_map(char::to_lowercase).collect()
}

/// The names in the header of a CSV file, without empty ones at the end.
pub(crate) fn csv_names(line: &str, separator: char) -> Vec<String> {
    let mut fields = Fields::default();
    cut(line, separator, None, &mut fields);
    let n = fields.n_filled();
    fields.iter().take(n).map(str::to_owned).collect()
}

impl Header {
    /// Columns without a meaning so far.
    pub(crate) fn of_names(names: Vec<String>) -> Self {
        Header {
            names,
            places: Vec::new(),
        }
    }

    /// # Errors
    /// A required column is missing.
    pub(crate) fn find(names: Vec<String>, columns: &[Column]) -> Result<Self, Refusal> {
        let mut header = Header::of_names(names);
        let mut absent = Vec::new();
        for column in columns {
            match header.place_of(column) {
                Some(place) => header.places.push((column.meaning, place)),
                None if column.is_needed => absent.push(column.names[0]),
                None => {}
            }
        }
        if absent.is_empty() {
            return Ok(header);
        }
        let names = clipped(&header.names.join(", "));
        let absent = absent.join(", ");
        Err(Refusal::File(format!(
            "the header lacks {absent}; it has {names}"
        )))
    }

    /// The first of a column's names that matches a column without a meaning so far.
    fn place_of(&self, column: &Column) -> Option<usize> {
        column.names.iter().find_map(|name| {
            let name = folded(name);
            let mut found = self.names.iter().enumerate();
            let is_free = |place: usize| self.places.iter().all(|(_, taken)| *taken != place);
            found
                .find(|(place, known)| folded(known) == name && is_free(*place))
                .map(|(place, _)| place)
        })
    }

    /// Gives a meaning to a column without one.
    pub(crate) fn set(&mut self, meaning: &'static str, place: usize) {
        self.places.push((meaning, place));
    }

    pub(crate) fn place(&self, meaning: &str) -> Option<usize> {
        let found = self.places.iter().find(|(known, _)| *known == meaning);
        found.map(|(_, place)| *place)
    }

    /// The name of the column that means this.
    pub(crate) fn name(&self, meaning: &str) -> Option<&str> {
        self.place(meaning).map(|place| &*self.names[place])
    }

    pub(crate) fn means_something(&self, place: usize) -> bool {
        self.places.iter().any(|(_, taken)| *taken == place)
    }

    /// For the findings: the column by meaning.
    pub(crate) fn taken(&self) -> BTreeMap<String, String> {
        let places = self.places.iter();
        let names = places.map(|(meaning, place)| {
            let name = &self.names[*place];
            ((*meaning).to_owned(), name.clone())
        });
        names.collect()
    }
}

/// One row of a file with a header.
pub(crate) struct ImportRow<'a> {
    pub(crate) header: &'a Header,
    pub(crate) fields: &'a Fields,
}

impl<'a> ImportRow<'a> {
    /// # Errors
    /// More fields than columns; empty ones at the end do not count. Fewer are fields
    /// without a value.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let n = self.header.names.len();
        if self.fields.len() <= n || self.fields.n_filled() <= n {
            return Ok(());
        }
        let what = format!("{} fields, not {n}", self.fields.n_filled());
        Err(Refusal::row(Reason::FieldCount, what))
    }

    /// The unchanged field, for ids and titles; empty if there is no such column.
    pub(crate) fn raw(&self, meaning: &str) -> &'a str {
        let place = self.header.place(meaning);
        place.map_or("", |place| self.fields.get(place))
    }

    /// The field, empty if it means "missing".
    pub(crate) fn get(&self, meaning: &str) -> &'a str {
        present(self.raw(meaning))
    }

    /// Names and values of the columns unknown to the program. A column without a name
    /// is the number of the row.
    pub(crate) fn others(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let (header, fields) = (self.header, self.fields);
        let names = header.names.iter().enumerate();
        names
            .filter(|(place, name)| {
                let is_index = name.is_empty() || name.starts_with("Unnamed: ");
                !is_index && !header.means_something(*place)
            })
            .map(|(place, name)| (&**name, fields.get(place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column::needed("id", &["movieId", "id"]),
        Column::needed("title", &["title", "name"]),
        Column::optional("year", &["year"]),
    ];

    #[test]
    fn columns_are_found_by_their_names() {
        let names = csv_names("\"Movie ID\";Name;x;;", ';');
        let header = Header::find(names, &COLUMNS).unwrap();
        assert_eq!(header.names.len(), 3);
        assert_eq!(header.place("id"), Some(0));
        assert_eq!(
            (header.name("title"), header.place("year")),
            (Some("Name"), None)
        );
        let mut fields = Fields::default();
        fields.split("1; None;None;;", ';');
        let row = ImportRow {
            header: &header,
            fields: &fields,
        };
        assert_eq!(
            (row.raw("title"), row.get("title"), row.get("year")),
            ("None", "", "")
        );
        assert_eq!(row.others().collect::<Vec<_>>(), [("x", "None")]);
        assert!(row.check().is_ok());
        fields.split("1;2;3;4", ';');
        let row = ImportRow {
            header: &header,
            fields: &fields,
        };
        assert!(row.check().is_err());
        let refused = Header::find(csv_names("title,b", ','), &COLUMNS);
        let what = "the header lacks movieId; it has title, b".to_owned();
        assert_eq!(refused, Err(Refusal::File(what)));
    }
}
