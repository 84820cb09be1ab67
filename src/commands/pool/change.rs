//! `laserscope pool build|add|remove`, with progress on standard error; Ctrl-C
//! leaves the pool as it was.

use std::path::Path;
use std::time::Instant;

use color_eyre::eyre::{Result, bail};
use serde::Serialize;

use crate::cli::PoolDocumentsArgs;
use crate::commands::pool::input::{self, Names};
use crate::commands::pool::{codec, describe};
use crate::commands::print_json;
use crate::config::Settings;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::engine::tokenizer_hash;
use crate::model::tokenizer::TextCodec;
use crate::recsys::SubjectKind;
use crate::recsys::foreign::Account;
use crate::recsys::knowledge::bundled_files;
use crate::retrieval::{
    Cancelled, Changed, Check, PoolDoc, PoolInfo, PoolStore, PoolUpdate, TokenizerHash, Work,
};
use crate::speculate::subject::DocId;

/// What a change did and what the pool holds now.
#[derive(Serialize)]
struct PoolChangeReport {
    #[serde(flatten)]
    changed: Changed,
    /// Entries of the input that could not be read.
    bad_lines: usize,
    seconds: f64,
    pool: PoolInfo,
}

/// Builds a pool, replacing an existing one.
pub(crate) fn build(path: &Path, args: &PoolDocumentsArgs, settings: &Settings) -> Result<()> {
    let start = Instant::now();
    let codec = needed_codec(args, settings)?;
    let (hash, model) = match &codec {
        Some(codec) => (tokenizer_hash(codec)?, model_name(settings)),
        None => (TokenizerHash::NONE, ""),
    };
    let mut line = Line::new();
    let mut progress = |work: &Work| show(&mut line, work);
    let update = PoolUpdate::build(path, &hash, model, args.max_tokens, &mut progress)?;
    let changed = fill(update, args, settings, codec.as_ref())?;
    drop(line);
    report(path, changed, start, args.json)
}

/// Adds documents to a pool.
pub(crate) fn add(path: &Path, args: &PoolDocumentsArgs, settings: &Settings) -> Result<()> {
    let start = Instant::now();
    if args.files.is_empty() && args.tokens.is_none() && settings.knowledge.is_empty() {
        bail!("nothing to add: give files of documents, or --tokens FILE");
    }
    let codec = needed_codec(args, settings)?;
    let hash = codec.as_ref().map(tokenizer_hash).transpose()?;
    let mut line = Line::new();
    let mut progress = |work: &Work| show(&mut line, work);
    let mut update = PoolUpdate::change(path, hash.as_ref(), &mut progress)?;
    if let Some(max) = args.max_tokens {
        update.set_max_tokens(Some(max));
    }
    let changed = fill(update, args, settings, codec.as_ref())?;
    drop(line);
    report(path, changed, start, args.json)
}

/// Removes documents from a pool.
pub(crate) fn remove(path: &Path, ids: &[String], json: bool) -> Result<()> {
    let start = Instant::now();
    let mut line = Line::new();
    let mut progress = |work: &Work| show(&mut line, work);
    let mut update = PoolUpdate::change(path, None, &mut progress)?;
    let names = ids.iter().map(|id| document_of(&update, path, id));
    let names = names.collect::<Result<Vec<_>>>()?;
    update.remove(names);
    let changed = update.commit()?;
    drop(line);
    report(path, (changed, Account::default()), start, json)
}

/// The document with an id: `item/i101`, or `i101` if only an item or only a user has it.
fn document_of(update: &PoolUpdate, path: &Path, id: &str) -> Result<DocId> {
    let kinds = [SubjectKind::Item, SubjectKind::User];
    let names = kinds.map(|kind| DocId::of(&kind.into(), id));
    let names = [DocId::from(id)].into_iter().chain(names);
    let held: Vec<DocId> = names.filter(|name| update.holds(name)).collect();
    match held.as_slice() {
        [] => bail!("no document of {} has the id `{id}`", path.display()),
        [only] => Ok(only.clone()),
        [first, ..] if *first == *id => Ok(first.clone()),
        _ => bail!(
            "{} has several documents of this id, {}: give the full id",
            path.display(),
            held.iter()
                .map(DocId::as_str)
                .collect::<Vec<_>>()
                .join(" and ")
        ),
    }
}

