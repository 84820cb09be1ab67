//! A segment as a file: flat, versioned, checksummed, opened by memory map. Its layout
//! is in `segment_header`. Does not know its folder (`pool_store`) or queries.
//!
//! Checksums are CRC-32 and cover the padding, so every bit of a file counts. Opening
//! always checks the header, the file's length, and the first three sections; the
//! others are checked on request, because that reads the whole file. Without it a
//! damaged text can give useless drafts, but nothing worse: every access to a segment
//! is bounds-checked (see `segment`).

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytemuck::cast_slice;
use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};
use sha2::{Digest, Sha256};

use crate::mapped::MappedFile;
use crate::retrieval::index::array::Array;
use crate::retrieval::index::doc_table::DocTable;
use crate::retrieval::index::segment::{Segment, Words, on_words};
use crate::retrieval::index::symbol::Symbol;
use crate::retrieval::index::text::Text;
use crate::retrieval::store::disk::segment_header::{
    CRC_AT, HEADER_BYTES, Header, N_SECTIONS, u32_at,
};
use crate::retrieval::store::disk::tokenizer_hash::TokenizerHash;
use crate::speculate::subject::GroupKey;

/// Sections that are checked whenever a file is opened: firsts, buckets, group.
const N_SMALL: usize = 3;
/// Files from this size on are not read for hashing.
const HASHED_WHOLE: usize = 16 << 20;

/// How much of a file is verified against its checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Header, length and tables: a few pages of a file of any size.
    Structure,
    /// Every byte.
    Whole,
}

/// A memory-mapped segment file.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) segment: Segment,
    pub(crate) group: GroupKey,
    pub(crate) tokenizer: TokenizerHash,
    /// Identifies the whole content: the header has the sections' checksums.
    pub(crate) header_crc: u32,
    pub(crate) file_bytes: u64,
}

/// A large segment is identified by its header, which has every section's checksum, so
/// that a run does not have to read all of it first.
fn hashed_by_header(segment: Segment, map: &MappedFile) -> Segment {
    if map.len() >= HASHED_WHOLE {
        let hash = Sha256::digest(&map[..HEADER_BYTES]);
        let _ = segment.content_hash.set(hash.into());
    }
    segment
}

/// Writes a segment; returns the header's checksum.
///
/// # Errors
/// The writer's own.
pub(crate) fn write(
    segment: &Segment,
    group: &str,
    tokenizer: &TokenizerHash,
    out: &mut impl Write,
) -> io::Result<u32> {
    if cfg!(target_endian = "big") {
        let what = "pool files can only be written on little-endian machines";
        return Err(io::Error::new(io::ErrorKind::Unsupported, what));
    }
    let sections = sections_of(segment, group);
    let crcs = sections.map(|bytes| {
        let mut crc = crc32fast::Hasher::new();
        crc.update(bytes);
        crc.update(padding(bytes.len()));
        crc.finalize()
    });
    let header = Header::of(segment, group, tokenizer).encode(&crcs);
    out.write_all(&header)?;
    for bytes in sections {
        out.write_all(bytes)?;
        out.write_all(padding(bytes.len()))?;
    }
    Ok(u32_at(&header, CRC_AT))
}

fn sections_of<'a>(segment: &'a Segment, group: &'a str) -> [&'a [u8]; N_SECTIONS] {
    let (text, firsts): (&[u8], &[u8]) = on_words!(segment, text, firsts =>
        (cast_slice(&text.tokens), cast_slice(firsts)));
    let docs = &segment.docs;
    [
        firsts,
        cast_slice(&segment.starts),
        group.as_bytes(),
        text,
        cast_slice(&segment.suffixes),
        cast_slice(&docs.starts),
        cast_slice(&docs.name_ends),
        cast_slice(&docs.by_id),
        &docs.names,
    ]
}

/// Zeros up to a multiple of 8 bytes.
fn padding(n_bytes: usize) -> &'static [u8] {
    &[0; 7][..n_bytes.next_multiple_of(8) - n_bytes]
}

/// Opens a segment's file.
///
/// # Errors
/// A file that cannot be read, is not a segment, has another version, or is truncated
/// or damaged. The message names the file and the problem.
pub(crate) fn open(path: &Path, check: Check) -> Result<Opened> {
    let context = || format!("opening {}", path.display());
    let file = File::open(path).wrap_err_with(context)?;
    let n_bytes = file.metadata().wrap_err_with(context)?.len();
    // An empty file cannot be mapped.
    ensure!(n_bytes > 0, "{} is empty", path.display());
    let map = MappedFile::new(&file, path)
        .wrap_err_with(|| format!("mapping {} into memory", path.display()))?;
    map.expect_random_access();
    open_map(Arc::new(map), check).wrap_err_with(|| path.display().to_string())
}

