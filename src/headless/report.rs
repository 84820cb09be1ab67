//! What a finished run says in JSON. Field names are a contract.

use serde::Serialize;

use crate::engine::Engine;
use crate::speculate::TokenId;
use crate::speculate::params::Params;
use crate::speculate::stats::{Stats, repetition};
use crate::speculate::trace::{End, SubjectInfo, Trace};
use crate::speculate::verify::Finish;

/// What a bench ran on.
#[derive(Clone, Debug, Serialize)]
pub struct RanOn {
    pub model: String,
    pub device: String,
    pub threads: usize,
}

impl RanOn {
    pub fn of(engine: &Engine) -> Self {
        RanOn {
            model: engine.info.name.clone(),
            device: engine.device.clone(),
            threads: engine.threads(),
        }
    }
}

/// One subject's answer, as `generate --json` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    pub subject: SubjectInfo,
    pub prompt_ids: Vec<TokenId>,
    pub token_ids: Vec<TokenId>,
    /// The answer, its prefilled opening included.
    pub text: String,
    pub finish: Finish,
    pub verify: &'static str,
    pub params: Params,
    pub steps: usize,
    pub drafted: usize,
    pub accepted: usize,
    pub relaxed: usize,
    pub rejected: usize,
    pub lost: usize,
    pub unreached: usize,
    pub bonus: usize,
    pub mal: f64,
    pub repetition: f64,
    pub pool_hit_rate: f64,
    pub prompt_ms: f64,
    pub decode_ms: f64,
    pub tokens_per_s: f64,
    pub model: String,
    pub device: String,
    pub threads: usize,
}

impl RunReport {
    pub fn of(trace: &Trace, end: &End) -> Self {
        let (header, stats) = (&trace.header, Stats::of(trace));
        let token_ids = trace.token_ids();
        RunReport {
            subject: header.subject.clone(),
            prompt_ids: header.prompt_ids.clone(),
            text: answer_text(trace),
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
            token_ids,
        }
    }
}

/// The answer with its prefilled opening, as knowledge documents keep it.
pub fn answer_text(trace: &Trace) -> String {
    let header = &trace.header;
    let opening = &header.prompt_ids[header.prompt_ids.len() - header.opening_len..];
    let opening: Vec<u8> = opening
        .iter()
        .flat_map(|&id| trace.token_bytes(id).iter().copied())
        .collect();
    format!("{}{}", String::from_utf8_lossy(&opening), trace.text())
}
