//! The forms a run can be handed on in, by name. How each is written is not the
//! screens' business: they are given a function for it when they start.

use std::str::FromStr;

/// The forms that a run is exported in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A page by itself, with the film of the run.
    Html,
    /// A document: header, steps, figures.
    Markdown,
    /// An asciinema recording.
    Cast,
    /// A picture of the last screen.
    Svg,
    /// The text alone.
    Text,
    /// One row per step.
    Csv,
}

impl Format {
    /// In the order of the menu.
    pub const ALL: [Format; 6] = [
        Format::Html,
        Format::Markdown,
        Format::Cast,
        Format::Svg,
        Format::Text,
        Format::Csv,
    ];

    /// The name on the command line, which is also the file's extension.
    pub fn name(self) -> &'static str {
        match self {
            Format::Html => "html",
            Format::Markdown => "md",
            Format::Cast => "cast",
            Format::Svg => "svg",
            Format::Text => "txt",
            Format::Csv => "csv",
        }
    }

    pub(crate) fn about(self) -> &'static str {
        match self {
            Format::Html => "a standalone web page: the text, every step's draft tree",
            Format::Markdown => "the text and a table of the steps",
            Format::Cast => "the Decode screen at its recorded pace, for asciinema",
            Format::Svg => "the Decode screen as a picture",
            Format::Text => "the Decode screen as plain text",
            Format::Csv => "one line per draft token, for a spreadsheet",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|f| f.name() == text);
        known.ok_or_else(|| {
            let names = Self::ALL.map(Format::name).join(", ");
            format!("format `{text}`: must be one of {names}")
        })
    }
}
