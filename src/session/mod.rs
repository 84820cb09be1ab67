//! Shared by the screens and the commands: from settings to a catalog, knowledge, and
//! an engine with pools.

mod bytes_to_ids;
pub(crate) mod calibration;
pub(crate) mod cost;
mod documents;
mod encoding_report;
pub(crate) mod kept_cost;
pub mod log_tokens;
pub mod recorded;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use color_eyre::eyre::{Result, WrapErr, ensure};
use documents::{knowledge_files, read_all};
use etcetera::BaseStrategy;

use crate::config::Settings;
use crate::console::{interrupt, progress};
use crate::engine::{Engine, Knowledge, LoadOptions, Loading, OwnDocuments};
use crate::recsys::import::{self, Findings};
use crate::recsys::knowledge::bundled_knowledge;
use crate::recsys::saved::SavedGroups;
use crate::recsys::{Catalog, Framework, GroupMap, Half, SubjectKind, frameworks};
use crate::text_input::{SETTINGS_BYTES_MAX, read_text};

pub(crate) use documents::LoadedDocuments;
pub(crate) use documents::as_knowledge;

impl Settings {
    /// How prompts are written.
    ///
    /// # Errors
    /// An unknown name, with the known ones; a file that cannot be read; a template at
    /// fault.
    pub fn framework(&self) -> Result<Framework> {
        let name = self.framework.as_deref().unwrap_or(frameworks::DEFAULT);
        Ok(frameworks::find(name, self.frameworks.as_deref())?.framework)
    }

    /// The catalog in its groups, with progress and findings on standard error.
    ///
    /// # Errors
    /// As [`import`]; a groups file that is neither saved groups nor a map, or that knows
    /// nobody here.
    pub fn load_catalog(&self) -> Result<Catalog> {
        let (catalog, findings) = self.import_catalog()?;
        let told = findings.as_ref().map(|found| found.describe(&catalog));
        told.iter().flatten().for_each(|line| note!("{line}"));
        self.regroup(catalog)
    }

    /// The catalog and what its import found; the sample is not imported.
    pub(crate) fn import_catalog(&self) -> Result<(Catalog, Option<Findings>)> {
        let Some(path) = &self.catalog else {
            return Ok((Catalog::bundled()?, None));
        };
        let options = import::Options {
            limit: self.catalog_limit,
            strict: self.strict_import,
            scale: self.rating_scale,
            cache: import_cache(),
        };
        let mut line = progress::Line::new();
        let mut watch = import::Watch {
            on: &mut |at| line.timed_part(at.bytes_done, at.bytes_total, &at.describe()),
            cancel: interrupt::unwatched(),
        };
        let (catalog, findings) = import::import(path, &options, &mut watch)?;
        Ok((catalog, Some(findings)))
    }

    /// Regroups as `--groups` says.
    ///
    /// # Errors
    /// A file that is neither saved groups nor a map; groups without a subject of this
    /// catalog.
    pub(crate) fn regroup(&self, catalog: Catalog) -> Result<Catalog> {
        let Some(path) = &self.groups else {
            return Ok(catalog);
        };
        let shown = path.display().to_string();
        if path.extension().is_some_and(|e| e == "toml") {
            let text = read_text(path, SETTINGS_BYTES_MAX)
                .wrap_err("--groups")?
                .text;
            return Ok(catalog.with_map(GroupMap::parse(&shown, &text)?));
        }
        let saved = SavedGroups::load(path).wrap_err_with(|| format!("--groups {shown}"))?;
        let of = saved.header.catalog.clone();
        let other = saved.header.fingerprint != catalog.fingerprint();
        let (catalog, unknown) = catalog.with_saved(saved);
        let n_known = catalog.items.len() + catalog.users.len() - unknown.n_items - unknown.n_users;
        ensure!(
            n_known > 0,
            "--groups {shown}: built from the catalog {of}; none of its subjects is in {}",
            catalog.name
        );
        if other {
            note!(
                "{shown} was built from other data ({of}); it has no group for {} items and {} \
                users of this catalog",
                unknown.n_items,
                unknown.n_users
            );
        }
        Ok(catalog)
    }

    /// The documents that fill the pools: the named files; else none if a pool is
    /// named; else those in the catalog's `knowledge` folder, or the sample's.
    pub fn load_documents(&self) -> Result<LoadedDocuments> {
        match (&self.catalog, self.knowledge.as_slice()) {
            (_, []) if self.pool.is_some() => Ok(LoadedDocuments::default()),
            (None, []) => Ok(LoadedDocuments {
                docs: bundled_knowledge()?,
                told: Vec::new(),
            }),
            (Some(folder), []) => read_all(&knowledge_files(&folder.join("knowledge"))?),
            (_, named) => read_all(named),
        }
    }

