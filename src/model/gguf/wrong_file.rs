//! Recognizes files that are not GGUF: a pointer, a web page, another program's file.
//! Looks only at the first bytes.

/// Supported versions of the format.
pub(crate) const VERSIONS: std::ops::RangeInclusive<u32> = 1..=3;

/// What is wrong, and whether the transfer may have caused it.
pub(crate) struct Wrong {
    /// `is an empty file`
    pub(crate) what: String,
    /// Fetching again may help.
    pub(crate) damaged: bool,
}

/// How other files begin, and what they are; some texts ignore case and a leading byte
/// order mark or spaces.
enum Begins {
    Bytes(&'static [u8]),
    Text(&'static str),
}

/// Other kinds of files, in the order of checking.
const OTHERS: [(Begins, &str); 12] = [
    (
        Begins::Text("version https://git-lfs"),
        "is a Git LFS pointer, not the model itself: run `git lfs pull` where it was cloned, \
         or download the file",
    ),
    (Begins::Text("<!doctype"), WEB_PAGE),
    (Begins::Text("<html"), WEB_PAGE),
    (Begins::Text("<?xml"), WEB_PAGE),
    (
        Begins::Bytes(b"FUGG"),
        "is a big-endian GGUF file; use the little-endian one",
    ),
    (Begins::Bytes(b"lmgg"), GGML),
    (Begins::Bytes(b"fmgg"), GGML),
    (Begins::Bytes(b"tjgg"), GGML),
    (Begins::Bytes(b"algg"), GGML),
    (
        Begins::Bytes(b"PK\x03\x04"),
        "is a zip archive or a PyTorch checkpoint; use a GGUF file or a safetensors folder",
    ),
    (
        Begins::Bytes(&[0x1f, 0x8b]),
        "is compressed with gzip: unpack it first",
    ),
    (
        Begins::Bytes(&[0x80]),
        "is a Python pickle; use a GGUF file or a safetensors folder",
    ),
];
const WEB_PAGE: &str = "is a web page, not a model (a login or error page saved in its place): \
    download the file itself";
const NO_GGUF: &str = "is not a GGUF file: it does not begin with `GGUF`. Use a GGUF file or a \
    checkpoint's folder; a model that was downloaded can be fetched again (`laserscope model \
    fetch`)";
const GGML: &str = "is a GGML file from before GGUF; use a GGUF file of the model";

/// What a file is, if it is not a GGUF file of a supported version.
pub(crate) fn what_it_is(bytes: &[u8]) -> Option<Wrong> {
    if let Some(rest) = bytes.strip_prefix(b"GGUF") {
        return wrong_version(rest);
    }
    let (what, damaged) = match cut_short(bytes) {
        Some(what) => (what, true),
        None => match something_else(bytes) {
            Some(what) => (what, false),
            None => (NO_GGUF, false),
        },
    };
    let what = what.to_owned();
    Some(Wrong { what, damaged })
}

/// An incomplete file.
fn cut_short(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        Some("is an empty file")
    } else if b"GGUF".starts_with(bytes) {
        Some("is truncated after its first bytes")
    } else if bytes.iter().take(4096).all(|&b| b == 0) {
        Some("holds zeros where its header should be")
    } else {
        None
    }
}

fn something_else(bytes: &[u8]) -> Option<&'static str> {
    // The length of a safetensors file's header comes first, in eight bytes.
    let has_header = bytes.get(8) == Some(&b'{');
    let is = |begins: &Begins| match begins {
        Begins::Bytes(start) => bytes.starts_with(start),
        Begins::Text(start) => begins_with(bytes, start),
    };
    if !has_header && begins_with(bytes, "{") {
        return Some("is a JSON file, not a model");
    }
    let other = OTHERS.iter().find(|(begins, _)| is(begins));
    let safetensors =
        "is a safetensors file; name the checkpoint's folder (with config.json) instead";
    other
        .map(|(_, what)| *what)
        .or(has_header.then_some(safetensors))
}

fn wrong_version(rest: &[u8]) -> Option<Wrong> {
    let Some(version) = rest.first_chunk::<4>().map(|b| u32::from_le_bytes(*b)) else {
        return Some(Wrong {
            what: "is truncated after its first bytes".into(),
            damaged: true,
        });
    };
    if VERSIONS.contains(&version) {
        return None;
    }
    let swapped = version.swap_bytes();
    let what = match VERSIONS.contains(&swapped) {
        true => "is a big-endian GGUF file; use the little-endian one".to_owned(),
        false => format!(
            "is a GGUF file of version {version}; versions up to {} are supported",
            VERSIONS.end()
        ),
    };
    // A version above a thousand means that the bytes are noise.
    let damaged = version > 1000 && !VERSIONS.contains(&swapped);
    Some(Wrong { what, damaged })
}

/// Ignores case and a leading byte order mark or spaces.
fn begins_with(bytes: &[u8], start: &str) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bytes = bytes.trim_ascii_start();
    bytes
        .get(..start.len())
        .is_some_and(|b| b.eq_ignore_ascii_case(start.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8]) -> (String, bool) {
        let wrong = what_it_is(bytes).expect("not a GGUF file");
        (wrong.what, wrong.damaged)
    }

    #[test]
    fn each_is_named_as_what_it_is() {
        let cases: [(&[u8], &str, bool); 14] = [
            (b"", "empty", true),
            (b"GG", "is truncated after", true),
            (b"GGUF\x03", "is truncated after", true),
            (&[0; 64], "zeros", true),
            (
                b"version https://git-lfs.github.com/spec/v1\n",
                "Git LFS",
                false,
            ),
            (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "web page", false),
            (b"{\"error\": \"not found\"}", "JSON", false),
            (b"GGUF\x00\x00\x00\x03", "big-endian", false),
            (b"GGUF\x04\x00\x00\x00", "version 4", false),
            (b"GGUF\xff\xfe\xfd\xfc", "version", true),
            (b"tjgg\x01\x00\x00\x00", "before GGUF", false),
            (b"PK\x03\x04....", "zip", false),
            (
                b"\x40\x00\x00\x00\x00\x00\x00\x00{\"a\": 1}",
                "safetensors",
                false,
            ),
            (b"anything else", "does not begin with `GGUF`", false),
        ];
        for (bytes, part, damaged) in cases {
            let (what, may_be_damaged) = said(bytes);
            assert!(what.contains(part), "{what}");
            assert_eq!(may_be_damaged, damaged, "{what}");
        }
        assert!(what_it_is(b"GGUF\x02\x00\x00\x00").is_none());
    }
}
