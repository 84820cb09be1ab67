//! The columns of the Pool screen's lists.

use crate::protocol::{ListedDoc, Section};
use crate::tui::widgets::sort::{SortColumn, SortKey};

/// A column of the list of pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SectionColumn {
    Name,
    Documents,
    Tokens,
    Index,
    Segments,
}

impl SortColumn for SectionColumn {
    const ALL: &'static [Self] = &[
        SectionColumn::Name,
        SectionColumn::Documents,
        SectionColumn::Tokens,
        SectionColumn::Index,
        SectionColumn::Segments,
    ];

    fn name(self) -> &'static str {
        match self {
            SectionColumn::Name => "pool",
            SectionColumn::Documents => "docs",
            SectionColumn::Tokens => "tokens",
            SectionColumn::Index => "index",
            SectionColumn::Segments => "seg",
        }
    }

    fn is_text(self) -> bool {
        self == SectionColumn::Name
    }
}

pub(super) fn section_key(section: &Section, column: SectionColumn) -> SortKey {
    match column {
        SectionColumn::Name => SortKey::text(section.pool.name()),
        SectionColumn::Documents => SortKey::count(section.documents),
        SectionColumn::Tokens => SortKey::count(section.tokens),
        SectionColumn::Index => SortKey::count(section.bytes),
        SectionColumn::Segments => SortKey::count(section.segments),
    }
}

/// A column of the list of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentColumn {
    Title,
    Group,
    Tokens,
    Id,
}

impl SortColumn for DocumentColumn {
    const ALL: &'static [Self] = &[
        DocumentColumn::Title,
        DocumentColumn::Group,
        DocumentColumn::Tokens,
        DocumentColumn::Id,
    ];

    fn name(self) -> &'static str {
        match self {
            DocumentColumn::Title => "title",
            DocumentColumn::Group => "group",
            DocumentColumn::Tokens => "number",
            DocumentColumn::Id => "id",
        }
    }

    fn is_text(self) -> bool {
        self != DocumentColumn::Tokens
    }
}

pub(super) fn document_key(doc: &ListedDoc, column: DocumentColumn) -> SortKey {
    match column {
        DocumentColumn::Title => SortKey::text(&doc.title),
        DocumentColumn::Group => SortKey::text(&doc.group),
        DocumentColumn::Tokens => SortKey::count(doc.n_tokens),
        DocumentColumn::Id => SortKey::id(&doc.id),
    }
}
