//! A file's bytes over HTTP into a part file, from where an earlier try
//! stopped. The network is waited for on a thread of its own, so that the
//! waiting can be given up at any moment.

use std::io::Read;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};

use color_eyre::eyre::{Result, bail};
use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body};

use super::part_file::PartFile;
use super::progress::Meter;
use super::{FetchOptions, OnEvent, POLL, confirm, go_on};

/// How often a broken connection is taken up again, if bytes came before.
const MAX_RESUMES: u32 = 5;
const CHUNK_BYTES: usize = 1 << 18;

/// Where the bytes come from.
pub struct Source {
    pub agent: Agent,
    pub url: String,
    pub token: Option<String>,
    /// for the progress line
    pub shown: String,
}

/// How one connection ended.
enum Ending {
    Whole,
    /// the server cannot go on from where the part file ends
    StartOver,
    /// more bytes than announced
    TooLong,
    /// the reason
    Cut(String),
}

/// Appends to `part` until it has `size` bytes (where that is not known: until
/// the server says it is done). A broken connection is taken up again.
///
/// # Errors
/// On cancellation, on a full disk, on a refusal, or if the server sends
/// something else than it announced. The part file stays, to be resumed.
pub fn fill(
    mut part: PartFile,
    mut size: Option<u64>,
    source: &Source,
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
                bail!("it sends more bytes than it announced");
            }
            Ending::StartOver if started_over => {
                bail!("it does not send the bytes that were asked for")
            }
            Ending::StartOver => {
                started_over = true;
                part.restart()?;
            }
            Ending::Cut(_) if part.len() > before && resumes < MAX_RESUMES => resumes += 1,
            Ending::Cut(why) => bail!(
                "the connection broke after {} of {} bytes ({why}); \
                 what came is kept for the next try",
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
pub fn detached<T, F>(depth: usize, work: F) -> Receiver<T>
where
    T: Send + 'static,
    F: FnOnce(SyncSender<T>) + Send + 'static,
{
    let (to, from) = mpsc::sync_channel(depth);
    std::thread::spawn(move || work(to));
    from
}

/// The next message; `None` if there will be none.
pub fn wait<T>(from: &Receiver<T>, cancel: &AtomicBool) -> Result<Option<T>> {
    loop {
        go_on(cancel)?;
        match from.recv_timeout(POLL) {
            Ok(message) => return Ok(Some(message)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// A header's value, if it is there and readable.
pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::range_start;

    #[test]
    fn the_start_of_a_range_is_read() {
        assert_eq!(range_start("bytes 5-9/10"), Some(5));
        assert_eq!(range_start("bytes */10"), None);
    }
}
