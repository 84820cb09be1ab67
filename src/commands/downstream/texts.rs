//! The arms' knowledge as texts: generated in resumable batches, read from files, or made of
//! the catalog's own words.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use clap::Parser;
use color_eyre::eyre::{Result, WrapErr, bail};

use super::plan::{Arm, ArmOrigin, TestPlan};
use crate::cli::{Cli, Command};
use crate::commands::batch::{self, Batch};
use crate::engine::Engine;
use crate::recsys::knowledge::read_knowledge;
use crate::recsys::{Catalog, Framework, Item, Role, Subject, SubjectRef};
use crate::speculate::params::Params;
use crate::worker::ask;

/// What is asked about whom.
pub(crate) struct TestSubjects<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) framework: &'a Framework,
    pub(crate) plan: &'a TestPlan,
    pub(crate) max_tokens: usize,
}

/// ArmTexts by subject.
pub(crate) type ArmTexts = HashMap<SubjectRef, String>;

/// ArmTexts of every arm that has its own; an arm without gets `None`. `None`: cancelled.
///
/// # Errors
/// A batch's; a file that cannot be read.
pub(crate) fn of_arms(
    asked: &TestSubjects<'_>,
    engine: &mut Engine,
    arms: &[Arm],
    folder: &Path,
) -> Result<Option<Vec<Option<ArmTexts>>>> {
    let mut all = Vec::new();
    for arm in arms {
        let texts = match &arm.source {
            ArmOrigin::None | ArmOrigin::Permuted => None,
            ArmOrigin::Catalog => Some(own_words(asked)),
            ArmOrigin::File(path) => Some(read(asked.catalog, path)?),
            ArmOrigin::Rule(params) => {
                let path = knowledge_path(folder, arm);
                note!("{}: generating {}", arm.name, path.display());
                if !generate(asked, engine, **params, &path)? {
                    return Ok(None);
                }
                Some(read(asked.catalog, &path)?)
            }
        };
        all.push(texts);
    }
    Ok(Some(all))
}

/// The documents that an arm generates.
pub(super) fn knowledge_path(folder: &Path, arm: &Arm) -> PathBuf {
    folder.join(format!("knowledge-{}.jsonl", arm.name))
}

/// Generates what the file lacks, from the same pools whatever was generated before.
/// `false`: cancelled.
fn generate(
    asked: &TestSubjects<'_>,
    engine: &mut Engine,
    params: Params,
    out: &Path,
) -> Result<bool> {
    let out = out.display().to_string();
    let words = "laserscope generate --all both --batch auto --reference-every 0 --out";
    let line = words.split(' ').chain([out.as_str()]);
    let Some(Command::Generate(args)) = Cli::try_parse_from(line)?.command else {
        bail!("a batch is a `generate`");
    };
    let only: HashSet<SubjectRef> = asked.plan.subjects(asked.catalog).into_iter().collect();
    let starting = engine.pools.current.clone();
    let batch = Batch {
        args: &args,
        catalog: asked.catalog,
        framework: asked.framework,
        params,
        only: Some(&only),
    };
    let is_done = batch::run_for(engine, batch);
    engine.pools.set(&starting);
    is_done
}

/// The documents about subjects of the catalog, the last of each.
fn read(catalog: &Catalog, path: &Path) -> Result<ArmTexts> {
    let docs = read_knowledge(path).wrap_err("--arm")?;
    let n_docs = docs.len();
    let known = docs.into_iter();
    let known = known.filter_map(|doc| Some((catalog.lookup(doc.kind, &doc.id)?, doc.text)));
    let mut n_known = 0;
    let texts: ArmTexts = known.inspect(|_| n_known += 1).collect();
    if n_known < n_docs {
        note!(
            "{}: {} of {n_docs} documents are about no subject of the catalog",
            path.display(),
            n_docs - n_known
        );
    }
    Ok(texts)
}

/// What the catalog says of each subject, and nothing else.
fn own_words(asked: &TestSubjects<'_>) -> ArmTexts {
    let subjects = asked.plan.subjects(asked.catalog).into_iter();
    let words = subjects.map(|at| (at, words_about(asked.catalog, at)));
    words.filter(|(_, text)| !text.is_empty()).collect()
}

fn words_about(catalog: &Catalog, at: SubjectRef) -> String {
    match catalog.subject(at) {
        Subject::Item(item) => of_item(item),
        Subject::User(user) => {
            let role = ask::role_of(catalog.subject(at));
            let liked = shown(catalog, user, role);
            format!("Liked: {}.", liked.join("; "))
        }
    }
}

fn shown(catalog: &Catalog, user: &crate::recsys::User, role: Role) -> Vec<String> {
    let shown = catalog.protocol.shown(&user.history, role);
    let item = |at: usize| &catalog.items[at];
    let labels = shown.iter().map(|seen| label(item(seen.item_idx())));
    labels.collect()
}

fn label(item: &Item) -> String {
    Subject::Item(item).label()
}

/// `Heat (1995). Crime, Drama. Michael Mann.`
fn of_item(item: &Item) -> String {
    let list = |names: &[ecow::EcoString]| names.join(", ");
    let facts = item.facts.iter().map(|fact| fact.value.clone());
    let parts = [
        label(item),
        list(&item.genres),
        item.director.to_string(),
        item.country.to_string(),
        list(&item.themes),
    ];
    let said = parts
        .into_iter()
        .chain(facts)
        .filter(|part| !part.is_empty());
    let said: Vec<String> = said.collect();
    format!("{}.", said.join(". "))
}
