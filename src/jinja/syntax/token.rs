//! The tokens of a template's source.

/// A token and its line, from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) line: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Text outside of tags, whitespace control applied.
    Data(String),
    /// `{{`
    PrintBegin,
    PrintEnd,
    /// `{%`
    BlockBegin,
    BlockEnd,
    Name(String),
    Text(String),
    Int(i64),
    Float(f64),
    /// An operator or a bracket, `**` or `(`.
    Sign(&'static str),
    End,
}

impl Kind {
    /// Its name in error messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Kind::Data(_) => "text".into(),
            Kind::PrintBegin => "`{{`".into(),
            Kind::PrintEnd => "`}}`".into(),
            Kind::BlockBegin => "`{%`".into(),
            Kind::BlockEnd => "`%}`".into(),
            Kind::Name(name) => format!("`{name}`"),
            Kind::Text(text) => format!("the string {text:?}"),
            Kind::Int(number) => format!("`{number}`"),
            Kind::Float(number) => format!("`{number}`"),
            Kind::Sign(sign) => format!("`{sign}`"),
            Kind::End => "the end of the template".into(),
        }
    }
}
