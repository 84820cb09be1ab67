//! Temporary files whose writer was killed. A writer keeps its file locked, so that the
//! next writer of the same target knows which ones to remove.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// The suffix after the target's name and the random letters.
pub(super) const SUFFIX: &str = ".tmp";
/// The number of random letters that `tempfile` adds.
const N_RANDOM: usize = 6;

/// Creates a temporary file that does not count as abandoned.
pub(super) fn create_locked(builder: &Builder<'_, '_>, folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = builder.tempfile_in(folder)?;
        let is_taken = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        // Another writer may have removed it before it was locked.
        if !is_taken && file.path().exists() {
            return Ok(file);
        }
    }
}

/// Removes whatever killed writers left in a folder. Removes nothing where locks are not
/// supported.
pub(crate) fn remove_abandoned(folder: &Path) {
    remove(folder, |_| true);
}

/// Like [`remove_abandoned`], for the temporary files of one target.
pub(super) fn remove_of(folder: &Path, prefix: &OsStr) {
    remove(folder, |found| found == prefix.as_encoded_bytes());
}

/// Whether this is the name of a temporary file.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    prefix_of(name).is_some()
}

fn remove(folder: &Path, is_wanted: impl Fn(&[u8]) -> bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_plain || !prefix_of(&entry.file_name()).is_some_and(&is_wanted) {
            continue;
        }
        // The lock is held until the file is removed, so that a writer that has just
        // created it finds it locked or gone.
        if let Some(_locked) = abandoned(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The part of a temporary file's name before its random letters: `.NAME.`
fn prefix_of(name: &OsStr) -> Option<&[u8]> {
    let name = name.as_encoded_bytes().strip_suffix(SUFFIX.as_bytes())?;
    let (prefix, random) = name.split_at(name.len().checked_sub(N_RANDOM)?);
    let is_ours = prefix.starts_with(b".") && prefix.ends_with(b".");
    (is_ours && random.iter().all(u8::is_ascii_alphanumeric)).then_some(prefix)
}

/// The file, locked, unless its writer is alive.
fn abandoned(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    file.try_lock().is_ok().then_some(file)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::{AtomicFile, write};
    use super::*;

    #[test]
    fn what_a_kill_left_goes_with_the_next_write_and_no_writers_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("k.jsonl.batch.json");
        let left = folder.path().join(".k.jsonl.batch.json.aB3xYz.tmp");
        let others = [
            ".k.jsonl.batch.json.tmp",
            ".k.jsonl.batch.json.notes.tmp",
            ".other.aB3xYz.tmp",
            "k.jsonl",
        ];
        fs::write(&left, "half a").expect("writes");
        for other in others {
            fs::write(folder.path().join(other), "x").expect("writes");
        }
        let mut living = AtomicFile::create(&path).expect("begins");
        assert!(!left.exists(), "the kill's");
        write(&path, "whole").expect("writes");
        living.write_all(b"later").expect("writes");
        living.commit().expect("not taken away");
        assert_eq!(fs::read(&path).expect("reads"), b"later");
        assert!(
            others
                .iter()
                .all(|other| folder.path().join(other).exists())
        );
        assert_eq!(fs::read_dir(folder.path()).expect("reads").count(), 5);
    }
}
