//! A model of several files: a checkpoint `owner/name` on the hub, fetched file
//! by file into one snapshot of the shared cache. The weights come last, so a
//! snapshot that has them has everything.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Report, Result, WrapErr, bail, ensure, eyre};
use hf_hub::Cache;

use super::{Cancelled, Declined, FetchOptions, OnEvent, confirm, go_on, hub, integrity, lock};
use crate::model::environment::FetchEnv;
use crate::model::registry::ModelEntry;
use crate::model::safetensors::{INDEX, SINGLE, part_names, total_bytes};

const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
/// Fetched if the repository has them.
const OPTIONAL: [&str; 3] = [
    "tokenizer_config.json",
    "generation_config.json",
    "chat_template.jinja",
];

/// `owner/name`, as the hub spells it.
pub(crate) fn is_repo(text: &str) -> bool {
    let part = |part: &str| {
        let letters = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(letters)
    };
    let named = text.split_once('/');
    named.is_some_and(|(owner, name)| part(owner) && part(name) && !name.ends_with(".gguf"))
}

/// `owner/name/FILE.gguf`: the repository and the file.
pub(crate) fn repo_file(text: &str) -> Option<(&str, &str)> {
    let (repo, file) = text.rsplit_once('/')?;
    (is_repo(repo) && file.ends_with(".gguf")).then_some((repo, file))
}

/// A file on the hub without a registry entry. Its few strings live as long as the program.
pub(crate) fn entry(repo: &str, revision: &str, file: &str) -> ModelEntry {
    let kept = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let repo = kept(repo.to_owned());
    ModelEntry {
        name: kept(format!("{}--{file}", repo.replace('/', "--"))),
        title: repo,
        repo,
        revision: kept(revision.to_owned()),
        file: kept(file.to_owned()),
        size: None,
        sha256: None,
        pip: None,
        licence: "see its page",
        context_len: 0,
        memory_mib: 0,
    }
}

/// The checkpoint's folder, if all of it is in the cache.
pub(crate) fn cached(env: &FetchEnv, repo: &str) -> Option<PathBuf> {
    let cache = Cache::new(env.hub_cache.clone()).model(repo.to_owned());
    let folder = cache.get(CONFIG)?.parent()?.to_path_buf();
    let parts = part_names(&folder).ok()?;
    let whole = |name: &str| folder.join(name).is_file();
    let there = whole(TOKENIZER) && parts.iter().all(|name| whole(name));
    there.then_some(folder)
}

/// Fetches the missing files of a checkpoint; returns its folder.
///
/// # Errors
/// [`Cancelled`], [`Declined`], or one message with what to do.
pub(crate) fn fetch(
    env: &FetchEnv,
    repo: &str,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<PathBuf> {
    if let Some(folder) = cached(env, repo)
        && integrity::first_damaged(env, &folder, opts, on)?.is_none()
    {
        return Ok(folder);
    }
    let _lock = lock(env, &entry(repo, "main", CONFIG), opts.cancel, on)?;
    match fetch_all(env, repo, opts, on) {
        Err(err) if !err.is::<Cancelled>() && !err.is::<Declined>() => {
            Err(explain(env, repo, &err))
        }
        done => done,
    }
}

fn fetch_all(env: &FetchEnv, repo: &str, opts: &FetchOptions, on: OnEvent) -> Result<PathBuf> {
    let config = one(env, &entry(repo, "main", CONFIG), opts, on)?;
    let folder = config.parent().unwrap_or(Path::new(".")).to_path_buf();
    // The rest comes from the same commit.
    let commit = folder.file_name().and_then(|name| name.to_str());
    let commit = commit.ok_or_else(|| eyre!("{} is not named after a commit", folder.display()))?;
    let mut file = |name: &str, opts: &FetchOptions| {
        go_on(opts.cancel)?;
        one(env, &entry(repo, commit, name), opts, on)
    };
    file(TOKENIZER, opts)?;
    for name in OPTIONAL.into_iter().chain([INDEX]) {
        match file(name, opts) {
            Err(err) if !err.is::<hub::NotThere>() => return Err(err),
            _ => {}
        }
    }
    // Asks once for all parts, not for each.
    confirm(total_bytes(&folder)?, opts)?;
    let opts = match folder.join(INDEX).is_file() {
        true => &FetchOptions {
            confirm_large: &|_| true,
            ..*opts
        },
        false => opts,
    };
    for name in part_names(&folder)? {
        file(&name, opts)?;
    }
    Ok(folder)
}

fn one(env: &FetchEnv, entry: &ModelEntry, opts: &FetchOptions, on: OnEvent) -> Result<PathBuf> {
    let lookup = integrity::look_up(env, entry, opts, on)?;
    if let Some(path) = lookup.found {
        return Ok(path);
    }
    if opts.offline || env.hub_offline {
        bail!(
            "{} is not in the cache ({}), and the hub is not asked when offline",
            entry.file,
            lookup.missed.join("; ")
        );
    }
    let path = hub::fetch(env, entry, opts, on).wrap_err_with(|| entry.file.to_owned())?;
    ensure!(path.is_file(), "{} was not downloaded", path.display());
    Ok(path)
}

fn explain(env: &FetchEnv, repo: &str, err: &Report) -> Report {
    let [hub, why] = [env.endpoint.clone(), format!("{err:#}")];
    let [hub, why] = [hub, why].map(|text| env.without_credentials(&text));
    eyre!(
        "{repo} is not a file or folder, and could not be obtained as a checkpoint from the hub \
        ({hub}): {why}\nWhat you can do:\n  {repo}/FILE.gguf picks a GGUF file of that repository; \
        otherwise it must have {SINGLE} or {INDEX}\n  --model PATH uses a GGUF file or a \
        checkpoint's folder that you have\n  HF_ENDPOINT=URL sets another hub, HF_TOKEN=... logs \
        in"
    )
}

#[cfg(test)]
mod tests {
    use super::{is_repo, repo_file};

    #[test]
    fn repositories_are_told_from_paths() {
        assert!(is_repo("Qwen/Qwen3-0.6B"));
        for path in [
            "/a/b", "./a", "../a", "a/b/c", "a/b.gguf", "a\\b", "a", "a/",
        ] {
            assert!(!is_repo(path), "{path}");
        }
        assert_eq!(repo_file("a/b/c.gguf"), Some(("a/b", "c.gguf")));
        assert_eq!(repo_file("./b/c.gguf"), None);
        assert_eq!(repo_file("b/c.gguf"), None);
    }
}
