//! The loaded model: its decoder, tokenizer and template, and what its cache holds.

mod fit_prompt;
mod load;

use color_eyre::eyre::{Result, ensure};

use crate::model::ARITHMETIC_REVISION;
use crate::model::chat::{ChatTemplate, Message, Role};
use crate::model::decoder::{Decoder, PROMPT_CHUNK};
use crate::model::tokenizer::TextCodec;
use crate::protocol::{PromptText, RenderedPrompt};
use crate::speculate::TokenId;
use crate::speculate::trace::{Arithmetic, ModelInfo};

pub use load::LoadOptions;
pub(crate) use load::Loading;
pub use load::physical_cores;

/// A model on its device.
pub struct LoadedModel {
    pub(super) decoder: Decoder,
    pub(super) codec: TextCodec,
    pub(super) template: ChatTemplate,
    /// Name, file and dimensions, as trace headers carry them.
    pub info: ModelInfo,
    /// Blocks of the model; fewer are loaded if it is only measured.
    pub(super) of_blocks: usize,
    /// The device, for display.
    pub(crate) device: String,
    /// How the weights were converted at load.
    pub(super) quantize: &'static str,
    /// The tokens whose keys and values the cache holds.
    pub(super) cached: Vec<TokenId>,
}

impl LoadedModel {
    /// Renders and tokenises a prompt. The opening is tokenised on its own, so
    /// that its tokens are those that pool documents begin with.
    pub fn render(&self, prompt: &PromptText) -> Result<RenderedPrompt> {
        if let Some(recorded) = &prompt.as_recorded {
            return Ok(recorded.clone());
        }
        let mut messages = Vec::new();
        // Text must not be mistaken for the template's markers.
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
        ensure!(!ids.is_empty(), "the prompt has no tokens");
        Ok(RenderedPrompt {
            text: text.into_owned(),
            ids,
            opening_len: opening.len(),
            n_dropped: 0,
        })
    }

    /// [`Self::render`] with as much of the newest history as leaves room in the
    /// context for an answer of `max_tokens`.
    pub fn render_to_fit(&self, prompt: &PromptText, max_tokens: usize) -> Result<RenderedPrompt> {
        let room = fit_prompt::prompt_room(self.context(), max_tokens);
        fit_prompt::fitted(prompt, room, |prompt| self.render(prompt))
    }

    /// Its tokenizer and chat template.
    pub fn codec(&self) -> &TextCodec {
        &self.codec
    }

    /// Numbers in a hidden state.
    pub(crate) fn width(&self) -> usize {
        self.decoder.config().width
    }

    /// A name for what determines hidden states besides the tokens: weights and arithmetic.
    pub(crate) fn source(&self) -> String {
        let ModelInfo {
            name,
            sha256,
            file_bytes,
            ..
        } = &self.info;
        format!("{name} {sha256:?} {file_bytes:?} {:?}", self.arithmetic())
    }

    pub(crate) fn threads(&self) -> usize {
        self.decoder.threads()
    }

    /// Bytes of one token.
    pub(crate) fn token_bytes(&self, id: TokenId) -> &[u8] {
        self.codec.token_bytes(id)
    }

    /// Most tokens of prompt and answer together.
    pub fn context(&self) -> usize {
        self.decoder.capacity()
    }

    /// What determines the bits of the forward pass besides the weights.
    pub(crate) fn arithmetic(&self) -> Arithmetic {
        Arithmetic {
            revision: ARITHMETIC_REVISION,
            instructions: self.decoder.instructions().to_string(),
            kv: self.decoder.kv_type().name().to_string(),
            quantize: self.quantize.to_string(),
        }
    }

    /// Fills the cache with these tokens, except the last, which is the first step's
    /// root, and those already cached. `false`: cancelled.
    pub(super) fn process(
        &mut self,
        ids: &[TokenId],
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<bool> {
        let prefix = &ids[..ids.len() - 1];
        let mut done = self.rewind_to(prefix);
        while done < prefix.len() {
            if !go_on(done, prefix.len()) {
                return Ok(false);
            }
            let next = prefix.len().min(done + PROMPT_CHUNK);
            self.decoder.extend(&prefix[done..next])?;
            self.cached.extend(&prefix[done..next]);
            done = next;
        }
        Ok(go_on(done, prefix.len()))
    }

    /// Moves the cache to the longest common prefix with `ids` and returns its
    /// length.
    fn rewind_to(&mut self, ids: &[TokenId]) -> usize {
        let pairs = self.cached.iter().zip(ids);
        let common = pairs.take_while(|(a, b)| a == b).count();
        self.cached.truncate(common);
        self.decoder.truncate(common);
        common
    }

    /// Keeps these rows of the last tree in the cache, the root first, with their `tokens`.
    pub(super) fn keep(
        &mut self,
        rows: &[usize],
        tokens: impl Iterator<Item = TokenId>,
    ) -> Result<()> {
        self.decoder.commit_rows(rows)?;
        self.cached.extend(tokens);
        Ok(())
    }

    /// Empties the cache.
    pub(super) fn forget(&mut self) {
        self.cached.clear();
        self.decoder.truncate(0);
    }
}
