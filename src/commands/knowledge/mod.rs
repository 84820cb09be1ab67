//! `laserscope knowledge`: joins (`merge`) and imports (`import`) documents.

mod import;
mod merge;

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use color_eyre::eyre::{Result, ensure};

use crate::atomic_file;
use crate::cli::KnowledgeCommand;
use crate::config::Settings;
use crate::recsys::{KnowledgeDoc, SubjectKind};

pub use merge::merge;

/// Runs the command. `Ok(false)`: cancelled.
pub fn run(command: &KnowledgeCommand, settings: &Settings) -> Result<bool> {
    match command {
        KnowledgeCommand::Merge {
            shards,
            out,
            partial,
        } => {
            let docs = merge(shards, *partial)?;
            write_new(out, &docs)?;
            note!("{} documents in {}", docs.len(), out.display());
            match &settings.pool {
                Some(pool) => crate::commands::pool::build_of(pool, out, settings),
                None => Ok(true),
            }
        }
        KnowledgeCommand::Import {
            files,
            out,
            kind,
            framework,
            format,
            json,
        } => {
            let hints = crate::recsys::foreign::Hints {
                kind: *kind,
                framework: framework.clone(),
                format: format.0,
            };
            import::run(files, out, &hints, *json, settings).map(|()| true)
        }
    }
}

/// The question that a document answers.
type Asked<'a> = (SubjectKind, &'a str, &'a str);

fn asked(doc: &KnowledgeDoc) -> Asked<'_> {
    (doc.kind, &doc.id, &doc.framework)
}

/// Index of the last answer to each question.
fn last_of_each(docs: &[KnowledgeDoc]) -> HashMap<Asked<'_>, usize> {
    docs.iter()
        .zip(0..)
        .map(|(doc, i)| (asked(doc), i))
        .collect()
}

/// Writes a file of documents atomically.
///
/// # Errors
/// A file that is not empty.
fn write_new(out: &Path, docs: &[KnowledgeDoc]) -> Result<()> {
    let held = std::fs::metadata(out).map_or(0, |meta| meta.len());
    ensure!(
        held == 0,
        "--out {}: is not empty; delete it, or choose another file",
        out.display()
    );
    atomic_file::write_with(out, |file| {
        for doc in docs {
            serde_json::to_writer(&mut *file, doc)?;
            file.write_all(b"\n")?;
        }
        Ok(())
    })
}
