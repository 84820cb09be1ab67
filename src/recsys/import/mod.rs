//! Imports catalogs from foreign files as they are: finds a folder's dialect, reads its
//! lines one by one, counts bad ones, and caches the result.
//!
//! `look.rs` finds data sets, `files/` cuts their files into rows, `dialects/` reads
//! these, `collect.rs` counts them, `gathered.rs` stores their data, `values.rs` finds
//! the scale of the ratings, `order.rs` sorts, `conclude.rs` totals, `cache.rs` caches.
//! Must not know groups: `grouping.rs` groups the result.

mod cache;
mod collect;
mod conclude;
mod dialect;
mod dialects;
mod fields;
pub(super) mod files;
mod findings;
mod gathered;
mod literal;
mod look;
mod order;
mod refusal;
mod time;
mod title;
mod values;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use color_eyre::eyre::{Report, WrapErr};
use serde::{Deserialize, Serialize};

use super::catalog::{Catalog, Item, User};
use super::grouping::{self, Contents};
use super::groups::GroupMap;
use super::history::{History, Protocol, Rating};
use super::load::{SAMPLE_GROUPS, folder_name};
use super::scale::Scale;
use crate::text_input::{Encoding, LateByte};
use collect::Collector;
pub(crate) use dialect::Dialect;
use dialects::{amazon, goodbooks, movielens_100k, movielens_csv, movielens_dat, own, recbole};
use files::source::ImportSource;
pub use findings::Findings;

/// How to import.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// At most this many ratings, the first of the file; then only the items
    /// that they name.
    pub limit: Option<u64>,
    /// Stop at the first bad line.
    pub strict: bool,
    /// What the ratings mean; `None` finds it out from their values.
    pub scale: Option<Scale>,
    /// Folder of the cache; `None`: no cache.
    pub cache: Option<PathBuf>,
}

/// The progress of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub(crate) file: String,
    /// Bytes of this file on disk.
    pub(crate) bytes_done: u64,
    pub(crate) bytes_total: u64,
    pub(crate) n_ratings: u64,
}

impl Progress {
    /// As the progress line and the screen say it.
    pub fn describe(&self) -> String {
        let percent = self.bytes_done.min(self.bytes_total) * 100 / self.bytes_total.max(1);
        let n_ratings = self.n_ratings;
        format!("importing {}: {percent}%, {n_ratings} ratings", self.file)
    }
}

/// Receives progress, and may cancel the import.
pub struct Watch<'a> {
    /// Called now and then, from the importing thread.
    pub on: &'a mut dyn FnMut(&Progress),
    /// Set: the import ends with [`Cancelled`].
    pub cancel: &'a AtomicBool,
}

impl Watch<'_> {
    fn tell(&mut self, progress: &Progress) -> Result<(), Report> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(Cancelled.into());
        }
        (self.on)(progress);
        Ok(())
    }
}

/// The error of an import that was cancelled.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the import was cancelled")]
pub struct Cancelled;

