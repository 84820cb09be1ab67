//! The pools: segments by group; the global pool is all of them together. Knows which
//! document belongs where, but not how drafts are made.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use crate::retrieval::index::hidden::HiddenSpans;
use crate::retrieval::index::segment::Segment;
use crate::retrieval::index::segment_builder::SegmentBuilder;
use crate::retrieval::index::segment_view::SegmentView;
use crate::retrieval::store::document::PoolDoc;
use crate::retrieval::store::find_text::{self, TextHit, TextHits};
use crate::retrieval::store::online::Online;
use crate::speculate::TokenId;
use crate::speculate::draft::DocHit;
use crate::speculate::subject::{DocId, GroupKey};
use crate::speculate::trace::Excerpt;

/// All groups' segments. Cheap to clone; a clone may hide documents.
#[derive(Clone, Debug, Default)]
pub struct Pools {
    index: Arc<Index>,
    hidden: Option<Hidden>,
}

/// One segment on one view; a group has several if its pool grew in steps.
#[derive(Debug, Default)]
struct Index {
    segments: Vec<Arc<Segment>>,
    /// Ascending by name, each with its views.
    groups: Vec<(GroupKey, Range<usize>)>,
    /// Groups of the last segments, which contain answers added online.
    online: Vec<GroupKey>,
}

/// A document to leave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unwanted {
    pub(crate) id: DocId,
    pub(crate) from: PoolPart,
}

/// The parts of the pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoolPart {
    All,
    /// The groups' pools.
    Groups,
    /// The answers of this session.
    Online,
}

/// Documents left out of every answer.
#[derive(Clone, Debug)]
struct Hidden {
    docs: Vec<Unwanted>,
    /// Per view.
    views: Vec<HiddenSpans>,
}

impl Pools {
    /// Builds every group's index, in parallel.
    pub fn build(docs: Vec<PoolDoc>) -> Self {
        let mut builders: BTreeMap<GroupKey, SegmentBuilder> = BTreeMap::new();
        for doc in docs {
            let builder = builders.entry(doc.group);
            let builder = builder.or_insert_with(SegmentBuilder::new);
            builder.push(&doc.id, &doc.title, &doc.tokens);
        }
        let builders: Vec<_> = builders.into_iter().collect();
        let segments: Vec<_> = builders
            .into_par_iter()
            .map(|(group, builder)| (group, Arc::new(builder.finish())))
            .collect();
        Pools::of(segments)
    }

    /// Segments with the groups they belong to.
    pub(crate) fn of(mut segments: Vec<(GroupKey, Arc<Segment>)>) -> Self {
        segments.sort_by(|a, b| a.0.cmp(&b.0));
        let mut index = Index::default();
        for (view, (group, segment)) in segments.into_iter().enumerate() {
            index.segments.push(segment);
            match index.groups.last_mut().filter(|last| last.0 == group) {
                Some(last) => last.1.end = view + 1,
                None => index.groups.push((group, view..view + 1)),
            }
        }
        Pools {
            index: Arc::new(index),
            hidden: None,
        }
    }

    /// Pools without documents: only the local text can draft.
    pub fn empty() -> Self {
        Pools::default()
    }

    /// These pools and others together, nothing hidden; the indexes are shared.
    pub fn beside(&self, others: &Pools) -> Self {
        let both = [self, others].into_iter();
        Pools::of(both.flat_map(Pools::segments).collect())
    }

    /// These pools with a session's answers, replacing the previous ones; nothing
    /// hidden, the indexes are shared.
    pub fn with_online(&self, online: &Online) -> Self {
        let n_pool = self.n_pool_views();
        let mut segments = self.index.segments[..n_pool].to_vec();
        segments.extend(online.segments().map(|(_, segment)| Arc::clone(segment)));
        Pools {
            index: Arc::new(Index {
                segments,
                groups: self.index.groups.clone(),
                online: online.segments().map(|s| s.0.clone()).collect(),
            }),
            hidden: None,
        }
    }

