//! Assigns a catalog's subjects to groups and halves, and remembers why: by a map of
//! attributes, or by saved groups.
//!
//! Must not know how groups are learned (`lightgcn.rs`, `kmeans.rs`) nor files.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use super::catalog::{Catalog, Grouping, Item, Subject, User};
use super::groups::{Group, GroupMap};
use super::halves::halves;
use super::history::Protocol;
use super::saved::{Draft, SavedGroups};
use super::scale::Scale;
use super::subject::{SubjectKind, SubjectRef, UNGROUPED};

/// The parts of a catalog before groups and halves are assigned.
pub(crate) struct Contents {
    pub(crate) name: String,
    pub(crate) noun: String,
    pub(crate) protocol: Protocol,
    pub(crate) scale: Scale,
    pub(crate) items: Vec<Item>,
    pub(crate) users: Vec<User>,
}

/// The number of subjects missing from saved groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Items without a saved group.
    pub n_items: usize,
    /// Users without a saved group.
    pub n_users: usize,
}

/// A catalog grouped by a map of attributes.
pub(crate) fn assemble(contents: Contents, map: GroupMap) -> Catalog {
    let item_groups = map.item_groups();
    let user_groups = map.user_groups();
    let grouping = Grouping {
        map,
        merged: Default::default(),
        saved: None,
    };
    let mut catalog = Catalog {
        name: contents.name,
        items: contents.items,
        users: contents.users,
        item_groups,
        user_groups,
        noun: contents.noun,
        protocol: contents.protocol,
        scale: contents.scale,
        grouping,
        by_id: OnceLock::new(),
        categories: OnceLock::new(),
    };
    group_items(&mut catalog);
    group_users(&mut catalog);
    split(&mut catalog);
    catalog
}

fn group_items(catalog: &mut Catalog) {
    let map = &catalog.grouping.map;
    let mut names = SharedNames::default();
    for item in &mut catalog.items {
        item.group = names.get(map.item_group_name(&item.genres));
    }
    merge_small(catalog, SubjectKind::Item);
}

fn group_users(catalog: &mut Catalog) {
    let map = &catalog.grouping.map;
    let chosen = catalog.users.iter().map(|user| {
        let liked = catalog.protocol.query_history(&user.history);
        // By the map, before small groups were merged.
        let groups = liked
            .iter()
            .map(|r| map.item_group_name(&catalog.items[r.item_idx()].genres));
        map.user_group(groups).group
    });
    let chosen: Vec<Arc<str>> = shared(chosen);
    for (user, group) in catalog.users.iter_mut().zip(chosen) {
        user.group = group;
    }
    merge_small(catalog, SubjectKind::User);
}

/// One allocation per name, however many subjects share it.
#[derive(Default)]
struct SharedNames<'a>(HashMap<&'a str, Arc<str>>);

impl<'a> SharedNames<'a> {
    fn get(&mut self, name: &'a str) -> Arc<str> {
        Arc::clone(self.0.entry(name).or_insert_with(|| name.into()))
    }
}

fn shared<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Arc<str>> {
    let mut known = SharedNames::default();
    names.map(|name| known.get(name)).collect()
}

fn merge_small(catalog: &mut Catalog, kind: SubjectKind) {
    let map = &catalog.grouping.map;
    let (n_min, fallback) = (map.merge_below, map.fallback(kind).to_owned());
    if n_min == 0 {
        return;
    }
    let sizes = catalog.group_sizes(kind);
    let small = |name: &str| name != fallback && sizes.get(name).is_none_or(|&n| n < n_min);
    let names = catalog.groups(kind).iter().map(|g| g.name.clone());
    let merged: BTreeMap<String, usize> = names
        .filter(|name| small(name))
        .map(|name| (name.clone(), sizes.get(name.as_str()).copied().unwrap_or(0)))
        .collect();
    let into: Arc<str> = fallback.as_str().into();
    catalog.for_each_group(kind, |group| {
        if merged.contains_key(&**group) {
            *group = Arc::clone(&into);
        }
    });
    let groups = catalog.groups_mut(kind);
    groups.retain(|group| !merged.contains_key(&group.name));
    for group in groups.iter_mut().filter(|g| g.name == fallback) {
        group.about.push_str(&merged_note(&merged));
    }
    catalog.grouping.merged[kind as usize] = merged;
}

fn merged_note(merged: &BTreeMap<String, usize>) -> String {
    let filled = merged.iter().filter(|(_, n)| **n > 0);
    let list: Vec<String> = filled.map(|(name, n)| format!("{name} ({n})")).collect();
    match list.is_empty() {
        true => String::new(),
        false => format!("; with {}, too small to stand alone", list.join(", ")),
    }
}

fn split(catalog: &mut Catalog) {
    let grouping = &catalog.grouping;
    let seed = match &grouping.saved {
        Some(saved) => saved.header.seed,
        None => grouping.map.seed,
    };
    let (items, users) = (&catalog.items, &catalog.users);
    let item_halves = halves(seed, items.len(), |n| (&items[n].group, &items[n].id));
    let user_halves = halves(seed, users.len(), |n| (&users[n].group, &users[n].id));
    for (item, half) in catalog.items.iter_mut().zip(item_halves) {
        item.half = half;
    }
    for (user, half) in catalog.users.iter_mut().zip(user_halves) {
        user.half = half;
    }
}

