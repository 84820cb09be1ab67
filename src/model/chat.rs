//! The chat template: turns messages into the text format the model was trained on.
//! Renders the model's Jinja as transformers does; does not know token ids. An
//! assistant opening is prefilled by appending to the result.

mod known;
mod source;

use std::borrow::Cow;
use std::path::Path;

use candle_core::quantized::gguf_file::Content;
use color_eyre::eyre::{Result, WrapErr, ensure, eyre};

use super::weights::{Weights, WeightsSource};
use crate::jinja::{Missing, Template, Value};
pub(super) use known::KNOWN_MARKERS;
use source::{FoundTemplate, Names};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Role {
    /// Instructions ahead of the conversation.
    System,
    /// Who asks.
    User,
    /// The model.
    Assistant,
}

impl Role {
    fn name(self) -> &'static str {
        self.into()
    }
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub(crate) role: Role,
    /// Plain text; special markers in it stay text.
    pub content: String,
}

impl Message {
    /// A turn of this speaker.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        let content = content.into();
        Self { role, content }
    }
}

/// How a template handles a system message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SystemTurn {
    /// It is rendered.
    Written,
    /// It is refused or dropped: its text is prepended to the first user's.
    Folded,
}

/// A chat template, checked when it is read. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct ChatTemplate {
    template: Template,
    names: Names,
    system: SystemTurn,
    notes: Vec<String>,
}

const FOLDED: &str = "the model's chat template accepts no system message: its text is prepended \
    to the first user turn";

impl ChatTemplate {
    /// The template that comes with a model's weights; `None` if there is none.
    ///
    /// # Errors
    /// If the template is not Jinja; the message has its line.
    pub fn of(weights: &Weights) -> Result<Option<Self>> {
        match &weights.source {
            WeightsSource::Gguf(gguf) => Self::from_gguf(&gguf.content),
            WeightsSource::Checkpoint(checkpoint) => Self::from_folder(&checkpoint.folder),
            WeightsSource::MadeUp(_) => Ok(None),
        }
    }

    /// A checkpoint's template: `chat_template.jinja`, `chat_template` in
    /// `tokenizer_config.json`, or `chat_template.json`; of several, the one called
    /// `default`.
    ///
    /// # Errors
    /// As [`from_gguf`](Self::from_gguf).
    pub fn from_folder(folder: &Path) -> Result<Option<Self>> {
        let found = source::of_folder(folder)?;
        found.map(Self::read).transpose()
    }

    /// The file's own template; `None` if it has none.
    ///
    /// # Errors
    /// If the template is not Jinja; the message has its line.
    pub fn from_gguf(content: &Content) -> Result<Option<Self>> {
        let found = source::of_gguf(content)?;
        found.map(Self::read).transpose()
    }

    /// For files without a template: the one whose markers are in the vocabulary, else
    /// plain text. `has_marker` tells whether a text is one of its markers.
    pub fn by_markers(has_marker: impl Fn(&str) -> bool) -> Result<Self> {
        let known = known::by_markers(has_marker);
        let names = Names::of_pairs([("bos_token", known.bos), ("eos_token", known.eos)]);
        let mut template = Self::parse(known.source, names, "chat template")?;
        template.notes.insert(0, known.note());
        Ok(template)
    }

    /// The template of Vicuna v1.1 to v1.5.
    ///
    /// # Errors
    /// None: it is well formed.
    #[cfg(test)]
    pub(crate) fn vicuna_v1_1() -> Result<Self> {
        Self::by_markers(|marker| ["<s>", "</s>"].contains(&marker))
    }

    fn read(found: FoundTemplate) -> Result<Self> {
        let mut template = Self::parse(&found.text, found.names, &found.place)?;
        template.notes.splice(..0, found.notes);
        Ok(template)
    }

    fn parse(text: &str, names: Names, place: &str) -> Result<Self> {
        let template = Template::parse("chat template", text, Missing::Lenient)
            .map_err(|err| eyre!("{place} cannot be parsed: {err}"))?;
        let mut template = Self {
            template,
            names,
            system: SystemTurn::Written,
            notes: Vec::new(),
        };
        template.system = template.probed();
        if template.system == SystemTurn::Folded {
            template.notes.push(FOLDED.to_owned());
        }
        Ok(template)
    }

    /// A note for the user.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The literal texts in the template, including markers.
    pub(super) fn literals(&self) -> Vec<String> {
        let mut texts = self.template.literals();
        texts.extend(self.names.iter().map(|(_, text)| text.to_owned()));
        texts
    }

