//! A tokenizer and its chat template without a model: from a GGUF file, which may have
//! no weights, a checkpoint's folder, or a `tokenizer.json`. Weights are mapped, not read.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, ensure};

use super::chat::ChatTemplate;
use super::tokenizer::TextCodec;
use super::weights::{FloatWeights, Weights, WeightsSource};

/// A tokenizer, and the template that comes with it.
pub(crate) struct LoneTokenizer {
    pub(crate) codec: TextCodec,
    /// `None`: the files have none.
    pub(crate) template: Option<ChatTemplate>,
}

impl LoneTokenizer {
    /// # Errors
    /// A file that is none of these or cannot be read, by name.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let shown = || format!("the tokenizer of {}", path.display());
        ensure!(path.exists(), "no such file: {}", path.display());
        let is_json = path
            .extension()
            .is_some_and(|extension| extension == "json");
        ensure!(
            !is_json || path.ends_with("tokenizer.json") || path.ends_with("config.json"),
            "{}: a tokenizer's file is called tokenizer.json: rename it, or name its folder",
            path.display()
        );
        match Weights::open(path, FloatWeights::default()) {
            Ok(weights) => Self::of(&weights).wrap_err_with(shown),
            Err(error) => match (path.is_dir(), is_json) {
                (true, _) => Self::from_folder(path).wrap_err_with(shown),
                (false, true) => {
                    let folder = path.parent().unwrap_or(Path::new("."));
                    Self::from_folder(folder).wrap_err_with(shown)
                }
                (false, false) => Err(error),
            },
        }
    }

    fn of(weights: &Weights) -> Result<Self> {
        // A GGUF file of a vocabulary alone has no embedding to count its rows.
        let codec = match &weights.source {
            WeightsSource::Gguf(gguf) if !weights.has("token_embd.weight") => {
                TextCodec::from_gguf(&gguf.content)
            }
            _ => TextCodec::of(weights),
        };
        Ok(LoneTokenizer {
            codec: codec?,
            template: ChatTemplate::of(weights)?,
        })
    }

    fn from_folder(folder: &Path) -> Result<Self> {
        Ok(LoneTokenizer {
            codec: TextCodec::from_folder(folder)?,
            template: ChatTemplate::from_folder(folder)?,
        })
    }
}
