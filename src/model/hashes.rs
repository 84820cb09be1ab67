//! sha256 of model files, remembered by path, size and modification time: a file is
//! read for its hash once, and again only after one of the three has changed. Damage
//! that changes none of them is found by hashing the file again (`hash_file`). Does
//! not know where files come from.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::UNIX_EPOCH;

use color_eyre::eyre::{Result, WrapErr};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::cancelled::Cancelled;
use super::environment::FetchEnv;
use crate::atomic_file;

const MEMORY: &str = "hashes.json";
/// Maximum number of entries; the oldest are dropped first.
const MAX_ENTRIES: usize = 2000;
/// A larger file is not written by this program.
const MAX_MEMORY_BYTES: u64 = 4 << 20;
/// Bytes read at once, between reports of progress.
const CHUNK_BYTES: usize = 4 << 20;

#[cfg(test)]
static NEVER: AtomicBool = AtomicBool::new(false);

/// Progress and cancellation of a long computation.
pub(crate) struct Watch<'a> {
    /// bytes done, bytes in all
    pub(crate) on: &'a mut dyn FnMut(u64, u64),
    /// set it, and hashing ends with [`Cancelled`]
    pub(crate) cancel: &'a AtomicBool,
}

/// What is known about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct HashEntry {
    path: String,
    bytes: u64,
    /// nanoseconds since 1970
    modified: u64,
    sha256: String,
    /// The hash given by the file's source; the file may have changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fetched: Option<String>,
}

/// Hashes computed before, stored in a file.
pub struct HashMemory {
    file: Option<PathBuf>,
}

/// The file's sha256 in lower-case hex: remembered if path, size and modification time
/// are unchanged, else computed.
///
/// # Errors
/// A file that cannot be read; [`Cancelled`].
pub(crate) fn file_sha256_watched(path: &Path, watch: &mut Watch) -> Result<String> {
    HashMemory::of_process().sha256(path, watch)
}

/// The file's sha256 in lower-case hex, always computed.
///
/// # Errors
/// A file that cannot be read; [`Cancelled`].
pub(crate) fn hash_file(path: &Path, watch: &mut Watch) -> Result<String> {
    let shown = || format!("reading {}", path.display());
    let mut file = File::open(path).wrap_err_with(shown)?;
    let total = file.metadata().wrap_err_with(shown)?.len();
    let (mut sha, mut done) = (Sha256::new(), 0);
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        if watch.cancel.load(Ordering::Relaxed) {
            return Err(Cancelled.into());
        }
        let n = file.read(&mut buffer).wrap_err_with(shown)?;
        if n == 0 {
            return Ok(format!("{:x}", sha.finalize()));
        }
        sha.update(&buffer[..n]);
        done += n as u64;
        (watch.on)(done, total);
    }
}

impl HashMemory {
    /// The memory of this user.
    pub(crate) fn of_process() -> Self {
        match FetchEnv::from_process() {
            Ok(env) => Self::of(&env),
            Err(_) => HashMemory { file: None },
        }
    }

    /// The memory in an environment's model folder.
    pub fn of(env: &FetchEnv) -> Self {
        HashMemory {
            file: Some(env.own_cache.join(MEMORY)),
        }
    }

    /// The hash of a file, remembered or computed and then remembered.
    ///
    /// # Errors
    /// A file that cannot be read; [`Cancelled`]. A memory that cannot be read or
    /// written only costs time.
    pub(crate) fn sha256(&self, path: &Path, watch: &mut Watch) -> Result<String> {
        if let Some(known) = self.remembered(path) {
            return Ok(known);
        }
        let before = stamp(path);
        let sha256 = hash_file(path, watch)?;
        // A file being written has no stable hash.
        if before == stamp(path) {
            self.remember(path, &sha256, None);
        }
        Ok(sha256)
    }

    /// The current hash of the file, if known without reading it.
    pub fn remembered(&self, path: &Path) -> Option<String> {
        let entry = self.entry(path)?;
        let same = stamp(path)? == (entry.bytes, entry.modified);
        same.then_some(entry.sha256)
    }

    /// The hash given by the source of a fetched file.
    pub(crate) fn fetched(&self, path: &Path) -> Option<String> {
        self.entry(path)?.fetched
    }

    /// Remembers a file that has just been fetched and checked.
    pub(crate) fn remember_fetched(&self, path: &Path, sha256: &str) {
        self.remember(path, sha256, Some(sha256.to_owned()));
    }

    /// Remembers a hash that was computed by [`hash_file`].
    pub(crate) fn remember_computed(&self, path: &Path, sha256: &str) {
        self.remember(path, sha256, None);
    }

    fn entry(&self, path: &Path) -> Option<HashEntry> {
        let key = key(path)?;
        self.entries().into_iter().rev().find(|e| e.path == key)
    }

    fn entries(&self) -> Vec<HashEntry> {
        let read = || {
            let file = File::open(self.file.as_ref()?).ok()?;
            let mut text = String::new();
            file.take(MAX_MEMORY_BYTES).read_to_string(&mut text).ok()?;
            serde_json::from_str(&text).ok()
        };
        read().unwrap_or_default()
    }

    fn remember(&self, path: &Path, sha256: &str, fetched: Option<String>) {
        let (Some(key), Some((bytes, modified))) = (key(path), stamp(path)) else {
            return;
        };
        let mut entries = self.entries();
        let fetched = fetched.or_else(|| {
            let before = entries.iter().find(|e| e.path == key);
            before.and_then(|e| e.fetched.clone())
        });
        entries.retain(|entry| entry.path != key);
        entries.push(HashEntry {
            path: key,
            bytes,
            modified,
            sha256: sha256.to_owned(),
            fetched,
        });
        let surplus = entries.len().saturating_sub(MAX_ENTRIES);
        // Without the memory the next call just hashes again.
        let _ = self.write(&entries[surplus..]);
    }

