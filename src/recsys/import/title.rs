//! Natural titles: `Usual Suspects, The (1995)` is The Usual Suspects, of 1995.

use std::ops::RangeInclusive;

/// Articles that catalogs move to the end of a title, as joined in front.
const ARTICLES: [&str; 26] = [
    "The", "A", "An", "Le", "La", "Les", "L'", "Un", "Une", "Il", "Lo", "Gli", "Uno", "Una", "El",
    "Los", "Las", "Der", "Die", "Das", "Ein", "Eine", "De", "Het", "Den", "Det",
];

/// From the first film on record to a far future.
pub(crate) const YEARS: RangeInclusive<u16> = 1870..=2100;

/// The title without the year in brackets at its end, articles in front, and the
/// year.
pub(crate) fn title_and_year(text: &str) -> (String, Option<u16>) {
    let text = text.trim();
    match text.rsplit_once('(') {
        Some((title, rest)) if rest.ends_with(')') => match year_in(&rest[..rest.len() - 1]) {
            Some(year) if !title.trim().is_empty() => (articles_in_front(title.trim()), Some(year)),
            _ => (articles_in_front(text), None),
        },
        _ => (articles_in_front(text), None),
    }
}

/// `1995`, or the first year of `1995-1998`, `1995–`.
fn year_in(text: &str) -> Option<u16> {
    let text = text.trim();
    let all_years = text
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '-' | '\u{2013}' | ' '));
    let first = text.get(..4).filter(|_| all_years)?;
    parse_year(first)
}

/// A year within [`YEARS`], or that of a date; `1995.0`, as some tables write it, is
/// 1995.
pub(crate) fn parse_year(text: &str) -> Option<u16> {
    let text = text.trim();
    let text = text.strip_suffix(".0").unwrap_or(text);
    let of_date = || text.get(..4).filter(|_| text[4..].starts_with(['-', '/']));
    let parsed = text.parse().ok().or_else(|| of_date()?.parse().ok());
    parsed.filter(|year| YEARS.contains(year))
}

/// The title, and each title in brackets after it, with its article in front.
pub(crate) fn articles_in_front(title: &str) -> String {
    match title.split_once(" (") {
        None => article_in_front(title),
        Some((main, others)) => {
            let others = others
                .split(" (")
                .map(|other| match other.strip_suffix(')') {
                    Some(inner) => format!(" ({})", article_in_front(inner)),
                    None => format!(" ({other}"),
                });
            article_in_front(main.trim()) + &others.collect::<String>()
        }
    }
}

fn article_in_front(title: &str) -> String {
    let Some((rest, article)) = title.rsplit_once(", ") else {
        return title.to_owned();
    };
    match ARTICLES.iter().find(|known| **known == article) {
        Some(&"L'") => format!("L'{rest}"),
        Some(article) => format!("{article} {rest}"),
        None => title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn titles_are_put_right() {
        for (text, title, year) in [
            (
                "Usual Suspects, The (1995)",
                "The Usual Suspects",
                Some(1995),
            ),
            ("Toy Story (1995)", "Toy Story", Some(1995)),
            ("Postino, Il (1994)", "Il Postino", Some(1994)),
            ("Avventura, L' (1960)", "L'Avventura", Some(1960)),
            (
                "Double vie de V\u{e9}ronique, La (Double Life of Veronique, The) (1991)",
                "La Double vie de V\u{e9}ronique (The Double Life of Veronique)",
                Some(1991),
            ),
            ("Seven (Se7en) (1995)", "Seven (Se7en)", Some(1995)),
            ("Babylon 5", "Babylon 5", None),
            ("Fawlty Towers (1975-1979)", "Fawlty Towers", Some(1975)),
            (
                "Friends, Lovers, Chocolate",
                "Friends, Lovers, Chocolate",
                None,
            ),
            ("2001", "2001", None),
            ("(1995)", "(1995)", None),
            ("unknown", "unknown", None),
        ] {
            assert_eq!(title_and_year(text), (title.to_owned(), year), "{text}");
        }
        assert_eq!(parse_year("2008.0"), Some(2008));
        assert_eq!(parse_year("-750.0"), None);
        assert_eq!(parse_year("1995-03-01"), Some(1995));
        assert_eq!(parse_year("199"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_title(text in "[a(), \u{e9}\u{2013}L'The19]{0,30}") {
            title_and_year(&text);
        }
    }
}
