//! The vocabulary in GGUF metadata: token texts, their types, scores or merges, and the
//! ids with a role. Does not split text or know the `tokenizers` crate.

use candle_core::quantized::gguf_file::{Content, Value};
use color_eyre::eyre::{Result, bail, ensure, eyre};
use sha2::{Digest, Sha256};

use super::json_checks::MAX_MARKER;
use super::markers::Marker;
use super::{is_marker_of, note_on_rowless};

/// A token's type in `tokenizer.ggml.token_type` (llama.cpp's `llama_token_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenType {
    Normal,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

impl TokenType {
    fn from_code(code: u32) -> Result<Self> {
        Ok(match code {
            // 0 is "undefined": old converters wrote it for ordinary tokens.
            0 | 1 => Self::Normal,
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            other => bail!("tokenizer.ggml.token_type has {other}; known are 1 to 6"),
        })
    }

    /// Whether the token is recognised as a whole in a text.
    pub(crate) fn is_special(self) -> bool {
        matches!(self, Self::Control | Self::UserDefined)
    }
}

/// The borrowed vocabulary; a token's id is its index.
pub(crate) struct Vocabulary<'a> {
    content: &'a Content,
    /// (vocab) texts in the file's own alphabet: byte-level or with `▁`
    pub(crate) tokens: Vec<&'a str>,
    /// (vocab)
    pub(crate) types: Vec<TokenType>,
}

impl<'a> Vocabulary<'a> {
    /// Reads token texts and types.
    ///
    /// # Errors
    /// If a key is missing, of the wrong type, or of the wrong length.
    pub(crate) fn read(content: &'a Content) -> Result<Self> {
        let tokens = strings(content, "tokenizer.ggml.tokens")?
            .ok_or_else(|| missing("tokenizer.ggml.tokens"))?;
        ensure!(!tokens.is_empty(), "tokenizer.ggml.tokens is empty");
        let types = match array(content, "tokenizer.ggml.token_type")? {
            Some(codes) => read_types(codes)?,
            None => vec![TokenType::Normal; tokens.len()],
        };
        ensure!(
            types.len() == tokens.len(),
            "tokenizer.ggml.token_type has {} entries for {} tokens",
            types.len(),
            tokens.len()
        );
        let too_long =
            |(token, ty): &(&&str, &TokenType)| ty.is_special() && token.len() > MAX_MARKER;
        if let Some(id) = tokens.iter().zip(&types).position(|t| too_long(&t)) {
            bail!(
                "tokenizer.ggml.tokens: token {id} is a marker of {} bytes; the limit is \
                {MAX_MARKER}",
                tokens[id].len()
            );
        }
        Ok(Self {
            content,
            tokens,
            types,
        })
    }

    /// Drops tokens beyond the rows of the embedding, which must be markers; returns them.
    ///
    /// # Errors
    /// Ordinary tokens beyond the rows.
    pub(crate) fn cut_to(&mut self, rows: Option<usize>) -> Result<Option<String>> {
        let Some(rows) = rows.filter(|&rows| rows < self.tokens.len()) else {
            return Ok(None);
        };
        let ordinary = |ty: &TokenType| matches!(ty, TokenType::Normal | TokenType::Byte);
        if let Some(at) = self.types[rows..].iter().position(ordinary) {
            let (id, text) = (rows + at, self.tokens[rows + at]);
            bail!(
                "tokenizer.ggml.tokens has {} tokens, but the embedding has {rows} rows: none for \
                token {id} ({text:?})",
                self.tokens.len()
            );
        }
        let note = note_on_rowless(&self.tokens[rows..], rows);
        self.tokens.truncate(rows);
        self.types.truncate(rows);
        Ok(Some(note))
    }

