//! The columns of the Pool screen's lists.

use crate::present::mark::Mark;
use crate::protocol::{FoundDocument, ListedDoc, Section};
use crate::tui::screens::pool::supplied::Supplied;
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

/// A column of a search's finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FoundColumn {
    Title,
    Pool,
    Times,
    Id,
}

impl SortColumn for FoundColumn {
    const ALL: &'static [Self] = &[
        FoundColumn::Title,
        FoundColumn::Pool,
        FoundColumn::Times,
        FoundColumn::Id,
    ];

    fn name(self) -> &'static str {
        match self {
            FoundColumn::Title => "title",
            FoundColumn::Pool => "pool",
            FoundColumn::Times => "times",
            FoundColumn::Id => "id",
        }
    }

    fn is_text(self) -> bool {
        self != FoundColumn::Times
    }
}

pub(super) fn found_key(hit: &FoundDocument, column: FoundColumn) -> SortKey {
    match column {
        FoundColumn::Title => SortKey::text(&hit.title),
        FoundColumn::Pool => SortKey::text(hit.pool.name()),
        FoundColumn::Times => SortKey::count(hit.occurrences),
        FoundColumn::Id => SortKey::id(&hit.id),
    }
}

/// A column of the drafts that a document supplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SuppliedColumn {
    Fate,
    Place,
    Matched,
}

impl SortColumn for SuppliedColumn {
    const ALL: &'static [Self] = &[
        SuppliedColumn::Fate,
        SuppliedColumn::Place,
        SuppliedColumn::Matched,
    ];

    fn name(self) -> &'static str {
        match self {
            SuppliedColumn::Fate => "fate",
            SuppliedColumn::Place => "place",
            SuppliedColumn::Matched => "match",
        }
    }

    fn is_text(self) -> bool {
        self == SuppliedColumn::Fate
    }
}

pub(super) fn supplied_key(draft: &Supplied, column: SuppliedColumn) -> SortKey {
    match column {
        SuppliedColumn::Fate => SortKey::text(Mark::Fate(draft.fate).name()),
        SuppliedColumn::Place => SortKey::count(draft.at as usize),
        SuppliedColumn::Matched => SortKey::count(draft.matched as usize),
    }
}
