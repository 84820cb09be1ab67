//! The tabs of the Catalog screen.

use crate::recsys::SubjectKind;

/// Which of the tabs is in front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Front {
    /// Items or users.
    #[default]
    Subjects,
    /// The acceptance board.
    Board,
}

/// A tab of the Catalog screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatalogTab {
    /// Items or users.
    Subjects(SubjectKind),
    /// The acceptance board.
    Board,
}
