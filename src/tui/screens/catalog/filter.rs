//! The catalog's filter: fuzzy in the label, literal in everything else.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Matcher, Utf32String};

use crate::recsys::{Catalog, Subject, SubjectRef};

/// One line of a list, with what the filter matched in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilterRow {
    pub(crate) at: SubjectRef,
    /// Positions in its label that the filter matched.
    pub(crate) matched: Vec<u32>,
}

/// The subjects that every word of a filter matches, best first.
pub(crate) fn matching(
    wanted: &str,
    order: &[SubjectRef],
    haystacks: &[Haystack],
    matcher: &mut Matcher,
) -> Vec<FilterRow> {
    let words: Vec<Word> = wanted.split_whitespace().map(Word::new).collect();
    let mut found: Vec<(u32, FilterRow)> = Vec::new();
    for &at in order {
        let mut matched = Vec::new();
        let hay = &haystacks[at.idx];
        let scores = words.iter().map(|w| w.score(hay, matcher, &mut matched));
        if let Some(score) = scores.sum::<Option<u32>>() {
            found.push((score, FilterRow { at, matched }));
        }
    }
    found.sort_by_key(|(score, _)| Reverse(*score));
    // Letters scattered over a title are no match where another has them together.
    let best = found.first().map_or(0, |(score, _)| *score);
    found.retain(|(score, _)| score * 4 > best * 3);
    found.into_iter().map(|(_, row)| row).collect()
}

/// What a filter is matched with.
#[derive(Debug)]
pub(crate) struct Haystack {
    /// As in the list's second column: letters may be left out.
    label: Utf32String,
    /// Group, attributes, id: literally.
    rest: Utf32String,
}

/// One word of a filter.
struct Word {
    fuzzy: Atom,
    literal: Atom,
}

impl Word {
    fn new(text: &str) -> Self {
        let atom = |kind| {
            Atom::new(
                text,
                CaseMatching::Ignore,
                Normalization::Smart,
                kind,
                false,
            )
        };
        Word {
            fuzzy: atom(AtomKind::Fuzzy),
            literal: atom(AtomKind::Substring),
        }
    }

    /// The better of both; what matched in the label goes to `matched`.
    fn score(&self, hay: &Haystack, matcher: &mut Matcher, matched: &mut Vec<u32>) -> Option<u32> {
        let label = self.fuzzy.indices(hay.label.slice(..), matcher, matched);
        let rest = self.literal.score(hay.rest.slice(..), matcher);
        label.max(rest).map(u32::from)
    }
}

impl Haystack {
    pub(crate) fn of(catalog: &Catalog, at: SubjectRef) -> Self {
        let subject = catalog.subject(at);
        let more = match subject {
            Subject::Item(item) => format!(
                "{} {} {} {}",
                item.genres.join(" "),
                item.director,
                item.country,
                item.themes.join(" ")
            ),
            Subject::User(_) => String::new(),
        };
        let rest = format!(
            "{} {more} {} {}",
            subject.group(),
            subject.id(),
            subject.half()
        );
        Haystack {
            label: subject.label().as_str().into(),
            rest: rest.as_str().into(),
        }
    }
}
