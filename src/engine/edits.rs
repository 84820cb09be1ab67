//! What was changed in the pools by hand, in memory: documents added and taken
//! out, undone one by one, saved to the pool on disk when asked to. Runs under
//! way keep the pools they began with.

use color_eyre::eyre::{Result, bail, ensure, eyre};

use super::{Engine, Knowledge, PoolName, tokenizer_hash};
use crate::retrieval::{Part, PoolDoc, PoolUpdate, Pools, Unwanted};
use crate::speculate::params::Params;

/// The changes of a session, in order.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    log: Vec<Edit>,
    /// So many of them are on disk and cannot be undone here.
    n_saved: usize,
    /// The pools without what was added.
    base: Option<Pools>,
}

#[derive(Clone, Debug)]
enum Edit {
    Added(Vec<PoolDoc>),
    Removed(Unwanted),
}

/// What saving did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedEdits {
    pub added: usize,
    pub removed: usize,
    /// Documents taken out that the pool on disk does not have.
    pub unknown: usize,
}

impl Edits {
    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Documents added, less those taken out again.
    pub fn n_added(&self) -> usize {
        self.added().count()
    }

    /// Documents taken out that were there before.
    pub fn n_removed(&self) -> usize {
        let added: Vec<&str> = self.all_added().map(|d| d.id.as_str()).collect();
        let removed = self.removed();
        removed.filter(|r| !added.contains(&r.id.as_str())).count()
    }

    pub fn n_unsaved(&self) -> usize {
        self.log.len() - self.n_saved
    }

    fn all_added(&self) -> impl Iterator<Item = &PoolDoc> {
        self.log.iter().flat_map(|edit| match edit {
            Edit::Added(docs) => docs.as_slice(),
            Edit::Removed(_) => &[],
        })
    }

    fn removed(&self) -> impl Iterator<Item = &Unwanted> {
        self.log.iter().filter_map(|edit| match edit {
            Edit::Added(_) => None,
            Edit::Removed(doc) => Some(doc),
        })
    }

    fn added(&self) -> impl Iterator<Item = &PoolDoc> {
        let is_out = |d: &PoolDoc| {
            let mut removed = self.removed().filter(|r| r.from != Part::Online);
            removed.any(|r| r.id == d.id)
        };
        self.all_added().filter(move |d| !is_out(d))
    }
}

impl Engine {
    /// What drafts for a run and no command line can bring back.
    pub(super) fn by_hand(&self, params: &Params) -> Vec<String> {
        let mut told = Vec::new();
        if self.edits.n_unsaved() > 0 {
            let (added, removed) = (self.edits.n_added(), self.edits.n_removed());
            told.push(format!(
                "pools edited by hand: {added} documents added, {removed} taken out"
            ));
        }
        let n_online = self.pools.n_online();
        if params.sources.online && n_online > 0 {
            told.push(format!("{n_online} answers of the session can draft"));
        }
        told
    }

    pub fn edits(&self) -> &Edits {
        &self.edits
    }

    /// Adds documents to the pools, for runs to come. One whose id is taken, or
    /// was, gets another.
    ///
    /// # Errors
    /// A document without a text.
    pub fn add_documents(&mut self, docs: &[Knowledge]) -> Result<Vec<String>> {
        ensure!(!docs.is_empty(), "there is no document to add");
        let mut added: Vec<PoolDoc> = Vec::with_capacity(docs.len());
        for doc in docs {
            ensure!(
                !doc.text.trim().is_empty(),
                "document `{}`: the text is empty",
                doc.id
            );
            let mut doc = doc.tokenize(&self.codec)?;
            doc.id = self.free_id(&doc.id, &added);
            added.push(doc);
        }
        let ids = added.iter().map(|d| d.id.clone()).collect();
        self.edit(Edit::Added(added));
        Ok(ids)
    }

    fn free_id(&self, wanted: &str, others: &[PoolDoc]) -> String {
        let base = self.edits.base.as_ref().unwrap_or(&self.pools);
        let is_taken = |id: &str| {
            let mut added = self.edits.all_added().chain(others);
            added.any(|d| d.id == id) || base.document(id).is_some()
        };
        let numbered = (2..).map(|n| format!("{wanted}~{n}"));
        let mut names = std::iter::once(wanted.to_string()).chain(numbered);
        names
            .find(|id| !is_taken(id))
            .unwrap_or_else(|| wanted.to_string())
    }

