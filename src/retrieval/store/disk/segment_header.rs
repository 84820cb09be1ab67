//! The layout of a segment file, and its header.
//!
//! All numbers are little-endian. A header of 192 bytes, then the sections, end
//! to end, each padded with zeros to a multiple of 8 bytes. Their lengths follow
//! from the header's counts, and so does the file's, to the byte.
//!
//! ```text
//! header   0  magic "LSPOOLSG"                 40  documents (u64)
//!          8  format version (u32)             48  bytes of names (u64)
//!         12  bytes a token, w: 2 or 4 (u32)   56  bytes of the group (u64)
//!         16  ids are below it (u32)           64  tokenizer: sha256, or zeros
//!         20  zero (u32)                       96  9 sections' checksums (u32)
//!         24  text symbols, n (u64)           132  zeros
//!         32  distinct symbols, d (u64)       188  checksum of bytes 0..188
//! sections
//!   firsts     d x w        the distinct symbols, ascending
//!   buckets    (d + 1) x 4  the rank each begins at; closed by n - 1
//!   group      UTF-8        the group all documents belong to
//!   text       n x w        | doc | doc | with the greatest number for a bar
//!   suffixes   (n - 1) x 4  positions in the order of the suffixes there
//!   starts     (docs+1) x 4 where each document's first token stands
//!   name ends  docs x 2 x 4 where each id and title ends in the names
//!   by id      docs x 4     document numbers, ascending by id
//!   names      UTF-8        id, title, id, title, ..
//! ```

use std::ops::Range;

use color_eyre::eyre::{Result, bail, ensure};

use crate::retrieval::index::segment_builder::MAX_TEXT;
use crate::retrieval::index::symbol::{SEPARATOR, Symbol};
use crate::retrieval::store::disk::tokenizer_hash::TokenizerHash;

pub(crate) const MAGIC: &[u8; 8] = b"LSPOOLSG";
pub(crate) const VERSION: u32 = 1;
pub(crate) const HEADER_BYTES: usize = 192;
pub(crate) const CRC_AT: usize = HEADER_BYTES - 4;
pub(crate) const N_SECTIONS: usize = 9;

/// Everything in a header except the checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) width: u32,
    pub(crate) limit: u32,
    pub(crate) n_text: u64,
    pub(crate) n_firsts: u64,
    pub(crate) n_docs: u64,
    pub(crate) n_names: u64,
    pub(crate) n_group: u64,
    pub(crate) tokenizer: TokenizerHash,
}

impl Header {
    pub(crate) fn encode(&self, crcs: &[u32; N_SECTIONS]) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, MAGIC);
        put(8, &VERSION.to_le_bytes());
        put(12, &self.width.to_le_bytes());
        put(16, &self.limit.to_le_bytes());
        put(24, &self.n_text.to_le_bytes());
        put(32, &self.n_firsts.to_le_bytes());
        put(40, &self.n_docs.to_le_bytes());
        put(48, &self.n_names.to_le_bytes());
        put(56, &self.n_group.to_le_bytes());
        put(64, &self.tokenizer.0);
        for (i, crc) in crcs.iter().enumerate() {
            put(96 + 4 * i, &crc.to_le_bytes());
        }
        let crc = crc32fast::hash(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<(Self, [u32; N_SECTIONS])> {
        ensure!(bytes.starts_with(MAGIC), "it is not a pool segment");
        ensure!(bytes.len() >= HEADER_BYTES, "the file is cut off");
        let version = u32_at(bytes, 8);
        if version != VERSION {
            let (age, way_out) = match version < VERSION {
                true => ("an older", "build the pool again"),
                false => ("a newer", "update the program or build the pool again"),
            };
            bail!("the file has {age} format, {version} instead of {VERSION}: {way_out}");
        }
        ensure!(
            crc32fast::hash(&bytes[..CRC_AT]) == u32_at(bytes, CRC_AT),
            "the file is damaged: its header does not match its checksum"
        );
        let mut hash = [0; 32];
        hash.copy_from_slice(&bytes[64..96]);
        let header = Header {
            width: u32_at(bytes, 12),
            limit: u32_at(bytes, 16),
            n_text: u64_at(bytes, 24),
            n_firsts: u64_at(bytes, 32),
            n_docs: u64_at(bytes, 40),
            n_names: u64_at(bytes, 48),
            n_group: u64_at(bytes, 56),
            tokenizer: TokenizerHash(hash),
        };
        Ok((header, std::array::from_fn(|i| u32_at(bytes, 96 + 4 * i))))
    }

    /// The range of every section; `None` for impossible counts.
    pub(crate) fn sections(&self) -> Option<[Range<usize>; N_SECTIONS]> {
        let width = u64::from(self.width);
        let separator = match self.width {
            2 => u32::from(u16::SEPARATOR),
            4 => SEPARATOR,
            _ => return None,
        };
        let n_symbols = 1..=MAX_TEXT as u64;
        if self.limit > separator || !n_symbols.contains(&self.n_text) {
            return None;
        }
        let lengths = [
            self.n_firsts.checked_mul(width)?,
            self.n_firsts.checked_add(1)?.checked_mul(4)?,
            self.n_group,
            self.n_text.checked_mul(width)?,
            (self.n_text - 1).checked_mul(4)?,
            self.n_docs.checked_add(1)?.checked_mul(4)?,
            self.n_docs.checked_mul(8)?,
            self.n_docs.checked_mul(4)?,
            self.n_names,
        ];
        let mut sections = [const { 0..0 }; N_SECTIONS];
        let mut start = HEADER_BYTES;
        for (section, length) in sections.iter_mut().zip(lengths) {
            let end = start.checked_add(usize::try_from(length).ok()?)?;
            *section = start..end;
            start = end.checked_next_multiple_of(8)?;
        }
        Some(sections)
    }
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut field = [0; 4];
    field.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(field)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut field = [0; 8];
    field.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(field)
}
