//! The catalog's types: items, users, ratings, and one way to point at either.
//!
//! Must not know where a catalog comes from (`load.rs`, `import/`) nor how groups are
//! chosen (`groups.rs`, `grouping.rs`).

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use color_eyre::eyre::{Report, eyre};
use ecow::{EcoString, eco_format};
use serde::{Deserialize, Serialize};

use super::groups::{Group, GroupMap};
use super::halves::Half;
use super::history::{History, Protocol};
use super::random::TextHasher;
use super::saved::SavedGroups;
use super::scale::Scale;
use super::subject::{SubjectKind, SubjectRef, UNGROUPED};

/// An additional fact from the source: a book's author, a user's age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub(crate) name: String,
    /// Plain text.
    pub value: String,
}

/// A film, or whatever the catalog recommends. Texts and lists are empty if the source
/// has none. 136 bytes with short texts inline: there may be tens of millions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Item {
    /// Unique among the items.
    pub id: EcoString,
    /// As prompts and screens say it.
    pub title: EcoString,
    /// Of release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<u16>,
    /// As the source orders them.
    #[serde(skip_serializing_if = "<[EcoString]>::is_empty")]
    pub genres: Box<[EcoString]>,
    /// One name, or several with commas.
    #[serde(skip_serializing_if = "EcoString::is_empty")]
    pub director: EcoString,
    /// Of origin.
    #[serde(skip_serializing_if = "EcoString::is_empty")]
    pub country: EcoString,
    /// Keywords.
    #[serde(skip_serializing_if = "<[EcoString]>::is_empty")]
    pub themes: Box<[EcoString]>,
    /// Whatever else the source says.
    #[serde(skip_serializing_if = "<[Fact]>::is_empty")]
    pub facts: Box<[Fact]>,
    /// Name of one of [`Catalog::item_groups`].
    #[serde(skip)]
    pub group: Arc<str>,
    #[serde(skip)]
    pub(crate) half: Half,
}

/// A user and everything they rated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct User {
    /// Unique among the users.
    pub id: EcoString,
    /// As prompts and screens say it.
    pub name: EcoString,
    /// Whatever the source says: age, occupation.
    #[serde(skip_serializing_if = "<[Fact]>::is_empty")]
    pub facts: Box<[Fact]>,
    /// By time; ties keep the file's order.
    #[serde(skip)]
    pub history: History,
    /// Name of one of [`Catalog::user_groups`].
    #[serde(skip)]
    pub group: Arc<str>,
    #[serde(skip)]
    pub(crate) half: Half,
}

impl User {
    /// A user with only an id.
    pub(crate) fn unnamed(id: &str) -> Self {
        User {
            id: id.into(),
            name: eco_format!("User {id}"),
            ..User::default()
        }
    }
}

/// An item or a user, borrowed from its catalog.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Subject<'a> {
    /// An item.
    Item(&'a Item),
    /// A user.
    User(&'a User),
}

impl<'a> Subject<'a> {
    /// Item or user.
    pub fn kind(self) -> SubjectKind {
        match self {
            Subject::Item(_) => SubjectKind::Item,
            Subject::User(_) => SubjectKind::User,
        }
    }

    /// Unique among its kind.
    pub fn id(self) -> &'a str {
        match self {
            Subject::Item(item) => &item.id,
            Subject::User(user) => &user.id,
        }
    }

    /// What a list shows: `Heat (1995)`, or the user's name.
    pub fn label(self) -> String {
        match self {
            Subject::Item(item) => match item.year {
                Some(year) => format!("{} ({year})", item.title),
                None => item.title.to_string(),
            },
            Subject::User(user) => user.name.to_string(),
        }
    }

    /// The group whose pool drafts for it.
    pub fn group(self) -> &'a str {
        match self {
            Subject::Item(item) => &item.group,
            Subject::User(user) => &user.group,
        }
    }

    /// The group whose pool serves the subject; `None` if it is in no group and is
    /// served only by the global pool.
    pub fn pool_group(self) -> Option<&'a str> {
        Some(self.group()).filter(|&group| group != UNGROUPED)
    }

    /// Whether it fills the pools or is decoded.
    pub fn half(self) -> Half {
        match self {
            Subject::Item(item) => item.half,
            Subject::User(user) => user.half,
        }
    }
}

