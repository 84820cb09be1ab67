//! The loop: retrieve -> draft -> forward -> verify -> commit, one [`Step`] a
//! forward pass. Knows models, pools and verdicts; nothing of screens, threads
//! or files.
//!
//! [`Step`]: crate::speculate::trace::Step

mod load;
mod run;

use std::collections::HashSet;
use std::path::Path;

use color_eyre::eyre::{Result, ensure, eyre};

use crate::model::chat::{ChatTemplate, Message, Role};
use crate::model::clock::PassTimes;
use crate::model::decoder::{Decoder, Rows};
use crate::model::floors::Floors;
use crate::model::kernels::Isa;
use crate::model::tokenizer::TextCodec;
use crate::pool::{Check, PoolDoc, PoolStore, Pools, TokenizerHash};
use crate::speculate::TokenId;
use crate::speculate::cost::CostTable;
use crate::speculate::params::{MAX_ROWS, Params};
use crate::speculate::trace::{ModelInfo, SubjectInfo};

pub use load::{LoadOptions, Loading, physical_cores};
pub use run::Run;

/// Whether a subject's own earlier document may draft for it, which flatters
/// acceptance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnDocuments {
    /// As in the paper, whose pool has each user's older document.
    #[default]
    Keep,
    /// As if it had never been added.
    Hide,
}

/// A loaded model with its pools: everything a run needs.
pub struct Engine {
    decoder: Decoder,
    codec: TextCodec,
    template: ChatTemplate,
    pub info: ModelInfo,
    /// As the screen says it.
    pub device: String,
    /// Something the user should know about the device.
    pub note: Option<String>,
    pub catalog: String,
    pub pools: Pools,
    pub own_documents: OwnDocuments,
    pub cost: CostTable,
    /// The tokens whose keys and values the cache holds.
    cached: Vec<TokenId>,
}

/// A prompt before it is rendered with the model's chat template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptText {
    /// `None`: the template's own default.
    pub system: Option<String>,
    /// Earlier turns: what was asked and how it was answered.
    pub examples: Vec<(String, String)>,
    pub user: String,
    /// The prefilled beginning of the answer.
    pub opening: String,
}

/// A prompt as the model reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedPrompt {
    pub text: String,
    pub ids: Vec<TokenId>,
    /// How many of the last ids are the opening.
    pub opening_len: usize,
}

/// A run to be made.
#[derive(Clone, Debug)]
pub struct RunSpec {
    pub subject: SubjectInfo,
    pub prompt: PromptText,
    pub params: Params,
}

/// A finished answer as a pool document.
#[derive(Clone, Debug)]
pub struct Knowledge {
    pub id: String,
    pub title: String,
    /// `item` or `user`.
    pub kind: String,
    pub group: String,
    /// The answer, its opening included.
    pub text: String,
    /// It ended by itself, not at a limit.
    pub ended: bool,
}

impl Engine {
    /// Renders and tokenises a prompt. The opening is tokenised on its own, so
    /// that its tokens are those that pool documents begin with.
    pub fn render(&self, prompt: &PromptText) -> Result<RenderedPrompt> {
        let mut messages = Vec::new();
        if let Some(system) = &prompt.system {
            messages.push(Message::new(Role::System, system));
        }
        for (asked, answered) in &prompt.examples {
            messages.push(Message::new(Role::User, asked));
            messages.push(Message::new(Role::Assistant, answered));
        }
        messages.push(Message::new(Role::User, &prompt.user));
        let mut text = self.template.render(&messages, true)?;
        let mut ids = self.codec.encode_prompt(&text)?;
        let opening = self.codec.encode(&prompt.opening)?;
        text.push_str(&prompt.opening);
        ids.extend(&opening);
        Ok(RenderedPrompt {
            text,
            ids,
            opening_len: opening.len(),
        })
    }

    /// Replaces the pools by these documents.
    pub fn set_knowledge(&mut self, docs: &[Knowledge]) -> Result<()> {
        let docs = docs.iter().map(|doc| doc.tokenize(&self.codec));
        self.pools = Pools::build(docs.collect::<Result<Vec<_>>>()?);
        Ok(())
    }

    /// The pools as a run for this subject may use them.
    fn pools_for(&self, subject: &SubjectInfo) -> Pools {
        match self.own_documents {
            OwnDocuments::Keep => self.pools.clone(),
            OwnDocuments::Hide => self.pools.without(&subject.id),
        }
    }

    /// Puts a pool of a folder beside those that are there.
    ///
    /// # Errors
    /// As [`PoolStore::open`]: another tokenizer, a damaged file, ..
    pub fn add_pool(&mut self, path: &Path) -> Result<()> {
        let store = open_pool(path, &self.codec)?;
        self.pools = self.pools.beside(&store.pools());
        Ok(())
    }

    /// Begins a run: processes the prompt, as far as the cache does not hold it
    /// already. `go_on(done, of)` is told of the prompt's tokens; `false` cancels.
    ///
    /// # Errors
    /// A prompt that leaves no room in the context; the model's errors.
    pub fn begin(
        &mut self,
        spec: RunSpec,
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Run<'_>> {
        Run::begin(self, spec, go_on)
    }

    /// Bytes of one token.
    pub fn token_bytes(&self, id: TokenId) -> &[u8] {
        self.codec.token_bytes(id)
    }

    pub fn codec(&self) -> &TextCodec {
        &self.codec
    }

    pub fn threads(&self) -> usize {
        self.decoder.threads()
    }

    /// Most tokens of prompt and answer together.
    pub fn context(&self) -> usize {
        self.decoder.capacity()
    }

