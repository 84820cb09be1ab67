//! `laserscope pool`: pools on disk. Builds and changes them (`change`), reads their
//! documents (`input`), describes and searches them.

mod change;
mod input;
mod search;

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr};

use crate::cli::{PoolCommand, PoolDocumentsArgs};
use crate::commands::fetching::megabytes;
use crate::commands::{fetch_model, print_json};
use crate::config::Settings;
use crate::console;
use crate::model::tokenizer::TextCodec;
use crate::model::weights::Weights;
use crate::retrieval::{Cancelled, Check, PoolInfo, PoolStore};

/// Runs the command. `Ok(false)`: cancelled.
pub fn run(command: &PoolCommand, settings: &Settings) -> Result<bool> {
    let done = match command {
        PoolCommand::Build { path, documents } => change::build(path, documents, settings),
        PoolCommand::Add { path, documents } => change::add(path, documents, settings),
        PoolCommand::Remove { path, ids, json } => change::remove(path, ids, *json),
        PoolCommand::Info { path, verify, json } => info(path, *verify, *json),
        PoolCommand::Search {
            path,
            text,
            group,
            limit,
            json,
        } => {
            let found = search::search(path, text, group.as_deref(), *limit, settings);
            found.and_then(|found| search::report(&found, *json))
        }
    };
    match done {
        Err(error) if error.is::<Cancelled>() => {
            console::note_lines(&format!("{error:#}"));
            Ok(false)
        }
        other => other.map(|()| true),
    }
}

/// Builds a pool of the documents in a file.
pub(crate) fn build_of(path: &Path, file: &Path, settings: &Settings) -> Result<bool> {
    let documents = PoolDocumentsArgs {
        files: vec![file.to_path_buf()],
        ..PoolDocumentsArgs::default()
    };
    let path = path.to_path_buf();
    run(&PoolCommand::Build { path, documents }, settings)
}

/// The tokenizer of the model in use, a GGUF file or a checkpoint's folder; its
/// weights are not read.
fn codec(settings: &Settings) -> Result<TextCodec> {
    let path = fetch_model(settings, settings.model())?;
    let weights = Weights::open(&path, settings.quantize.unwrap_or_default())?;
    TextCodec::of(&weights).wrap_err_with(|| format!("the tokenizer of {}", path.display()))
}

fn info(path: &Path, verify: bool, json: bool) -> Result<()> {
    let check = if verify {
        Check::Whole
    } else {
        Check::Structure
    };
    let info = PoolStore::open(path, None, check)?.info();
    if json {
        return print_json(&info);
    }
    describe(&info);
    Ok(())
}

fn describe(info: &PoolInfo) {
    let tokenizer = match &info.tokenizer {
        Some(hash) => format!("of {} ({hash:.12})", info.model),
        None => "none: bare token ids".to_string(),
    };
    let bound = info
        .max_tokens
        .map_or(String::new(), |max| format!(", at most {max}"));
    out!("{}", info.path.display());
    out!(
        "    {} documents, {} tokens{bound}, {} segments",
        info.documents,
        info.tokens,
        info.segments
    );
    out!(
        "    {}, {:.2} bytes per token in the index; {}",
        megabytes(info.bytes),
        info.index_bytes_per_token,
        match info.verified {
            true => "every byte verified",
            false => "headers and tables verified (--verify reads it all)",
        }
    );
    out!("    tokenizer {tokenizer}");
    for group in &info.groups {
        out!(
            "    {:<32}{:>9} documents{:>12} tokens{:>4} segments",
            group.group,
            group.documents,
            group.tokens,
            group.segments
        );
    }
}
