//! One run, step by step.

mod begin;
mod pass;
mod record;
mod replay;
mod seen;
mod spec;

use std::time::Instant;

use color_eyre::eyre::Result;

use super::Engine;
use crate::model::clock::PassTimes;
use crate::protocol::{PromptText, RenderedPrompt};
use crate::retrieval::{Calibrations, Retrieved, Retriever};
use crate::speculate::TokenId;
use crate::speculate::backoff::Backoff;
use crate::speculate::cost::StepCosts;
use crate::speculate::draft::DraftTree;
use crate::speculate::learned::Learned;
use crate::speculate::params::Params;
use crate::speculate::trace::{End, Header, SourceHit, Step, Timing};
use crate::speculate::verify::{Finish, RemainingTokens, Verdict};
use pass::Passed;
use seen::Seen;

pub use replay::Replayed;
pub use spec::RunSpec;

/// What a step came to.
struct Stepped {
    hits: Vec<SourceHit>,
    tree: DraftTree,
    n_offered: usize,
    passed: Passed,
    learned: Vec<Learned>,
    timing: Timing,
}

/// A run under way on an engine.
pub struct Run<'e> {
    engine: &'e mut Engine,
    header: Header,
    params: Params,
    /// The parameters were changed since the last step.
    changed: bool,
    /// Prompt and committed tokens; the last is the root of the next step.
    ids: Vec<TokenId>,
    /// How many of them were there before the first step.
    n_begun: usize,
    /// Over the pools as this subject may use them.
    retriever: Retriever,
    /// What was learned of drafts' chances, in this run and before.
    calibrations: Calibrations,
    costs: StepCosts,
    backoff: Backoff,
    seen: Seen,
    n_steps: usize,
    decode_ms: f64,
    finish: Option<Finish>,
}

impl<'e> Run<'e> {
    pub fn header(&self) -> &Header {
        &self.header
    }

    pub fn params(&self) -> Params {
        self.params
    }

    /// For the next step on. What the run can no longer change (penalty, limit
    /// of tokens) may change too; the trace records it.
    pub fn set_params(&mut self, params: Params) {
        self.changed |= params != self.params;
        self.params = params;
        self.retriever.set_params(&params);
    }

    /// Set once the run has ended; then there is no further step.
    pub fn finish(&self) -> Option<Finish> {
        self.finish
    }

    /// Adds the answer to those of this session, from which the online source
    /// drafts.
    pub fn remember(self) {
        let answer = &self.ids[self.header.prompt_ids.len()..];
        self.engine.pools.remember(&self.header, answer);
    }

    pub fn cancel(&mut self) {
        tracing::info!(steps = self.n_steps, "run cancelled");
        self.finish.get_or_insert(Finish::Cancelled);
    }

    /// The answer so far, what a branch took over included.
    pub fn output(&self) -> &[TokenId] {
        &self.ids[self.header.prompt_ids.len()..]
    }

    /// Tokens of prompt and answer so far.
    pub(super) fn context_len(&self) -> usize {
        self.ids.len()
    }

    /// Another prompt, rendered while the run is under way.
    pub fn render_to_fit(&self, prompt: &PromptText, max_tokens: usize) -> Result<RenderedPrompt> {
        self.engine.model.render_to_fit(prompt, max_tokens)
    }

    /// The engine, for questions about its pools and for changes of them, which
    /// hold from the next run on: this one has its own copy.
    pub fn engine(&mut self) -> &mut Engine {
        self.engine
    }

    /// The run's end, if it has ended.
    pub fn end(&self) -> Option<End> {
        self.finish.map(|finish| End {
            finish,
            steps: self.n_steps,
            tokens: self.ids.len() - self.n_begun,
            decode_ms: to_micros(self.decode_ms),
        })
    }

    /// One forward pass: retrieve, draft, forward, verify, commit. `None` if the
    /// run has ended.
    pub fn step(&mut self) -> Result<Option<Step>> {
        if self.finish.is_some() {
            return Ok(None);
        }
        let (room, context_len) = (self.room(), self.ids.len());
        let stepped = self.pass_through(room, |_| {})?;
        self.count(&stepped.passed.verdict, &stepped.timing);
        Ok(Some(self.record(stepped, room, context_len)))
    }

    /// A step over a tree that was changed after drafting: for measuring. The run
    /// goes on whatever it comes to.
    pub(super) fn step_on(&mut self, change: impl FnOnce(&mut DraftTree)) -> Result<Timing> {
        Ok(self.pass_through(self.room(), change)?.timing)
    }

    /// Where the time of the last pass went.
    pub(super) fn pass_times(&self) -> PassTimes {
        self.engine.model.decoder.times()
    }

