//! Which tokenizer the logged texts are encoded with, if any is needed.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr};

use crate::cli::ScoreArgs;
use crate::commands::fetch_model;
use crate::config::Settings;
use crate::model::tokenizer::TextCodec;
use crate::recsys::logs::{LogEntry, LogPromptText, LogToken};
use crate::retrieval::{Check, PoolStore};
use crate::session::log_tokens::EntryEncoder;

/// The encoder for logs that begin with this entry: of `--tokenizer`, else of the model
/// where a text must be encoded, or where the answers or the documents are this program's
/// own and the model is there. Token ids alone need none.
///
/// # Errors
/// A file that is no tokenizer; a model that cannot be fetched.
pub(super) fn encoder(
    args: &ScoreArgs,
    settings: &Settings,
    first: &LogEntry,
) -> Result<EntryEncoder> {
    if let Some(name) = &args.reading.tokenizer {
        let path = named(settings, name).wrap_err("--tokenizer")?;
        return EntryEncoder::open(&path).wrap_err("--tokenizer");
    }
    if has_texts(first) || !settings.knowledge.is_empty() {
        return EntryEncoder::open(&fetch_model(settings, settings.model())?);
    }
    let encoder = own(settings, first)?;
    Ok(encoder.unwrap_or_else(EntryEncoder::without_tokenizer))
}

/// The model's, if the answers or the pool are this program's own and the model is there:
/// for the tokens that end an answer, and for headings.
fn own(settings: &Settings, first: &LogEntry) -> Result<Option<EntryEncoder>> {
    let pool = settings.pool.as_deref();
    let pool = pool.map(|path| PoolStore::open(path, None, Check::Structure));
    let hash = pool.transpose()?.and_then(|pool| pool.info().tokenizer);
    if first.subject.is_none() && hash.is_none() {
        return Ok(None);
    }
    let offline = Settings {
        offline: true,
        ..settings.clone()
    };
    let there = fetch_model(&offline, settings.model()).ok();
    let encoder = there.and_then(|path| EntryEncoder::open(&path).ok());
    Ok(encoder.filter(|encoder| {
        let own_hash = encoder.codec().map(TextCodec::hash);
        hash.is_none() || hash == own_hash
    }))
}

/// A file or folder, else a model's name.
fn named(settings: &Settings, name: &str) -> Result<PathBuf> {
    match Path::new(name).exists() {
        true => Ok(PathBuf::from(name)),
        false => fetch_model(settings, name),
    }
}

/// Whether the prompt or the answer is there as text alone.
fn has_texts(entry: &LogEntry) -> bool {
    let has_prompt = entry.prompt.text != LogPromptText::Absent;
    let is_known = |piece: &LogToken| piece.token.id.is_some();
    let tokens = entry.answer.tokens.as_ref();
    let has_tokens = tokens.is_some_and(|tokens| tokens.iter().all(is_known));
    let has_ids = entry.answer.ids.is_some() || has_tokens;
    !has_ids || (has_prompt && entry.prompt.ids.is_none())
}
