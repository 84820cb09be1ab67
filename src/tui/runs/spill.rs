//! Traces that wait on disk: one file in the folder for temporary files, without a
//! name there, so that nothing is left of it however the program ends.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, eyre};

use crate::speculate::trace::Trace;

/// The file, made when something first goes there.
#[derive(Debug, Default)]
pub struct Spill {
    file: RefCell<Option<File>>,
}

/// Where in it a trace lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    start: u64,
    n_bytes: u64,
}

impl Spill {
    /// Writes a trace behind the others.
    ///
    /// # Errors
    /// The folder or the disk takes no more. What was there before stays.
    pub fn put(&self, trace: &Trace) -> Result<Slot> {
        let text = text_of(trace)?;
        let start = self.with_file(|file| {
            let start = file.seek(SeekFrom::End(0))?;
            file.write_all(&text)?;
            Ok(start)
        })?;
        Ok(Slot {
            start,
            n_bytes: text.len() as u64,
        })
    }

    /// Reads a trace back, to the bit: what it holds of times is in whole
    /// microseconds.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn get(&self, slot: Slot) -> Result<Trace> {
        let text = self.read(slot)?;
        Trace::load(BufReader::new(text.as_slice()))
            .map_err(|why| eyre!("a run that was moved to {}: {why}", folder().display()))
    }

    /// Whether this very trace lies there.
    pub fn holds(&self, slot: Slot, trace: &Trace) -> bool {
        let text = text_of(trace).ok();
        let text = text.filter(|text| text.len() as u64 == slot.n_bytes);
        text.is_some_and(|text| self.read(slot).is_ok_and(|there| there == text))
    }

    fn read(&self, slot: Slot) -> Result<Vec<u8>> {
        self.with_file(|file| {
            file.seek(SeekFrom::Start(slot.start))?;
            let mut text = Vec::new();
            file.take(slot.n_bytes).read_to_end(&mut text)?;
            Ok(text)
        })
    }

    fn with_file<T>(&self, work: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T> {
        let folder = folder();
        let context = || format!("keeping runs in {}", folder.display());
        let mut file = self.file.borrow_mut();
        let file = match &mut *file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&folder).wrap_err_with(context)?),
        };
        work(file).wrap_err_with(context)
    }
}

fn text_of(trace: &Trace) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    trace.save(&mut text).wrap_err("writing a trace")?;
    Ok(text)
}

/// Where `TMPDIR` says, else where temporary files lie on a disk: `/tmp` is often in
/// memory.
fn folder() -> PathBuf {
    let on_disk = Path::new("/var/tmp");
    if std::env::var_os("TMPDIR").is_none() && on_disk.is_dir() {
        return on_disk.to_path_buf();
    }
    std::env::temp_dir()
}
