//! A checkpoint's tokenizer: `tokenizer.json` as the `tokenizers` crate reads
//! it, the roles of tokens from `tokenizer_config.json`,
//! `generation_config.json` and `config.json`.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, ensure, eyre};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokenizers::{AddedToken, Tokenizer};

use super::byte_level::ByteAlphabet;
use super::markers::{self, Marker, Markers};
use super::vocabulary::TokenType;
use super::{
    END_TEXTS, Inner, TokenBytes, add_separator, is_marker_of, json_checks, note_on_ends,
    sentencepiece, template_literals,
};
use crate::model::chat::ChatTemplate;
use crate::model::json_file::{JsonFile, optional_json, token_text};
use crate::text_input::{JSON_BYTES_MAX, SETTINGS_BYTES_MAX};

/// The parsed files of a folder.
struct Files {
    folder: PathBuf,
    /// Original text of `tokenizer.json`.
    hash: String,
    /// `tokenizer.json`.
    tokenizer: Value,
    /// Null if missing.
    settings: Value,
    generation: Value,
    config: Value,
    /// Notes on what was parsed leniently.
    notes: Vec<String>,
}

/// `rows`: of the embedding, where there is one.
pub(super) fn read(folder: &Path, rows: Option<usize>) -> Result<Inner> {
    let mut files = Files::read(folder)?;
    let path = folder.join("tokenizer.json");
    let checked = json_checks::check(&mut files.tokenizer, rows);
    let changes = checked.wrap_err_with(|| path.display().to_string())?;
    // The checked value is parsed, not the file's bytes: for a duplicate key the crate
    // would use the unchecked one.
    let json = serde_json::to_vec(&files.tokenizer)?;
    let mut tokenizer =
        Tokenizer::from_bytes(json).map_err(|e| eyre!("{}: {e}", path.display()))?;
    // Some files contain limits from a training run.
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None).map_err(|e| eyre!(e))?;
    let retyped = retype(&mut tokenizer, folder)?;
    let table = Table::of(&tokenizer, spelling(&files.tokenizer))?;
    files.notes.extend(markers::note_on_retyped(&retyped));
    let bos_id = files.text("bos_token").and_then(|t| table.id(&t));
    let eos_ids = eos_ids(&mut files, &table)?;
    files.notes.extend(changes.into_iter().flatten());
    files.notes.extend(note_on_ends(&eos_ids));
    let add_bos = adds_bos(&files, &tokenizer, bos_id)?;
    Ok(Inner {
        markers: markers_of(&tokenizer)?,
        separator_id: add_separator(&mut tokenizer)?,
        eos_ids,
        add_bos,
        bos_id,
        hash: files.hash,
        token_bytes: table.token_bytes,
        special: table.special,
        tokenizer,
        notes: files.notes,
    })
}

/// Makes those markers of the template special that the file has as plain or added
/// tokens; returns the texts of the plain ones.
fn retype(tokenizer: &mut Tokenizer, folder: &Path) -> Result<Vec<String>> {
    let literals = template_literals(ChatTemplate::from_folder(folder));
    let ordinary = tokenizer.get_vocab(false);
    let mut added = tokenizer.get_added_tokens_decoder();
    let known: HashSet<String> = added.values().map(|token| token.content.clone()).collect();
    added.retain(|_, token| !token.special && is_marker_of(&literals, &token.content));
    let is_ordinary = |text: &&String| !known.contains(*text) && is_marker_of(&literals, text);
    let mut retyped: Vec<String> = ordinary.keys().filter(is_ordinary).cloned().collect();
    retyped.sort();
    let marked = added.into_values().map(|token| AddedToken {
        special: true,
        ..token
    });
    let new = retyped
        .iter()
        .map(|text| AddedToken::from(text.as_str(), true));
    tokenizer
        .add_special_tokens(marked.chain(new))
        .map_err(|e| eyre!(e))?;
    Ok(retyped)
}

fn markers_of(tokenizer: &Tokenizer) -> Result<Markers> {
    let added = tokenizer.get_added_tokens_decoder();
    let special = added.into_iter().filter(|(_, token)| token.special);
    let marker = |(id, token): (u32, AddedToken)| Marker {
        id,
        strips_left: token.lstrip,
        strips_right: token.rstrip,
        text: token.content,
    };
    Markers::new(special.map(marker).collect())
}

impl Files {
    fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("tokenizer.json");
        let own = JsonFile::read(&path, JSON_BYTES_MAX)
            .wrap_err("a checkpoint's tokenizer is read from its tokenizer.json")?;
        let mut files = Files {
            folder: folder.to_path_buf(),
            hash: hash(&own.bytes),
            tokenizer: own.value,
            settings: Value::Null,
            generation: Value::Null,
            config: Value::Null,
            notes: own.notes,
        };
        files.settings = files.optional("tokenizer_config.json")?;
        files.generation = files.optional("generation_config.json")?;
        // Reported where the configuration is read.
        files.config = optional_json(folder, "config.json")?;
        Ok(files)
    }

    fn optional(&mut self, name: &str) -> Result<Value> {
        let path = self.folder.join(name);
        if !path.is_file() {
            return Ok(Value::Null);
        }
        let file = JsonFile::read(&path, SETTINGS_BYTES_MAX)?;
        self.notes.extend(file.notes);
        Ok(file.value)
    }

    /// A token's text in `tokenizer_config.json`.
    fn text(&self, key: &str) -> Option<String> {
        token_text(&self.settings[key])
    }
}