    /// Existing documents that are left out, each once, by part.
    pub(crate) fn hidden_docs(&self) -> BTreeSet<(&'static str, &str)> {
        let docs = self.hidden.iter().flat_map(|hidden| &hidden.docs);
        let is_there = |d: &&Unwanted| {
            let mut segments = self.index.segments.iter();
            segments.any(|segment| segment.docs.with_id(&d.id).next().is_some())
        };
        let named = |d: &'_ Unwanted| match d.from {
            PoolPart::All => "hidden",
            PoolPart::Groups => "hidden in groups",
            PoolPart::Online => "hidden online",
        };
        docs.filter(is_there)
            .map(|d| (named(d), d.id.as_str()))
            .collect()
    }

    /// The segments of answers added online, with their groups.
    pub(crate) fn online_segments(&self) -> impl Iterator<Item = (&GroupKey, &Arc<Segment>)> {
        let groups = self.index.online.iter();
        groups.zip(&self.index.segments[self.n_pool_views()..])
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = (GroupKey, Arc<Segment>)> + '_ {
        let groups = self.index.groups.iter();
        groups.flat_map(|(name, views)| {
            let segments = self.index.segments[views.clone()].iter();
            segments.map(|segment| (name.clone(), Arc::clone(segment)))
        })
    }

    /// The same pools as if this document had never been added, so that a
    /// subject's own earlier answer cannot draft for it. Shares the index;
    /// costs a search for each of the document's tokens. An unknown id hides
    /// nothing.
    pub fn without(&self, doc_id: &DocId) -> Self {
        self.without_all(&[Unwanted {
            id: doc_id.clone(),
            from: PoolPart::All,
        }])
    }

    /// The same for several documents, in addition to those already hidden.
    pub(crate) fn without_all(&self, docs: &[Unwanted]) -> Self {
        let before = self.hidden.iter().flat_map(|h| &h.docs);
        let docs: Vec<Unwanted> = before.chain(docs).cloned().collect();
        let n_pool = self.n_pool_views();
        let views = self.index.segments.iter().enumerate();
        let views = views.map(|(view, segment)| {
            let part = match view < n_pool {
                true => PoolPart::Groups,
                false => PoolPart::Online,
            };
            let here = docs
                .iter()
                .filter(|d| d.from == PoolPart::All || d.from == part);
            HiddenSpans::of(segment, here.map(|d| d.id.as_str()))
        });
        let views = views.collect();
        Pools {
            index: Arc::clone(&self.index),
            hidden: (!docs.is_empty()).then_some(Hidden { docs, views }),
        }
    }

    /// A document's title; `None` for an unknown or hidden one.
    pub fn title(&self, doc_id: &str) -> Option<&str> {
        let mut views = (0..self.n_views()).map(|i| self.view(i));
        views.find_map(|view| {
            let mut entries = view.segment.docs.with_id(doc_id);
            let entry = entries.find(|e| view.is_visible(e.tokens.start))?;
            Some(entry.title)
        })
    }

    /// The text around a position in a document: up to `before` tokens before it and
    /// `behind` from it on.
    pub(crate) fn excerpt(
        &self,
        place: &DocHit,
        token: TokenId,
        (before, behind): (usize, usize),
    ) -> Option<Excerpt> {
        let at = place.at as usize;
        for (number, segment) in self.index.segments.iter().enumerate() {
            for entry in segment.docs.with_id(&place.doc) {
                let tokens = segment.tokens_of(&entry);
                if tokens.get(at) != Some(&token) {
                    continue;
                }
                let from = at.saturating_sub(before);
                let to = tokens.len().min(at + behind);
                return Some(Excerpt {
                    doc: place.doc.clone(),
                    group: self.group_of(number),
                    from: from as u32,
                    ids: tokens[from..to].to_vec(),
                });
            }
        }
        None
    }

    /// The group that a segment belongs to.
    fn group_of(&self, segment: usize) -> GroupKey {
        let groups = &self.index.groups;
        let pool = groups.iter().find(|(_, views)| views.contains(&segment));
        let name = pool.map(|(name, _)| name);
        let name = name.or(self.online_group(segment));
        name.cloned().unwrap_or_default()
    }

    /// Where a text occurs in the documents, however it is tokenized. `bytes_of` gives
    /// a token's bytes, none if it is not text.
    pub fn find_text<'t>(
        &self,
        text: &str,
        bytes_of: &impl Fn(TokenId) -> &'t [u8],
    ) -> Vec<TextHits> {
        let groups = self.index.groups.iter();
        groups
            .map(|(group, views)| {
                let segments = &self.index.segments[views.clone()];
                find_text::in_group(group, segments, text.as_bytes(), bytes_of)
            })
            .collect()
    }

    /// A found document's tokens: up to `margin` before the text, those that the text
    /// overlaps, and up to `margin` after it.
    pub(crate) fn around(
        &self,
        group: &GroupKey,
        hit: &TextHit,
        margin: usize,
    ) -> [Vec<TokenId>; 3] {
        let segment = &self.index.segments[self.views_of(group)][hit.place.0];
        let entry = segment.docs.get(hit.place.1);
        let tokens = entry.map_or(Vec::new(), |entry| segment.tokens_of(&entry));
        let place = |at: usize| at.min(tokens.len());
        let (from, to) = (place(hit.at.0 as usize), place(hit.at.1 as usize));
        [
            tokens[from.saturating_sub(margin)..from].to_vec(),
            tokens[from..to].to_vec(),
            tokens[to..place(to + margin)].to_vec(),
        ]
    }

    /// Every group's name and views, ascending by name.
    pub(crate) fn group_views(&self) -> impl Iterator<Item = (&GroupKey, Range<usize>)> {
        let groups = self.index.groups.iter();
        groups.map(|(name, views)| (name, views.clone()))
    }

    /// The views of a group's pool; none for an unknown group.
    pub(crate) fn views_of(&self, group: &GroupKey) -> Range<usize> {
        let groups = &self.index.groups;
        let found = groups.binary_search_by(|(name, _)| name.cmp(group));
        found.map_or(0..0, |i| groups[i].1.clone())
    }

    pub(crate) fn n_views(&self) -> usize {
        self.index.segments.len()
    }

    /// Number of the pools' views; later ones were added online.
    pub(crate) fn n_pool_views(&self) -> usize {
        self.n_views() - self.index.online.len()
    }

    /// The group of a view that was added online.
    pub(crate) fn online_group(&self, view: usize) -> Option<&GroupKey> {
        let at = view.checked_sub(self.n_pool_views())?;
        self.index.online.get(at)
    }

    pub(crate) fn segment(&self, view: usize) -> Arc<Segment> {
        Arc::clone(&self.index.segments[view])
    }

    /// Hidden answers added online, in every part.
    pub(crate) fn hidden_online(&self) -> Vec<Unwanted> {
        let docs = self.hidden.iter().flat_map(|h| &h.docs);
        let online = docs.filter(|d| d.from != PoolPart::Groups);
        online
            .map(|d| Unwanted {
                id: d.id.clone(),
                from: PoolPart::All,
            })
            .collect()
    }

    /// A segment, seen without the hidden documents.
    pub(crate) fn view(&self, index: usize) -> SegmentView<'_> {
        SegmentView {
            segment: &self.index.segments[index],
            hidden: self
                .hidden
                .as_ref()
                .map(|h| &h.views[index])
                .filter(|h| h.documents > 0),
        }
    }
}
