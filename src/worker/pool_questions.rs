//! Questions about the pools, and changes of them, answered by a loaded engine:
//! when it is idle, and between the steps of a run under way.

use std::fs;
use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, ensure};

use crate::engine::{Engine, Knowledge};
use crate::protocol::{Event, NewDocument, PoolAnswer, PoolChange, PoolQuestion};
use crate::recsys::foreign::{self, Document, Hints};
use crate::recsys::knowledge::known_framework;
use crate::speculate::subject::KindName;

/// Larger files need `laserscope pool add`.
const MAX_FILE_BYTES: u64 = 32 << 20;

/// Answers a question, or returns an error text.
pub(crate) fn answered(engine: &mut Engine, question: Box<PoolQuestion>) -> Event {
    let answer = answer(engine, &question).map(Box::new);
    let answer = answer.map_err(|e| format!("{e:#}"));
    Event::Pool { question, answer }
}

fn answer(engine: &mut Engine, question: &PoolQuestion) -> Result<PoolAnswer> {
    let change = match question {
        PoolQuestion::Overview => return Ok(PoolAnswer::Overview(engine.pools_overview())),
        PoolQuestion::Documents { pool } => {
            return Ok(PoolAnswer::Documents(engine.list_documents(pool)));
        }
        PoolQuestion::Document { pool, id } => {
            return engine.read_document(pool, id).map(PoolAnswer::Document);
        }
        PoolQuestion::Find { text } => return engine.find_in_pools(text).map(PoolAnswer::Found),
        PoolQuestion::Probe {
            text,
            group,
            params,
        } => {
            let probe = engine.probe(text, group.as_ref(), params)?;
            return Ok(PoolAnswer::Probe(probe));
        }
        PoolQuestion::Add(document) => add(engine, document)?,
        PoolQuestion::AddFile { path } => add_file(engine, path)?,
        PoolQuestion::Remove { pool, id } => {
            engine.pools.remove_document(pool, id)?;
            PoolChange::Removed { id: id.clone() }
        }
        PoolQuestion::Undo => PoolChange::Undone(engine.pools.undo_edit()?),
        PoolQuestion::Save => PoolChange::Saved {
            saved: engine.save_edits()?,
            path: engine.pools.pool_on_disk().unwrap_or_default(),
        },
    };
    let now = engine.pools_overview();
    Ok(PoolAnswer::Changed { change, now })
}

fn add(engine: &mut Engine, document: &NewDocument) -> Result<PoolChange> {
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
        group: Some(group),
        framework: None,
        text,
        ended: true,
    };
    let ids = engine.add_documents(&[knowledge])?;
    let id = ids.into_iter().next().unwrap_or_default();
    Ok(PoolChange::Added {
        id,
        kind: document.kind.clone(),
        group: document.group.clone(),
    })
}

fn add_file(engine: &mut Engine, path: &Path) -> Result<PoolChange> {
    let shown = path.display().to_string();
    let reading = || format!("reading {shown}");
    let n_bytes = fs::metadata(path).wrap_err_with(reading)?.len();
    ensure!(
        n_bytes <= MAX_FILE_BYTES,
        "{shown} has {} MB: use `laserscope pool add` for files above {} MB",
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
    Ok(PoolChange::AddedFile {
        path: path.to_path_buf(),
        n_documents: ids.len(),
        remarks: read.told(),
    })
}

fn as_knowledge(doc: Document) -> Knowledge {
    let framework = doc.framework.as_deref().and_then(known_framework);
    Knowledge {
        title: doc.title.unwrap_or_else(|| doc.id.clone()),
        id: doc.id,
        kind: doc.kind.map_or(KindName::Item, KindName::from),
        group: doc.group,
        framework: framework.map(str::to_string),
        text: doc.text,
        ended: doc.ended,
    }
}
