//! Changes a pool on disk: documents stream in, segments are written, and the list of
//! segments is replaced once, at the end. Until then the pool is the old one, and
//! anything written is removed unless committed.
//!
//! Memory stays bounded: documents are buffered up to [`BUFFERED_TOKENS`], then those
//! of the largest group become a segment.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, bail, ensure};

use crate::atomic_file::{self, sync_folder};
use crate::retrieval::index::segment::Segment;
use crate::retrieval::index::segment_builder::SegmentBuilder;
use crate::retrieval::store::disk::compact;
use crate::retrieval::store::disk::folder::{LOCK, Lock, clean, lock, make_folder};
use crate::retrieval::store::disk::pool_store::{LIST, List, Listed, Member, PoolStore, read_list};
use crate::retrieval::store::disk::segment_file::Check;
use crate::retrieval::store::disk::segment_writer::{SegmentWriter, Work};
use crate::retrieval::store::disk::tokenizer_hash::TokenizerHash;
use crate::retrieval::store::document::PoolDoc;
use crate::speculate::subject::{DocId, GroupKey};

/// Maximum tokens buffered in memory.
const BUFFERED_TOKENS: usize = 16 << 20;
/// Maximum tokens of a segment, unless a single document has more.
const SEGMENT_TOKENS: usize = 32 << 20;
/// A bounded pool has at least this many segments, so that eviction removes only a part
/// of it.
const BOUNDED_PARTS: u64 = 8;

/// The result of a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Changed {
    /// Documents that are new in the pool.
    pub added: usize,
    /// Documents removed, including those replaced by a newer one with the same id.
    pub removed: usize,
    /// Documents evicted because the pool reached its bound.
    pub evicted: usize,
}

/// Limits on segments and buffered documents.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    buffered_tokens: usize,
    segment_tokens: usize,
}

/// A change of a pool, invisible until committed.
pub struct PoolUpdate<'p> {
    path: PathBuf,
    /// The folder was created by this change and is removed if it is abandoned.
    is_new_folder: bool,
    _lock: Lock,
    list: List,
    members: Vec<Member>,
    buffers: BTreeMap<GroupKey, SegmentBuilder>,
    n_buffered: usize,
    /// Ids to remove from the existing segments.
    gone: HashSet<DocId>,
    n_old_members: usize,
    /// Added documents replace those with the same id.
    replaces: bool,
    writer: SegmentWriter<'p>,
    sizes: Sizes,
    changed: Changed,
    is_committed: bool,
}

impl<'p> PoolUpdate<'p> {
    /// Begins a new pool. An existing pool stays until the new one is committed.
    ///
    /// # Errors
    /// A path with something other than a pool; a pool that another process is changing.
    pub fn build(
        path: &Path,
        tokenizer: &TokenizerHash,
        model: &str,
        max_tokens: Option<u64>,
        progress: &'p mut dyn FnMut(&Work) -> bool,
    ) -> Result<Self> {
        let is_new_folder = make_folder(path)?;
        let list = List::new(tokenizer, model, max_tokens);
        Self::begin(path, is_new_folder, list, Vec::new(), progress)
    }

    /// Begins a change of an existing pool. Added documents replace those with the same id.
    ///
    /// # Errors
    /// As [`PoolStore::open`]; a pool that another process is changing.
    pub fn change(
        path: &Path,
        tokenizer: Option<&TokenizerHash>,
        progress: &'p mut dyn FnMut(&Work) -> bool,
    ) -> Result<Self> {
        let store = PoolStore::open(path, tokenizer, Check::Structure)?;
        let mut update = Self::begin(path, false, store.list, store.members, progress)?;
        ensure!(
            read_list(path)?.crc == update.list.crc,
            "{} was just changed by another process: try again",
            path.display()
        );
        update.replaces = true;
        Ok(update)
    }

    fn begin(
        path: &Path,
        is_new_folder: bool,
        list: List,
        members: Vec<Member>,
        progress: &'p mut dyn FnMut(&Work) -> bool,
    ) -> Result<Self> {
        let lock = lock(path)?;
        let next_number = clean(path)? + 1;
        let mut update = PoolUpdate {
            path: path.to_path_buf(),
            is_new_folder,
            _lock: lock,
            writer: SegmentWriter::new(path, list.tokenizer()?, next_number, progress),
            list,
            n_old_members: members.len(),
            members,
            buffers: BTreeMap::new(),
            n_buffered: 0,
            gone: HashSet::new(),
            replaces: false,
            sizes: Sizes {
                buffered_tokens: BUFFERED_TOKENS,
                segment_tokens: SEGMENT_TOKENS,
            },
            changed: Changed::default(),
            is_committed: false,
        };
        update.set_max_tokens(update.list.max_tokens);
        Ok(update)
    }

    /// Bounds the pool from now on; `None` unbounds it.
    pub fn set_max_tokens(&mut self, max_tokens: Option<u64>) {
        self.list.max_tokens = max_tokens;
        let part = max_tokens.map_or(usize::MAX, |max| (max / BOUNDED_PARTS) as usize);
        self.sizes.segment_tokens = SEGMENT_TOKENS.min(part);
        self.sizes.buffered_tokens = BUFFERED_TOKENS.min(part);
    }

    /// Smaller segments than usual, for tests with many.
    #[doc(hidden)]
    pub fn shrink_segments(&mut self, segment_tokens: usize, buffered_tokens: usize) {
        self.sizes = Sizes {
            segment_tokens,
            buffered_tokens,
        };
    }

