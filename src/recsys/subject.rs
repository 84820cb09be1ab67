//! The subjects of knowledge: items and users, and their places in a catalog.

use color_eyre::eyre::{Report, eyre};
use serde::{Deserialize, Serialize};

/// Whether knowledge is about an item or about a user.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = Report, parse_err_fn = unknown_kind)]
pub enum SubjectKind {
    /// Something that is recommended.
    Item,
    /// Someone who rates.
    User,
}

fn unknown_kind(text: &str) -> Report {
    eyre!("unknown subject kind `{text}`: use item or user")
}

/// Where a subject is in its catalog. Valid only for the catalog it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubjectRef {
    /// Item or user.
    pub kind: SubjectKind,
    /// Index into the catalog's items or users.
    pub idx: usize,
}

/// The name under which subjects without a group are listed.
pub const UNGROUPED: &str = "ungrouped";