    /// Treats markers declared as plain tokens as markers: those of the chat template
    /// and known ones, and in files without types also bytes and tokens with a role.
    /// Returns the markers' texts.
    ///
    /// # Errors
    /// A role with an invalid id.
    pub(crate) fn retype(&mut self, literals: &[String]) -> Result<Vec<String>> {
        let mut markers = Vec::new();
        for (token, ty) in self.tokens.iter().zip(&mut self.types) {
            let is_ordinary = matches!(ty, TokenType::Normal | TokenType::Unused);
            if is_ordinary && is_marker_of(literals, token) {
                *ty = TokenType::Control;
                markers.push((*token).to_owned());
            }
        }
        if !self
            .content
            .metadata
            .contains_key("tokenizer.ggml.token_type")
        {
            self.type_by_role()?;
        }
        Ok(markers)
    }

    fn type_by_role(&mut self) -> Result<()> {
        for (token, ty) in self.tokens.iter().zip(&mut self.types) {
            let is_byte = token.len() == 6 && token.starts_with("<0x") && token.ends_with('>');
            if is_byte && self.content.metadata.contains_key("tokenizer.ggml.scores") {
                *ty = TokenType::Byte;
            }
        }
        let roles = [
            ("tokenizer.ggml.unknown_token_id", TokenType::Unknown),
            ("tokenizer.ggml.bos_token_id", TokenType::Control),
            ("tokenizer.ggml.eos_token_id", TokenType::Control),
            ("tokenizer.ggml.eot_token_id", TokenType::Control),
        ];
        for (key, ty) in roles {
            if let Some(id) = self.id(key)? {
                self.types[id as usize] = ty;
            }
        }
        Ok(())
    }

    /// Control tokens, and user-defined ones that are not matched `in_text`.
    pub(crate) fn markers(&self, in_text: impl Fn(&str) -> bool) -> Vec<Marker> {
        let tokens = (0..).zip(self.tokens.iter().zip(&self.types));
        let is_marker = |token: &str, ty: TokenType| match ty {
            TokenType::Control => true,
            TokenType::UserDefined => !in_text(token),
            _ => false,
        };
        tokens
            .filter(|(_, (token, ty))| is_marker(token, **ty))
            .map(|(id, (token, _))| Marker::new(token, id))
            .collect()
    }

