//! `laserscope catalog`: who is in it.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr};
use serde::Serialize;

use super::print_json;
use crate::recsys::load::bundled_items;
use crate::recsys::synth::{self, Recipe};
use crate::recsys::{Catalog, Half, SubjectKind};

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: String,
    group: &'a str,
    half: Half,
}

/// Prints the items or the users.
pub fn list(catalog: &Catalog, kind: SubjectKind, json: bool) -> Result<()> {
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
pub fn synthesize(folder: &Path) -> Result<()> {
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