/// The reasons for the subjects' groups.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    pub(crate) map: GroupMap,
    /// By kind, the groups of the map that were too small to keep, with their sizes.
    pub(super) merged: [BTreeMap<String, usize>; 2],
    pub(super) saved: Option<Arc<SavedGroups>>,
}

/// Items, users and their groups, complete and consistent: every rating points
/// at an item, every subject has a group and a half.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The folder's name, or `sample` for the bundled one.
    pub name: String,
    /// In the order of the source.
    pub items: Vec<Item>,
    /// In the order of the source.
    pub users: Vec<User>,
    /// Groups of items, whose names subjects carry.
    pub item_groups: Vec<Group>,
    /// Groups of users, whose names subjects carry.
    pub user_groups: Vec<Group>,
    /// What an item is called: `movie`, `book`, `product`.
    pub noun: String,
    /// Which part of a history prompts may show.
    pub protocol: Protocol,
    /// What the ratings mean.
    pub scale: Scale,
    pub(super) grouping: Grouping,
    /// Indices of the items, and of the users, by id.
    pub(super) by_id: OnceLock<[Vec<u32>; 2]>,
    pub(super) categories: OnceLock<Vec<String>>,
}

/// Most categories that are listed.
const N_CATEGORIES: usize = 24;

impl Catalog {
    /// # Panics
    /// If `at` came from another catalog and is out of range here.
    pub fn subject(&self, at: SubjectRef) -> Subject<'_> {
        match at.kind {
            SubjectKind::Item => Subject::Item(&self.items[at.idx]),
            SubjectKind::User => Subject::User(&self.users[at.idx]),
        }
    }

    /// The subject with this id, or an error that says how to list the ids.
    pub fn find(&self, kind: SubjectKind, id: &str) -> Result<SubjectRef, Report> {
        self.lookup(kind, id).ok_or_else(|| {
            eyre!(
                "catalog {} has no {kind} `{id}`: `laserscope catalog {kind}s` lists them",
                self.name
            )
        })
    }

    /// The subject with this id, if there is one.
    pub(crate) fn lookup(&self, kind: SubjectKind, id: &str) -> Option<SubjectRef> {
        let by_id = self.by_id.get_or_init(|| self.sorted_by_id());
        let order = match kind {
            SubjectKind::Item => &by_id[0],
            SubjectKind::User => &by_id[1],
        };
        let at = |&idx: &u32| SubjectRef {
            kind,
            idx: idx as usize,
        };
        let found = order.binary_search_by(|idx| self.subject(at(idx)).id().cmp(id));
        found.ok().map(|place| at(&order[place]))
    }

    fn sorted_by_id(&self) -> [Vec<u32>; 2] {
        [SubjectKind::Item, SubjectKind::User].map(|kind| {
            let mut order: Vec<u32> = self.subjects(kind).map(|at| at.idx as u32).collect();
            order.sort_by_key(|&idx| {
                let idx = idx as usize;
                self.subject(SubjectRef { kind, idx }).id()
            });
            order
        })
    }

    /// The items' genres, the most frequent first: what prompts may choose from.
    pub fn categories(&self) -> &[String] {
        self.categories.get_or_init(|| {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for genre in self.items.iter().flat_map(|item| &item.genres) {
                *counts.entry(genre).or_default() += 1;
            }
            let mut by_count: Vec<(&str, usize)> = counts.into_iter().collect();
            by_count.sort_by_key(|&(_, n)| std::cmp::Reverse(n));
            let most = by_count.iter().take(N_CATEGORIES);
            most.map(|(genre, _)| genre.to_string()).collect()
        })
    }

    /// A hash of the subjects and all ratings, as 16 hexadecimal digits: saved groups
    /// identify their catalog by it.
    pub fn fingerprint(&self) -> String {
        let mut hasher = TextHasher::new();
        for item in &self.items {
            hasher.text(&item.id);
            hasher.text(&item.title);
        }
        for user in &self.users {
            hasher.text(&user.id);
            for rating in user.history.iter() {
                hasher.word(rating.item_idx() as u64);
                hasher.word(u64::from(rating.stars.to_bits()));
                hasher.word(rating.at_s as u64);
            }
        }
        format!("{:016x}", hasher.finish())
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

    /// The groups of one kind of subject.
    pub fn groups(&self, kind: SubjectKind) -> &[Group] {
        match kind {
            SubjectKind::Item => &self.item_groups,
            SubjectKind::User => &self.user_groups,
        }
    }
}
