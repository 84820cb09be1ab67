//! What determines a run: model, subject, parameters, pools, and the start of its
//! calibration.

use serde::{Deserialize, Serialize};

use super::token_bytes::TokenBytes;
use crate::speculate::TokenId;
use crate::speculate::branch::Branch;
use crate::speculate::cost::{CostProfile, StepCosts};
use crate::speculate::learned::CalibrationStart;
use crate::speculate::params::{Params, Source};
use crate::speculate::subject::{FrameworkName, KindName};

/// Version of the file format of a run that records everything. Format 1 is read, too:
/// what its headers lack is `None`, not recorded.
pub const FORMAT: u32 = 2;

/// Version of the file format of a run that lacks something, as one made of a log's entry
/// does: absent is `None`, not recorded.
pub const FORMAT_IN_PART: u32 = 3;

/// The model a run used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// For display: `SmolLM2-135M-Instruct Q4_1`.
    pub name: String,
    /// As GGUF names it: `llama`, `qwen3`; `None`: not recorded, as are the following.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// The weights' type in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtype: Option<String>,
    /// sha256 of the tokenizer's vocabulary, merges and kind, in hex.
    pub tokenizer_hash: String,
    /// Size of the weights' file in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<u64>,
    /// Longest context, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<usize>,
    /// Of the weights' file, in hex; of a checkpoint's or a split model's files
    /// together. `None`: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What determines the bits of the forward pass besides the weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arithmetic {
    /// Raised whenever any bit of the forward pass may change.
    pub(crate) revision: u32,
    /// Vector instructions of the kernels; on a GPU its library's name.
    pub(crate) instructions: String,
    /// Type of the keys and values in the cache.
    pub(crate) kv: String,
    /// How weights were converted at load, as in `--quantize`.
    pub(crate) quantize: String,
}

/// Whether a subject's own earlier document may draft for it, which inflates
/// acceptance.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum OwnDocuments {
    /// As in the paper, whose pool has each user's older document.
    #[default]
    Keep,
    /// As if it had never been added.
    Hide,
}

impl OwnDocuments {
    /// As the command line spells it.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}

/// The subject of the knowledge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubjectInfo {
    /// Item, user or prompt.
    pub kind: KindName,
    /// In its catalog.
    pub id: String,
    /// Title or name.
    pub title: String,
    /// Its group's pool drafted; `None`: no group.
    pub group: Option<String>,
    /// How the prompt was written.
    pub framework: FrameworkName,
}

/// The entry of another engine's log that a run was made of: its tokens are the log's,
/// its trees and verdicts are what drafting would have come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogOrigin {
    /// The log's file name.
    pub log: String,
    /// The entry's id in the log.
    pub id: String,
    /// The engine took the most probable token each time; `None`: the log does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_greedy: Option<bool>,
    /// The model that filled in the distributions, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<JudgeModel>,
}

/// The model that filled in a logged run's distributions, and whether it is the one that
/// wrote the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgeModel {
    /// Which model.
    pub model: ModelInfo,
    /// Logged tokens that are its own choice in their context.
    pub agreeing: usize,
    /// Logged tokens.
    pub of: usize,
}

impl JudgeModel {
    /// Share of the logged tokens that are the model's own choice; `None` without tokens.
    pub fn agreement(&self) -> Option<f64> {
        (self.of > 0).then(|| self.agreeing as f64 / self.of as f64)
    }
}

/// Who decides how many rows a step has, where the budget is automatic.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum RowsBy {
    /// The run alone, by the header's profile: its trees are a function of its header.
    #[default]
    Own,
    /// All runs of a pass together: what the others had to offer shows in the trees, and
    /// only the text is a function of the header.
    Shared,
}

impl RowsBy {
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    /// The run decides its own rows: it shares no passes.
    pub fn is_own(&self) -> bool {
        *self == RowsBy::Own
    }
}

/// Size of a source at the start of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSize {
    /// Which source.
    pub source: Source,
    /// Documents in it.
    pub documents: usize,
    /// Tokens of these documents.
    pub tokens: usize,
}

/// The first line of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the trace format.
    pub format: u32,
    /// The program's version.
    pub program: String,
    /// Which model.
    pub model: ModelInfo,
    /// Device and instructions in words; `None`: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Of the CPU's kernels; `None`: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// The catalog's name.
    pub catalog: String,
    /// Whom the knowledge is for.
    pub subject: SubjectInfo,
    /// As rendered by the model's template.
    pub prompt: String,
    /// The prompt's tokens.
    pub prompt_ids: Vec<TokenId>,
    /// How many of the last prompt tokens are the prefilled opening of the
    /// answer: shown as its beginning.
    pub opening_len: usize,
    /// Rated items left out of the prompt, the oldest ones, to fit the context.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub history_dropped: usize,
    /// Where the run branched from another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    /// Of the first step.
    pub params: Params,
    /// The cost profile of automatic budgets.
    pub cost: CostProfile,
    /// Tokens that end an answer.
    pub eos: Vec<TokenId>,
    /// Sizes of the sources.
    pub pools: Vec<PoolSize>,
    /// Milliseconds spent on the prompt; not a step. `None`: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_ms: Option<f64>,
    /// Bytes of the prompt's tokens.
    pub tokens: Vec<(TokenId, TokenBytes)>,
    /// `None`: not recorded (format 1), as are the following.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arithmetic: Option<Arithmetic>,
    /// Where the correction of the drafts' estimates starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationStart>,
    /// Hash of all documents that can draft, those of this session included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pools_hash: Option<String>,
    /// `None`: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_documents: Option<OwnDocuments>,
    /// What no command line can reproduce, in a few words each: answers of this session
    /// that can draft, manual edits of the pools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_hand: Vec<String>,
    /// A custom prompt as typed, before the chat template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// The options that chose catalog, pools, model and device.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<String>,
    /// Who decided how many rows its steps had.
    #[serde(default, skip_serializing_if = "RowsBy::is_own")]
    pub rows: RowsBy,
    /// Runs decoded together, if its passes had rows of others, too; 0: it ran alone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub batch: usize,
    /// The entry of another engine's log that the run was made of; `None`: this program
    /// generated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogOrigin>,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// What a run starts from instead of the engine's current state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StartFrom {
    /// `None`: the engine's profile.
    pub cost: Option<CostProfile>,
    /// `None`: the engine's calibration, which is the shipped one unless runs may
    /// learn from each other.
    pub calibration: Option<CalibrationStart>,
}

impl StartFrom {
    pub(super) fn carried(self, from: &Params, to: &Params) -> Self {
        StartFrom {
            calibration: self.calibration.map(|start| start.carried(from, to)),
            ..self
        }
    }
}

impl Header {
    /// What its steps cost by the recorded profile. Unmeasured for a run of a batch: the
    /// time of its steps is a share of passes with others.
    pub(crate) fn step_costs(&self) -> StepCosts {
        match self.batch {
            0 => StepCosts::new(&self.cost),
            _ => StepCosts::default(),
        }
    }

    /// The start of a rerun under other parameters, so that it drafts like this run as
    /// long as it commits the same tokens.
    pub fn start_under(&self, params: &Params) -> StartFrom {
        self.start().carried(&self.params, params)
    }

    /// What a rerun of this run starts from. Headers of format 1 do not record the
    /// calibration.
    pub(crate) fn start(&self) -> StartFrom {
        StartFrom {
            cost: (!self.cost.is_empty()).then(|| self.cost.clone()),
            calibration: self.calibration.clone(),
        }
    }
}