    /// The text of a conversation. Without a system message, the template's default one
    /// is used. `add_generation_prompt` opens the assistant's turn.
    ///
    /// # Errors
    /// If the template refuses the messages (`raise_exception`), uses something
    /// undefined, does not end, or renders to nothing.
    pub fn render(&self, messages: &[Message], add_generation_prompt: bool) -> Result<String> {
        let text = self
            .rendered(messages, add_generation_prompt)
            .wrap_err("rendering the model's chat template")?;
        ensure!(
            messages.is_empty() || !text.trim().is_empty(),
            "the model's chat template renders to an empty prompt"
        );
        Ok(text)
    }

    fn rendered(&self, messages: &[Message], add_generation_prompt: bool) -> Result<String> {
        let folded = folded(messages);
        if self.system == SystemTurn::Folded {
            return self.filled(&folded, add_generation_prompt);
        }
        // Some accept a system message, but not before every conversation.
        let refused = match self.filled(messages, add_generation_prompt) {
            Err(refused) if matches!(folded, Cow::Owned(_)) => refused,
            other => return other,
        };
        let folded = self.filled(&folded, add_generation_prompt);
        folded.map_err(|_| refused)
    }

    /// Whether a system message is rendered, with other messages and alone.
    fn probed(&self) -> SystemTurn {
        let probe = "the text of the system";
        let messages = [
            Message::new(Role::System, probe),
            Message::new(Role::User, "a question"),
        ];
        let shows = |messages: &[Message]| {
            let text = self.filled(messages, true);
            text.is_ok_and(|text| text.contains(probe))
        };
        match shows(&messages) || !shows(&folded(&messages)) {
            true => SystemTurn::Written,
            false => SystemTurn::Folded,
        }
    }

    /// As called by transformers without tools. Templates made only for tools iterate
    /// over them without checking: those get an empty list.
    fn filled(&self, messages: &[Message], add_generation_prompt: bool) -> Result<String> {
        let attempt = |tools: &Value| {
            let variables = self.variables(messages, add_generation_prompt, tools);
            self.template.render(&variables)
        };
        let first = attempt(&Value::None);
        let rendered = first.or_else(|refused| {
            if refused.is_exhausted() {
                return Err(refused);
            }
            let second = attempt(&Value::list([]));
            second.map_err(|_| refused)
        });
        rendered.map_err(|err| eyre!(err.to_string()))
    }

    fn variables(
        &self,
        messages: &[Message],
        add_generation_prompt: bool,
        tools: &Value,
    ) -> Vec<(&str, Value)> {
        let message = |message: &Message| {
            Value::dict([
                ("role", Value::text(message.role.name())),
                ("content", Value::text(message.content.as_str())),
            ])
        };
        let names = self.names.iter();
        let mut variables: Vec<(&str, Value)> = names
            .map(|(name, text)| (name, Value::text(text)))
            .collect();
        variables.extend([
            ("messages", Value::list(messages.iter().map(message))),
            ("add_generation_prompt", Value::Bool(add_generation_prompt)),
            ("tools", tools.clone()),
            ("documents", tools.clone()),
            // Models like Qwen3 use thinking mode unless it is disabled.
            ("enable_thinking", Value::Bool(false)),
        ]);
        variables
    }
}

/// The messages with the system text prepended to the first user turn; unchanged
/// without one.
fn folded(messages: &[Message]) -> Cow<'_, [Message]> {
    let [first, others @ ..] = messages else {
        return Cow::Borrowed(messages);
    };
    let user = others.iter().position(|message| message.role == Role::User);
    match user {
        Some(user) if first.role == Role::System => {
            let mut others = others.to_vec();
            others[user].content = format!("{}\n\n{}", first.content, others[user].content);
            Cow::Owned(others)
        }
        _ => Cow::Borrowed(messages),
    }
}

#[cfg(test)]
mod tests {
    use super::{ChatTemplate, Message, Names, Role};

    fn template(source: &str) -> ChatTemplate {
        let names = Names::of_pairs([("bos_token", "<s>"), ("eos_token", "</s>")]);
        ChatTemplate::parse(source, names, "the test").unwrap()
    }

    fn render(source: &str, messages: &[Message]) -> String {
        template(source).render(messages, true).unwrap()
    }

    fn user(text: &str) -> Message {
        Message::new(Role::User, text)
    }

    fn system(text: &str) -> Message {
        Message::new(Role::System, text)
    }

