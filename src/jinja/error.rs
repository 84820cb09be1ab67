//! What went wrong in a template, and where.

use std::fmt;

/// How an error begins when a template exceeds its budget.
pub(crate) const EXHAUSTED: &str = "gave up";

/// An error with the line it happened on, and the template's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    message: String,
    /// From 1.
    line: Option<u32>,
    template: Option<String>,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            line: None,
            template: None,
        }
    }

    /// With the line, unless an inner place has set one.
    pub(crate) fn at(mut self, line: u32) -> Self {
        self.line.get_or_insert(line);
        self
    }

    pub(crate) fn within(mut self, template: &str) -> Self {
        self.template.get_or_insert_with(|| template.to_owned());
        self
    }

    /// Whether it ran out of steps or memory, so that another attempt would, too.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.message.starts_with(EXHAUSTED)
    }

    /// What went wrong, without the place.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match (&self.template, self.line) {
            (Some(name), Some(line)) => format!("{name}, line {line}: "),
            (Some(name), None) => format!("{name}: "),
            (None, Some(line)) => format!("line {line}: "),
            (None, None) => String::new(),
        };
        write!(f, "{place}{}", self.message)
    }
}

impl std::error::Error for Error {}

/// An error in the middle of an expression.
pub(crate) fn fail<T>(message: impl Into<String>) -> Result<T, Error> {
    Err(Error::new(message))
}
