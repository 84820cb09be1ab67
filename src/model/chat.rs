//! The chat template: messages to the one text a model was trained to answer.
//! Renders the model's own Jinja as transformers does; knows nothing of
//! token ids. An assistant opening is prefilled by appending to the result.

use std::path::Path;
use std::sync::Arc;

use candle_core::quantized::gguf_file::{Content, Value};
use color_eyre::eyre::{Result, WrapErr, bail, eyre};
use minijinja::{Environment, Error, ErrorKind, context};
use serde::Serialize;

use super::tokenizer::json;
use super::weights::{Source, Weights};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    User,
    Assistant,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    pub role: Role,
    pub content: String,
}

impl Message {
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        let content = content.into();
        Self { role, content }
    }
}

/// A chat template, checked when it is read. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct ChatTemplate {
    source: Arc<str>,
    bos_token: Arc<str>,
    eos_token: Arc<str>,
}

/// The template of Vicuna v1.1 to v1.5 (FastChat's `vicuna_v1.1`), whose GGUF
/// files carry none.
const VICUNA: &str = concat!(
    "{%- if messages[0].role == 'system' -%}{{ messages[0].content }}",
    "{%- else -%}A chat between a curious user and an artificial intelligence assistant. ",
    "The assistant gives helpful, detailed, and polite answers to the user's questions.",
    "{%- endif -%}",
    "{%- for message in messages -%}",
    "{%- if message.role == 'user' -%}{{ ' USER: ' ~ message.content }}",
    "{%- elif message.role == 'assistant' -%}",
    "{{ ' ASSISTANT: ' ~ message.content ~ eos_token }}",
    "{%- endif -%}",
    "{%- endfor -%}",
    "{%- if add_generation_prompt -%}{{ ' ASSISTANT:' }}{%- endif -%}",
);

const SOURCE_KEY: &str = "tokenizer.chat_template";

impl ChatTemplate {
    /// The template that comes with a model's weights; `None` if there is none.
    ///
    /// # Errors
    /// If the template is not Jinja; the message has its line.
    pub fn of(weights: &Weights) -> Result<Option<Self>> {
        match &weights.source {
            Source::Gguf(gguf) => Self::from_gguf(&gguf.content),
            Source::Checkpoint(checkpoint) => Self::from_folder(&checkpoint.folder),
        }
    }

    /// A checkpoint's template: `chat_template.jinja`, or `chat_template` in
    /// `tokenizer_config.json` (of several, the one called `default`).
    ///
    /// # Errors
    /// As [`from_gguf`](Self::from_gguf).
    pub fn from_folder(folder: &Path) -> Result<Option<Self>> {
        let settings = json::optional_json(folder, "tokenizer_config.json")?;
        let file = folder.join("chat_template.jinja");
        let source = match file.is_file() {
            true => Some(
                std::fs::read_to_string(&file)
                    .wrap_err_with(|| format!("reading {}", file.display()))?,
            ),
            false => default_template(&settings["chat_template"]),
        };
        let Some(source) = source else {
            return Ok(None);
        };
        check(&source).map_err(|err| eyre!("{}: the chat template: {err:#}", folder.display()))?;
        let text = |key: &str| json::token_text(&settings[key]).unwrap_or_default();
        Ok(Some(Self {
            source: source.into(),
            bos_token: text("bos_token").into(),
            eos_token: text("eos_token").into(),
        }))
    }

    /// The file's own template; `None` if it has none.
    ///
    /// # Errors
    /// If the template is not Jinja; the message has its line.
    pub fn from_gguf(content: &Content) -> Result<Option<Self>> {
        let source = match content.metadata.get(SOURCE_KEY) {
            None => return Ok(None),
            Some(Value::String(source)) => source,
            Some(other) => bail!("{SOURCE_KEY} is {:?}, not a string", other.value_type()),
        };
        check(source)
            .map_err(|err| eyre!("the GGUF file's {SOURCE_KEY} cannot be parsed: {err:#}"))?;
        Ok(Some(Self {
            source: source.as_str().into(),
            bos_token: token_text(content, "tokenizer.ggml.bos_token_id").into(),
            eos_token: token_text(content, "tokenizer.ggml.eos_token_id").into(),
        }))
    }

    /// Vicuna's template, for Llama-family models without one of their own.
    pub fn vicuna_v1_1() -> Self {
        Self {
            source: VICUNA.into(),
            bos_token: "<s>".into(),
            eos_token: "</s>".into(),
        }
    }

