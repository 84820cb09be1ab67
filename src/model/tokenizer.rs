//! Text to token ids and back, built from the tokenizer a GGUF file carries or
//! from a checkpoint's `tokenizer.json`. The splitting and merging is the `tokenizers` crate's; what is decided here
//! is which splitting a file means, which tokens are special, which end a
//! text, and the exact bytes of every token. Knows nothing of the weights.
//!
//! candle's own reader takes `smollm` for GPT-2 with a leading space, which
//! gives other ids than the model was trained on; hence this one.

mod byte_level;
mod cased;
pub(super) mod json;
mod json_checks;
mod markers;
mod sentencepiece;
mod vocabulary;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use candle_core::quantized::gguf_file::{Content, Value, VersionedMagic};
use color_eyre::eyre::{Result, WrapErr, bail, eyre};
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::{AddedToken, Tokenizer};

use super::chat::{ChatTemplate, KNOWN_MARKERS};
use super::weights::{Source, Weights};
use byte_level::{ByteAlphabet, WordSplit};
use markers::{Markers, SEPARATOR};
use vocabulary::{TokenType, Vocabulary};

/// Metadata keys that name an end-of-generation token.
const END_KEYS: [&str; 3] = [
    "tokenizer.ggml.eos_token_id",
    "tokenizer.ggml.eot_token_id",
    "tokenizer.ggml.eom_token_id",
];

/// Control tokens that end a text in whatever model has them, whether its
/// metadata say so or not.
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

/// Which of the two families a file's tokenizer belongs to.
#[derive(Clone, Copy, Debug)]
enum Kind {
    ByteLevel(WordSplit),
    SentencePiece { dummy_prefix: bool },
}

/// A model's tokenizer. Cloning is cheap.
#[derive(Clone)]
pub struct TextCodec {
    inner: Arc<Inner>,
}

struct Inner {
    /// It knows no markers, but for [`SEPARATOR`].
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
    /// The tokenizer that comes with a model's weights. Markers beyond the rows
    /// of the embedding are left out, since nothing could be computed for them.
    ///
    /// # Errors
    /// As [`from_gguf`](Self::from_gguf) and [`from_folder`](Self::from_folder);
    /// ordinary tokens beyond the rows.
    pub fn of(weights: &Weights) -> Result<Self> {
        let rows = weights.dims("token_embd.weight")?.first().copied();
        let inner = match &weights.source {
            Source::Gguf(gguf) => read_gguf(&gguf.content, rows)?,
            Source::Checkpoint(checkpoint) => json::read(&checkpoint.folder, rows)?,
            Source::MadeUp(made) => read_gguf(&numbered(made.shape.vocab), rows)?,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Builds the tokenizer of a checkpoint's folder: `tokenizer.json`, and
    /// what the configuration files beside it say of roles.
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
    /// If the metadata are incomplete or contradictory, or name a tokenizer
    /// that is not supported; the message names the key.
    pub fn from_gguf(content: &Content) -> Result<Self> {
        Ok(Self {
            inner: Arc::new(read_gguf(content, None)?),
        })
    }

    /// What was read with patience, for the user.
    pub fn notes(&self) -> &[String] {
        &self.inner.notes
    }

    /// Token ids of what somebody wrote: nothing in it is a marker, however it
    /// looks. No BOS is added.
    ///
    /// # Errors
    /// If the tokenizer's regex gives up, which no ordinary text makes it do.
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

    /// Token ids of a text that is trusted: markers in it are recognised, but for
    /// those that [`guarded`](Self::guarded) broke up. No BOS is added.
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

    /// As [`encode`](Self::encode), with BOS in front where the model wants
    /// one and the text (a rendered chat template, say) does not bring it.
    pub fn encode_prompt(&self, text: &str) -> Result<Vec<u32>> {
        let mut ids = self.encode(text)?;
        match self.inner.bos_id {
            Some(bos) if self.inner.add_bos && ids.first() != Some(&bos) => ids.insert(0, bos),
            _ => {}
        }
        Ok(ids)
    }

    /// What somebody wrote, for a chat template to put between its markers: none
    /// in it will be recognised. [`unguarded`](Self::unguarded) shows it as it was.
    pub fn guarded<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.inner.markers.guarded(text)
    }

    /// A rendered text as somebody is to read it.
    pub fn unguarded<'t>(&self, text: &'t str) -> Cow<'t, str> {
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

