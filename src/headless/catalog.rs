//! `laserscope catalog`: who is in it.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr};
use serde::Serialize;

use super::outputs::{self, Kind};
use super::print_json;
use crate::atomic_file;
use crate::cli::CatalogCommand;
use crate::recsys::load::bundled_items;
use crate::recsys::synth::{self, Recipe};
use crate::recsys::{Catalog, Group, Half, SubjectKind};
use crate::session::Settings;

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: String,
    group: &'a str,
    half: Half,
}

/// Runs the command.
pub fn run(command: &CatalogCommand, settings: &Settings) -> Result<()> {
    let list = |kind, json| list(&settings.load_catalog()?, kind, json);
    match command {
        CatalogCommand::Items { json } => list(SubjectKind::Item, *json),
        CatalogCommand::Users { json } => list(SubjectKind::User, *json),
        CatalogCommand::Info { json } => info(settings, *json),
        CatalogCommand::Synth { out } => synthesize(out),
    }
}

/// Prints the items or the users.
fn list(catalog: &Catalog, kind: SubjectKind, json: bool) -> Result<()> {
    for at in catalog.subjects(kind) {
        let subject = catalog.subject(at);
        let (id, title) = (subject.id(), subject.label());
        let (group, half) = (subject.group(), subject.half());
        if json {
            print_json(&Row {
                id,
                title,
                group,
                half,
            })?;
        } else {
            out!("{id:<8}{group:<22}{half:<7}{title}");
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Info {
    name: String,
    dialect: Option<String>,
    items: usize,
    users: usize,
    ratings: usize,
    positive_above_stars: f32,
    history_max: usize,
    fingerprint: String,
    bad_lines: u64,
    item_groups: Vec<GroupRow>,
    user_groups: Vec<GroupRow>,
}

#[derive(Serialize)]
struct GroupRow {
    name: String,
    about: String,
    subjects: usize,
}

/// Prints what was imported and how it is grouped.
fn info(settings: &Settings, json: bool) -> Result<()> {
    let (catalog, findings) = settings.import_catalog()?;
    let catalog = settings.regroup(catalog)?;
    let info = Info {
        name: catalog.name.clone(),
        dialect: findings.as_ref().map(|found| found.dialect.clone()),
        items: catalog.items.len(),
        users: catalog.users.len(),
        ratings: catalog.users.iter().map(|user| user.history.len()).sum(),
        positive_above_stars: catalog.protocol.positive_above_stars,
        history_max: catalog.protocol.n_history_max,
        fingerprint: catalog.fingerprint(),
        bad_lines: findings.as_ref().map_or(0, |found| found.n_bad_lines),
        item_groups: group_rows(&catalog, SubjectKind::Item),
        user_groups: group_rows(&catalog, SubjectKind::User),
    };
    if json {
        return print_json(&info);
    }
    let found = findings.unwrap_or_default().describe(&catalog);
    found.iter().for_each(|line| out!("{line}"));
    out!(
        "liked: above {} stars; a prompt shows {} of them at most",
        info.positive_above_stars,
        info.history_max
    );
    for (kind, rows) in [("item", &info.item_groups), ("user", &info.user_groups)] {
        for row in rows {
            out!(
                "{kind:<6}{:<22}{:>8}  {}",
                row.name,
                row.subjects,
                row.about
            );
        }
    }
    Ok(())
}

fn group_rows(catalog: &Catalog, kind: SubjectKind) -> Vec<GroupRow> {
    let sizes = catalog.group_sizes(kind);
    let row = |group: &Group| GroupRow {
        name: group.name.clone(),
        about: group.about.clone(),
        subjects: sizes.get(&group.name).copied().unwrap_or(0),
    };
    catalog.groups(kind).iter().map(row).collect()
}

/// Writes the sample's users and ratings anew.
fn synthesize(folder: &Path) -> Result<()> {
    let sample = synth::synthesize(&Recipe::bundled()?, &bundled_items()?)?;
    std::fs::create_dir_all(folder).wrap_err_with(|| format!("--out {}", folder.display()))?;
    let files = [
        ("users.csv", &sample.users_csv, Kind::SyntheticUsers),
        ("ratings.csv", &sample.ratings_csv, Kind::SyntheticRatings),
    ];
    for (name, _, kind) in files {
        outputs::expect_own("--out", &folder.join(name), kind)?;
    }
    for (name, text, _) in files {
        let path = folder.join(name);
        atomic_file::write(&path, text)?;
        note!("wrote {}", path.display());
    }
    Ok(())
}
