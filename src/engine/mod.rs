//! The loop: retrieve -> draft -> forward -> verify -> commit, one [`Step`] a
//! forward pass. Knows models, pools and verdicts; nothing of screens, threads
//! or files.
//!
//! [`Step`]: crate::speculate::trace::Step

mod browse;
mod edits;
mod learning;
mod load;
mod measure;
mod prompt;
mod record;
mod replay;
mod run;
mod sweep;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, ensure, eyre};

use crate::model::chat::{ChatTemplate, Message, Role};
use crate::model::decoder::Decoder;
use crate::model::tokenizer::TextCodec;
use crate::retrieval::{Check, Online, PoolDoc, PoolStore, Pools, TokenizerHash};
use crate::speculate::TokenId;
use crate::speculate::branch::Branch;
use crate::speculate::command_line::Setup;
use crate::speculate::cost::CostProfile;
use crate::speculate::draft::DocHit;
use crate::speculate::learned::CalibrationStart;
use crate::speculate::params::Params;
use crate::speculate::trace::{Excerpt, Header, ModelInfo, StartFrom, SubjectInfo};

pub use browse::{
    DocumentText, Documents, Found, FoundDocument, Overview, PoolName, Probe, ProbedSet,
    ProbedText, Section,
};
pub use edits::{Edits, SavedEdits};
pub use load::{LoadOptions, Loading, physical_cores};
pub use measure::{Grid, LARGE_SPREAD, MeasuredPoint, Measuring};
pub use prompt::{History, PromptText, RenderedPrompt};
pub use replay::Replayed;
pub use run::Run;
pub use sweep::{Advance, Asked, SweepRun};

pub use crate::speculate::trace::OwnDocuments;

/// A loaded model with its pools: everything a run needs.
pub struct Engine {
    decoder: Decoder,
    codec: TextCodec,
    template: ChatTemplate,
    pub info: ModelInfo,
    /// Blocks of the model; fewer are there where it is only measured.
    of_blocks: usize,
    /// As the screen says it.
    pub device: String,
    /// Something the user should know about the device.
    pub note: Option<String>,
    pub catalog: String,
    pub pools: Pools,
    pub own_documents: OwnDocuments,
    /// Answers of this session, which `pools` has, too.
    online: Online,
    /// What automatic budgets go by, unless a run says otherwise.
    pub cost: CostProfile,
    /// Where calibrations start, unless a run says otherwise.
    calibration: CalibrationStart,
    /// The same, whatever runs have taught since.
    given_calibration: CalibrationStart,
    /// Whether a run's calibration is where the next one starts.
    learns: bool,
    /// What was made of the weights at load.
    quantize: &'static str,
    /// The options that a command line needs to come by the same engine.
    pub setup: Setup,
    /// What was changed in the pools by hand.
    edits: Edits,
    /// The pool on disk that was opened beside the documents.
    pool_on_disk: Option<PathBuf>,
    /// The tokens whose keys and values the cache holds.
    cached: Vec<TokenId>,
}

/// A run to be made.
#[derive(Clone, Debug)]
pub struct RunSpec {
    pub subject: SubjectInfo,
    pub prompt: PromptText,
    pub params: Params,
    /// Begin in the middle of another run of this prompt.
    pub branch: Option<Branch>,
    pub start: StartFrom,
}

impl RunSpec {
    /// From the prompt's end, with what the engine has.
    pub fn new(subject: SubjectInfo, prompt: PromptText, params: Params) -> Self {
        RunSpec {
            subject,
            prompt,
            params,
            branch: None,
            start: StartFrom::default(),
        }
    }
}

/// A finished answer as a pool document.
#[derive(Clone, Debug)]
pub struct Knowledge {
    pub id: String,
    pub title: String,
    /// `item` or `user`.
    pub kind: String,
    pub group: String,
    /// What asked for it; `None`: not known.
    pub framework: Option<String>,
    /// The answer, its opening included.
    pub text: String,
    /// It ended by itself, not at a limit.
    pub ended: bool,
}

impl Engine {
    /// Renders and tokenises a prompt. The opening is tokenised on its own, so
    /// that its tokens are those that pool documents begin with.
    pub fn render(&self, prompt: &PromptText) -> Result<RenderedPrompt> {
        if let Some(recorded) = &prompt.as_recorded {
            return Ok(recorded.clone());
        }
        let mut messages = Vec::new();
        // What was written for the model must not look like the template's markers.
        let mut push = |role, text: &str| {
            messages.push(Message::new(role, self.codec.guarded(text)));
        };
        if let Some(system) = &prompt.system {
            push(Role::System, system);
        }
        for (asked, answered) in &prompt.examples {
            push(Role::User, asked);
            push(Role::Assistant, answered);
        }
        push(Role::User, &prompt.user);
        let rendered = self.template.render(&messages, true)?;
        let mut ids = self.codec.encode_prompt(&rendered)?;
        let opening = self.codec.encode_text(&prompt.opening)?;
        let text = self.codec.unguarded(&rendered) + &*prompt.opening;
        ids.extend(&opening);
        ensure!(!ids.is_empty(), "the prompt has no token");
        Ok(RenderedPrompt {
            text: text.into_owned(),
            ids,
            opening_len: opening.len(),
            n_dropped: 0,
        })
    }

