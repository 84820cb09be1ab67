//! Which group a subject belongs to.
//!
//! Items are grouped by an ordered genre map; users, without saved groups (`saved.rs`),
//! by the item group of most of their liked items. Must not know prompts or files: the
//! map arrives as text.

use std::collections::HashMap;

use color_eyre::eyre::{Report, WrapErr, ensure};
use ecow::EcoString;
use serde::{Deserialize, Serialize};

use super::subject::SubjectKind;

/// The map for MovieLens' genres: nine groups of items, as many as in the paper.
const MOVIELENS: &str = include_str!("presets/movielens.toml");

/// Maximum groups of an automatic map, the rest included.
const N_AUTOMATIC_MAX: usize = 9;
/// Where the genres of an automatic map end.
const REST: &str = "other";
const AUTOMATIC_SEED: u64 = 2408;
const AUTOMATIC_MERGE_BELOW: usize = 20;

/// A group's name, as in pools and knowledge documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Short, unique among its kind.
    pub name: String,
    /// One line for people.
    pub about: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct GenreRule {
    genre: String,
    group: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserGroup {
    name: String,
    about: String,
    /// The item groups merged into this one.
    of: Vec<String>,
}

/// Which genre decides if several of an item's genres are in the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Order {
    /// The map's first rule that names one of them.
    #[default]
    OfTheMap,
    /// The item's own first genre that a rule names.
    OfTheItem,
}

impl GenreRule {
    fn same(name: &str) -> Self {
        GenreRule {
            genre: name.to_owned(),
            group: name.to_owned(),
        }
    }
}

impl UserGroup {
    fn alone(group: &Group) -> Self {
        UserGroup {
            name: group.name.clone(),
            about: format!("users who mostly like {}", group.name),
            of: vec![group.name.clone()],
        }
    }
}

/// `groups.toml`, checked: every group named in it exists, and every item group
/// is in exactly one user group.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupMap {
    /// Seeds the split of every group into halves.
    pub(crate) seed: u64,
    /// Groups with fewer subjects are merged into the fallback group.
    #[serde(default)]
    pub(crate) merge_below: usize,
    fallback_item_group: String,
    fallback_user_group: String,
    #[serde(default)]
    order: Order,
    genre_order: Vec<GenreRule>,
    item_group: Vec<Group>,
    user_group: Vec<UserGroup>,
}

/// A group and, in a sentence, the reason for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice<'a> {
    pub(crate) group: &'a str,
    pub(crate) why: String,
}

impl GroupMap {
    /// `file` is the name that error messages carry.
    pub fn parse(file: &str, text: &str) -> Result<Self, Report> {
        let map: Self = toml::from_str(text).wrap_err_with(|| format!("reading {file}"))?;
        map.check().wrap_err_with(|| format!("reading {file}"))?;
        Ok(map)
    }

    /// The map that goes with MovieLens' genres.
    ///
    /// # Errors
    /// Only if the program's own preset is broken.
    pub(crate) fn movielens() -> Result<Self, Report> {
        Self::parse("presets/movielens.toml", MOVIELENS)
    }

