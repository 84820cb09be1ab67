//! A pool on disk: a folder of immutable segments and a list of them. Opens and
//! describes it; `update` changes it. Does not know text.
//!
//! ```text
//! NAME.pool/
//!   pool.json      format, tokenizer, bound, and the segments, oldest first
//!   00000001.seg   a segment (see `segment_header`), and so on
//!   lock           held by whoever changes the pool
//! ```
//!
//! A change writes new segment files first and then replaces the list by renaming, so a
//! pool is always consistent, old or new. Files not in the list are leftovers of an
//! interrupted change; the next change removes them. The list ends with its own
//! checksum and contains that of every segment's header.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};
use serde::{Deserialize, Serialize};

use crate::retrieval::index::segment::Segment;
use crate::retrieval::store::disk::segment_file::{self, Check};
use crate::retrieval::store::disk::tokenizer_hash::TokenizerHash;
use crate::retrieval::store::pools::Pools;
use crate::speculate::subject::GroupKey;

pub(crate) const LIST: &str = "pool.json";
/// 2: documents are named by kind and id, as in `item/i101`.
const FORMAT: u32 = 2;

/// A pool up to this size is fully verified whenever it is opened.
const CHECKED_BYTES: u64 = 64 << 20;

/// The list of segments, as `pool.json` holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct List {
    pub(crate) laserscope_pool: u32,
    /// sha256, hexadecimal; empty for ids of no tokenizer.
    pub(crate) tokenizer: String,
    /// The model whose tokenizer it is.
    pub(crate) model: String,
    /// Most tokens the pool may hold.
    pub(crate) max_tokens: Option<u64>,
    /// Oldest first.
    pub(crate) segments: Vec<Listed>,
    /// CRC-32 of the list with a 0 here.
    pub(crate) crc: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) file: String,
    /// Checksum of the segment's header.
    pub(crate) crc: u32,
}

/// A segment of a pool on disk.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) file: String,
    pub(crate) crc: u32,
    pub(crate) group: GroupKey,
    pub(crate) segment: Arc<Segment>,
    pub(crate) file_bytes: u64,
}

impl Listed {
    pub(crate) fn of(member: &Member) -> Self {
        Listed {
            file: member.file.clone(),
            crc: member.crc,
        }
    }
}

/// An opened pool.
#[derive(Debug)]
pub struct PoolStore {
    path: PathBuf,
    pub(crate) list: List,
    pub(crate) members: Vec<Member>,
    tokenizer: TokenizerHash,
    checked: Check,
}

/// The contents of a pool on disk.
#[derive(Clone, Debug, Serialize)]
pub struct PoolInfo {
    pub(crate) path: PathBuf,
    /// `None`: ids of no tokenizer.
    pub(crate) tokenizer: Option<String>,
    pub(crate) model: String,
    pub(crate) max_tokens: Option<u64>,
    /// Files of the pool.
    pub segments: usize,
    /// Hidden ones left out.
    pub documents: usize,
    /// Of all segments.
    pub tokens: usize,
    /// Size of the segments' files.
    pub(crate) bytes: u64,
    /// Without the documents' names: text, suffix arrays and tables.
    pub(crate) index_bytes: usize,
    pub(crate) index_bytes_per_token: f64,
    /// Every byte was verified against its checksum.
    pub(crate) verified: bool,
    pub(crate) groups: Vec<GroupInfo>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct GroupInfo {
    pub(crate) group: GroupKey,
    pub(crate) segments: usize,
    pub(crate) documents: usize,
    pub(crate) tokens: usize,
}

impl List {
    pub(crate) fn new(tokenizer: &TokenizerHash, model: &str, max_tokens: Option<u64>) -> Self {
        let tied = Some(tokenizer).filter(|&t| *t != TokenizerHash::NONE);
        List {
            laserscope_pool: FORMAT,
            tokenizer: tied.map_or(String::new(), TokenizerHash::to_string),
            model: model.to_string(),
            max_tokens,
            segments: Vec::new(),
            crc: 0,
        }
    }

    /// The list's text, sealed.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>> {
        let mut sealed = self.clone();
        sealed.crc = self.checksum()?;
        let mut json = serde_json::to_vec_pretty(&sealed)?;
        json.push(b'\n');
        Ok(json)
    }

    fn checksum(&self) -> Result<u32> {
        let mut unsealed = self.clone();
        unsealed.crc = 0;
        Ok(crc32fast::hash(&serde_json::to_vec(&unsealed)?))
    }

    fn parse(json: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            laserscope_pool: u32,
        }
        let damaged = || eyre!("{LIST} is damaged");
        let version: Version = serde_json::from_slice(json).map_err(|_| damaged())?;
        let version = version.laserscope_pool;
        if version > FORMAT {
            bail!(
                "the pool was written by a newer version (format {version}; this version reads \
                {FORMAT})"
            );
        }
        ensure!(version == FORMAT, "the pool has an older format, {version}");
        let list: List = serde_json::from_slice(json).map_err(|_| damaged())?;
        ensure!(list.crc == list.checksum()?, damaged());
        let is_plain = |s: &Listed| {
            s.file
                .bytes()
                .all(|b| b.is_ascii_digit() || b".seg".contains(&b))
        };
        ensure!(list.segments.iter().all(is_plain), damaged());
        Ok(list)
    }

    pub(crate) fn tokenizer(&self) -> Result<TokenizerHash> {
        if self.tokenizer.is_empty() {
            return Ok(TokenizerHash::NONE);
        }
        let hash = TokenizerHash::from_hex(&self.tokenizer);
        hash.ok_or_else(|| eyre!("{LIST} names no tokenizer: it is damaged"))
    }
}

