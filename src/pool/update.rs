//! Changing a pool on disk: documents stream in, segments come out, and the
//! list of segments changes once, at the end. Until then the pool is the old
//! one, and whatever was written is removed again unless it is committed.
//!
//! Memory stays bounded: documents wait in memory until there are
//! [`BUFFERED_TOKENS`] of them, then the largest group's become a segment.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, bail, ensure};

use super::compact;
use super::file::{self, Check};
use super::pools::PoolDoc;
use super::segment::{Segment, SegmentBuilder};
use super::store::{LIST, List, Listed, Member, PoolStore, open_member, read_list};
use super::tokenizer_hash::TokenizerHash;

/// Tokens that wait in memory for their segments.
const BUFFERED_TOKENS: usize = 16 << 20;
/// Tokens of a segment, at most, unless a single document has more.
const SEGMENT_TOKENS: usize = 32 << 20;
/// A bounded pool is made of at least so many segments, so that eviction takes
/// a part of it only.
const BOUNDED_PARTS: u64 = 8;

const SUFFIX: &str = ".seg";
const LOCK: &str = "lock";
const TEMPORARY: &str = ".writing-";

/// What a change of a pool is busy with. `false` in answer cancels it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Sorting and writing a segment.
    Indexing { group: String, tokens: usize },
}

/// The user ended a change of a pool; the pool is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

impl std::fmt::Display for Cancelled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cancelled; the pool is as it was")
    }
}

impl std::error::Error for Cancelled {}

/// What a change did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Changed {
    pub added: usize,
    /// Documents taken out, those that a newer one of their id replaced included.
    pub removed: usize,
    /// Documents that went because the pool was at its bound.
    pub evicted: usize,
}

/// How large segments and the waiting documents may grow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub buffered_tokens: usize,
    pub segment_tokens: usize,
}

/// A change of a pool, seen by nobody until it is committed.
pub struct PoolUpdate<'p> {
    path: PathBuf,
    /// The folder is this change's own: it goes if the change does.
    is_new_folder: bool,
    _lock: Lock,
    pub(super) list: List,
    tokenizer: TokenizerHash,
    pub(super) members: Vec<Member>,
    buffers: BTreeMap<String, SegmentBuilder>,
    n_buffered: usize,
    /// Ids to be taken out of the segments that were there before.
    gone: HashSet<String>,
    n_old_members: usize,
    /// Documents of an id that is added replace those of that id.
    replaces: bool,
    next_number: u64,
    /// Files that this change wrote.
    written: Vec<String>,
    sizes: Sizes,
    pub(super) changed: Changed,
    is_committed: bool,
    progress: &'p mut dyn FnMut(&Work) -> bool,
}

impl<'p> PoolUpdate<'p> {
    /// Begins a pool anew. A pool that is there already stays until the new one
    /// is committed.
    ///
    /// # Errors
    /// A path where something other than a pool lies; a pool that someone else
    /// is changing.
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