    /// Adds a document.
    ///
    /// # Errors
    /// A document larger than the pool may be; a full disk;
    /// [`Cancelled`](super::segment_writer::Cancelled).
    pub fn push(&mut self, doc: &PoolDoc) -> Result<()> {
        let n_tokens = doc.tokens.len();
        if let Some(max) = self.list.max_tokens.filter(|&max| n_tokens as u64 > max) {
            bail!(
                "document `{}` has {n_tokens} tokens, but the pool is limited to {max}: raise \
                --max-tokens",
                doc.id
            );
        }
        let waiting = self.buffers.get(&doc.group);
        let is_full = waiting.is_some_and(|b| {
            let fits = b.has_room(&doc.id, &doc.title, n_tokens);
            !b.is_empty() && (!fits || b.n_tokens() + n_tokens > self.sizes.segment_tokens)
        });
        if is_full {
            self.flush(&doc.group)?;
        }
        if self.replaces {
            self.gone.insert(doc.id.clone());
        }
        let buffer = self.buffers.entry(doc.group.clone());
        let buffer = buffer.or_insert_with(SegmentBuilder::new);
        buffer.push(&doc.id, &doc.title, &doc.tokens);
        self.n_buffered += n_tokens;
        self.changed.added += 1;
        while self.n_buffered > self.sizes.buffered_tokens {
            let largest = self.buffers.iter().max_by_key(|(_, b)| b.n_tokens());
            let Some(group) = largest.map(|(group, _)| group.clone()) else {
                break;
            };
            self.flush(&group)?;
        }
        Ok(())
    }

    /// Whether the pool had a document of this id before the change.
    pub fn holds(&self, id: &str) -> bool {
        let old = &self.members[..self.n_old_members];
        old.iter()
            .any(|m| m.segment.docs.with_id(id).next().is_some())
    }

    /// Removes documents by their ids; unknown ones are ignored.
    pub fn remove(&mut self, ids: impl IntoIterator<Item = DocId>) {
        self.gone.extend(ids);
    }

    /// Commits the change: merges small segments, evicts the oldest above the bound,
    /// and replaces the list.
    ///
    /// # Errors
    /// A full disk; [`Cancelled`](super::segment_writer::Cancelled). The pool is then
    /// unchanged.
    pub fn commit(mut self) -> Result<Changed> {
        for group in self.buffers.keys().cloned().collect::<Vec<_>>() {
            self.flush(&group)?;
        }
        self.take_out_gone()?;
        let ratio = match self.replaces {
            true => compact::GROWN_RATIO,
            false => usize::MAX,
        };
        let limit = self.sizes.segment_tokens;
        compact::merge(&mut self.members, limit, ratio, &mut self.writer)?;
        self.evict()?;
        self.list.segments = self.members.iter().map(Listed::of).collect();
        let json = self.list.to_json()?;
        // The segments' names must be on the disk before the list names them.
        sync_folder(&self.path).wrap_err_with(|| format!("writing {}", self.path.display()))?;
        atomic_file::write(&self.path.join(LIST), json)?;
        self.is_committed = true;
        sync_folder(&self.path).wrap_err_with(|| format!("writing {}", self.path.display()))?;
        // Mapped files cannot be deleted everywhere; the next change tries again.
        let _ = clean(&self.path);
        let segments = self.list.segments.len();
        tracing::info!(path = %self.path.display(), segments, change = ?self.changed, "pool changed");
        Ok(self.changed)
    }

    /// Makes a segment of a group's buffered documents.
    fn flush(&mut self, group: &GroupKey) -> Result<()> {
        let Some(builder) = self.buffers.remove(group).filter(|b| !b.is_empty()) else {
            return Ok(());
        };
        self.n_buffered -= builder.n_tokens().min(self.n_buffered);
        let member = self.writer.write(group, builder)?;
        self.members.push(member);
        if !self.gone.is_empty() {
            return Ok(()); // evicted once the removals are known
        }
        self.evict()
    }

    /// Keeps the pool within its bound.
    fn evict(&mut self) -> Result<()> {
        let Some(max) = self.list.max_tokens else {
            return Ok(());
        };
        let evicted = compact::evict(&mut self.members, max, &mut self.writer)?;
        self.n_old_members = self.n_old_members.saturating_sub(evicted.segments);
        self.changed.evicted += evicted.documents;
        Ok(())
    }

    /// Rewrites the old segments that contain documents to remove.
    fn take_out_gone(&mut self) -> Result<()> {
        let gone = std::mem::take(&mut self.gone);
        for at in 0..self.n_old_members {
            let member = self.members[at].clone();
            let n_gone = count_with_ids(&member.segment, &gone);
            if n_gone == 0 {
                continue;
            }
            self.changed.removed += n_gone;
            let mut rest = SegmentBuilder::new();
            let segment = self.writer.verified(&member)?.segment;
            compact::copy(&segment, &mut rest, |id| !gone.contains(id));
            if rest.is_empty() {
                self.members[at].file.clear();
            } else {
                self.members[at] = self.writer.write(&member.group, rest)?;
            }
        }
        self.members.retain(|m| !m.file.is_empty());
        Ok(())
    }
}

impl Drop for PoolUpdate<'_> {
    fn drop(&mut self) {
        if self.is_committed {
            return;
        }
        self.members.clear();
        self.writer.discard_all();
        if self.is_new_folder {
            let _ = fs::remove_file(self.path.join(LOCK));
            let _ = fs::remove_dir(&self.path);
        }
    }
}

fn count_with_ids(segment: &Segment, ids: &HashSet<DocId>) -> usize {
    let found = ids.iter().map(|id| segment.docs.with_id(id).count());
    found.sum()
}
