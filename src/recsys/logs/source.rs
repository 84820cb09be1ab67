//! A file of a log: unpacked, and its layout found by looking at its beginning.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use color_eyre::eyre::{Result, WrapErr, bail};
use flate2::read::MultiGzDecoder;

use super::layout::{FileLayout, Layout};
use super::options::LogOptions;
use super::report::ENTRY_BYTES_MAX;
use super::rows::LogRows;
use super::values::JsonValues;
use crate::recsys::import::files::counted::{BUFFER_BYTES, Counted};
use crate::text_input::{Bounded, LineReader, UNPACKED_BYTES_MAX, decode, without_mark};

/// Bytes by which a file's layout is found.
const LOOKED_AT_BYTES: u64 = 1 << 18;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What else a log may be packed in, by its first bytes, and what to do.
const PACKED: [(&[u8], &str); 7] = [
    (
        b"\x28\xb5\x2f\xfd",
        "is packed with zstd: unpack it with `zstd -d`",
    ),
    (b"PK\x03\x04", "is a zip archive: unpack it"),
    (b"BZh", "is packed with bzip2: unpack it with `bunzip2`"),
    (b"\xfd7zXZ", "is packed with xz: unpack it with `unxz`"),
    (
        b"PAR1",
        "is a Parquet file: save it as JSON lines, with pandas for example",
    ),
    (
        b"ARROW1",
        "is an Arrow file: save it as JSON lines, with pyarrow for example",
    ),
    (
        b"SQLite format 3",
        "is a database: save its table as JSON lines or CSV",
    ),
];

/// A file that has been looked at.
pub(super) struct LogSource {
    /// In messages.
    pub(super) name: Arc<str>,
    pub(super) n_bytes: u64,
    pub(super) looked: FileLayout,
    path: PathBuf,
    /// A pipe, which can be opened only once.
    opened: Option<Box<dyn BufRead + Send>>,
}

/// A file being read.
pub(super) enum LogReading {
    Lines(LineReader<'static>),
    Values(JsonValues<'static>),
    Rows(LogRows),
}

impl LogSource {
    /// Opens a file, `-` for standard input, and looks at its beginning.
    ///
    /// # Errors
    /// It cannot be read; it is packed in something other than gzip; it is no text.
    pub(super) fn look(path: &Path, options: &LogOptions, taken: &Arc<AtomicU64>) -> Result<Self> {
        let name = match is_standard_input(path) {
            true => "standard input".to_owned(),
            false => path.display().to_string(),
        };
        let n_bytes = file_bytes(path, &name)?;
        let (head, mut rest) = opened(path, taken).wrap_err_with(|| format!("reading {name}"))?;
        if head.is_empty() {
            rest.fill_buf()
                .wrap_err_with(|| format!("{name} breaks off before its first line"))?;
        }
        if let Some((_, what)) = PACKED.iter().find(|(magic, _)| head.starts_with(magic)) {
            bail!("{name} {what}");
        }
        let is_text = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
        if !is_text && head.contains(&0) {
            bail!("{name} is not a text: logs are JSON lines, JSON, CSV or TSV, also as gzip");
        }
        Ok(LogSource {
            name: name.as_str().into(),
            n_bytes: n_bytes.unwrap_or(0),
            looked: FileLayout::at(&decode(&head).text, options),
            path: path.to_owned(),
            opened: match n_bytes {
                Some(_) => None,
                None => Some(Box::new(Cursor::new(head).chain(rest))),
            },
        })
    }

    /// Begins to read.
    ///
    /// # Errors
    /// It cannot be read any more.
    pub(super) fn open(&mut self, taken: &Arc<AtomicU64>) -> Result<LogReading> {
        let reading = || format!("reading {}", self.name);
        let bytes: Box<dyn BufRead + Send> = match self.opened.take() {
            Some(opened) => opened,
            None => {
                let (head, rest) = opened(&self.path, taken).wrap_err_with(reading)?;
                Box::new(Cursor::new(head).chain(rest))
            }
        };
        let lines = |bytes| LineReader::new(bytes, None, ENTRY_BYTES_MAX);
        Ok(match self.looked.layout {
            Layout::Lines => LogReading::Lines(lines(bytes).wrap_err_with(reading)?.only_utf8()),
            Layout::Values => {
                let (bytes, _) = without_mark(bytes, None).wrap_err_with(reading)?;
                LogReading::Values(JsonValues::new(bytes, ENTRY_BYTES_MAX))
            }
            Layout::Rows(separator) => LogReading::Rows(LogRows::new(
                lines(bytes).wrap_err_with(reading)?,
                separator,
            )),
        })
    }
}

fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// `None`: a pipe.
fn file_bytes(path: &Path, name: &str) -> Result<Option<u64>> {
    if is_standard_input(path) {
        return Ok(None);
    }
    let meta = path
        .metadata()
        .wrap_err_with(|| format!("reading {name}"))?;
    if meta.is_dir() {
        bail!("{name} is a folder: name the files of the log, for example {name}/*.jsonl");
    }
    Ok(meta.is_file().then_some(meta.len()))
}

type OpenedLog = (Vec<u8>, Box<dyn BufRead + Send>);

/// The first bytes of a file's text, and the rest of it. A file that breaks off within
/// them breaks off again where the rest is read.
fn opened(path: &Path, taken: &Arc<AtomicU64>) -> io::Result<OpenedLog> {
    let inner: Box<dyn Read + Send> = match is_standard_input(path) {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(path)?),
    };
    let counted = Counted {
        inner,
        n_taken: Arc::clone(taken),
    };
    let mut packed = BufReader::with_capacity(BUFFER_BYTES, counted);
    let is_gzip = packed.fill_buf()?.starts_with(&GZIP);
    let mut bytes: Box<dyn BufRead + Send> = match is_gzip {
        true => {
            let unpacked = Bounded::new(MultiGzDecoder::new(packed), UNPACKED_BYTES_MAX);
            Box::new(BufReader::with_capacity(BUFFER_BYTES, unpacked))
        }
        false => Box::new(packed),
    };
    let mut head = Vec::new();
    match bytes.by_ref().take(LOOKED_AT_BYTES).read_to_end(&mut head) {
        Ok(_) => Ok((head, bytes)),
        Err(error) => Ok((head, Box::new(BufReader::new(Broken(Some(error)))))),
    }
}

/// A stream that fails.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
