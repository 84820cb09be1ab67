//! Knowledge from files, as documents: `--knowledge`, `knowledge import` and `pool
//! build|add` read through here. Known are LaserScope's own lines, lines with an id and
//! a text, KAR's `.klg` (one JSON object, id -> {prompt, ans}), maps and lists in JSON,
//! prompts with answers, messages, ONCE's logs (`id TAB text`, or one `{"uid":..,
//! "interest":..}` per line) and LASER's (one JSON string per line that contains JSON).
//!
//! A bad entry does not affect others: it is counted, and the first few are reported by
//! line and id. Must not know catalogs; others resolve the ids.

mod account;
mod answer_text;
mod elements;
#[cfg(test)]
mod elements_test;
mod entry;
mod format;
mod lenient_json;
mod markers;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, bail, ensure};

use super::knowledge::{KnowledgeDoc, UNKNOWN_FRAMEWORK};
use super::subject::SubjectKind;
use crate::text_input::{
    Encoding, LINE_BYTES_MAX, LineReader, Next, decode, read_text_from, shown_size,
};

pub(crate) use account::Account;
pub(crate) use entry::Document;
pub use format::Format;

/// Largest file that is one JSON value, in bytes.
const WHOLE_BYTES_MAX: u64 = 1 << 30;
/// Bytes read to recognize a file's format.
const LOOKED_AT_BYTES: usize = 1 << 20;

/// What the files themselves may not say.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// `None`: as the entries or the file's name say, else items. A document's own kind
    /// is any word until it becomes knowledge.
    pub kind: Option<SubjectKind>,
    /// `None`: as the entries say, else unknown.
    pub framework: Option<String>,
    /// `None`: recognized from the content.
    pub format: Option<Format>,
}

/// The contents of a file.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// Those that were kept.
    pub docs: Vec<KnowledgeDoc>,
    /// What was lost, and why.
    pub account: Account,
}

/// Receives documents in order, and the share of the file read so far, 0 to 1 if known.
pub(crate) type Sink<'a> = dyn FnMut(Document, Option<f64>) -> Result<()> + 'a;

/// Reads a file as knowledge of this program's own kinds.
///
/// # Errors
/// A file that cannot be read, has an unknown format, or has no readable document.
pub(crate) fn read(path: &Path, hints: &Hints) -> Result<Imported> {
    let mut docs = Vec::new();
    let account = each(path, hints, &mut |doc, _| {
        docs.push(doc);
        Ok(())
    })?;
    imported(&path.display().to_string(), docs, account, hints)
}

/// As `read`, for bytes called `file` in messages; the name may give the kind:
/// `user.klg`.
///
/// # Errors
/// Bytes that look like none of the formats, or of which nothing could be read.
pub fn parse(file: &str, bytes: &[u8], hints: &Hints) -> Result<Imported> {
    let decoded = decode(bytes);
    let mut docs = Vec::new();
    let account = each_from(file, decoded.text.as_bytes(), hints, &mut |doc, _| {
        docs.push(doc);
        Ok(())
    })?;
    imported(file, docs, account, hints)
}

fn imported(
    file: &str,
    docs: Vec<Document>,
    mut account: Account,
    hints: &Hints,
) -> Result<Imported> {
    let mut known = Vec::with_capacity(docs.len());
    for doc in docs {
        match as_knowledge(doc, hints) {
            Ok(doc) => known.push(doc),
            Err(why) => account.lose(file, None, why),
        }
    }
    account.expect_any(file, known.len())?;
    Ok(Imported {
        docs: known,
        account,
    })
}

fn as_knowledge(doc: Document, hints: &Hints) -> Result<KnowledgeDoc, String> {
    let kind = match (&doc.kind, hints.kind) {
        (_, Some(hint)) => hint,
        (None, None) => SubjectKind::Item,
        (Some(kind), None) => kind.parse().map_err(|_| {
            let id = &doc.id;
            format!("`{id}`: the kind `{kind}` is neither item nor user (knowledge import --kind)")
        })?,
    };
    let framework = hints.framework.clone().or(doc.framework);
    Ok(KnowledgeDoc {
        id: doc.id,
        kind,
        group: doc.group.unwrap_or_else(|| "none".into()),
        framework: framework.unwrap_or_else(|| UNKNOWN_FRAMEWORK.into()),
        model: doc.model.unwrap_or_else(|| "unknown".into()),
        text: doc.text,
        ended: doc.ended,
    })
}

/// The kind of a file's subjects by its name: `user.klg`, `recent_history.json`.
fn kind_of_name(file: &str) -> Option<SubjectKind> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let name = name.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match (says(&["user", "hist"]), says(&["item", "summar"])) {
        (true, false) => Some(SubjectKind::User),
        (false, true) => Some(SubjectKind::Item),
        _ => None,
    }
}

