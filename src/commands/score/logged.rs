//! What a log says of an answer besides its tokens: whom it is about, what wrote it, how it
//! ended, and the distributions of which the log has parts.

use std::path::Path;
use std::sync::Arc;

use super::rows::greedy_row;
use crate::engine::scoring::{LoggedEntry, OpenedAs};
use crate::model::tokenizer::TextCodec;
use crate::recsys::logs;
use crate::recsys::logs::LogFinish;
use crate::session::log_tokens::{EncodedEntry, TokenTop};
use crate::speculate::TokenId;
use crate::speculate::row::{Candidate, Drawn, NodeDistribution};
use crate::speculate::subject::{FrameworkName, KindName};
use crate::speculate::trace::{LogOrigin, ModelInfo, SubjectInfo, TokenBytes};
use crate::speculate::verify::Finish;

/// The bytes of a token; empty without a vocabulary.
pub(super) fn bytes_of(codec: Option<&TextCodec>, id: TokenId) -> TokenBytes {
    let bytes = codec.map(|codec| codec.token_bytes(id).to_vec());
    TokenBytes::new(&bytes.unwrap_or_default())
}

/// The distributions of an answer that the log has parts of.
pub(super) fn logged_rows(
    entry: &logs::LogEntry,
    encoded: &EncodedEntry,
) -> Vec<Option<NodeDistribution>> {
    let is_greedy = is_greedy(entry.temperature, &encoded.token_ids, &encoded.tops);
    rows(&encoded.token_ids, &encoded.tops, is_greedy)
}

/// The name of a model that the log does not name.
const NO_MODEL: &str = "model not recorded";

/// What an answer's run says of it besides tokens and distributions.
pub(super) struct LoggedMeta {
    model: Option<Arc<str>>,
    /// `None`: the log does not say whom it is about.
    subject: Option<SubjectInfo>,
    /// The log's file.
    log: Arc<str>,
    is_greedy: Option<bool>,
    finish: Option<Finish>,
}

impl LoggedMeta {
    pub(super) fn of(entry: &logs::LogEntry, encoded: &EncodedEntry) -> Self {
        let file = Path::new(&*entry.place.file).file_name();
        let file = file.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        LoggedMeta {
            model: entry.model.as_deref().map(Arc::from),
            subject: entry.subject.clone(),
            log: Arc::from(file),
            is_greedy: is_greedy(entry.temperature, &encoded.token_ids, &encoded.tops),
            finish: finish(&entry.finish, encoded.has_end),
        }
    }

    /// The answer of this entry, with the distributions that are kept with it.
    pub(super) fn opened<'b>(
        &self,
        entry: &LoggedEntry,
        codec: Option<&TextCodec>,
        bytes: &'b dyn Fn(TokenId) -> TokenBytes,
    ) -> OpenedAs<'b> {
        let hash = codec.map(|codec| codec.hash());
        OpenedAs {
            model: ModelInfo {
                name: self.model.as_deref().unwrap_or(NO_MODEL).to_string(),
                tokenizer_hash: hash.unwrap_or_default(),
                ..ModelInfo::default()
            },
            log: LogOrigin {
                log: self.log.to_string(),
                id: entry.id.clone(),
                is_greedy: self.is_greedy,
                judge: None,
            },
            subject: self.subject.clone().unwrap_or_else(|| unnamed(entry)),
            finish: self.finish,
            rows: Vec::new(),
            bytes,
        }
    }
}

/// An answer about nobody in particular.
fn unnamed(entry: &LoggedEntry) -> SubjectInfo {
    SubjectInfo {
        kind: KindName::Prompt,
        id: entry.id.clone(),
        title: entry.id.clone(),
        group: Some(entry.group.to_string()),
        framework: FrameworkName::default(),
    }
}

fn finish(logged: &LogFinish, has_end: bool) -> Option<Finish> {
    match logged {
        LogFinish::Length => Some(Finish::Length),
        _ if has_end => Some(Finish::Eos),
        LogFinish::Stop | LogFinish::Other(_) | LogFinish::Unknown => None,
    }
}

