//! The folder of a pool during a change: its lock, leftovers of an interrupted change,
//! and atomic replacement of files.

use std::fs::{self, File};
use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, bail};

use crate::atomic_file::{is_temporary, remove_abandoned};
use crate::retrieval::store::disk::pool_store::{LIST, read_list};

pub(crate) const SUFFIX: &str = ".seg";
pub(crate) const LOCK: &str = "lock";

/// True if the folder did not exist.
pub(crate) fn make_folder(path: &Path) -> Result<bool> {
    if !path.exists() {
        fs::create_dir_all(path).wrap_err_with(|| format!("making {}", path.display()))?;
        return Ok(true);
    }
    let entries = fs::read_dir(path)
        .wrap_err_with(|| format!("{} cannot hold a pool: it is not a folder", path.display()))?;
    let names = entries.map(|e| e.map(|e| e.file_name().to_string_lossy().into_owned()));
    let names = names.collect::<std::io::Result<Vec<_>>>()?;
    let stranger = names.iter().find(|name| !is_ours(name) && *name != LIST);
    if let Some(name) = stranger {
        bail!(
            "{} is not a pool (it contains `{name}`): choose a new folder",
            path.display()
        );
    }
    Ok(false)
}

fn is_ours(name: &str) -> bool {
    name == LOCK || is_temporary(name.as_ref()) || name.ends_with(SUFFIX)
}

/// Held while changing the pool. Unlocked explicitly: a process being started briefly
/// has copies of all open files, so closing this one might not release it.
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

pub(crate) fn lock(path: &Path) -> Result<Lock> {
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

/// Removes leftovers of an interrupted change; returns the highest number in use. If
/// the list cannot be read, every segment stays.
pub(crate) fn clean(path: &Path) -> Result<u64> {
    let listed = match read_list(path) {
        Ok(list) => Some(list.segments),
        Err(_) if path.join(LIST).exists() => None,
        Err(_) => Some(Vec::new()),
    };
    let is_listed = |name: &str| listed.iter().flatten().any(|l| l.file == name);
    remove_abandoned(path);
    let mut greatest = 0;
    for entry in fs::read_dir(path).wrap_err_with(|| format!("reading {}", path.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.strip_suffix(SUFFIX).map(|n| n.parse().unwrap_or(0));
        greatest = greatest.max(number.unwrap_or(0));
        let is_stray = number.is_some() && listed.is_some() && !is_listed(&name);
        if is_stray {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(greatest)
}
