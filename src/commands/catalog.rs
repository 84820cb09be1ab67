//! `laserscope catalog`: its items and users.

use std::collections::BTreeMap;
use std::path::Path;

use color_eyre::eyre::{Result, WrapErr};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::atomic_file;
use crate::cli::CatalogCommand;
use crate::commands::outputs::{self, Kind};
use crate::commands::print_json;
use crate::config::Settings;
use crate::console::visible;
use crate::recsys::import::Findings;
use crate::recsys::load::bundled_items;
use crate::recsys::synth::{self, Recipe};
use crate::recsys::{Catalog, Group, Half, SubjectKind};
use crate::text_input::Encoding;

#[derive(Serialize)]
struct CatalogRow<'a> {
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
    let ids = catalog.subjects(kind);
    let id_width = column_width(8, ids.map(|at| catalog.subject(at).id()));
    let groups = catalog.groups(kind).iter();
    let group_width = column_width(22, groups.map(|group| &*group.name));
    for at in catalog.subjects(kind) {
        let subject = catalog.subject(at);
        let (id, title) = (subject.id(), subject.label());
        let (group, half) = (subject.group(), subject.half());
        if json {
            print_json(&CatalogRow {
                id,
                title,
                group,
                half,
            })?;
        } else {
            let id = padded(id, id_width);
            out!("{id}{}{half:<7}{title}", padded(group, group_width));
        }
    }
    Ok(())
}

/// Width in cells of a column for these and two spaces, with a minimum.
fn column_width<'a>(least: usize, cells: impl Iterator<Item = &'a str>) -> usize {
    cells
        .map(|cell| visible::row(cell).width() + 2)
        .fold(least, usize::max)
}

/// Padded with spaces to a width in cells.
fn padded(text: &str, width: usize) -> String {
    let text = visible::row(text);
    let n_spaces = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(n_spaces))
}

#[derive(Serialize)]
struct CatalogInfo {
    name: String,
    dialect: Option<String>,
    items: usize,
    users: usize,
    ratings: usize,
    positive_above_stars: f32,
    history_max: usize,
    fingerprint: String,
    bad_lines: u64,
    rows_read: u64,
    rows_kept: u64,
    left_out: BTreeMap<String, u64>,
    /// The scale of the ratings, and how it was found.
    scale: String,
    scale_chosen: bool,
    scale_assumed: Option<String>,
    /// By file.
    encoding: BTreeMap<String, Encoding>,
    separator: BTreeMap<String, String>,
    /// By file and meaning, the name of the column.
    columns: BTreeMap<String, BTreeMap<String, String>>,
    /// Optional values that could not be read, by name.
    unreadable: BTreeMap<String, u64>,
    notes: Vec<String>,
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
    let info = CatalogInfo::of(&catalog, findings.as_ref());
    if json {
        return print_json(&info);
    }
    let found = findings.unwrap_or_default().describe(&catalog);
    found.iter().for_each(|line| out!("{line}"));
    out!(
        "liked: ratings above {} on the scale {}; a prompt lists at most {} of them",
        info.positive_above_stars,
        info.scale,
        info.history_max
    );
    for (kind, rows) in [
        (SubjectKind::Item, &info.item_groups),
        (SubjectKind::User, &info.user_groups),
    ] {
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

impl CatalogInfo {
    /// The sample is not imported: its rows are what it has.
    fn of(catalog: &Catalog, findings: Option<&Findings>) -> Self {
        let found = findings.cloned().unwrap_or_default();
        let n_ratings = catalog.users.iter().map(|user| user.history.len()).sum();
        let n_all = (catalog.items.len() + catalog.users.len() + n_ratings) as u64;
        let (rows_read, rows_kept) = match findings {
            Some(found) => (found.rows_read, found.rows_kept),
            None => (n_all, n_all),
        };
        let files = || found.files.iter();
        let separators = files().filter_map(|f| Some((f.file.clone(), f.separator.clone()?)));
        CatalogInfo {
            name: catalog.name.clone(),
            dialect: findings.map(|found| found.dialect.clone()),
            items: catalog.items.len(),
            users: catalog.users.len(),
            ratings: n_ratings,
            positive_above_stars: catalog.protocol.positive_above_stars,
            history_max: catalog.protocol.n_history_max,
            fingerprint: catalog.fingerprint(),
            bad_lines: found.n_bad_lines,
            rows_read,
            rows_kept,
            scale: catalog.scale.to_string(),
            scale_chosen: found.scale_chosen,
            encoding: files().map(|f| (f.file.clone(), f.encoding)).collect(),
            separator: separators.collect(),
            columns: files()
                .map(|f| (f.file.clone(), f.columns.clone()))
                .collect(),
            item_groups: group_rows(catalog, SubjectKind::Item),
            user_groups: group_rows(catalog, SubjectKind::User),
            left_out: found.left_out,
            scale_assumed: found.scale_assumed,
            unreadable: found.unreadable,
            notes: found.notes,
        }
    }
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

/// Regenerates the sample's users and ratings.
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