    fn write(&self, entries: &[HashEntry]) -> Result<()> {
        let Some(to) = &self.file else { return Ok(()) };
        let folder = to.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        atomic_file::write(to, serde_json::to_vec(entries)?)
    }
}

/// Links are followed: a file has one hash, whatever its names.
fn key(path: &Path) -> Option<String> {
    let real = path.canonicalize().ok()?;
    Some(real.to_str()?.to_owned())
}

/// Size and modification time.
fn stamp(path: &Path) -> Option<(u64, u64)> {
    let meta: Metadata = fs::metadata(path).ok()?;
    let modified = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((meta.len(), u64::try_from(modified.as_nanos()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    /// sha256 of "heat"
    const HEAT: &str = "5a2a0ed9aa3ab7d82b53e8209b13bf598377870fd38f8e1063bfbe0c4d7d7f96";

    fn memory(dir: &tempfile::TempDir) -> HashMemory {
        HashMemory {
            file: Some(dir.path().join("cache").join(MEMORY)),
        }
    }

    /// The hash, and whether the file was read for it.
    fn ask(memory: &HashMemory, path: &Path) -> (String, bool) {
        let mut was_read = false;
        let mut watch = Watch {
            on: &mut |_, _| was_read = true,
            cancel: &NEVER,
        };
        let hash = memory.sha256(path, &mut watch).unwrap();
        (hash, was_read)
    }

    fn set_time(path: &Path, seconds: u64) {
        let file = File::options().write(true).open(path).unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        file.set_modified(at).unwrap();
    }

    #[test]
    fn a_file_is_read_once_and_again_after_a_change() {
        let dir = tempfile::tempdir().unwrap();
        let (memory, path) = (memory(&dir), dir.path().join("a.gguf"));
        fs::write(&path, "heat").unwrap();
        set_time(&path, 1000);
        assert_eq!(ask(&memory, &path), (HEAT.into(), true));
        assert_eq!(ask(&memory, &path), (HEAT.into(), false));
        // The same size and time: only hashing again finds it.
        fs::write(&path, "heap").unwrap();
        set_time(&path, 1000);
        assert_eq!(ask(&memory, &path), (HEAT.into(), false));
        let mut silent = Watch {
            on: &mut |_, _| {},
            cancel: &NEVER,
        };
        assert_ne!(hash_file(&path, &mut silent).unwrap(), HEAT);
        set_time(&path, 1001);
        let (changed, was_read) = ask(&memory, &path);
        assert!(was_read && changed != HEAT);
    }

    #[test]
    fn what_was_fetched_is_known_after_the_file_changed() {
        let dir = tempfile::tempdir().unwrap();
        let (memory, path) = (memory(&dir), dir.path().join("a.gguf"));
        fs::write(&path, "heat").unwrap();
        memory.remember_fetched(&path, HEAT);
        assert_eq!(ask(&memory, &path), (HEAT.into(), false));
        fs::write(&path, "heap!").unwrap();
        let (changed, was_read) = ask(&memory, &path);
        assert!(was_read && changed != HEAT);
        assert_eq!(memory.fetched(&path).as_deref(), Some(HEAT));
    }

    #[test]
    fn a_memory_that_cannot_be_read_or_written_costs_time_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.gguf");
        fs::write(&path, "heat").unwrap();
        fs::write(dir.path().join("cache"), "a file in the way").unwrap();
        assert_eq!(ask(&memory(&dir), &path), (HEAT.into(), true));
        assert_eq!(ask(&memory(&dir), &path), (HEAT.into(), true));
        fs::remove_file(dir.path().join("cache")).unwrap();
        fs::create_dir(dir.path().join("cache")).unwrap();
        fs::write(dir.path().join("cache").join(MEMORY), "[{").unwrap();
        assert_eq!(ask(&memory(&dir), &path), (HEAT.into(), true));
        assert_eq!(ask(&memory(&dir), &path), (HEAT.into(), false));
        assert_eq!(ask(&HashMemory { file: None }, &path), (HEAT.into(), true));
    }

    #[test]
    fn the_oldest_are_forgotten_first() {
        let dir = tempfile::tempdir().unwrap();
        let memory = memory(&dir);
        let entry = |n: usize| HashEntry {
            path: format!("file {n}"),
            bytes: 1,
            modified: 1,
            sha256: HEAT.into(),
            fetched: None,
        };
        memory
            .write(&(0..MAX_ENTRIES).map(entry).collect::<Vec<_>>())
            .unwrap();
        let path = dir.path().join("a.gguf");
        fs::write(&path, "heat").unwrap();
        ask(&memory, &path);
        let entries = memory.entries();
        assert_eq!(entries.len(), MAX_ENTRIES);
        assert_eq!(entries[0].path, "file 1");
        assert!(!ask(&memory, &path).1);
    }

    #[test]
    fn hashing_can_be_cancelled() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.gguf");
        fs::write(&path, "heat").unwrap();
        let mut watch = Watch {
            on: &mut |_, _| {},
            cancel: &AtomicBool::new(true),
        };
        let err = memory(&dir).sha256(&path, &mut watch).unwrap_err();
        assert!(err.is::<Cancelled>());
    }
}
