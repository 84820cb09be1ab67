//! The Hugging Face hub: gets a file's metadata (size, hash, commit) and stores it in
//! the shared cache. hf-hub knows the addresses and the cache; requests are made here
//! because they must be cancellable.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};
use ureq::http::Response;
use ureq::{Agent, Body};

use super::cache::{self, HubSlot, is_sha256};
use super::part_file::{Expected, PartFile};
use super::transfer::{TransferSource, detached, fill, header, wait};
use super::{FetchEvent, FetchOptions, OnEvent, confirm};
use crate::model::environment::FetchEnv;
use crate::model::hashes::HashMemory;
use crate::model::registry::ModelEntry;

/// Without a network this must fail within seconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// A connection silent for this long counts as broken.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(20);
const MAX_RELATIVE_REDIRECTS: u32 = 5;

/// The hub's metadata of a file.
struct Remote {
    etag: String,
    commit: String,
    size: Option<u64>,
    sha256: Option<String>,
}

/// The hub has no such file.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotThere(String);

/// Fetches a model into the Hugging Face cache.
pub(crate) fn fetch(
    env: &FetchEnv,
    entry: &ModelEntry,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<PathBuf> {
    let url = url(env, entry);
    let what = env.without_credentials(&url);
    on(FetchEvent::Looking { what });
    let remote = ask(env, entry, &url, opts.cancel)?;
    let expected = agree(entry, &remote)?;
    tracing::info!(
        commit = remote.commit,
        bytes = expected.size,
        "the hub has it"
    );
    confirm(expected.size, opts)?;
    let slot = HubSlot::new(env, entry, &remote.commit, &remote.etag);
    let part = PartFile::open(slot.folder(), &slot.part_name(), opts.cancel)?;
    let source = TransferSource {
        agent: agent(env),
        url,
        token: env.token.clone(),
        shown: env.without_credentials(&env.endpoint),
    };
    let part = fill(part, expected.size, &source, opts, on)?;
    on(FetchEvent::Verifying);
    let sha256 = part
        .finish(&expected, &slot.blob())
        .wrap_err("the downloaded file was discarded")?;
    let path = slot.publish()?;
    HashMemory::of(env).remember_fetched(&path, &sha256);
    Ok(path)
}

/// The address of a model's file.
pub(crate) fn url(env: &FetchEnv, entry: &ModelEntry) -> String {
    let repo = cache::repo(entry);
    format!(
        "{}/{}/resolve/{}/{}",
        env.endpoint,
        repo.url(),
        repo.url_revision(),
        entry.file
    )
}

/// Does not follow redirects by itself: where the token is sent is decided hop by hop.
fn agent(env: &FetchEnv) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // Compressed bytes would not match the announced size.
        .accept_encoding("identity")
        .user_agent(concat!("laserscope/", env!("CARGO_PKG_VERSION")))
        .proxy(env.proxy.clone())
        .timeout_resolve(Some(CONNECT_TIMEOUT))
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(ANSWER_TIMEOUT))
        .timeout_per_read(Some(SILENCE_TIMEOUT))
        .build()
        .into()
}

/// Sends HEAD; the hub's own response has the headers, that of the storage it redirects
/// to does not.
fn ask(env: &FetchEnv, entry: &ModelEntry, url: &str, cancel: &AtomicBool) -> Result<Remote> {
    let (agent, token) = (agent(env), env.token.clone());
    let (start, endpoint) = (url.to_owned(), env.endpoint.clone());
    let answer = detached(1, move |to| {
        let _ = to.send(head(&agent, start, &endpoint, token.as_deref()));
    });
    let response = wait(&answer, cancel)?.ok_or_else(|| eyre!("the request was lost"))??;
    let status = response.status().as_u16();
    let refused = || refusal(status, entry, env.token.is_some());
    if status == 404 {
        return Err(NotThere(refused()).into());
    }
    ensure!(status < 400, refused());
    let headers = response.headers();
    let etag = |name| {
        let etag = header(headers, name)?.trim_start_matches("W/");
        Some(etag.replace('"', "")).filter(|etag| !etag.trim().is_empty())
    };
    let etag = etag("x-linked-etag").or_else(|| etag("etag"));
    let commit = header(headers, "x-repo-commit").unwrap_or(entry.revision);
    Ok(Remote {
        size: header(headers, "x-linked-size").and_then(|size| size.parse().ok()),
        sha256: etag.clone().filter(|etag| is_sha256(etag)),
        etag: etag.unwrap_or_else(|| format!("{}-{}", entry.name, entry.revision)),
        commit: commit.to_owned(),
    })
}

fn head(
    agent: &Agent,
    mut url: String,
    endpoint: &str,
    token: Option<&str>,
) -> Result<Response<Body>> {
    for _ in 0..MAX_RELATIVE_REDIRECTS {
        let mut request = agent.head(&url);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = request.call()?;
        // A renamed repository is a redirect within the hub.
        match header(response.headers(), "location") {
            Some(to) if to.starts_with('/') => url = format!("{}{to}", origin(endpoint)),
            _ => return Ok(response),
        }
    }
    bail!("its redirects form a loop")
}

/// `http://host:1/path` -> `http://host:1`
fn origin(endpoint: &str) -> &str {
    let host = endpoint.find("://").map_or(0, |at| at + 3);
    let end = endpoint[host..].find('/').map(|at| host + at);
    &endpoint[..end.unwrap_or(endpoint.len())]
}

fn refusal(status: u16, entry: &ModelEntry, has_token: bool) -> String {
    let (repo, revision, file) = (entry.repo, entry.revision, entry.file);
    match status {
        401 | 403 if has_token => {
            format!("it refuses your token for {repo} ({status}): accept the licence there first")
        }
        401 | 403 => format!("it requires a login for {repo} ({status}): set HF_TOKEN"),
        404 => format!("it has no {file} in {repo} at {revision} (404)"),
        429 => "it limits the rate of requests (429): try again later".to_owned(),
        _ => format!("it answered with status {status}"),
    }
}

/// Checks that the registry and the hub agree.
fn agree(entry: &ModelEntry, remote: &Remote) -> Result<Expected> {
    let sha256 = entry.sha256.map(str::to_owned);
    if let (Some(known), Some(announced)) = (entry.size, remote.size) {
        ensure!(
            known == announced,
            "it offers {announced} bytes, expected {known}"
        );
    }
    if let (Some(known), Some(announced)) = (&sha256, &remote.sha256) {
        ensure!(
            known.eq_ignore_ascii_case(announced),
            "it offers sha256 {announced}, expected {known}"
        );
    }
    let sha256 = sha256.or_else(|| remote.sha256.clone());
    Ok(Expected {
        size: entry.size.or(remote.size),
        sha256: sha256.map(|hash| hash.to_ascii_lowercase()),
    })
}

#[cfg(test)]
mod tests {
    use super::{is_sha256, origin};

    #[test]
    fn a_hash_is_told_from_another_etag() {
        assert!(is_sha256(&"a0".repeat(32)));
        assert!(!is_sha256("abc"));
    }

    #[test]
    fn a_relative_redirect_stays_on_the_host() {
        assert_eq!(origin("http://host:1"), "http://host:1");
        assert_eq!(origin("https://host/mirror"), "https://host");
    }
}
