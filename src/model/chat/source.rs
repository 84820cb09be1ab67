//! Finds the chat template in a model's files, and the texts of the special tokens it
//! may use.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::quantized::gguf_file::{Content, Value};
use color_eyre::eyre::{Result, bail};
use serde_json::Value as Json;

use crate::jinja::MAX_SOURCE;
use crate::model::json_file::{self, optional_json};
use crate::text_input::read_text;

const GGUF_KEY: &str = "tokenizer.chat_template";

/// The variables in which transformers gives a template the special tokens, and
/// the GGUF keys of their ids.
const TOKENS: [(&str, &str); 5] = [
    ("bos_token", "tokenizer.ggml.bos_token_id"),
    ("eos_token", "tokenizer.ggml.eos_token_id"),
    ("unk_token", "tokenizer.ggml.unknown_token_id"),
    ("sep_token", "tokenizer.ggml.seperator_token_id"),
    ("pad_token", "tokenizer.ggml.padding_token_id"),
];
/// Those always defined for a template: empty without a text.
const ALWAYS: usize = 2;

/// A template as found.
pub(crate) struct FoundTemplate {
    pub(crate) text: String,
    pub(crate) names: Names,
    /// The file or key it comes from, for messages.
    pub(crate) place: String,
    pub(crate) notes: Vec<String>,
}

/// The special tokens' texts by variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(Arc<[(&'static str, String)]>);

impl Names {
    pub(crate) fn of_pairs<const N: usize>(pairs: [(&'static str, &str); N]) -> Self {
        Self(pairs.map(|(name, text)| (name, text.to_owned())).into())
    }

    fn read(text_of: impl Fn(&str, &str) -> Option<String>) -> Self {
        let named = TOKENS.iter().enumerate().filter_map(|(n, (name, key))| {
            let text = text_of(name, key);
            let text = if n < ALWAYS {
                Some(text.unwrap_or_default())
            } else {
                text
            };
            Some((*name, text?))
        });
        Self(named.collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, text)| (*name, text.as_str()))
    }
}

/// A GGUF file's template: `tokenizer.chat_template`, else one of those named
/// `tokenizer.chat_template.NAME`.
///
/// # Errors
/// A key without a text.
pub(crate) fn of_gguf(content: &Content) -> Result<Option<FoundTemplate>> {
    let mut named = Vec::new();
    for (key, value) in &content.metadata {
        let name = match key.strip_prefix(GGUF_KEY) {
            Some("") => "default",
            Some(rest) if rest.starts_with('.') => &rest[1..],
            _ => continue,
        };
        let Value::String(text) = value else {
            bail!("{key} is {:?}, not a string", value.value_type());
        };
        named.push((name.to_owned(), text.clone()));
    }
    let names = Names::read(|_, key| token_text(content, key));
    Ok(chosen(named).map(|(name, text)| {
        let is_default = name == "default";
        let place = match is_default {
            true => format!("the GGUF file's {GGUF_KEY}"),
            false => format!("the GGUF file's {GGUF_KEY}.{name}"),
        };
        let notes = note_on_name(&name).into_iter().collect();
        FoundTemplate {
            text,
            names,
            place,
            notes,
        }
    }))
}

fn token_text(content: &Content, id_key: &str) -> Option<String> {
    let id = content.metadata.get(id_key)?.to_u32().ok()?;
    let tokens = content
        .metadata
        .get("tokenizer.ggml.tokens")?
        .to_vec()
        .ok()?;
    tokens.get(id as usize)?.to_string().ok().cloned()
}

/// A checkpoint's template: a separate file, a setting of the tokenizer, or that of a
/// processor, whichever comes first.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn of_folder(folder: &Path) -> Result<Option<FoundTemplate>> {
    let settings = optional_json(folder, "tokenizer_config.json")?;
    let names = Names::read(|name, _| json_file::token_text(&settings[name]));
    let found = |place: PathBuf, name: &str, text: String| {
        let notes = note_on_name(name).into_iter().collect();
        let place = place.display().to_string();
        FoundTemplate {
            text,
            names: names.clone(),
            place,
            notes,
        }
    };
    let own = folder.join("chat_template.jinja");
    if own.is_file() {
        return Ok(Some(found(own.clone(), "default", read_template(&own)?)));
    }
    let processor = optional_json(folder, "chat_template.json")?;
    let in_json = [
        ("tokenizer_config.json", &settings["chat_template"]),
        ("chat_template.json", &processor["chat_template"]),
        ("chat_template.json", &processor),
    ];
    for (file, value) in in_json {
        if let Some((name, text)) = chosen(named_in(value)) {
            return Ok(Some(found(folder.join(file), &name, text)));
        }
    }
    let additional = folder.join("additional_chat_templates");
    let named = templates_in(&additional)?;
    Ok(chosen(named).map(|(name, text)| found(additional, &name, text)))
}

