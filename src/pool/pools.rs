//! The pools: one segment a group; the global pool is all of them together.
//! Knows which document belongs where, nothing of how drafts are made.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::segment::{Entry, Ranks, Segment};
use crate::speculate::TokenId;
use crate::speculate::params::Source;
use crate::speculate::trace::PoolSize;

/// A knowledge document, tokenised: an earlier answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolDoc {
    pub id: String,
    /// What a person calls the document's subject.
    pub title: String,
    pub group: String,
    /// From the answer's opening to its end, the end-of-generation token
    /// included where there was one.
    pub tokens: Vec<TokenId>,
}

/// Size of one group's pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSize {
    pub group: String,
    pub documents: usize,
    pub tokens: usize,
    /// Memory of the index.
    pub bytes: usize,
}

/// All groups' segments. Cheap to clone; a clone may hide a document.
#[derive(Clone, Debug, Default)]
pub struct Pools {
    index: Arc<Index>,
    hidden: Option<Hidden>,
}

#[derive(Debug, Default)]
struct Index {
    /// Ascending by group.
    groups: Vec<(String, Segment)>,
    titles: HashMap<String, String>,
}

/// A document left out of every answer.
#[derive(Clone, Debug)]
struct Hidden {
    id: String,
    /// Per group, in the index's order.
    groups: Vec<HiddenSpans>,
}

#[derive(Clone, Debug, Default)]
struct HiddenSpans {
    documents: usize,
    n_tokens: usize,
    /// Text positions, the anchor before the document included.
    positions: Vec<Range<u32>>,
    /// Ranks of those positions' suffixes, ascending.
    ranks: Vec<u32>,
}

impl Pools {
    /// Builds every group's index, in parallel.
    pub fn build(docs: Vec<PoolDoc>) -> Self {
        let titles = docs
            .iter()
            .rev()
            .map(|d| (d.id.clone(), d.title.clone()))
            .collect();
        let mut by_group: BTreeMap<String, Vec<(String, Vec<TokenId>)>> = BTreeMap::new();
        for doc in docs {
            let group = by_group.entry(doc.group).or_default();
            group.push((doc.id, doc.tokens));
        }
        let groups: Vec<(String, Vec<_>)> = by_group.into_iter().collect();
        let groups = groups
            .into_par_iter()
            .map(|(group, docs)| (group, Segment::build(docs)))
            .collect();
        Pools {
            index: Arc::new(Index { groups, titles }),
            hidden: None,
        }
    }

    /// Pools without a document: only the local text can draft.
    pub fn empty() -> Self {
        Pools::default()
    }

    /// The same pools as if this document had never been added, so that a
    /// subject's own earlier answer cannot draft for it. Shares the index;
    /// costs one pass over the document's group. An unknown id hides nothing.
    pub fn without(&self, doc_id: &str) -> Self {
        let groups = &self.index.groups;
        let groups = groups.iter().map(|(_, s)| HiddenSpans::of(s, doc_id));
        Pools {
            index: Arc::clone(&self.index),
            hidden: Some(Hidden {
                id: doc_id.to_string(),
                groups: groups.collect(),
            }),
        }
    }

    /// A document's title; `None` for an unknown or hidden one.
    pub fn title(&self, doc_id: &str) -> Option<&str> {
        if self.hidden.as_ref().is_some_and(|h| h.id == doc_id) {
            return None;
        }
        self.index.titles.get(doc_id).map(String::as_str)
    }

    /// Every group's pool, by group name.
    pub fn groups(&self) -> Vec<GroupSize> {
        let groups = self.index.groups.iter().zip(0..);
        groups
            .map(|((name, _), i)| self.shelf(i).size(name))
            .collect()
    }