/// An import before grouping, as cached.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Imported {
    contents: ImportedContents,
    items: Vec<Item>,
    users: Vec<User>,
    /// By user, then by time; ties keep the file's order.
    ratings: Vec<Rating>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ImportedContents {
    name: String,
    noun: String,
    protocol: Protocol,
    scale: Scale,
    /// Its default map of attributes.
    map: MapChoice,
    n_by_user: Vec<u32>,
    findings: Findings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum MapChoice {
    /// The sample's, for the genres of LaserScope's own format.
    Sample,
    MovieLens,
    /// Made from the most frequent categories.
    Automatic,
}

/// Reads a folder, a file or a zip archive in any of the dialects, and groups it
/// by its `groups.jsonl` or `groups.toml`, by the preset for its genres, or by its
/// most frequent categories.
///
/// # Errors
/// No dialect fits, with what was looked for; a file that cannot be opened; with
/// `strict`, the first bad line; [`Cancelled`]. A catalog without an item.
pub fn import(
    path: &Path,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<(Catalog, Findings), Report> {
    let begin = Instant::now();
    let (source, dialect) = Dialect::detect(ImportSource::open(path)?)?;
    let key = match &options.cache {
        Some(folder) => Some(cache::Key::of(&source, options, folder)?),
        None => None,
    };
    let kept = key.as_ref().and_then(cache::Key::load);
    let imported = match kept.filter(|kept| kept.serves(options)) {
        Some(mut kept) => {
            kept.contents.findings.cached = true;
            kept
        }
        None => {
            let imported = read_all(&source, &dialect, options, watch)?;
            if let Some(key) = &key {
                key.save(&imported);
            }
            imported
        }
    };
    let findings = imported.contents.findings.clone();
    log(path, &imported, begin);
    let own_map = source.group_map()?;
    let catalog = imported.into_catalog(own_map)?;
    let catalog = match source.saved_groups()? {
        Some(saved) => catalog.with_saved(saved).0,
        None => catalog,
    };
    Ok((catalog, findings))
}

fn log(path: &Path, imported: &Imported, begin: Instant) {
    tracing::info!(
        path = %path.display(),
        items = imported.items.len(),
        users = imported.users.len(),
        ratings = imported.ratings.len(),
        kept = imported.contents.findings.cached,
        ms = begin.elapsed().as_millis(),
        "catalog imported"
    );
}

/// Files that turned out not to be UTF-8, by name, with their encoding.
type Decided = HashMap<String, Encoding>;

/// Reads everything; restarts whenever a file turns out not to be UTF-8.
fn read_all(
    source: &ImportSource,
    dialect: &Dialect,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<Imported, Report> {
    let mut decided = Decided::new();
    loop {
        let read = read(source, dialect, options, watch, &decided);
        match read
            .as_ref()
            .err()
            .and_then(|e| e.downcast_ref::<LateByte>())
        {
            Some(late) if !decided.contains_key(&late.name) => {
                decided.insert(late.name.clone(), Encoding::Windows1252);
            }
            _ => return read,
        }
    }
}

fn read(
    source: &ImportSource,
    dialect: &Dialect,
    options: &Options,
    watch: &mut Watch<'_>,
    decided: &Decided,
) -> Result<Imported, Report> {
    let mut collector = Collector::new(source, options, watch, decided);
    match dialect {
        Dialect::MovieLens100K => movielens_100k::read(&mut collector)?,
        Dialect::MovieLensDat { .. } => movielens_dat::read(&mut collector)?,
        Dialect::MovieLensCsv(files) => movielens_csv::read(&mut collector, files)?,
        Dialect::RecBole { files, .. } => recbole::read(&mut collector, files)?,
        Dialect::Amazon { reviews, meta, .. } => amazon::read(&mut collector, reviews, meta)?,
        Dialect::Goodbooks(files) => goodbooks::read(&mut collector, files)?,
        Dialect::Own(files) => own::read(&mut collector, files)?,
    }
    collector
        .finish(dialect)
        .wrap_err_with(|| format!("importing {}", source.name))
}

impl Imported {
    fn serves(&self, options: &Options) -> bool {
        !options.strict || self.contents.findings.n_bad_lines == 0
    }

    fn into_catalog(self, own_map: Option<GroupMap>) -> Result<Catalog, Report> {
        let contents = self.contents;
        let map = match (own_map, contents.map) {
            (Some(map), _) => map,
            (None, MapChoice::Sample) => GroupMap::parse("sample-data/groups.toml", SAMPLE_GROUPS)?,
            (None, MapChoice::MovieLens) => GroupMap::movielens()?,
            (None, MapChoice::Automatic) => {
                GroupMap::automatic(self.items.iter().map(|item| &*item.genres))
            }
        };
        let histories = History::cut(self.ratings, &contents.n_by_user);
        let mut users = self.users;
        for (user, history) in users.iter_mut().zip(histories) {
            user.history = history;
        }
        let contents = Contents {
            name: contents.name,
            noun: contents.noun,
            protocol: contents.protocol,
            scale: contents.scale,
            items: self.items,
            users,
        };
        Ok(grouping::assemble(contents, map))
    }
}
