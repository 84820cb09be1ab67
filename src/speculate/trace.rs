//! The record of a run: a header, one [`Step`] a forward pass, an end. Every
//! view, the what-if and every export read traces only, so that everything
//! works without a model. `file` has its form on disk.
//!
//! A run is a function of its header: what a header holds decides every tree,
//! verdict and token, whatever the load of the machine and whatever ran before.

mod file;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::TokenId;
use super::backoff::Backoff;
use super::branch::{Branch, BranchOf};
use super::cost::CostProfile;
use super::draft::{DocHit, DraftTree};
use super::learned::{CalibrationStart, Learned};
use super::params::{Params, Source};
use super::row::{Judged, NodeRow};
use super::subject::{DocId, FrameworkName, GroupKey, KindName};
use super::verify::{Fate, Finish, Room, Verdict};

pub use file::TraceError;

/// Version of the file format that is written. Format 1 is read, too: what its
/// headers lack is `None`, not recorded.
pub const FORMAT: u32 = 2;

/// The bytes of a token: text where they are UTF-8, else numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TokenBytes {
    Text(String),
    Bytes(Vec<u8>),
}

impl TokenBytes {
    pub fn new(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => TokenBytes::Text(text.to_string()),
            Err(_) => TokenBytes::Bytes(bytes.to_vec()),
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        match self {
            TokenBytes::Text(text) => text.as_bytes(),
            TokenBytes::Bytes(bytes) => bytes,
        }
    }
}

/// The model a run used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// As a person says it: `SmolLM2-135M-Instruct Q4_1`.
    pub name: String,
    pub architecture: String,
    /// The weights' type in the file.
    pub dtype: String,
    /// sha256 of the tokenizer's vocabulary, merges and kind, in hex.
    pub tokenizer_hash: String,
    /// Size of the weights' file in bytes.
    pub file_bytes: u64,
    /// Longest context, in tokens.
    pub context: usize,
    /// Of the weights' file, in hex; of a checkpoint's or a split model's files
    /// together. `None`: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What decides a bit of the forward pass besides the weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arithmetic {
    /// Raised whenever a bit of the forward pass may change.
    pub revision: u32,
    /// Vector instructions of the kernels; on a GPU its library's name.
    pub instructions: String,
    /// Type of the keys and values in the cache.
    pub kv: String,
    /// What was made of the weights at load, as `--quantize` names it.
    pub quantize: String,
}

/// Whether a subject's own earlier document may draft for it, which inflates
/// acceptance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnDocuments {
    /// As in the paper, whose pool has each user's older document.
    #[default]
    Keep,
    /// As if it had never been added.
    Hide,
}

impl OwnDocuments {
    /// As the command line spells it.
    pub fn name(self) -> &'static str {
        match self {
            OwnDocuments::Keep => "keep",
            OwnDocuments::Hide => "hide",
        }
    }
}

/// Whom the knowledge is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubjectInfo {
    pub kind: KindName,
    pub id: String,
    pub title: String,
    pub group: Option<String>,
    pub framework: FrameworkName,
}

/// Size of a source at the start of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSize {
    pub source: Source,
    pub documents: usize,
    pub tokens: usize,
}

/// The first line of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub format: u32,
    /// The program's version.
    pub program: String,
    pub model: ModelInfo,
    pub device: String,
    pub threads: usize,
    pub catalog: String,
    pub subject: SubjectInfo,
    pub prompt: String,
    pub prompt_ids: Vec<TokenId>,
    /// How many of the last prompt tokens are the prefilled opening of the
    /// answer: shown as its beginning.
    pub opening_len: usize,
    /// Rated items left out of the prompt, the oldest ones, to fit the context.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub history_dropped: usize,
    /// Where the run began, if in the middle of another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    pub params: Params,
    /// What an automatic budget goes by.
    pub cost: CostProfile,
    pub eos: Vec<TokenId>,
    pub pools: Vec<PoolSize>,
    /// Milliseconds spent on the prompt; not a step.
    pub prompt_ms: f64,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_documents: Option<OwnDocuments>,
    /// Answers of this session that can draft, changes of the pools by hand: what no
    /// command line makes again, each in a few words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_hand: Vec<String>,
    /// A custom prompt as it was typed, before the chat template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// The options that chose catalog, pools, model and device, word by word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<String>,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// What a run starts from in place of what its engine has at the moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StartFrom {
    /// `None`: the engine's profile.
    pub cost: Option<CostProfile>,
    /// `None`: the engine's calibration, which is the shipped one unless runs may
    /// learn from each other.
    pub calibration: Option<CalibrationStart>,
}

impl StartFrom {
    fn carried(self, from: &Params, to: &Params) -> Self {
        StartFrom {
            calibration: self.calibration.map(|start| start.carried(from, to)),
            ..self
        }
    }
}

