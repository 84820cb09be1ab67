//! Lists and reads the documents of pools. Does not know drafts.

use crate::protocol::ListedDoc;
use crate::retrieval::store::document::PoolDoc;
use crate::retrieval::store::pools::Pools;
use crate::speculate::subject::GroupKey;

impl Pools {
    /// The documents of a group, or of all groups, in the pools' order: at most
    /// `limit`, and the total number. Without those added online.
    pub(crate) fn documents(
        &self,
        group: Option<&GroupKey>,
        limit: usize,
    ) -> (Vec<ListedDoc>, usize) {
        let groups: Vec<GroupKey> = match group {
            Some(group) => vec![group.clone()],
            None => self.groups().into_iter().map(|g| g.group).collect(),
        };
        let (mut listed, mut n) = (Vec::new(), 0);
        for group in groups {
            for view in self.views_of(&group).map(|i| self.view(i)) {
                let entries = view.segment.docs.iter();
                for entry in entries.filter(|e| view.is_visible(e.tokens.start)) {
                    n += 1;
                    if listed.len() < limit {
                        listed.push(ListedDoc {
                            id: entry.id.into(),
                            title: entry.title.to_string(),
                            group: group.clone(),
                            n_tokens: entry.tokens.len(),
                        });
                    }
                }
            }
        }
        (listed, n)
    }

    /// A document with its tokens, not from those added online.
    pub(crate) fn document(&self, id: &str) -> Option<PoolDoc> {
        let groups = self.groups().into_iter().map(|g| g.group);
        let mut places = groups.flat_map(|group| {
            let views = self.views_of(&group);
            views.map(move |view| (group.clone(), view))
        });
        places.find_map(|(group, view)| {
            let view = self.view(view);
            let mut entries = view.segment.docs.with_id(id);
            let entry = entries.find(|e| view.is_visible(e.tokens.start))?;
            Some(PoolDoc {
                id: entry.id.into(),
                title: entry.title.to_string(),
                group,
                tokens: view.segment.tokens_of(&entry),
            })
        })
    }

    /// The answers added online as pools of their groups, without hidden ones.
    pub(crate) fn online_alone(&self) -> Pools {
        let views = self.n_pool_views()..self.n_views();
        let segments = views.filter_map(|view| {
            let group = self.online_group(view)?.clone();
            Some((group, self.segment(view)))
        });
        let hidden = self.hidden_online();
        Pools::of(segments.collect()).without_all(&hidden)
    }
}