/// Whether the engine took the most probable token each time: by the logged temperature,
/// else by the candidates. `None`: the log does not say.
fn is_greedy(temperature: Option<f64>, ids: &[TokenId], tops: &[TokenTop]) -> Option<bool> {
    if let Some(temperature) = temperature {
        return Some(temperature == 0.0);
    }
    let mut logged = ids.iter().zip(tops).filter(|(_, top)| !top.top.is_empty());
    let has_any = logged.clone().next().is_some();
    has_any.then(|| logged.all(|(&id, top)| is_best(id, top)))
}

fn is_best(id: TokenId, top: &TokenTop) -> bool {
    let best = top.top.first().map(|&(_, logprob)| logprob);
    let own = top.top.iter().find(|&&(other, _)| other == id);
    own.is_some_and(|&(_, logprob)| Some(logprob) >= best)
}

/// The distributions that the log has parts of. Where the engine may have sampled, the token
/// counts as sampled: no lossy rule judges there.
fn rows(
    ids: &[TokenId],
    tops: &[TokenTop],
    is_greedy: Option<bool>,
) -> Vec<Option<NodeDistribution>> {
    let row = |(&id, top): (&TokenId, &TokenTop)| match is_greedy {
        Some(true) => chosen_row(id, top),
        _ => sampled_row(id, top),
    };
    ids.iter().zip(tops).map(row).collect()
}

fn candidates(top: &TokenTop) -> Vec<Candidate> {
    let listed = top.top.iter();
    listed
        .map(|&(id, logprob)| Candidate(id, logprob.exp() as f32))
        .collect()
}

/// `None`: the log has nothing here, or another token was more probable. Without candidates
/// the token's own probability is all there is.
fn chosen_row(id: TokenId, top: &TokenTop) -> Option<NodeDistribution> {
    if !top.top.is_empty() {
        return greedy_row(id, top).ok().flatten();
    }
    Some(NodeDistribution {
        top: vec![Candidate(id, top.logprob?.exp() as f32)],
        entropy: None,
        log_norm: None,
        drawn: None,
    })
}

/// `None`: the log has no probability of the token.
fn sampled_row(id: TokenId, top: &TokenTop) -> Option<NodeDistribution> {
    let listed = candidates(top);
    let at = listed.iter().position(|candidate| candidate.0 == id);
    let listed_p = at.map(|at| listed[at].1);
    let p = top.logprob.map(|logprob| logprob.exp() as f32);
    Some(NodeDistribution {
        drawn: Some(Drawn::new(id, at.map(|at| at as u32 + 1), p.or(listed_p)?)),
        top: listed,
        entropy: None,
        log_norm: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(logprob: Option<f64>, listed: &[(TokenId, f64)]) -> TokenTop {
        TokenTop {
            logprob,
            top: listed.to_vec(),
        }
    }

    #[test]
    fn what_a_log_says_of_a_token_becomes_its_distribution() {
        let best = top(Some(-0.5), &[(7, -0.5), (8, -1.5)]);
        let row = chosen_row(7, &best).unwrap();
        assert_eq!(row.choice(), Some(7));
        assert_eq!((row.top.len(), row.entropy), (2, None));
        assert_eq!(chosen_row(8, &best), None, "another was more probable");
        assert_eq!(chosen_row(7, &top(None, &[])), None, "nothing is logged");
        let alone = chosen_row(7, &top(Some(-0.5), &[])).unwrap();
        assert_eq!((alone.choice(), alone.top.len()), (Some(7), 1));
        let sampled = sampled_row(9, &top(Some(-3.0), &[(7, -0.5)])).unwrap();
        assert_eq!(sampled.choice(), Some(9));
        assert_eq!(sampled.choice_score().unwrap().rank, None);
        assert_eq!(sampled_row(9, &top(None, &[(7, -0.5)])), None);
    }

    #[test]
    fn greedy_is_what_the_log_says_or_shows() {
        let tops = [top(None, &[(7, -0.5), (8, -1.5)]), top(None, &[])];
        assert_eq!(is_greedy(None, &[7, 1], &tops), Some(true));
        assert_eq!(is_greedy(None, &[8, 1], &tops), Some(false));
        assert_eq!(is_greedy(None, &[7, 1], &[]), None);
        assert_eq!(is_greedy(Some(0.0), &[8, 1], &tops), Some(true));
        assert_eq!(is_greedy(Some(0.7), &[7, 1], &tops), Some(false));
    }
}
