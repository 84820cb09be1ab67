//! The forms that a board is written in.

/// The forms of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardForm {
    /// A line a row, comma-separated.
    Csv,
    /// A web page.
    Html,
    /// Markdown.
    Markdown,
}

impl BoardForm {
    /// All of them, with the endings of their files.
    pub const ALL: [(BoardForm, &'static str); 3] = [
        (BoardForm::Csv, "csv"),
        (BoardForm::Html, "html"),
        (BoardForm::Markdown, "md"),
    ];
}