impl Header {
    /// What a rerun under other parameters starts from, so that it drafts as this run
    /// did as long as it commits the same.
    pub fn start_under(&self, params: &Params) -> StartFrom {
        self.start().carried(&self.params, params)
    }

    /// What a rerun of this run starts from. A header of format 1 says nothing of
    /// the calibration.
    pub fn start(&self) -> StartFrom {
        StartFrom {
            cost: (!self.cost.is_empty()).then(|| self.cost.clone()),
            calibration: self.calibration.clone(),
        }
    }
}

/// What one source contributed to a step's retrieval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceHit {
    pub source: Source,
    /// Longest suffix of the context found there, in tokens.
    pub matched: usize,
    /// How often it occurs there.
    pub count: usize,
}

/// Milliseconds of a step, by part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    pub retrieve: f64,
    pub draft: f64,
    pub forward: f64,
    pub verify: f64,
    pub commit: f64,
}

impl Timing {
    pub fn total(&self) -> f64 {
        self.retrieve + self.draft + self.forward + self.verify + self.commit
    }

    pub fn add(&mut self, other: &Timing) {
        self.retrieve += other.retrieve;
        self.draft += other.draft;
        self.forward += other.forward;
        self.verify += other.verify;
        self.commit += other.commit;
    }
}

/// One forward pass: retrieve, draft, verify, commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub index: usize,
    /// Tokens of the context before this step, the root (the last) included.
    pub context_len: usize,
    /// What could still be committed.
    pub room: Room,
    /// The parameters from this step on, if they changed on the fly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Params>,
    /// Per source that was asked and found something.
    pub retrieval: Vec<SourceHit>,
    pub tree: DraftTree,
    /// Rows drafted before the automatic budget cut the tree.
    pub n_offered: usize,
    /// The distribution at each node.
    pub rows: Vec<NodeRow>,
    /// Node i's standing in its parent's row, at index i - 1.
    pub judged: Vec<Judged>,
    pub verdict: Verdict,
    pub timing: Timing,
    /// Bytes of token ids seen for the first time in this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<(TokenId, TokenBytes)>,
    /// Titles of pool documents seen for the first time: (id, title).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<(DocId, String)>,
    /// Stretches of pool documents around places where drafts were found, each
    /// recorded once in a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excerpts: Vec<Excerpt>,
    /// What the step taught the calibration in force: its numbers that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learned: Vec<Learned>,
}

/// A stretch of a pool document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    pub doc: DocId,
    /// The pool it lies in.
    pub group: GroupKey,
    /// Position of its first token in the document.
    pub from: u32,
    pub ids: Vec<TokenId>,
}

impl Excerpt {
    /// Tokens wanted before a place and behind it.
    pub const BEFORE: usize = 8;
    pub const BEHIND: usize = 11;

    /// Whether the token at a position is in it.
    fn holds(&self, at: u32) -> bool {
        let end = self.from + self.ids.len() as u32;
        (self.from..end).contains(&at)
    }
}

impl Step {
    /// Retrieval found at least one draft token.
    pub fn is_hit(&self) -> bool {
        self.n_offered > 1
    }

    /// The source a draft token is credited to.
    pub fn credited(&self, node: usize) -> Option<Source> {
        self.tree.nodes[node].origins.first().map(|o| o.source)
    }
}

/// The last line of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    pub finish: Finish,
    pub steps: usize,
    pub tokens: usize,
    pub decode_ms: f64,
}

/// A run, finished or in the making.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub header: Header,
    pub steps: Vec<Step>,
    pub end: Option<End>,
    token_bytes: HashMap<TokenId, Vec<u8>>,
    doc_titles: HashMap<DocId, String>,
    excerpts: HashMap<DocId, Vec<Excerpt>>,
    /// Lines as they were read that hold fields this version does not know, by
    /// their number.
    unknown: BTreeMap<usize, String>,
}

/// A committed token of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    pub token: TokenId,
    /// `None`: a bonus token.
    pub fate: Option<Fate>,
    pub step: usize,
    /// The tree node it came from; `None`: a bonus token.
    pub node: Option<usize>,
}

impl Trace {
    pub fn new(header: Header) -> Self {
        let token_bytes = header
            .tokens
            .iter()
            .map(|(id, b)| (*id, b.as_bytes().to_vec()))
            .collect();
        Trace {
            header,
            steps: Vec::new(),
            end: None,
            token_bytes,
            doc_titles: HashMap::new(),
            excerpts: HashMap::new(),
            unknown: BTreeMap::new(),
        }
    }

    pub fn push(&mut self, step: Step) {
        for (id, bytes) in &step.tokens {
            self.token_bytes.insert(*id, bytes.as_bytes().to_vec());
        }
        self.doc_titles.extend(step.documents.iter().cloned());
        for excerpt in &step.excerpts {
            let of_doc = self.excerpts.entry(excerpt.doc.clone()).or_default();
            of_doc.push(excerpt.clone());
        }
        self.steps.push(step);
    }

