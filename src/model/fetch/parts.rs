//! A GGUF model in several files on the hub: whichever part is named, all parts are
//! fetched, from one commit.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr};

use super::{FetchOptions, OnEvent, checkpoint, go_on, look_up_or_fetch};
use crate::model::environment::FetchEnv;
use crate::model::gguf::split::{self, PartName};
use crate::model::registry::ModelEntry;

/// Whether every part of a model exists; true for a model in one file.
pub(crate) fn whole(path: &Path) -> bool {
    split::siblings(path).is_none_or(|parts| parts.iter().all(|part| part.is_file()))
}

/// Fetches the missing parts of a model; returns the named one.
///
/// # Errors
/// As [`super::resolve`].
pub(crate) fn fetch(
    env: &FetchEnv,
    entry: &ModelEntry,
    named: &PartName,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<PathBuf> {
    // Asks once for all parts, which have about the same size.
    let asked = Cell::new(false);
    let n_parts = named.count as u64;
    let confirm =
        |bytes: u64| asked.replace(true) || (opts.confirm_large)(bytes.saturating_mul(n_parts));
    let opts = FetchOptions {
        confirm_large: &confirm,
        ..*opts
    };
    let path = look_up_or_fetch(env, entry, &opts, on)?;
    let revision = commit(&path).unwrap_or(entry.revision).to_owned();
    for name in named.all() {
        go_on(opts.cancel)?;
        if name == entry.file {
            continue;
        }
        let part = checkpoint::entry(entry.repo, &revision, &name);
        look_up_or_fetch(env, &part, &opts, on)
            .wrap_err_with(|| format!("the model is split into {n_parts} files"))?;
    }
    Ok(path)
}

/// The commit of a file's snapshot.
fn commit(path: &Path) -> Option<&str> {
    let folder = path.parent()?;
    let in_snapshots = folder.parent()?.ends_with("snapshots");
    folder.file_name()?.to_str().filter(|_| in_snapshots)
}
