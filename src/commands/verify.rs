//! `laserscope model info --verify`: hashes every byte of a model's files and compares
//! the result with known hashes.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, bail};
use serde::Serialize;

use crate::commands::fetching;
use crate::console::{interrupt, progress};
use crate::model::fetch::{FetchEnv, expectation};
use crate::model::hashes::{HashMemory, Watch, hash_file};

/// A file and what its hash was compared with.
#[derive(Debug, Serialize)]
pub struct VerifiedFile {
    file: String,
    sha256: String,
    /// `None`: no hash is known.
    expected: Option<String>,
    /// Where the expected hash comes from.
    source: Option<&'static str>,
}

impl VerifiedFile {
    fn is_damaged(&self) -> bool {
        self.expected.as_ref().is_some_and(|e| *e != self.sha256)
    }

    /// A line.
    pub fn describe(&self) -> String {
        let VerifiedFile { file, sha256, .. } = self;
        match (&self.expected, self.source) {
            (Some(expected), Some(source)) if self.is_damaged() => {
                format!("{file}: its sha256 is {sha256}, but {expected} is expected from {source}")
            }
            (Some(_), Some(source)) => {
                format!("{file}: sha256 {sha256}, as expected from {source}")
            }
            _ => format!("{file}: sha256 {sha256}; no hash is known to compare it with"),
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
        on: &mut |done, total| line.show(&fetching::hashing(&file, done, total)),
        cancel: interrupt::flag(),
    };
    let memory = HashMemory::of(env);
    let sha256 = hash_file(path, &mut watch)?;
    let known = expectation(env, path).map(|known| (known.sha256, known.source));
    // Different bytes with the same size and time mean damage, whatever the file's origin.
    let remembered = || Some((memory.remembered(path)?, "its first use"));
    let (expected, source) = known.or_else(remembered).unzip();
    if expected.is_none() {
        memory.remember_computed(path, &sha256);
    }
    Ok(VerifiedFile {
        file: path.display().to_string(),
        sha256,
        expected,
        source,
    })
}

/// # Errors
/// Damaged files, with the way out.
pub fn refuse_damaged(files: &[VerifiedFile]) -> Result<()> {
    let damaged = files.iter().filter(|file| file.is_damaged());
    let lines: Vec<String> = damaged.map(VerifiedFile::describe).collect();
    match lines.is_empty() {
        true => Ok(()),
        false => bail!(
            "{}. It is damaged: delete it and fetch it again (`laserscope model fetch`)",
            lines.join("\n")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(dir: &tempfile::TempDir) -> FetchEnv {
        FetchEnv {
            own_cache: dir.path().join("models"),
            hub_cache: dir.path().join("hub"),
            endpoint: String::new(),
            token: None,
            hub_offline: true,
            proxy: None,
            pip_commands: Vec::new(),
            pip_arguments: Vec::new(),
        }
    }

    #[test]
    fn damage_that_keeps_size_and_time_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let (env, path) = (env(&dir), dir.path().join("a.gguf"));
        let write = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000);
            file.set_modified(at).unwrap();
        };
        write("heat");
        let first = one(&env, &path).unwrap();
        assert!(
            first
                .describe()
                .contains("no hash is known to compare it with")
        );
        let again = one(&env, &path).unwrap();
        assert!(again.describe().contains("as expected from its first use"));
        assert!(refuse_damaged(&[again]).is_ok());
        write("heap");
        let damaged = one(&env, &path).unwrap();
        assert!(damaged.is_damaged());
        let said = refuse_damaged(&[first, damaged]).unwrap_err().to_string();
        assert!(said.contains("a.gguf: its sha256 is"), "{said}");
        assert!(said.contains("fetch it again"), "{said}");
        // The hash of a fetched file is known regardless of its time.
        HashMemory::of(&env).remember_fetched(&path, &first_hash());
        assert!(
            one(&env, &path)
                .unwrap()
                .describe()
                .contains("known from its fetch")
        );
    }

    /// sha256 of "heat"
    fn first_hash() -> String {
        "5a2a0ed9aa3ab7d82b53e8209b13bf598377870fd38f8e1063bfbe0c4d7d7f96".into()
    }
}
