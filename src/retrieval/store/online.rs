//! Finished answers of a session, added one by one. A group's newest answers are a
//! small segment, rebuilt with every answer; when it is large enough it is merged into
//! the group's large one. Does not know runs or settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::retrieval::index::segment::Segment;
use crate::retrieval::index::segment_builder::SegmentBuilder;
use crate::retrieval::store::document::PoolDoc;
use crate::speculate::subject::GroupKey;

/// Tokens at which a group's newest answers are merged into the older ones.
const MERGED_TOKENS: usize = 8192;

/// The answers by group. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Online {
    groups: BTreeMap<GroupKey, Group>,
}

#[derive(Clone, Debug, Default)]
struct Group {
    old: Option<Arc<Segment>>,
    young: Option<Arc<Segment>>,
}

impl Online {
    /// Adds an answer. Replaces an earlier one with the same id.
    pub fn add(&mut self, doc: &PoolDoc) {
        let group = self.groups.entry(doc.group.clone()).or_default();
        let has_id = |s: &&Arc<Segment>| s.docs.with_id(&doc.id).next().is_some();
        let is_replaced = group.old.as_ref().filter(has_id).is_some();
        let young = built(group.young.as_deref(), None, doc);
        if is_replaced || young.n_tokens() >= MERGED_TOKENS {
            let young = group.young.take();
            group.old = Some(Arc::new(built(group.old.as_deref(), young.as_deref(), doc)));
        } else {
            group.young = Some(Arc::new(young));
        }
    }

    /// Every segment with its group.
    pub(crate) fn segments(&self) -> impl Iterator<Item = (&GroupKey, &Arc<Segment>)> {
        let groups = self.groups.iter();
        groups.flat_map(|(name, group)| {
            let both = group.old.iter().chain(&group.young);
            both.map(move |segment| (name, segment))
        })
    }
}

/// These segments' documents plus another one, which replaces those with its id.
fn built(old: Option<&Segment>, young: Option<&Segment>, doc: &PoolDoc) -> Segment {
    let mut builder = SegmentBuilder::new();
    for segment in old.into_iter().chain(young) {
        for entry in segment.docs.iter().filter(|e| doc.id != e.id) {
            builder.push(entry.id, entry.title, &segment.tokens_of(&entry));
        }
    }
    if builder.has_room(&doc.id, &doc.title, doc.tokens.len()) {
        builder.push(&doc.id, &doc.title, &doc.tokens);
    }
    builder.finish()
}
