//! Segments written into a pool's folder, one file each, and taken away again if the
//! change that they belong to is given up.

use std::fs;
use std::path::{Path, PathBuf};

use color_eyre::eyre::Result;

use crate::atomic_file;
use crate::retrieval::index::segment_builder::SegmentBuilder;
use crate::retrieval::store::disk::folder::SUFFIX;
use crate::retrieval::store::disk::pool_store::{Listed, Member, open_member};
use crate::retrieval::store::disk::segment_file::{self, Check};
use crate::retrieval::store::disk::tokenizer_hash::TokenizerHash;

/// What a change of a pool is busy with. `false` in answer cancels it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Sorting and writing a segment.
    Indexing { group: String, tokens: usize },
}

/// The user ended a change of a pool; the pool is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled; the pool is as it was")]
pub struct Cancelled;

/// Writes a change's segments.
pub(crate) struct SegmentWriter<'p> {
    path: PathBuf,
    tokenizer: TokenizerHash,
    next_number: u64,
    /// Files that this change wrote.
    written: Vec<String>,
    progress: &'p mut dyn FnMut(&Work) -> bool,
}

impl<'p> SegmentWriter<'p> {
    /// `first_number`: files from it on do not exist yet.
    pub fn new(
        path: &Path,
        tokenizer: TokenizerHash,
        first_number: u64,
        progress: &'p mut dyn FnMut(&Work) -> bool,
    ) -> Self {
        SegmentWriter {
            path: path.to_path_buf(),
            tokenizer,
            next_number: first_number,
            written: Vec::new(),
            progress,
        }
    }

    /// Indexes documents and writes them as a segment.
    pub fn write(&mut self, group: &str, builder: SegmentBuilder) -> Result<Member> {
        let work = Work::Indexing {
            group: group.to_string(),
            tokens: builder.n_tokens(),
        };
        if !(self.progress)(&work) {
            return Err(Cancelled.into());
        }
        let segment = builder.finish();
        let name = format!("{:08}{SUFFIX}", self.next_number);
        self.next_number += 1;
        self.written.push(name.clone());
        let mut crc = 0;
        atomic_file::write_with(&self.path.join(&name), |out| {
            crc = segment_file::write(&segment, group, &self.tokenizer, out)?;
            Ok(())
        })?;
        drop(segment);
        let listed = Listed { file: name, crc };
        open_member(&self.path, &listed, &self.tokenizer, Check::Structure)
    }

    /// A member whose every byte is as it was written, so that no damage is
    /// copied and sealed again.
    pub fn verified(&self, member: &Member) -> Result<Member> {
        let listed = Listed::of(member);
        open_member(&self.path, &listed, &self.tokenizer, Check::Whole)
    }

    /// Removes a member's file, if this change wrote it.
    pub fn discard(&self, member: &Member) {
        if self.written.contains(&member.file) {
            let _ = fs::remove_file(self.path.join(&member.file));
        }
    }

    /// Removes every file that this change wrote.
    pub fn discard_all(&self) {
        for name in &self.written {
            let _ = fs::remove_file(self.path.join(name));
        }
    }
}
