//! Opens a model's files and checks them against each other before any weight is
//! packed: configuration, tensors, tokenizer, chat template. Loading and describing a
//! model both begin here, so both refuse the same files.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, ensure};

use super::chat::ChatTemplate;
use super::config::Config;
use super::consistency;
use super::tokenizer::TextCodec;
use super::weights::{FloatWeights, Weights, WeightsSource};

/// A checked model.
pub struct CheckedModel {
    /// The tensors, not loaded yet.
    pub weights: Weights,
    /// Its dimensions and variants.
    pub config: Config,
    /// Its tokenizer and chat template.
    pub codec: TextCodec,
    /// The files' own, else one that fits the vocabulary.
    pub(crate) template: ChatTemplate,
    /// Notes for the user on what was parsed leniently.
    pub notes: Vec<String>,
}

impl CheckedModel {
    /// Opens a GGUF file or a checkpoint's folder.
    ///
    /// # Errors
    /// Anything missing, damaged or inconsistent, with its file.
    pub fn open(path: &Path, floats: FloatWeights) -> Result<Self> {
        Self::of(Weights::open(path, floats)?)
    }

    /// The same for opened weights.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn of(weights: Weights) -> Result<Self> {
        let path = weights.path();
        let config = Config::read(&weights)?;
        let rows = consistency::check(&weights, &config)?;
        let codec = TextCodec::of(&weights)
            .wrap_err_with(|| format!("the tokenizer of {}", path.display()))?;
        let n_tokens = codec.vocab_size();
        ensure!(
            n_tokens <= rows,
            "{}: the tokenizer has {n_tokens} tokens, but the weights have rows for {rows}",
            path.display()
        );
        let template = ChatTemplate::of(&weights)
            .wrap_err_with(|| format!("the chat template of {}", path.display()))?;
        let template = match template {
            Some(template) => template,
            None => ChatTemplate::by_markers(|marker| codec.has_marker(marker))?,
        };
        let mut notes = config.notes.clone();
        notes.extend_from_slice(codec.notes());
        notes.extend_from_slice(template.notes());
        notes.extend(note_on_widened(&weights));
        Ok(CheckedModel {
            weights,
            config,
            codec,
            template,
            notes,
        })
    }
}

fn note_on_widened(weights: &Weights) -> Option<String> {
    let WeightsSource::Gguf(gguf) = &weights.source else {
        return None;
    };
    let (in_file, in_memory) = gguf.widened_bytes();
    let mb = |bytes: u64| bytes as f64 / 1e6;
    (in_file > 0).then(|| {
        format!(
            "IQ4_NL weights are unpacked to 8 bits without loss: {:.1} MB of memory for {:.1} MB \
            of the file",
            mb(in_memory),
            mb(in_file)
        )
    })
}