impl PoolStore {
    /// Opens a pool. One of moderate size is fully verified, of a large one only
    /// headers and tables, so that opening is fast; `Check::Whole` verifies any pool
    /// fully. With `tokenizer`, the pool must belong to it.
    ///
    /// # Errors
    /// A folder that is not a pool; a pool of another tokenizer or version; a truncated
    /// or damaged one. The message names the file and what to do.
    pub fn open(path: &Path, tokenizer: Option<&TokenizerHash>, check: Check) -> Result<Self> {
        let way_out = || {
            let (shown, is_there) = (path.display(), path.join(LIST).exists());
            match is_there {
                true => format!(
                    "the pool {shown} cannot be used; rebuild it with `laserscope pool build {shown}`"
                ),
                false => format!(
                    "there is no pool at {shown}; `laserscope pool build {shown}` builds one"
                ),
            }
        };
        // A change may delete a segment between reading the list and opening it.
        let opened = try_open(path, check).or_else(|_| try_open(path, check));
        let store = opened.wrap_err_with(way_out)?;
        if let Some(wanted) = tokenizer {
            store.expect_tokenizer(wanted).wrap_err_with(way_out)?;
        }
        Ok(store)
    }

    fn expect_tokenizer(&self, wanted: &TokenizerHash) -> Result<()> {
        if self.tokenizer == TokenizerHash::NONE {
            bail!("its token ids belong to no tokenizer: it was built from bare ids");
        }
        ensure!(
            self.tokenizer == *wanted,
            "it was built with the tokenizer of {} ({:.12}), this model has another ({:.12}): \
            choose that model with --model",
            self.list.model,
            self.tokenizer.to_string(),
            wanted.to_string()
        );
        Ok(())
    }

    /// Ids are below it.
    pub(crate) fn limit(&self) -> u32 {
        let limits = self.members.iter().map(|m| m.segment.limit());
        limits.max().unwrap_or(0)
    }

    /// The pool's groups for retrieval; shares the mapped files.
    pub fn pools(&self) -> Pools {
        let members = self.members.iter();
        let segments = members.map(|m| (m.group.clone(), Arc::clone(&m.segment)));
        Pools::of(segments.collect())
    }

    /// Sizes, tokenizer and groups.
    pub fn info(&self) -> PoolInfo {
        let segments = || self.members.iter().map(|m| &m.segment);
        let tokens = segments().map(|s| s.n_tokens()).sum();
        let index_bytes = segments().map(|s| s.n_bytes()).sum();
        PoolInfo {
            path: self.path.clone(),
            tokenizer: Some(self.list.tokenizer.clone()).filter(|t| !t.is_empty()),
            model: self.list.model.clone(),
            max_tokens: self.list.max_tokens,
            segments: self.members.len(),
            documents: segments().map(|s| s.n_docs()).sum(),
            tokens,
            bytes: self.members.iter().map(|m| m.file_bytes).sum(),
            index_bytes,
            index_bytes_per_token: index_bytes as f64 / tokens.max(1) as f64,
            verified: self.checked == Check::Whole,
            groups: self.group_infos(),
        }
    }

    fn group_infos(&self) -> Vec<GroupInfo> {
        let pools = self.pools();
        let groups = pools.groups().into_iter();
        groups
            .map(|size| GroupInfo {
                segments: pools.views_of(&size.group).len(),
                group: size.group,
                documents: size.documents,
                tokens: size.tokens,
            })
            .collect()
    }
}

fn try_open(path: &Path, check: Check) -> Result<PoolStore> {
    let list = read_list(path)?;
    let tokenizer = list.tokenizer()?;
    let names = list.segments.iter().map(|listed| path.join(&listed.file));
    let sizes = names.map(|p| std::fs::metadata(p).map_or(0, |m| m.len()));
    let checked = match check {
        Check::Structure if sizes.sum::<u64>() <= CHECKED_BYTES => Check::Whole,
        asked => asked,
    };
    let segments = list.segments.iter();
    let members = segments
        .map(|listed| open_member(path, listed, &tokenizer, checked))
        .collect::<Result<_>>()?;
    Ok(PoolStore {
        path: path.to_path_buf(),
        list,
        members,
        tokenizer,
        checked,
    })
}

pub(crate) fn read_list(path: &Path) -> Result<List> {
    let file = path.join(LIST);
    let json = std::fs::read(&file).wrap_err_with(|| format!("reading {}", file.display()))?;
    List::parse(&json)
}

pub(crate) fn open_member(
    folder: &Path,
    listed: &Listed,
    tokenizer: &TokenizerHash,
    check: Check,
) -> Result<Member> {
    let path = folder.join(&listed.file);
    let opened = segment_file::open(&path, check)?;
    let is_listed = opened.header_crc == listed.crc && opened.tokenizer == *tokenizer;
    ensure!(
        is_listed,
        "{} is not the segment that {LIST} names",
        path.display()
    );
    Ok(Member {
        file: listed.file.clone(),
        crc: listed.crc,
        group: opened.group,
        segment: Arc::new(opened.segment),
        file_bytes: opened.file_bytes,
    })
}
