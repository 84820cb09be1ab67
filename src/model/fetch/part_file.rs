//! A partial download: bytes are appended to a `.part` file and hashed on arrival; only
//! a complete, verified file gets its final name. An interrupted download is resumed.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use color_eyre::eyre::{Report, Result, WrapErr, ensure, eyre};
use sha2::{Digest, Sha256};

use super::go_on;
use crate::atomic_file;

const CHUNK_BYTES: usize = 1 << 20;

/// The expected complete file, as far as known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// bytes
    pub(crate) size: Option<u64>,
    /// lower-case hex
    pub(crate) sha256: Option<String>,
}

/// A folder for files, and the variable that sets another one.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) variable: &'static str,
}

pub(crate) struct PartFile {
    file: File,
    path: PathBuf,
    folder: Folder,
    len: u64,
    sha: Sha256,
}

impl Folder {
    /// Creates the folder.
    pub(crate) fn create(&self) -> Result<()> {
        fs::create_dir_all(&self.path).map_err(|err| self.explain(err))
    }

    /// Explains a failed write and which setting helps.
    pub(crate) fn explain(&self, err: std::io::Error) -> Report {
        let (folder, variable) = (self.path.display(), self.variable);
        match err.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => eyre!(
                "the disk of {folder} is full; free some space, or set {variable} to a folder on \
                another disk"
            ),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                eyre!(
                    "no permission to write in {folder}; set {variable} to a folder that you \
                    can write to"
                )
            }
            _ => eyre!("cannot write in {folder}: {err}; set {variable} to another folder"),
        }
    }
}

impl PartFile {
    /// Opens `name` in `folder`, hashing its existing bytes.
    ///
    /// # Errors
    /// If the folder cannot be written, or on cancellation.
    pub(crate) fn open(folder: Folder, name: &str, cancel: &AtomicBool) -> Result<Self> {
        folder.create()?;
        let path = folder.path.join(name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|err| folder.explain(err))?;
        let mut part = Self {
            file,
            path,
            folder,
            len: 0,
            sha: Sha256::new(),
        };
        part.hash_existing(cancel)?;
        Ok(part)
    }

    fn hash_existing(&mut self, cancel: &AtomicBool) -> Result<()> {
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            go_on(cancel)?;
            let n = self.file.read(&mut buffer);
            let n = n.wrap_err_with(|| format!("reading {}", self.path.display()))?;
            if n == 0 {
                return Ok(());
            }
            self.sha.update(&buffer[..n]);
            self.len += n as u64;
        }
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Discards the contents and starts over.
    pub(crate) fn restart(&mut self) -> Result<()> {
        let emptied = self
            .file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map_err(|err| self.folder.explain(err))?;
        self.len = 0;
        self.sha = Sha256::new();
        Ok(())
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes);
        written.map_err(|err| self.folder.explain(err))?;
        self.sha.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Checks the file and gives it its final name, which must be on the same
    /// disk. A file that fails the check is removed. Returns its sha256 in
    /// lower-case hex.
    ///
    /// # Errors
    /// If size or hash are not as expected; the message has both values.
    pub(crate) fn finish(self, expected: &Expected, to: &Path) -> Result<String> {
        let found = format!("{:x}", self.sha.clone().finalize());
        let checked = self.check(expected, &found);
        if checked.is_err() {
            // Wrong bytes cannot be resumed.
            let _ = fs::remove_file(&self.path);
        }
        checked?;
        let moved = atomic_file::publish(&self.path, to);
        moved.map_err(|err| self.folder.explain(err))?;
        Ok(found)
    }

    /// Removes the file: its bytes are not the ones wanted.
    pub(crate) fn discard(self) {
        let _ = fs::remove_file(&self.path);
    }

    fn check(&self, expected: &Expected, found: &str) -> Result<()> {
        if let Some(size) = expected.size {
            let len = self.len;
            ensure!(len == size, "it has {len} bytes, expected {size}");
        }
        if let Some(sha256) = &expected.sha256 {
            ensure!(
                found == sha256,
                "its sha256 is {found}, expected {sha256}: it is not the requested file"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cancelled;
    use super::{Expected, Folder, PartFile};
    use std::fs;
    use std::sync::atomic::AtomicBool;

    /// sha256 of "heat"
    const HEAT: &str = "5a2a0ed9aa3ab7d82b53e8209b13bf598377870fd38f8e1063bfbe0c4d7d7f96";

    fn folder(at: &tempfile::TempDir) -> Folder {
        Folder {
            path: at.path().join("models"),
            variable: "LASERSCOPE_CACHE",
        }
    }

    #[test]
    fn an_interrupted_file_is_taken_up_and_published_whole() {
        let (dir, go) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
        let mut part = PartFile::open(folder(&dir), "a.part", &go).unwrap();
        part.append(b"he").unwrap();
        drop(part);
        let mut part = PartFile::open(folder(&dir), "a.part", &go).unwrap();
        assert_eq!(part.len(), 2);
        part.append(b"at").unwrap();
        let to = dir.path().join("models/a.gguf");
        let expected = Expected {
            size: Some(4),
            sha256: None,
        };
        part.finish(&expected, &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"heat");
        assert!(!dir.path().join("models/a.part").exists());
    }

    #[test]
    fn a_wrong_hash_leaves_nothing() {
        let (dir, go) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
        let mut part = PartFile::open(folder(&dir), "a.part", &go).unwrap();
        part.append(b"heap").unwrap();
        let expected = Expected {
            size: Some(4),
            sha256: Some(HEAT.to_owned()),
        };
        let to = dir.path().join("models/a.gguf");
        let err = part.finish(&expected, &to).unwrap_err();
        assert!(err.to_string().contains(HEAT), "{err}");
        assert!(!to.exists());
        assert!(!dir.path().join("models/a.part").exists());
    }

    #[test]
    fn hashing_what_is_there_can_be_cancelled() {
        let dir = tempfile::tempdir().unwrap();
        let stop = AtomicBool::new(true);
        let err = PartFile::open(folder(&dir), "a.part", &stop).err().unwrap();
        assert!(err.is::<Cancelled>());
    }

    #[test]
    fn a_full_disk_is_said_to_be_full() {
        let dir = tempfile::tempdir().unwrap();
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let message = folder(&dir).explain(full).to_string();
        assert!(message.contains("is full"), "{message}");
        assert!(message.contains("set LASERSCOPE_CACHE"), "{message}");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named_with_the_way_out() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("models"), "a file in the way").unwrap();
        let go = AtomicBool::new(false);
        let err = PartFile::open(folder(&dir), "a.part", &go).err().unwrap();
        let message = err.to_string();
        assert!(message.contains("models"), "{message}");
        assert!(message.contains("LASERSCOPE_CACHE"), "{message}");
    }
}
