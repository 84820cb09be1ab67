//! Entries whose parts stand in several lines: the halves of a batch, and the chunks of
//! streamed responses.

use std::collections::HashSet;
use std::io;

use serde_json::Value;

use super::batch::Waiting;
use super::chunks::Stream;
use super::entry::{LogEntry, LogPlace};
use super::fields::named;
use super::format::LogFormat;
use super::options::LogOptions;
use super::refusal::LogRefusal;
use super::report::{ENTRY_BYTES_MAX, LogSkip};
use super::shape::{dress, of_exchange};

/// Streamed responses that are open at a time; then the oldest is closed.
const STREAMS_MAX: usize = 1024;

/// Why no entry came of a line.
#[derive(Debug)]
pub(super) enum Stopped {
    Refused(LogRefusal),
    Failed(io::Error),
}

impl From<LogRefusal> for Stopped {
    fn from(refusal: LogRefusal) -> Self {
        Stopped::Refused(refusal)
    }
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Stopped::Failed(error)
    }
}

/// What is left of a batch at the end.
#[derive(Debug, Default)]
pub(super) struct LeftOver {
    /// Answers of a log without requests.
    pub(super) entries: Vec<LogEntry>,
    pub(super) skipped: Vec<(LogPlace, LogRefusal)>,
}

/// Where a stream began, and its entries.
pub(super) type Closed = (LogPlace, Result<Vec<LogEntry>, LogRefusal>);

/// What waits for its other parts.
pub(super) struct LineJoiner {
    requests: Waiting,
    responses: Waiting,
    /// Ids that have been joined.
    joined: HashSet<String>,
    has_requests: bool,
    /// By id, in the order of coming.
    streams: Vec<(String, LogPlace, Stream)>,
}

impl LineJoiner {
    pub(super) fn new() -> Self {
        LineJoiner {
            requests: Waiting::new(),
            responses: Waiting::new(),
            joined: HashSet::new(),
            has_requests: false,
            streams: Vec::new(),
        }
    }

    /// The request half of a batch: entries if its response came before.
    ///
    /// # Errors
    /// An id that came before; what [`of_exchange`] says; a temporary file.
    pub(super) fn request(
        &mut self,
        id: &str,
        place: &LogPlace,
        (value, text): (&Value, &str),
        options: &LogOptions,
    ) -> Result<Vec<LogEntry>, Stopped> {
        self.has_requests = true;
        if self.requests.has(id) || self.joined.contains(id) {
            return Err(repeated(id).into());
        }
        let Some((place_of_response, response)) = self.responses.take(id)? else {
            self.requests
                .put(id.to_owned(), place.clone(), &whole(value, text))?;
            return Ok(Vec::new());
        };
        self.joined.insert(id.to_owned());
        let response = read(&response)?;
        Ok(joined(value, &response, place_of_response, options)?)
    }

    /// The response half of a batch: entries if its request came before.
    ///
    /// # Errors
    /// As [`Self::request`].
    pub(super) fn response(
        &mut self,
        id: &str,
        place: &LogPlace,
        (value, text): (&Value, &str),
        options: &LogOptions,
    ) -> Result<Vec<LogEntry>, Stopped> {
        if self.responses.has(id) || self.joined.contains(id) {
            return Err(repeated(id).into());
        }
        let Some((_, request)) = self.requests.take(id)? else {
            self.responses
                .put(id.to_owned(), place.clone(), &whole(value, text))?;
            return Ok(Vec::new());
        };
        self.joined.insert(id.to_owned());
        let request = read(&request)?;
        Ok(joined(&request, value, place.clone(), options)?)
    }

    /// A chunk of a streamed response. Where too many are open, the oldest is closed.
    ///
    /// # Errors
    /// A response larger than the limit for a line.
    pub(super) fn chunk(
        &mut self,
        id: String,
        place: LogPlace,
        value: &Value,
        options: &LogOptions,
    ) -> Result<Option<Closed>, LogRefusal> {
        let known = self.streams.iter().position(|(known, ..)| *known == id);
        let at = known.unwrap_or_else(|| {
            self.streams.push((id, place, Stream::default()));
            self.streams.len() - 1
        });
        let stream = &mut self.streams[at].2;
        if stream.is_dropped {
            return Ok(None);
        }
        stream.add(value);
        if stream.n_bytes > ENTRY_BYTES_MAX {
            stream.drop_all();
            let why = "a streamed response; it was dropped";
            return Err(LogRefusal::new(LogSkip::TooLong, why));
        }
        if self.streams.len() <= STREAMS_MAX {
            return Ok(None);
        }
        let (_, place, stream) = self.streams.remove(0);
        Ok((!stream.is_dropped).then(|| closed(place, stream, options)))
    }

    /// Ends the streamed responses that are open.
    pub(super) fn close_streams(&mut self, options: &LogOptions) -> Vec<Closed> {
        let streams = std::mem::take(&mut self.streams).into_iter();
        streams
            .filter(|(_, _, stream)| !stream.is_dropped)
            .map(|(_, place, stream)| closed(place, stream, options))
            .collect()
    }

    /// What is left: without any request, responses are entries without a prompt.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub(super) fn left(&mut self, options: &LogOptions) -> io::Result<LeftOver> {
        let mut left = LeftOver::default();
        for (id, place) in self.requests.left() {
            let refusal = LogRefusal::new(LogSkip::NoResponse, format!("custom_id `{id}`"));
            left.skipped.push((place, refusal));
        }
        for (id, place) in self.responses.left() {
            if self.has_requests {
                let refusal = LogRefusal::new(LogSkip::NoRequest, format!("custom_id `{id}`"));
                left.skipped.push((place, refusal));
                continue;
            }
            let Some((_, text)) = self.responses.take(&id)? else {
                continue;
            };
            let response = read(&text)?;
            match joined(&Value::Null, &response, place.clone(), options) {
                Ok(entries) => left.entries.extend(entries),
                Err(refusal) => left.skipped.push((place, refusal)),
            }
        }
        Ok(left)
    }
}

fn repeated(id: &str) -> LogRefusal {
    LogRefusal::new(LogSkip::Repeated, format!("custom_id `{id}`"))
}

/// The line's own text, or a row of a table as JSON.
fn whole(value: &Value, text: &str) -> String {
    match text.is_empty() {
        true => value.to_string(),
        false => text.to_owned(),
    }
}

fn read(text: &str) -> io::Result<Value> {
    serde_json::from_str(text).map_err(io::Error::other)
}

fn joined(
    request: &Value,
    line: &Value,
    place: LogPlace,
    options: &LogOptions,
) -> Result<Vec<LogEntry>, LogRefusal> {
    super::answered::failed(line)?;
    let response = named(line, &["response", "result"]).unwrap_or(line);
    let blank = LogEntry::blank(place);
    let format = Some(LogFormat::OpenaiBatch);
    let mut entries = of_exchange(request, response, format, &blank, options)?;
    for entry in &mut entries {
        dress(entry, line, Some(request), options);
        if options.id_field.is_none() {
            entry.id = super::fields::word(line, &["custom_id"]).unwrap_or_default();
        }
    }
    Ok(entries)
}

fn closed(place: LogPlace, stream: Stream, options: &LogOptions) -> Closed {
    let response = stream.response();
    let blank = LogEntry::blank(place.clone());
    let entries = of_exchange(&response, &response, None, &blank, options).map(|mut entries| {
        entries
            .iter_mut()
            .for_each(|entry| dress(entry, &response, None, options));
        entries
    });
    (place, entries)
}
