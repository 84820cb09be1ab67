//! Why a row is left out: a reason that is counted, and words for the message.

use std::fmt;

/// Reasons are counted under their own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reason {
    NoId,
    LongId,
    NoTitle,
    DuplicateItem,
    DuplicateUser,
    NoRating,
    BadRating,
    OffScale,
    FieldCount,
    NotAnObject,
    LongLine,
    Unreadable,
    RepeatedProduct,
    NotReviewed,
    UnknownItem,
    RepeatedRating,
    BeyondLimit,
}

impl Reason {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Reason::NoId => "no id",
            Reason::LongId => "id too long",
            Reason::NoTitle => "no title",
            Reason::DuplicateItem => "duplicate item",
            Reason::DuplicateUser => "duplicate user",
            Reason::NoRating => "no rating",
            Reason::BadRating => "bad rating",
            Reason::OffScale => "rating outside the scale",
            Reason::FieldCount => "wrong number of fields",
            Reason::NotAnObject => "not an object",
            Reason::LongLine => "line too long",
            Reason::Unreadable => "unreadable rest of a file",
            Reason::RepeatedProduct => "repeated product",
            Reason::NotReviewed => "product without a review",
            Reason::UnknownItem => "rating of an item without a title",
            Reason::RepeatedRating => "repeated rating, the latest counts",
            Reason::BeyondLimit => "not named by the first ratings (--catalog-limit)",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why a row or a whole file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// This row; the next one may be good.
    Row(Reason, String),
    /// The whole file: its header is wrong.
    File(String),
}

impl Refusal {
    pub(crate) fn row(reason: Reason, what: impl Into<String>) -> Self {
        Refusal::Row(reason, what.into())
    }
}

/// What became of a row that could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Kept,
    /// A good row that is not needed.
    LeftOut(Reason),
}

pub(crate) type RowResult = Result<Taken, Refusal>;
