//! Prose wrapped to a width, in columns.

use unicode_segmentation::UnicodeSegmentation;

use crate::present::token_text::columns;

/// Breaks at spaces where it can, inside a word where it must. Line breaks stay.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for (i, word) in paragraph.split(' ').enumerate() {
            if i > 0 && columns(&line) + 1 + columns(word) > width {
                lines.push(std::mem::take(&mut line));
            } else if i > 0 {
                line.push(' ');
            }
            push_word(word, width, &mut line, &mut lines);
        }
        lines.push(line);
    }
    lines
}

/// Parts joined by dots; a line ends between two parts where it can.
pub(crate) fn wrap_parts(parts: impl IntoIterator<Item = String>, width: usize) -> Vec<String> {
    const BETWEEN: &str = " · ";
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if columns(line) + columns(BETWEEN) + columns(&part) <= width => {
                line.push_str(BETWEEN);
                line.push_str(&part);
            }
            _ => lines.extend(wrap(&part, width)),
        }
    }
    lines
}

fn push_word(word: &str, width: usize, line: &mut String, lines: &mut Vec<String>) {
    let mut used = columns(line);
    for grapheme in word.graphemes(true) {
        let n = columns(grapheme);
        if used + n > width && !line.is_empty() {
            lines.push(std::mem::take(line));
            used = 0;
        }
        line.push_str(grapheme);
        used += n;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn breaks_at_spaces_and_keeps_empty_lines() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a\n\nb", 7), ["a", "", "b"]);
        assert_eq!(wrap("abcdef gh", 4), ["abcd", "ef", "gh"]);
        assert_eq!(wrap("  in", 7), ["  in"]);
    }

    #[test]
    fn parts_stay_whole_where_they_fit() {
        let parts = ["MAL 2.92 ±0.11", "agreement 100%", "a much longer part"];
        let lines = |width| wrap_parts(parts.map(String::from), width);
        assert_eq!(lines(80), [parts.join(" · ")]);
        let two = "MAL 2.92 ±0.11 · agreement 100%";
        assert_eq!(lines(32), [two, "a much longer part"]);
        assert_eq!(lines(14), [parts[0], parts[1], "a much longer", "part"]);
    }

    proptest! {
        #[test]
        fn lines_fit_and_letters_stay(text in "[a-z日 ]{0,60}", width in 2usize..20) {
            let lines = wrap(&text, width);
            prop_assert!(lines.iter().all(|l| columns(l) <= width));
            let letters = |s: &str| s.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
