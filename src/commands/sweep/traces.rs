//! The names of a sweep's traces in their folder.

use std::path::{Path, PathBuf};

use color_eyre::eyre::Result;

use crate::commands::outputs::{self, Kind};
use crate::file_name::file_name;
use crate::speculate::sweep::Grid;
use crate::speculate::trace::SubjectInfo;

/// Only earlier traces in the folder may be overwritten.
///
/// # Errors
/// Another file of that name.
pub(super) fn expect_places(
    folder: Option<&Path>,
    subjects: &[SubjectInfo],
    grid: &Grid,
) -> Result<()> {
    let Some(folder) = folder else {
        return Ok(());
    };
    for subject in subjects {
        for cell in (0..grid.cells.len()).map(Some).chain([None]) {
            let path = folder.join(name(subject, grid, cell));
            outputs::expect_own("--traces", &path, Kind::Trace)?;
        }
    }
    Ok(())
}

/// `item-i101-relaxed-k2-tau0.1-auto.jsonl`; branch length and drafter where they vary:
/// `item-i101-strict-8-branch4-laser.jsonl`.
pub(super) fn name(subject: &SubjectInfo, grid: &Grid, cell: Option<usize>) -> PathBuf {
    let how = cell.map_or("autoregressive".to_string(), |cell| how(grid, cell));
    let (kind, id) = (file_name(subject.kind.as_str()), file_name(&subject.id));
    PathBuf::from(format!("{kind}-{id}-{how}.jsonl"))
}

fn how(grid: &Grid, cell: usize) -> String {
    let (cell, varying) = (&grid.cells[cell], grid.varying());
    let numbers = cell.verify.numbers();
    let numbers = numbers.map(|(number, value)| format!("-{}{value}", number.name));
    let drafting = cell.drafting;
    let branch = varying
        .branch
        .then(|| format!("-branch{}", drafting.branch));
    let drafter = varying
        .drafter
        .then(|| format!("-{}", drafting.drafter.name()));
    format!(
        "{}{}-{}{}{}",
        cell.verify.name(),
        numbers.collect::<String>(),
        drafting.budget,
        branch.unwrap_or_default(),
        drafter.unwrap_or_default()
    )
}
