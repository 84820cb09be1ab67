//! Groups as a file: the members of each, and how they were made.
//!
//! JSON lines: a header (format, version, the catalog's fingerprint, the seed, and for
//! items and for users the method, its parameters and the groups), then one line per
//! subject. The header has the number of lines, so truncation is noticed.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use color_eyre::eyre::{Report, WrapErr, ensure, eyre};
use serde::{Deserialize, Serialize};

use super::groups::Group;
use super::random::{dealt, hash_text};
use super::subject::SubjectKind;
use crate::atomic_file;
use crate::text_input::{TextLines, with_restart};

const FORMAT: &str = "laserscope groups";
const VERSION: u32 = 1;

/// The first line of a groups file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    format: String,
    version: u32,
    /// Name and fingerprint of the catalog they were made from.
    pub catalog: String,
    /// Of the catalog: other ids or ratings have another.
    pub fingerprint: String,
    /// Seeds the halves and all random choices.
    pub(crate) seed: u64,
    pub(crate) items: SavedGrouping,
    pub(crate) users: SavedGrouping,
}

/// How the items, or the users, were grouped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedGrouping {
    /// `map`, `liked`, `lightgcn`, `none`; with the prefix `shuffled `, members were
    /// randomly reassigned to groups of the same sizes.
    pub(crate) method: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) groups: Vec<Group>,
    pub(crate) n_subjects: usize,
}

/// A subject's line; `group` is null for a subject without one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    kind: SubjectKind,
    id: String,
    group: Option<String>,
}

/// By id, the index of the group.
type Members = Vec<(String, Option<u16>)>;

/// Saved groups.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedGroups {
    /// The file's first line.
    pub header: Header,
    /// Sorted by id.
    items: Members,
    users: Members,
}

/// The input for one kind of [`SavedGroups`].
pub(crate) struct Draft {
    pub(crate) method: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) groups: Vec<Group>,
    /// By the catalog's order, the index of the group.
    pub(crate) of_subject: Vec<Option<u16>>,
}

impl SavedGroups {
    /// From the name and the fingerprint of a catalog, the ids of its subjects and
    /// their groups.
    ///
    /// # Panics
    /// If a draft's length differs from that of the ids, or it names a missing group.
    pub(super) fn new(
        (catalog, fingerprint): (String, String),
        seed: u64,
        items: (Vec<String>, Draft),
        users: (Vec<String>, Draft),
    ) -> Self {
        let (items, item_members) = part(items);
        let (users, user_members) = part(users);
        SavedGroups {
            header: Header {
                format: FORMAT.to_owned(),
                version: VERSION,
                catalog,
                fingerprint,
                seed,
                items,
                users,
            },
            items: item_members,
            users: user_members,
        }
    }

    pub(crate) fn groups(&self, kind: SubjectKind) -> &[Group] {
        &self.part(kind).groups
    }

    pub(crate) fn part(&self, kind: SubjectKind) -> &SavedGrouping {
        match kind {
            SubjectKind::Item => &self.header.items,
            SubjectKind::User => &self.header.users,
        }
    }

    fn members(&self, kind: SubjectKind) -> &Members {
        match kind {
            SubjectKind::Item => &self.items,
            SubjectKind::User => &self.users,
        }
    }

    fn find(&self, kind: SubjectKind, id: &str) -> Option<Option<u16>> {
        let members = self.members(kind);
        let found = members.binary_search_by(|(known, _)| known.as_str().cmp(id));
        found.ok().map(|at| members[at].1)
    }

    /// The subject's group, if it is in one.
    pub fn group_of(&self, kind: SubjectKind, id: &str) -> Option<&str> {
        let group = self.find(kind, id).flatten()?;
        Some(&self.groups(kind)[usize::from(group)].name)
    }

    /// Whether they are the catalog's own, by its map of attributes.
    pub(crate) fn is_by_map(&self, kind: SubjectKind) -> bool {
        matches!(self.part(kind).method.as_str(), "map" | "liked")
    }

    /// Whether the file has a line for the subject.
    pub(crate) fn knows(&self, kind: SubjectKind, id: &str) -> bool {
        self.find(kind, id).is_some()
    }

    /// In a sentence, why a subject is in its group.
    pub(crate) fn why(&self, kind: SubjectKind, id: &str) -> String {
        let method = &self.part(kind).method;
        match (self.find(kind, id), self.group_of(kind, id)) {
            (None, _) => "not in the saved groups: served by the global pool".to_owned(),
            (_, None) => format!("in no group by {method}: served by the global pool"),
            (_, Some(name)) => {
                let group = self.groups(kind).iter().find(|group| group.name == name);
                let about = group.map_or("", |group| &group.about);
                format!("by {method}: {about}")
            }
        }
    }