    /// Takes a document out of the pools, for runs to come.
    ///
    /// # Errors
    /// An id that is not there.
    pub fn remove_document(&mut self, pool: &PoolName, id: &str) -> Result<()> {
        let (is_there, from) = match pool {
            PoolName::Online => (
                self.pools.online_alone().document(id).is_some(),
                Part::Online,
            ),
            PoolName::Global | PoolName::Group(_) => {
                (self.pools.document(id).is_some(), Part::Groups)
            }
        };
        ensure!(is_there, "no document `{id}` in {}", pool.name());
        let id = id.to_string();
        self.edit(Edit::Removed(Unwanted { id, from }));
        Ok(())
    }

    /// Takes the last change back; what it was.
    ///
    /// # Errors
    /// Nothing to take back; a change that is saved.
    pub fn undo_edit(&mut self) -> Result<String> {
        if self.edits.n_unsaved() == 0 {
            match self.edits.is_empty() {
                true => bail!("nothing was changed in the pools"),
                false => bail!(
                    "the changes are saved: `laserscope pool add` and `pool remove` change the pool on disk"
                ),
            }
        }
        let told = match self.edits.log.pop() {
            Some(Edit::Added(docs)) => format!("{} added documents are out again", docs.len()),
            Some(Edit::Removed(doc)) => format!("`{}` is back", doc.id),
            None => String::new(),
        };
        self.refresh_pools();
        Ok(told)
    }

    fn edit(&mut self, edit: Edit) {
        if self.edits.base.is_none() {
            self.edits.base = Some(self.pools.clone());
        }
        self.edits.log.push(edit);
        self.refresh_pools();
    }

    /// The pools as they are after the changes and with the session's answers.
    pub(super) fn refresh_pools(&mut self) {
        let pools = match (&self.edits.base, self.edits.all_added().next()) {
            (None, _) => self.pools.clone(),
            (Some(base), None) => base.clone(),
            (Some(base), Some(_)) => {
                let added = self.edits.all_added().cloned().collect();
                base.beside(&Pools::build(added))
            }
        };
        let removed: Vec<Unwanted> = self.edits.removed().cloned().collect();
        self.pools = pools.with_online(&self.online).without_all(&removed);
    }

    /// Puts the changes that are not saved yet into the pool on disk that was
    /// opened with the model.
    ///
    /// # Errors
    /// No pool on disk; as [`PoolUpdate::change`].
    pub fn save_edits(&mut self) -> Result<SavedEdits> {
        let path = self.pool_on_disk.clone();
        let path = path.ok_or_else(|| {
            eyre!("no pool on disk is open: start with --pool NAME.pool to save to it")
        })?;
        let unsaved = &self.edits.log[self.edits.n_saved..];
        ensure!(!unsaved.is_empty(), "there is nothing to save");
        let mut progress = |_: &_| true;
        let hash = tokenizer_hash(&self.codec)?;
        let mut update = PoolUpdate::change(&path, Some(&hash), &mut progress)?;
        let mut saved = SavedEdits {
            added: 0,
            removed: 0,
            unknown: 0,
        };
        let new: Vec<&PoolDoc> = unsaved.iter().flat_map(Edit::added).collect();
        let out: Vec<&str> = unsaved.iter().filter_map(Edit::removed).collect();
        for &id in out.iter().filter(|id| !new.iter().any(|d| d.id == **id)) {
            match update.holds(id) {
                true => saved.removed += 1,
                false => saved.unknown += 1,
            }
            update.remove([id.to_string()]);
        }
        for doc in new.iter().filter(|d| !out.contains(&d.id.as_str())) {
            update.push(doc)?;
            saved.added += 1;
        }
        update.commit()?;
        self.edits.n_saved = self.edits.log.len();
        Ok(saved)
    }

    /// The pool on disk that changes can be saved to.
    pub fn pool_on_disk(&self) -> Option<String> {
        let path = self.pool_on_disk.as_ref()?;
        Some(path.display().to_string())
    }
}

impl Edit {
    fn added(&self) -> &[PoolDoc] {
        match self {
            Edit::Added(docs) => docs,
            Edit::Removed(_) => &[],
        }
    }

    /// The id of a document taken out of the groups' pools.
    fn removed(&self) -> Option<&str> {
        match self {
            Edit::Removed(doc) if doc.from != Part::Online => Some(&doc.id),
            _ => None,
        }
    }
}
