//! A log of manual edits of the pools: documents added and removed, undone one by one.

use crate::retrieval::{PoolDoc, PoolPart, Pools, Unwanted};
use crate::speculate::subject::DocId;

/// The edits of a session, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edits {
    pub(super) log: Vec<Edit>,
    /// How many of them are on disk and cannot be undone.
    pub(super) n_saved: usize,
    /// The pools without the added documents.
    pub(super) base: Option<Pools>,
}

#[derive(Clone, Debug)]
pub(super) enum Edit {
    Added(Vec<PoolDoc>),
    Removed(Unwanted),
}

impl Edits {
    pub(crate) fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Documents added and not removed again.
    pub(crate) fn n_added(&self) -> usize {
        self.added().count()
    }

    /// Original documents that were removed.
    pub(crate) fn n_removed(&self) -> usize {
        let added: Vec<&DocId> = self.all_added().map(|d| &d.id).collect();
        let removed = self.removals();
        removed.filter(|r| !added.contains(&&r.id)).count()
    }

    pub(crate) fn n_unsaved(&self) -> usize {
        self.log.len() - self.n_saved
    }

    pub(super) fn all_added(&self) -> impl Iterator<Item = &PoolDoc> {
        self.log.iter().flat_map(|edit| match edit {
            Edit::Added(docs) => docs.as_slice(),
            Edit::Removed(_) => &[],
        })
    }

    fn removals(&self) -> impl Iterator<Item = &Unwanted> {
        self.log.iter().filter_map(|edit| match edit {
            Edit::Added(_) => None,
            Edit::Removed(doc) => Some(doc),
        })
    }

    /// The removed documents.
    pub(super) fn removed(&self) -> Vec<Unwanted> {
        self.removals().cloned().collect()
    }

    /// The pools with the added documents; `now`: the pools without any edits.
    pub(super) fn applied_to(&self, now: &Pools) -> Pools {
        let Some(base) = &self.base else {
            return now.clone();
        };
        match self.all_added().next() {
            None => base.clone(),
            Some(_) => base.beside(&Pools::build(self.all_added().cloned().collect())),
        }
    }

    fn added(&self) -> impl Iterator<Item = &PoolDoc> {
        let is_out = |d: &PoolDoc| {
            let mut removed = self.removals().filter(|r| r.from != PoolPart::Online);
            removed.any(|r| r.id == d.id)
        };
        self.all_added().filter(move |d| !is_out(d))
    }
}

impl Edit {
    pub(crate) fn added(&self) -> &[PoolDoc] {
        match self {
            Edit::Added(docs) => docs,
            Edit::Removed(_) => &[],
        }
    }

    /// The id of a document removed from the groups' pools.
    pub(crate) fn removed(&self) -> Option<&DocId> {
        match self {
            Edit::Removed(doc) if doc.from != PoolPart::Online => Some(&doc.id),
            _ => None,
        }
    }
}
