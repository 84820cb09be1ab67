//! Caches imports, with a fingerprint of the source files. A cached import that is
//! stale, damaged or of another version is redone.
//!
//! Layout, little-endian: magic, version, fingerprint, length of the JSON
//! contents, the contents; the items and then the users in chunks, each its length
//! and an array of JSON, an empty chunk last; number of ratings, then by column the
//! items (u32), the ratings (f32) and the times (i64); last the CRC-32 of all before
//! it.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Report, WrapErr};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::super::history::Rating;
use super::files::source::ImportSource;
use super::{Imported, ImportedContents, Options};
use crate::atomic_file::AtomicFile;

const MAGIC: &[u8; 8] = b"LSIMPORT";
/// Raised whenever the layout or an importer's interpretation changes.
const VERSION: u32 = 2;
const BUFFER_BYTES: usize = 1 << 18;
/// Number of subjects written and read at a time.
const CHUNK_SUBJECTS: usize = 1 << 12;
/// Ratings are read in steps, so that a damaged count allocates no memory.
const STEP_RATINGS: usize = 1 << 16;

/// Where an import is cached, and its expected source.
pub(crate) struct Key {
    path: PathBuf,
    fingerprint: [u8; 32],
}

impl Key {
    /// # Errors
    /// A file of the source cannot be read.
    pub(crate) fn of(
        source: &ImportSource,
        options: &Options,
        folder: &Path,
    ) -> Result<Self, Report> {
        let full = source.path.canonicalize();
        let full = full.unwrap_or_else(|_| source.path.clone());
        let mut place = Sha256::new();
        place.update(full.as_os_str().as_encoded_bytes());
        place.update(options.limit.unwrap_or(u64::MAX).to_le_bytes());
        place.update(
            options
                .scale
                .map_or_else(String::new, |scale| scale.to_string()),
        );
        let place = place.finalize();
        let short = hex::encode(&place[..8]);
        let mut content = Sha256::new();
        content.update(VERSION.to_le_bytes());
        content.update(env!("CARGO_PKG_VERSION").as_bytes());
        for part in &source.parts {
            part.hash_into(&mut content)
                .wrap_err_with(|| format!("reading {}", part.shown()))?;
        }
        Ok(Key {
            path: folder.join(format!("{short}.import")),
            fingerprint: content.finalize().into(),
        })
    }

    /// The cached import; `None` if there is no usable one.
    pub(crate) fn load(&self) -> Option<Imported> {
        let file = File::open(&self.path).ok()?;
        let n_bytes = file.metadata().ok()?.len();
        let mut reader = Checked::new(BufReader::with_capacity(BUFFER_BYTES, file));
        read(&mut reader, &self.fingerprint, n_bytes).ok().flatten()
    }

    /// Caches an import. Failure is not an error: it will be redone.
    pub(crate) fn save(&self, imported: &Imported) {
        if let Err(error) = self.try_save(imported) {
            note!("cannot keep the import: {error:#}");
        }
    }

    fn try_save(&self, imported: &Imported) -> Result<(), Report> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = AtomicFile::create(&self.path)?;
        let mut writer = BufWriter::with_capacity(BUFFER_BYTES, Checked::new(&mut file));
        write(&mut writer, &self.fingerprint, imported)?;
        let checked = writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        let crc = checked.hasher.finalize();
        file.write_all(&crc.to_le_bytes())?;
        file.commit()
    }
}

fn write(out: &mut impl Write, fingerprint: &[u8; 32], imported: &Imported) -> io::Result<()> {
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    out.write_all(fingerprint)?;
    let contents = serde_json::to_vec(&imported.contents)?;
    out.write_all(&(contents.len() as u64).to_le_bytes())?;
    out.write_all(&contents)?;
    write_chunks(out, &imported.items)?;
    write_chunks(out, &imported.users)?;
    let ratings = &imported.ratings;
    out.write_all(&(ratings.len() as u64).to_le_bytes())?;
    for rating in ratings {
        out.write_all(&(rating.item_idx() as u32).to_le_bytes())?;
    }
    for rating in ratings {
        out.write_all(&rating.stars.to_le_bytes())?;
    }
    for rating in ratings {
        out.write_all(&rating.at_s.to_le_bytes())?;
    }
    Ok(())
}

