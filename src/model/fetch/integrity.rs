//! Whether a model's files are still those that were fetched. A file's expected hash
//! comes from the registry, from the hub (which names blobs by it) or from the fetch
//! itself; a file is hashed when it is first used and when its size or modification
//! time has changed.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, bail};

use super::cache::{self, Lookup};
use super::{Cancelled, FetchEvent, FetchOptions, OnEvent};
use crate::model::environment::FetchEnv;
use crate::model::gguf::split;
use crate::model::hashes::{HashMemory, Watch};
use crate::model::registry::{ENTRIES, ModelEntry};
use crate::model::safetensors::part_names;

/// A file's expected hash, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// lower-case hex
    pub(crate) sha256: String,
    /// `the registry`
    pub(crate) source: &'static str,
}

/// The files of weights behind a path: the parts of a split GGUF file, the
/// safetensors files of a checkpoint's folder, or the file itself.
///
/// # Errors
/// A checkpoint's index that cannot be read.
pub(crate) fn weight_files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_dir() {
        let names = part_names(path)?;
        return Ok(names.iter().map(|name| path.join(name)).collect());
    }
    Ok(split::siblings(path).unwrap_or_else(|| vec![path.to_owned()]))
}

/// The expected hash of a file; `None` if unknown.
pub fn expectation(env: &FetchEnv, path: &Path) -> Option<Expectation> {
    let known = |sha256: &str, source| Expectation {
        sha256: sha256.to_ascii_lowercase(),
        source,
    };
    let registered = ENTRIES
        .iter()
        .find(|entry| cache::holds(env, entry, path) && entry.sha256.is_some());
    if let Some(sha256) = registered.and_then(|entry| entry.sha256) {
        return Some(known(sha256, "the registry"));
    }
    if let Some(fetched) = HashMemory::of(env).fetched(path) {
        return Some(known(&fetched, "its fetch"));
    }
    let blob = cache::blob_hash(path)?;
    Some(known(&blob, "the hub"))
}

/// Looks for a model in both caches; a file with an unexpected hash is not used.
///
/// # Errors
/// A file that cannot be read; [`Cancelled`].
pub(crate) fn look_up(
    env: &FetchEnv,
    entry: &ModelEntry,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<Lookup> {
    cache::look_up_with(env, entry, |path| {
        let named = entry.sha256.map(|sha256| Expectation {
            sha256: sha256.to_ascii_lowercase(),
            source: "the registry",
        });
        let expected = named.or_else(|| expectation(env, path).filter(|_| is_weights(path)));
        match expected {
            Some(expected) => problem(env, path, &expected, opts, on),
            None => Ok(None),
        }
    })
}

/// Describes the first file of a model that differs from what was fetched.
///
/// # Errors
/// As [`look_up`].
pub(crate) fn first_damaged(
    env: &FetchEnv,
    model: &Path,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<Option<String>> {
    for path in weight_files(model)? {
        if let Some(expected) = expectation(env, &path)
            && let Some(problem) = problem(env, &path, &expected, opts, on)?
        {
            return Ok(Some(problem));
        }
    }
    Ok(None)
}

/// Refuses a model given by its path that was fetched and has changed since.
///
/// # Errors
/// Such a model, with what to do; as [`look_up`].
pub(crate) fn check_named(
    env: &FetchEnv,
    path: &Path,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<()> {
    let problem = match first_damaged(env, path, opts, on) {
        Err(err) if err.is::<Cancelled>() => return Err(err),
        // Unreadable files are reported where they are opened.
        Err(_) | Ok(None) => return Ok(()),
        Ok(Some(problem)) => problem,
    };
    bail!(
        "{problem}. It is damaged or was changed after it was fetched: delete it and fetch it \
         again (`laserscope model fetch`), or keep your own version under another name"
    )
}

fn problem(
    env: &FetchEnv,
    path: &Path,
    expected: &Expectation,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<Option<String>> {
    if !path.is_file() {
        return Ok(None);
    }
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut watch = Watch {
        on: &mut |done, total| {
            on(FetchEvent::Hashing {
                file: file.to_string(),
                done,
                total,
            });
        },
        cancel: opts.cancel,
    };
    let found = HashMemory::of(env).sha256(path, &mut watch)?;
    let Expectation { sha256, source } = expected;
    let differs = || {
        let file = path.display();
        format!("{file}: its sha256 is {found}, but {sha256} is expected from {source}")
    };
    Ok((found != *sha256).then(differs))
}

fn is_weights(path: &Path) -> bool {
    let ext = path.extension().and_then(|ext| ext.to_str());
    matches!(ext, Some("gguf" | "safetensors"))
}