    /// Whether a prompt is to begin with [`bos_id`](Self::bos_id).
    pub fn add_bos(&self) -> bool {
        self.inner.add_bos
    }

    /// sha256 (hex) over kind, vocabulary and merges: what ties pools and
    /// traces to the tokenizer whose ids they hold.
    pub fn hash(&self) -> String {
        self.inner.hash.clone()
    }
}

impl Kind {
    fn of(vocabulary: &Vocabulary) -> Result<Self> {
        match vocabulary.text("tokenizer.ggml.model")? {
            Some("gpt2") => {
                let pre = vocabulary.text("tokenizer.ggml.pre")?;
                WordSplit::from_name(pre).map(Self::ByteLevel)
            }
            Some("llama") => Ok(Self::SentencePiece {
                dummy_prefix: vocabulary
                    .flag("tokenizer.ggml.add_space_prefix")?
                    .unwrap_or(true),
            }),
            Some(other) => bail!(
                "tokenizer model {other:?} is not supported; known are \
                 gpt2 (byte-level BPE: {}) and llama (SentencePiece BPE)",
                byte_level::SUPPORTED
            ),
            None => bail!("the GGUF file has no tokenizer.ggml.model; is it a language model?"),
        }
    }

    /// Goes into the tokenizer's hash: never change one.
    fn name(self) -> &'static str {
        match self {
            Self::ByteLevel(WordSplit::Gpt2) => "byte-level gpt-2",
            Self::ByteLevel(WordSplit::Smollm) => "byte-level smollm",
            Self::ByteLevel(WordSplit::Llama3) => "byte-level llama-bpe",
            Self::ByteLevel(WordSplit::Qwen2) => "byte-level qwen2",
            Self::ByteLevel(WordSplit::Tekken) => "byte-level tekken",
            Self::ByteLevel(WordSplit::DeepseekCoder) => "byte-level deepseek-coder",
            Self::ByteLevel(WordSplit::DeepseekLlm) => "byte-level deepseek-llm",
            Self::ByteLevel(WordSplit::Unstated) => "byte-level default",
            Self::SentencePiece { dummy_prefix: true } => "sentencepiece",
            Self::SentencePiece {
                dummy_prefix: false,
            } => "sentencepiece without prefix",
        }
    }

    /// What the user should know of it.
    fn note(self) -> Option<String> {
        let unstated = matches!(self, Self::ByteLevel(WordSplit::Unstated));
        unstated.then(|| {
            "the file does not say how the model cuts words (tokenizer.ggml.pre): llama.cpp's \
             default is taken, which may not be what it was trained with"
                .to_owned()
        })
    }

    fn adds_bos(self) -> bool {
        match self {
            Self::ByteLevel(split) => split.adds_bos(),
            Self::SentencePiece { .. } => true,
        }
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

/// `rows`: of the embedding, where there is one.
fn read_gguf(content: &Content, rows: Option<usize>) -> Result<Inner> {
    let mut vocabulary = Vocabulary::read(content)?;
    let mut notes = Vec::new();
    notes.extend(vocabulary.cut_to(rows)?);
    let literals = template_literals(ChatTemplate::from_gguf(content));
    notes.extend(markers::note_on_retyped(&vocabulary.retype(&literals)?));
    let kind = Kind::of(&vocabulary)?;
    notes.extend(kind.note());
    let (merges, ids) = rayon::join(|| merges(kind, &vocabulary), || ids(&vocabulary));
    let merges = merges?;
    let eos_ids = eos_ids(&vocabulary)?;
    notes.extend(note_on_ends(&eos_ids));
    let in_text = |text: &str| !is_marker_of(&literals, text);
    let (built, (hash, token_bytes, markers)) = rayon::join(
        || build(kind, &vocabulary, (ids, &merges), in_text),
        || {
            let hash = vocabulary.hash(kind.name(), &merges);
            let markers = Markers::new(vocabulary.markers(in_text));
            (hash, token_bytes(kind, &vocabulary), markers)
        },
    );
    let (tokenizer, separator_id) = built?;
    Ok(Inner {
        markers: markers?,
        separator_id,
        token_bytes,
        special: vocabulary.types.iter().map(is_not_text).collect(),
        eos_ids,
        bos_id: bos_id(kind, &vocabulary)?,
        add_bos: vocabulary
            .flag("tokenizer.ggml.add_bos_token")?
            .unwrap_or(kind.adds_bos()),
        hash,
        tokenizer,
        notes,
    })
}

/// A tokenizer of so many tokens without a meaning, for weights that have none.
fn numbered(n: usize) -> Content {
    let text = |text: String| Value::String(text);
    let tokens = (0..n).map(|i| text(format!("t{i}"))).collect();
    let metadata = [
        ("tokenizer.ggml.model", text("gpt2".into())),
        ("tokenizer.ggml.pre", text("gpt-2".into())),
        ("tokenizer.ggml.tokens", Value::Array(tokens)),
        ("tokenizer.ggml.merges", Value::Array(Vec::new())),
    ];
    Content {
        magic: VersionedMagic::GgufV3,
        metadata: metadata.map(|(key, value)| (key.to_owned(), value)).into(),
        tensor_infos: HashMap::new(),
        tensor_data_offset: 0,
    }
}

fn merges<'a>(kind: Kind, vocabulary: &Vocabulary<'a>) -> Result<Vec<(&'a str, &'a str)>> {
    match kind {
        Kind::ByteLevel(_) => vocabulary.merges(),
        Kind::SentencePiece { .. } => {
            let scores = vocabulary.scores()?;
            Ok(sentencepiece::merges(vocabulary, &scores))
        }
    }
}

