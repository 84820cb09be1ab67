//! The files of a catalog, wherever they lie: in a folder, beside a file that
//! was named, or inside a zip archive. Opens them as streams of plain bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use color_eyre::eyre::{Report, WrapErr, bail, eyre};
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::super::groups::GroupMap;
use super::super::load::{SAVED_GROUPS, folder_name};
use super::super::saved::SavedGroups;
use crate::text_input::{
    Bounded, SETTINGS_BYTES_MAX, TextLines, UNPACKED_BYTES_MAX, read_text_from, with_restart,
};

const BUFFER_BYTES: usize = 1 << 18;
/// Of a larger file, only the first and the last so many bytes are hashed.
const HASHED_END_BYTES: u64 = 1 << 19;

/// One file of a source.
#[derive(Clone, Debug)]
pub struct Part {
    /// Without folders.
    pub name: String,
    /// On the disk; in an archive, compressed.
    pub n_bytes: u64,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Disk(PathBuf),
    Zip { archive: PathBuf, idx: usize },
}

/// Where a catalog is read from.
#[derive(Debug)]
pub struct Source {
    /// As the catalog will be called.
    pub name: String,
    pub path: PathBuf,
    /// By name.
    pub parts: Vec<Part>,
    /// The part that was named, if a file was.
    pub named: Option<String>,
    /// Folders inside, when it is a folder.
    pub folders: Vec<PathBuf>,
}

/// A part being read: its bytes, and how many were taken from the disk.
pub struct Opened {
    pub bytes: Box<dyn BufRead>,
    pub n_taken: Arc<AtomicU64>,
}

impl Source {
    /// # Errors
    /// Nothing is there, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, Report> {
        let context = || format!("catalog {}", path.display());
        if path.is_dir() {
            return Self::folder(path).wrap_err_with(context);
        }
        if !path.is_file() {
            bail!(
                "catalog {}: no such folder or file; name a folder of MovieLens, Amazon Reviews, \
                 RecBole or goodbooks files, or one with items.csv, users.csv and ratings.csv",
                path.display()
            );
        }
        let name = name_of(path);
        if name.to_lowercase().ends_with(".zip") {
            return Self::zip(path).wrap_err_with(context);
        }
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let beside = Self::folder(folder).wrap_err_with(context)?;
        let stem = name.split('.').next().unwrap_or(&name).to_owned();
        Ok(Source {
            name: stem,
            path: path.to_owned(),
            named: Some(name),
            folders: Vec::new(),
            parts: beside.parts,
        })
    }

    fn folder(path: &Path) -> Result<Self, Report> {
        let mut source = Source {
            name: folder_name(path),
            path: path.to_owned(),
            parts: Vec::new(),
            named: None,
            folders: Vec::new(),
        };
        for entry in std::fs::read_dir(path)? {
            let path = entry?.path();
            if path.is_dir() {
                source.folders.push(path);
                continue;
            }
            // A dangling link or a socket is none of ours.
            let Ok(meta) = path.metadata() else { continue };
            if meta.is_file() {
                source.parts.push(Part {
                    name: name_of(&path),
                    n_bytes: meta.len(),
                    place: Place::Disk(path),
                });
            }
        }
        source.parts.sort_by(|a, b| a.name.cmp(&b.name));
        source.folders.sort();
        Ok(source)
    }

    fn zip(path: &Path) -> Result<Self, Report> {
        let mut archive = open_zip(path)?;
        let mut parts = Vec::new();
        for idx in 0..archive.len() {
            let entry = archive.by_index_raw(idx)?;
            let full = entry.name()?;
            let name = full.rsplit('/').next().unwrap_or_default();
            if entry.is_file() && !name.is_empty() && !full.starts_with("__MACOSX/") {
                parts.push(Part {
                    name: name.to_owned(),
                    n_bytes: entry.compressed_size(),
                    place: Place::Zip {
                        archive: path.to_owned(),
                        idx,
                    },
                });
            }
        }
        parts.sort_by(|a, b| a.name.cmp(&b.name));
        let name = name_of(path);
        Ok(Source {
            name: name[..name.len() - ".zip".len()].to_owned(),
            path: path.to_owned(),
            parts,
            named: None,
            folders: Vec::new(),
        })
    }

    /// The folders inside, each as a source.
    pub fn inside(&self) -> Vec<Source> {
        let folders = self.folders.iter();
        folders.filter_map(|path| Self::folder(path).ok()).collect()
    }

    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// The part of this name, or of it with `.gz` behind.
    pub fn plain_or_gz(&self, name: &str) -> Option<&Part> {
        self.part(name).or_else(|| self.part(&format!("{name}.gz")))
    }

    /// `groups.toml`, where there is one.
    ///
    /// # Errors
    /// It contradicts itself, or is no map.
    pub fn group_map(&self) -> Result<Option<GroupMap>, Report> {
        let Some(part) = self.part("groups.toml") else {
            return Ok(None);
        };
        let (name, bytes) = (part.shown(), part.open()?.bytes);
        let text = read_text_from(&name, bytes, SETTINGS_BYTES_MAX)?.text;
        GroupMap::parse(&name, &text).map(Some)
    }

    /// `groups.jsonl`, where there is one.
    ///
    /// # Errors
    /// It is cut off, or no file of saved groups.
    pub fn saved_groups(&self) -> Result<Option<SavedGroups>, Report> {
        let Some(part) = self.part(SAVED_GROUPS) else {
            return Ok(None);
        };
        let name = part.shown();
        let read = |known| SavedGroups::read(TextLines::new(&name, part.open()?.bytes, known)?);
        with_restart(read).map(Some)
    }
}