    /// Begins a change of a pool that is there. Documents that are added
    /// replace those of the same id.
    ///
    /// # Errors
    /// As [`PoolStore::open`]; a pool that someone else is changing.
    pub fn change(
        path: &Path,
        tokenizer: Option<&TokenizerHash>,
        progress: &'p mut dyn FnMut(&Work) -> bool,
    ) -> Result<Self> {
        let store = PoolStore::open(path, tokenizer, Check::Structure)?;
        let mut update = Self::begin(path, false, store.list, store.members, progress)?;
        ensure!(
            read_list(path)?.crc == update.list.crc,
            "{} was just changed by someone else: try again",
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
            tokenizer: list.tokenizer()?,
            list,
            n_old_members: members.len(),
            members,
            buffers: BTreeMap::new(),
            n_buffered: 0,
            gone: HashSet::new(),
            replaces: false,
            next_number,
            written: Vec::new(),
            sizes: Sizes {
                buffered_tokens: BUFFERED_TOKENS,
                segment_tokens: SEGMENT_TOKENS,
            },
            changed: Changed::default(),
            is_committed: false,
            progress,
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

    /// Smaller segments than usual, so that a small test has many.
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
    /// A document larger than the pool may be; a full disk; [`Cancelled`].
    pub fn push(&mut self, doc: &PoolDoc) -> Result<()> {
        let n_tokens = doc.tokens.len();
        if let Some(max) = self.list.max_tokens.filter(|&max| n_tokens as u64 > max) {
            bail!(
                "document `{}` has {n_tokens} tokens, the pool's bound is {max}: raise --max-tokens",
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

    /// Takes documents out by their ids; unknown ones are not missed.
    pub fn remove(&mut self, ids: impl IntoIterator<Item = String>) {
        self.gone.extend(ids);
    }

    /// Puts the change into effect: merges small segments, drops the oldest
    /// above the bound, and replaces the list.
    ///
    /// # Errors
    /// A full disk; [`Cancelled`]. The pool is as it was then.
    pub fn commit(mut self) -> Result<Changed> {
        for group in self.buffers.keys().cloned().collect::<Vec<_>>() {
            self.flush(&group)?;
        }
        self.take_out_gone()?;
        compact::merge(&mut self)?;
        compact::evict(&mut self)?;
        self.list.segments = self.members.iter().map(Listed::of).collect();
        let json = self.list.to_json()?;
        // The segments' names must be on the disk before the list names them.
        sync_folder(&self.path).wrap_err_with(|| format!("writing {}", self.path.display()))?;
        replace_file(&self.path, LIST, |out| Ok(out.write_all(&json)?))?;
        self.is_committed = true;
        sync_folder(&self.path).wrap_err_with(|| format!("writing {}", self.path.display()))?;
        // Mapped files cannot be deleted everywhere; the next change tries again.
        let _ = clean(&self.path);
        Ok(self.changed)
    }

    /// Makes a segment of what waits for a group.
    fn flush(&mut self, group: &str) -> Result<()> {
        let Some(builder) = self.buffers.remove(group).filter(|b| !b.is_empty()) else {
            return Ok(());
        };
        self.n_buffered -= builder.n_tokens().min(self.n_buffered);
        let member = self.write(group, builder)?;
        self.members.push(member);
        if !self.gone.is_empty() {
            return Ok(()); // evicted once it is known what goes anyway
        }
        compact::evict(self)
    }

    /// Indexes documents and writes them as a segment.
    pub(super) fn write(&mut self, group: &str, builder: SegmentBuilder) -> Result<Member> {
        self.report(&Work::Indexing {
            group: group.to_string(),
            tokens: builder.n_tokens(),
        })?;
        let segment = builder.finish();
        let name = format!("{:08}{SUFFIX}", self.next_number);
        self.next_number += 1;
        self.written.push(name.clone());
        let mut crc = 0;
        replace_file(&self.path, &name, |out| {
            crc = file::write(&segment, group, &self.tokenizer, out)?;
            Ok(())
        })?;
        drop(segment);
        let listed = Listed { file: name, crc };
        open_member(&self.path, &listed, &self.tokenizer, Check::Structure)
    }

    pub(super) fn is_built_anew(&self) -> bool {
        !self.replaces
    }

    pub(super) fn segment_tokens(&self) -> usize {
        self.sizes.segment_tokens
    }

    /// Takes the `n` oldest members off the list.
    pub(super) fn drop_oldest(&mut self, n: usize) -> Vec<Member> {
        self.n_old_members = self.n_old_members.saturating_sub(n);
        let dropped: Vec<Member> = self.members.drain(..n).collect();
        for member in dropped.iter().filter(|m| self.written.contains(&m.file)) {
            let _ = fs::remove_file(self.path.join(&member.file));
        }
        dropped
    }

    /// A member whose every byte is as it was written, so that no damage is
    /// copied and sealed again.
    pub(super) fn verified(&self, member: &Member) -> Result<Member> {
        let listed = Listed::of(member);
        open_member(&self.path, &listed, &self.tokenizer, Check::Whole)
    }

    fn report(&mut self, work: &Work) -> Result<()> {
        if (self.progress)(work) {
            Ok(())
        } else {
            Err(Cancelled.into())
        }
    }

    /// Writes the old segments anew that hold documents to be taken out.
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
            let segment = self.verified(&member)?.segment;
            compact::copy(&segment, &mut rest, |id| !gone.contains(id));
            if rest.is_empty() {
                self.members[at].file.clear();
            } else {
                self.members[at] = self.write(&member.group, rest)?;
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
        for name in &self.written {
            let _ = fs::remove_file(self.path.join(name));
        }
        if self.is_new_folder {
            let _ = fs::remove_file(self.path.join(LOCK));
            let _ = fs::remove_dir(&self.path);
        }
    }
}

impl Listed {
    fn of(member: &Member) -> Self {
        Listed {
            file: member.file.clone(),
            crc: member.crc,
        }
    }
}

fn count_with_ids(segment: &Segment, ids: &HashSet<String>) -> usize {
    let found = ids.iter().map(|id| segment.docs.with_id(id).count());
    found.sum()
}

/// True if the folder was not there.
fn make_folder(path: &Path) -> Result<bool> {
    if !path.exists() {
        fs::create_dir_all(path).wrap_err_with(|| format!("making {}", path.display()))?;
        return Ok(true);
    }
    let entries = fs::read_dir(path)
        .wrap_err_with(|| format!("{} is no folder that could hold a pool", path.display()))?;
    let names = entries.map(|e| e.map(|e| e.file_name().to_string_lossy().into_owned()));
    let names = names.collect::<std::io::Result<Vec<_>>>()?;
    let stranger = names.iter().find(|name| !is_ours(name) && *name != LIST);
    if let Some(name) = stranger {
        bail!(
            "{} is no pool (it holds `{name}`): name a new folder",
            path.display()
        );
    }
    Ok(false)
}

fn is_ours(name: &str) -> bool {
    name == LOCK || name.starts_with(TEMPORARY) || name.ends_with(SUFFIX)
}

/// Who holds it changes the pool. A process that is being started has copies of
/// all open files for a moment, so that closing this one would not yet let go.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn lock(path: &Path) -> Result<Lock> {
    let file = path.join(LOCK);
    let context = || format!("opening {}", file.display());
    let lock = File::create(&file).wrap_err_with(context)?;
    match lock.try_lock() {
        Ok(()) => Ok(Lock(lock)),
        Err(fs::TryLockError::WouldBlock) => {
            bail!("{} is being changed by another command", path.display())
        }
        Err(fs::TryLockError::Error(error)) => Err(error).wrap_err_with(context),
    }
}

/// Removes what an interrupted change left behind; returns the greatest number
/// in use. Beside a list that cannot be read, every segment stays.
fn clean(path: &Path) -> Result<u64> {
    let listed = match read_list(path) {
        Ok(list) => Some(list.segments),
        Err(_) if path.join(LIST).exists() => None,
        Err(_) => Some(Vec::new()),
    };
    let is_listed = |name: &str| listed.iter().flatten().any(|l| l.file == name);
    let mut greatest = 0;
    for entry in fs::read_dir(path).wrap_err_with(|| format!("reading {}", path.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.strip_suffix(SUFFIX).map(|n| n.parse().unwrap_or(0));
        greatest = greatest.max(number.unwrap_or(0));
        let is_stray = number.is_some() && listed.is_some() && !is_listed(&name);
        if is_stray || name.starts_with(TEMPORARY) {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(greatest)
}

/// Writes a file under another name, makes sure that it is on the disk, and
/// puts it in its place.
fn replace_file(
    folder: &Path,
    name: &str,
    write: impl FnOnce(&mut BufWriter<&File>) -> Result<()>,
) -> Result<()> {
    let path = folder.join(name);
    let context = || format!("writing {}", path.display());
    let mut temporary = tempfile::Builder::new();
    temporary.prefix(TEMPORARY);
    #[cfg(unix)]
    // As any new file's, less what the user's mask takes away.
    temporary.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let temporary = temporary.tempfile_in(folder).wrap_err_with(context)?;
    let mut out = BufWriter::with_capacity(1 << 20, temporary.as_file());
    write(&mut out)
        .and_then(|()| Ok(out.flush()?))
        .and_then(|()| Ok(temporary.as_file().sync_all()?))
        .wrap_err_with(context)?;
    drop(out);
    temporary.persist(&path).wrap_err_with(context)?;
    Ok(())
}

/// Makes renamings last beyond a power cut.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
