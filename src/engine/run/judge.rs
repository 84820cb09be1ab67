//! Fills in the distributions of a logged run by teacher forcing: each step's tree passes
//! through the model in the logged context, whatever the model itself would have written.

use color_eyre::eyre::{Result, ensure};

use super::OfferLookup;
use super::state::RunState;
use crate::engine::run::replay::Replayed;
use crate::engine::{Engine, Run};
use crate::retrieval::Pools;
use crate::speculate::trace::{JudgeModel, Step, TokenBytes, Trace};

impl Engine {
    /// The run with the model's distributions at every node, and how many of the logged
    /// tokens are the model's own choice. A node where they are not keeps what the log has:
    /// there the model says nothing about the engine that wrote the log. `go_on(done, of)`
    /// counts tokens of the prompt, then steps; `Ok(None)`: cancelled.
    ///
    /// # Errors
    /// A run that is not of a log, of another vocabulary, or too long for the context; the
    /// model's errors.
    pub fn judge(
        &mut self,
        logged: &Trace,
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Option<Trace>> {
        self.refuse_to_judge(logged)?;
        let header = logged.header.clone();
        let ids = header.prompt_ids.clone();
        let context = self.model.context();
        let state = RunState::over(header, ids, Pools::empty(), None, context);
        if !self.model.process(&state.ids, go_on)? {
            return Ok(None);
        }
        let mut run = Run {
            engine: self,
            state,
            offers: OfferLookup::LeftOut,
        };
        let mut judge = JudgeModel {
            model: run.engine.model.info.clone(),
            agreeing: 0,
            of: 0,
        };
        let mut judged = Trace::new(logged.header.clone());
        for step in &logged.steps {
            let replayed = run.replay(step)?;
            let mut step = filled(step, replayed, &mut judge);
            step.tokens.extend(run.new_tokens(&judged, &step));
            judged.push(step);
            if !go_on(judged.steps.len(), logged.steps.len()) {
                return Ok(None);
            }
        }
        judged.end = logged.end.clone();
        if let Some(log) = &mut judged.header.log {
            log.judge = Some(judge);
        }
        Ok(Some(judged))
    }

    fn refuse_to_judge(&self, logged: &Trace) -> Result<()> {
        let (header, model) = (&logged.header, &self.model);
        ensure!(
            header.log.is_some(),
            "only a run that was made of a log's entry can be judged"
        );
        let (was, is) = (&header.model.tokenizer_hash, &model.info.tokenizer_hash);
        ensure!(
            was.is_empty() || was == is,
            "the log was encoded with another tokenizer than {}'s: choose its model with --model",
            model.info.name
        );
        let answered = header.prompt_ids.len() + logged.token_ids().len();
        let drafted = logged.steps.iter();
        let drafted = drafted.map(|step| step.context_len - 1 + step.tree.n_rows());
        let n = drafted.max().unwrap_or(0).max(answered);
        ensure!(
            n <= model.context(),
            "prompt, answer and drafts need {n} tokens, but the context holds {}: raise --context",
            model.context()
        );
        let vocab = model.codec.vocab_size();
        let ids = header.prompt_ids.iter().copied().chain(logged.token_ids());
        let beyond = ids.into_iter().find(|&id| id as usize >= vocab);
        ensure!(
            beyond.is_none(),
            "token {} is of another vocabulary: {} has {vocab} tokens",
            beyond.unwrap_or_default(),
            model.info.name
        );
        Ok(())
    }
}

impl Run<'_> {
    /// The bytes of a step's candidates that the trace does not have yet.
    fn new_tokens(
        &self,
        trace: &Trace,
        step: &Step,
    ) -> Vec<(crate::speculate::TokenId, TokenBytes)> {
        let rows = step.rows.iter().flatten();
        let mut ids: Vec<_> = rows
            .flat_map(|row| row.top.iter().map(|candidate| candidate.0))
            .filter(|&id| trace.token_bytes(id).is_empty())
            .filter(|&id| !step.tokens.iter().any(|token| token.0 == id))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let bytes = |id| TokenBytes::new(self.engine.model.token_bytes(id));
        ids.into_iter().map(|id| (id, bytes(id))).collect()
    }
}

/// The step with the model's rows and scores where it agrees with the log.
fn filled(logged: &Step, replayed: Replayed, judge: &mut JudgeModel) -> Step {
    let mut step = logged.clone();
    let mut agrees = vec![true; step.rows.len()];
    let committed = std::iter::once(0).chain(logged.verdict.path.iter().copied());
    let tokens = logged.verdict.committed(&logged.tree);
    for (node, (token, _)) in committed.zip(tokens) {
        let row = replayed.rows.get(node).and_then(Option::as_ref);
        agrees[node] = row.and_then(|row| row.choice()) == Some(token);
        judge.agreeing += usize::from(agrees[node]);
        judge.of += 1;
    }
    for (node, row) in replayed.rows.into_iter().enumerate() {
        if agrees[node] {
            step.rows[node] = row;
        }
    }
    for (i, score) in replayed.judged.into_iter().enumerate() {
        if agrees[step.tree.nodes[i + 1].parent.unwrap_or(0)] {
            step.judged[i] = score;
        }
    }
    step
}
