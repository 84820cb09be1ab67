//! Documents of knowledge files, under a catalog's titles and groups.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr};

use crate::engine::Knowledge;
use crate::recsys::foreign::{self, Hints};
use crate::recsys::knowledge::{known_framework, known_group};
use crate::recsys::{Catalog, KnowledgeDoc};

/// Documents, and notes about the files they come from.
#[derive(Debug, Default)]
pub struct LoadedDocuments {
    /// Of all files, in their order.
    pub docs: Vec<KnowledgeDoc>,
    pub(crate) told: Vec<String>,
}

impl LoadedDocuments {
    /// Under their subjects' titles and groups in this catalog.
    pub(super) fn under(&self, catalog: &Catalog) -> Vec<Knowledge> {
        let docs = self.docs.iter();
        docs.map(|doc| as_knowledge(doc, catalog)).collect()
    }
}

/// The documents of files in any known format; bad entries are reported and skipped.
pub(super) fn read_all(files: &[PathBuf]) -> Result<LoadedDocuments> {
    let mut loaded = LoadedDocuments::default();
    for file in files {
        let read = foreign::read(file, &Hints::default())?;
        tracing::info!(path = %file.display(), documents = read.docs.len(), "knowledge read");
        loaded.told.extend(read.account.told());
        loaded.docs.extend(read.docs);
    }
    Ok(loaded)
}

/// The documents' files of a catalog's folder, by name.
pub(super) fn knowledge_files(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(folder).wrap_err_with(|| folder.display().to_string())?;
    let mut files = Vec::new();
    for entry in entries {
        files.push(entry?.path());
    }
    files.retain(|path| path.extension().is_some_and(|e| e == "jsonl"));
    files.sort();
    Ok(files)
}

/// A document with its subject's title and group in this catalog, or its own if the
/// subject is unknown.
pub(crate) fn as_knowledge(doc: &KnowledgeDoc, catalog: &Catalog) -> Knowledge {
    let subject = catalog
        .lookup(doc.kind, &doc.id)
        .map(|at| catalog.subject(at));
    Knowledge {
        id: doc.id.clone(),
        title: subject.map_or_else(|| doc.id.clone(), |subject| subject.label()),
        kind: doc.kind.into(),
        group: subject.map_or_else(
            || known_group(&doc.group).map(str::to_string),
            |subject| Some(subject.group().to_string()),
        ),
        framework: known_framework(&doc.framework).map(str::to_string),
        text: doc.text.clone(),
        ended: doc.ended,
    }
}
