//! One field of one row as an id, a number, a time or a list. Sources vary: numbers
//! come as text and as floats, times in many units, and "missing" has many spellings.

use std::borrow::Cow;

use ecow::EcoString;
use serde_json::Value;

use super::super::catalog::Fact;
use super::refusal::{Reason, Refusal};

/// Maximum length of a plausible id.
const ID_BYTES_MAX: usize = 1000;

/// The trimmed field; empty if it means "missing". Not for ids and titles, which may be
/// such words.
pub(crate) fn present(text: &str) -> &str {
    // The last is written by databases.
    const MISSING: [&str; 5] = ["NaN", "N/A", "None", "null", "\\N"];
    let text = text.trim();
    match MISSING.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        true => "",
        false => text,
    }
}

/// A finite number; also with a decimal comma, as in 4,5.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let parsed = text.parse().ok().or_else(|| {
        let once = text.matches(',').count() == 1 && !text.contains('.');
        once.then(|| text.replace(',', ".").parse().ok()).flatten()
    });
    parsed.filter(|number: &f64| number.is_finite())
}

/// A rating on any scale.
pub(crate) fn rating(text: &str) -> Result<f32, Refusal> {
    let text = present(text);
    if text.is_empty() {
        return Err(Refusal::row(Reason::NoRating, "no rating"));
    }
    let rating = number(text).map(|number| number as f32);
    rating.filter(|rating| rating.is_finite()).ok_or_else(|| {
        let what = format!("bad rating `{}`: not a number", clipped(text));
        Refusal::row(Reason::BadRating, what)
    })
}

/// An id, which must not be empty. An integer that a table tool turned into a float is
/// the same id: `1.0` is `1`.
pub(crate) fn id<'a>(text: &'a str, what: &str) -> Result<&'a str, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::row(Reason::NoId, format!("no {what}")));
    }
    if text.len() > ID_BYTES_MAX {
        let what = format!("{what} of {} bytes", text.len());
        return Err(Refusal::row(Reason::LongId, what));
    }
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    Ok(match text.split_once('.') {
        Some((whole, rest)) if is_digits(whole) && rest.bytes().all(|b| b == b'0') => whole,
        _ => text,
    })
}

/// The parts between separators, without empty ones and without MovieLens' "none".
pub(crate) fn genres<'a>(parts: impl Iterator<Item = &'a str>) -> Box<[EcoString]> {
    let mut genres: Vec<EcoString> = Vec::new();
    for part in parts.map(present) {
        let name = match part {
            "" | "(no genres listed)" | "unknown" => continue,
            "Children's" => "Children",
            name => name,
        };
        if !genres.iter().any(|known| known == name) {
            genres.push(one_line(name).into());
        }
    }
    genres.into()
}

/// Facts that are not missing.
pub(crate) fn facts<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Box<[Fact]> {
    let pairs = pairs.into_iter();
    let known = pairs.map(|(name, value)| (name, present(value)));
    let facts = known
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| Fact {
            name: name.to_owned(),
            value: one_line(value).into_owned(),
        });
    facts.collect()
}

/// With spaces for line ends and tabs, so that a text stays in its row.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    let is_break = |c: char| matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    match text.contains(is_break) {
        true => {
            let parts = text.split(is_break).map(str::trim);
            let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
            Cow::Owned(parts.join(" "))
        }
        false => Cow::Borrowed(text),
    }
}

/// A JSON value as a table would have it.
pub(crate) fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text.trim()),
        Value::Null => Cow::Borrowed(""),
        Value::Array(parts) => {
            let parts: Vec<Cow<'_, str>> = parts.iter().map(text_of).collect();
            Cow::Owned(parts.join("|"))
        }
        other => Cow::Owned(other.to_string()),
    }
}

/// A text short enough for a message.
pub(crate) fn clipped(text: &str) -> String {
    const N_CHARS: usize = 40;
    match text.char_indices().nth(N_CHARS) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

/// Exactly this many fields; empty ones at the end do not count.
pub(crate) fn exactly<'a, const N: usize>(
    fields: impl Iterator<Item = &'a str>,
) -> Result<[&'a str; N], Refusal> {
    let mut found = [""; N];
    let mut n_found = 0;
    for (at, field) in fields.enumerate() {
        match found.get_mut(at) {
            Some(place) => *place = field,
            None if field.trim().is_empty() => continue,
            None => {}
        }
        n_found = at + 1;
    }
    match n_found == N {
        true => Ok(found),
        false => {
            let what = format!("{n_found} fields, not {N}");
            Err(Refusal::row(Reason::FieldCount, what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_in_many_spellings() {
        for (text, want) in [("4.5", 4.5), (" 4,5 ", 4.5), ("8e0", 8.0), ("-1", -1.0)] {
            assert_eq!(rating(text), Ok(want), "{text}");
        }
        let reason = |text: &str| match rating(text) {
            Err(Refusal::Row(reason, _)) => Some(reason),
            _ => None,
        };
        for missing in ["", " NaN", "nan", "N/A", "None", "null"] {
            assert_eq!(reason(missing), Some(Reason::NoRating), "{missing}");
        }
        for bad in ["inf", "x", "1e39", "1,2,3"] {
            assert_eq!(reason(bad), Some(Reason::BadRating), "{bad}");
        }
    }

    #[test]
    fn an_id_is_one_whatever_table_it_went_through() {
        for (text, want) in [
            ("1.0", "1"),
            ("007.000", "007"),
            ("1.5", "1.5"),
            ("v1.0", "v1.0"),
            (".0", ".0"),
            ("None", "None"),
        ] {
            assert_eq!(id(text, "id"), Ok(want), "{text}");
        }
        assert!(id(" ", "id").is_err() && id(&"x".repeat(1001), "id").is_err());
    }

    #[test]
    fn genres_are_the_same_in_all_dialects() {
        assert_eq!(
            *genres("Children's|Comedy||Comedy|nan".split('|')),
            ["Children", "Comedy"]
        );
        assert!(genres(["(no genres listed)"].into_iter()).is_empty());
    }

    #[test]
    fn a_text_stays_in_its_row() {
        assert_eq!(one_line("Two\nLines\r\n\tBack"), "Two Lines Back");
        assert_eq!(one_line(" a  b "), " a  b ");
    }

    #[test]
    fn empty_fields_behind_the_last_do_not_count() {
        assert_eq!(exactly(["a", "b", "", " "].into_iter()), Ok(["a", "b"]));
        assert!(exactly::<2>(["a", "b", "", "c"].into_iter()).is_err());
        assert!(exactly::<2>(["a"].into_iter()).is_err());
    }
}
