//! The header of a replayed answer: what its trees depend on. What only a model knows is
//! left empty.

use super::answer::LoggedAnswer;
use crate::speculate::TokenId;
use crate::speculate::cost::CostProfile;
use crate::speculate::learned::CalibrationStart;
use crate::speculate::params::Params;
use crate::speculate::subject::{FrameworkName, KindName};
use crate::speculate::trace::{FORMAT_IN_PART, Header, ModelInfo, RowsBy, SubjectInfo};

/// What every replay starts from.
#[derive(Clone, Debug)]
pub struct ScoringStart {
    /// The costs that an automatic budget follows.
    pub cost: CostProfile,
    /// Of the drafts' estimates.
    pub calibration: CalibrationStart,
    /// Tokens that end an answer; none if the vocabulary is not known.
    pub eos: Vec<TokenId>,
    /// The context's limit in tokens, if there was one.
    pub context: Option<usize>,
}

/// The header of an answer, without a subject and texts.
pub(super) fn header(answer: &LoggedAnswer, start: &ScoringStart, params: Params) -> Header {
    Header {
        format: FORMAT_IN_PART,
        program: env!("CARGO_PKG_VERSION").to_string(),
        model: ModelInfo::default(),
        device: None,
        threads: None,
        catalog: String::new(),
        subject: SubjectInfo {
            kind: KindName::Prompt,
            id: String::new(),
            title: String::new(),
            group: None,
            framework: FrameworkName::default(),
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
        prompt_ms: None,
        tokens: Vec::new(),
        arithmetic: None,
        calibration: Some(start.calibration.clone()),
        pools_hash: None,
        own_documents: None,
        by_hand: Vec::new(),
        asked: None,
        setup: Vec::new(),
        rows: RowsBy::Own,
        batch: 0,
        log: None,
    }
}
