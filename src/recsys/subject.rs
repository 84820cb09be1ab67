//! Whom knowledge is about: an item or a user, and where it is in its catalog.

use std::fmt;
use std::str::FromStr;

use color_eyre::eyre::{Report, eyre};
use serde::{Deserialize, Serialize};

/// Whether knowledge is about an item or about a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectKind {
    Item,
    User,
}

impl fmt::Display for SubjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            SubjectKind::Item => "item",
            SubjectKind::User => "user",
        })
    }
}

impl FromStr for SubjectKind {
    type Err = Report;

    fn from_str(text: &str) -> Result<Self, Report> {
        match text {
            "item" => Ok(SubjectKind::Item),
            "user" => Ok(SubjectKind::User),
            _ => Err(eyre!("unknown subject kind `{text}`: use item or user")),
        }
    }
}

/// Where a subject is in its catalog. Valid only for the catalog it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubjectRef {
    pub kind: SubjectKind,
    /// Index into the catalog's items or users.
    pub idx: usize,
}

/// The name under which subjects of no group are listed.
pub const UNGROUPED: &str = "ungrouped";
