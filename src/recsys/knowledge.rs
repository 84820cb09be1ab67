//! Knowledge documents: the model's answers about subjects, one JSON object per line.
//! They fill the retrieval pools.
//!
//! A file grows only by whole lines, so that a kill at any moment loses at most the
//! current answer. Must not know tokens or pools.

mod log;
mod torn;

use std::fs;
use std::path::Path;

use color_eyre::eyre::{Report, WrapErr, ensure, eyre};
use serde::{Deserialize, Serialize};

use super::subject::SubjectKind;

pub use log::KnowledgeLog;

macro_rules! sample {
    ($($name:literal),+) => {
        [$((
            concat!("sample-data/knowledge/", $name),
            include_str!(concat!("../../sample-data/knowledge/", $name)),
        )),+]
    };
}

/// The files that ship for the sample catalog, by name.
const SAMPLE: [(&str, &str); 4] = sample!(
    "items.jsonl",
    "users.jsonl",
    "once-items.jsonl",
    "once-users.jsonl"
);

/// One answer. The fields are written in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnowledgeDoc {
    /// The subject's id in its catalog.
    pub id: String,
    /// Item or user.
    pub kind: SubjectKind,
    /// The subject's group when it was written.
    pub group: String,
    /// `kar`, ..; `UNKNOWN_FRAMEWORK` if not given.
    pub framework: String,
    /// The model that wrote the text.
    pub model: String,
    /// The answer, the prefilled opening included.
    pub text: String,
    /// The text ended by an end-of-text token, not at a limit.
    #[serde(default = "yes")]
    pub ended: bool,
}

fn yes() -> bool {
    true
}

/// The framework of knowledge without one.
pub(crate) const UNKNOWN_FRAMEWORK: &str = "unknown";

/// A document's framework, if it is one.
pub(crate) fn known_framework(name: &str) -> Option<&str> {
    Some(name).filter(|name| !matches!(*name, "" | UNKNOWN_FRAMEWORK))
}

/// The group of knowledge without one.
pub(crate) const NO_GROUP: &str = "none";

/// A document's group, if it is one.
pub(crate) fn known_group(name: &str) -> Option<&str> {
    Some(name).filter(|name| *name != NO_GROUP)
}

/// The files that ship for the sample catalog, by name: KAR's items and users,
/// then ONCE's.
pub(crate) fn bundled_files() -> [(&'static str, &'static str); 4] {
    SAMPLE
}

/// The documents that ship for the sample catalog.
///
/// # Errors
/// Only if the sample data in the repository are broken.
pub fn bundled_knowledge() -> Result<Vec<KnowledgeDoc>, Report> {
    let files = bundled_files().into_iter();
    let docs = files.map(|(name, text)| parse_knowledge(name, text));
    Ok(docs.collect::<Result<Vec<_>, _>>()?.concat())
}

/// # Errors
/// Names the file and the first bad line, a cut-off last one included.
pub fn read_knowledge(path: &Path) -> Result<Vec<KnowledgeDoc>, Report> {
    let bytes = fs::read(path).wrap_err_with(|| format!("reading {}", path.display()))?;
    parse_bytes(path, &bytes)
}

/// The documents of a file, without a truncated last line.
///
/// # Errors
/// As [`read_knowledge`], for any other line.
pub(crate) fn read_whole_lines(path: &Path) -> Result<Vec<KnowledgeDoc>, Report> {
    let bytes = fs::read(path).wrap_err_with(|| format!("reading {}", path.display()))?;
    let (whole, tail) = bytes.split_at(n_whole_lines(&bytes));
    let mut docs = parse_bytes(path, whole)?;
    docs.extend(last_document(tail));
    Ok(docs)
}

/// Bytes up to the last newline.
fn n_whole_lines(bytes: &[u8]) -> usize {
    let newline = bytes.iter().rposition(|&byte| byte == b'\n');
    newline.map_or(0, |at| at + 1)
}

/// The text after the last newline, if it is a whole document.
fn last_document(tail: &[u8]) -> Option<KnowledgeDoc> {
    str::from_utf8(tail)
        .ok()
        .and_then(|line| parse_line(line).ok())
}

/// `file` is the name that error messages carry. Blank lines are skipped.
pub(crate) fn parse_knowledge(file: &str, text: &str) -> Result<Vec<KnowledgeDoc>, Report> {
    let mut docs = Vec::new();
    for (line, content) in (1u64..).zip(text.lines()) {
        if content.trim().is_empty() {
            continue;
        }
        docs.push(parse_line(content).wrap_err_with(|| format!("{file}:{line}"))?);
    }
    Ok(docs)
}

