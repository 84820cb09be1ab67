//! CSV files with a header: rows by the names of their columns.

use std::borrow::Cow;

use color_eyre::eyre::{Report, eyre};

use super::collect::{Collector, Cut, Gathered, Table};
use super::lines::{Encoding::Utf8, csv_fields};
use super::source::Part;

/// Where the wanted columns stand; their order is free.
pub struct Header {
    places: Vec<usize>,
    n_columns: usize,
}

impl Header {
    /// # Errors
    /// A wanted column is absent.
    pub fn find(fields: &[Cow<'_, str>], columns: &[&str]) -> Result<Self, String> {
        let place = |column: &&str| fields.iter().position(|name| name.trim() == *column);
        let absent: Vec<&str> = columns
            .iter()
            .filter(|column| place(column).is_none())
            .copied()
            .collect();
        if !absent.is_empty() {
            return Err(format!("the header lacks {}", absent.join(", ")));
        }
        Ok(Header {
            places: columns.iter().filter_map(place).collect(),
            n_columns: fields.len(),
        })
    }

    /// # Errors
    /// The line has fewer or more fields than the header.
    fn pick<'a, const N: usize>(&self, fields: &'a [Cow<'_, str>]) -> Result<[&'a str; N], String> {
        if fields.len() != self.n_columns {
            return Err(format!("{} fields, not {}", fields.len(), self.n_columns));
        }
        let mut picked = [""; N];
        for (field, &place) in picked.iter_mut().zip(&self.places) {
            *field = &fields[place];
        }
        Ok(picked)
    }
}

/// Reads the named columns of every row.
///
/// # Errors
/// As [`Collector::each_line`]; a file without a good header.
pub fn each_row<const N: usize>(
    collector: &mut Collector,
    part: &Part,
    table: Table,
    columns: [&str; N],
    mut read: impl FnMut(&mut Gathered, [&str; N]) -> Result<(), String>,
) -> Result<(), Report> {
    let mut header: Option<Result<Header, String>> = None;
    let how = (table, Cut::Csv, Utf8);
    collector.each_line(part, how, |gathered, line| {
        let mut fields: Vec<Cow<'_, str>> = Vec::new();
        csv_fields(line, &mut fields)?;
        match &header {
            Some(Ok(header)) => read(gathered, header.pick(&fields)?),
            Some(Err(what)) => Err(what.clone()),
            None => {
                let found = Header::find(&fields, &columns);
                let result = found.as_ref().map(drop).map_err(String::clone);
                header = Some(found);
                result
            }
        }
    })?;
    match header {
        Some(Ok(_)) => Ok(()),
        Some(Err(what)) => Err(eyre!("{}:1: {what}", part.shown())),
        None => Err(eyre!("{}: empty; it needs a header", part.shown())),
    }
}
