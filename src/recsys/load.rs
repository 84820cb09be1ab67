//! A catalog from our own CSV files, checked completely: what ships inside the
//! program, or a folder like it.
//!
//! All or nothing: every bad line of all three files is collected first, and a
//! catalog comes back only if there was none. `import/` reads the same files, and
//! others, line by line and leniently.

use std::path::Path;

use color_eyre::eyre::{Report, WrapErr, bail};

use super::catalog::{Catalog, Item};
use super::faults::Faults;
use super::grouping::{self, Contents};
use super::groups::GroupMap;
use super::history::Protocol;
use super::rows::{KnownIds, read_items, read_ratings, read_users};
use super::saved::SavedGroups;
use super::scale::Scale;
use super::table::SourceText;
use crate::text_input::{SETTINGS_BYTES_MAX, TextLines, read_text};

const SAMPLE_ITEMS: &str = include_str!("../../sample-data/items.csv");
const SAMPLE_USERS: &str = include_str!("../../sample-data/users.csv");
const SAMPLE_RATINGS: &str = include_str!("../../sample-data/ratings.csv");
pub(super) const SAMPLE_GROUPS: &str = include_str!("../../sample-data/groups.toml");
const SAMPLE_SAVED_GROUPS: &str = include_str!("../../sample-data/groups.jsonl");
/// A catalog's own saved groups, in its folder.
pub(super) const SAVED_GROUPS: &str = "groups.jsonl";

/// The texts a catalog is read from.
struct Sources<'a> {
    items: SourceText<'a>,
    users: SourceText<'a>,
    ratings: SourceText<'a>,
    groups: SourceText<'a>,
}

impl Catalog {
    /// The sample catalog, compiled in, so that the program works from anywhere.
    ///
    /// # Errors
    /// Only if the sample data in the repository are broken.
    pub fn bundled() -> Result<Self, Report> {
        let source = |file, text| SourceText { file, text };
        let sources = Sources {
            items: source("sample-data/items.csv", SAMPLE_ITEMS),
            users: source("sample-data/users.csv", SAMPLE_USERS),
            ratings: source("sample-data/ratings.csv", SAMPLE_RATINGS),
            groups: source("sample-data/groups.toml", SAMPLE_GROUPS),
        };
        let catalog = read_catalog("sample", &sources)?;
        let name = "sample-data/groups.jsonl";
        let lines = TextLines::new(name, SAMPLE_SAVED_GROUPS.as_bytes(), None)?;
        let saved = SavedGroups::read(lines)?;
        Ok(catalog.with_saved(saved).0)
    }

    /// A folder with `items.csv`, `users.csv` and `ratings.csv`; its `groups.toml`
    /// replaces the bundled map, and its `groups.jsonl` both.
    ///
    /// # Errors
    /// Names the file and the lines: a missing file or column, a missing
    /// field, a duplicate id, a bad number, a rating of an unknown user or item.
    /// Nothing is loaded then.
    pub fn load(folder: &Path) -> Result<Self, Report> {
        if !folder.is_dir() {
            bail!(
                "catalog {}: not a folder; a catalog is a folder with items.csv, users.csv and ratings.csv",
                folder.display()
            );
        }
        let (items, users) = (folder.join("items.csv"), folder.join("users.csv"));
        let (ratings, groups) = (folder.join("ratings.csv"), folder.join("groups.toml"));
        let texts = [
            read_table_text(&items)?,
            read_table_text(&users)?,
            read_table_text(&ratings)?,
        ];
        let groups_text = match groups.exists() {
            true => read_text(&groups, SETTINGS_BYTES_MAX)?.text,
            false => SAMPLE_GROUPS.to_owned(),
        };
        let files = [&items, &users, &ratings, &groups].map(|path| path.display().to_string());
        let source = |n: usize, text| SourceText {
            file: &files[n],
            text,
        };
        let sources = Sources {
            items: source(0, &texts[0]),
            users: source(1, &texts[1]),
            ratings: source(2, &texts[2]),
            groups: source(3, &groups_text),
        };
        let catalog = read_catalog(&folder_name(folder), &sources)?;
        let saved = folder.join(SAVED_GROUPS);
        match saved.exists() {
            true => Ok(catalog.with_saved(SavedGroups::load(&saved)?).0),
            false => Ok(catalog),
        }
    }
}

/// Only the sample's films, for regenerating its viewers: after a change to the films,
/// the old ratings may name removed ones.
///
/// # Errors
/// Names the bad lines of the sample's `items.csv`.
pub fn bundled_items() -> Result<Vec<Item>, Report> {
    let file = "sample-data/items.csv";
    let text = SAMPLE_ITEMS;
    let mut faults = Faults::default();
    let (items, _) = read_items(SourceText { file, text }, &mut faults);
    faults.into_result(file)?;
    Ok(items)
}

pub(super) fn folder_name(folder: &Path) -> String {
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    match full.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => full.display().to_string(),
    }
}

/// Strict loading keeps whole files in memory: larger ones go through `import/`.
const TABLE_BYTES_MAX: u64 = 1 << 30;

fn read_table_text(path: &Path) -> Result<String, Report> {
    let read = read_text(path, TABLE_BYTES_MAX).wrap_err_with(|| {
        format!(
            "reading {}; a catalog folder has items.csv, users.csv and ratings.csv",
            path.display()
        )
    })?;
    Ok(read.text)
}

fn read_catalog(name: &str, sources: &Sources<'_>) -> Result<Catalog, Report> {
    let group_map = GroupMap::parse(sources.groups.file, sources.groups.text)?;
    let mut faults = Faults::default();
    let (items, item_ids) = read_items(sources.items, &mut faults);
    let (mut users, user_ids) = read_users(sources.users, &mut faults);
    let known = KnownIds {
        items: &item_ids,
        users: &user_ids,
    };
    read_ratings(sources.ratings, &known, &items, &mut users, &mut faults);
    faults.into_result(&format!("catalog {name}"))?;
    if items.is_empty() {
        bail!("{}: no items; add a line for each", sources.items.file);
    }
    let contents = Contents {
        name: name.to_owned(),
        noun: "movie".to_owned(),
        protocol: Protocol::MOVIELENS,
        scale: Scale::FIVE_STARS,
        items,
        users,
    };
    Ok(grouping::assemble(contents, group_map))
}
