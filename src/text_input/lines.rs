//! Large files line by line: any encoding, any line end, bounded lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use color_eyre::eyre::{Report, WrapErr, eyre};
use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use memchr::memchr2;

use super::encoding::{BOM_BYTES_MAX, from_bom, windows_1252};
use super::{Encoding, LINE_BYTES_MAX, shown_size};

const BUFFER_BYTES: usize = 1 << 18;

/// The next line.
#[derive(Debug)]
pub(crate) enum Next<'a> {
    /// Without its end.
    Line(&'a str),
    /// Longer than the bound; it was skipped.
    TooLong,
    /// A byte here is not UTF-8, but earlier characters were: the whole text must be
    /// read again as [`Encoding::Windows1252`].
    LateByte,
    /// The rest of the stream cannot be read.
    Broken(io::Error),
    End,
}

/// A stream of lines that end in LF, CRLF or CR.
pub(crate) struct LineReader<'a> {
    bytes: Box<dyn BufRead + 'a>,
    encoding: Encoding,
    /// A line had non-ASCII characters.
    told_letters: bool,
    max_bytes: usize,
    /// The last line ended in CR: an LF next belongs to it.
    after_cr: bool,
    line: Vec<u8>,
    /// The decoded line, if decoding was necessary.
    decoded: String,
    number: u64,
}

enum Raw {
    Line,
    TooLong,
    End,
}

impl<'a> LineReader<'a> {
    /// Lines of at most `max_bytes`. With `known`, a text without a byte order mark
    /// is in that encoding; else it is UTF-8 until a byte shows that it is not.
    ///
    /// # Errors
    /// The first bytes cannot be read.
    pub(crate) fn new(
        bytes: impl BufRead + 'a,
        known: Option<Encoding>,
        max_bytes: usize,
    ) -> io::Result<Self> {
        let (bytes, encoding) = without_mark(bytes, known)?;
        Ok(LineReader {
            bytes,
            encoding,
            told_letters: false,
            max_bytes,
            after_cr: false,
            line: Vec::new(),
            decoded: String::new(),
            number: 0,
        })
    }

    /// For formats that are UTF-8 by definition: other bytes are [`Next::LateByte`] wherever
    /// they come, and the lines after them can be read.
    pub(crate) fn only_utf8(mut self) -> Self {
        self.told_letters = true;
        self
    }

    /// The encoding assumed so far.
    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Number of the line read last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn next_line(&mut self) -> Next<'_> {
        self.number += 1;
        match self.fill_line() {
            Ok(Raw::Line) => self.text(),
            Ok(Raw::TooLong) => Next::TooLong,
            Ok(Raw::End) => {
                self.number -= 1;
                Next::End
            }
            Err(error) => Next::Broken(error),
        }
    }

    /// The line as text. Until a line has non-ASCII characters, UTF-8 and Windows-1252
    /// are the same, and nothing has to be read again.
    fn text(&mut self) -> Next<'_> {
        if self.encoding == Encoding::Utf8 && str::from_utf8(&self.line).is_err() {
            if self.told_letters {
                return Next::LateByte;
            }
            self.encoding = Encoding::Windows1252;
        }
        if self.encoding == Encoding::Windows1252 {
            self.decoded.clear();
            self.decoded.push_str(&windows_1252(&self.line));
            return Next::Line(&self.decoded);
        }
        self.told_letters = self.told_letters || !self.line.is_ascii();
        match str::from_utf8(&self.line) {
            Ok(line) => Next::Line(line),
            Err(_) => Next::LateByte,
        }
    }

    fn fill_line(&mut self) -> io::Result<Raw> {
        self.line.clear();
        let mut too_long = false;
        let mut is_empty = true;
        loop {
            let available = match self.bytes.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if available.is_empty() {
                return Ok(match (is_empty, too_long) {
                    (true, _) => Raw::End,
                    (false, true) => Raw::TooLong,
                    (false, false) => Raw::Line,
                });
            }
            if std::mem::take(&mut self.after_cr) && available[0] == b'\n' {
                self.bytes.consume(1);
                continue;
            }
            is_empty = false;
            let end = memchr2(b'\n', b'\r', available);
            let n = end.unwrap_or(available.len());
            too_long = too_long || self.line.len() + n > self.max_bytes;
            match too_long {
                true => self.line.clear(),
                false => self.line.extend_from_slice(&available[..n]),
            }
            let Some(end) = end else {
                self.bytes.consume(n);
                continue;
            };
            self.after_cr = available[end] == b'\r';
            self.bytes.consume(end + 1);
            return Ok(if too_long { Raw::TooLong } else { Raw::Line });
        }
    }
}

