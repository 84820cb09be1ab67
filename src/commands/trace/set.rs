//! A set of recorded runs, named by files and folders: read one after another.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, ensure};

use crate::commands::trace::load;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::present::number::count;
use crate::speculate::trace::Trace;
use crate::speculate::trace_folder::trace_files;

/// The files of a set; those found in folders may be no traces.
pub(crate) struct TraceSet {
    files: Vec<(PathBuf, FileFound)>,
    not_traces: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FileFound {
    Named,
    InFolder,
}

impl TraceSet {
    /// The named files, and those in the named folders.
    ///
    /// # Errors
    /// A folder that cannot be read, or without traces.
    pub(crate) fn find(named: &[PathBuf]) -> Result<Self> {
        let mut files = Vec::new();
        for path in named {
            if !path.is_dir() {
                files.push((path.clone(), FileFound::Named));
                continue;
            }
            let found =
                trace_files(path).wrap_err_with(|| format!("reading {}", path.display()))?;
            ensure!(
                !found.is_empty(),
                "{} holds no traces (*.jsonl): `generate --all --traces DIR` and `sweep --traces \
                 DIR` record them",
                path.display()
            );
            files.extend(found.into_iter().map(|file| (file, FileFound::InFolder)));
        }
        Ok(TraceSet {
            files,
            not_traces: Vec::new(),
        })
    }

    /// Hands over every trace with its file. `Ok(false)`: cancelled. What is in a folder
    /// and no trace is passed over and counted.
    ///
    /// # Errors
    /// A named file that cannot be read, or what `take` reports.
    pub(crate) fn each(
        &mut self,
        mut take: impl FnMut(&Path, Trace) -> Result<()>,
    ) -> Result<bool> {
        let mut line = Line::new();
        let n = self.files.len() as u64;
        for (i, (path, found)) in self.files.iter().enumerate() {
            if interrupt::is_set() {
                return Ok(false);
            }
            line.timed_part(i as u64, n, &format!("trace {}/{n}", i + 1));
            match (load(path), found) {
                (Ok(trace), _) => take(path, trace)?,
                (Err(_), FileFound::InFolder) => self.not_traces.push(path.clone()),
                (Err(why), FileFound::Named) => return Err(why),
            }
        }
        drop(line);
        if let Some(first) = self.not_traces.first() {
            let n = count(self.not_traces.len(), "file");
            note!(
                "passed over {n} of a folder, no traces: {} first",
                first.display()
            );
        }
        Ok(true)
    }

    /// Files of folders that are no traces.
    pub(crate) fn n_not_traces(&self) -> usize {
        self.not_traces.len()
    }
}
