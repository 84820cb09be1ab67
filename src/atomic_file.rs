//! Atomic files: written under another name next to the target, then renamed. If anything
//! fails, an existing file stays unchanged; the next write removes what a killed writer
//! left behind.

mod abandoned;

pub(crate) use abandoned::is_temporary;
pub(crate) use abandoned::remove_abandoned;

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr};
use tempfile::{NamedTempFile, TempPath};

/// A file being written; discarded unless [`AtomicFile::commit`] is called.
pub(crate) struct AtomicFile {
    out: BufWriter<File>,
    /// The path as the caller gave it, for errors.
    path: PathBuf,
    place: WritePlace,
}

enum WritePlace {
    /// A temporary file that is renamed to `target` at the end.
    Beside {
        temporary: TempPath,
        target: PathBuf,
    },
    /// A device or a pipe (`/dev/null`, `/dev/fd/63`), which must not be replaced.
    InPlace,
}

impl AtomicFile {
    /// Begins a file. Problems are found here if possible, before any work is spent on the
    /// contents.
    ///
    /// # Errors
    /// A folder that does not exist or is not writable; an existing file that is
    /// write-protected. Each names the path.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let (file, place) = open(path).wrap_err_with(|| writing(path))?;
        Ok(AtomicFile {
            out: BufWriter::new(file),
            path: path.to_path_buf(),
            place,
        })
    }

    /// Renames the file to its target.
    ///
    /// # Errors
    /// The disk is full, or the file cannot be renamed.
    pub(crate) fn commit(self) -> Result<()> {
        let AtomicFile { out, path, place } = self;
        finish(out, place).wrap_err_with(|| writing(&path))?;
        tracing::debug!("wrote {}", path.display());
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes a whole file.
///
/// # Errors
/// As [`AtomicFile::create`] and [`AtomicFile::commit`].
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    write_with(path, |out| Ok(out.write_all(content.as_ref())?))
}

/// Writes a whole file piece by piece.
///
/// # Errors
/// As [`write()`], and any error of `fill`.
pub(crate) fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut AtomicFile) -> Result<()>,
) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    fill(&mut file).wrap_err_with(|| writing(path))?;
    file.commit()
}

/// Moves a finished file from elsewhere on the same disk to `path`.
///
/// # Errors
/// The disk is full, or the file cannot be renamed.
pub(crate) fn publish(finished: &Path, path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).open(finished)?.sync_all()?;
    fs::rename(finished, path)
}

/// Replaces whatever is at `path` with a link to `target`.
///
/// # Errors
/// The folder is not writable.
#[cfg(unix)]
pub(crate) fn link(target: &Path, path: &Path) -> io::Result<()> {
    let fresh = path.with_extension("new-link");
    let _ = fs::remove_file(&fresh);
    std::os::unix::fs::symlink(target, &fresh)?;
    fs::rename(&fresh, path)
}

/// Makes renames survive a power failure.
///
/// # Errors
/// An I/O error.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn writing(path: &Path) -> String {
    format!("writing {}", path.display())
}

fn open(path: &Path) -> io::Result<(File, WritePlace)> {
    let earlier = fs::metadata(path).ok();
    let is_special = earlier.as_ref().is_some_and(|meta| !meta.is_file());
    let leads_nowhere = earlier.is_none() && path.is_symlink();
    if is_special || leads_nowhere {
        return Ok((File::create(path)?, WritePlace::InPlace));
    }
    // If `path` is a link, its target is replaced.
    let target = match earlier {
        Some(_) => fs::canonicalize(path)?,
        None => path.to_path_buf(),
    };
    if let Some(earlier) = earlier {
        // Renaming checks the permissions of the folder, not those of the file.
        OpenOptions::new().write(true).open(&target)?;
        let file = beside(&target)?;
        file.as_file().set_permissions(earlier.permissions())?;
        return Ok(split(file, target));
    }
    Ok(split(beside(&target)?, target))
}

fn split(file: NamedTempFile, target: PathBuf) -> (File, WritePlace) {
    let (file, temporary) = file.into_parts();
    (file, WritePlace::Beside { temporary, target })
}

/// A temporary file next to `target`, with the permissions of new files.
fn beside(target: &Path) -> io::Result<NamedTempFile> {
    let folder = target.parent().filter(|f| !f.as_os_str().is_empty());
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(abandoned::SUFFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let folder = folder.unwrap_or(Path::new("."));
    // Report a missing folder without the temporary file's name.
    fs::metadata(folder)?;
    abandoned::remove_of(folder, &prefix);
    abandoned::create_locked(&builder, folder)
}

fn finish(out: BufWriter<File>, place: WritePlace) -> io::Result<()> {
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    match place {
        // Even after a power failure, either the old file or the new one is there.
        WritePlace::Beside { temporary, target } => {
            file.sync_all()?;
            Ok(temporary.persist(target)?)
        }
        WritePlace::InPlace => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<_> = entries.map(|e| e.expect("entry").file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_not_committed_leaves_nothing_and_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.jsonl");
        fs::write(&path, "earlier").expect("writes");
        let mut file = AtomicFile::create(&path).expect("begins");
        file.write_all(b"half a").expect("writes");
        drop(file);
        assert_eq!(fs::read(&path).expect("reads"), b"earlier");
        assert_eq!(names(folder.path()), ["run.jsonl"]);
        write(&path, "whole").expect("writes");
        assert_eq!(fs::read(&path).expect("reads"), b"whole");
        assert_eq!(names(folder.path()), ["run.jsonl"]);
    }

    #[test]
    fn a_failure_is_told_with_the_path_before_any_work() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in [folder.path().join("none/run.jsonl"), folder.path().into()] {
            let why = AtomicFile::create(&path).err().expect("refused");
            let why = format!("{why:#}");
            assert!(why.contains(&path.display().to_string()), "{why}");
        }
        assert!(names(folder.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn modes_are_kept_or_the_usual_ones() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let (new, usual) = (folder.path().join("new"), folder.path().join("usual"));
        let mode = |path: &Path| fs::metadata(path).expect("is there").permissions().mode();
        write(&new, "x").expect("writes");
        fs::write(&usual, "x").expect("writes");
        assert_eq!(mode(&new), mode(&usual));
        fs::set_permissions(&new, PermissionsExt::from_mode(0o600)).expect("sets");
        write(&new, "y").expect("writes");
        assert_eq!(mode(&new) & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_stay_what_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(at(to), at(name));
        fs::write(at("file"), "x").expect("writes");
        link("file", "link").expect("links");
        link("later", "dangling").expect("links");
        for (name, target) in [("link", "file"), ("dangling", "later")] {
            write(&at(name), "y").expect("writes");
            assert!(at(name).is_symlink());
            assert_eq!(fs::read(at(target)).expect("reads"), b"y");
        }
        write(Path::new("/dev/null"), "y").expect("writes");
        assert!(!fs::metadata("/dev/null").expect("is there").is_file());
    }

    /// A full disk, as Linux provides it.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        let why = write(Path::new("/dev/full"), "y").expect_err("full");
        assert!(format!("{why:#}").contains("/dev/full"), "{why:#}");
    }
}
