//! Headers and steps for tests: containing only what a test passes.

use super::cost::CostProfile;
use super::draft::DraftTree;
use super::params::Params;
use super::trace::{FORMAT, Header, ModelInfo, RowsBy, Step, SubjectInfo, Timing};
use super::verify::{Finish, RemainingTokens, Verdict};

/// A run of a prompt of one token that ends at the token 0.
pub(crate) fn header(params: Params) -> Header {
    Header {
        format: FORMAT,
        program: "test".into(),
        model: ModelInfo::default(),
        device: Some("cpu".into()),
        threads: Some(1),
        catalog: "none".into(),
        subject: SubjectInfo {
            kind: "item".into(),
            id: "i".into(),
            title: "A film".into(),
            group: None,
            framework: "kar".into(),
        },
        prompt: String::new(),
        prompt_ids: vec![1],
        opening_len: 0,
        history_dropped: 0,
        branch: None,
        params,
        cost: CostProfile::default(),
        eos: vec![0],
        pools: Vec::new(),
        prompt_ms: Some(0.0),
        tokens: Vec::new(),
        arithmetic: None,
        calibration: None,
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

/// A step that came to this, without rows.
pub(crate) fn step(tree: DraftTree, verdict: Verdict) -> Step {
    Step {
        index: 0,
        context_len: 1,
        room: RemainingTokens {
            tokens: 99,
            then: Finish::Length,
        },
        params: None,
        retrieval: Vec::new(),
        n_offered: tree.n_rows(),
        rows: vec![None; tree.n_rows()],
        judged: vec![None; tree.n_drafts()],
        verdict,
        tree,
        timing: Some(Timing::default()),
        tokens: Vec::new(),
        documents: Vec::new(),
        excerpts: Vec::new(),
        learned: Vec::new(),
    }
}
