//! A file of documents that grows by whole lines: an unfinished line is completed or
//! removed, and nothing else is touched.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Report, WrapErr, bail, ensure};

use super::{KnowledgeDoc, last_document, line_at, n_whole_lines, parse_bytes, torn};
use crate::text_input::{LINE_BYTES_MAX, shown_size};

/// A file of knowledge documents being written.
#[derive(Debug)]
pub struct KnowledgeLog {
    path: PathBuf,
    file: File,
    /// The contents of the file when it was opened.
    pub found: Vec<KnowledgeDoc>,
    /// Where opening removed a truncated line.
    pub cut_off: Option<CutOff>,
}

/// A last line without its newline that was not a whole document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutOff {
    /// Counted from 1.
    pub line: usize,
    pub(crate) n_bytes: usize,
}

impl KnowledgeLog {
    /// Opens or creates a file for appending; nobody else may write to it until it is
    /// closed. A last line that lacks its newline is completed if it is a whole
    /// document, and removed if it begins as one.
    ///
    /// # Errors
    /// Any other bad line: a kill cannot cause it, so the user must look at it, and the
    /// file is left unchanged.
    pub fn open(path: &Path) -> Result<Self, Report> {
        let context = || format!("opening {}", path.display());
        expect_plain(path)?;
        let mut file = open_to_write(path).wrap_err_with(context)?;
        lock(&file, path)?;
        expect_lines(path).wrap_err_with(context)?;
        let bytes = read_or_empty(path).wrap_err_with(context)?;
        let n_whole = n_whole_lines(&bytes);
        let (whole, tail) = bytes.split_at(n_whole);
        let mut found = parse_bytes(path, whole)?;
        let mut cut_off = None;
        match last_document(tail) {
            Some(doc) => {
                found.push(doc);
                file.seek(SeekFrom::End(0)).wrap_err_with(context)?;
                file.write_all(b"\n").wrap_err_with(context)?;
            }
            None => {
                let line = line_at(&bytes, n_whole);
                expect_torn(path, line, tail)?;
                cut_off = (!tail.is_empty()).then_some(CutOff {
                    line,
                    n_bytes: tail.len(),
                });
                file.set_len(n_whole as u64).wrap_err_with(context)?;
                file.seek(SeekFrom::End(0)).wrap_err_with(context)?;
            }
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            found,
            cut_off,
        })
    }

    /// Writes one whole line, or nothing.
    pub fn append(&mut self, doc: &KnowledgeDoc) -> Result<(), Report> {
        if doc.id.is_empty() || doc.text.is_empty() {
            bail!("a knowledge document needs an id and a text");
        }
        let mut line = serde_json::to_vec(doc).wrap_err("writing a knowledge document")?;
        line.push(b'\n');
        let writing = || format!("writing {}", self.path.display());
        let end = self.file.stream_position().wrap_err_with(writing)?;
        let written = self.file.write_all(&line);
        if written.is_err() {
            // On a full disk a part of it may have been written.
            let _ = self.file.set_len(end);
        }
        written.wrap_err_with(writing)
    }
}

impl Drop for KnowledgeLog {
    /// Unlocked explicitly: a process being started briefly has copies of all open
    /// files, so closing this one might not release it.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// Two commands appending to one file would mix their orders.
fn lock(file: &File, path: &Path) -> Result<(), Report> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            bail!("{} is being written by another command", path.display())
        }
        // Some network file systems have no locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

fn expect_plain(path: &Path) -> Result<(), Report> {
    let plain = !path.exists() || path.is_file();
    ensure!(
        plain,
        "{} is not a regular file: choose one to append to",
        path.display()
    );
    Ok(())
}

fn expect_torn(path: &Path, line: usize, tail: &[u8]) -> Result<(), Report> {
    ensure!(
        torn::is_torn(tail),
        "{}:{line}: neither a knowledge document nor the beginning of one: nothing was changed, \
        choose another file",
        path.display()
    );
    Ok(())
}

/// Refuses an endless first line without reading it into memory.
fn expect_lines(path: &Path) -> Result<(), Report> {
    let mut begins = Vec::new();
    let file = File::open(path)?;
    file.take(LINE_BYTES_MAX as u64 + 1)
        .read_to_end(&mut begins)?;
    ensure!(
        begins.len() <= LINE_BYTES_MAX || begins.contains(&b'\n'),
        "its first line is longer than {}, the limit",
        shown_size(LINE_BYTES_MAX as u64)
    );
    Ok(())
}

fn read_or_empty(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other,
    }
}

fn open_to_write(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).open(path)
}
