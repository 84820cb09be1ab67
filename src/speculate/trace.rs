//! The record of a run: a header, one [`Step`] a forward pass, an end. Every
//! view, the what-if and every export read traces only, so that everything
//! works without a model. On disk: JSON Lines, versioned, byte-stable.

use std::collections::HashMap;
use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};

use super::TokenId;
use super::branch::{Branch, BranchOf};
use super::cost::CostTable;
use super::draft::{DocHit, DraftTree};
use super::params::{Params, Source};
use super::row::{Judged, NodeRow};
use super::verify::{Fate, Finish, Room, Verdict};

/// Version of the file format; a reader refuses any other.
pub const FORMAT: u32 = 1;

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
}

/// Whom the knowledge is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubjectInfo {
    /// `item`, `user` or `prompt` (a prompt of one's own).
    pub kind: String,
    pub id: String,
    pub title: String,
    pub group: Option<String>,
    pub framework: String,
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
    pub cost: CostTable,
    pub eos: Vec<TokenId>,
    pub pools: Vec<PoolSize>,
    /// Milliseconds spent on the prompt; not a step.
    pub prompt_ms: f64,
    /// Bytes of the prompt's tokens.
    pub tokens: Vec<(TokenId, TokenBytes)>,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
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
    pub documents: Vec<(String, String)>,
    /// Stretches of pool documents around places where drafts were found, each
    /// recorded once in a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excerpts: Vec<Excerpt>,
}

/// A stretch of a pool document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    pub doc: String,
    /// The pool it lies in.
    pub group: String,
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

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "lowercase")]
enum Line<H, S> {
    Header(H),
    Step(S),
    End(End),
}

/// A run, finished or in the making.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub header: Header,
    pub steps: Vec<Step>,
    pub end: Option<End>,
    token_bytes: HashMap<TokenId, Vec<u8>>,
    doc_titles: HashMap<String, String>,
    excerpts: HashMap<String, Vec<Excerpt>>,
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

/// What can be wrong with a trace file.
#[derive(Debug)]
pub enum TraceError {
    Io(std::io::Error),
    /// A line (counted from 1) that cannot be read, and why.
    Line {
        line: usize,
        why: String,
    },
    /// The file has another format version.
    Version {
        found: u32,
    },
    Empty,
}

impl std::fmt::Display for TraceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TraceError::Io(e) => write!(f, "{e}"),
            TraceError::Line { line, why } => write!(f, "line {line}: {why}"),
            TraceError::Version { found } => write!(
                f,
                "line 1: the trace has format version {found}, this program reads {FORMAT}; \
                 record it again with this version, or open it with the version that wrote it"
            ),
            TraceError::Empty => write!(f, "the file is empty: it holds no trace"),
        }
    }
}

impl std::error::Error for TraceError {}

impl From<std::io::Error> for TraceError {
    fn from(e: std::io::Error) -> Self {
        TraceError::Io(e)
    }
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
        }
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

    /// Writes the run as JSON Lines; an unfinished run has no end line.
    pub fn save(&self, out: &mut impl Write) -> Result<(), TraceError> {
        write_line(out, &Line::<_, &Step>::Header(&self.header))?;
        for step in &self.steps {
            write_line(out, &Line::<&Header, _>::Step(step))?;
        }
        if let Some(end) = &self.end {
            write_line(out, &Line::<&Header, &Step>::End(end.clone()))?;
        }
        Ok(())
    }

    /// Reads a run. A missing end line is fine: the run was cut off.
    pub fn load(input: impl BufRead) -> Result<Self, TraceError> {
        let mut trace: Option<Trace> = None;
        for (i, line) in input.lines().enumerate() {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            if trace.is_none() {
                check_version(&line)?;
            }
            let bad = |why: String| TraceError::Line { line: i + 1, why };
            let parsed = parse(&line).map_err(|e| bad(e.to_string()))?;
            match (parsed, &mut trace) {
                (Line::Header(header), None) => trace = Some(Trace::new(header)),
                (Line::Header(_), Some(_)) => return Err(bad("a second header".into())),
                (_, None) => return Err(bad("a trace begins with its header".into())),
                (Line::Step(step), Some(trace)) => {
                    check_step(&step, trace).map_err(bad)?;
                    trace.push(step);
                }
                (Line::End(end), Some(trace)) => trace.end = Some(end),
            }
        }
        trace.ok_or(TraceError::Empty)
    }
}

/// A tagged line is read into a buffer before it is known what it is; steps, which
/// are nearly the whole file, are known by how they begin.
fn parse(line: &str) -> Result<Line<Header, Step>, serde_json::Error> {
    if line.starts_with(r#"{"line":"step","#) {
        serde_json::from_str(line).map(Line::Step)
    } else {
        serde_json::from_str(line)
    }
}

fn write_line(out: &mut impl Write, line: &impl Serialize) -> Result<(), TraceError> {
    serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

fn check_version(line: &str) -> Result<(), TraceError> {
    #[derive(Deserialize)]
    struct Probe {
        format: Option<u32>,
    }
    let probe: Probe = serde_json::from_str(line).map_err(|e| TraceError::Line {
        line: 1,
        why: format!("not a trace header: {e}"),
    })?;
    match probe.format {
        Some(FORMAT) => Ok(()),
        Some(found) => Err(TraceError::Version { found }),
        None => Err(TraceError::Line {
            line: 1,
            why: "not a trace header: no `format`".into(),
        }),
    }
}

/// A step that could send a view out of bounds is refused when it is read.
fn check_step(step: &Step, trace: &Trace) -> Result<(), String> {
    let n = step.tree.n_rows();
    let tree_ok = step
        .tree
        .nodes
        .iter()
        .enumerate()
        .all(|(i, node)| match node.parent {
            None => i == 0 && node.depth == 0,
            Some(p) => p < i && node.depth == step.tree.nodes[p].depth + 1,
        });
    if n == 0 || !tree_ok {
        return Err("the draft tree is not a tree".into());
    }
    if step.rows.len() != n || step.judged.len() != n - 1 || step.verdict.fates.len() != n - 1 {
        return Err(format!(
            "rows, standings and fates do not fit a tree of {n} nodes"
        ));
    }
    if step.rows.iter().any(|r| r.top.is_empty()) || step.verdict.path.iter().any(|&p| p >= n) {
        return Err("a row without candidates, or a path outside the tree".into());
    }
    if step.index != trace.steps.len() {
        return Err(format!(
            "step {} where {} was expected",
            step.index,
            trace.steps.len()
        ));
    }
    Ok(())
}
