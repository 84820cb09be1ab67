//! The forms a sweep's report is written in, by the endings of files.

/// A form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum SweepForm {
    /// A web page by itself.
    Html,
    /// A document with tables.
    #[strum(serialize = "md")]
    Markdown,
    /// The frontier beside the heat map.
    Svg,
    /// A line per cell.
    Csv,
}

impl SweepForm {
    /// In the order of the menu.
    pub const ALL: [SweepForm; 4] = [
        SweepForm::Html,
        SweepForm::Markdown,
        SweepForm::Svg,
        SweepForm::Csv,
    ];

    /// A file's ending.
    pub fn ending(self) -> &'static str {
        self.into()
    }

    pub(crate) fn about(self) -> &'static str {
        match self {
            SweepForm::Html => "a standalone web page: frontier, heat maps, examples, all figures",
            SweepForm::Markdown => "the same as tables and text",
            SweepForm::Svg => "the frontier beside the heat map, as a picture",
            SweepForm::Csv => "a line per cell, for a spreadsheet",
        }
    }
}