    /// The value of a string key, if the file has it.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>> {
        match self.content.metadata.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => bail!("{key} is {:?}, not a string", other.value_type()),
        }
    }

    /// The value of a yes-or-no key, if the file has it.
    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>> {
        match self.content.metadata.get(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => bail!("{key} is {:?}, not a bool", other.value_type()),
        }
    }

    /// The token id a key names, if the file has it.
    ///
    /// # Errors
    /// If it is not an id of this vocabulary.
    pub(crate) fn id(&self, key: &str) -> Result<Option<u32>> {
        let Some(value) = self.content.metadata.get(key) else {
            return Ok(None);
        };
        // Some converters write -1 (or u32::MAX) for "none".
        match integer(value) {
            Some(-1) | Some(0xFFFF_FFFF) => Ok(None),
            Some(id) if (0..self.tokens.len() as i64).contains(&id) => Ok(Some(id as u32)),
            _ => bail!(
                "{key} is {value:?}, which is not among the ids of the {} tokens",
                self.tokens.len()
            ),
        }
    }

    /// The pairs of `tokenizer.ggml.merges`, first merged first.
    pub(crate) fn merges(&self) -> Result<Vec<(&'a str, &'a str)>> {
        let lines = strings(self.content, "tokenizer.ggml.merges")?
            .ok_or_else(|| missing("tokenizer.ggml.merges"))?;
        lines
            .into_iter()
            .map(|line| {
                // A piece may itself begin with a space, never contain one later.
                let at = line.bytes().skip(1).position(|byte| byte == b' ');
                at.map(|at| (&line[..at + 1], &line[at + 2..]))
                    .ok_or_else(|| eyre!("tokenizer.ggml.merges has {line:?}, which is not a pair"))
            })
            .collect()
    }

    /// (vocab) log-probabilities of SentencePiece tokens; the higher, the
    /// earlier merged.
    pub(crate) fn scores(&self) -> Result<Vec<f32>> {
        let values = array(self.content, "tokenizer.ggml.scores")?
            .ok_or_else(|| missing("tokenizer.ggml.scores"))?;
        ensure!(
            values.len() >= self.tokens.len(),
            "tokenizer.ggml.scores has {} entries for {} tokens",
            values.len(),
            self.tokens.len()
        );
        values[..self.tokens.len()]
            .iter()
            .map(|value| match value {
                Value::F32(score) => Ok(*score),
                other => bail!("tokenizer.ggml.scores has {other:?}, not an f32"),
            })
            .collect()
    }

    /// The id of the control token with this text.
    pub(crate) fn control_token(&self, text: &str) -> Option<u32> {
        let mut found = self.tokens.iter().zip(&self.types);
        let at = found.position(|(token, ty)| *ty == TokenType::Control && *token == text);
        at.map(|id| id as u32)
    }

    /// sha256 (hex) over everything that determines how text becomes ids: the kind,
    /// every token with its type, and the merge order. Lengths are hashed too, so that
    /// the encoding is unambiguous.
    pub(crate) fn hash(&self, kind: &str, merges: &[(&str, &str)]) -> String {
        let (mut sha, mut buffer) = (Sha256::new(), Vec::with_capacity(1 << 17));
        let mut feed = |text: &str| {
            buffer.extend_from_slice(&(text.len() as u32).to_le_bytes());
            buffer.extend_from_slice(text.as_bytes());
            // One call per text would cost more than the hashing.
            if buffer.len() > 1 << 16 {
                sha.update(&buffer);
                buffer.clear();
            }
        };
        feed(kind);
        self.tokens.iter().for_each(|token| feed(token));
        merges.iter().for_each(|(left, right)| {
            feed(left);
            feed(right);
        });
        sha.update(&buffer);
        let types: Vec<u8> = self.types.iter().map(|ty| *ty as u8).collect();
        sha.update(types);
        format!("{:x}", sha.finalize())
    }
}

fn read_types(codes: &[Value]) -> Result<Vec<TokenType>> {
    let code = |value: &Value| integer(value).and_then(|code| u32::try_from(code).ok());
    codes
        .iter()
        .map(|value| match code(value) {
            Some(code) => TokenType::from_code(code),
            None => bail!("tokenizer.ggml.token_type has {value:?}, not a type"),
        })
        .collect()
}

fn integer(value: &Value) -> Option<i64> {
    Some(match value {
        Value::U8(v) => i64::from(*v),
        Value::I8(v) => i64::from(*v),
        Value::U16(v) => i64::from(*v),
        Value::I16(v) => i64::from(*v),
        Value::U32(v) => i64::from(*v),
        Value::I32(v) => i64::from(*v),
        Value::U64(v) => i64::try_from(*v).ok()?,
        Value::I64(v) => *v,
        _ => return None,
    })
}

fn array<'a>(content: &'a Content, key: &str) -> Result<Option<&'a [Value]>> {
    match content.metadata.get(key) {
        None => Ok(None),
        Some(Value::Array(values)) => Ok(Some(values)),
        Some(other) => bail!("{key} is {:?}, not an array", other.value_type()),
    }
}

fn strings<'a>(content: &'a Content, key: &str) -> Result<Option<Vec<&'a str>>> {
    let Some(values) = array(content, key)? else {
        return Ok(None);
    };
    let text = |value: &'a Value| match value {
        Value::String(text) => Ok(text.as_str()),
        other => bail!("{key} has {:?}, not a string", other.value_type()),
    };
    values.iter().map(text).collect::<Result<_>>().map(Some)
}

fn missing(key: &str) -> color_eyre::Report {
    eyre!("the GGUF file has no {key}, and so no usable tokenizer")
}
