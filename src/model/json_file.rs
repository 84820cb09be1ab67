//! A checkpoint's JSON files as people have them: behind a byte order mark, and
//! with the `NaN` and `Infinity` that Python writes and JSON does not have. Those
//! become texts, so that whoever needs a number there says so.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, ensure, eyre};
use serde_json::Value;

/// A configuration; the longest known have some 100 kB.
pub const CONFIGURATION: u64 = 16 << 20;
/// A tokenizer with its vocabulary, or a list of tensors: up to some 40 MB.
pub const VOCABULARY: u64 = 256 << 20;

/// A file, read.
pub struct JsonFile {
    pub value: Value,
    /// As it lies there.
    pub bytes: Vec<u8>,
    /// What was read with patience, for the user.
    pub notes: Vec<String>,
}

impl JsonFile {
    /// Reads a file of at most so many bytes.
    ///
    /// # Errors
    /// A file that cannot be read, is too long, or is no JSON: with its name and
    /// the line at fault.
    pub fn read(path: &Path, most: u64) -> Result<Self> {
        let shown = path.display();
        let reading = || format!("reading {shown}");
        let file = File::open(path).wrap_err_with(reading)?;
        let mut bytes = Vec::new();
        file.take(most + 1)
            .read_to_end(&mut bytes)
            .wrap_err_with(reading)?;
        ensure!(
            bytes.len() as u64 <= most,
            "{shown} is longer than {most} bytes, the most that is read of such a file"
        );
        let (value, notes) = parse(path, &bytes)?;
        Ok(JsonFile {
            value,
            bytes,
            notes,
        })
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<(Value, Vec<String>)> {
    let shown = path.display();
    let plain = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut notes = Vec::new();
    if plain.len() < bytes.len() {
        notes.push(format!(
            "{shown} begins with a byte order mark; it is passed over"
        ));
    }
    if plain.starts_with(b"version https://git-lfs") {
        return Err(eyre!(
            "{shown} is a Git LFS pointer, not the file itself: run `git lfs pull` where it was \
             cloned, or download the file"
        ));
    }
    let strict = match serde_json::from_slice(plain) {
        Ok(value) => return Ok((value, notes)),
        Err(err) => err,
    };
    let Some((quoted, lines)) = without_non_finite(plain) else {
        return Err(eyre!("{shown}: {strict}"));
    };
    let value = serde_json::from_slice(&quoted).map_err(|err| eyre!("{shown}: {err}"))?;
    let lines: Vec<String> = lines.iter().map(usize::to_string).collect();
    notes.push(format!(
        "{shown} holds NaN or Infinity (line {}), which JSON does not have; nothing here needs \
         that number",
        lines.join(", ")
    ));
    Ok((value, notes))
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
        // A backslash takes the next byte with it.
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
        assert!(read(b"{\"a\": 1}").unwrap().notes.is_empty());
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
        assert!(said(b"version https://git-lfs.github.com/spec/v1").contains("Git LFS"));
        assert!(said(&[b' '; 1001]).contains("longer than 1000 bytes"));
    }
}
