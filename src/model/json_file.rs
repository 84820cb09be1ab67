//! A checkpoint's JSON files as found in practice: with a byte order mark, and with
//! `NaN` and `Infinity` as written by Python but not allowed in JSON. Those become
//! strings, so that code needing a number there reports an error.

use std::path::Path;

use color_eyre::eyre::{Result, ensure, eyre};
use serde_json::Value;

use crate::text_input::{Encoding, SETTINGS_BYTES_MAX, decode, read_bytes};

/// A parsed file.
pub(crate) struct JsonFile {
    pub(crate) value: Value,
    /// The original text.
    pub(crate) bytes: Vec<u8>,
    /// Notes for the user on what was parsed leniently.
    pub(crate) notes: Vec<String>,
}

impl JsonFile {
    /// Reads a file of at most this many bytes.
    ///
    /// # Errors
    /// A file that cannot be read, is too long, or is not JSON: with its name and the line.
    pub(crate) fn read(path: &Path, max_bytes: u64) -> Result<Self> {
        let bytes = read_bytes(path, max_bytes)?;
        let mut file = JsonFile {
            value: Value::Null,
            bytes: Vec::new(),
            notes: Vec::new(),
        };
        file.parse(path, &bytes)?;
        file.bytes = bytes;
        Ok(file)
    }

    fn parse(&mut self, path: &Path, bytes: &[u8]) -> Result<()> {
        let shown = path.display();
        ensure!(
            !bytes.starts_with(b"version https://git-lfs"),
            "{shown} is a Git LFS pointer, not the file itself: run `git lfs pull` where it was \
             cloned, or download the file"
        );
        let decoded = decode(bytes);
        ensure!(
            decoded.encoding != Encoding::Windows1252,
            "{shown} is not UTF-8, as JSON must be"
        );
        let plain = decoded.text.as_bytes();
        if bytes.starts_with(b"\xef\xbb\xbf") || decoded.encoding != Encoding::Utf8 {
            self.notes.push(format!(
                "{shown} begins with a byte order mark; it is read as {}",
                decoded.encoding
            ));
        }
        let strict = match serde_json::from_slice(plain) {
            Ok(value) => {
                self.value = value;
                return Ok(());
            }
            Err(err) => err,
        };
        let Some((quoted, lines)) = without_non_finite(plain) else {
            return Err(eyre!("{shown}: {strict}"));
        };
        self.value = serde_json::from_slice(&quoted).map_err(|err| eyre!("{shown}: {err}"))?;
        let lines: Vec<String> = lines.iter().map(usize::to_string).collect();
        self.notes.push(format!(
            "{shown} has NaN or Infinity (line {}), which JSON does not allow; the value is not \
            needed and is ignored",
            lines.join(", ")
        ));
        Ok(())
    }
}

/// The text with `NaN`, `Infinity` and `-Infinity` in quotes, and their lines;
/// `None` if it has none.
fn without_non_finite(text: &[u8]) -> Option<(Vec<u8>, Vec<usize>)> {
    const WORDS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
    let (mut out, mut lines) = (Vec::with_capacity(text.len() + 64), Vec::new());
    let (mut at, mut line, mut in_text) = (0, 1, false);
    while at < text.len() {
        let rest = &text[at..];
        let word = WORDS.iter().find(|word| !in_text && rest.starts_with(word));
        if let Some(word) = word {
            out.push(b'"');
            out.extend_from_slice(word);
            out.push(b'"');
            lines.push(line);
            at += word.len();
            continue;
        }
        // A backslash escapes the next byte.
        let n = if in_text && rest[0] == b'\\' { 2 } else { 1 };
        match rest[0] {
            b'"' => in_text = !in_text,
            b'\n' => line += 1,
            _ => {}
        }
        out.extend_from_slice(&rest[..n.min(rest.len())]);
        at += n;
    }
    (!lines.is_empty()).then_some((out, lines))
}

/// A file of the folder as JSON; null if missing.
pub(crate) fn optional_json(folder: &Path, name: &str) -> Result<Value> {
    let path = folder.join(name);
    if !path.is_file() {
        return Ok(Value::Null);
    }
    Ok(JsonFile::read(&path, SETTINGS_BYTES_MAX)?.value)
}

/// `"</s>"`, or `{"content": "</s>", ..}` in older files.
pub(crate) fn token_text(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value["content"].as_str())?;
    Some(text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<JsonFile> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        std::fs::write(&path, text).unwrap();
        JsonFile::read(&path, 1000)
    }

    #[test]
    fn what_python_writes_is_read_and_told() {
        let text = b"\xef\xbb\xbf{\"a\": NaN,\n \"b\": [-Infinity, 1],\n \"NaN \\\" Infinity\": 2}";
        let file = read(text).unwrap();
        assert_eq!(file.value["a"], "NaN");
        assert_eq!(file.value["b"][0], "-Infinity");
        assert_eq!(file.value["NaN \" Infinity"], 2);
        assert!(
            file.notes[0].contains("byte order mark"),
            "{:?}",
            file.notes
        );
        assert!(file.notes[1].contains("(line 1, 2)"), "{:?}", file.notes);
        let plain = read(b"{\"a\": 1}").unwrap();
        assert!(plain.notes.is_empty());
        assert_eq!(plain.bytes, b"{\"a\": 1}");
    }

    #[test]
    fn what_is_no_json_is_told_with_its_line() {
        let said = |text: &[u8]| format!("{:#}", read(text).err().unwrap());
        let cut = said(b"{\"a\": NaN,\n");
        assert!(
            cut.contains("config.json") && cut.contains("line 2"),
            "{cut}"
        );
        assert!(said(b"{,}").contains("line 1"));
        assert!(said(b"{\"a\": \"\xe9\"}").contains("not UTF-8"));
        assert!(said(b"version https://git-lfs.github.com/spec/v1").contains("Git LFS"));
        assert!(said(&[b' '; 1001]).contains("larger than 1000 bytes"));
    }
}
