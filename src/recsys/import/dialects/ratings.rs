//! Rows of ratings by the columns of a header, which most dialects have.

use super::super::fields;
use super::super::files::columns::{Column, ImportRow};
use super::super::gathered::Gathered;
use super::super::refusal::RowResult;
use super::super::values::Kind;

/// Without ratings, an interaction is one.
const IMPLICIT: f32 = 1.0;

pub(crate) const USER: Column = Column::needed(
    "user",
    &["userId", "user", "uid", "reviewerID", "customer_id"],
);
pub(crate) const RATING: Column = Column::optional(
    "rating",
    &[
        "rating",
        "stars",
        "overall",
        "score",
        "weight",
        "play_count",
        "plays",
        "count",
        "label",
    ],
);
pub(crate) const TIME: Column = Column::optional(
    "time",
    &[
        "timestamp",
        "time",
        "date",
        "datetime",
        "unixReviewTime",
        "created_at",
    ],
);

/// Takes the rating of a row with a `user` and an `item`, and perhaps a `rating` and
/// a `time`.
pub(crate) fn take(gathered: &mut Gathered, row: &ImportRow<'_>) -> RowResult {
    let name = |meaning: &str| row.header.name(meaning).unwrap_or("id");
    let user = fields::id(row.raw("user"), name("user"))?;
    let item = fields::id(row.raw("item"), name("item"))?;
    let column = row.header.name("rating");
    if gathered.n_ratings() == 0 {
        gathered.kind = column.map_or(Kind::None, Kind::of_column);
    }
    let rating = match column {
        Some(_) => fields::rating(row.raw("rating"))?,
        None => IMPLICIT,
    };
    // Without a time, the file's order is the order.
    let at_s = gathered.time(row.get("time"));
    gathered.rating(user, item, rating, at_s)
}
