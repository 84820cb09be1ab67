//! One file of a source, on the disk or in an archive, as a stream of plain bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::UNIX_EPOCH;

use color_eyre::eyre::{Report, WrapErr};
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::archive;
use super::counted::{BUFFER_BYTES, Counted};
use crate::text_input::{Bounded, UNPACKED_BYTES_MAX};

/// Of larger files, only this many bytes at the beginning and at the end are hashed.
const HASHED_END_BYTES: u64 = 1 << 19;

/// One file of a source.
#[derive(Clone, Debug)]
pub(crate) struct ImportPart {
    /// Without folders.
    pub(crate) name: String,
    /// On the disk; in an archive, compressed.
    pub(crate) n_bytes: u64,
    place: PartPlace,
}

#[derive(Clone, Debug)]
enum PartPlace {
    Disk(PathBuf),
    Zip { archive: PathBuf, idx: usize },
}

/// A part being read: its bytes, and how many were taken from the disk.
pub(crate) struct Opened {
    pub(crate) bytes: Box<dyn BufRead>,
    pub(crate) n_taken: Arc<AtomicU64>,
}

impl ImportPart {
    pub(crate) fn on_disk(name: String, n_bytes: u64, path: PathBuf) -> Self {
        ImportPart {
            name,
            n_bytes,
            place: PartPlace::Disk(path),
        }
    }

    /// The file at `idx` in an archive.
    pub(crate) fn in_archive(name: String, n_bytes: u64, archive: &Path, idx: usize) -> Self {
        let archive = archive.to_owned();
        ImportPart {
            name,
            n_bytes,
            place: PartPlace::Zip { archive, idx },
        }
    }

    /// The file's name in messages.
    pub(crate) fn shown(&self) -> String {
        match &self.place {
            PartPlace::Disk(path) => path.display().to_string(),
            PartPlace::Zip { archive, .. } => format!("{}:{}", archive.display(), self.name),
        }
    }

    /// A stream of the file's text; `.gz` is unpacked.
    pub(crate) fn open(&self) -> Result<Opened, Report> {
        let context = || format!("opening {}", self.shown());
        let n_taken = Arc::new(AtomicU64::new(0));
        let raw: Box<dyn Read> = match &self.place {
            PartPlace::Disk(path) => Box::new(Counted {
                inner: File::open(path).wrap_err_with(context)?,
                n_taken: Arc::clone(&n_taken),
            }),
            PartPlace::Zip { archive, idx } => {
                archive::zip_entry(archive, *idx, &n_taken).wrap_err_with(context)?
            }
        };
        let bytes: Box<dyn Read> = match self.name.to_lowercase().ends_with(".gz") {
            true => {
                let packed = BufReader::with_capacity(BUFFER_BYTES, raw);
                Box::new(Bounded::new(
                    MultiGzDecoder::new(packed),
                    UNPACKED_BYTES_MAX,
                ))
            }
            false => raw,
        };
        let bytes = Box::new(BufReader::with_capacity(BUFFER_BYTES, bytes));
        Ok(Opened { bytes, n_taken })
    }

    /// Adds the part to a fingerprint: its name, size and time, and its bytes, for a
    /// large file only those at both ends.
    pub(crate) fn hash_into(&self, hasher: &mut Sha256) -> io::Result<()> {
        hasher.update(self.name.as_bytes());
        hasher.update([0]);
        let path = match &self.place {
            PartPlace::Disk(path) => path,
            PartPlace::Zip { archive, .. } => archive,
        };
        let meta = path.metadata()?;
        hasher.update(meta.len().to_le_bytes());
        let modified = meta.modified().ok();
        let since = modified.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        hasher.update(since.map_or(0, |since| since.as_nanos()).to_le_bytes());
        let mut file = File::open(path)?;
        hash_head(&mut file, hasher)?;
        if meta.len() > 2 * HASHED_END_BYTES {
            file.seek(SeekFrom::End(-(HASHED_END_BYTES as i64)))?;
        }
        hash_head(&mut file, hasher)
    }
}

fn hash_head(file: &mut File, hasher: &mut Sha256) -> io::Result<()> {
    io::copy(&mut file.take(HASHED_END_BYTES), hasher).map(drop)
}
