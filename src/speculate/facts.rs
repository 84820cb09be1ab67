//! Facts about a subject that a text can name, and how many of those that one text names
//! another still does. Knows texts only: which facts there are, the catalog says.

use serde::Serialize;

/// A title of a user's history.
pub(crate) const LIKED: &str = "liked";

/// Something known about a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SubjectFact {
    /// `title`, `director`, `genre`, .., or [`LIKED`].
    pub(crate) fact: &'static str,
    pub(crate) value: String,
}

/// Of the facts that one text names, those that another names, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FactsKept {
    pub(crate) kept: usize,
    /// Named by the first text.
    pub(crate) of: usize,
}

impl FactsKept {
    /// Between two texts about the same facts; `None`: the first names none.
    pub(crate) fn between(first: &[bool], second: &[bool]) -> Option<Self> {
        let both = first.iter().zip(second);
        let kept = both.filter(|(first, second)| **first && **second).count();
        let of = first.iter().filter(|named| **named).count();
        (of > 0).then_some(FactsKept { kept, of })
    }

    pub(crate) fn share(self) -> f64 {
        self.kept as f64 / self.of as f64
    }
}

/// Whether a text names each of the facts, as whole words, in capitals or not.
pub(crate) fn named(facts: &[SubjectFact], text: &str) -> Vec<bool> {
    let mut by_length: Vec<usize> = (0..facts.len()).collect();
    by_length.sort_by_key(|&at| std::cmp::Reverse(facts[at].value.len()));
    // `Casino Royale` does not mention `Casino`: matches are removed.
    let mut text = text.to_lowercase();
    let mut named = vec![false; facts.len()];
    for at in by_length {
        let words = facts[at].value.to_lowercase();
        named[at] = says(&text, &words);
        if named[at] && facts[at].fact == LIKED {
            text = text.replace(&words, "|");
        }
    }
    named
}

/// Whether the words occur in the text as whole words. Both in lower case.
fn says(text: &str, words: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(words).any(|(at, found)| {
        let (before, after) = (&text[..at], &text[at + found.len()..]);
        is_edge(before.chars().next_back()) && is_edge(after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_found_as_whole_words() {
        assert!(says("heat is a film", "heat"));
        assert!(!says("the heating is on", "heat"));
        assert!(!says("reheat it; heats", "heat"));
        assert!(says("the 1995 film", "1995"));
    }

    #[test]
    fn what_the_second_text_adds_is_not_kept() {
        let fact = |fact, value: &str| SubjectFact {
            fact,
            value: value.into(),
        };
        let facts = [
            fact("title", "Heat"),
            fact("year", "1995"),
            fact("director", "Michael Mann"),
        ];
        let [first, second, third] = [
            "Heat, by MICHAEL MANN.",
            "Heat, of 1995.",
            "A film of 1995.",
        ]
        .map(|text| named(&facts, text));
        let kept = FactsKept::between(&first, &second);
        assert_eq!(kept, Some(FactsKept { kept: 1, of: 2 }));
        assert_eq!(kept.map(FactsKept::share), Some(0.5));
        let none = FactsKept::between(&third, &first).map(|kept| kept.kept);
        assert_eq!(none, Some(0));
        assert_eq!(FactsKept::between(&[false; 3], &first), None);
    }
}