    /// The documents of [`Self::load_documents`] under their subjects' titles and
    /// groups in this catalog; notes about their files go to standard error.
    pub(crate) fn load_knowledge(&self, catalog: &Catalog) -> Result<Vec<Knowledge>> {
        let loaded = self.load_documents()?;
        loaded.told.iter().for_each(|line| note!("{line}"));
        Ok(loaded.under(catalog))
    }

    /// Notes query-half subjects with a document in the pools, which inflates their
    /// acceptance.
    fn own_documents_note(&self, docs: &[Knowledge], catalog: &Catalog) -> Option<String> {
        let is_query = |doc: &&Knowledge| {
            let kind = SubjectKind::named(&doc.kind);
            let at = kind.and_then(|kind| catalog.lookup(kind, &doc.id));
            at.is_some_and(|at| catalog.subject(at).half() == Half::Query)
        };
        let n_own = docs.iter().filter(is_query).count();
        let how = match self.own_documents {
            OwnDocuments::Keep => "may draft for it (--own-documents hide excludes it)",
            OwnDocuments::Hide => "is hidden from it",
        };
        (n_own > 0).then(|| {
            format!(
                "{n_own} query-half subjects have a document in the pools: a subject's own \
                document {how}"
            )
        })
    }

    /// The documents' files that `load_documents` would read; `None` where they
    /// are the sample's own.
    pub(crate) fn document_files(&self) -> Result<Option<Vec<PathBuf>>> {
        match (&self.catalog, self.knowledge.as_slice()) {
            (None, []) => Ok(None),
            (Some(folder), []) => knowledge_files(&folder.join("knowledge")).map(Some),
            (_, named) => Ok(Some(named.to_vec())),
        }
    }

    /// The options for loading a model.
    pub(crate) fn load_options(&self) -> LoadOptions {
        LoadOptions {
            device: self.device,
            threads: self.threads,
            context: self.context,
            kv: self.kv,
            floats: self.quantize,
        }
    }

    /// Loads the model's file and fills its pools.
    ///
    /// # Errors
    /// As [`Engine::load`]; documents, a pool, a profile or a calibration that cannot
    /// be read; [`crate::model::fetch::Cancelled`] where the measurement of the cost
    /// profile was.
    pub fn open_engine(
        &self,
        path: &Path,
        catalog: &Catalog,
        mut progress: impl FnMut(Loading) + Send,
    ) -> Result<Engine> {
        let mut engine = self.open_unmeasured(path, catalog, &mut progress)?;
        let note = match &self.cost {
            Some(choice) => {
                engine.start.cost = cost::named(choice)?;
                None
            }
            None => cost::settle(&mut engine, &mut |done, of| {
                progress(Loading::Measuring { done, of });
                !interrupt::unwatched().load(Ordering::Relaxed)
            })?,
        };
        engine.note = joined(engine.note.take(), note);
        let learns = self.learn.then(|| LEARNS.to_string());
        engine.note = joined(engine.note.take(), learns);
        Ok(engine)
    }

    /// The same without a cost profile.
    ///
    /// # Errors
    /// As [`Self::open_engine`].
    pub(crate) fn open_unmeasured(
        &self,
        path: &Path,
        catalog: &Catalog,
        progress: impl FnMut(Loading) + Send,
    ) -> Result<Engine> {
        let mut engine = Engine::load(path, &self.load_options(), progress)?;
        engine.catalog = catalog.name.clone();
        engine.pools.own_documents = self.own_documents;
        engine.setup = self.setup();
        engine
            .start
            .set_calibration(calibration::named(&self.calibration)?);
        engine.start.set_learning(self.learn);
        let loaded = self.load_documents()?;
        let docs = loaded.under(catalog);
        // Not printed: the screens may be up by now.
        loaded.told.iter().for_each(|line| tracing::warn!("{line}"));
        let told = (!loaded.told.is_empty()).then(|| loaded.told.join("\n"));
        engine.note = joined(engine.note.take(), told);
        engine.note = joined(engine.note.take(), self.own_documents_note(&docs, catalog));
        engine.set_knowledge(&docs)?;
        if let Some(pool) = &self.pool {
            engine.add_pool(pool)?;
        }
        Ok(engine)
    }
}

/// The note shown once with `--learn`.
const LEARNS: &str = "--learn: each run starts from the calibration that earlier runs learned";

fn joined(first: Option<String>, second: Option<String>) -> Option<String> {
    let lines: Vec<String> = first.into_iter().chain(second).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Where imports are kept: beside the models that were fetched.
fn import_cache() -> Option<PathBuf> {
    let root = match std::env::var_os("LASERSCOPE_CACHE") {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder),
        _ => etcetera::choose_base_strategy()
            .ok()?
            .cache_dir()
            .join("laserscope"),
    };
    Some(root.join("imports"))
}
