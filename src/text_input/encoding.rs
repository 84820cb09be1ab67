//! Decodes text: UTF-8, UTF-16 with a byte order mark, and Windows-1252 if UTF-8 fails.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

/// The encoding of a file; one for the whole file.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, strum::Display,
)]
pub enum Encoding {
    /// With or without a byte order mark.
    #[serde(rename = "UTF-8")]
    #[strum(to_string = "UTF-8")]
    Utf8,
    /// UTF-16, low byte first.
    #[serde(rename = "UTF-16LE")]
    #[strum(to_string = "UTF-16LE")]
    Utf16Le,
    /// UTF-16, high byte first.
    #[serde(rename = "UTF-16BE")]
    #[strum(to_string = "UTF-16BE")]
    Utf16Be,
    /// Also used for Latin-1, as in the WHATWG Encoding Standard.
    #[serde(rename = "Windows-1252")]
    #[strum(to_string = "Windows-1252")]
    Windows1252,
}

/// Maximum length of a byte order mark.
pub(super) const BOM_BYTES_MAX: usize = 3;

/// The encoding given by a byte order mark at the start of `bytes`, and the mark's length.
pub(super) fn from_bom(bytes: &[u8]) -> Option<(Encoding, usize)> {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => Some((Encoding::Utf8, 3)),
        [0xff, 0xfe, ..] => Some((Encoding::Utf16Le, 2)),
        [0xfe, 0xff, ..] => Some((Encoding::Utf16Be, 2)),
        _ => None,
    }
}

/// A whole text and how it was encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decoded<'a> {
    /// Without a byte order mark; lines end in `\n`.
    pub(crate) text: Cow<'a, str>,
    pub(crate) encoding: Encoding,
}

/// Decodes a whole file. Never fails: any bytes are Windows-1252, and half of a
/// surrogate pair becomes U+FFFD.
pub(crate) fn decode(bytes: &[u8]) -> Decoded<'_> {
    let (said, n_bom) = from_bom(bytes).unwrap_or((Encoding::Utf8, 0));
    let bytes = &bytes[n_bom..];
    let (text, encoding) = match (said, str::from_utf8(bytes)) {
        (Encoding::Utf16Le, _) => (UTF_16LE.decode_without_bom_handling(bytes).0, said),
        (Encoding::Utf16Be, _) => (UTF_16BE.decode_without_bom_handling(bytes).0, said),
        (_, Ok(text)) => (Cow::Borrowed(text), Encoding::Utf8),
        (_, Err(_)) => (windows_1252(bytes), Encoding::Windows1252),
    };
    Decoded {
        text: with_line_feeds(text),
        encoding,
    }
}

/// The five bytes that Windows-1252 leaves undefined become U+FFFD; the standard would
/// turn them into C1 control characters.
pub(super) fn windows_1252(bytes: &[u8]) -> Cow<'_, str> {
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    let is_c1 = |c: char| ('\u{80}'..='\u{9f}').contains(&c);
    match text.contains(is_c1) {
        true => Cow::Owned(text.replace(is_c1, "\u{fffd}")),
        false => text,
    }
}

fn with_line_feeds(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
        false => text,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn utf_16(text: &str, little: bool) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units
            .flat_map(|unit: u16| match little {
                true => unit.to_le_bytes(),
                false => unit.to_be_bytes(),
            })
            .collect()
    }

    fn is(bytes: &[u8], text: &str, encoding: Encoding) {
        let want = Decoded {
            text: text.into(),
            encoding,
        };
        assert_eq!(decode(bytes), want);
    }

    #[test]
    fn a_byte_order_mark_names_the_encoding_and_goes() {
        let text = "caf\u{e9} \u{1f600}\nx";
        is(text.as_bytes(), text, Encoding::Utf8);
        is(
            &["\u{feff}", text].concat().into_bytes(),
            text,
            Encoding::Utf8,
        );
        is(&utf_16(text, true), text, Encoding::Utf16Le);
        is(&utf_16(text, false), text, Encoding::Utf16Be);
        is(b"\xff\xfea\0\x00\xd8b\0", "a\u{fffd}b", Encoding::Utf16Le);
        is(b"", "", Encoding::Utf8);
    }

    #[test]
    fn what_is_not_utf_8_is_windows_1252_from_its_first_byte() {
        is(
            b"\xc3\xa9 \x93q\x94 \x80 \xe9\n",
            "\u{c3}\u{a9} \u{201c}q\u{201d} \u{20ac} \u{e9}\n",
            Encoding::Windows1252,
        );
    }

    #[test]
    fn no_byte_becomes_a_c1_control_character() {
        let high: Vec<u8> = (0x80..=0xff).collect();
        let text = decode(&high).text;
        assert_eq!(text.chars().count(), 128);
        assert!(!text.contains(char::is_control), "{text:?}");
        assert_eq!(text.matches('\u{fffd}').count(), 5);
    }

    #[test]
    fn every_line_end_becomes_a_line_feed() {
        is(b"a\r\nb\rc\n\r\nd", "a\nb\nc\n\nd", Encoding::Utf8);
    }
}
