//! `laserscope knowledge merge`: concatenates a batch's shards into the batch in its
//! order. Shards that do not belong together are refused by name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};

use crate::cli::Shard;
use crate::commands::batch::{Conditions, Listing, Manifest, manifest_path};
use crate::commands::knowledge::asked;
use crate::recsys::KnowledgeDoc;
use crate::recsys::knowledge::read_whole_lines;

/// One shard and its manifest.
struct ShardPart {
    path: PathBuf,
    shard: Shard,
    manifest: Manifest,
    docs: Vec<KnowledgeDoc>,
}

/// All documents of the shards, in the batch's order.
///
/// # Errors
/// Shards of different batches; the same shard twice; unless `partial`, missing and
/// unfinished ones; two different answers to one question.
pub fn merge(shards: &[PathBuf], partial: bool) -> Result<Vec<KnowledgeDoc>> {
    let parts = shards.iter().map(|path| open(path, partial));
    let mut parts: Vec<ShardPart> = parts.collect::<Result<_>>()?;
    parts.sort_by_key(|part| part.shard.index);
    for pair in parts.windows(2) {
        expect_together(&pair[0], &pair[1])?;
    }
    expect_all(&parts, partial)?;
    join(parts)
}

fn open(path: &Path, partial: bool) -> Result<ShardPart> {
    let manifest = Manifest::load(path)?.ok_or_else(|| {
        eyre!(
            "{} is not a shard of a batch: {} is missing",
            path.display(),
            manifest_path(path).display()
        )
    })?;
    let shard = manifest.conditions.shard;
    let shard = shard.ok_or_else(|| {
        eyre!(
            "{} is a whole batch, not a shard (generate --all --shard I/N)",
            path.display()
        )
    })?;
    let docs = read_whole_lines(path)?;
    match &manifest.finished {
        Some(finished) => ensure!(
            finished.documents == docs.len(),
            "{} had {} documents when it was finished, and has {} now",
            path.display(),
            finished.documents,
            docs.len()
        ),
        None => ensure!(
            partial,
            "{} is not finished ({} of {} answers): resume it, or merge what is there with \
            --partial",
            path.display(),
            docs.len().saturating_sub(manifest.before.n),
            manifest.conditions.order.n
        ),
    }
    Ok(ShardPart {
        path: path.to_path_buf(),
        shard,
        manifest,
        docs,
    })
}

/// Checks that two neighbours are different parts of the same batch.
fn expect_together(a: &ShardPart, b: &ShardPart) -> Result<()> {
    ensure!(
        a.shard != b.shard,
        "{} and {} are both shard {}/{}",
        a.path.display(),
        b.path.display(),
        a.shard.index,
        a.shard.of
    );
    let common = |part: &ShardPart| Conditions {
        order: Listing::of::<&[u8]>([]),
        shard: Some(Shard {
            index: 1,
            ..part.shard
        }),
        ..part.manifest.conditions.clone()
    };
    common(a).expect(&common(b)).wrap_err_with(|| {
        format!(
            "{} and {} are of different batches (was: the first, now: the second)",
            a.path.display(),
            b.path.display()
        )
    })
}

fn expect_all(parts: &[ShardPart], partial: bool) -> Result<()> {
    let of = parts.first().map_or(0, |part| part.shard.of);
    let is_there = |index: &usize| parts.iter().any(|part| part.shard.index == *index);
    let missing = (1..=of).filter(|index| !is_there(index));
    let missing: Vec<String> = missing.map(|index| format!("{index}/{of}")).collect();
    ensure!(
        partial || missing.is_empty(),
        "shards are missing: {}; add them, or merge what is there with --partial",
        missing.join(", ")
    );
    Ok(())
}

fn join(parts: Vec<ShardPart>) -> Result<Vec<KnowledgeDoc>> {
    let mut first: HashMap<_, (&ShardPart, usize)> = HashMap::new();
    let mut docs = Vec::new();
    for part in &parts {
        for (line, doc) in (1..).zip(&part.docs) {
            let Some((other, at)) = first.get(&asked(doc)) else {
                first.insert(asked(doc), (part, line));
                docs.push(doc.clone());
                continue;
            };
            if &other.docs[at - 1] != doc {
                bail!(
                    "{}:{line} and {}:{at} are different answers for {} {}: delete one",
                    part.path.display(),
                    other.path.display(),
                    doc.kind,
                    doc.id
                );
            }
        }
    }
    Ok(docs)
}