    const TURNS: &str = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}";

    #[test]
    fn vicuna_default_system_message_and_turns() {
        let turns = [
            user("Hi"),
            Message::new(Role::Assistant, "Hello."),
            user("Heat?"),
        ];
        let vicuna = ChatTemplate::vicuna_v1_1().unwrap();
        let text = vicuna.render(&turns, true).unwrap();
        assert!(
            text.starts_with("A chat between a curious user and"),
            "{text}"
        );
        let end = "questions. USER: Hi ASSISTANT: Hello.</s> USER: Heat? ASSISTANT:";
        assert!(text.ends_with(end), "{text}");
        let own = vicuna.render(&[system("Be brief."), user("Hi")], true);
        assert_eq!(own.unwrap(), "Be brief. USER: Hi ASSISTANT:");
    }

    #[test]
    fn blocks_take_their_line_with_them_and_python_methods_work() {
        let source = "{% for m in messages %}\n    {% if m.role == 'user' %}\n\
                      <{{ m['content'].strip() | trim }}>\n    {% endif %}\n{% endfor %}\n\
                      {% if tools is not none %}tools{% endif %}";
        assert_eq!(render(source, &[user(" a ")]), "<a>\n");
    }

    #[test]
    fn a_refusal_says_why_and_where() {
        let refusing = template("\n{{ raise_exception('roles must alternate') }}");
        let said = format!("{:#}", refusing.render(&[user("Hi")], true).unwrap_err());
        assert_eq!(
            said,
            "rendering the model's chat template: chat template, line 2: roles must alternate"
        );
    }

    #[test]
    fn thinking_is_switched_off_where_a_template_has_the_switch() {
        let source = "{%- if enable_thinking is defined and enable_thinking is false -%}\
                      {{- '<think></think>' -}}{%- endif -%}";
        assert_eq!(render(source, &[]), "<think></think>");
    }

    #[test]
    fn a_system_message_that_is_refused_goes_before_the_first_user_turn() {
        let refuses = "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}\
                       {{ raise_exception('roles must alternate') }}{% endif %}\
                       <{{ m.role }}>{{ m.content }}{% endfor %}";
        let leaves_out = "{% for m in messages if m.role != 'system' %}\
                          <{{ m.role }}>{{ m.content }}{% endfor %}";
        let reads_the_last = "<user>{{ messages[-1].content }}";
        let turns = [
            system("S"),
            user("A"),
            Message::new(Role::Assistant, "B"),
            user("C"),
        ];
        for source in [refuses, leaves_out] {
            let text = render(source, &turns);
            assert_eq!(text, "<user>S\n\nA<assistant>B<user>C");
        }
        assert_eq!(render(reads_the_last, &turns[..2]), "<user>S\n\nA");
        for source in [refuses, leaves_out, reads_the_last] {
            let notes = template(source).notes;
            assert!(
                notes.len() == 1 && notes[0].contains("no system message"),
                "{notes:?}"
            );
        }
        assert_eq!(render(TURNS, &turns), "<system>S<user>A<assistant>B<user>C");
        assert!(template(TURNS).notes.is_empty());
    }

    #[test]
    fn one_that_takes_a_system_message_only_before_a_single_question() {
        let source = "{% if messages[0].role == 'system' and messages | length > 2 %}\
                      {{ raise_exception('no') }}{% endif %}"
            .to_owned()
            + TURNS;
        let turns = [system("S"), user("A"), Message::new(Role::Assistant, "B")];
        assert_eq!(render(&source, &turns[..2]), "<system>S<user>A");
        assert_eq!(render(&source, &turns), "<user>S\n\nA<assistant>B");
    }

    #[test]
    fn a_template_made_for_tools_renders_without_any() {
        let source = "{% for tool in tools %}{{ tool }}{% endfor %}".to_owned() + TURNS;
        assert_eq!(render(&source, &[user("A")]), "<user>A");
    }

    #[test]
    fn an_empty_prompt_is_an_error() {
        for source in ["", "{% if false %}x{% endif %}", "{{ '\\n' }}"] {
            let err = template(source).render(&[user("Hi")], true).unwrap_err();
            assert!(err.to_string().contains("empty prompt"), "{err:#}");
        }
    }

    #[test]
    fn what_is_no_jinja_is_named_with_its_place_and_line() {
        let parsed = ChatTemplate::parse("a\n{% if %}", Names::default(), "x.jinja");
        let said = parsed.unwrap_err().to_string();
        assert!(
            said.starts_with("x.jinja cannot be parsed: chat template, line 2: unexpected"),
            "{said}"
        );
    }
}
