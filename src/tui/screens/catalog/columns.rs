//! The columns of the catalog's lists.

use crate::tui::widgets::sort::SortColumn;

/// A column of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectColumn {
    Title,
    Group,
    /// Genres, or the number of ratings.
    Attributes,
    Half,
    Knowledge,
    Id,
}

impl SortColumn for SubjectColumn {
    const ALL: &'static [Self] = &[
        SubjectColumn::Title,
        SubjectColumn::Group,
        SubjectColumn::Attributes,
        SubjectColumn::Half,
        SubjectColumn::Knowledge,
        SubjectColumn::Id,
    ];

    fn name(self) -> &'static str {
        match self {
            SubjectColumn::Title => "title",
            SubjectColumn::Group => "group",
            SubjectColumn::Attributes => "genres or ratings",
            SubjectColumn::Half => "half",
            SubjectColumn::Knowledge => "knowledge",
            SubjectColumn::Id => "id",
        }
    }

    fn is_text(self) -> bool {
        !matches!(self, SubjectColumn::Attributes | SubjectColumn::Knowledge)
    }
}
