//! The forms a run can be handed on in, by name. How each is written is not the
//! screens' business: they are given a function for it when they start.

/// The forms that a run is exported in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown)]
pub enum Format {
    /// A page by itself, with the film of the run.
    Html,
    /// A document: header, steps, figures.
    #[strum(serialize = "md")]
    Markdown,
    /// An asciinema recording.
    Cast,
    /// A picture of the last screen.
    Svg,
    /// The text alone.
    #[strum(serialize = "txt")]
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
        self.into()
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

fn unknown(text: &str) -> String {
    let names = Format::ALL.map(Format::name).join(", ");
    format!("format `{text}`: must be one of {names}")
}