impl Part {
    /// The file as messages name it.
    pub fn shown(&self) -> String {
        match &self.place {
            Place::Disk(path) => path.display().to_string(),
            Place::Zip { archive, .. } => format!("{}:{}", archive.display(), self.name),
        }
    }

    /// A stream of the file's text; `.gz` is unpacked.
    pub fn open(&self) -> Result<Opened, Report> {
        let context = || format!("opening {}", self.shown());
        let n_taken = Arc::new(AtomicU64::new(0));
        let raw: Box<dyn Read> = match &self.place {
            Place::Disk(path) => Box::new(Counted {
                inner: File::open(path).wrap_err_with(context)?,
                n_taken: Arc::clone(&n_taken),
            }),
            Place::Zip { archive, idx } => {
                zip_entry(archive, *idx, &n_taken).wrap_err_with(context)?
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

    /// Adds what the part is to a fingerprint: its name, size and time, and its
    /// bytes, of a large file those of both ends.
    pub fn hash_into(&self, hasher: &mut Sha256) -> io::Result<()> {
        hasher.update(self.name.as_bytes());
        hasher.update([0]);
        let path = match &self.place {
            Place::Disk(path) => path,
            Place::Zip { archive, .. } => archive,
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

struct Counted<R> {
    inner: R,
    n_taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.n_taken.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

fn open_zip(path: &Path) -> Result<ZipArchive<BufReader<File>>, Report> {
    let file = File::open(path)?;
    ZipArchive::new(BufReader::new(file)).map_err(|e| eyre!("{}: {e}", path.display()))
}

/// An entry of an archive as a stream of its own, which no borrow ties down.
fn zip_entry(path: &Path, idx: usize, n_taken: &Arc<AtomicU64>) -> Result<Box<dyn Read>, Report> {
    let mut archive = open_zip(path)?;
    let entry = archive.by_index_raw(idx)?;
    let (method, n_compressed) = (entry.compression(), entry.compressed_size());
    let start = entry
        .data_start()
        .ok_or_else(|| eyre!("no data in the archive"))?;
    if entry.encrypted() {
        bail!("it is encrypted: unpack it by hand");
    }
    drop(entry);
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let counted = Counted {
        inner: file,
        n_taken: Arc::clone(n_taken),
    };
    let packed = BufReader::with_capacity(BUFFER_BYTES, counted.take(n_compressed));
    match method {
        zip::CompressionMethod::Stored => Ok(Box::new(packed)),
        zip::CompressionMethod::Deflated => {
            let unpacked = flate2::bufread::DeflateDecoder::new(packed);
            Ok(Box::new(Bounded::new(unpacked, UNPACKED_BYTES_MAX)))
        }
        other => Err(eyre!("packed by {other}: unpack the archive by hand")),
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
