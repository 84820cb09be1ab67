//! KAR's knowledge: one JSON object, id -> {"prompt": .., "ans": ..}. Of a file
//! that is cut off or damaged, what stands before the damage is kept.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::Reader;
use super::entry::Entry;

/// The file begins as one object of objects does.
pub(super) fn looks_like(text: &str) -> bool {
    let mut first = None;
    let _ = each(text, &mut |id: &str, value: &Value| {
        first.get_or_insert(!id.is_empty() && value.is_object());
        false
    });
    first.unwrap_or(false)
}

pub(super) fn read(text: &str, reader: &mut Reader) {
    let mut number = 0;
    let end = each(text, &mut |id: &str, value: &Value| {
        number += 1;
        let damaged = id.contains('\u{fffd}') || value.to_string().contains('\u{fffd}');
        let entry = match damaged {
            true => Err("not UTF-8".to_string()),
            false => Entry::of_pair(id, value),
        };
        let read = entry.and_then(|entry| reader.document(entry));
        reader.take(
            1,
            read.map_err(|what| format!("entry {number} (`{id}`): {what}")),
        );
        true
    });
    if let Err(error) = end {
        let what = error.to_string();
        let what = what
            .rsplit_once(" at line ")
            .map_or(&*what, |(what, _)| what);
        let what = format!("damaged behind entry {number}: {what}");
        reader.take(error.line(), Err(what));
    }
}

/// Shows every pair in the file's order, until `go_on` is false.
fn each(text: &str, show: &mut dyn FnMut(&str, &Value) -> bool) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(Pairs { show })?;
    reader.end()
}

struct Pairs<'a> {
    show: &'a mut dyn FnMut(&str, &Value) -> bool,
}

impl<'de> Visitor<'de> for Pairs<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of answers by id")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((id, value)) = map.next_entry::<String, Value>()? {
            if !(self.show)(&id, &value) {
                break;
            }
        }
        Ok(())
    }
}
