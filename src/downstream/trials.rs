//! The trainings of a test and what is kept of them in a folder: the study, the vectors, and
//! a file for each training that is done, all named after their content. So a test that was
//! killed goes on where it was, and one that shares trainings with an earlier test reuses
//! them.

use std::fs;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, ensure, eyre};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::backbone::Backbone;
use super::training::{Study, TrainedScores, Training, train};
use super::vectors::{KnowledgeVectors, VectorTable};
use crate::atomic_file;
use crate::text_input::read_bytes;

/// Raised where the same trainings get other figures.
const REVISION: u32 = 2;

/// One training, with its knowledge by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Which click model.
    pub backbone: Backbone,
    /// [`KnowledgeVectors::fingerprint`]; `None`: without knowledge.
    pub knowledge: Option<String>,
    /// Index of the fold.
    pub fold: usize,
    /// Of the weights and of the order of rows.
    pub seed: u64,
}

/// A study's trainings, as they are handed to the processes that do them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingWork {
    /// Name of the study.
    pub study: String,
    /// Each once.
    pub trials: Vec<Trial>,
}

/// The folder of a test.
#[derive(Clone, Debug)]
pub struct TestFolder {
    path: PathBuf,
}

const TRAININGS: &str = "trainings";
/// The largest file that is read.
const BYTES_MAX: u64 = 16 << 30;

impl TestFolder {
    /// Creates it where it is missing.
    ///
    /// # Errors
    /// What the system reports.
    pub fn open(path: &Path) -> Result<Self> {
        let trainings = path.join(TRAININGS);
        fs::create_dir_all(&trainings)
            .wrap_err_with(|| format!("creating {}", trainings.display()))?;
        Ok(TestFolder {
            path: path.to_path_buf(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Saves the study and returns its name.
    ///
    /// # Errors
    /// What the system reports.
    pub fn save_study(&self, study: &Study) -> Result<String> {
        let json = serde_json::to_vec(study)?;
        let name = hex::encode(&Sha256::digest(&json)[..16]);
        self.write_new(&self.study_path(&name), &json)?;
        Ok(name)
    }

    fn study_path(&self, name: &str) -> PathBuf {
        self.path.join(format!("study-{name}.json"))
    }

    /// Saves vectors and returns their name.
    ///
    /// # Errors
    /// What the system reports.
    pub fn save_knowledge(&self, knowledge: &KnowledgeVectors) -> Result<String> {
        let name = knowledge.fingerprint();
        let mut bytes = Vec::new();
        knowledge.users.write(&mut bytes);
        knowledge.items.write(&mut bytes);
        self.write_new(&self.knowledge_path(&name), &bytes)?;
        Ok(name)
    }

    fn knowledge_path(&self, name: &str) -> PathBuf {
        self.path.join(format!("vectors-{name}.bin"))
    }

    fn load_knowledge(&self, name: &str) -> Result<KnowledgeVectors> {
        let path = self.knowledge_path(name);
        let bytes = read_bytes(&path, BYTES_MAX)?;
        let mut rest = bytes.as_slice();
        let tables = VectorTable::read(&mut rest).zip(VectorTable::read(&mut rest));
        let known = tables.map(|(users, items)| KnowledgeVectors { users, items });
        let known = known.filter(|known| known.fingerprint() == name);
        known.ok_or_else(|| damaged(&path))
    }

    /// A file named after its content is written once.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        match path.exists() {
            true => Ok(()),
            false => atomic_file::write(path, bytes),
        }
    }

    fn work_path(&self) -> PathBuf {
        self.path.join("work.json")
    }

    /// Hands out trainings.
    ///
    /// # Errors
    /// What the system reports.
    pub fn save_work(&self, work: &TrainingWork) -> Result<()> {
        atomic_file::write(&self.work_path(), serde_json::to_vec(work)?)
    }

    fn trained_path(&self, study: &str, trial: &Trial) -> Result<PathBuf> {
        let mut hash = Sha256::new();
        hash.update(REVISION.to_le_bytes());
        hash.update(study);
        hash.update(serde_json::to_vec(trial)?);
        let name = format!("{}.json", hex::encode(&hash.finalize()[..16]));
        Ok(self.path.join(TRAININGS).join(name))
    }

    /// Whether a training is done.
    pub fn is_done(&self, study: &str, trial: &Trial) -> bool {
        self.trained_path(study, trial)
            .is_ok_and(|path| path.exists())
    }

    /// What came of a training.
    ///
    /// # Errors
    /// A training that is not done; a damaged file.
    pub fn trained(&self, study: &str, trial: &Trial) -> Result<TrainedScores> {
        read(&self.trained_path(study, trial)?)
    }

    /// Does those of the trainings handed out that are not done, every `of`-th from `part`
    /// on. `false`: cancelled.
    ///
    /// # Errors
    /// Those of [`train`]; damaged files.
    pub fn work_off(
        &self,
        (part, of): (usize, usize),
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<bool> {
        let work: TrainingWork = read(&self.work_path())?;
        let study: Study = read(&self.study_path(&work.study))?;
        let mut loaded: Option<(String, KnowledgeVectors)> = None;
        for trial in work.trials.iter().skip(part).step_by(of) {
            if self.is_done(&work.study, trial) {
                continue;
            }
            ensure!(trial.fold < study.folds.len(), "no fold {}", trial.fold);
            if let Some(name) = &trial.knowledge
                && loaded.as_ref().is_none_or(|(known, _)| known != name)
            {
                loaded = Some((name.clone(), self.load_knowledge(name)?));
            }
            let training = Training {
                backbone: trial.backbone,
                knowledge: trial
                    .knowledge
                    .as_ref()
                    .and(loaded.as_ref().map(|(_, k)| k)),
                fold: trial.fold,
                seed: trial.seed,
            };
            let Some(trained) = train(&study, training, go_on)? else {
                return Ok(false);
            };
            let path = self.trained_path(&work.study, trial)?;
            atomic_file::write(&path, serde_json::to_vec(&trained)?)?;
        }
        Ok(true)
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = read_bytes(path, BYTES_MAX)?;
    serde_json::from_slice(&bytes).map_err(|_| damaged(path))
}

fn damaged(path: &Path) -> color_eyre::Report {
    eyre!(
        "{} is damaged: delete it and run the same command again",
        path.display()
    )
}
