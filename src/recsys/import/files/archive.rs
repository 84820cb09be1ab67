//! Zip archives: their contents, and each member as a separate stream.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use color_eyre::eyre::{Report, bail, eyre};
use zip::ZipArchive;

use super::counted::{BUFFER_BYTES, Counted};
use crate::text_input::{Bounded, UNPACKED_BYTES_MAX};

/// A file in an archive.
pub(crate) struct Member {
    /// Separated by `/`, whatever the archiver wrote; empty at the top.
    pub(crate) folder: String,
    pub(crate) name: String,
    pub(crate) idx: usize,
    /// Compressed.
    pub(crate) n_bytes: u64,
}

/// The files of an archive. Without system files: names that begin with a dot, and the
/// folder `__MACOSX`.
///
/// # Errors
/// Not a readable archive.
pub(crate) fn members(path: &Path) -> Result<Vec<Member>, Report> {
    let mut archive = open_zip(path)?;
    let mut members = Vec::new();
    for idx in 0..archive.len() {
        let entry = archive.by_index_raw(idx)?;
        // Some Windows tools write backslashes.
        let full = match entry.name() {
            Ok(name) => name.replace('\\', "/"),
            Err(_) => String::from_utf8_lossy(entry.name_raw()).replace('\\', "/"),
        };
        let (folder, name) = full.rsplit_once('/').unwrap_or(("", &full));
        let parts = folder.split('/').chain([name]);
        let is_hidden = parts.into_iter().any(|part| is_hidden(part) && part != ".");
        if entry.is_file() && !name.is_empty() && !is_hidden {
            members.push(Member {
                folder: folder.trim_start_matches("./").to_owned(),
                name: name.to_owned(),
                idx,
                n_bytes: entry.compressed_size(),
            });
        }
    }
    Ok(members)
}

/// A system's own file or folder, such as `._movies.csv` or `.DS_Store`.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || name == "__MACOSX"
}

/// Splits a path that leads into an archive: `data.zip/ml-1m`.
pub(crate) fn inside(path: &Path) -> Option<(PathBuf, String)> {
    let is_zip = |path: &Path| {
        path.extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("zip"))
    };
    let archive = path
        .ancestors()
        .skip(1)
        .find(|path| is_zip(path) && path.is_file())?;
    let rest = path.strip_prefix(archive).ok()?;
    let parts = rest
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    Some((archive.to_owned(), parts.collect::<Vec<_>>().join("/")))
}

fn open_zip(path: &Path) -> Result<ZipArchive<BufReader<File>>, Report> {
    let file = File::open(path)?;
    ZipArchive::new(BufReader::new(file)).map_err(|e| eyre!("{}: {e}", path.display()))
}

/// An entry of an archive as a separate, owned stream.
pub(crate) fn zip_entry(
    path: &Path,
    idx: usize,
    n_taken: &Arc<AtomicU64>,
) -> Result<Box<dyn Read>, Report> {
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
        other => Err(eyre!("compressed with {other}: unpack the archive by hand")),
    }
}
