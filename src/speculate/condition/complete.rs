//! Completions for a partly typed condition.

use super::parse::{ConditionError, parse};

/// Words that fit at the cursor, replacing the partly typed word; the most common
/// first. `cursor` counts bytes.
pub(crate) fn complete(text: &str, cursor: usize) -> Vec<String> {
    let mut end = cursor.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let start = before.rfind(|c| !is_part(c)).map_or(0, |at| {
        at + before[at..].chars().next().map_or(1, char::len_utf8)
    });
    let (whole, partial) = before.split_at(start);
    let fits = |word: &String| {
        let begins = word
            .get(..partial.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(partial));
        begins && word.len() > partial.len()
    };
    let words = next_words(whole).into_iter();
    words.filter(fits).collect()
}

/// What may come at the end of a text; nothing if it is wrong before that.
fn next_words(text: &str) -> Vec<String> {
    match parse(text) {
        Ok(_) => vec!["and".into(), "or".into()],
        Err(ConditionError {
            expected,
            found: None,
            ..
        }) => {
            let is_word = |word: &String| !word.contains(' ') && word != "\"";
            expected.into_iter().filter(is_word).collect()
        }
        Err(_) => Vec::new(),
    }
}
