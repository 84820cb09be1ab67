//! A line of a file of documents for pools: what `generate` writes, or others do,
//! with only an id and a text.

use color_eyre::eyre::{Report, eyre};
use serde::Deserialize;

/// Knowledge documents that `generate` writes are such lines.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DocumentLine {
    pub id: String,
    pub title: Option<String>,
    pub kind: Option<String>,
    pub group: Option<String>,
    pub framework: Option<String>,
    pub text: String,
    /// It ended by itself, not at a limit.
    #[serde(default = "yes")]
    pub ended: bool,
}

fn yes() -> bool {
    true
}

impl DocumentLine {
    /// # Errors
    /// What is wrong with the line; the caller knows its file and number.
    pub fn parse(line: &str) -> Result<Self, Report> {
        serde_json::from_str(line).map_err(|error| {
            // The parser's own line number would be 1: this is one line of many.
            let message = error.to_string();
            let what = message.rsplit_once(" at line ").map_or(&*message, |m| m.0);
            eyre!("not a document: {what}; it needs at least id and text")
        })
    }
}
