//! `laserscope catalog`: who is in it.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr};
use serde::Serialize;

use super::print_json;
use crate::cli::CatalogCommand;
use crate::recsys::load::bundled_items;
use crate::recsys::synth::{self, Recipe};
use crate::recsys::{Catalog, Half, SubjectKind};
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
            println!("{id:<8}{group:<22}{half:<7}{title}");
        }
    }
    Ok(())
}

/// Writes the sample's users and ratings anew.
fn synthesize(folder: &Path) -> Result<()> {
    let sample = synth::synthesize(&Recipe::bundled()?, &bundled_items()?)?;
    std::fs::create_dir_all(folder).wrap_err_with(|| format!("--out {}", folder.display()))?;
    for (name, text) in [
        ("users.csv", &sample.users_csv),
        ("ratings.csv", &sample.ratings_csv),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, text).wrap_err_with(|| format!("writing {}", path.display()))?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}
