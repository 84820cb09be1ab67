//! The sizes of pools, without hidden documents.

use crate::retrieval::store::pools::Pools;
use crate::speculate::params::Source;
use crate::speculate::subject::GroupKey;
use crate::speculate::trace::PoolSize;

/// Size of one group's pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSize {
    /// Kind, name and framework.
    pub group: GroupKey,
    /// Hidden ones left out.
    pub documents: usize,
    /// Of these documents.
    pub tokens: usize,
    /// Memory of the index.
    pub(crate) bytes: usize,
    pub(crate) segments: usize,
}

impl Pools {
    /// Every group's pool, by group name.
    pub fn groups(&self) -> Vec<GroupSize> {
        let groups = self.group_views();
        groups
            .map(|(name, views)| {
                let mut size = GroupSize {
                    group: name.clone(),
                    documents: 0,
                    tokens: 0,
                    bytes: 0,
                    segments: views.len(),
                };
                for view in views.map(|i| self.view(i)) {
                    size.documents += view.n_docs();
                    size.tokens += view.n_tokens();
                    size.bytes += view.segment.n_bytes();
                }
                size
            })
            .collect()
    }

    /// The pools for a subject of this group: its group's pool, if any, and all groups
    /// together.
    pub fn sizes(&self, group: Option<&GroupKey>) -> Vec<PoolSize> {
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
        let own = groups.iter().find(|g| Some(&g.group) == group);
        let own = own.map(|g| of(Source::Group, &mut std::iter::once(g)));
        let all = of(Source::Global, &mut groups.iter());
        let online = self.online_size();
        let online = Some(online).filter(|size| size.documents > 0);
        own.into_iter().chain([all]).chain(online).collect()
    }

    /// Whether there is nothing to draft from but the text itself.
    pub fn is_empty(&self) -> bool {
        self.n_views() == 0
    }

    /// Answers of the session that can draft.
    pub(crate) fn n_online(&self) -> usize {
        self.online_size().documents
    }

    fn online_size(&self) -> PoolSize {
        let views = (self.n_pool_views()..self.n_views()).map(|i| self.view(i));
        let (documents, tokens) =
            views.fold((0, 0), |(d, t), s| (d + s.n_docs(), t + s.n_tokens()));
        PoolSize {
            source: Source::Online,
            documents,
            tokens,
        }
    }
}