    /// An automatic map for unknown genres (or categories): a group for each of the
    /// most frequent ones, and one for the rest. An item is grouped by its first genre
    /// that has a group, a user by most of their items.
    pub(crate) fn automatic<'a>(items: impl Iterator<Item = &'a [EcoString]>) -> Self {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for genre in items.flatten() {
            *counts.entry(genre).or_default() += 1;
        }
        let mut ranked: Vec<(&str, usize)> = counts.into_iter().collect();
        ranked.sort_by_key(|&(name, n)| (std::cmp::Reverse(n), name));
        let names = ranked.iter().map(|(name, _)| *name);
        let names: Vec<&str> = names.filter(|&n| n != REST).collect();
        let frequent = &names[..names.len().min(N_AUTOMATIC_MAX - 1)];
        let group = |name: &str, about: String| Group {
            name: name.to_owned(),
            about,
        };
        let mut item_group: Vec<Group> = frequent
            .iter()
            .map(|name| group(name, format!("first of its frequent categories: {name}")))
            .collect();
        item_group.push(group(REST, "none of the frequent categories".to_owned()));
        GroupMap {
            seed: AUTOMATIC_SEED,
            merge_below: AUTOMATIC_MERGE_BELOW,
            fallback_item_group: REST.to_owned(),
            fallback_user_group: REST.to_owned(),
            order: Order::OfTheItem,
            genre_order: frequent.iter().map(|name| GenreRule::same(name)).collect(),
            user_group: item_group.iter().map(UserGroup::alone).collect(),
            item_group,
        }
    }

    fn check(&self) -> Result<(), Report> {
        let item_groups: Vec<&str> = self.item_group.iter().map(|g| g.name.as_str()).collect();
        let user_groups: Vec<&str> = self.user_group.iter().map(|g| g.name.as_str()).collect();
        ensure_distinct("item_group", &item_groups)?;
        ensure_distinct("user_group", &user_groups)?;
        ensure_known(&self.fallback_item_group, "item_group", &item_groups)?;
        ensure_known(&self.fallback_user_group, "user_group", &user_groups)?;
        for rule in &self.genre_order {
            ensure_known(&rule.group, "item_group", &item_groups)?;
        }
        for merged in self.user_group.iter().flat_map(|group| &group.of) {
            ensure_known(merged, "item_group", &item_groups)?;
        }
        for name in item_groups {
            let parents = self.user_group.iter().flat_map(|group| &group.of);
            let n_parents = parents.filter(|merged| *merged == name).count();
            ensure!(
                n_parents == 1,
                "item group `{name}` is in {n_parents} user groups; put it in exactly one"
            );
        }
        Ok(())
    }

    pub(crate) fn item_groups(&self) -> Vec<Group> {
        self.item_group.clone()
    }

    pub(crate) fn user_groups(&self) -> Vec<Group> {
        let groups = self.user_group.iter();
        groups
            .map(|group| Group {
                name: group.name.clone(),
                about: group.about.clone(),
            })
            .collect()
    }

    /// The group of an item with these genres, and the reason.
    pub fn item_group(&self, genres: &[EcoString]) -> Choice<'_> {
        let whose = match self.order {
            Order::OfTheMap => "is its first genre in the order of the map:",
            Order::OfTheItem => "is its first genre that has a group:",
        };
        match self.rule(genres) {
            Some(rule) => Choice {
                group: &rule.group,
                why: format!("{} {whose} group {}", rule.genre, rule.group),
            },
            None => Choice {
                group: &self.fallback_item_group,
                why: format!(
                    "none of its genres is in the map: group {}",
                    self.fallback_item_group
                ),
            },
        }
    }

    /// The group of an item with these genres.
    pub(crate) fn item_group_name(&self, genres: &[EcoString]) -> &str {
        let rule = self.rule(genres);
        rule.map_or(&self.fallback_item_group, |rule| &rule.group)
    }

    /// The first rule that names one of these genres, or the rule of the first
    /// genre that has one.
    fn rule(&self, genres: &[EcoString]) -> Option<&GenreRule> {
        let rules = &self.genre_order;
        match self.order {
            Order::OfTheMap => rules
                .iter()
                .find(|rule| genres.iter().any(|genre| *genre == rule.genre)),
            Order::OfTheItem => genres
                .iter()
                .find_map(|genre| rules.iter().find(|rule| rule.genre == *genre)),
        }
    }

    pub(crate) fn fallback(&self, kind: SubjectKind) -> &str {
        match kind {
            SubjectKind::Item => &self.fallback_item_group,
            SubjectKind::User => &self.fallback_user_group,
        }
    }

    /// The group of a user who liked items of these groups: the one with most of
    /// them. Ties go to the group listed first.
    pub(crate) fn user_group<'a>(&self, liked_groups: impl Iterator<Item = &'a str>) -> Choice<'_> {
        let mut n_by_item_group: HashMap<&str, usize> = HashMap::new();
        for group in liked_groups {
            *n_by_item_group.entry(group).or_default() += 1;
        }
        let n_liked: usize = n_by_item_group.values().sum();
        let count = |group: &UserGroup| -> usize {
            let merged = group.of.iter();
            merged
                .filter_map(|name| n_by_item_group.get(name.as_str()))
                .sum()
        };
        // Of equal maxima max_by_key takes the last, hence the reversal.
        let best = self.user_group.iter().rev().max_by_key(|g| count(g));
        match best {
            Some(group) if count(group) > 0 => Choice {
                group: &group.name,
                why: format!(
                    "{} of the {n_liked} liked items counted are {}",
                    count(group),
                    group.of.join(" or ")
                ),
            },
            _ => Choice {
                group: &self.fallback_user_group,
                why: format!("no liked items yet: group {}", self.fallback_user_group),
            },
        }
    }
}

