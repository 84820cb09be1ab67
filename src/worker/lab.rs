//! Questions about the pools, and changes of them, answered by a loaded engine:
//! when it is idle, and between the steps of a run under way.

use std::fs;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, ensure};

use super::message::Event;
use crate::engine::{
    DocumentText, Documents, Engine, Found, Knowledge, Overview, PoolName, Probe, ProbedText,
};
use crate::recsys::foreign::{self, Document, Hints};
use crate::recsys::knowledge::known_framework;
use crate::speculate::params::Params;

/// A larger file is for `laserscope pool add`.
const MAX_FILE_BYTES: u64 = 32 << 20;

/// What is asked of the pools.
#[derive(Clone, Debug, PartialEq)]
pub enum LabQuestion {
    Overview,
    Documents {
        pool: PoolName,
    },
    Document {
        pool: PoolName,
        id: String,
    },
    Find {
        text: String,
    },
    Probe {
        text: ProbedText,
        /// The group whose pool is compared with the others.
        group: Option<String>,
        params: Box<Params>,
    },
    Add(NewDocument),
    /// Documents of a file, one JSON object a line.
    AddFile {
        path: PathBuf,
    },
    Remove {
        pool: PoolName,
        id: String,
    },
    Undo,
    /// Put the changes into the pool on disk.
    Save,
}

/// A text to be added to a group's pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    pub id: String,
    pub title: String,
    /// `item`, `user`, ..
    pub kind: String,
    pub group: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum LabAnswer {
    Overview(Overview),
    Documents(Documents),
    Document(DocumentText),
    Found(Found),
    Probe(Probe),
    /// The pools were changed: what happened, and how they are now.
    Changed {
        told: String,
        now: Overview,
    },
}

/// Answers a question; an error says what is at fault.
pub fn answered(engine: &mut Engine, question: Box<LabQuestion>) -> Event {
    let answer = answer(engine, &question).map(Box::new);
    let answer = answer.map_err(|e| format!("{e:#}"));
    Event::Lab { question, answer }
}

fn answer(engine: &mut Engine, question: &LabQuestion) -> Result<LabAnswer> {
    let told = match question {
        LabQuestion::Overview => return Ok(LabAnswer::Overview(engine.pools_overview())),
        LabQuestion::Documents { pool } => {
            return Ok(LabAnswer::Documents(engine.list_documents(pool)));
        }
        LabQuestion::Document { pool, id } => {
            return engine.read_document(pool, id).map(LabAnswer::Document);
        }
        LabQuestion::Find { text } => return engine.find_in_pools(text).map(LabAnswer::Found),
        LabQuestion::Probe {
            text,
            group,
            params,
        } => {
            let probe = engine.probe(text, group.as_deref(), params)?;
            return Ok(LabAnswer::Probe(probe));
        }
        LabQuestion::Add(document) => add(engine, document)?,
        LabQuestion::AddFile { path } => add_file(engine, path)?,
        LabQuestion::Remove { pool, id } => {
            engine.remove_document(pool, id)?;
            format!("`{id}` is out of the pools for this session's next runs; u brings it back.")
        }
        LabQuestion::Undo => capitalised(&engine.undo_edit()?),
        LabQuestion::Save => save(engine)?,
    };
    let now = engine.pools_overview();
    Ok(LabAnswer::Changed { told, now })
}

fn add(engine: &mut Engine, document: &NewDocument) -> Result<String> {
    let NewDocument {
        id,
        title,
        kind,
        group,
        text,
    } = document.clone();
    let knowledge = Knowledge {
        id,
        title,
        kind,
        group,
        framework: None,
        text,
        ended: true,
    };
    let ids = engine.add_documents(&[knowledge])?;
    Ok(format!(
        "`{}` is in {}/{} for this session's next runs; u takes it back.",
        ids.concat(),
        document.kind,
        document.group
    ))
}

fn add_file(engine: &mut Engine, path: &Path) -> Result<String> {
    let shown = path.display().to_string();
    let reading = || format!("reading {shown}");
    let n_bytes = fs::metadata(path).wrap_err_with(reading)?.len();
    ensure!(
        n_bytes <= MAX_FILE_BYTES,
        "{shown} has {} MB: use `laserscope pool add` for more than {} MB",
        n_bytes >> 20,
        MAX_FILE_BYTES >> 20
    );
    let mut docs = Vec::new();
    let read = foreign::each(path, &Hints::default(), &mut |doc, _| {
        docs.push(as_knowledge(doc));
        Ok(())
    })?;
    read.expect_any(&shown, docs.len())?;
    let ids = engine.add_documents(&docs)?;
    let mut told = format!(
        "{} documents of {shown} are in the pools for this session's next runs; u takes them back.",
        ids.len()
    );
    for line in read.told() {
        told.push_str(&format!(" {}.", line.trim_end_matches('.')));
    }
    Ok(told)
}

fn as_knowledge(doc: Document) -> Knowledge {
    let framework = doc.framework.as_deref().and_then(known_framework);
    Knowledge {
        title: doc.title.unwrap_or_else(|| doc.id.clone()),
        id: doc.id,
        kind: doc.kind.unwrap_or_else(|| "item".into()),
        group: doc.group.unwrap_or_else(|| "none".into()),
        framework: framework.map(str::to_string),
        text: doc.text,
        ended: doc.ended,
    }
}

fn save(engine: &mut Engine) -> Result<String> {
    let saved = engine.save_edits()?;
    let path = engine.pool_on_disk().unwrap_or_default();
    let mut told = format!(
        "Saved to {path}: {} documents added, {} taken out",
        saved.added, saved.removed
    );
    if saved.unknown > 0 {
        told.push_str(&format!(
            "; {} taken out here only, they are not in that pool",
            saved.unknown
        ));
    }
    Ok(told + ".")
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str() + "."
}
