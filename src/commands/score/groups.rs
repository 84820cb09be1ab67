//! The group of an answer, and so the pool that drafts first: from its subject, from a field,
//! from the catalog, or from a pattern on its prompt.

use std::collections::{BTreeMap, BTreeSet};

use color_eyre::eyre::{Result, WrapErr};
use regex::Regex;

use crate::cli::ScoreArgs;
use crate::config::Settings;
use crate::engine::scoring::LoggedEntry;
use crate::recsys::logs::{LogEntry, LogPromptText};
use crate::recsys::{Catalog, SubjectKind};
use crate::retrieval::Pools;
use crate::speculate::subject::{DocId, GroupKey, KindName};
use crate::speculate::trace::OwnDocuments;

/// More groups than these are not told apart: every pool is searched at every step.
const MAX_GROUPS: usize = 64;
/// The group of answers without one, and of pools without groups.
const NO_GROUPS: &str = "all";
/// The groups beyond the limit.
const OTHERS: &str = "others";
/// The kinds that name documents and groups of this program's pools.
const KINDS: [KindName; 3] = [KindName::Item, KindName::User, KindName::Prompt];

/// Finds groups.
pub(super) struct GroupFinder {
    is_by_field: bool,
    pattern: Option<Regex>,
    catalog: Option<Catalog>,
    /// The groups of the given pools.
    known: BTreeSet<GroupKey>,
    hides_own: bool,
}

impl GroupFinder {
    /// # Errors
    /// A pattern that is none; a catalog that cannot be read.
    pub(super) fn new(args: &ScoreArgs, settings: &Settings, pools: &Pools) -> Result<Self> {
        let pattern = args.group_pattern.as_deref().map(Regex::new);
        let has_catalog = settings.catalog.is_some();
        Ok(GroupFinder {
            is_by_field: args.reading.group_field.is_some(),
            pattern: pattern.transpose().wrap_err("--group-pattern")?,
            catalog: has_catalog.then(|| settings.load_catalog()).transpose()?,
            known: pools.groups().into_iter().map(|size| size.group).collect(),
            hides_own: settings.own_documents == OwnDocuments::Hide,
        })
    }

    /// The group of an entry.
    pub(super) fn of(&self, entry: &LogEntry) -> GroupKey {
        let by_field = entry.group.as_deref().filter(|_| self.is_by_field);
        if let Some(name) = by_field {
            return self.named(name);
        }
        if let Some(pattern) = &self.pattern {
            let text = prompt_text(entry);
            let found = pattern.captures(&text);
            let found = found.and_then(|found| found.get(1).or(found.get(0)));
            return found.map_or(NO_GROUPS.into(), |name| self.named(name.as_str()));
        }
        let by_catalog = self.catalog.as_ref().and_then(|c| of_catalog(c, entry));
        by_catalog
            .or_else(|| of_subject(entry))
            .or_else(|| entry.group.as_deref().map(|name| self.named(name)))
            .unwrap_or_else(|| NO_GROUPS.into())
    }

    /// The pools' group of this name, with its kind or without.
    fn named(&self, name: &str) -> GroupKey {
        let bare = GroupKey::from(name);
        let of_kinds = KINDS
            .iter()
            .map(|kind| GroupKey::new(kind, Some(name), None));
        let mut all = std::iter::once(bare.clone()).chain(of_kinds);
        all.find(|key| self.known.contains(key)).unwrap_or(bare)
    }

    /// Documents of the given pools about the same subject, if they are to be hidden.
    pub(super) fn own_documents(&self, entry: &LogEntry) -> Vec<DocId> {
        if !self.hides_own {
            return Vec::new();
        }
        if let Some(subject) = &entry.subject {
            return vec![DocId::of(&subject.kind, &subject.id)];
        }
        let of_kinds = KINDS.iter().map(|kind| DocId::of(kind, &entry.id));
        let bare = DocId::from(entry.id.as_str());
        of_kinds.chain([bare]).collect()
    }
}

fn of_subject(entry: &LogEntry) -> Option<GroupKey> {
    let subject = entry.subject.as_ref()?;
    let group = subject.group.as_deref()?;
    let framework = Some(subject.framework.as_str());
    Some(GroupKey::new(&subject.kind, Some(group), framework))
}

fn of_catalog(catalog: &Catalog, entry: &LogEntry) -> Option<GroupKey> {
    let (id, framework) = match &entry.subject {
        Some(subject) => (subject.id.as_str(), Some(subject.framework.as_str())),
        None => (entry.id.as_str(), None),
    };
    let logged = entry
        .subject
        .as_ref()
        .and_then(|s| SubjectKind::named(&s.kind));
    let kinds = match logged {
        Some(kind) => vec![kind],
        None => vec![SubjectKind::Item, SubjectKind::User],
    };
    kinds.into_iter().find_map(|kind| {
        let subject = catalog.subject(catalog.lookup(kind, id)?);
        Some(GroupKey::new(
            &kind.into(),
            Some(subject.group()),
            framework,
        ))
    })
}

fn prompt_text(entry: &LogEntry) -> String {
    match &entry.prompt.text {
        LogPromptText::Absent => String::new(),
        LogPromptText::Text(text) => text.clone(),
        LogPromptText::Messages(messages) => {
            let texts = messages.iter().map(|message| message.content.as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
    }
}

/// Puts the smallest groups together where there are too many. Returns how many there were.
pub(super) fn limit_groups(entries: &mut [LoggedEntry]) -> Option<usize> {
    let mut sizes: BTreeMap<GroupKey, usize> = BTreeMap::new();
    for entry in entries.iter() {
        *sizes.entry(entry.group.clone()).or_default() += 1;
    }
    let n_groups = sizes.len();
    if n_groups <= MAX_GROUPS {
        return None;
    }
    let mut by_size: Vec<(GroupKey, usize)> = sizes.into_iter().collect();
    by_size.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let kept = by_size.into_iter().take(MAX_GROUPS - 1).map(|(key, _)| key);
    let kept: BTreeSet<GroupKey> = kept.collect();
    let small = entries.iter_mut().filter(|e| !kept.contains(&e.group));
    small.for_each(|entry| entry.group = OTHERS.into());
    Some(n_groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_of_too_many_groups_go_together() {
        let entry = |group: usize| LoggedEntry {
            group: GroupKey::from(format!("g{group:03}")),
            ..LoggedEntry::default()
        };
        let few = (0..MAX_GROUPS).map(entry);
        assert_eq!(limit_groups(&mut few.collect::<Vec<_>>()), None);
        let many = (0..200).flat_map(|group| vec![entry(group); group + 1]);
        let mut many: Vec<LoggedEntry> = many.collect();
        assert_eq!(limit_groups(&mut many), Some(200));
        let left: BTreeSet<GroupKey> = many.iter().map(|e| e.group.clone()).collect();
        assert_eq!(left.len(), MAX_GROUPS);
        assert!(left.contains("g199") && left.contains(OTHERS) && !left.contains("g000"));
    }
}
