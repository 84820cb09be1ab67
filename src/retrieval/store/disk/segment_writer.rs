//! Writes segments into a pool's folder, one file each, and removes them if the change
//! is abandoned.

use std::fs;
use std::path::{Path, PathBuf};

use color_eyre::eyre::Result;

use crate::atomic_file;
use crate::retrieval::index::segment_builder::SegmentBuilder;
use crate::retrieval::store::disk::folder::SUFFIX;
use crate::retrieval::store::disk::pool_store::{Listed, Member, open_member};
use crate::retrieval::store::disk::segment_file::{self, Check};
use crate::retrieval::store::disk::tokenizer_hash::TokenizerHash;

/// A stage of changing a pool. The callback returns `false` to cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Sorting and writing a segment.
    Indexing {
        /// Whose documents they are.
        group: String,
        /// Of the segment.
        tokens: usize,
    },
}

/// The user cancelled a change of a pool; the pool is unchanged.
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
    pub(crate) fn new(
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
    pub(crate) fn write(&mut self, group: &str, builder: SegmentBuilder) -> Result<Member> {
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

    /// A fully verified member, so that no damage is copied under new checksums.
    pub(crate) fn verified(&self, member: &Member) -> Result<Member> {
        let listed = Listed::of(member);
        open_member(&self.path, &listed, &self.tokenizer, Check::Whole)
    }

    /// Removes a member's file, if this change wrote it.
    pub(crate) fn discard(&self, member: &Member) {
        if self.written.contains(&member.file) {
            let _ = fs::remove_file(self.path.join(&member.file));
        }
    }

    /// Removes every file that this change wrote.
    pub(crate) fn discard_all(&self) {
        for name in &self.written {
            let _ = fs::remove_file(self.path.join(name));
        }
    }
}