/// One text, or a list of named ones.
fn named_in(value: &Json) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    if let Some(single) = text(value) {
        return vec![("default".to_owned(), single)];
    }
    let listed = value.as_array().into_iter().flatten();
    let entry = |entry: &Json| Some((text(&entry["name"])?, text(&entry["template"])?));
    listed.filter_map(entry).collect()
}

fn templates_in(folder: &Path) -> Result<Vec<(String, String)>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut named = Vec::new();
    for path in entries.map(|entry| entry.path()) {
        if path
            .extension()
            .is_some_and(|extension| extension == "jinja")
        {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            named.push((name.into_owned(), read_template(&path)?));
        }
    }
    Ok(named)
}

fn read_template(path: &Path) -> Result<String> {
    Ok(read_text(path, MAX_SOURCE as u64)?.text)
}

/// Of several, the one called `default`; else the first by name, special-purpose ones last.
fn chosen(mut named: Vec<(String, String)>) -> Option<(String, String)> {
    let is_special = |name: &str| ["tool", "rag"].iter().any(|purpose| name.contains(purpose));
    named.sort_by_key(|(name, _)| (name != "default", is_special(name), name.clone()));
    named.into_iter().next()
}

fn note_on_name(name: &str) -> Option<String> {
    (name != "default")
        .then(|| format!("the model has several chat templates and no default: using `{name}`"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use candle_core::quantized::gguf_file::VersionedMagic;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    fn text_in(files: &[(&str, &str)]) -> Option<(String, usize)> {
        let found = of_folder(folder(files).path()).unwrap()?;
        Some((found.text, found.notes.len()))
    }

    #[test]
    fn a_checkpoint_keeps_its_template_in_one_of_several_places() {
        let config = |template: &str| format!(r#"{{"chat_template": {template}}}"#);
        let is = |text: &str| Some((text.to_owned(), 0));
        let null = config("null");
        let processor = config(r#""from json""#);
        let own = ("chat_template.jinja", "\u{feff}from jinja");
        let in_config = config(r#""from config""#);
        let (null, processor) = (
            ("tokenizer_config.json", null.as_str()),
            ("chat_template.json", processor.as_str()),
        );
        let in_config = ("tokenizer_config.json", in_config.as_str());
        assert_eq!(text_in(&[null]), None);
        assert_eq!(text_in(&[null, processor]), is("from json"));
        assert_eq!(text_in(&[in_config, processor]), is("from config"));
        assert_eq!(text_in(&[in_config, processor, own]), is("from jinja"));
    }

    #[test]
    fn of_named_templates_the_default_one_or_one_that_is_named() {
        let listed = |names: &[&str]| {
            let entry = |name: &&str| format!(r#"{{"name": "{name}", "template": "is {name}"}}"#);
            let entries: Vec<String> = names.iter().map(entry).collect();
            format!(r#"{{"chat_template": [{}]}}"#, entries.join(", "))
        };
        let text = |names: &[&str]| text_in(&[("tokenizer_config.json", &listed(names))]);
        assert_eq!(
            text(&["tool_use", "default"]),
            Some(("is default".into(), 0))
        );
        assert_eq!(text(&["rag", "tool_use", "zz"]), Some(("is zz".into(), 1)));
        assert_eq!(text(&["tool_use"]), Some(("is tool_use".into(), 1)));
        let beside = ("additional_chat_templates/chat.jinja", "beside");
        assert_eq!(text_in(&[beside]), Some(("beside".into(), 1)));
    }

    #[test]
    fn a_gguf_file_may_name_templates_without_a_default() {
        let content = |keys: &[&str]| Content {
            magic: VersionedMagic::GgufV3,
            metadata: keys
                .iter()
                .map(|key| {
                    (
                        format!("{GGUF_KEY}{key}"),
                        Value::String(format!("is {key}")),
                    )
                })
                .collect::<HashMap<_, _>>(),
            tensor_infos: HashMap::new(),
            tensor_data_offset: 0,
        };
        let text = |keys: &[&str]| of_gguf(&content(keys)).unwrap().map(|found| found.text);
        assert_eq!(text(&[]), None);
        assert_eq!(text(&["", ".tool_use"]).as_deref(), Some("is "));
        assert_eq!(text(&[".tool_use", ".chat"]).as_deref(), Some("is .chat"));
    }
}