    /// What a subject of this group can draw on: its group's pool, if there
    /// is one, and all groups together.
    pub fn sizes(&self, group: Option<&str>) -> Vec<PoolSize> {
        let groups = self.groups();
        let of = |source, sizes: &mut dyn Iterator<Item = &GroupSize>| {
            let (documents, tokens) =
                sizes.fold((0, 0), |(d, t), g| (d + g.documents, t + g.tokens));
            PoolSize {
                source,
                documents,
                tokens,
            }
        };
        let own = groups.iter().find(|g| Some(g.group.as_str()) == group);
        let own = own.map(|g| of(Source::Group, &mut std::iter::once(g)));
        let all = of(Source::Global, &mut groups.iter());
        own.into_iter().chain([all]).collect()
    }

    /// Index of a group's shelf.
    pub(super) fn find_group(&self, group: &str) -> Option<usize> {
        self.index
            .groups
            .binary_search_by(|(name, _)| name.as_str().cmp(group))
            .ok()
    }

    pub(super) fn n_groups(&self) -> usize {
        self.index.groups.len()
    }

    /// A group's segment, seen without the hidden document.
    pub(super) fn shelf(&self, group: usize) -> Shelf<'_> {
        Shelf {
            segment: &self.index.groups[group].1,
            hidden: self
                .hidden
                .as_ref()
                .map(|h| &h.groups[group])
                .filter(|h| h.documents > 0),
        }
    }
}

impl HiddenSpans {
    fn of(segment: &Segment, doc_id: &str) -> Self {
        let entries = segment.entries().iter().filter(|e| e.id == doc_id);
        let positions: Vec<Range<u32>> =
            entries.map(|e| e.tokens.start - 1..e.tokens.end).collect();
        if positions.is_empty() {
            return HiddenSpans::default();
        }
        let is_hidden = |p: u32| positions.iter().any(|span| span.contains(&p));
        HiddenSpans {
            documents: positions.len(),
            n_tokens: positions.iter().map(|span| span.len() - 1).sum(),
            ranks: (0..segment.n_suffixes())
                .filter(|&rank| is_hidden(segment.position(rank)))
                .collect(),
            positions,
        }
    }
}

/// A group's segment with a document taken out, if it has the hidden one.
#[derive(Clone, Copy)]
pub(super) struct Shelf<'a> {
    pub segment: &'a Segment,
    hidden: Option<&'a HiddenSpans>,
}

impl<'a> Shelf<'a> {
    fn size(&self, name: &str) -> GroupSize {
        let hidden = self.hidden.map_or(0, |h| h.documents);
        GroupSize {
            group: name.to_string(),
            documents: self.segment.entries().len() - hidden,
            tokens: self.n_tokens(),
            bytes: self.segment.n_bytes(),
        }
    }

    pub fn n_tokens(&self) -> usize {
        let hidden = self.hidden.map_or(0, |h| h.n_tokens);
        self.segment.n_tokens() - hidden
    }

    /// The segment's most frequent tokens and how often they occur.
    pub fn frequent(&self) -> impl Iterator<Item = (TokenId, u32)> + '_ {
        let tokens = self.segment.frequent().iter();
        let visible = tokens.map(|&(token, n)| match self.hidden {
            None => (token, n),
            Some(_) => (token, self.count(self.segment.bucket(token)) as u32),
        });
        visible.filter(|t| t.1 > 0)
    }

    /// How many suffixes these are, the hidden document's left out.
    pub fn count(&self, ranks: Ranks) -> usize {
        let hidden = self.hidden.map_or(0, |h| {
            let below = |bound| h.ranks.partition_point(|&r| r < bound);
            below(ranks.hi) - below(ranks.lo)
        });
        ranks.len() - hidden
    }

    /// The text position a suffix begins at, unless it is hidden.
    pub fn visible(&self, rank: u32) -> Option<u32> {
        let position = self.segment.position(rank);
        let hidden = self
            .hidden
            .is_some_and(|h| h.positions.iter().any(|span| span.contains(&position)));
        (!hidden).then_some(position)
    }

    /// Document and token position in it, for a text position.
    pub fn locate(&self, position: u32) -> Option<(&'a Entry, u32)> {
        let entry = self.segment.entry_at(position)?;
        Some((entry, position - entry.tokens.start))
    }
}