/// Passes on every document of a file. Lines are streamed; a file that is one JSON
/// value is read whole.
///
/// # Errors
/// A file that cannot be read or has an unknown format; those of `sink`.
pub(crate) fn each(path: &Path, hints: &Hints, sink: &mut Sink) -> Result<Account> {
    let name = path.display().to_string();
    let reading = || format!("reading {name}");
    let open = || -> Result<_> {
        let file = File::open(path).wrap_err_with(reading)?;
        Ok(BufReader::with_capacity(LOOKED_AT_BYTES, file))
    };
    let file = open()?;
    let meta = file.get_ref().metadata().wrap_err_with(reading)?;
    if !meta.is_file() {
        // A pipe can be read only once.
        return each_from(&name, file, hints, sink);
    }
    // Documents passed on cannot be withdrawn, so the encoding is determined first.
    let encoding = encoding_of(file).wrap_err_with(reading)?;
    let from = Input {
        name: &name,
        n_bytes: Some(meta.len()),
        encoding,
    };
    from.each(open()?, hints, sink)
}

/// As [`each`], for a stream called `name` in messages.
///
/// # Errors
/// As [`each`]; non-UTF-8 bytes after UTF-8 ones.
pub(crate) fn each_from(
    name: &str,
    bytes: impl BufRead,
    hints: &Hints,
    sink: &mut Sink,
) -> Result<Account> {
    let from = Input {
        name,
        n_bytes: None,
        encoding: None,
    };
    from.each(bytes, hints, sink)
}

/// Windows-1252, if the text is not UTF-8 somewhere.
fn encoding_of(bytes: impl BufRead) -> std::io::Result<Option<Encoding>> {
    let mut lines = LineReader::new(bytes, None, LINE_BYTES_MAX)?;
    loop {
        match lines.next_line() {
            Next::Line(_) | Next::TooLong => {}
            Next::LateByte => return Ok(Some(Encoding::Windows1252)),
            Next::Broken(error) => return Err(error),
            Next::End => break,
        }
    }
    Ok((lines.encoding() == Encoding::Windows1252).then_some(Encoding::Windows1252))
}

/// A file or stream being read.
struct Input<'a> {
    name: &'a str,
    n_bytes: Option<u64>,
    /// `None`: determined from the bytes.
    encoding: Option<Encoding>,
}

impl Input<'_> {
    fn each(&self, mut bytes: impl BufRead, hints: &Hints, sink: &mut Sink) -> Result<Account> {
        let name = self.name;
        let head = bytes
            .fill_buf()
            .wrap_err_with(|| format!("reading {name}"))?;
        let head = &head[..head.len().min(LOOKED_AT_BYTES)];
        let head = decode(head).text;
        let known = hints.format.or_else(|| Format::of(&head));
        let mut account = Account::default();
        let Some(format) = known else {
            ensure!(
                head.trim().is_empty(),
                "{name}: not a known format of knowledge (JSON lines with an id and a text, JSON \
                maps or lists, KAR's .klg, ONCE's logs, LASER's JSONL); choose one with \
                `knowledge import --format`"
            );
            return Ok(account);
        };
        let by_name = kind_of_name(name).map(|kind| kind.to_string());
        let mut sink = |mut doc: Document, done: Option<f64>| {
            doc.kind = doc.kind.or_else(|| by_name.clone());
            sink(doc, done)
        };
        match format.is_by_line() {
            true => self.each_line(bytes, format, &mut account, &mut sink)?,
            false => self.each_element(bytes, &mut account, &mut sink)?,
        }
        Ok(account)
    }

    fn each_line(
        &self,
        bytes: impl BufRead,
        format: Format,
        account: &mut Account,
        sink: &mut Sink,
    ) -> Result<()> {
        let name = self.name;
        let mut lines = LineReader::new(bytes, self.encoding, LINE_BYTES_MAX)
            .wrap_err_with(|| format!("reading {name}"))?;
        let mut n_read = 0;
        loop {
            let number = lines.number() as usize + 1;
            let entries = match lines.next_line() {
                Next::Line(line) => {
                    n_read += line.len() + 1;
                    of_line(line, format)
                }
                Next::TooLong => vec![Err(format!(
                    "the line is longer than {}, the limit",
                    shown_size(LINE_BYTES_MAX as u64)
                ))],
                Next::LateByte => bail!(
                    "{name}:{number}: not UTF-8, although the lines before it are: save the input \
                    to a file and pass that"
                ),
                Next::Broken(error) => {
                    return Err(error).wrap_err_with(|| format!("reading {name}"));
                }
                Next::End => return Ok(()),
            };
            let done = self.n_bytes.map(|n| n_read as f64 / n.max(1) as f64);
            for entry in entries {
                account.take(name, number, entry, &mut |doc| sink(doc, done))?;
            }
        }
    }

    fn each_element(&self, bytes: impl Read, account: &mut Account, sink: &mut Sink) -> Result<()> {
        let name = self.name;
        let read = read_text_from(name, bytes, WHOLE_BYTES_MAX)?;
        elements::each(&read.text, &mut |line, entry| {
            account.take(name, line, entry, &mut |doc| sink(doc, None))
        })
    }
}

/// The answers of a line; none of a blank one.
fn of_line(line: &str, format: Format) -> Vec<Result<Document, String>> {
    let trimmed = line.trim();
    match (trimmed.chars().next(), line.split_once('\t')) {
        (None, _) => Vec::new(),
        (Some('{' | '[' | '"'), _) => elements::of_line(trimmed),
        (_, Some((id, text))) if format == Format::Once => vec![Document::of_tab(id, text)],
        _ => elements::of_line(trimmed),
    }
}
