//! One row of a CSV file cut into its fields. A quote opens a quoted field only at
//! the start of a field; anywhere else it is a letter: `12" Remixes` is a title.

/// The fields of one row, one text after another; reused from row to row.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    text: String,
    ends: Vec<usize>,
}

impl Fields {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The trimmed field; empty if missing.
    pub(crate) fn get(&self, at: usize) -> &str {
        self.exact(at).trim()
    }

    /// The field with the spaces around it.
    pub(crate) fn exact(&self, at: usize) -> &str {
        let Some(&end) = self.ends.get(at) else {
            return "";
        };
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..end]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// Number of fields without empty ones at the end.
    pub(crate) fn n_filled(&self) -> usize {
        let n_empty = (0..self.len()).rev();
        self.len() - n_empty.take_while(|&at| self.get(at).is_empty()).count()
    }

    pub(crate) fn push(&mut self, field: &str) {
        self.text.push_str(field);
        self.ends.push(self.text.len());
    }

    /// Splits a row without quoting.
    pub(crate) fn split(&mut self, row: &str, separator: char) {
        self.clear();
        row.split(separator).for_each(|field| self.push(field));
    }
}

/// How a row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Whole {
        /// A quote inside a quoted field was neither doubled nor at its end.
        stray: bool,
    },
    /// The quote at this byte opened a field and was not closed.
    Open { quote: usize, stray: bool },
}

/// Cuts a row. The quote at the byte `letter`, if any, opens nothing.
pub(crate) fn cut(row: &str, separator: char, letter: Option<usize>, fields: &mut Fields) -> Ended {
    if !row.contains('"') {
        fields.split(row, separator);
        return Ended::Whole { stray: false };
    }
    fields.clear();
    let mut stray = false;
    let mut at = 0;
    loop {
        match quoted(&row[at..], separator).filter(|&quote| letter != Some(at + quote)) {
            Some(quote) => {
                let inside = take_quoted(&row[at + quote + 1..], separator, &mut fields.text);
                stray |= inside.stray;
                match inside.n_bytes {
                    Some(n) => at += quote + 1 + n,
                    None => {
                        fields.ends.push(fields.text.len());
                        let quote = at + quote;
                        return Ended::Open { quote, stray };
                    }
                }
            }
            None => {
                let rest = &row[at..];
                let n = rest.find(separator).unwrap_or(rest.len());
                fields.text.push_str(&rest[..n]);
                at += n;
            }
        }
        fields.ends.push(fields.text.len());
        match row[at..].chars().next() {
            // Only a separator is possible here.
            Some(c) => at += c.len_utf8(),
            None => return Ended::Whole { stray },
        }
    }
}

/// Where the quote is that opens the field, if one does.
fn quoted(rest: &str, separator: char) -> Option<usize> {
    let at = rest.find(|c: char| c == separator || !matches!(c, ' ' | '\t'))?;
    rest[at..].starts_with('"').then_some(at)
}

struct Inside {
    /// Bytes up to the separator after the field; `None`: it is not closed.
    n_bytes: Option<usize>,
    stray: bool,
}

/// Reads the inside of a quoted field. A quote not followed by a separator is a plain
/// character.
fn take_quoted(rest: &str, separator: char, text: &mut String) -> Inside {
    let mut stray = false;
    let mut at = 0;
    while let Some(n) = rest[at..].find('"') {
        text.push_str(&rest[at..at + n]);
        at += n + 1;
        if rest[at..].starts_with('"') {
            text.push('"');
            at += 1;
            continue;
        }
        let space = rest[at..].find(|c: char| c == separator || !matches!(c, ' ' | '\t'));
        let behind = at + space.unwrap_or(rest.len() - at);
        if behind == rest.len() || rest[behind..].starts_with(separator) {
            return Inside {
                n_bytes: Some(behind),
                stray,
            };
        }
        stray = true;
        text.push('"');
    }
    text.push_str(&rest[at..]);
    Inside {
        n_bytes: None,
        stray,
    }
}

/// The separator of a file with this header: the most frequent one outside quotes.
pub(crate) fn separator_of(header: &str) -> char {
    // Between two quotes or after the last: the even stretches.
    let outside = header.split('"').step_by(2);
    let count = |separator: char| outside.clone().flat_map(|s| s.matches(separator)).count();
    // Among equals the last wins, so the comma comes last.
    let most = ['\t', ';', ','].into_iter().max_by_key(|s| count(*s));
    most.unwrap_or(',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(row: &str) -> (Vec<String>, Ended) {
        let mut fields = Fields::default();
        let ended = cut(row, ',', None, &mut fields);
        (fields.iter().map(str::to_owned).collect(), ended)
    }

    #[test]
    fn a_quote_opens_a_field_only_at_its_start() {
        let whole = Ended::Whole { stray: false };
        for (row, want) in [
            ("a,b,,c ", &["a", "b", "", "c"][..]),
            ("i2,12\" Remixes,1996", &["i2", "12\" Remixes", "1996"]),
            ("1,\"a, \"\"b\"\"\", \"c\" ,", &["1", "a, \"b\"", "c", ""]),
            ("\"a\nb\",c", &["a\nb", "c"]),
            ("", &[""]),
        ] {
            let want: Vec<String> = want.iter().map(|s| (*s).to_owned()).collect();
            assert_eq!(fields(row), (want, whole), "{row}");
        }
    }

    #[test]
    fn stray_and_open_quotes_are_told() {
        let (got, ended) = fields("1,\"12\" Remixes\",x");
        assert_eq!(
            (&*got[1], ended),
            ("12\" Remixes", Ended::Whole { stray: true })
        );
        let (_, ended) = fields("1,\"Heroes,1977");
        let open = Ended::Open {
            quote: 2,
            stray: false,
        };
        assert_eq!(ended, open);
        let mut fields = Fields::default();
        cut("1,\"Heroes,1977", ',', Some(2), &mut fields);
        assert_eq!(fields.iter().collect::<Vec<_>>(), ["1", "\"Heroes", "1977"]);
    }

    #[test]
    fn the_header_says_the_separator() {
        for (header, want) in [
            ("id,title", ','),
            ("id;title;\"a,b,c,d\"", ';'),
            ("id\ttitle\tyear, genre", '\t'),
            ("id", ','),
            ("a;b,c", ','),
        ] {
            assert_eq!(separator_of(header), want, "{header}");
        }
    }

    proptest! {
        /// What a CSV writer writes reads back, and so does any text.
        #[test]
        fn written_fields_read_back(row in prop::collection::vec("[a\",\n; é]{0,6}", 1..5)) {
            let quote = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let written: Vec<String> = row.iter().map(quote).collect();
            let (got, ended) = fields(&written.join(","));
            let want: Vec<&str> = row.iter().map(|field| field.trim()).collect();
            prop_assert_eq!(got, want);
            prop_assert_eq!(ended, Ended::Whole { stray: false });
        }

        #[test]
        fn no_row_panics(row in "[a\",;\t é]{0,30}", letter in prop::option::of(0usize..30)) {
            let mut fields = Fields::default();
            let _ = cut(&row, ',', letter, &mut fields);
            prop_assert!(fields.len() > 0 && fields.n_filled() <= fields.len());
        }
    }
}
