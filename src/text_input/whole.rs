//! Small files read whole, within a bound.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use color_eyre::eyre::{Report, WrapErr, eyre};

use super::{Encoding, decode};

/// The text of a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// Without a byte order mark; lines end in `\n`.
    pub(crate) text: String,
    pub(crate) encoding: Encoding,
}

/// Reads a file as text, whatever its encoding and line ends.
///
/// # Errors
/// Names the file: it cannot be read (the [`io::Error`] is kept), or it is larger
/// than `max_bytes`.
pub(crate) fn read_text(path: &Path, max_bytes: u64) -> Result<Text, Report> {
    read_bytes(path, max_bytes).map(|bytes| text_of(&bytes))
}

/// As [`read_text`], for a stream called `name` in messages.
///
/// # Errors
/// As [`read_text`].
pub(crate) fn read_text_from(name: &str, bytes: impl Read, max_bytes: u64) -> Result<Text, Report> {
    bytes_of(name, bytes, max_bytes).map(|bytes| text_of(&bytes))
}

/// Reads a file's bytes within a bound.
///
/// # Errors
/// As [`read_text`].
pub(crate) fn read_bytes(path: &Path, max_bytes: u64) -> Result<Vec<u8>, Report> {
    let name = path.display().to_string();
    let file = File::open(path).wrap_err_with(|| format!("reading {name}"))?;
    bytes_of(&name, file, max_bytes)
}

fn bytes_of(name: &str, bytes: impl Read, max_bytes: u64) -> Result<Vec<u8>, Report> {
    let mut whole = Vec::new();
    let mut bounded = bytes.take(max_bytes.saturating_add(1));
    let n = bounded
        .read_to_end(&mut whole)
        .wrap_err_with(|| format!("reading {name}"))?;
    match n as u64 > max_bytes {
        true => Err(eyre!(
            "{name}: larger than {}, the limit for this kind of file",
            shown_size(max_bytes)
        )),
        false => Ok(whole),
    }
}

fn text_of(bytes: &[u8]) -> Text {
    let decoded = decode(bytes);
    Text {
        text: decoded.text.into_owned(),
        encoding: decoded.encoding,
    }
}

/// A stream that fails after this many bytes: an archive's unpacked size is not known
/// in advance.
pub(crate) struct Bounded<R> {
    inner: R,
    n_left: u64,
    max_bytes: u64,
}

impl<R> Bounded<R> {
    pub(crate) fn new(inner: R, max_bytes: u64) -> Self {
        Bounded {
            inner,
            n_left: max_bytes,
            max_bytes,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        match self.n_left.checked_sub(n as u64) {
            Some(n_left) => self.n_left = n_left,
            None => {
                let what = format!("it unpacks to more than {}", shown_size(self.max_bytes));
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
            }
        }
        Ok(n)
    }
}

/// A number of bytes in the largest unit that divides it: `16 MiB`.
pub(crate) fn shown_size(n_bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut n = n_bytes;
    let mut unit = 0;
    while n >= 1024 && n.is_multiple_of(1024) && unit + 1 < UNITS.len() {
        n /= 1024;
        unit += 1;
    }
    format!("{n} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound_and_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("groups.toml");
        std::fs::write(&path, b"\xef\xbb\xbfa\r\nb").unwrap();
        let read = read_text(&path, 7).unwrap();
        assert_eq!((&*read.text, read.encoding), ("a\nb", Encoding::Utf8));
        let error = read_text(&path, 6).unwrap_err().to_string();
        assert!(
            error.ends_with("groups.toml: larger than 6 bytes, the limit for this kind of file"),
            "{error}"
        );
        // Endless input is refused.
        let error = read_text_from("endless", io::repeat(b'a'), 1 << 20).unwrap_err();
        assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
    }

    #[test]
    fn an_absent_file_is_named_and_its_kind_is_kept() {
        let error = read_text(Path::new("nowhere/x.toml"), 9).unwrap_err();
        assert_eq!(error.to_string(), "reading nowhere/x.toml");
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        assert_eq!(kind, Some(io::ErrorKind::NotFound));
    }

    #[test]
    fn a_stream_that_unpacks_to_too_much_fails() {
        let mut bytes = Vec::new();
        Bounded::new(&b"abcd"[..], 4)
            .read_to_end(&mut bytes)
            .unwrap();
        assert_eq!(bytes, b"abcd");
        let error = Bounded::new(io::repeat(0), 4096)
            .read_to_end(&mut bytes)
            .unwrap_err();
        assert_eq!(error.to_string(), "it unpacks to more than 4 KiB");
    }

    #[test]
    fn sizes_are_shown_in_whole_units() {
        let shown = [0, 1000, 1024, 1 << 24, 3 << 30].map(shown_size);
        assert_eq!(shown, ["0 bytes", "1000 bytes", "1 KiB", "16 MiB", "3 GiB"]);
    }
}
