//! Pools that grow by one finished answer at a time. A group's newest answers are a
//! small segment; when it is large enough it becomes permanent, and neighbours are
//! merged by size, so that each of thousands of answers is sorted only a few times.
//! Segments are built on demand and depend only on the answers and their order: adding
//! the same answers again gives the same pools. Does not know runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::retrieval::index::doc_table::Entry;
use crate::retrieval::index::segment::Segment;
use crate::retrieval::index::segment_builder::SegmentBuilder;
use crate::retrieval::store::document::PoolDoc;
use crate::retrieval::store::pools::Pools;
use crate::speculate::subject::GroupKey;

/// Tokens at which a group's newest answers become a permanent segment.
const YOUNG_TOKENS: usize = 8192;
/// An older segment of up to this many times its younger neighbour's tokens is merged
/// with it ..
const GROWN_RATIO: usize = 2;
/// .. unless the result would exceed this.
const SEGMENT_TOKENS: usize = 32 << 20;

/// Answers by group, in order of arrival.
#[derive(Clone, Debug, Default)]
pub(crate) struct Growth {
    /// Oldest part first.
    groups: BTreeMap<GroupKey, Vec<GrowthPart>>,
}

#[derive(Clone, Debug)]
enum GrowthPart {
    Waiting { docs: Vec<PoolDoc>, n_tokens: usize },
    Built(Arc<Segment>),
}

impl Growth {
    /// Adds an answer at the end of its group.
    pub(crate) fn add(&mut self, doc: PoolDoc) {
        let parts = self.groups.entry(doc.group.clone()).or_default();
        let is_young = |part: &GrowthPart| part.n_tokens() < YOUNG_TOKENS;
        let young = parts.pop_if(|part| is_young(part));
        let grown = GrowthPart::of(vec![doc]);
        parts.push(young.map_or(grown.clone(), |young| young.followed_by(grown)));
        while let [.., older, younger] = parts.as_slice()
            && older.takes_in(younger)
        {
            let (Some(younger), Some(older)) = (parts.pop(), parts.pop()) else {
                break;
            };
            parts.push(older.followed_by(younger));
        }
    }

    /// The pools of the answers, to add to the existing ones.
    pub(crate) fn pools(&mut self) -> Pools {
        let mut segments = Vec::new();
        for (group, parts) in &mut self.groups {
            for part in parts {
                segments.push((group.clone(), part.segment()));
            }
        }
        Pools::of(segments)
    }
}

impl GrowthPart {
    fn of(docs: Vec<PoolDoc>) -> Self {
        let n_tokens = docs.iter().map(|doc| doc.tokens.len()).sum();
        GrowthPart::Waiting { docs, n_tokens }
    }

    fn n_tokens(&self) -> usize {
        match self {
            GrowthPart::Waiting { n_tokens, .. } => *n_tokens,
            GrowthPart::Built(segment) => segment.n_tokens(),
        }
    }

    /// Whether to merge the younger one into this one.
    fn takes_in(&self, younger: &GrowthPart) -> bool {
        let (old, young) = (self.n_tokens(), younger.n_tokens());
        young >= YOUNG_TOKENS && old <= young * GROWN_RATIO && old + young <= SEGMENT_TOKENS
    }

    fn followed_by(self, younger: GrowthPart) -> GrowthPart {
        let docs = [self.into_docs(), younger.into_docs()];
        GrowthPart::of(docs.into_iter().flatten().collect())
    }

    fn into_docs(self) -> Vec<PoolDoc> {
        let segment = match self {
            GrowthPart::Waiting { docs, .. } => return docs,
            GrowthPart::Built(segment) => segment,
        };
        let doc = |entry: Entry| PoolDoc {
            id: entry.id.into(),
            title: entry.title.to_string(),
            group: GroupKey::default(),
            tokens: segment.tokens_of(&entry),
        };
        segment.docs.iter().map(doc).collect()
    }

    fn segment(&mut self) -> Arc<Segment> {
        let docs = match self {
            GrowthPart::Built(segment) => return Arc::clone(segment),
            GrowthPart::Waiting { docs, .. } => std::mem::take(docs),
        };
        let mut builder = SegmentBuilder::new();
        for doc in docs {
            builder.push(&doc.id, &doc.title, &doc.tokens);
        }
        let segment = Arc::new(builder.finish());
        *self = GrowthPart::Built(Arc::clone(&segment));
        segment
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn doc(i: usize, group: &str, n_tokens: usize) -> PoolDoc {
        PoolDoc {
            id: format!("item/{i}").into(),
            title: format!("Item {i}"),
            group: group.into(),
            tokens: (0..n_tokens).map(|at| (at * (i + 3) % 50) as u32).collect(),
        }
    }

    fn all(pools: &Pools) -> Vec<(String, usize, usize)> {
        let groups = pools.groups().into_iter();
        groups
            .map(|g| (g.group.to_string(), g.documents, g.tokens))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

        /// Pools built after every answer, or once after a resumed run, have identical
        /// segments.
        #[test]
        fn the_same_answers_give_the_same_pools(
            sizes in prop::collection::vec((0usize..2, 1usize..6000), 1..40),
        ) {
            let docs = sizes.iter().enumerate();
            let docs: Vec<PoolDoc> = docs.map(|(i, &(g, n))| doc(i, ["a", "b"][g], n)).collect();
            let (mut often, mut once) = (Growth::default(), Growth::default());
            let mut pools = Pools::empty();
            for doc in &docs {
                often.add(doc.clone());
                pools = often.pools();
                once.add(doc.clone());
            }
            prop_assert_eq!(once.pools().fingerprint(), pools.fingerprint());
            prop_assert_eq!(all(&pools), all(&Pools::build(docs.clone())));
            for parts in often.groups.values() {
                prop_assert!(parts.len() <= 12, "{} parts", parts.len());
            }
        }
    }

    #[test]
    fn an_answer_is_sorted_a_few_times_only() {
        let (mut growth, mut n_sorted, mut sizes) = (Growth::default(), 0, Vec::new());
        for i in 0..2000 {
            growth.add(doc(i, "a", 250));
            let parts = &growth.groups["a"];
            let old = parts
                .iter()
                .map(GrowthPart::n_tokens)
                .filter(|&n| n >= YOUNG_TOKENS);
            let old: Vec<usize> = old.collect();
            if old != sizes {
                n_sorted += old.last().copied().unwrap_or(0);
                sizes = old;
            }
        }
        assert!(n_sorted < 8 * 2000 * 250, "{n_sorted} tokens, {sizes:?}");
    }
}
