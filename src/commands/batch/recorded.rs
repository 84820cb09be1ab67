//! `--traces DIR`: a trace of every subject's run, and `passes.jsonl`, the passes they
//! shared.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr};

use crate::atomic_file::AtomicFile;
use crate::file_name::file_name;
use crate::speculate::passes::{LaneRecord, PassRecord, PassesHeader, write_line};
use crate::speculate::trace::Trace;

/// Name of the file with the passes.
const PASSES: &str = "passes.jsonl";

/// Where runs are recorded.
pub(crate) struct Recorder {
    folder: PathBuf,
    passes: File,
    /// Passes in the file.
    n_passes: usize,
}

impl Recorder {
    /// Creates the folder. An existing record of passes is continued; a truncated last line
    /// is removed.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub(crate) fn open(folder: &Path, header: &PassesHeader) -> Result<Self> {
        let path = folder.join(PASSES);
        let context = || format!("--traces: writing {}", path.display());
        fs::create_dir_all(folder).wrap_err_with(context)?;
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).write(true);
        let mut passes = options.open(&path).wrap_err_with(context)?;
        let bytes = fs::read(&path).wrap_err_with(context)?;
        let last = bytes.iter().rposition(|&byte| byte == b'\n');
        let n_whole = last.map_or(0, |at| at + 1);
        let n_lines = bytes[..n_whole]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        passes.set_len(n_whole as u64).wrap_err_with(context)?;
        passes.seek(SeekFrom::End(0)).wrap_err_with(context)?;
        if n_lines == 0 {
            write_line(&mut passes, header).wrap_err_with(context)?;
        }
        Ok(Recorder {
            folder: folder.to_path_buf(),
            passes,
            n_passes: n_lines.saturating_sub(1),
        })
    }

    /// Saves the trace of a subject's run.
    ///
    /// # Errors
    /// What the disk reports.
    pub(crate) fn run(&self, trace: &Trace) -> Result<()> {
        let subject = &trace.header.subject;
        let name = format!("{}-{}.jsonl", subject.kind, file_name(&subject.id));
        let path = self.folder.join(name);
        let context = || format!("--traces: writing {}", path.display());
        let mut file = AtomicFile::create(&path).wrap_err_with(context)?;
        trace.save(&mut file).wrap_err_with(context)?;
        file.commit()
    }

    /// # Errors
    /// What the disk reports.
    pub(crate) fn pass(&mut self, pass: &PassRecord) -> Result<()> {
        let pass = PassRecord {
            index: self.n_passes,
            ..pass.clone()
        };
        self.n_passes += 1;
        let mut line = Vec::new();
        write_line(&mut line, &pass)?;
        let written = self.passes.write_all(&line);
        written.wrap_err_with(|| format!("--traces: writing {}", self.folder.display()))
    }

    /// Records the steps of a run decoded alone, each as a pass.
    ///
    /// # Errors
    /// What the disk reports.
    pub(crate) fn steps(&mut self, trace: &Trace) -> Result<()> {
        let subject = &trace.header.subject;
        let last = trace.steps.len().saturating_sub(1);
        for step in &trace.steps {
            let (rows, committed) = (step.tree.n_rows(), step.verdict.n_committed());
            self.pass(&PassRecord {
                rows,
                committed,
                drafts: step.tree.n_drafts(),
                timing: step.timing.unwrap_or_default(),
                lanes: vec![LaneRecord {
                    lane: 0,
                    subject: format!("{}/{}", subject.kind, subject.id),
                    rows,
                    step: Some(step.index),
                    committed,
                    ended: step.index == last,
                }],
                ..PassRecord::default()
            })?;
        }
        Ok(())
    }
}
