//! How a batch was started, in a small file next to its answers: `OUT.batch.json`. A
//! resumed run must have the same settings and uses the same cost profile, so that it
//! writes what an uninterrupted one would have written.

use std::fs;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Report, Result, WrapErr, bail, ensure, eyre};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::atomic_file;
use crate::cli::{AllKind, HalfChoice, Shard};
use crate::recsys::KnowledgeDoc;
use crate::speculate::cost::CostProfile;
use crate::speculate::learned::CalibrationStart;
use crate::speculate::params::Params;
use crate::speculate::trace::ModelInfo;

const FORMAT: u32 = 3;
/// The oldest format that can be resumed; its batches were decoded one by one.
const OLDEST: u32 = 2;

/// The contents of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub(crate) laserscope_batch: u32,
    /// What must be the same for a resume.
    pub conditions: Conditions,
    /// Documents that were already in the file.
    pub(crate) before: Listing,
    /// The cost profile of automatic budgets.
    pub(crate) cost: CostProfile,
    /// How subjects are decoded together; absent if each is decoded alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<Together>,
    /// Set once every answer is there.
    pub finished: Option<Finished>,
}

/// The details of decoding several subjects together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// A subject draws on the answers of all subjects more than this many before it.
    pub lag: usize,
    /// Capacity of a lane behind the shared prefix, in tokens: prompt, answer and draft rows.
    pub(crate) own_tokens: usize,
    /// Tokens of each shared prefix.
    pub(crate) shared_tokens: Vec<usize>,
    /// Memory for keys, values and logits.
    pub(crate) bytes: u64,
    /// The cost profile that sizes drafts under a lossy rule with an automatic budget,
    /// whatever its neighbours do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<CostProfile>,
}

/// Everything that affects the answers; a resumed run must have the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// The program's version.
    pub(crate) program: String,
    pub(crate) model: ModelInfo,
    /// `cpu`, `cuda` or `metal`: on a CPU, neither threads nor instructions
    /// change a bit.
    pub(crate) device: String,
    /// Revision of the arithmetic, type of keys and values, quantization at load.
    pub(crate) arithmetic: String,
    /// Where every run's calibration starts.
    pub(crate) calibration: CalibrationStart,
    pub(crate) catalog: Named,
    pub(crate) framework: Named,
    pub(crate) all: AllKind,
    pub(crate) half: Option<HalfChoice>,
    pub(crate) pool_half: bool,
    pub(crate) limit: Option<usize>,
    pub(crate) params: Params,
    pub(crate) own_documents: String,
    pub(crate) fixed_pools: bool,
    /// Hash of the pools at the start.
    pub(crate) starting_pools: String,
    /// The subjects in their order, groups included.
    pub(crate) order: Listing,
    pub(crate) shard: Option<Shard>,
    /// Subjects decoded together.
    #[serde(default = "alone")]
    pub batch: usize,
}

/// For manifests from before subjects could be decoded together.
fn alone() -> usize {
    1
}

/// A name and a hash of its contents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) fingerprint: String,
}

/// The number of entries, and a hash of all of them in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listing {
    pub(crate) n: usize,
    pub(crate) hash: String,
}

/// The totals of a finished batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Documents in the file, including those from before the batch.
    pub documents: usize,
    /// Subjects whose prompt does not fit into the context.
    pub left_out: usize,
}

impl Listing {
    pub(crate) fn of<T: AsRef<[u8]>>(entries: impl IntoIterator<Item = T>) -> Self {
        let (mut hash, mut n) = (Sha256::new(), 0);
        for entry in entries {
            let entry = entry.as_ref();
            hash.update((entry.len() as u64).to_le_bytes());
            hash.update(entry);
            n += 1;
        }
        Listing {
            n,
            hash: hex::encode(&hash.finalize()[..16]),
        }
    }

    pub(crate) fn of_documents(docs: &[KnowledgeDoc]) -> Result<Self> {
        let lines = docs.iter().map(serde_json::to_vec);
        Ok(Listing::of(lines.collect::<Result<Vec<_>, _>>()?))
    }
}

/// Path of a batch's manifest.
pub fn manifest_path(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(".batch.json");
    out.with_file_name(name)
}

impl Manifest {
    pub(crate) fn new(conditions: Conditions, before: Listing, cost: CostProfile) -> Self {
        Manifest {
            laserscope_batch: FORMAT,
            conditions,
            before,
            cost,
            together: None,
            finished: None,
        }
    }

    /// The manifest of the answers in `out`, if there is one.
    ///
    /// # Errors
    /// A manifest that cannot be read, or that another version wrote.
    pub fn load(out: &Path) -> Result<Option<Self>> {
        let path = manifest_path(out);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.wrap_err_with(|| format!("reading {}", path.display()))?,
        };
        let parsed = parse(&bytes).wrap_err_with(|| {
            format!(
                "{} cannot be used: delete it to add to {} with --extend, or choose another --out",
                path.display(),
                out.display()
            )
        });
        parsed.map(Some)
    }

    /// Writes the manifest next to `out`, atomically.
    pub fn save(&self, out: &Path) -> Result<()> {
        let path = manifest_path(out);
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        atomic_file::write(&path, json)
    }
}

fn parse(bytes: &[u8]) -> Result<Manifest> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| damaged())?;
    let version = value["laserscope_batch"].as_u64().ok_or_else(damaged)?;
    ensure!(
        (u64::from(OLDEST)..=u64::from(FORMAT)).contains(&version),
        "it was written by another version (format {version}; this version reads {OLDEST} to \
         {FORMAT})"
    );
    serde_json::from_value(value).map_err(|_| damaged())
}

fn damaged() -> Report {
    eyre!("it is damaged")
}

impl Conditions {
    /// Refuses conditions other than those of the batch.
    ///
    /// # Errors
    /// Every difference, by name.
    pub(crate) fn expect(&self, now: &Conditions) -> Result<()> {
        let differences = self.differences(now)?;
        if differences.is_empty() {
            return Ok(());
        }
        bail!("\n{}", differences.join("\n"))
    }

    /// A line for every value that has changed.
    pub(crate) fn differences(&self, now: &Conditions) -> Result<Vec<String>> {
        let (then, now) = (serde_json::to_value(self)?, serde_json::to_value(now)?);
        let mut lines = Vec::new();
        compare("", &then, &now, &mut lines);
        Ok(lines)
    }
}

fn compare(path: &str, then: &Value, now: &Value, lines: &mut Vec<String>) {
    if let (Value::Object(a), Value::Object(b)) = (then, now) {
        let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let (a, b) = (&then[key.as_str()], &now[key.as_str()]);
            compare(&format!("{path}.{key}"), a, b, lines);
        }
    } else if then != now {
        let name = path.trim_start_matches('.').replace('_', " ");
        lines.push(format!("  {name}: was {then}, now {now}"));
    }
}
