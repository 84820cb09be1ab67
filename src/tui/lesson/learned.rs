//! Which tasks were done, kept from session to session in a small file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use color_eyre::eyre::{Result, WrapErr};
use serde::{Deserialize, Serialize};

use crate::atomic_file;
use crate::present::lesson::Lesson;

/// Per lesson, by its id, the tasks done, counted from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Learned(BTreeMap<String, BTreeSet<usize>>);

impl Learned {
    pub(crate) fn done(&self, lesson: &Lesson, task: usize) -> bool {
        self.0
            .get(&lesson.id)
            .is_some_and(|tasks| tasks.contains(&task))
    }

    /// Tasks done, of those that there are.
    pub fn n_done(&self, lesson: &Lesson) -> usize {
        (0..lesson.tasks.len())
            .filter(|&t| self.done(lesson, t))
            .count()
    }

    pub(crate) fn add(&mut self, lesson: &Lesson, task: usize) {
        self.0.entry(lesson.id.clone()).or_default().insert(task);
    }

    /// What the file says; nothing if there is none, or none that can be read:
    /// progress is not worth a refusal to start.
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    /// Writes it whole or not at all.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let writing = || format!("writing {}", path.display());
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).wrap_err_with(writing)?;
        let text = toml::to_string(self).wrap_err_with(writing)?;
        atomic_file::write(path, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep").join("lessons.toml");
        let lessons = crate::present::lesson::bundled().expect("lessons");
        let mut learned = Learned::read(&path);
        assert_eq!(learned, Learned::default());
        learned.add(&lessons[1], 0);
        learned.add(&lessons[1], 2);
        learned.write(&path).expect("written");
        let read = Learned::read(&path);
        assert_eq!(read, learned);
        assert_eq!((read.n_done(&lessons[0]), read.n_done(&lessons[1])), (0, 2));
        fs::write(&path, "no toml [").expect("written");
        assert_eq!(Learned::read(&path), Learned::default());
    }
}
