//! A logged answer as a run: a trace with the steps of one way to draft, which every view
//! shows. What the log does not hold is not recorded in it.

use super::replay::LogReplay;
use crate::speculate::TokenId;
use crate::speculate::row::NodeDistribution;
use crate::speculate::trace::{End, LogEntry, ModelInfo, SubjectInfo, TokenBytes, Trace};
use crate::speculate::verify::Finish;

/// What is known of an answer besides its tokens and pools.
pub struct OpenedAs<'a> {
    /// The engine's model, as far as it is known.
    pub model: ModelInfo,
    /// The entry.
    pub log: LogEntry,
    /// Whom it is about.
    pub subject: SubjectInfo,
    /// Why the answer ended; `None`: the log does not say.
    pub finish: Option<Finish>,
    /// Per answer token the distribution that it was chosen from, as far as the log has it;
    /// empty: as the answer has them.
    pub rows: Vec<Option<NodeDistribution>>,
    /// The bytes of a token; empty if the vocabulary is not known.
    pub bytes: &'a dyn Fn(TokenId) -> TokenBytes,
}

impl LogReplay<'_> {
    /// Replays the answer to its end. The steps' order, trees, verdicts and origins are those
    /// that are scored.
    pub(super) fn into_trace(mut self, opened: OpenedAs<'_>) -> Trace {
        let bytes = opened.bytes;
        let tokens = self.state.prompt_tokens(bytes);
        let mut header = self.state.header.clone();
        header.prompt = text_of(&header.prompt_ids, bytes);
        header.tokens = tokens;
        header.model = opened.model;
        header.subject = opened.subject;
        header.log = Some(opened.log);
        // Nothing is known of penalties; what a model fills in later has none.
        header.params.repeat_penalty = 1.0;
        header.params.max_tokens = self.answer.token_ids.len();
        let mut trace = Trace::new(header);
        while let Some(step) = self.step() {
            let mut step = step.step;
            self.state.describe(&mut step, bytes);
            trace.push(step);
        }
        trace.end = opened.finish.map(|finish| End {
            finish,
            steps: trace.steps.len(),
            tokens: self.answer.token_ids.len(),
            decode_ms: None,
        });
        trace
    }
}

fn text_of(ids: &[TokenId], bytes: &dyn Fn(TokenId) -> TokenBytes) -> String {
    let all: Vec<u8> = ids
        .iter()
        .flat_map(|&id| bytes(id).as_bytes().to_vec())
        .collect();
    String::from_utf8_lossy(&all).into_owned()
}
