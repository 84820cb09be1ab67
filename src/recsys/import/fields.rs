//! One field of one line as a number or a list, each refusal in a few words.

use super::super::catalog::Fact;

/// A rating: 0 to 5, halves allowed.
pub fn stars(text: &str) -> Result<f32, String> {
    let parsed = text.trim().parse().ok();
    parsed
        .filter(|stars| (0.0..=5.0).contains(stars))
        .ok_or_else(|| format!("bad rating `{}`: a number from 0 to 5", clipped(text)))
}

/// Seconds since 1970; a fraction is dropped.
pub fn seconds(text: &str) -> Result<i64, String> {
    let text = text.trim();
    if let Ok(whole) = text.parse() {
        return Ok(whole);
    }
    let parsed: Option<f64> = text.parse().ok();
    match parsed.filter(|at| at.abs() < 1e15) {
        Some(at) => Ok(at as i64),
        None => Err(format!(
            "bad timestamp `{}`: seconds since 1970",
            clipped(text)
        )),
    }
}

/// An id, which must not be empty.
pub fn id<'a>(text: &'a str, what: &str) -> Result<&'a str, String> {
    match text.trim() {
        "" => Err(format!("no {what}")),
        id if id.len() > ID_BYTES_MAX => Err(format!("{what} of {} bytes", id.len())),
        id => Ok(id),
    }
}

/// No honest id is longer.
const ID_BYTES_MAX: usize = 1000;

/// The parts between separators, without empty ones and without what stands for
/// "none" in MovieLens.
pub fn genres<'a>(parts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut genres: Vec<String> = Vec::new();
    for part in parts.map(str::trim) {
        let name = match part {
            "" | "(no genres listed)" | "unknown" => continue,
            "Children's" => "Children",
            name => name,
        };
        if !genres.iter().any(|known| known == name) {
            genres.push(name.to_owned());
        }
    }
    genres
}

/// Facts that are not empty.
pub fn facts(pairs: &[(&str, &str)]) -> Vec<Fact> {
    let known = pairs.iter().filter(|(_, value)| !value.trim().is_empty());
    known
        .map(|(name, value)| Fact {
            name: (*name).to_owned(),
            value: value.trim().to_owned(),
        })
        .collect()
}

/// As many fields as there should be, no more and no fewer.
pub fn exactly<'a, const N: usize>(
    fields: impl Iterator<Item = &'a str>,
) -> Result<[&'a str; N], String> {
    let mut found = [""; N];
    let mut n_found = 0;
    for field in fields {
        if let Some(place) = found.get_mut(n_found) {
            *place = field;
        }
        n_found += 1;
    }
    match n_found == N {
        true => Ok(found),
        false => Err(format!("{n_found} fields, not {N}")),
    }
}

/// A text short enough for a message.
pub fn clipped(text: &str) -> String {
    const N_CHARS: usize = 40;
    match text.char_indices().nth(N_CHARS) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_within_their_range_or_refused() {
        assert_eq!(stars("4.5"), Ok(4.5));
        for bad in ["", "NaN", "6", "-1", "inf", "x"] {
            assert!(stars(bad).is_err(), "{bad}");
        }
        assert_eq!(seconds("881250949"), Ok(881_250_949));
        assert_eq!(seconds("8.81250949E8"), Ok(881_250_949));
        for bad in ["", "noon", "1e300", "NaN"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn genres_are_the_same_in_all_dialects() {
        assert_eq!(
            genres("Children's|Comedy||Comedy".split('|')),
            ["Children", "Comedy"]
        );
        assert!(genres(["(no genres listed)"].into_iter()).is_empty());
    }
}
