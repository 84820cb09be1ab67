//! Answers that finished before earlier ones of the plan, in a file next to the output:
//! `OUT.batch.journal`. A kill loses none of them; the journal is emptied once they are all
//! in `OUT`.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr};
use serde::{Deserialize, Serialize};

use crate::recsys::KnowledgeDoc;

/// An answer and its index in the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its index in the plan, from 0.
    pub at: usize,
    /// The answer.
    pub doc: KnowledgeDoc,
}

/// The file, open for appending.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
}

/// Path of a batch's journal.
pub fn journal_path(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(".batch.journal");
    out.with_file_name(name)
}

impl Journal {
    /// Opens or creates the journal of the answers in `out` and reads its entries. A
    /// truncated last line is removed; its answer will be decoded again.
    ///
    /// # Errors
    /// A file that cannot be opened; a line that is not an entry.
    pub(crate) fn open(out: &Path) -> Result<(Self, Vec<Entry>)> {
        let path = journal_path(out);
        let context = || format!("opening {}", path.display());
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read.wrap_err_with(context)?,
        };
        let whole = bytes.iter().rposition(|&byte| byte == b'\n');
        let whole = &bytes[..whole.map_or(0, |at| at + 1)];
        let mut entries = Vec::new();
        for (i, line) in whole.split(|&byte| byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            let entry = serde_json::from_slice(line).wrap_err_with(|| {
                format!(
                    "{}:{}: not an answer of a batch: delete the file to decode its answers \
                     again",
                    path.display(),
                    i + 1
                )
            })?;
            entries.push(entry);
        }
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).write(true);
        let mut file = options.open(&path).wrap_err_with(context)?;
        file.set_len(whole.len() as u64).wrap_err_with(context)?;
        file.seek(SeekFrom::End(0)).wrap_err_with(context)?;
        Ok((Journal { path, file }, entries))
    }

    /// Writes one whole line, or nothing.
    ///
    /// # Errors
    /// What the disk reports.
    pub(crate) fn append(&mut self, entry: &Entry) -> Result<()> {
        let writing = || format!("writing {}", self.path.display());
        let mut line = serde_json::to_vec(entry).wrap_err_with(writing)?;
        line.push(b'\n');
        let end = self.file.stream_position().wrap_err_with(writing)?;
        let written = self.file.write_all(&line);
        if written.is_err() {
            // A full disk may have taken part of the line.
            let _ = self.file.set_len(end);
        }
        written.wrap_err_with(writing)
    }

    /// Removes all entries, once they are all in the output.
    ///
    /// # Errors
    /// What the disk reports.
    pub(crate) fn clear(&mut self) -> Result<()> {
        let writing = || format!("writing {}", self.path.display());
        self.file.set_len(0).wrap_err_with(writing)?;
        self.file.rewind().wrap_err_with(writing)
    }
}

/// Removes the journal of a batch that is finished or was replaced.
///
/// # Errors
/// What the disk reports.
pub(crate) fn remove(out: &Path) -> Result<()> {
    let path = journal_path(out);
    match fs::remove_file(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.wrap_err_with(|| format!("removing {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recsys::SubjectKind;

    fn entry(at: usize) -> Entry {
        Entry {
            at,
            doc: KnowledgeDoc {
                id: format!("i{at}"),
                kind: SubjectKind::Item,
                group: "none".into(),
                framework: "kar".into(),
                model: "m".into(),
                text: "a\nb".into(),
                ended: true,
            },
        }
    }

    #[test]
    fn whole_entries_survive_a_cut_at_any_byte() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.jsonl");
        let (mut journal, found) = Journal::open(&out).unwrap();
        assert!(found.is_empty());
        journal.append(&entry(3)).unwrap();
        journal.append(&entry(2)).unwrap();
        let whole = fs::read(journal_path(&out)).unwrap();
        let first = whole.iter().position(|&b| b == b'\n').unwrap() + 1;
        for n in 0..=whole.len() {
            fs::write(journal_path(&out), &whole[..n]).unwrap();
            let (mut journal, found) = Journal::open(&out).unwrap();
            let n_whole = usize::from(n >= first) + usize::from(n == whole.len());
            assert_eq!(found, [entry(3), entry(2)][..n_whole]);
            journal.append(&entry(5)).unwrap();
            let (_, found) = Journal::open(&out).unwrap();
            assert_eq!(found.last(), Some(&entry(5)));
        }
        let (mut journal, _) = Journal::open(&out).unwrap();
        journal.clear().unwrap();
        journal.append(&entry(9)).unwrap();
        let (_, found) = Journal::open(&out).unwrap();
        assert_eq!(found, [entry(9)]);
        remove(&out).unwrap();
        remove(&out).unwrap();
        assert!(!journal_path(&out).exists());
        fs::write(journal_path(&out), "{}\n").unwrap();
        let said = format!("{:#}", Journal::open(&out).unwrap_err());
        assert!(said.contains("delete the file"), "{said}");
    }
}
