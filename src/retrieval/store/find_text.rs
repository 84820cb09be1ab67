//! Where a text occurs in the documents, however it is tokenized: the suffix array is
//! searched by bytes. A text may begin and end within a token. Knows tokens only by
//! their bytes.

use std::collections::HashMap;
use std::sync::Arc;

use crate::retrieval::index::ranks::Ranks;
use crate::retrieval::index::segment::Segment;
use crate::retrieval::index::symbol::{SEPARATOR, SORTED_DEPTH};
use crate::speculate::TokenId;
use crate::speculate::subject::{DocId, GroupKey};

/// A text's occurrences in one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextHits {
    pub(crate) group: GroupKey,
    /// Number of occurrences, by starting token and byte.
    pub(crate) occurrences: usize,
    /// The documents they are in, the one with the most first.
    pub documents: Vec<TextHit>,
}

/// A document in which a text occurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextHit {
    pub id: DocId,
    pub(crate) title: String,
    /// The document's tokens that its first occurrence overlaps: from, to.
    pub(crate) at: (u32, u32),
    pub(crate) occurrences: usize,
    /// Segment of the group and number in it.
    pub(crate) place: (usize, usize),
}

/// Suffixes that begin with a text; its occurrence overlaps `n_tokens`.
struct FoundSuffixes {
    ranks: Ranks,
    n_tokens: u32,
}

pub(crate) fn in_group<'t>(
    group: &GroupKey,
    segments: &[Arc<Segment>],
    text: &[u8],
    bytes_of: &impl Fn(TokenId) -> &'t [u8],
) -> TextHits {
    let mut hits = TextHits {
        group: group.clone(),
        occurrences: 0,
        documents: Vec::new(),
    };
    for (number, segment) in segments.iter().enumerate() {
        let found = in_segment(segment, text, bytes_of);
        let documents = documents(number, segment, &found);
        hits.occurrences += documents.iter().map(|d| d.occurrences).sum::<usize>();
        hits.documents.extend(documents);
    }
    let by_count = |d: &TextHit| (std::cmp::Reverse(d.occurrences), d.place);
    hits.documents.sort_by_key(by_count);
    hits
}

fn documents(number: usize, segment: &Segment, found: &[FoundSuffixes]) -> Vec<TextHit> {
    let mut documents: HashMap<usize, TextHit> = HashMap::new();
    for found in found {
        for rank in found.ranks.lo..found.ranks.hi {
            let position = segment.position(rank);
            let Some(doc) = segment.docs.at(position) else {
                continue;
            };
            let Some(entry) = segment.docs.get(doc) else {
                continue;
            };
            let from = position - entry.tokens.start;
            let at = (from, from + found.n_tokens);
            let hit = documents.entry(doc).or_insert_with(|| TextHit {
                id: entry.id.into(),
                title: entry.title.to_string(),
                at,
                occurrences: 0,
                place: (number, doc),
            });
            hit.occurrences += 1;
            hit.at = hit.at.min(at);
        }
    }
    documents.into_values().collect()
}

fn in_segment<'t>(
    segment: &Segment,
    text: &[u8],
    bytes_of: &impl Fn(TokenId) -> &'t [u8],
) -> Vec<FoundSuffixes> {
    let mut found = Vec::new();
    if text.is_empty() {
        return found;
    }
    let mut walk = Walk {
        segment,
        bytes_of,
        found: &mut found,
    };
    for token in segment.first_tokens().filter(|&t| t != SEPARATOR) {
        let bytes = bytes_of(token);
        let ranks = segment.bucket(token);
        for _ in bytes.windows(text.len()).filter(|w| *w == text) {
            walk.found.push(FoundSuffixes { ranks, n_tokens: 1 });
        }
        let n_shared = 1..text.len().min(bytes.len() + 1);
        for n in n_shared.filter(|&n| bytes.ends_with(&text[..n])) {
            walk.descend(ranks, 1, &text[n..]);
        }
    }
    found
}

struct Walk<'a, F> {
    segment: &'a Segment,
    bytes_of: &'a F,
    found: &'a mut Vec<FoundSuffixes>,
}

impl<'t, F: Fn(TokenId) -> &'t [u8]> Walk<'_, F> {
    /// Follows suffixes that share `depth` tokens to those that continue with `rest`.
    fn descend(&mut self, ranks: Ranks, depth: u32, rest: &[u8]) {
        if depth as usize >= SORTED_DEPTH {
            return self.compare_each(ranks, depth, rest);
        }
        let mut children = Vec::new();
        let collect = |token, ranks| children.push((token, ranks));
        self.segment.children(ranks, depth, collect);
        for (token, ranks) in children {
            self.step(ranks, depth, token, rest);
        }
    }

    /// Beyond the sorted depth, each suffix is followed separately.
    fn compare_each(&mut self, ranks: Ranks, depth: u32, rest: &[u8]) {
        for lo in ranks.lo..ranks.hi {
            let one = Ranks { lo, hi: lo + 1 };
            let token = self.segment.token(self.segment.position(lo) + depth);
            self.step(one, depth, token, rest);
        }
    }

    fn step(&mut self, ranks: Ranks, depth: u32, token: TokenId, rest: &[u8]) {
        let bytes = (self.bytes_of)(token);
        if token == SEPARATOR || bytes.is_empty() {
            return;
        }
        if bytes.starts_with(rest) {
            let n_tokens = depth + 1;
            self.found.push(FoundSuffixes { ranks, n_tokens });
        } else if let Some(rest) = rest.strip_prefix(bytes) {
            self.descend(ranks, depth + 1, rest);
        }
    }
}
