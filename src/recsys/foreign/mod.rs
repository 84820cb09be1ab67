//! Knowledge made elsewhere, as documents: our own lines, KAR's `.klg` (one JSON
//! object, id -> {prompt, ans}), ONCE's logs (`id TAB text`, or `{"uid":..,
//! "interest":..}` a line) and LASER's (a JSON string a line that holds JSON).
//!
//! A bad line is counted and the first few are told; nothing here stops at one.
//! Must not know catalogs: whose ids these are is for others to say.

mod entry;
mod klg;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use color_eyre::eyre::{Report, Result, WrapErr, ensure, eyre};
use serde_json::Value;

use super::catalog::SubjectKind;
use super::knowledge::{KnowledgeDoc, parse_line};
use entry::Entry;

/// Bad lines that are told, of each file.
const N_TOLD: usize = 5;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Jsonl,
    Klg,
    Once,
    Laser,
}

/// What the files themselves may leave open.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// `None`: what the lines or the file's name say, else items.
    pub kind: Option<SubjectKind>,
    /// `None`: the line's own, or the one whose format it is.
    pub framework: Option<String>,
    /// `None`: what the content looks like.
    pub format: Option<Format>,
}

/// What a file held.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    pub docs: Vec<KnowledgeDoc>,
    pub n_bad: usize,
    /// The first few, each with file and line.
    pub bad: Vec<String>,
}

impl Imported {
    /// The bad lines: the first few, and how many more there are.
    pub fn told(&self) -> Vec<String> {
        let mut lines = self.bad.clone();
        let n_more = self.n_bad - self.bad.len();
        if n_more > 0 {
            lines.push(format!("and {n_more} more bad lines"));
        }
        lines
    }
}

impl Format {
    pub const ALL: [Format; 4] = [Format::Jsonl, Format::Klg, Format::Once, Format::Laser];

    pub fn name(self) -> &'static str {
        match self {
            Format::Jsonl => "jsonl",
            Format::Klg => "klg",
            Format::Once => "once",
            Format::Laser => "laser",
        }
    }

    /// The framework that writes such files.
    fn framework(self) -> &'static str {
        match self {
            Format::Once => "once",
            _ => "kar",
        }
    }

    /// What the content looks like.
    pub fn of(text: &str) -> Option<Format> {
        let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        if line.starts_with('"') {
            return Some(Format::Laser);
        }
        if !line.starts_with('{') {
            let has_id = line.split_once('\t').is_some_and(|(id, _)| !id.is_empty());
            return has_id.then_some(Format::Once);
        }
        match serde_json::from_str::<Value>(line) {
            Ok(Value::Object(fields)) if fields.values().all(Value::is_object) => Some(Format::Klg),
            Ok(Value::Object(fields)) if fields.contains_key("text") => Some(Format::Jsonl),
            Ok(_) => Some(Format::Once),
            Err(_) => klg::looks_like(text).then_some(Format::Klg),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = Report;

    fn from_str(text: &str) -> Result<Self, Report> {
        let found = Format::ALL.into_iter().find(|f| f.name() == text);
        found.ok_or_else(|| eyre!("unknown format `{text}`: use auto, jsonl, klg, once or laser"))
    }
}

/// Reads a file.
///
/// # Errors
/// A file that cannot be read, or that looks like none of the formats.
pub fn read(path: &Path, hints: &Hints) -> Result<Imported> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).wrap_err_with(|| format!("reading {shown}"))?;
    parse(&shown, &bytes, hints)
}

/// `file` is the name that bad lines carry; it may say the kind: `user.klg`.
///
/// # Errors
/// Content that looks like none of the formats.
pub fn parse(file: &str, bytes: &[u8], hints: &Hints) -> Result<Imported> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.trim().is_empty() {
        return Ok(Imported::default());
    }
    let format = hints.format.or_else(|| Format::of(text));
    ensure!(
        format.is_some(),
        "{file}: no knowledge that this program knows: our JSONL, KAR's .klg, ONCE's logs or \
         LASER's JSONL; --format says which it is"
    );
    let mut reader = Reader {
        file,
        hints,
        kind: kind_of_name(file),
        format: format.unwrap_or(Format::Jsonl),
        imported: Imported::default(),
    };
    match reader.format {
        Format::Klg => klg::read(text, &mut reader),
        _ => reader.lines(text),
    }
    Ok(reader.imported)
}

/// `user.klg`, `recent_history.json`: whom a file is about, by its name.
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

/// A file being read.
struct Reader<'a> {
    file: &'a str,
    hints: &'a Hints,
    kind: Option<SubjectKind>,
    format: Format,
    imported: Imported,
}

impl Reader<'_> {
    fn lines(&mut self, text: &str) {
        for (number, line) in (1usize..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            let read = match line.contains('\u{fffd}') {
                true => Err("not UTF-8".to_string()),
                false => self.line(line),
            };
            self.take(number, read);
        }
    }

    fn line(&self, line: &str) -> Result<KnowledgeDoc, String> {
        match self.format {
            Format::Jsonl => parse_line(line)
                .map(|doc| self.hinted(doc))
                .map_err(|e| format!("{e:#}")),
            Format::Once => match line.split_once('\t') {
                Some((id, text)) if !line.starts_with('{') => {
                    self.document(Entry::of_tab(id, text)?)
                }
                _ => self.document(Entry::of_json(line)?),
            },
            Format::Laser | Format::Klg => self.document(Entry::of_json(line)?),
        }
    }

    fn take(&mut self, line: usize, read: Result<KnowledgeDoc, String>) {
        match read {
            Ok(doc) => self.imported.docs.push(doc),
            Err(what) => {
                self.imported.n_bad += 1;
                if self.imported.bad.len() < N_TOLD {
                    self.imported
                        .bad
                        .push(format!("{}:{line}: {what}", self.file));
                }
            }
        }
    }

    fn document(&self, entry: Entry) -> Result<KnowledgeDoc, String> {
        let kind = entry.kind.or(self.kind).unwrap_or(SubjectKind::Item);
        let framework = self.format.framework().to_string();
        Ok(self.hinted(KnowledgeDoc {
            id: entry.id,
            kind,
            group: "none".into(),
            framework: entry.framework.unwrap_or(framework),
            model: entry.model.unwrap_or_else(|| "unknown".into()),
            text: entry.text,
            ended: true,
        }))
    }

    fn hinted(&self, mut doc: KnowledgeDoc) -> KnowledgeDoc {
        doc.kind = self.hints.kind.unwrap_or(doc.kind);
        if let Some(framework) = &self.hints.framework {
            doc.framework.clone_from(framework);
        }
        doc
    }
}
