//! What the files themselves do not say.

use super::format::LogFormat;

/// How logs are read. Fields are dotted paths: `request.body.user`, `choices.0.text`.
#[derive(Clone, Debug, Default)]
pub struct LogOptions {
    /// `None`: by looking.
    pub format: Option<LogFormat>,
    /// Where the prompt stands: a text, messages or token ids.
    pub prompt_field: Option<String>,
    /// Where the answer stands: a text, messages or token ids.
    pub answer_field: Option<String>,
    /// Where the id stands.
    pub id_field: Option<String>,
    /// Where the group stands.
    pub group_field: Option<String>,
    /// Where the time stands at which the request came in.
    pub start_field: Option<String>,
    /// Where the time stands at which its answer was complete.
    pub end_field: Option<String>,
}