impl Catalog {
    /// Regroups by another map of attributes.
    pub fn with_map(self, map: GroupMap) -> Catalog {
        let contents = Contents {
            name: self.name,
            noun: self.noun,
            protocol: self.protocol,
            scale: self.scale,
            items: self.items,
            users: self.users,
        };
        assemble(contents, map)
    }

    /// Regroups by the catalog's own map, dropping saved groups.
    pub fn with_own_map(self) -> Catalog {
        let map = self.grouping.map.clone();
        self.with_map(map)
    }

    /// Regroups by saved groups; subjects missing there are in no group.
    pub fn with_saved(mut self, saved: SavedGroups) -> (Catalog, Unknown) {
        let saved = Arc::new(saved);
        let mut n_unknown = [0; 2];
        for kind in [SubjectKind::Item, SubjectKind::User] {
            let ids: Vec<&str> = self
                .subjects(kind)
                .map(|at| self.subject(at).id())
                .collect();
            let names = ids.iter().map(|id| saved.group_of(kind, id));
            let names: Vec<Arc<str>> = shared(names.map(|name| name.unwrap_or(UNGROUPED)));
            let known = ids.iter().filter(|id| saved.knows(kind, id)).count();
            n_unknown[kind as usize] = ids.len() - known;
            let mut names = names.into_iter();
            self.for_each_group(kind, |group| *group = names.next().unwrap_or_default());
            let mut groups = saved.groups(kind).to_vec();
            if self.group_sizes(kind).contains_key(UNGROUPED) {
                groups.push(ungrouped());
            }
            *self.groups_mut(kind) = groups;
        }
        self.grouping.saved = Some(saved);
        split(&mut self);
        let unknown = Unknown {
            n_items: n_unknown[0],
            n_users: n_unknown[1],
        };
        (self, unknown)
    }

    /// Groups of its subjects, to be saved.
    ///
    /// # Panics
    /// If a draft's length differs from the catalog's, or it names a missing group.
    pub(crate) fn saved(&self, seed: u64, items: Draft, users: Draft) -> SavedGroups {
        let ids = |kind| {
            let subjects = self.subjects(kind);
            subjects
                .map(|at| self.subject(at).id().to_owned())
                .collect()
        };
        SavedGroups::new(
            (self.name.clone(), self.fingerprint()),
            seed,
            (ids(SubjectKind::Item), items),
            (ids(SubjectKind::User), users),
        )
    }

    /// In a sentence, why a subject is in its group.
    pub fn why_group(&self, at: SubjectRef) -> String {
        self.grouping.why(self, at)
    }

    /// How many subjects each group has.
    pub fn group_sizes(&self, kind: SubjectKind) -> HashMap<String, usize> {
        let mut sizes = HashMap::new();
        for at in self.subjects(kind) {
            let group = self.subject(at).group();
            match sizes.get_mut(group) {
                Some(n) => *n += 1,
                None => {
                    sizes.insert(group.to_owned(), 1);
                }
            }
        }
        sizes
    }

    fn groups_mut(&mut self, kind: SubjectKind) -> &mut Vec<Group> {
        match kind {
            SubjectKind::Item => &mut self.item_groups,
            SubjectKind::User => &mut self.user_groups,
        }
    }

    fn for_each_group(&mut self, kind: SubjectKind, mut change: impl FnMut(&mut Arc<str>)) {
        match kind {
            SubjectKind::Item => self.items.iter_mut().for_each(|i| change(&mut i.group)),
            SubjectKind::User => self.users.iter_mut().for_each(|u| change(&mut u.group)),
        }
    }
}

fn ungrouped() -> Group {
    Group {
        name: UNGROUPED.to_owned(),
        about: "in no group: served by the global pool".to_owned(),
    }
}

impl Grouping {
    /// In a sentence, why a subject is in its group.
    pub(crate) fn why(&self, catalog: &Catalog, at: SubjectRef) -> String {
        let subject = catalog.subject(at);
        let by_map = self.by_map(catalog, at);
        match &self.saved {
            // Saved from this map, whose reasons are more specific.
            Some(saved) if saved.is_by_map(at.kind) && by_map.0 == subject.group() => by_map.1,
            Some(saved) => saved.why(at.kind, subject.id()),
            None => by_map.1,
        }
    }

    /// The group that the map puts a subject into, and why.
    fn by_map(&self, catalog: &Catalog, at: SubjectRef) -> (String, String) {
        let subject = catalog.subject(at);
        let choice = match subject {
            Subject::Item(item) => self.map.item_group(&item.genres),
            Subject::User(user) => {
                let liked = catalog.protocol.query_history(&user.history);
                let groups = liked.iter().map(|r| {
                    self.map
                        .item_group_name(&catalog.items[r.item_idx()].genres)
                });
                self.map.user_group(groups)
            }
        };
        match self.merged[at.kind as usize].get(choice.group) {
            Some(n) => {
                let into = self.map.fallback(at.kind);
                let why = format!(
                    "{}; {} alone has {n}, so it is merged into {into}",
                    choice.why, choice.group
                );
                (into.to_owned(), why)
            }
            None => (choice.group.to_owned(), choice.why),
        }
    }
}