    /// Randomly reassigns the members of every kind to groups of the same sizes: the
    /// baseline of grouping by nothing.
    pub fn shuffled(mut self, seed: u64) -> Self {
        self.header.seed = seed;
        for (kind, members, part) in [
            ("item", &mut self.items, &mut self.header.items),
            ("user", &mut self.users, &mut self.header.users),
        ] {
            let groups: Vec<Option<u16>> = members
                .iter()
                .map(|(_, group)| *group)
                .filter(Option::is_some)
                .collect();
            let dealt = dealt(&groups, hash_text(seed, kind));
            let grouped = members.iter_mut().filter(|(_, group)| group.is_some());
            for ((_, group), new) in grouped.zip(dealt) {
                *group = new;
            }
            part.method = format!("shuffled {}", part.method);
            for group in &mut part.groups {
                group.about = format!("random, of the same size as {}", group.name);
            }
        }
        self
    }

    /// How many subjects each group has, and how many are in none.
    pub fn sizes(&self, kind: SubjectKind) -> (Vec<usize>, usize) {
        let mut sizes = vec![0; self.groups(kind).len()];
        let mut n_without = 0;
        for (_, group) in self.members(kind) {
            match group {
                Some(group) => sizes[usize::from(*group)] += 1,
                None => n_without += 1,
            }
        }
        (sizes, n_without)
    }

    /// Writes the file atomically.
    pub fn save(&self, path: &Path) -> Result<(), Report> {
        atomic_file::write_with(path, |out| self.write(out))
    }

    fn write(&self, out: &mut impl Write) -> Result<(), Report> {
        let mut line = |value: &dyn Fn(&mut Vec<u8>) -> serde_json::Result<()>| {
            let mut bytes = Vec::new();
            value(&mut bytes)?;
            bytes.push(b'\n');
            out.write_all(&bytes)?;
            Ok::<(), Report>(())
        };
        line(&|bytes| serde_json::to_writer(bytes, &self.header))?;
        for kind in [SubjectKind::Item, SubjectKind::User] {
            for (id, group) in self.members(kind) {
                let groups = self.groups(kind);
                let group = group.map(|group| groups[usize::from(group)].name.clone());
                let id = id.clone();
                line(&|bytes| {
                    let (id, group) = (id.clone(), group.clone());
                    serde_json::to_writer(bytes, &Line { kind, id, group })
                })?;
            }
        }
        out.flush()?;
        Ok(())
    }

    /// # Errors
    /// Names the file and the line: another format or version, a group that the header
    /// does not name, a truncated file.
    pub fn load(path: &Path) -> Result<Self, Report> {
        with_restart(|known| Self::read(TextLines::open(path, known)?))
    }

    /// # Errors
    /// As [`Self::load`].
    pub(crate) fn read(mut lines: TextLines<'_>) -> Result<Self, Report> {
        let name = lines.name().to_owned();
        let at = |line: u64| format!("{name}:{line}");
        let first = lines.next_line()?.ok_or_else(|| eyre!("{name}: empty"))?;
        let header: Header = serde_json::from_str(first)
            .wrap_err_with(|| format!("{}: not a file of saved groups", at(1)))?;
        header.check().wrap_err_with(|| at(1))?;
        let mut saved = SavedGroups {
            header,
            items: Vec::new(),
            users: Vec::new(),
        };
        let mut number = 1;
        while let Some(line) = lines.next_line()? {
            number += 1;
            saved.take(line).wrap_err_with(|| at(number))?;
        }
        saved.finish().wrap_err(name)?;
        Ok(saved)
    }

    fn take(&mut self, line: &str) -> Result<(), Report> {
        let Line { kind, id, group } = serde_json::from_str(line)?;
        let groups = self.groups(kind);
        let place = |name: String| {
            let found = groups.iter().position(|group| group.name == name);
            found
                .map(|at| at as u16)
                .ok_or_else(|| eyre!("the header names no {kind} group `{name}`"))
        };
        let group = group.map(place).transpose()?;
        match kind {
            SubjectKind::Item => self.items.push((id, group)),
            SubjectKind::User => self.users.push((id, group)),
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Report> {
        for (members, part) in [
            (&mut self.items, &self.header.items),
            (&mut self.users, &self.header.users),
        ] {
            ensure!(
                members.len() == part.n_subjects,
                "{} subjects, but the header says {}: the file is truncated; build it again",
                members.len(),
                part.n_subjects
            );
            members.sort_by(|a, b| a.0.cmp(&b.0));
        }
        Ok(())
    }
}

impl Header {
    fn check(&self) -> Result<(), Report> {
        ensure!(self.format == FORMAT, "not a file of saved groups");
        ensure!(
            self.version == VERSION,
            "saved groups of version {}, but this program reads {VERSION}: build them again",
            self.version
        );
        Ok(())
    }
}

fn part((ids, draft): (Vec<String>, Draft)) -> (SavedGrouping, Members) {
    assert_eq!(
        ids.len(),
        draft.of_subject.len(),
        "a group for each subject"
    );
    let named = draft.of_subject.iter().flatten();
    assert!(
        named
            .into_iter()
            .all(|&g| usize::from(g) < draft.groups.len()),
        "groups that exist"
    );
    let mut members: Members = ids.into_iter().zip(draft.of_subject).collect();
    members.sort_by(|a, b| a.0.cmp(&b.0));
    let part = SavedGrouping {
        method: draft.method,
        parameters: draft.parameters,
        groups: draft.groups,
        n_subjects: members.len(),
    };
    (part, members)
}