/// The id of every text. Where two ids share one, the lower is the one that is written.
fn ids(vocabulary: &Vocabulary) -> Vocab {
    let ids = vocabulary.tokens.iter().enumerate().rev();
    ids.map(|(id, token)| ((*token).to_owned(), id as u32))
        .collect()
}

fn note_on_ends(eos_ids: &[u32]) -> Option<String> {
    let none = eos_ids.is_empty();
    none.then(|| {
        "the model names no token that ends a text: answers end at the token limit".to_owned()
    })
}

/// What is said of markers that have no row of the embedding.
fn note_on_rowless(texts: &[&str], rows: usize) -> String {
    let named: Vec<String> = texts
        .iter()
        .take(3)
        .map(|text| format!("{text:?}"))
        .collect();
    let more = if texts.len() > 3 { ", .." } else { "" };
    format!(
        "{} markers beyond the {rows} rows of the embedding are left out ({}{more}): in a text \
         they are ordinary characters",
        texts.len(),
        named.join(", ")
    )
}

fn is_not_text(ty: &TokenType) -> bool {
    ty.is_special() || *ty == TokenType::Unknown
}

fn token_bytes(kind: Kind, vocabulary: &Vocabulary) -> TokenBytes {
    let alphabet = ByteAlphabet::new();
    let mut bytes = Vec::with_capacity(8 * vocabulary.tokens.len());
    let mut ends = Vec::with_capacity(vocabulary.tokens.len());
    for (token, ty) in vocabulary.tokens.iter().zip(&vocabulary.types) {
        match kind {
            _ if is_not_text(ty) => bytes.extend_from_slice(token.as_bytes()),
            Kind::ByteLevel(_) => alphabet.push_bytes(token, &mut bytes),
            Kind::SentencePiece { .. } => sentencepiece::push_bytes(token, *ty, &mut bytes),
        }
        ends.push(bytes.len() as u32);
    }
    TokenBytes { bytes, ends }
}

