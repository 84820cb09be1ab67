//! The Hugging Face hub: asks what a file is (size, hash, commit), then takes
//! its bytes, from where an earlier try stopped. hf-hub knows the addresses
//! and the cache; the transfer is done here because it has to be cancellable.

use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};
use ureq::config::RedirectAuthHeaders;
use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body};

use super::cache::{self, HubSlot};
use super::environment::FetchEnv;
use super::part_file::{Expected, PartFile};
use super::progress::Meter;
use super::{FetchEvent, FetchOptions, OnEvent, POLL, confirm, go_on};
use crate::model::registry::ModelEntry;

/// Without a network the answer must come in seconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// A connection that is silent for this long counts as broken.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(20);
/// How often a broken connection is taken up again, if bytes came before.
const MAX_RESUMES: u32 = 5;
const MAX_RELATIVE_REDIRECTS: u32 = 5;
const CHUNK_BYTES: usize = 1 << 18;

/// What the hub says of a file before sending it.
struct Remote {
    etag: String,
    commit: String,
    size: Option<u64>,
    sha256: Option<String>,
}

/// Fetches a model into the Hugging Face cache.
pub fn fetch(
    env: &FetchEnv,
    entry: &ModelEntry,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<PathBuf> {
    let url = url(env, entry);
    on(FetchEvent::Looking { what: url.clone() });
    let remote = ask(env, entry, &url, opts.cancel)?;
    let expected = agree(entry, &remote)?;
    confirm(expected.size, opts)?;
    let slot = HubSlot::new(env, entry, &remote.commit, &remote.etag);
    let part = PartFile::open(slot.folder(), &slot.part_name(), opts.cancel)?;
    let source = Source {
        agent: agent(env, Redirects::Follow),
        url,
        token: env.token.clone(),
        shown: env.endpoint.clone(),
    };
    let part = fill(part, expected.size, &source, opts, on)?;
    on(FetchEvent::Verifying);
    part.finish(&expected, &slot.blob())
        .wrap_err("the downloaded file was thrown away")?;
    slot.publish()
}

fn url(env: &FetchEnv, entry: &ModelEntry) -> String {
    let repo = cache::repo(entry);
    format!(
        "{}/{}/resolve/{}/{}",
        env.endpoint,
        repo.url(),
        repo.url_revision(),
        entry.file
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Redirects {
    Follow,
    Show,
}

fn agent(env: &FetchEnv, redirects: Redirects) -> Agent {
    let max_redirects = if redirects == Redirects::Follow {
        10
    } else {
        0
    };
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(max_redirects)
        .max_redirects_will_error(redirects == Redirects::Follow)
        // The storage a download is redirected to must not see the token.
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
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

/// Asks with HEAD; the hub's own answer has the headers, the storage it
/// redirects to has not.
fn ask(env: &FetchEnv, entry: &ModelEntry, url: &str, cancel: &AtomicBool) -> Result<Remote> {
    let (agent, token) = (agent(env, Redirects::Show), env.token.clone());
    let (start, endpoint) = (url.to_owned(), env.endpoint.clone());
    let answer = detached(1, move |to| {
        let _ = to.send(head(&agent, start, &endpoint, token.as_deref()));
    });
    let response = wait(&answer, cancel)?.ok_or_else(|| eyre!("the request was lost"))??;
    let status = response.status().as_u16();
    ensure!(status < 400, refusal(status, entry, env.token.is_some()));
    let headers = response.headers();
    let etag = header(headers, "x-linked-etag").or_else(|| header(headers, "etag"));
    let etag = etag.map(|etag| etag.trim_start_matches("W/").replace('"', ""));
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
    bail!("it redirects in a circle")
}

/// `http://host:1/path` -> `http://host:1`
fn origin(endpoint: &str) -> &str {
    let host = endpoint.find("://").map_or(0, |at| at + 3);
    let end = endpoint[host..].find('/').map(|at| host + at);
    &endpoint[..end.unwrap_or(endpoint.len())]
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn is_sha256(etag: &str) -> bool {
    etag.len() == 64 && etag.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn refusal(status: u16, entry: &ModelEntry, has_token: bool) -> String {
    let (repo, revision, file) = (entry.repo, entry.revision, entry.file);
    match status {
        401 | 403 if has_token => {
            format!("it refuses your token for {repo} ({status}): accept the licence there first")
        }
        401 | 403 => format!("it wants a login for {repo} ({status}): set HF_TOKEN"),
        404 => format!("it has no {file} in {repo} at {revision} (404)"),
        429 => "it wants fewer requests (429): try again later".to_owned(),
        _ => format!("it answers with status {status}"),
    }
}

/// What the registry knows and what the hub says must not contradict.
fn agree(entry: &ModelEntry, remote: &Remote) -> Result<Expected> {
    let sha256 = entry.sha256.map(str::to_owned);
    if let (Some(known), Some(announced)) = (entry.size, remote.size) {
        ensure!(
            known == announced,
            "it announces {announced} bytes, expected {known}"
        );
    }
    if let (Some(known), Some(announced)) = (&sha256, &remote.sha256) {
        ensure!(
            known.eq_ignore_ascii_case(announced),
            "it announces sha256 {announced}, expected {known}"
        );
    }
    let sha256 = sha256.or_else(|| remote.sha256.clone());
    Ok(Expected {
        size: entry.size.or(remote.size),
        sha256: sha256.map(|hash| hash.to_ascii_lowercase()),
    })
}

struct Source {
    agent: Agent,
    url: String,
    token: Option<String>,
    /// for the progress line
    shown: String,
}

/// How one connection ended.
enum Ending {
    Whole,
    /// the server cannot go on from where the part file ends
    StartOver,
    Cut(String),
}

fn fill(
    mut part: PartFile,
    mut size: Option<u64>,
    source: &Source,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<PartFile> {
    let (mut resumes, mut started_over) = (0, false);
    loop {
        let before = part.len();
        if size.is_some_and(|size| before == size) {
            return Ok(part);
        }
        match stream(&mut part, &mut size, source, opts, on)? {
            Ending::Whole => return Ok(part),
            Ending::StartOver if !started_over => {
                started_over = true;
                part.restart()?;
            }
            Ending::StartOver => bail!("it does not send the bytes that were asked for"),
            Ending::Cut(_) if part.len() > before && resumes < MAX_RESUMES => resumes += 1,
            Ending::Cut(why) => bail!(
                "the connection broke after {} of {} bytes ({why}); \
                 what came is kept for the next try",
                part.len(),
                size.map_or("an unknown number".to_owned(), |size| size.to_string())
            ),
        }
        if size.is_some_and(|size| part.len() > size) {
            part.discard();
            bail!("it sends more bytes than it announced");
        }
    }
}

fn stream(
    part: &mut PartFile,
    size: &mut Option<u64>,
    source: &Source,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<Ending> {
    if size.is_some_and(|size| part.len() > size) {
        return Ok(Ending::StartOver);
    }
    let pieces = request(source, part.len());
    let answer = match wait(&pieces, opts.cancel)? {
        Some(Piece::Answer(answer)) => answer,
        Some(Piece::Broken(why)) => return Ok(Ending::Cut(why)),
        _ => return Ok(Ending::Cut("no answer".to_owned())),
    };
    match answer.status {
        200 => part.restart()?,
        206 if answer.start == Some(part.len()) => {}
        206 | 416 => return Ok(Ending::StartOver),
        status => bail!("it answers the download with status {status}"),
    }
    if size.is_none() {
        *size = answer.length.map(|length| part.len() + length);
        confirm(*size, opts)?;
    }
    let mut meter = Meter::new(source.shown.clone(), part.len(), *size);
    loop {
        match wait(&pieces, opts.cancel)? {
            Some(Piece::Bytes(bytes)) => part.append(&bytes)?,
            Some(Piece::End) if size.is_none_or(|size| part.len() == size) => {
                return Ok(Ending::Whole);
            }
            Some(Piece::Broken(why)) => return Ok(Ending::Cut(why)),
            _ => return Ok(Ending::Cut("it ended early".to_owned())),
        }
        meter.tell(part.len(), on);
        if size.is_some_and(|size| part.len() > size) {
            return Ok(Ending::Cut("it goes on too long".to_owned()));
        }
    }
}

struct Answer {
    status: u16,
    /// first byte of a partial answer
    start: Option<u64>,
    length: Option<u64>,
}

enum Piece {
    Answer(Answer),
    Bytes(Vec<u8>),
    End,
    Broken(String),
}

/// Asks for the bytes from `start` on; they come in pieces from a thread of
/// their own, which ends with the receiver.
fn request(source: &Source, start: u64) -> Receiver<Piece> {
    let mut request = source.agent.get(&source.url);
    if let Some(token) = &source.token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if start > 0 {
        request = request.header("range", format!("bytes={start}-"));
    }
    detached(8, move |to| match request.call() {
        Ok(response) => pass_on(response, &to),
        Err(err) => drop(to.send(Piece::Broken(err.to_string()))),
    })
}

fn pass_on(response: Response<Body>, to: &SyncSender<Piece>) {
    let headers = response.headers();
    let answer = Answer {
        status: response.status().as_u16(),
        start: header(headers, "content-range").and_then(range_start),
        length: header(headers, "content-length").and_then(|length| length.parse().ok()),
    };
    let mut body = response.into_body().into_reader();
    let mut gone = to.send(Piece::Answer(answer)).is_err();
    let mut buffer = vec![0; CHUNK_BYTES];
    while !gone {
        let (piece, last) = match body.read(&mut buffer) {
            Ok(0) => (Piece::End, true),
            Ok(n) => (Piece::Bytes(buffer[..n].to_vec()), false),
            Err(err) => (Piece::Broken(err.to_string()), true),
        };
        gone = to.send(piece).is_err() || last;
    }
}

/// `bytes 5-9/10` -> 5
fn range_start(content_range: &str) -> Option<u64> {
    let (start, _) = content_range.strip_prefix("bytes ")?.split_once('-')?;
    start.parse().ok()
}

/// Runs `work` on its own thread, so that waiting for it can be given up.
fn detached<T, F>(depth: usize, work: F) -> Receiver<T>
where
    T: Send + 'static,
    F: FnOnce(SyncSender<T>) + Send + 'static,
{
    let (to, from) = mpsc::sync_channel(depth);
    std::thread::spawn(move || work(to));
    from
}

/// The next message; `None` if there will be none.
fn wait<T>(from: &Receiver<T>, cancel: &AtomicBool) -> Result<Option<T>> {
    loop {
        go_on(cancel)?;
        match from.recv_timeout(POLL) {
            Ok(message) => return Ok(Some(message)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_sha256, origin, range_start};

    #[test]
    fn headers_are_read() {
        assert_eq!(range_start("bytes 5-9/10"), Some(5));
        assert_eq!(range_start("bytes */10"), None);
        assert!(is_sha256(&"a0".repeat(32)));
        assert!(!is_sha256("abc"));
    }

    #[test]
    fn a_relative_redirect_stays_on_the_host() {
        assert_eq!(origin("http://host:1"), "http://host:1");
        assert_eq!(origin("https://host/mirror"), "https://host");
    }
}
