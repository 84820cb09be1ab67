//! A catalog from our own CSV files: a folder, or the one inside the program.
//!
//! All or nothing: every bad line of all three files is collected first, and a
//! catalog comes back only if there was none. Other formats get importers of
//! their own beside this file.

use std::fs;
use std::path::Path;

use color_eyre::eyre::{Report, WrapErr, bail, eyre};

use super::catalog::{Catalog, Item, User};
use super::faults::Faults;
use super::groups::GroupMap;
use super::history::query_history;
use super::rows::{KnownIds, read_items, read_ratings, read_users};
use super::table::SourceText;

const SAMPLE_ITEMS: &str = include_str!("../../sample-data/items.csv");
const SAMPLE_USERS: &str = include_str!("../../sample-data/users.csv");
const SAMPLE_RATINGS: &str = include_str!("../../sample-data/ratings.csv");
const SAMPLE_GROUPS: &str = include_str!("../../sample-data/groups.toml");

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
        read_catalog("sample", &sources)
    }

    /// A folder with `items.csv`, `users.csv` and `ratings.csv`; its
    /// `groups.toml`, if there is one, takes the place of the bundled map.
    ///
    /// # Errors
    /// Names the file and the lines at fault: an absent file or column, a missing
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
        let texts = [read_text(&items)?, read_text(&users)?, read_text(&ratings)?];
        let groups_text = match groups.exists() {
            true => read_text(&groups)?,
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
        read_catalog(&folder_name(folder), &sources)
    }
}

/// The sample's films alone, for making its viewers anew: after a change to the
/// films, the old ratings may name some that are gone.
///
/// # Errors
/// Names the bad lines of the sample's `items.csv`.
pub fn bundled_items() -> Result<Vec<Item>, Report> {
    let file = "sample-data/items.csv";
    let text = SAMPLE_ITEMS;
    let group_map = GroupMap::parse("sample-data/groups.toml", SAMPLE_GROUPS)?;
    let mut faults = Faults::default();
    let (items, _) = read_items(SourceText { file, text }, &group_map, &mut faults);
    faults.into_result(file)?;
    Ok(items)
}

fn folder_name(folder: &Path) -> String {
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    match full.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => full.display().to_string(),
    }
}

fn read_text(path: &Path) -> Result<String, Report> {
    let bytes = fs::read(path).wrap_err_with(|| {
        format!(
            "reading {}; a catalog folder has items.csv, users.csv and ratings.csv",
            path.display()
        )
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let n_good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..n_good]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        eyre!(
            "{}:{line}: not UTF-8; save the file in that encoding",
            path.display()
        )
    })
}

fn read_catalog(name: &str, sources: &Sources<'_>) -> Result<Catalog, Report> {
    let group_map = GroupMap::parse(sources.groups.file, sources.groups.text)?;
    let mut faults = Faults::default();
    let (mut items, item_ids) = read_items(sources.items, &group_map, &mut faults);
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
    assign_user_groups(&items, &mut users, &group_map);
    assign_halves(&mut items, &mut users, &group_map);
    Ok(Catalog {
        name: name.to_owned(),
        items,
        users,
        item_groups: group_map.item_groups(),
        user_groups: group_map.user_groups(),
        group_map,
    })
}

/// Simple for now: by the liked items the query prompt shows.
fn assign_user_groups(items: &[Item], users: &mut [User], group_map: &GroupMap) {
    for user in users {
        let liked = query_history(&user.history);
        let groups = liked.iter().map(|r| items[r.item_idx].group.as_str());
        user.group = group_map.user_group(groups).group.to_owned();
    }
}

fn assign_halves(items: &mut [Item], users: &mut [User], group_map: &GroupMap) {
    let members: Vec<(&str, &str)> = items.iter().map(|i| (&*i.group, &*i.id)).collect();
    let halves = group_map.halves(&members);
    for (item, half) in items.iter_mut().zip(halves) {
        item.half = half;
    }
    let members: Vec<(&str, &str)> = users.iter().map(|u| (&*u.group, &*u.id)).collect();
    let halves = group_map.halves(&members);
    for (user, half) in users.iter_mut().zip(halves) {
        user.half = half;
    }
}
