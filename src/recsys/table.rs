//! A CSV file as rows of named fields, each with its line number.
//!
//! Does not know catalogs: it finds missing columns and fields, and leaves their
//! meaning to `load.rs`.

use std::collections::HashSet;

use csv::{ReaderBuilder, StringRecord};

use super::faults::Faults;

/// A file's name in messages, and its text.
#[derive(Clone, Copy)]
pub(crate) struct SourceText<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
}

/// One line's fields, trimmed, in the order of the columns asked for.
pub(crate) struct TableRow<const N: usize> {
    pub(crate) line: u64,
    pub(crate) fields: [String; N],
}

/// The good rows, and the first column of every row, bad ones included: a
/// reference to a bad line is not a second fault.
pub(crate) struct Table<const N: usize> {
    pub(crate) rows: Vec<TableRow<N>>,
    pub(crate) keys: HashSet<String>,
}

/// Reads the named columns. Their order in the file is free and other columns are
/// skipped; a missing column, a missing or empty field, and an extra field are faults.
pub(crate) fn read_table<const N: usize>(
    source: SourceText<'_>,
    columns: [&str; N],
    faults: &mut Faults,
) -> Table<N> {
    let mut table = Table {
        rows: Vec::new(),
        keys: HashSet::new(),
    };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(source.text.as_bytes());
    let Some((line, header)) = next_record(&mut reader, source, faults) else {
        let what = format!("no header; it should be {}", columns.join(","));
        faults.add(source.file, 1, what);
        return table;
    };
    let places = match find_columns(&header, columns) {
        Ok(places) => places,
        Err(what) => {
            faults.add(source.file, line, what);
            return table;
        }
    };
    while let Some((line, record)) = next_record(&mut reader, source, faults) {
        let key = record.get(places[0]).unwrap_or_default().trim();
        if !key.is_empty() {
            table.keys.insert(key.to_owned());
        }
        match pick_fields(&record, columns, &places, header.len()) {
            Ok(fields) => table.rows.push(TableRow { line, fields }),
            Err(what) => faults.add(source.file, line, what),
        }
    }
    table
}

type TextReader<'a> = csv::Reader<&'a [u8]>;

/// The next record and the line it begins on; `None` at the end of the file.
fn next_record(
    reader: &mut TextReader<'_>,
    source: SourceText<'_>,
    faults: &mut Faults,
) -> Option<(u64, StringRecord)> {
    let position = reader.position().clone();
    let line = position.line() + n_blank_lines(source.text, position.byte());
    let mut record = StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => Some((line, record)),
        Ok(false) => None,
        Err(error) => {
            faults.add(source.file, line, error.to_string());
            None
        }
    }
}

// The reader skips blank lines after reporting its position.
fn n_blank_lines(text: &str, from_byte: u64) -> u64 {
    let rest = usize::try_from(from_byte)
        .ok()
        .and_then(|from| text.as_bytes().get(from..));
    let blank = rest
        .unwrap_or_default()
        .iter()
        .take_while(|byte| matches!(byte, b'\n' | b'\r'));
    blank.filter(|&&byte| byte == b'\n').count() as u64
}

fn find_columns<const N: usize>(
    header: &StringRecord,
    columns: [&str; N],
) -> Result<[usize; N], String> {
    let mut places = [0; N];
    let mut absent = Vec::new();
    for (place, column) in places.iter_mut().zip(columns) {
        match header.iter().position(|name| name.trim() == column) {
            Some(found) => *place = found,
            None => absent.push(column),
        }
    }
    if absent.is_empty() {
        return Ok(places);
    }
    Err(format!(
        "the header lacks {}; it has {}",
        absent.join(", "),
        columns.join(",")
    ))
}

fn pick_fields<const N: usize>(
    record: &StringRecord,
    columns: [&str; N],
    places: &[usize; N],
    n_columns: usize,
) -> Result<[String; N], String> {
    if record.len() > n_columns {
        return Err(format!(
            "{} fields, but the header has {n_columns}; quote fields that contain a comma",
            record.len()
        ));
    }
    let fields = places.map(|place| record.get(place).unwrap_or_default().trim().to_owned());
    let missing: Vec<&str> = columns
        .into_iter()
        .zip(&fields)
        .filter(|(_, field)| field.is_empty())
        .map(|(column, _)| column)
        .collect();
    if missing.is_empty() {
        return Ok(fields);
    }
    Err(format!("missing {}", missing.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (Table<2>, Result<(), String>) {
        let mut faults = Faults::default();
        let source = SourceText {
            file: "x.csv",
            text,
        };
        let table = read_table(source, ["id", "name"], &mut faults);
        (table, faults.into_result("x").map_err(|e| e.to_string()))
    }

    #[test]
    fn lines_are_counted_through_blank_lines_and_quoted_breaks() {
        let (table, result) = read("\nid,name\n\r\n\na,\"one\ntwo\"\n\nb,three\n");
        result.expect("no fault");
        let lines: Vec<u64> = table.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [5, 8]);
        assert_eq!(table.rows[0].fields[1], "one\ntwo");
    }

    #[test]
    fn columns_may_be_reordered_and_further_ones_are_skipped() {
        let (table, result) = read("\u{feff}name,extra,id\nOne,x,a\n");
        result.expect("no fault");
        assert_eq!(table.rows[0].fields, ["a", "One"]);
    }

    #[test]
    fn an_absent_column_names_the_header() {
        let (_, result) = read("id,title\na,b\n");
        let message = result.expect_err("a fault");
        assert!(
            message.contains("x.csv:1: the header lacks name"),
            "{message}"
        );
    }

    #[test]
    fn a_bad_row_keeps_its_key() {
        let (table, result) = read("id,name\na,\n");
        assert!(
            result
                .expect_err("a fault")
                .contains("x.csv:2: missing name")
        );
        assert!(table.rows.is_empty() && table.keys.contains("a"));
    }

    proptest! {
        #[test]
        fn any_text_gives_rows_or_faults_and_never_a_panic(text in "(id,name\n)?[a\",\r\n ]{0,60}") {
            let (table, result) = read(&text);
            prop_assert!(result.is_err() || table.rows.iter().all(|row| row.fields.iter().all(|f| !f.is_empty())));
        }

        #[test]
        fn what_was_written_is_read_back(rows in prop::collection::vec(("[a-z]{1,4}", "[a-z,\"\n]{0,6}x"), 0..8)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["id", "name"]).expect("to memory");
            for (id, name) in &rows {
                writer.write_record([id, name]).expect("to memory");
            }
            let text = String::from_utf8(writer.into_inner().expect("to memory")).expect("UTF-8");
            let (table, result) = read(&text);
            prop_assert!(result.is_ok());
            let back: Vec<(String, String)> = table.rows.into_iter().map(|row| { let [id, name] = row.fields; (id, name) }).collect();
            let want: Vec<(String, String)> = rows.into_iter().map(|(id, name)| (id, name.trim().to_owned())).collect();
            prop_assert_eq!(back, want);
        }
    }
}