    /// Retrieve, draft, forward, verify, commit, each on the clock.
    fn pass_through(
        &mut self,
        room: RemainingTokens,
        change: impl FnOnce(&mut DraftTree),
    ) -> Result<Stepped> {
        let is_resting = self.is_automatic() && self.backoff.rests();
        let (retrieved, retrieve) = timed(|| self.retrieve(is_resting));
        let n_offered = retrieved.tree.n_rows();
        let (mut tree, draft) = timed(|| self.fit(retrieved.tree));
        change(&mut tree);
        let (passed, mut timing) = self.pass(&tree, room)?;
        (timing.retrieve, timing.draft) = (retrieve, draft);
        self.backoff.after_step(tree.n_drafts() > 0);
        let (learned, commit) = timed(|| self.commit(&tree, &passed.verdict));
        timing.commit = commit;
        Ok(Stepped {
            hits: retrieved.hits,
            tree,
            n_offered,
            passed,
            learned: learned?,
            timing,
        })
    }

    /// What a trace keeps of a step.
    fn record(&mut self, stepped: Stepped, room: RemainingTokens, context_len: usize) -> Step {
        let Stepped { tree, passed, .. } = stepped;
        let excerpts = self.new_excerpts(&tree);
        Step {
            index: self.n_steps - 1,
            context_len,
            room,
            params: std::mem::take(&mut self.changed).then_some(self.params),
            retrieval: stepped.hits,
            tokens: self.new_tokens(&tree, &passed.rows, &excerpts),
            documents: self.new_documents(&tree),
            excerpts,
            tree,
            n_offered: stepped.n_offered,
            rows: passed.rows,
            judged: passed.standings,
            verdict: passed.verdict,
            timing: stepped.timing,
            learned: stepped.learned,
        }
    }

    /// After a step: what is learned of it.
    fn count(&mut self, verdict: &Verdict, timing: &Timing) {
        tracing::debug!(
            step = self.n_steps,
            accepted = verdict.path.len(),
            ms = timing.total(),
            forward_ms = timing.forward,
            "stepped"
        );
        self.n_steps += 1;
        self.decode_ms += timing.total();
        self.finish = verdict.finish;
        if let Some(finish) = self.finish {
            let (steps, tokens) = (self.n_steps, self.ids.len() - self.n_begun);
            let ms = to_micros(self.decode_ms);
            tracing::info!(?finish, steps, tokens, ms, "run ended");
            self.engine.start.learn_calibrations(&self.calibrations);
        }
    }

    /// What may still be committed, by the token limit and the context.
    fn room(&self) -> RemainingTokens {
        let by_limit = self
            .params
            .max_tokens
            .saturating_sub(self.output().len())
            .max(1);
        let by_context = self.engine.model.context() - self.ids.len();
        if by_context < by_limit {
            RemainingTokens {
                tokens: by_context,
                then: Finish::Context,
            }
        } else {
            RemainingTokens {
                tokens: by_limit,
                then: Finish::Length,
            }
        }
    }

    fn is_automatic(&self) -> bool {
        self.params.budget.is_auto()
    }

    /// The draft tree, its origins not named yet.
    fn retrieve(&mut self, is_resting: bool) -> Retrieved {
        let root = self.ids[self.ids.len() - 1];
        if !self.params.drafts() || is_resting {
            return Retrieved {
                tree: DraftTree::root_only(root),
                hits: Vec::new(),
            };
        }
        self.retriever.draft(self.calibrations.of(&self.params))
    }

    /// Cuts a tree to what can be committed, to what pays under the cost profile,
    /// and to the context; names the origins of what is left.
    fn fit(&mut self, mut tree: DraftTree) -> DraftTree {
        if self.is_automatic() {
            tree.truncate(self.costs.best_rows(&tree, self.ids.len()));
        }
        tree.truncate(self.engine.model.context() - self.ids.len() + 1);
        if tree.n_drafts() > 0 {
            self.retriever.explain(&mut tree);
        }
        tree
    }

    /// Keeps the root and the accepted path in the cache; the bonus token is the
    /// next step's root. Returns what the calibration learned.
    fn commit(&mut self, tree: &DraftTree, verdict: &Verdict) -> Result<Vec<Learned>> {
        self.keep(tree, verdict)?;
        let mut learned = Vec::new();
        if tree.n_drafts() > 0 {
            let calibration = self.calibrations.of(&self.params);
            learned = self.retriever.observe(calibration, tree, verdict);
        }
        let is_resting = self.is_automatic() && self.backoff.rests();
        if self.params.verify.drafts() && !is_resting {
            self.retriever.advance();
        }
        Ok(learned)
    }

    /// The same without learning from it.
    pub(super) fn keep(&mut self, tree: &DraftTree, verdict: &Verdict) -> Result<()> {
        let root = self.ids[self.ids.len() - 1];
        let kept: Vec<usize> = std::iter::once(0)
            .chain(verdict.path.iter().copied())
            .collect();
        let drafted = verdict.path.iter().map(|&n| tree.nodes[n].token);
        self.engine
            .model
            .keep(&kept, std::iter::once(root).chain(drafted))?;
        let committed: Vec<TokenId> = verdict.committed(tree).map(|(id, _)| id).collect();
        self.ids.extend(&committed);
        self.retriever.push(&committed);
        Ok(())
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, ms_since(start))
}

fn ms_since(start: Instant) -> f64 {
    to_micros(start.elapsed().as_secs_f64() * 1000.0)
}

/// Milliseconds to three decimals: what a clock can mean, and what every reader
/// of a trace reads back to the bit.
fn to_micros(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}