    /// The text of a conversation. Where no system message is given, the
    /// template's default one is in it. `add_generation_prompt` opens the
    /// assistant's turn.
    ///
    /// # Errors
    /// If the template refuses the messages (`raise_exception`) or uses
    /// something that is not there.
    pub fn render(&self, messages: &[Message], add_generation_prompt: bool) -> Result<String> {
        let names = context! {
            messages,
            add_generation_prompt,
            bos_token => &*self.bos_token,
            eos_token => &*self.eos_token,
            // Templates ask `is not none`, which holds for the undefined.
            tools => (),
            documents => (),
            // Qwen3 and its like think aloud unless told not to.
            enable_thinking => false,
        };
        environment()
            .render_named_str(SOURCE_KEY, &self.source, names)
            .map_err(|err| eyre!("{err:#}"))
            .wrap_err("rendering the model's chat template")
    }
}

/// Whether it can be parsed.
fn check(source: &str) -> Result<(), Error> {
    environment()
        .template_from_named_str(SOURCE_KEY, source)
        .map(|_| ())
}

/// A template, or a list of named ones.
fn default_template(value: &serde_json::Value) -> Option<String> {
    let named = |entry: &&serde_json::Value| entry["name"] == "default";
    let listed = || value.as_array()?.iter().find(named)?["template"].as_str();
    value.as_str().or_else(listed).map(str::to_string)
}

/// Jinja as transformers sets it up for chat templates.
fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_trim_blocks(true);
    env.set_lstrip_blocks(true);
    env.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    env.add_function("raise_exception", raise_exception);
    env.add_function("strftime_now", strftime_fixed);
    env
}

fn raise_exception(message: String) -> Result<String, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

/// `strftime_now` on a fixed day, the one Llama 3's template falls back on: a
/// prompt must not differ from one day to the next, or runs of two days could
/// not be compared. Fields that are not listed stay as they are.
fn strftime_fixed(format: String) -> String {
    let fields = [
        ("%d", "26"),
        ("%b", "Jul"),
        ("%B", "July"),
        ("%m", "07"),
        ("%Y", "2024"),
        ("%y", "24"),
        ("%A", "Friday"),
        ("%a", "Fri"),
        ("%H", "12"),
        ("%M", "00"),
        ("%S", "00"),
    ];
    let fill = |text: String, (field, value): (&str, &str)| text.replace(field, value);
    fields.into_iter().fold(format, fill)
}

fn token_text(content: &Content, id_key: &str) -> String {
    let id = content.metadata.get(id_key).and_then(|v| v.to_u32().ok());
    let tokens = content.metadata.get("tokenizer.ggml.tokens");
    let tokens = tokens.and_then(|v| v.to_vec().ok());
    let text = id.zip(tokens).and_then(|(id, t)| t.get(id as usize));
    text.and_then(|v| v.to_string().ok())
        .cloned()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{ChatTemplate, Message, Role, VICUNA, strftime_fixed};

    fn template(source: &str) -> ChatTemplate {
        ChatTemplate {
            source: source.into(),
            ..ChatTemplate::vicuna_v1_1()
        }
    }

    fn render(source: &str, messages: &[Message]) -> String {
        template(source).render(messages, true).unwrap()
    }

    #[test]
    fn vicuna_default_system_message_and_turns() {
        let turns = [
            Message::new(Role::User, "Hi"),
            Message::new(Role::Assistant, "Hello."),
            Message::new(Role::User, "Heat?"),
        ];
        let text = render(VICUNA, &turns);
        assert!(
            text.starts_with("A chat between a curious user and"),
            "{text}"
        );
        let end = "questions. USER: Hi ASSISTANT: Hello.</s> USER: Heat? ASSISTANT:";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn vicuna_own_system_message() {
        let turns = [
            Message::new(Role::System, "Be brief."),
            Message::new(Role::User, "Hi"),
        ];
        assert_eq!(render(VICUNA, &turns), "Be brief. USER: Hi ASSISTANT:");
    }

    #[test]
    fn blocks_take_their_line_with_them_and_python_methods_work() {
        let source = "{% for m in messages %}\n    {% if m.role == 'user' %}\n\
                      <{{ m['content'].strip() | trim }}>\n    {% endif %}\n{% endfor %}\n\
                      {% if tools is not none %}tools{% endif %}";
        assert_eq!(render(source, &[Message::new(Role::User, " a ")]), "<a>\n");
    }

    #[test]
    fn a_refusal_says_why() {
        let refusing = template("{{ raise_exception('roles must alternate') }}");
        let err = refusing.render(&[], true).unwrap_err();
        assert!(format!("{err:#}").contains("roles must alternate"));
    }

    #[test]
    fn thinking_is_switched_off_where_a_template_has_the_switch() {
        let source = "{%- if enable_thinking is defined and enable_thinking is false -%}\
                      {{- '<think></think>' -}}{%- endif -%}";
        assert_eq!(render(source, &[]), "<think></think>");
    }

    #[test]
    fn the_date_is_fixed() {
        assert_eq!(strftime_fixed("%d %b %Y".to_owned()), "26 Jul 2024");
    }
}