fn ensure_known(name: &str, table: &str, known: &[&str]) -> Result<(), Report> {
    ensure!(
        known.contains(&name),
        "there is no [[{table}]] named `{name}`; known are {}",
        known.join(", ")
    );
    Ok(())
}

fn ensure_distinct(table: &str, names: &[&str]) -> Result<(), Report> {
    for (idx, name) in names.iter().enumerate() {
        ensure!(
            !names[..idx].contains(name),
            "[[{table}]] `{name}` is defined twice"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = r#"
        seed = 1
        fallback_item_group = "b"
        fallback_user_group = "y"
        genre_order = [{ genre = "War", group = "a" }, { genre = "Comedy", group = "b" }]
        item_group = [{ name = "a", about = "" }, { name = "b", about = "" }]
        user_group = [
            { name = "x", about = "", of = ["a"] },
            { name = "y", about = "", of = ["b"] },
        ]
    "#;

    fn map() -> GroupMap {
        GroupMap::parse("groups.toml", MAP).expect("a good map")
    }

    fn genres(names: &[&str]) -> Vec<EcoString> {
        names.iter().map(|&name| name.into()).collect()
    }

    #[test]
    fn the_map_order_decides_and_not_the_item_order() {
        assert_eq!(map().item_group(&genres(&["Comedy", "War"])).group, "a");
        assert_eq!(map().item_group(&genres(&["Comedy"])).group, "b");
        assert_eq!(map().item_group(&genres(&["Opera"])).group, "b");
    }

    #[test]
    fn most_liked_decides_and_ties_go_to_the_first() {
        let map = map();
        assert_eq!(map.user_group(["b", "a", "b"].into_iter()).group, "y");
        assert_eq!(map.user_group(["b", "a"].into_iter()).group, "x");
        assert_eq!(map.user_group([].into_iter()).group, "y");
    }

    #[test]
    fn a_map_that_contradicts_itself_is_refused() {
        for (good, bad, says) in [
            (r#"group = "a""#, r#"group = "zz""#, "zz"),
            (r#"of = ["b"]"#, r#"of = []"#, "0 user groups"),
            (r#"of = ["b"]"#, r#"of = ["a", "b"]"#, "2 user groups"),
            (
                r#"{ name = "a", about = "" }, "#,
                r#"{ name = "b", about = "" }, "#,
                "twice",
            ),
            ("seed = 1", "sed = 1", "sed"),
        ] {
            let text = MAP.replace(good, bad);
            let error = GroupMap::parse("groups.toml", &text).expect_err(bad);
            let message = format!("{error:#}");
            assert!(message.contains(says), "{message}");
            assert!(message.contains("groups.toml"), "{message}");
        }
    }

    #[test]
    fn an_automatic_map_takes_the_frequent_genres_in_the_items_own_order() {
        let items: Vec<Vec<EcoString>> = (0..12)
            .flat_map(|n| std::iter::repeat_n(genres(&[&format!("g{n}"), "g0"]), 20 - n))
            .collect();
        let map = GroupMap::automatic(items.iter().map(Vec::as_slice));
        map.check().expect("consistent");
        assert_eq!(map.item_groups().len(), N_AUTOMATIC_MAX);
        assert_eq!(map.item_group(&genres(&["g3", "g0"])).group, "g3");
        assert_eq!(map.item_group(&genres(&["g11"])).group, REST);
        assert_eq!(map.user_group(["g3"].into_iter()).group, "g3");
    }

    #[test]
    fn the_movielens_preset_has_nine_groups() {
        let map = GroupMap::movielens().expect("a good map");
        assert_eq!(map.item_groups().len(), 9);
        assert_eq!(map.item_group(&genres(&["Children"])).group, "animation");
        assert_eq!(map.item_group(&[]).group, "drama");
    }
}
