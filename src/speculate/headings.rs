//! The headings of an answer's text, by the tokens that begin the lines under them: Markdown
//! headings, bold lines and leads, labels such as `Plot:` and `[topics]`.

/// Longest heading, in characters; a longer one is a sentence.
const MAX_CHARS: usize = 48;
/// Most words before a colon that make a label.
const MAX_LABEL_WORDS: usize = 4;

/// Each heading with the index of the first token of its line. `tokens`: the bytes of each.
pub fn headings<'t>(tokens: impl Iterator<Item = &'t [u8]>) -> Vec<(String, usize)> {
    let (mut text, mut ends) = (Vec::new(), Vec::new());
    for bytes in tokens {
        text.extend_from_slice(bytes);
        ends.push(text.len());
    }
    let mut found = Vec::new();
    let mut begin = 0;
    for line in text.split(|&byte| byte == b'\n') {
        if let Some(name) = heading(&String::from_utf8_lossy(line)) {
            found.push((name, ends.partition_point(|&end| end <= begin)));
        }
        begin += line.len() + 1;
    }
    found
}

/// The heading that a line is, or that it begins with.
fn heading(line: &str) -> Option<String> {
    let line = line.trim();
    let marked = line.trim_start_matches('#');
    let n_signs = line.len() - marked.len();
    if (1..=6).contains(&n_signs) && marked.starts_with(' ') {
        return named(marked);
    }
    let text = without_bullet(line);
    let bold = ["**", "__"].into_iter().find_map(|sign| {
        let (name, rest) = text.strip_prefix(sign)?.split_once(sign)?;
        let is_lead = name.ends_with(':') || rest.starts_with(':') || rest.trim().is_empty();
        is_lead.then_some(name)
    });
    let bracketed = || {
        text.strip_prefix('[')?
            .split_once(']')
            .map(|(name, _)| name)
    };
    bold.or_else(bracketed)
        .or_else(|| label(text))
        .and_then(named)
}

/// `Plot: ..`: a few words that begin with a capital letter.
fn label(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once(':')?;
    let is_short = name.split_whitespace().count() <= MAX_LABEL_WORDS;
    let is_words = name
        .chars()
        .all(|c| c.is_alphabetic() || " -/&'".contains(c));
    let is_capital = name.starts_with(char::is_uppercase);
    let is_lead = rest.is_empty() || rest.starts_with(char::is_whitespace);
    (is_short && is_words && is_capital && is_lead).then_some(name)
}

/// Without `- `, `* ` or `1. ` in front.
fn without_bullet(line: &str) -> &str {
    let bare = line.strip_prefix(['-', '*', '+']);
    let bare = bare.and_then(|rest| rest.strip_prefix(' '));
    let numbered = || {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let has_number = rest.len() < line.len();
        let rest = rest.strip_prefix(['.', ')'])?.strip_prefix(' ')?;
        has_number.then_some(rest)
    };
    bare.or_else(numbered).unwrap_or(line).trim_start()
}

/// Without marks at its ends, spaces made one; `None`: nothing is left, or too much.
fn named(text: &str) -> Option<String> {
    let bare = text.trim_matches(|c: char| c.is_whitespace() || "#*_:".contains(c));
    let name = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_short = name.chars().count() <= MAX_CHARS;
    (is_short && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_every_kind_are_found() {
        let cases = [
            ("## The  plot ##", Some("The plot")),
            ("####### no heading", None),
            ("#hashtag", None),
            ("**Mood**", Some("Mood")),
            ("**Mood:** It is dark.", Some("Mood")),
            ("1. **Mood**: It is dark.", Some("Mood")),
            ("It is **very** dark.", None),
            ("**Very** dark.", None),
            ("Plot: A boy runs.", Some("Plot")),
            ("- Director: Jane", Some("Director")),
            ("12) Look and feel:", Some("Look and feel")),
            ("At 12:30 they met", None),
            ("He said to all of us: run", None),
            ("plot: none", None),
            ("http://example.org", None),
            ("[topics]", Some("topics")),
            ("[description] Heat is a film", Some("description")),
            ("", None),
            ("**", None),
            ("### Plot:", Some("Plot")),
            ("**Plot:** a heist", Some("Plot")),
            ("1. **Plot**: a heist", Some("Plot")),
            ("2) **Plot**", Some("Plot")),
            ("* **Plot:**", Some("Plot")),
            ("3. Plot: a heist", Some("Plot")),
            ("1995: a year", None),
            ("#", None),
            (":", None),
        ];
        for (line, expected) in cases {
            assert_eq!(heading(line).as_deref(), expected, "{line:?}");
        }
        assert_eq!(heading(&format!("# {}", "long ".repeat(20))), None);
    }

    #[test]
    fn a_heading_is_at_the_token_that_begins_its_line() {
        let tokens = [
            "Plot",
            ": A",
            " boy.\nMo",
            "od:",
            " dark",
            "\n",
            "# End",
            "\n\n",
        ];
        let found = headings(tokens.iter().map(|t| t.as_bytes()));
        let expected = [("Plot", 0), ("Mood", 2), ("End", 6)];
        assert_eq!(found, expected.map(|(name, at)| (name.to_string(), at)));
        assert!(headings(std::iter::empty()).is_empty());
    }
}
