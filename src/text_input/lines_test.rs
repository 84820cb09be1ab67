//! Streamed lines equal the whole text's, however the stream is cut.

use std::io::{self, BufRead, BufReader, Read};

use proptest::prelude::*;

use super::encoding::tests::utf_16;
use super::*;

/// A stream that returns this many bytes at a time.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(self.0.len()).min(buffer.len());
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn drip(bytes: &[u8], n_at_a_time: usize) -> impl BufRead + '_ {
    BufReader::with_capacity(n_at_a_time, Drip(bytes, n_at_a_time))
}

fn all(bytes: &[u8], n_at_a_time: usize) -> (Vec<String>, Encoding) {
    let read = |known| {
        let mut lines = TextLines::new("x", drip(bytes, n_at_a_time), known)?;
        let mut all = Vec::new();
        while let Some(line) = lines.next_line()? {
            all.push(line.to_owned());
        }
        assert_eq!(lines.number(), all.len() as u64);
        Ok((all, lines.encoding()))
    };
    with_restart(read).unwrap()
}

#[test]
fn lines_end_in_lf_crlf_or_cr_in_every_encoding() {
    let text = "a\u{e9}\r\n\rb\n\nc\r\rd";
    let want = ["a\u{e9}", "", "b", "", "c", "", "d"];
    let with_bom = format!("\u{feff}{text}");
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), Encoding::Utf8),
        (with_bom.into_bytes(), Encoding::Utf8),
        (utf_16(text, true), Encoding::Utf16Le),
        (utf_16(text, false), Encoding::Utf16Be),
        (
            text.chars().map(|c| c as u8).collect(),
            Encoding::Windows1252,
        ),
    ] {
        for n in 1..8 {
            let got = all(&bytes, n);
            assert_eq!(
                (got.0.as_slice(), got.1),
                (&want.map(String::from)[..], encoding)
            );
        }
    }
}

#[test]
fn a_late_byte_decides_for_the_lines_before_it() {
    let (lines, encoding) = all(b"plain\n\xc3\xa9\n\xe9t\xe9\n", 100);
    assert_eq!(encoding, Encoding::Windows1252);
    assert_eq!(lines, ["plain", "\u{c3}\u{a9}", "\u{e9}t\u{e9}"]);
    // The stream alone says so and does not mix the two.
    let mut lines = LineReader::new(&b"\xc3\xa9\n\xe9\n"[..], None, 100).unwrap();
    assert!(matches!(lines.next_line(), Next::Line("\u{e9}")));
    assert!(matches!(lines.next_line(), Next::LateByte));
    // A byte order mark does not make invalid text UTF-8.
    let (lines, _) = all(b"\xef\xbb\xbf\xc3\xa9\n\xe9\n", 100);
    assert_eq!(lines, ["\u{c3}\u{a9}", "\u{e9}"]);
}

#[test]
fn a_long_line_is_skipped_without_being_kept() {
    let text = [
        &[b'x'; 101][..],
        b"\r\nok\n",
        &[b'y'; 100],
        b"\n",
        &[b'z'; 500],
    ]
    .concat();
    for n in [1, 7, 1000] {
        let mut lines = LineReader::new(drip(&text, n), None, 100).unwrap();
        assert!(matches!(lines.next_line(), Next::TooLong));
        assert!(matches!(lines.next_line(), Next::Line("ok")));
        assert!(matches!(lines.next_line(), Next::Line(line) if line.len() == 100));
        assert!(matches!(lines.next_line(), Next::TooLong));
        assert_eq!(lines.number(), 4);
        assert!(matches!(lines.next_line(), Next::End));
    }
    let endless = BufReader::new(io::repeat(b'x').take(LINE_BYTES_MAX as u64 + 1));
    let mut lines = TextLines::new("one.jsonl", endless, None).unwrap();
    let error = lines.next_line().unwrap_err().to_string();
    assert!(
        error.contains("one.jsonl:1: the line is longer than 16 MiB"),
        "{error}"
    );
}

/// Line ends, byte order marks, and letters of every encoding, whole and cut.
const PIECES: &[&[u8]] = &[
    b"\r",
    b"\n",
    b"\r\n",
    b"abc",
    b"\xc3\xa9",
    b"\xe9",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"a\0",
    b"\0",
    b"\x93",
    b"\xf0\x9f\x98\x80",
];

proptest! {
    /// The two ways to read agree on any bytes.
    #[test]
    fn streamed_lines_are_the_whole_texts_lines(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..20),
        n_at_a_time in 1usize..9,
    ) {
        let bytes = pieces.concat();
        let whole = decode(&bytes);
        let (lines, encoding) = all(&bytes, n_at_a_time);
        prop_assert_eq!(encoding, whole.encoding);
        let mut want: Vec<&str> = whole.text.split('\n').collect();
        // What follows the last line end is a line only if it is anything.
        if want.last() == Some(&"") {
            want.pop();
        }
        prop_assert_eq!(lines, want);
    }
}