/// How a vocabulary represents bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    ByteLevel,
    SentencePiece,
}

/// Byte-level vocabularies name `ByteLevel` as their decoder, or in it.
fn spelling(tokenizer: &Value) -> Spelling {
    let decoder = &tokenizer["decoder"];
    let byte_level = |step: &Value| step["type"] == "ByteLevel";
    let nested = decoder["decoders"].as_array();
    if byte_level(decoder) || nested.is_some_and(|steps| steps.iter().any(byte_level)) {
        return Spelling::ByteLevel;
    }
    Spelling::SentencePiece
}

/// The vocabulary by id.
struct Table {
    ids: HashMap<String, u32>,
    token_bytes: TokenBytes,
    /// (vocab)
    special: Vec<bool>,
}

impl Table {
    fn of(tokenizer: &Tokenizer, spelling: Spelling) -> Result<Self> {
        let ids = tokenizer.get_vocab(true);
        let added = tokenizer.get_added_tokens_decoder();
        ensure!(!ids.is_empty(), "tokenizer.json has no tokens");
        let size = ids.values().max().map_or(0, |&last| last as usize + 1);
        let mut texts = vec![""; size];
        for (text, &id) in &ids {
            texts[id as usize] = text;
        }
        let alphabet = ByteAlphabet::new();
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(size));
        let mut special = vec![false; size];
        for (id, text) in texts.iter().enumerate() {
            match (added.get(&(id as u32)), spelling) {
                (Some(_), _) => {
                    // As in a GGUF file: control or user-defined.
                    special[id] = true;
                    bytes.extend_from_slice(text.as_bytes());
                }
                (None, Spelling::ByteLevel) => alphabet.push_bytes(text, &mut bytes),
                (None, Spelling::SentencePiece) => {
                    sentencepiece::push_bytes(text, piece_type(text), &mut bytes);
                }
            }
            ends.push(bytes.len() as u32);
        }
        Ok(Table {
            token_bytes: TokenBytes { bytes, ends },
            special,
            ids: ids.clone(),
        })
    }

    fn id(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }
}

/// `<0x0A>` is a byte; anything else that begins like it is text.
fn piece_type(text: &str) -> TokenType {
    match text.len() == 6 && text.starts_with("<0x") {
        true => TokenType::Byte,
        false => TokenType::Normal,
    }
}

/// What ends a chat comes first, then what generation and the model name, then
/// the control tokens that end a text in any model.
fn eos_ids(files: &mut Files, table: &Table) -> Result<Vec<u32>> {
    let mut found: Vec<u32> = Vec::new();
    found.extend(files.text("eos_token").and_then(|t| table.id(&t)));
    let named = [
        ("generation_config.json", &files.generation["eos_token_id"]),
        ("config.json", &files.config["eos_token_id"]),
    ];
    for (file, value) in named {
        let file = files.folder.join(file);
        let ids =
            ids_in(value, table.special.len()).wrap_err_with(|| file.display().to_string())?;
        if ids.contains(&None) {
            files.notes.push(format!(
                "{}: eos_token_id is -1, which is not a token",
                file.display()
            ));
        }
        found.extend(ids.into_iter().flatten());
    }
    let marker = |id: &u32| table.special[*id as usize];
    let ending = END_TEXTS.iter().filter_map(|text| table.id(text));
    found.extend(ending.filter(marker));
    let mut ids = Vec::new();
    for id in found {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// One id, a list of them, or none; `None` for -1, which means none.
fn ids_in(value: &Value, vocab: usize) -> Result<Vec<Option<u32>>> {
    let one = |value: &Value| {
        if value.as_i64() == Some(-1) {
            return Ok(None);
        }
        let id = value.as_u64().and_then(|id| u32::try_from(id).ok());
        id.filter(|&id| (id as usize) < vocab)
            .map(Some)
            .ok_or_else(|| eyre!("eos_token_id {value} is not among the ids of the {vocab} tokens"))
    };
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) => values.iter().map(one).collect(),
        value => Ok(vec![one(value)?]),
    }
}

/// As in the settings; else whether the tokenizer's own template adds it.
fn adds_bos(files: &Files, tokenizer: &Tokenizer, bos_id: Option<u32>) -> Result<bool> {
    if let Some(said) = files.settings["add_bos_token"].as_bool() {
        return Ok(said);
    }
    let encoding = tokenizer.encode("", true).map_err(|e| eyre!(e))?;
    Ok(bos_id.is_some() && encoding.get_ids().first().copied() == bos_id)
}

fn hash(bytes: &[u8]) -> String {
    let mut sha = Sha256::new();
    sha.update("tokenizer.json");
    sha.update(bytes);
    format!("{:x}", sha.finalize())
}
