//! `laserscope knowledge import`: turns knowledge made elsewhere into documents of this
//! catalog.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, ensure};
use serde::Serialize;

use crate::commands::knowledge::{last_of_each, write_new};
use crate::commands::print_json;
use crate::config::Settings;
use crate::recsys::foreign::{Hints, Imported, read};
use crate::recsys::knowledge::NO_GROUP;
use crate::recsys::{Catalog, KnowledgeDoc};

/// What was imported.
#[derive(Debug, Default, Serialize)]
struct KnowledgeImportReport {
    documents: usize,
    bad_lines: usize,
    /// Answers from which reasoning blocks or end-of-turn markers were removed.
    reasoning_removed: usize,
    markers_removed: usize,
    /// Answers replaced by a later one to the same question.
    replaced: usize,
    /// Documents whose subject is not in the catalog; `None`: no catalog.
    unknown: Option<usize>,
}

pub(crate) fn run(
    files: &[PathBuf],
    out: &Path,
    hints: &Hints,
    json: bool,
    settings: &Settings,
) -> Result<()> {
    let catalog = settings.catalog.as_ref();
    let catalog = catalog.map(|_| settings.load_catalog()).transpose()?;
    let mut report = KnowledgeImportReport::default();
    let mut docs = Vec::new();
    for file in files {
        let Imported {
            docs: read,
            account,
        } = read(file, hints)?;
        account.told().iter().for_each(|line| note!("{line}"));
        report.bad_lines += account.n_bad;
        report.reasoning_removed += account.n_reasoning;
        report.markers_removed += account.n_markers;
        docs.extend(read);
    }
    let mut docs = without_replaced(docs, &mut report);
    report.documents = docs.len();
    ensure!(
        !docs.is_empty(),
        "nothing was imported: no entry has an id and an answer"
    );
    if let Some(catalog) = &catalog {
        report.unknown = Some(place(&mut docs, catalog));
    }
    write_new(out, &docs)?;
    if json {
        return print_json(&report);
    }
    tell(&report, out, catalog.as_ref());
    Ok(())
}

/// The last answer to each question, in its place.
fn without_replaced(
    docs: Vec<KnowledgeDoc>,
    report: &mut KnowledgeImportReport,
) -> Vec<KnowledgeDoc> {
    let mut is_last = vec![false; docs.len()];
    last_of_each(&docs)
        .values()
        .for_each(|&i| is_last[i] = true);
    report.replaced = is_last.iter().filter(|last| !**last).count();
    let docs = docs.into_iter().zip(is_last);
    docs.filter_map(|(doc, is_last)| is_last.then_some(doc))
        .collect()
}

/// Gives each document its subject's group; returns how many have no subject.
fn place(docs: &mut [KnowledgeDoc], catalog: &Catalog) -> usize {
    let mut n_unknown = 0;
    for doc in docs {
        match catalog.lookup(doc.kind, &doc.id) {
            Some(at) => {
                let group = catalog.subject(at).pool_group();
                doc.group = group.unwrap_or(NO_GROUP).to_string();
            }
            None => n_unknown += 1,
        }
    }
    n_unknown
}

fn tell(report: &KnowledgeImportReport, out: &Path, catalog: Option<&Catalog>) {
    note!(
        "{} documents in {}; {} bad entries, {} replaced by later ones",
        report.documents,
        out.display(),
        report.bad_lines,
        report.replaced
    );
    if let (Some(n), Some(catalog)) = (report.unknown, catalog) {
        note!(
            "{n} of them match no subject of the catalog {}{}",
            catalog.name,
            match n {
                0 => "",
                _ => ": they join the global pool only",
            }
        );
    }
}