fn show(line: &mut Line, work: &Work) -> bool {
    let Work::Indexing { group, tokens } = work;
    line.show(&format!("indexing {group}: {tokens} tokens"));
    !interrupt::is_set()
}

/// The model's name, or its file's.
fn model_name(settings: &Settings) -> &str {
    let model = settings.model().trim_end_matches(['/', '\\']);
    let file = model.rsplit(['/', '\\']).next().unwrap_or(model);
    file.strip_suffix(".gguf").unwrap_or(file)
}

/// Bare ids need no tokenizer, and have one only if the user names it.
fn needed_codec(args: &PoolDocumentsArgs, settings: &Settings) -> Result<Option<TextCodec>> {
    if args.tokens.is_some() && settings.model.is_none() {
        return Ok(None);
    }
    codec(settings).map(Some)
}

/// Reads the documents that are asked for: as tokens, from files, or those that ship.
fn read(
    args: &PoolDocumentsArgs,
    settings: &Settings,
    codec: Option<&TextCodec>,
    push: &mut dyn FnMut(PoolDoc, Option<f64>) -> Result<()>,
) -> Result<Account> {
    if let Some(tokens) = &args.tokens {
        input::tokens(tokens, args.groups.as_deref(), push)?;
        return Ok(Account::default());
    }
    let Some(codec) = codec else {
        return Ok(Account::default());
    };
    let catalog = &settings.load_catalog()?;
    let names = Names { codec, catalog };
    let named = Some(args.files.clone()).filter(|files| !files.is_empty());
    if let Some(files) = named.or(settings.document_files()?) {
        return input::files(&files, &names, push);
    }
    for (name, text) in bundled_files() {
        input::text(name, text, &names, push)?;
    }
    Ok(Account::default())
}

/// Streams the documents in and commits.
fn fill(
    mut update: PoolUpdate,
    args: &PoolDocumentsArgs,
    settings: &Settings,
    codec: Option<&TextCodec>,
) -> Result<(Changed, Account)> {
    let mut line = Line::new();
    let mut n_docs = 0;
    let vocab = codec.map_or(usize::MAX, TextCodec::vocab_size);
    let mut push = |doc: PoolDoc, done: Option<f64>| -> Result<()> {
        let foreign = doc.tokens.iter().find(|&&t| t as usize >= vocab);
        if let Some(token) = foreign {
            bail!("document `{}`: the model has no token {token}", doc.id);
        }
        update.push(&doc)?;
        n_docs += 1;
        if n_docs % 256 == 0 {
            let share = done.map_or(String::new(), |d| format!(", {:.0}%", d * 100.0));
            line.show(&format!("{n_docs} documents{share}"));
            if interrupt::is_set() {
                return Err(Cancelled.into());
            }
        }
        Ok(())
    };
    let account = read(args, settings, codec, &mut push)?;
    drop(line);
    account.told().iter().for_each(|line| note!("{line}"));
    Ok((update.commit()?, account))
}

fn report(
    path: &Path,
    (changed, read): (Changed, Account),
    start: Instant,
    json: bool,
) -> Result<()> {
    let report = PoolChangeReport {
        changed,
        bad_lines: read.n_bad,
        seconds: start.elapsed().as_secs_f64(),
        pool: PoolStore::open(path, None, Check::Structure)?.info(),
    };
    if json {
        return print_json(&report);
    }
    note!(
        "{} documents added, {} removed, {} evicted in {:.1} s; {} bad entries",
        changed.added,
        changed.removed,
        changed.evicted,
        report.seconds,
        read.n_bad
    );
    describe(&report.pool);
    Ok(())
}