fn write_chunks<T: Serialize>(out: &mut impl Write, subjects: &[T]) -> io::Result<()> {
    for chunk in subjects.chunks(CHUNK_SUBJECTS) {
        let json = serde_json::to_vec(chunk)?;
        out.write_all(&(json.len() as u64).to_le_bytes())?;
        out.write_all(&json)?;
    }
    out.write_all(&0u64.to_le_bytes())
}

fn read_chunks<T: DeserializeOwned, R: Read>(
    reader: &mut Checked<R>,
    n_bytes: u64,
) -> io::Result<Vec<T>> {
    let mut subjects = Vec::new();
    loop {
        match u64::from_le_bytes(reader.array()?) {
            0 => return Ok(subjects),
            n => {
                let json = reader.bytes(n, n_bytes)?;
                let chunk: Vec<T> = serde_json::from_slice(&json)?;
                subjects.extend(chunk);
            }
        }
    }
}

/// `None`: from other files or another version, or incomplete.
fn read<R: Read>(
    reader: &mut Checked<R>,
    fingerprint: &[u8; 32],
    n_bytes: u64,
) -> io::Result<Option<Imported>> {
    if reader.array()? != *MAGIC
        || u32::from_le_bytes(reader.array()?) != VERSION
        || reader.array()? != *fingerprint
    {
        return Ok(None);
    }
    let n_contents = u64::from_le_bytes(reader.array()?);
    let contents = reader.bytes(n_contents, n_bytes)?;
    let contents: ImportedContents = serde_json::from_slice(&contents)?;
    let items = read_chunks(reader, n_bytes)?;
    let users = read_chunks(reader, n_bytes)?;
    let n_ratings = u64::from_le_bytes(reader.array()?);
    if n_ratings.saturating_mul(16) > n_bytes {
        return Ok(None);
    }
    let ratings = read_ratings(reader, n_ratings as usize)?;
    let wanted = reader.hasher.clone().finalize();
    let imported = Imported {
        contents,
        items,
        users,
        ratings,
    };
    let whole = u32::from_le_bytes(reader.array()?) == wanted && imported.is_consistent();
    Ok(whole.then_some(imported))
}

fn read_ratings<R: Read>(reader: &mut Checked<R>, n: usize) -> io::Result<Vec<Rating>> {
    let mut ratings = vec![Rating::new(0, 0.0, 0); n];
    reader.column(&mut ratings, |rating, bytes| {
        let item = u32::from_le_bytes(bytes) as usize;
        *rating = Rating::new(item, 0.0, 0);
    })?;
    reader.column(&mut ratings, |rating, bytes| {
        rating.stars = f32::from_le_bytes(bytes)
    })?;
    reader.column(&mut ratings, |rating, bytes| {
        rating.at_s = i64::from_le_bytes(bytes)
    })?;
    Ok(ratings)
}

impl Imported {
    /// No index in it is out of bounds.
    fn is_consistent(&self) -> bool {
        let contents = &self.contents;
        let n_total: u64 = contents.n_by_user.iter().map(|&n| u64::from(n)).sum();
        self.users.len() == contents.n_by_user.len()
            && n_total == self.ratings.len() as u64
            && self.ratings.iter().all(|r| r.item_idx() < self.items.len())
    }
}

/// Hashes everything that passes through.
struct Checked<T> {
    inner: T,
    hasher: crc32fast::Hasher,
}

impl<T> Checked<T> {
    fn new(inner: T) -> Self {
        Checked {
            inner,
            hasher: crc32fast::Hasher::new(),
        }
    }
}

impl<W: Write> Write for Checked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Checked<R> {
    fn read_exact(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.inner.read_exact(bytes)?;
        self.hasher.update(bytes);
        Ok(())
    }

    /// Exactly this many bytes.
    fn bytes(&mut self, n: u64, n_bytes: u64) -> io::Result<Vec<u8>> {
        if n > n_bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; n as usize];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn column<const N: usize>(
        &mut self,
        ratings: &mut [Rating],
        set: impl Fn(&mut Rating, [u8; N]),
    ) -> io::Result<()> {
        let mut buffer = vec![0; STEP_RATINGS * N];
        for chunk in ratings.chunks_mut(STEP_RATINGS) {
            let bytes = &mut buffer[..chunk.len() * N];
            self.read_exact(bytes)?;
            for (rating, value) in chunk.iter_mut().zip(bytes.as_chunks().0) {
                set(rating, *value);
            }
        }
        Ok(())
    }
}
