//! Text to token ids and back, built from a GGUF file's tokenizer or from a
//! checkpoint's `tokenizer.json`. The `tokenizers` crate splits and merges; this
//! decides which splitting a file means, which tokens are special, which end a text,
//! and the exact bytes of every token. Does not know weights.
//!
//! candle's own reader treats `smollm` as GPT-2 with a leading space, which gives ids
//! other than in training; hence this one.

mod byte_level;
mod cased;
mod gguf;
mod json;
mod json_checks;
mod markers;
mod sentencepiece;
mod vocabulary;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use candle_core::quantized::gguf_file::Content;
use color_eyre::eyre::{Result, WrapErr, eyre};
use tokenizers::{AddedToken, Tokenizer};

use super::chat::{ChatTemplate, KNOWN_MARKERS};
use super::weights::{Weights, WeightsSource};
use markers::{Markers, SEPARATOR};

/// Control tokens that end a text in any model, even if its metadata does not say so.
const END_TEXTS: [&str; 9] = [
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "</s>",
    "<|end|>",
    "<end_of_turn>",
    "<EOT>",
];

/// A model's tokenizer. Cloning is cheap.
#[derive(Clone)]
pub struct TextCodec {
    inner: Arc<Inner>,
}

struct Inner {
    /// Without markers, except [`SEPARATOR`].
    tokenizer: Tokenizer,
    separator_id: u32,
    markers: Markers,
    token_bytes: TokenBytes,
    /// (vocab)
    special: Vec<bool>,
    eos_ids: Vec<u32>,
    bos_id: Option<u32>,
    add_bos: bool,
    hash: String,
    notes: Vec<String>,
}

/// The bytes of all tokens end to end.
struct TokenBytes {
    bytes: Vec<u8>,
    /// (vocab) where each token's bytes end
    ends: Vec<u32>,
}

impl TextCodec {
    /// The tokenizer that comes with a model's weights. Markers beyond the rows of the
    /// embedding are dropped, since nothing can be computed for them.
    ///
    /// # Errors
    /// As [`from_gguf`](Self::from_gguf) and [`from_folder`](Self::from_folder);
    /// ordinary tokens beyond the rows.
    pub fn of(weights: &Weights) -> Result<Self> {
        let rows = weights.dims("token_embd.weight")?.first().copied();
        let inner = match &weights.source {
            WeightsSource::Gguf(file) => gguf::read(&file.content, rows)?,
            WeightsSource::Checkpoint(checkpoint) => json::read(&checkpoint.folder, rows)?,
            WeightsSource::MadeUp(made) => gguf::read(&gguf::numbered(made.shape.vocab), rows)?,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Builds the tokenizer of a checkpoint's folder: `tokenizer.json`, and the roles
    /// given in its configuration files.
    ///
    /// # Errors
    /// A file that is missing or cannot be read, by name.
    pub fn from_folder(folder: &Path) -> Result<Self> {
        Ok(Self {
            inner: Arc::new(json::read(folder, None)?),
        })
    }

    /// Builds the tokenizer a GGUF file describes.
    ///
    /// # Errors
    /// If the metadata is incomplete or contradictory, or the tokenizer is not
    /// supported; the message names the key.
    pub fn from_gguf(content: &Content) -> Result<Self> {
        Ok(Self {
            inner: Arc::new(gguf::read(content, None)?),
        })
    }

    /// Notes for the user on what was parsed leniently.
    pub fn notes(&self) -> &[String] {
        &self.inner.notes
    }

    /// Token ids of untrusted text: nothing in it is a marker, whatever it looks like.
    /// No BOS is added.
    ///
    /// # Errors
    /// If the tokenizer's regex gives up, which does not happen with ordinary text.
    pub fn encode_text(&self, text: &str) -> Result<Vec<u32>> {
        let ids = self.raw_ids(&markers::without_signs(text))?;
        let is_marker = |id: &u32| self.inner.markers.contains_id(*id);
        if !ids.iter().any(is_marker) {
            return Ok(ids);
        }
        let mut ids = self.raw_ids(&self.inner.markers.broken(text))?;
        ids.retain(|id| *id != self.inner.separator_id);
        Ok(ids)
    }

    /// Token ids of trusted text: markers in it are recognised, except those broken up
    /// by [`guarded`](Self::guarded). No BOS is added.
    ///
    /// # Errors
    /// As [`encode_text`](Self::encode_text).
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let (rest, markers) = self.inner.markers.cut(text);
        let mut ids = Vec::new();
        let mut markers = markers.into_iter();
        for piece in self.raw_ids(&rest)? {
            match piece == self.inner.separator_id {
                true => ids.extend(markers.next()),
                false => ids.push(piece),
            }
        }
        Ok(ids)
    }

    /// As [`encode`](Self::encode), with BOS in front if the model needs one and the
    /// text (for example a rendered chat template) lacks it.
    pub fn encode_prompt(&self, text: &str) -> Result<Vec<u32>> {
        let mut ids = self.encode(text)?;
        match self.inner.bos_id {
            Some(bos) if self.inner.add_bos && ids.first() != Some(&bos) => ids.insert(0, bos),
            _ => {}
        }
        Ok(ids)
    }

    /// Protects untrusted text for use in a chat template: no marker in it will be
    /// recognised. `unguarded` restores it.
    pub fn guarded<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.inner.markers.guarded(text)
    }

