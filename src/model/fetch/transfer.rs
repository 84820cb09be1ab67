//! Downloads a file over HTTP into a part file, resuming an earlier attempt. A separate
//! thread waits for the network, so that waiting can be cancelled at any moment.

use std::io::Read;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};

use color_eyre::eyre::{Result, bail};
use ureq::http::{HeaderMap, Response, Uri};
use ureq::{Agent, Body};

use super::part_file::PartFile;
use super::progress::Meter;
use super::{FetchOptions, OnEvent, POLL, confirm, go_on};

/// How often a broken connection is resumed, if it made progress.
const MAX_RESUMES: u32 = 5;
const CHUNK_BYTES: usize = 1 << 18;
const MAX_REDIRECTS: u32 = 10;

/// Where the bytes come from.
pub(crate) struct TransferSource {
    pub(crate) agent: Agent,
    pub(crate) url: String,
    pub(crate) token: Option<String>,
    /// for the progress line
    pub(crate) shown: String,
}

/// How one connection ended.
enum Ending {
    Whole,
    /// the server cannot resume at the end of the part file
    StartOver,
    /// more bytes than announced
    TooLong,
    /// the reason
    Cut(String),
}

/// Appends to `part` until it has `size` bytes (or, if unknown, until the server is
/// done). A broken connection is resumed.
///
/// # Errors
/// On cancellation, on a full disk, on a refusal, or if the server does not send what
/// it announced. The part file is kept for resuming.
pub(crate) fn fill(
    mut part: PartFile,
    mut size: Option<u64>,
    source: &TransferSource,
    opts: &FetchOptions,
    on: OnEvent,
) -> Result<PartFile> {
    let (mut resumes, mut started_over) = (0, false);
    loop {
        let before = part.len();
        if size == Some(before) {
            return Ok(part);
        }
        match connect(&mut part, &mut size, source, opts, on)? {
            Ending::Whole => return Ok(part),
            Ending::TooLong => {
                part.discard();
                bail!("it sent more bytes than announced");
            }
            Ending::StartOver if started_over => {
                bail!("it does not send the requested range of bytes")
            }
            Ending::StartOver => {
                tracing::warn!("the bytes kept so far do not fit: starting over");
                started_over = true;
                part.restart()?;
            }
            Ending::Cut(why) if part.len() > before && resumes < MAX_RESUMES => {
                tracing::warn!(bytes = part.len(), "the connection broke ({why}): resuming");
                resumes += 1;
            }
            Ending::Cut(why) => bail!(
                "the connection broke after {} of {} bytes ({why}); the partial download is kept \
                and will be resumed",
                part.len(),
                size.map_or("an unknown number".to_owned(), |size| size.to_string())
            ),
        }
    }
}

/// One request, from the end of the part file on.
fn connect(
    part: &mut PartFile,
    size: &mut Option<u64>,
    source: &TransferSource,
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
        status => bail!("it answered the download with status {status}"),
    }
    if size.is_none() {
        *size = answer.length.map(|length| part.len() + length);
        confirm(*size, opts)?;
    }
    let mut meter = Meter::new(source.shown.clone(), part.len(), *size);
    receive(part, *size, &pieces, opts.cancel, |done| {
        meter.tell(done, on)
    })
}

fn receive(
    part: &mut PartFile,
    size: Option<u64>,
    pieces: &Receiver<Piece>,
    cancel: &AtomicBool,
    mut tell: impl FnMut(u64),
) -> Result<Ending> {
    loop {
        match wait(pieces, cancel)? {
            Some(Piece::Bytes(bytes)) => part.append(&bytes)?,
            Some(Piece::End) if size.is_none_or(|size| part.len() == size) => {
                return Ok(Ending::Whole);
            }
            Some(Piece::Broken(why)) => return Ok(Ending::Cut(why)),
            _ => return Ok(Ending::Cut("it ended early".to_owned())),
        }
        tell(part.len());
        if size.is_some_and(|size| part.len() > size) {
            return Ok(Ending::TooLong);
        }
    }
}

struct TransferAnswer {
    status: u16,
    /// first byte of a partial answer
    start: Option<u64>,
    length: Option<u64>,
}

enum Piece {
    Answer(TransferAnswer),
    Bytes(Vec<u8>),
    End,
    Broken(String),
}

