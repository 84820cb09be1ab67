//! What both faces share: from settings to a catalog, knowledge, and an engine
//! with pools.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr};

use crate::cli::SetupArgs;
use crate::engine::{Engine, Knowledge, LoadOptions, Loading};
use crate::model::device::DeviceChoice;
use crate::model::registry;
use crate::model::weights::FloatWeights;
use crate::recsys::knowledge::{bundled_knowledge, read_knowledge};
use crate::recsys::{Catalog, KnowledgeDoc};

/// Where things come from, as the options say.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub catalog: Option<PathBuf>,
    pub knowledge: Vec<PathBuf>,
    /// A pool on disk, in place of the catalog's or the sample's documents.
    pub pool: Option<PathBuf>,
    pub model: Option<String>,
    pub device: DeviceChoice,
    pub threads: Option<usize>,
    pub context: Option<usize>,
    pub quantize: FloatWeights,
    pub offline: bool,
    pub yes: bool,
}

impl From<SetupArgs> for Settings {
    fn from(args: SetupArgs) -> Self {
        Settings {
            catalog: args.catalog,
            knowledge: args.knowledge,
            pool: args.pool,
            model: args.model,
            device: args.device.unwrap_or_default(),
            threads: args.threads.map(usize::from),
            context: args.context.map(|n| n as usize),
            quantize: args.quantize.unwrap_or_default(),
            offline: args.offline,
            yes: args.yes,
        }
    }
}

impl Settings {
    pub fn model(&self) -> &str {
        self.model.as_deref().unwrap_or(registry::DEFAULT)
    }

    pub fn load_catalog(&self) -> Result<Catalog> {
        match &self.catalog {
            Some(path) => Catalog::load(path),
            None => Catalog::bundled(),
        }
    }

    /// The documents that fill the pools: the named files; else none, where a
    /// pool is named; else those in the catalog's `knowledge` folder, or the
    /// sample's own.
    pub fn load_documents(&self) -> Result<Vec<KnowledgeDoc>> {
        match (&self.catalog, self.knowledge.as_slice()) {
            (_, []) if self.pool.is_some() => Ok(Vec::new()),
            (None, []) => bundled_knowledge(),
            (Some(folder), []) => read_all(&knowledge_files(&folder.join("knowledge"))?),
            (_, named) => read_all(named),
        }
    }

    fn load_knowledge(&self, catalog: &Catalog) -> Result<Vec<Knowledge>> {
        Ok(self
            .load_documents()?
            .iter()
            .map(|doc| as_knowledge(doc, catalog))
            .collect())
    }

    /// The documents' files that `load_documents` would read; `None` where they
    /// are the sample's own.
    pub fn document_files(&self) -> Result<Option<Vec<PathBuf>>> {
        match (&self.catalog, self.knowledge.as_slice()) {
            (None, []) => Ok(None),
            (Some(folder), []) => knowledge_files(&folder.join("knowledge")).map(Some),
            (_, named) => Ok(Some(named.to_vec())),
        }
    }

    /// Loads the model's file and fills its pools.
    pub fn open_engine(
        &self,
        path: &Path,
        catalog: &Catalog,
        progress: impl FnMut(Loading) + Send,
    ) -> Result<Engine> {
        let options = LoadOptions {
            device: self.device,
            threads: self.threads,
            context: self.context,
            floats: self.quantize,
        };
        let mut engine = Engine::load(path, &options, progress)?;
        engine.catalog = catalog.name.clone();
        engine.set_knowledge(&self.load_knowledge(catalog)?)?;
        if let Some(pool) = &self.pool {
            engine.add_pool(pool)?;
        }
        Ok(engine)
    }
}

fn read_all(files: &[PathBuf]) -> Result<Vec<KnowledgeDoc>> {
    let mut docs = Vec::new();
    for file in files {
        docs.extend(read_knowledge(file)?);
    }
    Ok(docs)
}

fn knowledge_files(folder: &Path) -> Result<Vec<PathBuf>> {
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

fn as_knowledge(doc: &KnowledgeDoc, catalog: &Catalog) -> Knowledge {
    let title = match catalog.find(doc.kind, &doc.id) {
        Ok(at) => catalog.subject(at).label(),
        Err(_) => doc.id.clone(),
    };
    Knowledge {
        id: doc.id.clone(),
        title,
        kind: doc.kind.to_string(),
        group: doc.group.clone(),
        text: doc.text.clone(),
        ended: doc.ended,
    }
}
