//! The header of a replayed answer: what its trees depend on. What only a model knows is
//! left empty.

use super::answer::LoggedAnswer;
use super::replay::ScoringStart;
use crate::speculate::params::Params;
use crate::speculate::subject::KindName;
use crate::speculate::trace::{FORMAT, Header, ModelInfo, RowsBy, SubjectInfo};

/// The header of an answer, without a subject and texts.
pub(super) fn header(answer: &LoggedAnswer, start: &ScoringStart, params: Params) -> Header {
    Header {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_string(),
        model: ModelInfo::default(),
        device: String::new(),
        threads: 0,
        catalog: String::new(),
        subject: SubjectInfo {
            kind: KindName::Prompt,
            id: String::new(),
            title: String::new(),
            group: None,
            framework: "none".into(),
        },
        prompt: String::new(),
        prompt_ids: answer.prompt_ids.clone(),
        opening_len: answer.opening_len,
        history_dropped: 0,
        branch: None,
        params,
        cost: start.cost.clone(),
        eos: start.eos.clone(),
        pools: Vec::new(),
        prompt_ms: 0.0,
        tokens: Vec::new(),
        arithmetic: None,
        calibration: Some(start.calibration.clone()),
        pools_hash: None,
        own_documents: None,
        by_hand: Vec::new(),
        asked: None,
        setup: Vec::new(),
        rows: RowsBy::Own,
    }
}
