//! Cost profiles on disk: measured once per model, arithmetic, device and threads,
//! saved among the program's state files, and read by later starts. If the folder
//! cannot be written, every start measures again.

use std::fs;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, eyre};
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::atomic_file;
use crate::engine::Engine;
use crate::speculate::cost::CostProfile;
use crate::speculate::params::MAX_ROWS;
use crate::text_input::{SETTINGS_BYTES_MAX, read_text};

const FORMAT: u32 = 1;

/// Everything a profile depends on; a profile with another key is never used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CostKey {
    /// sha256 of the weights.
    pub(crate) model: String,
    pub(crate) quantize: String,
    pub(crate) kv: String,
    /// `cpu`, `cuda:0`, ..
    pub(crate) device: String,
    /// The processor's name.
    pub(crate) machine: String,
    pub(crate) instructions: String,
    pub(crate) threads: usize,
    pub(crate) arithmetic: u32,
    /// Most rows of a pass.
    pub(crate) max_rows: usize,
}

/// A profile's file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeptCost {
    laserscope_cost: u32,
    pub(crate) key: CostKey,
    pub(crate) profile: CostProfile,
}

impl CostKey {
    pub(crate) fn of(engine: &Engine) -> Self {
        let arithmetic = engine.model.arithmetic();
        let info = &engine.model.info;
        let unhashed = || {
            let bytes = info
                .file_bytes
                .map_or(String::new(), |n| format!(" of {n} bytes"));
            format!("{}{bytes}", info.name)
        };
        CostKey {
            model: info.sha256.clone().unwrap_or_else(unhashed),
            quantize: arithmetic.quantize,
            kv: arithmetic.kv,
            device: engine.model.device.clone(),
            machine: machine(),
            instructions: arithmetic.instructions,
            threads: engine.model.threads(),
            arithmetic: arithmetic.revision,
            max_rows: MAX_ROWS,
        }
    }

    /// Where its profile is saved; `None`: there is no state folder.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        Some(folder()?.join(self.file_name()))
    }

    fn file_name(&self) -> String {
        let text = format!("{self:?}");
        let hash = Sha256::digest(text.as_bytes());
        format!("{}.json", hex::encode(&hash[..8]))
    }

    /// The saved profile, if it covers `context` tokens.
    pub(crate) fn load(&self, context: usize) -> Option<CostProfile> {
        self.load_from(&folder()?, context)
    }

    fn load_from(&self, folder: &Path, context: usize) -> Option<CostProfile> {
        let kept = read(&folder.join(self.file_name())).ok()?;
        let reaches = kept.profile.longest_context() >= Some(context);
        (kept.key == *self && reaches).then_some(kept.profile)
    }

    /// Replaces the saved profile, atomically.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub(crate) fn save(&self, profile: &CostProfile) -> Result<PathBuf> {
        let folder = folder().ok_or_else(|| eyre!("no state folder was found (set HOME)"))?;
        self.save_in(&folder, profile)
    }

    fn save_in(&self, folder: &Path, profile: &CostProfile) -> Result<PathBuf> {
        let path = folder.join(self.file_name());
        fs::create_dir_all(folder).wrap_err_with(|| format!("making {}", folder.display()))?;
        let kept = KeptCost {
            laserscope_cost: FORMAT,
            key: self.clone(),
            profile: profile.clone(),
        };
        let mut json = serde_json::to_vec_pretty(&kept)?;
        json.push(b'\n');
        atomic_file::write(&path, json)?;
        Ok(path)
    }
}

fn folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    Some(state.join("laserscope").join("cost"))
}

fn read(path: &Path) -> Result<KeptCost> {
    let text = read_text(path, SETTINGS_BYTES_MAX)?.text;
    parse(&text).ok_or_else(|| eyre!("{}: not a cost profile", path.display()))
}

/// A kept profile's file.
pub(crate) fn parse(text: &str) -> Option<KeptCost> {
    let kept: KeptCost = serde_json::from_str(text).ok()?;
    (kept.laserscope_cost == FORMAT).then_some(kept)
}

/// What profiles call this machine: its processor, as the system names it.
pub(crate) fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        (field.trim() == "model name").then(|| value.trim().to_string())
    });
    name.unwrap_or_else(|| format!("{} {}", std::env::consts::OS, std::env::consts::ARCH))
}

/// Today, in UTC.
pub(crate) fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::cost::CostPoint;

    fn key(threads: usize) -> CostKey {
        CostKey {
            model: "ab".repeat(32),
            quantize: "none".into(),
            kv: "f32".into(),
            device: "cpu".into(),
            machine: machine(),
            instructions: "AVX2".into(),
            threads,
            arithmetic: 1,
            max_rows: MAX_ROWS,
        }
    }

    fn profile(ms: f32) -> CostProfile {
        let point = |context| CostPoint {
            context: Some(context),
            ..CostPoint::by_rows(1, ms)
        };
        CostProfile {
            points: vec![point(128), point(1920)],
            measured: Some(today()),
            machine: Some(machine()),
            passes: Vec::new(),
        }
    }

    #[test]
    fn a_profile_serves_its_own_key_and_context_only() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        assert_eq!(key(2).load_from(at, 100), None);
        let path = key(2).save_in(at, &profile(3.3)).unwrap();
        assert_eq!(key(2).load_from(at, 1920), Some(profile(3.3)));
        assert_eq!(
            key(2).load_from(at, 4000),
            None,
            "a longer context is in use"
        );
        assert_eq!(key(1).load_from(at, 100), None);
        // A file with this name but another key is ignored.
        std::fs::copy(&path, at.join(key(1).file_name())).unwrap();
        assert_eq!(key(1).load_from(at, 100), None);
        std::fs::write(&path, "{\"laserscope_cost\":1,").unwrap();
        assert_eq!(
            key(2).load_from(at, 100),
            None,
            "a damaged file is measured again"
        );
    }

    #[test]
    fn two_starts_at_once_leave_a_whole_profile() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        std::thread::scope(|scope| {
            for i in 1..=4 {
                scope.spawn(move || {
                    for _ in 0..20 {
                        key(2).save_in(at, &profile(i as f32)).unwrap();
                        assert!(key(2).load_from(at, 100).is_some());
                    }
                });
            }
        });
        let left = std::fs::read_dir(at).unwrap().count();
        assert_eq!(left, 1, "nothing but the profile is left");
    }
}
