//! What a finished run says in JSON. Field names are a contract.

use serde::Serialize;

use crate::engine::Engine;
use crate::recsys::answer::{self, Validity};
use crate::recsys::quality::{Mention, mentions, n_named};
use crate::recsys::{Catalog, SubjectKind};
use crate::speculate::TokenId;
use crate::speculate::params::Params;
use crate::speculate::quality::LogProb;
use crate::speculate::stats::{Stats, repetition};
use crate::speculate::trace::{End, SubjectInfo, Trace};
use crate::speculate::verify::Finish;
use crate::worker::ask;

/// Model and device of a bench.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RanOn {
    pub(crate) model: String,
    pub(crate) device: String,
    pub(crate) threads: usize,
}

impl RanOn {
    pub(crate) fn of(engine: &Engine) -> Self {
        RanOn {
            model: engine.model.info.name.clone(),
            device: engine.model.device.clone(),
            threads: engine.model.threads(),
        }
    }
}

/// One subject's answer, as `generate --json` prints it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunReport {
    pub(crate) subject: SubjectInfo,
    pub(crate) prompt_ids: Vec<TokenId>,
    /// How many of the last prompt tokens are the prefilled opening of the answer.
    pub(crate) opening_len: usize,
    pub(crate) token_ids: Vec<TokenId>,
    /// The answer, its prefilled opening included.
    pub(crate) text: String,
    pub(crate) finish: Finish,
    pub(crate) verify: &'static str,
    pub(crate) params: Params,
    pub(crate) steps: usize,
    pub(crate) drafted: usize,
    pub(crate) accepted: usize,
    pub(crate) relaxed: usize,
    pub(crate) rejected: usize,
    pub(crate) lost: usize,
    pub(crate) unreached: usize,
    pub(crate) bonus: usize,
    pub(crate) mal: f64,
    pub(crate) repetition: f64,
    pub(crate) pool_hit_rate: f64,
    pub(crate) prompt_ms: Option<f64>,
    pub(crate) decode_ms: Option<f64>,
    pub(crate) tokens_per_s: f64,
    pub(crate) model: String,
    pub(crate) device: Option<String>,
    pub(crate) threads: Option<usize>,
    /// Of the committed tokens under the model, in nats; 0 without tokens.
    pub(crate) mean_log_prob: f64,
    /// Rated items left out of the prompt to fit the context.
    pub(crate) history_dropped: usize,
    /// Facts from the catalog, and whether the answer names them; none for a custom prompt.
    pub(crate) facts: Vec<Mention>,
    /// For an answer that begins as JSON: whether it is RLMRec's object.
    pub(crate) json: Option<Validity>,
}

impl RunReport {
    pub(crate) fn of(trace: &Trace, end: &End) -> Self {
        let (header, stats) = (&trace.header, Stats::of(trace));
        let token_ids = trace.token_ids();
        RunReport {
            subject: header.subject.clone(),
            prompt_ids: header.prompt_ids.clone(),
            opening_len: header.opening_len,
            text: trace.answer(),
            finish: end.finish,
            verify: header.params.verify.name(),
            params: header.params,
            steps: stats.steps,
            drafted: stats.fates.drafted(),
            accepted: stats.fates.accepted,
            relaxed: stats.fates.relaxed,
            rejected: stats.fates.rejected,
            lost: stats.fates.lost,
            unreached: stats.fates.unreached,
            bonus: stats.bonus,
            mal: stats.mal().unwrap_or(0.0),
            repetition: repetition(&token_ids),
            pool_hit_rate: stats.hit_rate().unwrap_or(0.0),
            prompt_ms: header.prompt_ms,
            decode_ms: end.decode_ms,
            tokens_per_s: stats.tokens_per_s().unwrap_or(0.0),
            model: header.model.name.clone(),
            device: header.device.clone(),
            threads: header.threads,
            mean_log_prob: LogProb::of(trace).mean().unwrap_or(0.0),
            history_dropped: header.history_dropped,
            facts: Vec::new(),
            json: json_validity(&trace.answer()),
            token_ids,
        }
    }

    /// With the facts that the catalog knows about the subject.
    pub(crate) fn against(mut self, catalog: &Catalog) -> Self {
        let kind = SubjectKind::named(&self.subject.kind);
        let at = kind.and_then(|kind| catalog.lookup(kind, &self.subject.id));
        if let Some(at) = at {
            let role = ask::role_of(catalog.subject(at));
            self.facts = mentions(catalog, at, role, &self.text);
        }
        self
    }

    /// One line: length, speed and quality.
    pub(crate) fn summary(&self) -> String {
        let facts = match n_named(&self.facts) {
            (_, 0) => String::new(),
            (named, of) => format!(", facts named {named} of {of}"),
        };
        let json = self.json.map(|v| format!(", JSON {}", v.name()));
        let dropped = match self.history_dropped {
            0 => String::new(),
            n => format!("; the {n} oldest of the history dropped to fit the context"),
        };
        format!(
            "{} tokens in {} steps ({}, {}): MAL {:.2}, {:.1} tokens/s, repeated 4-grams {:.1}%, \
             mean log p {:.2}{facts}{}{dropped}",
            self.token_ids.len(),
            self.steps,
            self.verify,
            self.finish.name(),
            self.mal,
            self.tokens_per_s,
            self.repetition * 100.0,
            self.mean_log_prob,
            json.unwrap_or_default()
        )
    }
}

fn json_validity(text: &str) -> Option<Validity> {
    let is_object = text.trim_start().starts_with('{');
    is_object.then(|| answer::read(text).validity)
}