    /// The bytes of a token this run has seen; empty for any other.
    pub fn token_bytes(&self, id: TokenId) -> &[u8] {
        self.token_bytes.get(&id).map_or(&[], Vec::as_slice)
    }

    /// A pool document's title, or its id where none was recorded.
    pub fn doc_title<'a>(&'a self, id: &'a str) -> &'a str {
        self.doc_titles.get(id).map_or(id, String::as_str)
    }

    /// What stands around a place of a pool document, and where in it that token
    /// is; `None` where it was not recorded.
    pub fn excerpt(&self, place: &DocHit) -> Option<(&Excerpt, usize)> {
        let known = self.excerpts.get(&place.doc)?.iter();
        let found = known.filter(|e| e.holds(place.at));
        // The one with the most before it and behind it, up to what is wanted.
        let room = |e: &&Excerpt| {
            let at = (place.at - e.from) as usize;
            at.min(Excerpt::BEFORE) + (e.ids.len() - at).min(Excerpt::BEHIND)
        };
        let best = found.max_by_key(room)?;
        Some((best, (place.at - best.from) as usize))
    }

    /// The pool of a document, where it was recorded.
    pub fn doc_group(&self, id: &str) -> Option<&str> {
        let known = self.excerpts.get(id)?;
        known.first().map(|e| e.group.as_str())
    }

    /// The parameters that were in force at a step.
    pub fn params_at(&self, step: usize) -> Params {
        let upto = self.steps.len().min(step + 1);
        self.steps[..upto]
            .iter()
            .rev()
            .find_map(|s| s.params)
            .unwrap_or(self.header.params)
    }

    /// Every committed token with its fate, in order.
    pub fn committed(&self) -> impl Iterator<Item = Committed> + '_ {
        self.steps.iter().flat_map(|step| {
            let nodes = step.verdict.path.iter().map(|&n| Some(n)).chain([None]);
            let tokens = step.verdict.committed(&step.tree);
            tokens.zip(nodes).map(|((token, fate), node)| Committed {
                token,
                fate,
                step: step.index,
                node,
            })
        })
    }

    /// What a branch took over, and the token forced on it: the answer before the
    /// first step.
    pub fn taken_over(&self) -> impl Iterator<Item = TokenId> + '_ {
        self.header.branch.iter().flat_map(Branch::ids)
    }

    /// The answer, what a branch took over included.
    pub fn token_ids(&self) -> Vec<TokenId> {
        let own = self.committed().map(|c| c.token);
        self.taken_over().chain(own).collect()
    }

    /// The answer up to a step, as a branch takes it over: before it, and of its
    /// own tokens the first `within`.
    pub fn branch_at(&self, step: usize, within: usize, forced: Option<TokenId>) -> Branch {
        let before = self.steps.iter().take(step);
        let before: usize = before.map(|s| s.verdict.n_committed()).sum();
        let n = self.taken_over().count() + before + within;
        let mut prefix = self.token_ids();
        prefix.truncate(n);
        Branch {
            prefix,
            forced,
            of: BranchOf { step, within },
            backoff: self.backoff_before(step),
        }
    }

    /// How retrieval rested before a step; `None` where it had no reason to.
    fn backoff_before(&self, step: usize) -> Option<Backoff> {
        let begun = self.header.branch.as_ref().and_then(|b| b.backoff.clone());
        let mut backoff = begun.unwrap_or_default();
        for step in self.steps.iter().take(step) {
            backoff.after_step(step.tree.n_drafts() > 0);
        }
        (backoff != Backoff::default()).then_some(backoff)
    }

    /// What a branch before a step, under these parameters, starts from: the run's
    /// profile, and its calibration as it was there.
    pub fn start_before(&self, step: usize, params: &Params) -> StartFrom {
        let start = StartFrom {
            calibration: self.calibration_before(step),
            ..self.header.start()
        };
        start.carried(&self.params_at(step), params)
    }

    /// `None`: it was not recorded.
    fn calibration_before(&self, step: usize) -> Option<CalibrationStart> {
        let mut start = self.header.calibration.clone()?;
        for (i, taken) in self.steps.iter().enumerate().take(step) {
            start.learn(&self.params_at(i), &taken.learned);
        }
        Some(start.named(format!("step {} of another run", step + 1)))
    }

    /// The generated text, the prefilled opening not included and special
    /// end-of-generation tokens left out; lossy where UTF-8 is cut.
    pub fn text(&self) -> String {
        let eos = &self.header.eos;
        let bytes: Vec<u8> = self
            .token_ids()
            .into_iter()
            .filter(|id| !eos.contains(id))
            .flat_map(|id| self.token_bytes(id).iter().copied())
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
