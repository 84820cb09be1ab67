//! The beginning of a run: processes the prompt and builds the header, which holds
//! everything the run depends on.

use std::time::Instant;

use color_eyre::eyre::{Result, bail};

use super::seen::Seen;
use super::state::{RUNS, RunState};
use super::{OfferLookup, Run, ms_since};
use crate::engine::model::LoadedModel;
use crate::engine::pools::knowledge::pool_of;
use crate::engine::pools::pool_sizes;
use crate::engine::{Engine, RunSpec};
use crate::protocol::RenderedPrompt;
use crate::retrieval::{Calibrations, Local, Pools, Retriever};
use crate::speculate::TokenId;
use crate::speculate::cost::StepCosts;
use crate::speculate::subject::{GroupKey, KindName};
use crate::speculate::trace::{FORMAT, Header, RowsBy, SubjectInfo, TokenBytes};

impl<'e> Run<'e> {
    pub(in crate::engine) fn begin(
        engine: &'e mut Engine,
        spec: RunSpec,
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Self> {
        let mut state = RunState::begin(engine, spec)?;
        let begin = Instant::now();
        if !engine.model.process(&state.ids, go_on)? {
            state.cancel();
        }
        state.header.prompt_ms = Some(ms_since(begin));
        Ok(Run {
            engine,
            state,
            offers: OfferLookup::Recorded,
        })
    }
}

impl RunState {
    /// A run whose prompt is rendered but not yet processed.
    ///
    /// # Errors
    /// A prompt that leaves no room in the context, or a branch that cannot begin.
    pub(crate) fn begin(engine: &Engine, spec: RunSpec) -> Result<Self> {
        let prompt = engine
            .model
            .render_to_fit(&spec.prompt, spec.params.max_tokens)?;
        let ids = begun(&prompt, &spec, &engine.model)?;
        let pools = engine.pools.for_subject(&spec.subject);
        let mut seen = Seen::default();
        let tokens = seen.new_tokens(&engine.model, ids.iter().copied());
        let header = header(engine, spec, prompt, &pools, tokens);
        let context = engine.model.context();
        let group = pool_of(&header.subject);
        Ok(RunState {
            seen,
            ..RunState::over(header, ids, pools, group, context)
        })
    }

    /// A run over these pools, the `group`'s first. `ids`: the prompt, and what a branch
    /// inherited.
    pub(in crate::engine) fn over(
        header: Header,
        ids: Vec<TokenId>,
        pools: Pools,
        group: Option<GroupKey>,
        context: usize,
    ) -> Self {
        let mut local = Local::new(&header.prompt_ids, header.opening_len);
        local.push(&ids[header.prompt_ids.len()..]);
        let retriever = Retriever::new(pools, group, local, &header.params);
        log(&header, ids.len());
        let calibration = header.calibration.as_ref();
        let branch = header.branch.as_ref();
        RunState {
            retriever: retriever.ending_at(&header.eos),
            calibrations: calibration.map_or_else(Calibrations::default, Calibrations::starting),
            costs: StepCosts::new(&header.cost),
            backoff: branch.and_then(|b| b.backoff.clone()).unwrap_or_default(),
            params: header.params,
            changed: false,
            n_begun: ids.len(),
            context,
            ids,
            cut: Vec::new(),
            seen: Seen::default(),
            n_steps: 0,
            decode_ms: 0.0,
            finish: None,
            header,
        }
    }
}

fn log(header: &Header, prompt_tokens: usize) {
    let subject = &header.subject;
    let (kind, framework) = (subject.kind.as_str(), subject.framework.as_str());
    tracing::info!(
        target: RUNS,
        kind,
        id = subject.id,
        framework,
        prompt_tokens,
        "run begun"
    );
    tracing::debug!(target: RUNS, params = ?header.params);
}

/// Everything that the run's trees and verdicts depend on.
fn header(
    engine: &Engine,
    spec: RunSpec,
    prompt: RenderedPrompt,
    pools: &Pools,
    tokens: Vec<(TokenId, TokenBytes)>,
) -> Header {
    let model = &engine.model;
    let (cost, calibration) = engine.start.unless_given(spec.start);
    Header {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_string(),
        model: model.info.clone(),
        device: Some(model.device.clone()),
        threads: Some(model.threads()),
        catalog: engine.catalog.clone(),
        pools: pool_sizes(pools, &spec.subject, &spec.params),
        pools_hash: Some(pools.hash(spec.params.sources.online)),
        own_documents: Some(engine.pools.own_documents),
        by_hand: engine.pools.by_hand(&spec.params),
        arithmetic: Some(model.arithmetic()),
        asked: typed(&spec.subject, &spec.prompt.user).filter(|_| spec.prompt.is_one_turn()),
        setup: engine.setup.words_for(spec.subject.framework.as_str()),
        subject: spec.subject,
        prompt: prompt.text,
        opening_len: prompt.opening_len,
        history_dropped: prompt.n_dropped,
        branch: spec.branch,
        params: spec.params,
        cost,
        calibration: Some(calibration),
        eos: model.codec.eos_ids().to_vec(),
        prompt_ms: Some(0.0),
        tokens,
        prompt_ids: prompt.ids,
        rows: RowsBy::Own,
        batch: 0,
        log: None,
    }
}

/// A custom prompt as it was typed.
fn typed(subject: &SubjectInfo, prompt: &str) -> Option<String> {
    let is_own = subject.kind == KindName::Prompt && !prompt.is_empty();
    is_own.then(|| prompt.to_string())
}

/// The prompt and a branch's inherited tokens.
fn begun(prompt: &RenderedPrompt, spec: &RunSpec, model: &LoadedModel) -> Result<Vec<TokenId>> {
    let mut ids = prompt.ids.clone();
    if ids.len() >= model.context() {
        bail!(
            "the prompt has {} tokens, but the context holds {}: shorten the prompt or raise \
            --context",
            ids.len(),
            model.context()
        );
    }
    let Some(branch) = &spec.branch else {
        return Ok(ids);
    };
    ids.extend(branch.ids());
    let ends = branch.ids().any(|id| model.codec.eos_ids().contains(&id));
    let vocab = model.codec.vocab_size();
    if ends {
        bail!("a run cannot begin after the end of the text: branch from an earlier step");
    } else if let Some(id) = branch.ids().find(|&id| id as usize >= vocab) {
        bail!("the branch starts with token {id}, which is outside this model's vocabulary");
    } else if branch.len() >= spec.params.max_tokens {
        bail!(
            "the branch begins after {} tokens, but --max-tokens {} ends the run by then",
            branch.len(),
            spec.params.max_tokens
        );
    } else if ids.len() >= model.context() {
        bail!(
            "prompt and branch have {} tokens, but the context holds {}: branch from an earlier \
            step",
            ids.len(),
            model.context()
        );
    }
    Ok(ids)
}