    /// [`Self::render`] with as much of the prompt's history as leaves room for
    /// an answer of `max_tokens` in the context, the newest kept.
    pub fn render_to_fit(&self, prompt: &PromptText, max_tokens: usize) -> Result<RenderedPrompt> {
        let room = prompt::prompt_room(self.context(), max_tokens);
        prompt::fitted(prompt, room, |prompt| self.render(prompt))
    }

    /// Replaces the pools by these documents.
    pub fn set_knowledge(&mut self, docs: &[Knowledge]) -> Result<()> {
        let docs = docs.iter().map(|doc| doc.tokenize(&self.codec));
        let pools = Pools::build(docs.collect::<Result<Vec<_>>>()?);
        self.pools = pools.with_online(&self.online);
        Ok(())
    }

    /// The pools as a run for this subject may use them.
    fn pools_for(&self, subject: &SubjectInfo) -> Pools {
        match self.own_documents {
            OwnDocuments::Keep => self.pools.clone(),
            OwnDocuments::Hide => self
                .pools
                .without(&document_name(&subject.kind, &subject.id)),
        }
    }

    /// Draws on these pools from now on, and on this session's answers.
    pub fn set_pools(&mut self, pools: &Pools) {
        self.pools = pools.with_online(&self.online);
    }

    /// Puts a pool of a folder beside those that are there.
    ///
    /// # Errors
    /// As [`PoolStore::open`]: another tokenizer, a damaged file, ..
    pub fn add_pool(&mut self, path: &Path) -> Result<()> {
        let store = open_pool(path, &self.codec)?;
        let pools = self.pools.beside(&store.pools());
        self.pools = pools.with_online(&self.online);
        self.pool_on_disk = Some(path.to_path_buf());
        Ok(())
    }

    /// Adds a finished answer to those of this session, from which the online
    /// source drafts.
    pub fn remember(&mut self, run: &Header, answer: &[TokenId]) {
        let opening = &run.prompt_ids[run.prompt_ids.len() - run.opening_len..];
        self.online.add(&PoolDoc {
            id: document_name(&run.subject.kind, &run.subject.id),
            title: run.subject.title.clone(),
            group: pool_of(&run.subject).unwrap_or_default(),
            tokens: [opening, answer].concat(),
        });
        self.refresh_pools();
    }

    /// Adds an answer that was finished earlier to those of this session.
    ///
    /// # Errors
    /// A text that the tokenizer cannot encode.
    pub fn remember_text(&mut self, answer: &Knowledge) -> Result<()> {
        self.online.add(&answer.tokenize(&self.codec)?);
        self.pools = self.pools.with_online(&self.online);
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
        let mut tokens = codec.encode_text(&self.text)?;
        let eos = codec.eos_ids().first().copied();
        tokens.extend(eos.filter(|_| self.ended));
        Ok(PoolDoc {
            id: document_name(&self.kind, &self.id),
            title: self.title.clone(),
            group: pool_group(&self.kind, &self.group, self.framework.as_deref()),
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

/// What pools call a subject's document: an item and a user may share an id.
pub fn document_name(kind: &str, id: &str) -> String {
    format!("{kind}/{id}")
}

/// The framework whose pools bear no name of a framework, as do those of answers
/// that came without one.
const UNNAMED_FRAMEWORK: &str = "kar";

/// The pool of a subject's group: items and users have pools of their own, also
/// where their groups share a name, and so have frameworks: one's prose does not
/// predict another's phrases. `item/crime`, `item/crime@once`.
fn pool_group(kind: &str, group: &str, framework: Option<&str>) -> String {
    match framework {
        None | Some("" | UNNAMED_FRAMEWORK) => format!("{kind}/{group}"),
        Some(framework) => format!("{kind}/{group}@{framework}"),
    }
}

/// The pool that serves a subject, if it has a group.
fn pool_of(subject: &SubjectInfo) -> Option<String> {
    let group = subject.group.as_ref()?;
    Some(pool_group(&subject.kind, group, Some(&subject.framework)))
}

/// Remembers which token bytes and document titles a trace has already.
#[derive(Default)]
struct Seen {
    tokens: HashSet<TokenId>,
    docs: HashSet<String>,
    /// Of each document, the stretches of it that were recorded.
    excerpts: HashMap<String, Vec<Range<u32>>>,
}

/// A token with as many on both sides needs no excerpt of its own.
const AROUND: u32 = 3;

impl Seen {
    fn token(&mut self, id: TokenId) -> bool {
        self.tokens.insert(id)
    }

    fn doc(&mut self, id: &str) -> bool {
        self.docs.insert(id.to_string())
    }

    /// A token and a few around it were recorded already.
    fn has_around(&self, place: &DocHit) -> bool {
        let around = place.at.saturating_sub(AROUND)..place.at + AROUND;
        let known = self.excerpts.get(&place.doc).into_iter().flatten();
        let mut known = known.map(|r| r.start <= around.start && around.end <= r.end);
        known.any(|holds| holds)
    }

    /// `is_last`: it goes on to its document's end.
    fn excerpt(&mut self, excerpt: &Excerpt, is_last: bool) {
        let end = excerpt.from + excerpt.ids.len() as u32;
        let end = if is_last { u32::MAX } else { end };
        let of_doc = self.excerpts.entry(excerpt.doc.clone()).or_default();
        of_doc.push(excerpt.from..end);
    }
}