/// One line, which must not be blank.
fn parse_line(line: &str) -> Result<KnowledgeDoc, Report> {
    let doc: KnowledgeDoc = serde_json::from_str(line).map_err(|error| match error.is_eof() {
        true => eyre!("the line is truncated: resume the run that wrote it, or delete the line"),
        // Its own line number would always be 1.
        false => eyre!(
            "not a knowledge document: {}",
            without_place(&error.to_string())
        ),
    })?;
    ensure!(!doc.id.is_empty(), "the id is empty");
    ensure!(!doc.text.is_empty(), "the text is empty");
    Ok(doc)
}

fn without_place(message: &str) -> &str {
    message
        .rsplit_once(" at line ")
        .map_or(message, |(what, _)| what)
}

fn line_at(bytes: &[u8], offset: usize) -> usize {
    1 + bytes[..offset]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count()
}

/// Appends documents to a file, creating it if necessary; a line truncated by a kill is
/// removed first. To add many, keep a [`KnowledgeLog`] open.
#[cfg(test)]
pub(crate) fn append_knowledge(path: &Path, docs: &[KnowledgeDoc]) -> Result<(), Report> {
    let mut log = KnowledgeLog::open(path)?;
    docs.iter().try_for_each(|doc| log.append(doc))
}

fn parse_bytes(path: &Path, bytes: &[u8]) -> Result<Vec<KnowledgeDoc>, Report> {
    let file = path.display().to_string();
    let text = str::from_utf8(bytes)
        .map_err(|e| eyre!("{file}:{}: not UTF-8", line_at(bytes, e.valid_up_to())))?;
    parse_knowledge(&file, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn doc(id: &str, text: &str) -> KnowledgeDoc {
        KnowledgeDoc {
            id: id.to_owned(),
            kind: SubjectKind::Item,
            group: "crime".to_owned(),
            framework: "kar".to_owned(),
            model: "tiny".to_owned(),
            text: text.to_owned(),
            ended: true,
        }
    }

    #[test]
    fn the_line_format_is_this() {
        let line = serde_json::to_string(&doc("i1", "a\nb")).expect("plain data");
        assert_eq!(
            line,
            r#"{"id":"i1","kind":"item","group":"crime","framework":"kar","model":"tiny","text":"a\nb","ended":true}"#
        );
        let older = line.replace(",\"ended\":true", "");
        assert_eq!(parse_line(&older).expect("older"), doc("i1", "a\nb"));
    }

    #[test]
    fn a_bad_line_in_the_middle_is_named_and_nothing_is_touched() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("k.jsonl");
        append_knowledge(&path, &[doc("i1", "a")]).expect("writes");
        let mut text = fs::read_to_string(&path).expect("reads");
        text.push_str("{\"id\":3}\n");
        fs::write(&path, &text).expect("writes");
        for error in [
            read_knowledge(&path).expect_err("bad"),
            KnowledgeLog::open(&path).expect_err("bad"),
        ] {
            let message = format!("{error:#}");
            assert!(message.contains("k.jsonl:2"), "{message}");
        }
        assert_eq!(fs::read_to_string(&path).expect("reads"), text);
    }

    proptest! {
        #[test]
        fn a_kill_anywhere_loses_at_most_the_answer_in_work(
            texts in prop::collection::vec("(?s).{1,12}", 1..5),
            cut in 0.0..1.0f64,
        ) {
            let docs: Vec<KnowledgeDoc> = texts.iter().enumerate()
                .map(|(n, text)| doc(&format!("i{n}"), text)).collect();
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = folder.path().join("k.jsonl");
            append_knowledge(&path, &docs).expect("writes");
            let whole = fs::read(&path).expect("reads");
            prop_assert_eq!(&read_knowledge(&path).expect("reads"), &docs);

            let n_kept = (cut * whole.len() as f64) as usize;
            fs::write(&path, &whole[..n_kept]).expect("writes");
            let mut log = KnowledgeLog::open(&path).expect("opens");
            let n_found = log.found.len();
            let n_newlines = whole[..n_kept].iter().filter(|&&byte| byte == b'\n').count();
            prop_assert!(n_found >= n_newlines);
            prop_assert_eq!(&log.found[..], &docs[..n_found]);
            for doc in &docs[n_found..] {
                log.append(doc).expect("writes");
            }
            drop(log);
            prop_assert_eq!(fs::read(&path).expect("reads"), whole);
        }
    }
}
