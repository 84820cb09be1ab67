//! Where fetched models are stored: this program's own folder and the Hugging Face
//! cache, whose layout (blobs, snapshots, refs) other programs share. A file under its
//! final name is complete; one of another size is ignored.

use std::fs;
use std::path::{Path, PathBuf};

use color_eyre::eyre::Result;
use hf_hub::{Cache, CacheRepo, Repo, RepoType};

use super::part_file::Folder;
use crate::atomic_file;
use crate::file_name::file_name;
use crate::model::environment::FetchEnv;
use crate::model::registry::ModelEntry;

/// The result of looking into the caches.
pub(crate) struct Lookup {
    pub(crate) found: Option<PathBuf>,
    /// per location, why it was not found
    pub(crate) missed: Vec<String>,
}

/// Looks for a model in both caches, checking only its size.
pub(crate) fn look_up(env: &FetchEnv, entry: &ModelEntry) -> Lookup {
    look_up_with(env, entry, |_| Ok(None)).unwrap_or_else(|err| Lookup {
        found: None,
        missed: vec![err.to_string()],
    })
}

/// Looks for a model in both caches; `problem` says what is wrong with a file of
/// the right size.
///
/// # Errors
/// Those of `problem`.
pub(crate) fn look_up_with(
    env: &FetchEnv,
    entry: &ModelEntry,
    mut problem: impl FnMut(&Path) -> Result<Option<String>>,
) -> Result<Lookup> {
    let mut missed = Vec::new();
    for (place, path) in places(env, entry) {
        let Some(path) = path else {
            tracing::debug!("not in {}", place.display());
            missed.push(format!("{}: not there", place.display()));
            continue;
        };
        let found = match size_problem(&path, entry) {
            Some(wrong_size) => Some(wrong_size),
            None => problem(&path)?,
        };
        match found {
            None => {
                let found = Some(path);
                return Ok(Lookup { found, missed });
            }
            Some(problem) => missed.push(problem),
        }
    }
    let found = None;
    Ok(Lookup { found, missed })
}

/// Whether a path leads to a model's file in one of the caches.
pub(crate) fn holds(env: &FetchEnv, entry: &ModelEntry, path: &Path) -> bool {
    let Ok(real) = path.canonicalize() else {
        return false;
    };
    let held = places(env, entry).into_iter().filter_map(|(_, path)| path);
    held.filter_map(|path| path.canonicalize().ok())
        .any(|path| path == real)
}

/// The hash in a file's name in the hub's cache: blobs of large files are named by
/// their sha256.
pub(crate) fn blob_hash(path: &Path) -> Option<String> {
    let real = path.canonicalize().ok()?;
    let name = real.file_name()?.to_str()?.to_owned();
    let in_blobs = real
        .parent()
        .is_some_and(|folder| folder.ends_with("blobs"));
    (in_blobs && is_sha256(&name)).then_some(name)
}

pub(crate) fn is_sha256(etag: &str) -> bool {
    etag.len() == 64 && etag.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Where the model is stored if it did not come from the hub.
pub(crate) fn own_path(env: &FetchEnv, entry: &ModelEntry) -> PathBuf {
    env.own_cache.join(entry.name).join(entry.file)
}

fn places(env: &FetchEnv, entry: &ModelEntry) -> [(PathBuf, Option<PathBuf>); 2] {
    let own = Some(own_path(env, entry)).filter(|path| path.exists());
    let repo = cache_repo(env, entry);
    let hub = repo.get(entry.file).or_else(|| {
        // The Python library writes no ref for a commit.
        let path = repo.pointer_path(entry.revision).join(entry.file);
        Some(path).filter(|path| path.exists())
    });
    [(env.own_cache.clone(), own), (env.hub_cache.clone(), hub)]
}

fn size_problem(path: &Path, entry: &ModelEntry) -> Option<String> {
    let shown = path.display();
    match (fs::metadata(path), entry.size) {
        (Err(err), _) => Some(format!("{shown}: {err}")),
        (Ok(meta), _) if !meta.is_file() => Some(format!("{shown} is not a file")),
        (Ok(meta), Some(size)) if meta.len() != size => {
            Some(format!("{shown} has {} bytes, expected {size}", meta.len()))
        }
        (Ok(meta), None) if meta.len() == 0 => Some(format!("{shown} is empty")),
        _ => None,
    }
}

/// The repository on the hub an entry names.
pub(crate) fn repo(entry: &ModelEntry) -> Repo {
    Repo::with_revision(
        entry.repo.to_owned(),
        RepoType::Model,
        entry.revision.to_owned(),
    )
}

fn cache_repo(env: &FetchEnv, entry: &ModelEntry) -> CacheRepo {
    Cache::new(env.hub_cache.clone()).repo(repo(entry))
}

/// The location of a file from the hub in the Hugging Face cache.
pub(crate) struct HubSlot {
    repo: CacheRepo,
    folder: Folder,
    commit: String,
    etag: String,
    file: &'static str,
}

impl HubSlot {
    /// `commit` and `etag` as the hub sent them.
    pub(crate) fn new(env: &FetchEnv, entry: &ModelEntry, commit: &str, etag: &str) -> Self {
        let repo = cache_repo(env, entry);
        let etag = file_name(etag);
        let mut blobs = repo.blob_path(&etag);
        blobs.pop();
        Self {
            repo,
            folder: Folder {
                path: blobs,
                variable: "HF_HOME",
            },
            commit: file_name(commit),
            etag,
            file: entry.file,
        }
    }

    /// The folder of the blobs.
    pub(crate) fn folder(&self) -> Folder {
        self.folder.clone()
    }

    /// The unfinished blob, by content: another version is another file.
    pub(crate) fn part_name(&self) -> String {
        format!("{}.part", self.etag)
    }

    pub(crate) fn blob(&self) -> PathBuf {
        self.repo.blob_path(&self.etag)
    }

    /// Links the finished blob under its name; returns the file's path.
    pub(crate) fn publish(&self) -> Result<PathBuf> {
        let pointer = self.repo.pointer_path(&self.commit).join(self.file);
        self.point(&pointer)
            .and_then(|()| self.repo.create_ref(&self.commit))
            .map_err(|err| self.folder.explain(err))?;
        Ok(pointer)
    }

    #[cfg(unix)]
    fn point(&self, pointer: &Path) -> std::io::Result<()> {
        if let Some(snapshot) = pointer.parent() {
            fs::create_dir_all(snapshot)?;
        }
        let up = "../".repeat(2 + self.file.matches('/').count());
        let blob = format!("{up}blobs/{}", self.etag);
        atomic_file::link(blob.as_ref(), pointer)
    }

    // Links need a privilege there; the cache's convention is to move.
    #[cfg(not(unix))]
    fn point(&self, pointer: &Path) -> std::io::Result<()> {
        if let Some(snapshot) = pointer.parent() {
            fs::create_dir_all(snapshot)?;
        }
        atomic_file::publish(&self.blob(), pointer)
    }
}
