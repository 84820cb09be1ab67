//! Editing the pools by hand, in memory: documents are added and removed, edits undone
//! one by one and saved to the pool on disk on request. Current runs keep the pools
//! they began with.

use color_eyre::eyre::{Result, bail, ensure, eyre};

use crate::engine::pools::edits::Edit;
use crate::engine::pools::knowledge::Knowledge;
use crate::engine::pools::{EnginePools, tokenizer_hash};
use crate::model::tokenizer::TextCodec;
use crate::protocol::{PoolName, SavedEdits, Undone};
use crate::retrieval::{PoolDoc, PoolPart, PoolUpdate, Unwanted};
use crate::speculate::subject::DocId;

impl EnginePools {
    /// Adds documents to the pools, for later runs. One whose id is or was taken gets
    /// another.
    ///
    /// # Errors
    /// A document without a text.
    pub(crate) fn add_documents(
        &mut self,
        docs: &[Knowledge],
        codec: &TextCodec,
    ) -> Result<Vec<DocId>> {
        ensure!(!docs.is_empty(), "there are no documents to add");
        let mut added: Vec<PoolDoc> = Vec::with_capacity(docs.len());
        for doc in docs {
            ensure!(
                !doc.text.trim().is_empty(),
                "document `{}`: the text is empty",
                doc.id
            );
            let mut doc = doc.tokenize(codec)?;
            doc.id = self.free_id(&doc.id, &added);
            added.push(doc);
        }
        let ids = added.iter().map(|d| d.id.clone()).collect();
        self.edit(Edit::Added(added));
        Ok(ids)
    }

    fn free_id(&self, wanted: &DocId, others: &[PoolDoc]) -> DocId {
        let base = self.edits.base.as_ref().unwrap_or(&self.current);
        let is_taken = |id: &DocId| {
            let mut added = self.edits.all_added().chain(others);
            added.any(|d| d.id == *id) || base.document(id).is_some()
        };
        let numbered = (2..).map(|n| DocId::from(format!("{wanted}~{n}")));
        let mut names = std::iter::once(wanted.clone()).chain(numbered);
        names
            .find(|id| !is_taken(id))
            .unwrap_or_else(|| wanted.clone())
    }

    /// Removes a document from the pools, for later runs.
    ///
    /// # Errors
    /// An unknown id.
    pub fn remove_document(&mut self, pool: &PoolName, id: &DocId) -> Result<()> {
        let (is_there, from) = match pool {
            PoolName::Online => (
                self.current.online_alone().document(id).is_some(),
                PoolPart::Online,
            ),
            PoolName::Global | PoolName::Group(_) => {
                (self.current.document(id).is_some(), PoolPart::Groups)
            }
        };
        ensure!(is_there, "no document `{id}` in {}", pool.name());
        let id = id.clone();
        self.edit(Edit::Removed(Unwanted { id, from }));
        Ok(())
    }

    /// Undoes and returns the last edit.
    ///
    /// # Errors
    /// Nothing to undo; an edit that is saved.
    pub fn undo_edit(&mut self) -> Result<Undone> {
        if self.edits.n_unsaved() == 0 {
            match self.edits.is_empty() {
                true => bail!("nothing to undo: the pools are unchanged"),
                false => bail!(
                    "nothing to undo: the changes are saved; `laserscope pool add` and `pool \
                    remove` change the pool on disk"
                ),
            }
        }
        let undone = match self.edits.log.pop() {
            Some(Edit::Added(docs)) => Undone::Added(docs.len()),
            Some(Edit::Removed(doc)) => Undone::Removed(doc.id),
            None => bail!("nothing to undo: the pools are unchanged"),
        };
        self.refresh();
        Ok(undone)
    }

    fn edit(&mut self, edit: Edit) {
        if self.edits.base.is_none() {
            self.edits.base = Some(self.current.clone());
        }
        self.edits.log.push(edit);
        self.refresh();
    }

    /// Saves the unsaved edits to the pool on disk that was opened with the model.
    ///
    /// # Errors
    /// No pool on disk; as [`PoolUpdate::change`].
    pub(crate) fn save_edits(&mut self, codec: &TextCodec) -> Result<SavedEdits> {
        let path = self.on_disk.clone();
        let path = path.ok_or_else(|| {
            eyre!("no pool on disk is open: start with --pool NAME.pool to save to it")
        })?;
        let unsaved = &self.edits.log[self.edits.n_saved..];
        ensure!(
            !unsaved.is_empty(),
            "nothing to save: the pools have no unsaved changes"
        );
        let mut progress = |_: &_| true;
        let hash = tokenizer_hash(codec)?;
        let mut update = PoolUpdate::change(&path, Some(&hash), &mut progress)?;
        let mut saved = SavedEdits {
            added: 0,
            removed: 0,
            unknown: 0,
        };
        let new: Vec<&PoolDoc> = unsaved.iter().flat_map(Edit::added).collect();
        let out: Vec<&DocId> = unsaved.iter().filter_map(Edit::removed).collect();
        for &id in out.iter().filter(|id| !new.iter().any(|d| &d.id == **id)) {
            match update.holds(id) {
                true => saved.removed += 1,
                false => saved.unknown += 1,
            }
            update.remove([id.clone()]);
        }
        for doc in new.iter().filter(|d| !out.contains(&&d.id)) {
            update.push(doc)?;
            saved.added += 1;
        }
        update.commit()?;
        self.edits.n_saved = self.edits.log.len();
        Ok(saved)
    }

    /// The pool on disk to which edits can be saved.
    pub(crate) fn pool_on_disk(&self) -> Option<String> {
        let path = self.on_disk.as_ref()?;
        Some(path.display().to_string())
    }
}