fn eos_ids(vocabulary: &Vocabulary) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for key in END_KEYS {
        found.extend(vocabulary.id(key)?);
    }
    found.extend(END_TEXTS.iter().filter_map(|t| vocabulary.control_token(t)));
    let mut ids = Vec::new();
    for id in found {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn bos_id(kind: Kind, vocabulary: &Vocabulary) -> Result<Option<u32>> {
    let named = vocabulary.id("tokenizer.ggml.bos_token_id")?;
    Ok(match kind {
        Kind::ByteLevel(_) => named,
        Kind::SentencePiece { .. } => named.or_else(|| vocabulary.control_token("<s>")),
    })
}

/// What a template writes of its own; nothing, if there is none or it is at fault,
/// which whoever renders it will say.
fn template_literals(template: Result<Option<ChatTemplate>>) -> Vec<String> {
    let template = template.ok().flatten();
    template.map_or_else(Vec::new, |template| template.literals())
}

/// Whether the chat template uses this token as a marker.
fn is_marker_of(literals: &[String], token: &str) -> bool {
    KNOWN_MARKERS.contains(&token)
        || markers::looks_like_marker(token) && literals.iter().any(|text| text.contains(token))
}

/// The tokenizer, and the id that it gives [`SEPARATOR`]. User-defined tokens that
/// are `in_text` are recognised in any text, as llama.cpp and transformers do.
fn build(
    kind: Kind,
    vocabulary: &Vocabulary,
    (ids, merges): (Vocab, &[(&str, &str)]),
    in_text: impl Fn(&str) -> bool,
) -> Result<(Tokenizer, u32)> {
    let mut tokenizer = Tokenizer::new(bpe(kind, vocabulary, (ids, merges))?);
    match kind {
        Kind::ByteLevel(split) => split.install(&mut tokenizer)?,
        Kind::SentencePiece { dummy_prefix } => {
            sentencepiece::install(&mut tokenizer, dummy_prefix)?;
        }
    }
    let tokens = vocabulary.tokens.iter().zip(&vocabulary.types);
    let in_text = tokens
        .filter(|(token, ty)| **ty == TokenType::UserDefined && in_text(token))
        .map(|(token, _)| AddedToken::from(*token, false).normalized(false));
    tokenizer
        .add_tokens(in_text)
        .map_err(|err| eyre!(err))
        .wrap_err("registering the user-defined tokens")?;
    let separator_id = add_separator(&mut tokenizer)?;
    Ok((tokenizer, separator_id))
}

/// Lets the tokenizer see [`SEPARATOR`] and no token that is special.
fn add_separator(tokenizer: &mut Tokenizer) -> Result<u32> {
    let text = SEPARATOR.to_string();
    let token = AddedToken::from(text.as_str(), false).normalized(false);
    tokenizer.add_tokens([token]).map_err(|err| eyre!(err))?;
    tokenizer.set_encode_special_tokens(true);
    let id = tokenizer.token_to_id(&text);
    id.ok_or_else(|| eyre!("the tokenizer takes no token beyond its own"))
}

fn bpe(
    kind: Kind,
    vocabulary: &Vocabulary,
    (ids, merges): (Vocab, &[(&str, &str)]),
) -> Result<BPE> {
    // The crate has room for the longest token and puts every joined pair there.
    let longest = vocabulary.tokens.iter().map(|token| token.len()).max();
    let too_long = |(left, right): &&(&str, &str)| Some(left.len() + right.len()) > longest;
    if let Some((left, right)) = merges.iter().find(too_long) {
        bail!("tokenizer.ggml.merges joins {left:?} and {right:?} to no token");
    }
    let owned = |(left, right): &(&str, &str)| ((*left).to_owned(), (*right).to_owned());
    let mut builder = BPE::builder().vocab_and_merges(ids, merges.iter().map(owned).collect());
    builder = match kind {
        Kind::ByteLevel(split) => builder.ignore_merges(split.ignores_merges()),
        Kind::SentencePiece { .. } => with_fallback(builder, vocabulary),
    };
    builder
        .build()
        .map_err(|err| eyre!(err))
        .wrap_err("tokenizer.ggml.merges does not fit tokenizer.ggml.tokens")
}

fn with_fallback(
    builder: tokenizers::models::bpe::BpeBuilder,
    vocabulary: &Vocabulary,
) -> tokenizers::models::bpe::BpeBuilder {
    let builder = builder.byte_fallback(true).fuse_unk(true);
    let unknown = vocabulary
        .types
        .iter()
        .position(|ty| *ty == TokenType::Unknown);
    match unknown {
        Some(id) => builder.unk_token(vocabulary.tokens[id].to_owned()),
        None => builder,
    }
}