/// A stream without its byte order mark, and the encoding that was `known` or that the
/// mark says; UTF-16 becomes UTF-8.
///
/// # Errors
/// The first bytes cannot be read.
pub(crate) fn without_mark<'a>(
    mut bytes: impl BufRead + 'a,
    known: Option<Encoding>,
) -> io::Result<(Box<dyn BufRead + 'a>, Encoding)> {
    let mut head = Vec::new();
    bytes
        .by_ref()
        .take(BOM_BYTES_MAX as u64)
        .read_to_end(&mut head)?;
    let (encoding, n_bom) = from_bom(&head).unwrap_or((known.unwrap_or(Encoding::Utf8), 0));
    // A byte order mark does not make invalid text UTF-8.
    let encoding = match (encoding, known) {
        (Encoding::Utf8, Some(known)) => known,
        (encoding, _) => encoding,
    };
    head.drain(..n_bom);
    let whole = Cursor::new(head).chain(bytes);
    let bytes: Box<dyn BufRead + 'a> = match encoding {
        Encoding::Utf16Le => Box::new(Transcoder::new(whole, UTF_16LE)),
        Encoding::Utf16Be => Box::new(Transcoder::new(whole, UTF_16BE)),
        Encoding::Utf8 | Encoding::Windows1252 => Box::new(whole),
    };
    Ok((bytes, encoding))
}

/// UTF-16 as a stream of UTF-8.
struct Transcoder<R> {
    inner: R,
    decoder: Decoder,
    text: Vec<u8>,
    n_given: usize,
    ended: bool,
}

impl<R: BufRead> Transcoder<R> {
    fn new(inner: R, from: &'static encoding_rs::Encoding) -> Self {
        Transcoder {
            inner,
            decoder: from.new_decoder_without_bom_handling(),
            text: Vec::new(),
            n_given: 0,
            ended: false,
        }
    }

    /// Decodes some more; at the end of the stream, what is left of it.
    fn refill(&mut self) -> io::Result<()> {
        // A split unit is not text yet.
        while self.n_given == self.text.len() && !self.ended {
            let units = self.inner.fill_buf()?;
            let last = units.is_empty();
            let n_max = self.decoder.max_utf8_buffer_length(units.len());
            self.text.resize(n_max.unwrap_or(BUFFER_BYTES), 0);
            let (result, n_read, n_written, _) =
                self.decoder.decode_to_utf8(units, &mut self.text, last);
            self.inner.consume(n_read);
            self.text.truncate(n_written);
            self.n_given = 0;
            self.ended = last && result == CoderResult::InputEmpty;
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buffer)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Transcoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.refill()?;
        Ok(&self.text[self.n_given..])
    }

    fn consume(&mut self, n: usize) {
        self.n_given = (self.n_given + n).min(self.text.len());
    }
}

/// The error of a text that began as UTF-8 but is not; [`with_restart`] reads it again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{name}:{line}: not UTF-8")]
pub(crate) struct LateByte {
    /// The file's name in messages.
    pub(crate) name: String,
    pub(crate) line: u64,
}

/// Runs `read`, which streams one text and has no effect when it fails; if that ends
/// with [`LateByte`], runs it again with Windows-1252 as the known encoding.
///
/// # Errors
/// Those of `read`.
pub(crate) fn with_restart<T>(
    mut read: impl FnMut(Option<Encoding>) -> Result<T, Report>,
) -> Result<T, Report> {
    match read(None) {
        Err(error) if error.is::<LateByte>() => read(Some(Encoding::Windows1252)),
        done => done,
    }
}

/// A stream of lines in which anything unreadable is an error that names the file and
/// the line.
pub(crate) struct TextLines<'a> {
    name: String,
    lines: LineReader<'a>,
}

impl TextLines<'static> {
    /// `known` as in [`LineReader::new`].
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn open(path: &Path, known: Option<Encoding>) -> Result<Self, Report> {
        let name = path.display().to_string();
        let file = File::open(path).wrap_err_with(|| format!("reading {name}"))?;
        TextLines::new(&name, BufReader::with_capacity(BUFFER_BYTES, file), known)
    }
}

impl<'a> TextLines<'a> {
    /// The lines of a stream called `name` in messages.
    ///
    /// # Errors
    /// Its first bytes cannot be read.
    pub(crate) fn new(
        name: &str,
        bytes: impl BufRead + 'a,
        known: Option<Encoding>,
    ) -> Result<Self, Report> {
        let lines = LineReader::new(bytes, known, LINE_BYTES_MAX)
            .wrap_err_with(|| format!("reading {name}"))?;
        Ok(TextLines {
            name: name.to_owned(),
            lines,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    #[cfg(test)]
    pub(crate) fn encoding(&self) -> Encoding {
        self.lines.encoding()
    }

    /// Number of the line read last, from 1.
    #[cfg(test)]
    pub(crate) fn number(&self) -> u64 {
        self.lines.number()
    }

    /// The next line without its end; `None` after the last.
    ///
    /// # Errors
    /// [`LateByte`]; a line of more than [`LINE_BYTES_MAX`]; a stream that breaks.
    pub(crate) fn next_line(&mut self) -> Result<Option<&str>, Report> {
        let (name, line) = (&self.name, self.lines.number() + 1);
        match self.lines.next_line() {
            Next::Line(line) => Ok(Some(line)),
            Next::End => Ok(None),
            Next::TooLong => Err(eyre!("{name}:{line}: {}", too_long(LINE_BYTES_MAX))),
            Next::LateByte => Err(Report::new(LateByte {
                name: name.clone(),
                line,
            })),
            Next::Broken(error) => Err(error).wrap_err_with(|| format!("reading {name}:{line}")),
        }
    }
}

/// The message for a line longer than this bound.
pub(crate) fn too_long(max_bytes: usize) -> String {
    let size = shown_size(max_bytes as u64);
    format!("the line is longer than {size}, the limit")
}
