//! A tokenizer from the metadata of a GGUF file.

use std::collections::HashMap;

use candle_core::quantized::gguf_file::{Content, Value, VersionedMagic};
use color_eyre::eyre::{Result, WrapErr, bail, eyre};
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::{AddedToken, Tokenizer};

use super::byte_level::{self, ByteAlphabet, WordSplit};
use super::markers::{self, Markers};
use super::vocabulary::{TokenType, Vocabulary};
use super::{
    END_TEXTS, Inner, TokenBytes, add_separator, is_marker_of, note_on_ends, sentencepiece,
    template_literals,
};
use crate::model::chat::ChatTemplate;

/// Metadata keys that name an end-of-generation token.
const END_KEYS: [&str; 3] = [
    "tokenizer.ggml.eos_token_id",
    "tokenizer.ggml.eot_token_id",
    "tokenizer.ggml.eom_token_id",
];

/// Which of the two families a file's tokenizer belongs to.
#[derive(Clone, Copy, Debug)]
enum TokenizerKind {
    ByteLevel(WordSplit),
    SentencePiece { dummy_prefix: bool },
}

/// `rows`: of the embedding, where there is one.
pub(super) fn read(content: &Content, rows: Option<usize>) -> Result<Inner> {
    let mut vocabulary = Vocabulary::read(content)?;
    let mut notes = Vec::new();
    notes.extend(vocabulary.cut_to(rows)?);
    let literals = template_literals(ChatTemplate::from_gguf(content));
    notes.extend(markers::note_on_retyped(&vocabulary.retype(&literals)?));
    let kind = TokenizerKind::of(&vocabulary)?;
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

/// A tokenizer of meaningless tokens, for weights without one.
pub(super) fn numbered(n: usize) -> Content {
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

fn merges<'a>(kind: TokenizerKind, vocabulary: &Vocabulary<'a>) -> Result<Vec<(&'a str, &'a str)>> {
    match kind {
        TokenizerKind::ByteLevel(_) => vocabulary.merges(),
        TokenizerKind::SentencePiece { .. } => {
            let scores = vocabulary.scores()?;
            Ok(sentencepiece::merges(vocabulary, &scores))
        }
    }
}

/// The id of every text. If two ids share one, the lower id is used.
fn ids(vocabulary: &Vocabulary) -> Vocab {
    let ids = vocabulary.tokens.iter().enumerate().rev();
    ids.map(|(id, token)| ((*token).to_owned(), id as u32))
        .collect()
}

impl TokenizerKind {
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

    /// A note for the user.
    fn note(self) -> Option<String> {
        let unstated = matches!(self, Self::ByteLevel(WordSplit::Unstated));
        unstated.then(|| {
            "the file does not name its pre-tokenizer (tokenizer.ggml.pre): using llama.cpp's \
            default, which may differ from the one in training"
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

fn is_not_text(ty: &TokenType) -> bool {
    ty.is_special() || *ty == TokenType::Unknown
}

fn token_bytes(kind: TokenizerKind, vocabulary: &Vocabulary) -> TokenBytes {
    let alphabet = ByteAlphabet::new();
    let mut bytes = Vec::with_capacity(8 * vocabulary.tokens.len());
    let mut ends = Vec::with_capacity(vocabulary.tokens.len());
    for (token, ty) in vocabulary.tokens.iter().zip(&vocabulary.types) {
        match kind {
            _ if is_not_text(ty) => bytes.extend_from_slice(token.as_bytes()),
            TokenizerKind::ByteLevel(_) => alphabet.push_bytes(token, &mut bytes),
            TokenizerKind::SentencePiece { .. } => {
                sentencepiece::push_bytes(token, *ty, &mut bytes)
            }
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

fn bos_id(kind: TokenizerKind, vocabulary: &Vocabulary) -> Result<Option<u32>> {
    let named = vocabulary.id("tokenizer.ggml.bos_token_id")?;
    Ok(match kind {
        TokenizerKind::ByteLevel(_) => named,
        TokenizerKind::SentencePiece { .. } => named.or_else(|| vocabulary.control_token("<s>")),
    })
}

/// The tokenizer, and the id that it gives [`SEPARATOR`](markers::SEPARATOR).
/// User-defined tokens that are `in_text` are recognised in any text, as llama.cpp and
/// transformers do.
fn build(
    kind: TokenizerKind,
    vocabulary: &Vocabulary,
    (ids, merges): (Vocab, &[(&str, &str)]),
    in_text: impl Fn(&str) -> bool,
) -> Result<(Tokenizer, u32)> {
    let mut tokenizer = Tokenizer::new(bpe(kind, vocabulary, (ids, merges))?);
    match kind {
        TokenizerKind::ByteLevel(split) => split.install(&mut tokenizer)?,
        TokenizerKind::SentencePiece { dummy_prefix } => {
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

fn bpe(
    kind: TokenizerKind,
    vocabulary: &Vocabulary,
    (ids, merges): (Vocab, &[(&str, &str)]),
) -> Result<BPE> {
    // The crate allocates room for the longest token and writes every joined pair there.
    let longest = vocabulary.tokens.iter().map(|token| token.len()).max();
    let too_long = |(left, right): &&(&str, &str)| Some(left.len() + right.len()) > longest;
    if let Some((left, right)) = merges.iter().find(too_long) {
        bail!("tokenizer.ggml.merges joins {left:?} and {right:?} into an unknown token");
    }
    let owned = |(left, right): &(&str, &str)| ((*left).to_owned(), (*right).to_owned());
    let mut builder = BPE::builder().vocab_and_merges(ids, merges.iter().map(owned).collect());
    builder = match kind {
        TokenizerKind::ByteLevel(split) => builder.ignore_merges(split.ignores_merges()),
        TokenizerKind::SentencePiece { .. } => with_fallback(builder, vocabulary),
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
