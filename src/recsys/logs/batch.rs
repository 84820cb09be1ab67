//! The two halves of batch files, joined by `custom_id` in any order. What waits for its
//! other half is in memory up to a limit and in a temporary file beyond it.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

use tempfile::{SpooledTempFile, spooled_tempfile};

use super::entry::LogPlace;

/// Bytes of waiting lines in memory.
const IN_MEMORY: usize = 1 << 26;

/// Lines that wait for their other halves.
pub(super) struct Waiting {
    lines: SpooledTempFile,
    n_bytes: u64,
    by_id: HashMap<String, WaitingLine>,
    n_put: u64,
}

struct WaitingLine {
    at: u64,
    len: usize,
    place: LogPlace,
    /// In the order of coming.
    number: u64,
}

impl Waiting {
    pub(super) fn new() -> Self {
        Waiting {
            lines: spooled_tempfile(IN_MEMORY),
            n_bytes: 0,
            by_id: HashMap::new(),
            n_put: 0,
        }
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// Keeps a line.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub(super) fn put(&mut self, id: String, place: LogPlace, line: &str) -> io::Result<()> {
        self.lines.seek(SeekFrom::Start(self.n_bytes))?;
        self.lines.write_all(line.as_bytes())?;
        let waiting = WaitingLine {
            at: self.n_bytes,
            len: line.len(),
            place,
            number: self.n_put,
        };
        self.n_bytes += line.len() as u64;
        self.n_put += 1;
        self.by_id.insert(id, waiting);
        Ok(())
    }

    /// Takes a line out.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub(super) fn take(&mut self, id: &str) -> io::Result<Option<(LogPlace, String)>> {
        let Some(waiting) = self.by_id.remove(id) else {
            return Ok(None);
        };
        self.lines.seek(SeekFrom::Start(waiting.at))?;
        let mut line = vec![0; waiting.len];
        self.lines.read_exact(&mut line)?;
        let line = String::from_utf8(line).map_err(io::Error::other)?;
        Ok(Some((waiting.place, line)))
    }

    /// Those that are left, in the order of coming.
    pub(super) fn left(&self) -> Vec<(String, LogPlace)> {
        let mut left: Vec<(&String, &WaitingLine)> = self.by_id.iter().collect();
        left.sort_by_key(|(_, waiting)| waiting.number);
        let named = |(id, waiting): (&String, &WaitingLine)| (id.clone(), waiting.place.clone());
        left.into_iter().map(named).collect()
    }
}
