//! `laserscope model info --verify`: every byte of a model's files is hashed and
//! compared with what is known of them.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, bail};
use serde::Serialize;

use super::{interrupt, progress};
use crate::model::fetch::{FetchEnv, expectation};
use crate::model::hashes::{HashMemory, Watch, hash_file};

/// A file and what its hash was compared with.
#[derive(Debug, Serialize)]
pub struct VerifiedFile {
    file: String,
    sha256: String,
    /// `None`: nothing is known to compare with.
    expected: Option<String>,
    /// Who says so.
    whose: Option<&'static str>,
}

impl VerifiedFile {
    fn is_damaged(&self) -> bool {
        self.expected.as_ref().is_some_and(|e| *e != self.sha256)
    }

    /// A line.
    pub fn describe(&self) -> String {
        let VerifiedFile { file, sha256, .. } = self;
        match (&self.expected, self.whose) {
            (Some(expected), Some(whose)) if self.is_damaged() => {
                format!("{file}: DAMAGED: its sha256 is {sha256}, {whose} is {expected}")
            }
            (Some(_), Some(whose)) => format!("{file}: sha256 {sha256}, as {whose}"),
            _ => format!("{file}: sha256 {sha256}; there is nothing to compare it with"),
        }
    }
}

/// Hashes files, with progress on standard error.
///
/// # Errors
/// A file that cannot be read; Ctrl-C.
pub fn files(paths: &[PathBuf]) -> Result<Vec<VerifiedFile>> {
    let env = FetchEnv::from_process()?;
    paths.iter().map(|path| one(&env, path)).collect()
}

fn one(env: &FetchEnv, path: &Path) -> Result<VerifiedFile> {
    let file = path.display().to_string();
    let mut line = progress::Line::new();
    let mut watch = Watch {
        on: &mut |done, total| line.show(&progress::hashing(&file, done, total)),
        cancel: interrupt::flag(),
    };
    let memory = HashMemory::of(env);
    let sha256 = hash_file(path, &mut watch)?;
    let known = expectation(env, path).map(|known| (known.sha256, known.whose));
    // The same size and time, and other bytes: damage, whosever file it is.
    let remembered = || Some((memory.remembered(path)?, "what it was when first used"));
    let (expected, whose) = known.or_else(remembered).unzip();
    if expected.is_none() {
        memory.remember_computed(path, &sha256);
    }
    Ok(VerifiedFile {
        file: path.display().to_string(),
        sha256,
        expected,
        whose,
    })
}

/// # Errors
/// Damaged files, with the way out.
pub fn result(files: &[VerifiedFile]) -> Result<()> {
    let damaged: Vec<&str> = files
        .iter()
        .filter(|file| file.is_damaged())
        .map(|file| file.file.as_str())
        .collect();
    if damaged.is_empty() {
        return Ok(());
    }
    bail!(
        "damaged: {}. Delete it and fetch it again (`laserscope model fetch`)",
        damaged.join(", ")
    )
}