/// Requests the bytes from `start` on; they arrive in pieces from a separate thread,
/// which ends with the receiver.
fn request(source: &TransferSource, start: u64) -> Receiver<Piece> {
    let (agent, url) = (source.agent.clone(), source.url.clone());
    let token = source.token.clone();
    detached(8, move |to| match follow(&agent, url, token, start) {
        Ok(response) => pass_on(response, &to),
        Err(why) => drop(to.send(Piece::Broken(why))),
    })
}

/// The response after all redirects. The token is only sent to the first origin: not to
/// another host, nor to another port or scheme.
fn follow(
    agent: &Agent,
    mut url: String,
    mut token: Option<String>,
    start: u64,
) -> Result<Response<Body>, String> {
    let home = origin(&url);
    for _ in 0..=MAX_REDIRECTS {
        token = token.filter(|_| home.is_some() && origin(&url) == home);
        let mut request = agent.get(&url);
        if let Some(token) = &token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if start > 0 {
            request = request.header("range", format!("bytes={start}-"));
        }
        let response = request.call().map_err(|err| err.to_string())?;
        match header(response.headers(), "location") {
            Some(to) if response.status().is_redirection() => url = redirected(&url, to),
            _ => return Ok(response),
        }
    }
    Err("its redirects form a loop".to_owned())
}

/// Scheme, host and port, which define an origin (RFC 6454).
fn origin(url: &str) -> Option<(String, String, u16)> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let usual = if scheme == "https" { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(usual);
    Some((scheme, uri.host()?.to_ascii_lowercase(), port))
}

/// Resolves a `location` relative to an address (RFC 3986, 5.2).
fn redirected(from: &str, location: &str) -> String {
    let scheme = from.find("://").map_or(0, |at| at + 3);
    let path = from[scheme..]
        .find('/')
        .map_or(from.len(), |at| scheme + at);
    if location.contains("://") {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{}{location}", from[..scheme].trim_end_matches('/'))
    } else if location.starts_with('/') {
        format!("{}{location}", &from[..path])
    } else {
        let beside = from[path..].split(['?', '#']).next().unwrap_or_default();
        let folder = beside.rfind('/').map_or("", |at| &beside[..at]);
        format!("{}{folder}/{location}", &from[..path])
    }
}

fn pass_on(response: Response<Body>, to: &SyncSender<Piece>) {
    let headers = response.headers();
    let answer = TransferAnswer {
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

/// Runs `work` on its own thread, so that waiting for it can be cancelled.
pub(crate) fn detached<T, F>(depth: usize, work: F) -> Receiver<T>
where
    T: Send + 'static,
    F: FnOnce(SyncSender<T>) + Send + 'static,
{
    let (to, from) = mpsc::sync_channel(depth);
    std::thread::spawn(move || work(to));
    from
}

/// The next message; `None` at the end.
pub(crate) fn wait<T>(from: &Receiver<T>, cancel: &AtomicBool) -> Result<Option<T>> {
    loop {
        go_on(cancel)?;
        match from.recv_timeout(POLL) {
            Ok(message) => return Ok(Some(message)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// A header's value, if it exists and is readable.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::{origin, range_start, redirected};

    #[test]
    fn the_start_of_a_range_is_read() {
        assert_eq!(range_start("bytes 5-9/10"), Some(5));
        assert_eq!(range_start("bytes */10"), None);
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = ["https://hub.example/a", "https://HUB.example:443/b?c"];
        assert_eq!(origin(same[0]), origin(same[1]));
        for other in [
            "https://hub.example:8443/a",
            "http://hub.example/a",
            "https://hub.example.org/a",
            "https://hub.example@evil.example/a",
        ] {
            assert_ne!(origin(same[0]), origin(other), "{other}");
        }
    }

    #[test]
    fn a_redirect_leads_as_a_browser_would_take_it() {
        let from = "https://hub.example:1/a/b?c";
        for (location, to) in [
            ("http://x/y", "http://x/y"),
            ("//x/y", "https://x/y"),
            ("/y?z", "https://hub.example:1/y?z"),
            ("y", "https://hub.example:1/a/y"),
        ] {
            assert_eq!(redirected(from, location), to);
        }
        assert_eq!(redirected("https://x", "y"), "https://x/y");
    }
}