    /// Measures what a forward pass costs by its number of rows, over a short
    /// made-up context: a tenth of a second for a small model. Decoding refines
    /// it.
    ///
    /// # Errors
    /// What the device reports.
    pub fn measure_cost(&mut self) -> Result<()> {
        let context = self.decoder.capacity().saturating_sub(MAX_ROWS).min(256);
        let mut points = Vec::new();
        for rows in CostTable::MEASURED_ROWS {
            let tries = if rows <= 8 { 2 } else { 1 };
            points.push((rows, self.forward_times(rows, context, tries)?.total_ms));
        }
        self.cost = CostTable { points };
        Ok(())
    }

    /// Milliseconds of processing a prompt of `n` tokens; `None` where it does
    /// not fit. The cache is emptied.
    ///
    /// # Errors
    /// What the device reports.
    pub fn prompt_ms(&mut self, n: usize) -> Result<Option<f32>> {
        self.cached.clear();
        let mut times = Vec::new();
        for _ in 0..3 {
            self.decoder.truncate(0);
            if n > self.decoder.capacity() {
                return Ok(None);
            }
            let start = std::time::Instant::now();
            self.decoder.extend(&vec![0; n])?;
            times.push(start.elapsed().as_secs_f32() * 1000.0);
        }
        self.decoder.truncate(0);
        times.sort_by(f32::total_cmp);
        Ok(times.get(1).copied())
    }

    /// What this machine cannot do quicker; `None` on a GPU.
    pub fn floors(&self) -> Option<Floors> {
        self.decoder.floors()
    }

    /// Computes on chosen instructions from now on; the processor must have
    /// them.
    pub fn set_isa(&mut self, isa: Isa) {
        self.decoder.set_isa(isa);
    }

    /// The quickest of some forward passes of `rows` rows with `context` tokens
    /// in the cache, which is emptied.
    ///
    /// # Errors
    /// More rows than fit; what the device reports.
    pub fn forward_times(
        &mut self,
        rows: usize,
        context: usize,
        tries: usize,
    ) -> Result<PassTimes> {
        let tokens = vec![0; rows];
        // a root, and branches of 12 below it, as drafts have them
        let parent = |i: usize| match (i, i % 12) {
            (0, _) => None,
            (_, 1) => Some(0),
            _ => Some(i - 1),
        };
        let parents: Vec<Option<usize>> = (0..rows).map(parent).collect();
        self.cached.clear();
        let mut best: Option<PassTimes> = None;
        for _ in 0..tries.max(1) {
            self.decoder.pretend(context)?;
            self.decoder.forward(Rows {
                tokens: &tokens,
                parents: &parents,
            })?;
            let times = self.decoder.times();
            if best.is_none_or(|b| times.total_ms < b.total_ms) {
                best = Some(times);
            }
        }
        self.decoder.truncate(0);
        Ok(best.unwrap_or_default())
    }

    /// Moves the cache to the longest common prefix with `ids` and returns its
    /// length.
    fn rewind_to(&mut self, ids: &[TokenId]) -> usize {
        let common = self
            .cached
            .iter()
            .zip(ids)
            .take_while(|(a, b)| a == b)
            .count();
        self.cached.truncate(common);
        self.decoder.truncate(common);
        common
    }
}

impl Knowledge {
    /// The document as pools hold it: with the end that was generated, under
    /// its kind's group.
    pub fn tokenize(&self, codec: &TextCodec) -> Result<PoolDoc> {
        let mut tokens = codec.encode(&self.text)?;
        let eos = codec.eos_ids().first().copied();
        tokens.extend(eos.filter(|_| self.ended));
        Ok(PoolDoc {
            id: self.id.clone(),
            title: self.title.clone(),
            group: pool_group(&self.kind, &self.group),
            tokens,
        })
    }
}

/// What ties a pool on disk to the tokenizer whose ids it holds.
///
/// # Errors
/// None but for a hash that is no sha256.
pub fn tokenizer_hash(codec: &TextCodec) -> Result<TokenizerHash> {
    let hash = TokenizerHash::from_hex(&codec.hash());
    hash.ok_or_else(|| eyre!("the tokenizer's hash is no sha256: {}", codec.hash()))
}

/// Opens a pool on disk that must be of this tokenizer.
///
/// # Errors
/// As [`PoolStore::open`].
pub fn open_pool(path: &Path, codec: &TextCodec) -> Result<PoolStore> {
    let store = PoolStore::open(path, Some(&tokenizer_hash(codec)?), Check::Structure)?;
    ensure!(
        store.limit() as usize <= codec.vocab_size(),
        "the pool {} holds token ids that the model does not have: build it again",
        path.display()
    );
    Ok(store)
}

/// The pool of a subject's group: items and users have pools of their own, also
/// where their groups share a name.
fn pool_group(kind: &str, group: &str) -> String {
    format!("{kind}/{group}")
}

/// The pool that serves a subject, if it has a group.
fn pool_of(subject: &SubjectInfo) -> Option<String> {
    subject
        .group
        .as_ref()
        .map(|group| pool_group(&subject.kind, group))
}

/// Remembers which token bytes and document titles a trace has already.
#[derive(Default)]
struct Seen {
    tokens: HashSet<TokenId>,
    docs: HashSet<String>,
}

impl Seen {
    fn token(&mut self, id: TokenId) -> bool {
        self.tokens.insert(id)
    }

    fn doc(&mut self, id: &str) -> bool {
        self.docs.insert(id.to_string())
    }
}
