//! The catalog's types: items, users, ratings, and one way to point at either.
//!
//! Must not know where a catalog comes from (`load.rs`, later importers) nor
//! how groups are chosen (`groups.rs`).

use std::fmt;
use std::str::FromStr;

use color_eyre::eyre::{Report, eyre};
use serde::{Deserialize, Serialize};

use super::groups::{Group, GroupMap};
use super::history;

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

/// Which half of its group a subject is in. The pool half's knowledge fills the
/// retrieval pool; the query half is what drafts are tried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Half {
    Pool,
    Query,
}

impl fmt::Display for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Half::Pool => "pool",
            Half::Query => "query",
        })
    }
}

/// A film, or whatever the catalog recommends.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub id: String,
    pub title: String,
    pub year: u16,
    pub genres: Vec<String>,
    pub director: String,
    pub country: String,
    pub themes: Vec<String>,
    /// Name of one of [`Catalog::item_groups`].
    pub group: String,
    pub half: Half,
}

/// One user's verdict on one item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rating {
    /// Index into [`Catalog::items`].
    pub item_idx: usize,
    /// 1 to 5; halves are allowed.
    pub stars: f32,
    /// Seconds since 1970.
    pub at_s: i64,
}

/// A user and everything they rated.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub id: String,
    pub name: String,
    /// By time; ties keep the file's order.
    pub history: Vec<Rating>,
    /// Name of one of [`Catalog::user_groups`].
    pub group: String,
    pub half: Half,
}

/// Where a subject is in its catalog. Valid only for the catalog it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubjectRef {
    pub kind: SubjectKind,
    /// Index into [`Catalog::items`] or [`Catalog::users`].
    pub idx: usize,
}

/// An item or a user, borrowed from its catalog.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Subject<'a> {
    Item(&'a Item),
    User(&'a User),
}

impl<'a> Subject<'a> {
    pub fn kind(self) -> SubjectKind {
        match self {
            Subject::Item(_) => SubjectKind::Item,
            Subject::User(_) => SubjectKind::User,
        }
    }

    pub fn id(self) -> &'a str {
        match self {
            Subject::Item(item) => &item.id,
            Subject::User(user) => &user.id,
        }
    }

    /// What a list shows: `Heat (1995)`, or the user's name.
    pub fn label(self) -> String {
        match self {
            Subject::Item(item) => format!("{} ({})", item.title, item.year),
            Subject::User(user) => user.name.clone(),
        }
    }

    pub fn group(self) -> &'a str {
        match self {
            Subject::Item(item) => &item.group,
            Subject::User(user) => &user.group,
        }
    }

    pub fn half(self) -> Half {
        match self {
            Subject::Item(item) => item.half,
            Subject::User(user) => user.half,
        }
    }
}

/// Items, users and their groups, complete and consistent: every rating points
/// at an item, every subject has a group and a half.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The folder's name, or `sample` for the bundled one.
    pub name: String,
    pub items: Vec<Item>,
    pub users: Vec<User>,
    pub item_groups: Vec<Group>,
    pub user_groups: Vec<Group>,
    pub(super) group_map: GroupMap,
}

impl Catalog {
    /// # Panics
    /// If `at` came from another catalog and points past this one's end.
    pub fn subject(&self, at: SubjectRef) -> Subject<'_> {
        match at.kind {
            SubjectKind::Item => Subject::Item(&self.items[at.idx]),
            SubjectKind::User => Subject::User(&self.users[at.idx]),
        }
    }

    /// The subject with this id, or an error that says how to list the ids.
    pub fn find(&self, kind: SubjectKind, id: &str) -> Result<SubjectRef, Report> {
        self.subjects(kind)
            .find(|&at| self.subject(at).id() == id)
            .ok_or_else(|| {
                eyre!(
                    "catalog {} has no {kind} `{id}`: `laserscope catalog {kind}s` lists them",
                    self.name
                )
            })
    }

    /// All items or all users, in the catalog's order.
    pub fn subjects(&self, kind: SubjectKind) -> impl Iterator<Item = SubjectRef> + use<> {
        let n_subjects = match kind {
            SubjectKind::Item => self.items.len(),
            SubjectKind::User => self.users.len(),
        };
        (0..n_subjects).map(move |idx| SubjectRef { kind, idx })
    }

    /// One half of one group, in the catalog's order.
    pub fn members(
        &self,
        kind: SubjectKind,
        group: &str,
        half: Half,
    ) -> impl Iterator<Item = SubjectRef> {
        self.subjects(kind).filter(move |&at| {
            let subject = self.subject(at);
            subject.group() == group && subject.half() == half
        })
    }

    pub fn groups(&self, kind: SubjectKind) -> &[Group] {
        match kind {
            SubjectKind::Item => &self.item_groups,
            SubjectKind::User => &self.user_groups,
        }
    }

    /// In a sentence, why a subject is in its group.
    pub fn why_group(&self, at: SubjectRef) -> String {
        match self.subject(at) {
            Subject::Item(item) => self.group_map.item_group(&item.genres).why,
            Subject::User(user) => {
                let liked = history::query_history(&user.history);
                let groups = liked.iter().map(|r| self.items[r.item_idx].group.as_str());
                self.group_map.user_group(groups).why
            }
        }
    }
}