pub(crate) fn open_map(map: Arc<MappedFile>, check: Check) -> Result<Opened> {
    if cfg!(target_endian = "big") {
        bail!("pool files can only be read on little-endian machines");
    }
    let (header, crcs) = Header::decode(&map)?;
    let sections = header
        .sections()
        .ok_or_else(|| eyre!("the header's counts are impossible: it is damaged"))?;
    let n_bytes = sections[N_SECTIONS - 1].end.next_multiple_of(8);
    if n_bytes != map.len() {
        let what = if map.len() < n_bytes {
            "cut off"
        } else {
            "too long"
        };
        bail!(
            "the file is {what}: {} bytes instead of {n_bytes}",
            map.len()
        );
    }
    let n_checked = match check {
        Check::Structure => N_SMALL,
        Check::Whole => N_SECTIONS,
    };
    for (range, crc) in sections.iter().zip(crcs).take(n_checked) {
        let bytes = &map[range.start..range.end.next_multiple_of(8)];
        ensure!(
            crc32fast::hash(bytes) == crc,
            "the file is damaged: bytes {} to {} do not match their checksum",
            range.start,
            range.start + bytes.len()
        );
    }
    let opened = header.arrays(&map, &sections);
    opened.ok_or_else(|| eyre!("the file's tables are inconsistent: it is damaged"))
}

impl Header {
    fn of(segment: &Segment, group: &str, tokenizer: &TokenizerHash) -> Self {
        let (n_text, n_firsts, width) = on_words!(segment, text, firsts =>
            (text.tokens.len(), firsts.len(), size_of_val(&text.tokens[..1])));
        Header {
            width: width as u32,
            limit: segment.limit(),
            n_text: n_text as u64,
            n_firsts: n_firsts as u64,
            n_docs: segment.n_docs() as u64,
            n_names: segment.docs.names.len() as u64,
            n_group: group.len() as u64,
            tokenizer: *tokenizer,
        }
    }

    /// The segment over the mapped sections; `None` if the bucket table is invalid.
    fn arrays(
        &self,
        map: &Arc<MappedFile>,
        sections: &[Range<usize>; N_SECTIONS],
    ) -> Option<Opened> {
        let [firsts, starts, group, text, suffixes, docs @ ..] = sections.clone();
        let starts = Array::<u32>::mapped(map, starts)?;
        let n_suffixes = (self.n_text - 1) as u32;
        let is_ascending = starts.windows(2).all(|w| w[0] < w[1]);
        if starts.first() != Some(&0) || starts.last() != Some(&n_suffixes) || !is_ascending {
            return None;
        }
        let words = if self.width == 2 {
            let (text, firsts) = self.words(map, text, firsts)?;
            Words::Narrow(text, firsts)
        } else {
            let (text, firsts) = self.words(map, text, firsts)?;
            Words::Wide(text, firsts)
        };
        let [starts_of_docs, name_ends, by_id, names] = docs;
        let docs = DocTable {
            starts: Array::mapped(map, starts_of_docs)?,
            name_ends: Array::mapped(map, name_ends)?,
            by_id: Array::mapped(map, by_id)?,
            names: Array::mapped(map, names)?,
        };
        let suffixes = Array::mapped(map, suffixes)?;
        Some(Opened {
            group: str::from_utf8(map.get(group)?).ok()?.into(),
            segment: hashed_by_header(Segment::of(words, suffixes, starts, docs), map),
            tokenizer: self.tokenizer,
            header_crc: u32_at(map, CRC_AT),
            file_bytes: map.len() as u64,
        })
    }

    fn words<T: Symbol>(
        &self,
        map: &Arc<MappedFile>,
        text: Range<usize>,
        firsts: Range<usize>,
    ) -> Option<(Text<T>, Array<T>)> {
        let firsts = Array::<T>::mapped(map, firsts)?;
        let is_symbol = |&t: &T| t.id() < self.limit || t == T::SEPARATOR;
        let is_ascending = firsts.windows(2).all(|w| w[0] < w[1]);
        let text = Text {
            tokens: Array::mapped(map, text)?,
            limit: self.limit,
        };
        (is_ascending && firsts.iter().all(is_symbol)).then_some((text, firsts))
    }
}

/// Opens bytes that claim to be a segment file, ignoring checksums, so that damage
/// reaches the code behind them.
#[doc(hidden)]
pub(crate) fn open_resealed(bytes: &[u8]) -> Result<Opened> {
    let mut bytes = bytes.to_vec();
    reseal(&mut bytes);
    let mut map = memmap2::MmapMut::map_anon(bytes.len().max(1))?;
    map[..bytes.len()].copy_from_slice(&bytes);
    open_map(Arc::new(map.make_read_only()?.into()), Check::Structure)
}

/// Recomputes the checksums, as far as the content has room for them.
fn reseal(bytes: &mut [u8]) {
    let seal = |bytes: &mut [u8]| {
        let crc = crc32fast::hash(&bytes[..CRC_AT]);
        bytes[CRC_AT..HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
    };
    if bytes.len() < HEADER_BYTES {
        return;
    }
    seal(bytes);
    let sections = Header::decode(bytes).ok().and_then(|h| h.0.sections());
    for (i, range) in sections.into_iter().flatten().enumerate() {
        if let Some(section) = bytes.get(range.start..range.end.next_multiple_of(8)) {
            let crc = crc32fast::hash(section).to_le_bytes();
            bytes[96 + 4 * i..100 + 4 * i].copy_from_slice(&crc);
        }
    }
    seal(bytes);
}
