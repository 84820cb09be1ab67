//! `laserscope model`: the models known by name, and their files.

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::cli::ModelCommand;
use crate::commands::fetching::megabytes;
use crate::commands::verify::{self, VerifiedFile};
use crate::commands::{fetch_model, print_json};
use crate::config::Settings;
use crate::model::checked::CheckedModel;
use crate::model::fetch::{self, FetchEnv};
use crate::model::registry::{self, ModelEntry};

/// Lists the known models, or fetches and checks one.
pub fn run(command: &ModelCommand, settings: &Settings) -> Result<()> {
    let named =
        |name: &Option<String>| name.clone().unwrap_or_else(|| settings.model().to_string());
    match command {
        ModelCommand::List { json } => list(*json),
        ModelCommand::Fetch { name } => {
            out!("{}", fetch_model(settings, &named(name))?.display());
            Ok(())
        }
        ModelCommand::Info { name, verify, json } => info(settings, &named(name), *verify, *json),
    }
}

#[derive(Serialize)]
struct ListedModel<'a> {
    #[serde(flatten)]
    entry: &'a ModelEntry,
    file: Option<String>,
}

fn list(json: bool) -> Result<()> {
    let entries = fetch::list(&FetchEnv::from_process()?);
    for (entry, path) in &entries {
        let file = path.as_ref().map(|p| p.display().to_string());
        if json {
            print_json(&ListedModel { entry, file })?;
            continue;
        }
        let default = if entry.name == registry::DEFAULT {
            " (default)"
        } else {
            ""
        };
        let size = entry.size.map_or("size from the hub".into(), megabytes);
        out!(
            "{}{default}: {}, {size}, {}",
            entry.name,
            entry.title,
            entry.licence
        );
        out!(
            "    {}",
            file.unwrap_or_else(|| format!("not fetched; {}", entry.repo))
        );
    }
    Ok(())
}

#[derive(Serialize)]
struct ModelDetails {
    file: String,
    bytes: u64,
    architecture: String,
    dtype: String,
    layers: usize,
    width: usize,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
    features: Vec<String>,
    context: usize,
    vocabulary: usize,
    end_tokens: Vec<u32>,
    tokenizer_hash: String,
    notes: Vec<String>,
    /// With `--verify`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<VerifiedFile>,
}

fn info(settings: &Settings, name: &str, verify: bool, json: bool) -> Result<()> {
    let path = fetch_model(settings, name)?;
    let files = match verify {
        true => verify::files(&fetch::weight_files(&path)?)?,
        false => Vec::new(),
    };
    verify::refuse_damaged(&files)?;
    let info = describe(
        CheckedModel::open(&path, settings.quantize.unwrap_or_default())?,
        files,
    );
    match json {
        true => print_json(&info),
        false => {
            show(&info);
            Ok(())
        }
    }
}

fn describe(model: CheckedModel, files: Vec<VerifiedFile>) -> ModelDetails {
    let CheckedModel {
        weights,
        config,
        codec,
        notes,
        ..
    } = model;
    ModelDetails {
        file: weights.path().display().to_string(),
        bytes: weights.file_bytes(),
        dtype: weights.dtype_label(),
        features: config.features(),
        head_dim: config.head_dim,
        layers: config.layers,
        width: config.width,
        heads: config.heads,
        kv_heads: config.kv_heads,
        context: config.context,
        vocabulary: codec.vocab_size(),
        end_tokens: codec.eos_ids().to_vec(),
        tokenizer_hash: codec.hash(),
        architecture: config.architecture,
        notes,
        files,
    }
}

fn show(info: &ModelDetails) {
    out!("{}", info.file);
    out!("    {}, {}", megabytes(info.bytes), info.dtype);
    out!(
        "    {}: {} layers, width {}, {} heads of {} over {} key/value heads, context {}",
        info.architecture,
        info.layers,
        info.width,
        info.heads,
        info.head_dim,
        info.kv_heads,
        info.context
    );
    out!("    {}", info.features.join(", "));
    out!(
        "    vocabulary {}, ends at tokens {:?}, tokenizer {}",
        info.vocabulary,
        info.end_tokens,
        &info.tokenizer_hash[..12]
    );
    for note in &info.notes {
        out!("    {note}");
    }
    for file in &info.files {
        out!("    {}", file.describe());
    }
}