    /// A rendered text for display.
    pub(crate) fn unguarded<'t>(&self, text: &'t str) -> Cow<'t, str> {
        markers::unguarded(text)
    }

    /// Whether a text is one of the markers.
    pub fn has_marker(&self, text: &str) -> bool {
        self.inner.markers.id(text).is_some()
    }

    fn raw_ids(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self
            .inner
            .tokenizer
            .encode_fast(text, false)
            .map_err(|err| eyre!(err))
            .wrap_err("tokenizing a text")?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The text of the tokens, special ones included. Bytes that are not UTF-8
    /// become U+FFFD. Under SentencePiece the first word keeps the space that
    /// its token carries.
    pub fn decode(&self, ids: &[u32]) -> String {
        let bytes: Vec<u8> = ids
            .iter()
            .flat_map(|id| self.token_bytes(*id))
            .copied()
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The exact bytes of one token (a special token's are its text); empty
    /// for an id outside the vocabulary.
    pub fn token_bytes(&self, id: u32) -> &[u8] {
        self.inner.token_bytes.get(id)
    }

    /// Whether the token is a marker rather than text.
    pub fn is_special(&self, id: u32) -> bool {
        self.inner
            .special
            .get(id as usize)
            .copied()
            .unwrap_or(false)
    }

    /// Number of tokens; ids are below it.
    pub fn vocab_size(&self) -> usize {
        self.inner.special.len()
    }

    /// Every token that ends a generation; the file's own EOS is first.
    pub fn eos_ids(&self) -> &[u32] {
        &self.inner.eos_ids
    }

    /// The token that begins a text, if the model has one.
    pub fn bos_id(&self) -> Option<u32> {
        self.inner.bos_id
    }

    /// Whether prompts begin with [`bos_id`](Self::bos_id).
    pub fn add_bos(&self) -> bool {
        self.inner.add_bos
    }

    /// sha256 (hex) over kind, vocabulary and merges, which ties pools and traces to
    /// their tokenizer.
    pub fn hash(&self) -> String {
        self.inner.hash.clone()
    }
}

impl TokenBytes {
    fn get(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let Some(end) = self.ends.get(id) else {
            return &[];
        };
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..*end as usize]
    }
}

fn note_on_ends(eos_ids: &[u32]) -> Option<String> {
    let none = eos_ids.is_empty();
    none.then(|| "the model has no end-of-text token: answers end at the token limit".to_owned())
}

/// The note on markers without a row of the embedding.
fn note_on_rowless(texts: &[&str], rows: usize) -> String {
    let named: Vec<String> = texts
        .iter()
        .take(3)
        .map(|text| format!("{text:?}"))
        .collect();
    let more = if texts.len() > 3 { ", .." } else { "" };
    format!(
        "{} markers beyond the {rows} rows of the embedding are ignored ({}{more}): in a text \
        they are plain characters",
        texts.len(),
        named.join(", ")
    )
}

/// The literal texts in a template; empty if there is none or it is invalid, which
/// rendering will report.
fn template_literals(template: Result<Option<ChatTemplate>>) -> Vec<String> {
    let template = template.ok().flatten();
    template.map_or_else(Vec::new, |template| template.literals())
}

/// Whether the chat template uses this token as a marker.
fn is_marker_of(literals: &[String], token: &str) -> bool {
    KNOWN_MARKERS.contains(&token)
        || markers::looks_like_marker(token) && literals.iter().any(|text| text.contains(token))
}

/// Adds [`SEPARATOR`] to the tokenizer and disables its special tokens.
fn add_separator(tokenizer: &mut Tokenizer) -> Result<u32> {
    let text = SEPARATOR.to_string();
    let token = AddedToken::from(text.as_str(), false).normalized(false);
    tokenizer.add_tokens([token]).map_err(|err| eyre!(err))?;
    tokenizer.set_encode_special_tokens(true);
    let id = tokenizer.token_to_id(&text);
    id.ok_or_else(|| eyre!("the tokenizer accepts no additional token"))
}
