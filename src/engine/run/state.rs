//! The state of a run apart from the model: its text, its retriever and its calibration. It
//! proposes a tree, says what to read from the model's rows, judges and learns; which cache
//! the rows are in is decided elsewhere.

use super::seen::Seen;
use super::to_micros;
use crate::retrieval::{Calibrations, Retrieved, Retriever};
use crate::speculate::TokenId;
use crate::speculate::backoff::Backoff;
use crate::speculate::cost::StepCosts;
use crate::speculate::draft::{DraftNode, DraftTree};
use crate::speculate::learned::Learned;
use crate::speculate::params::Params;
use crate::speculate::trace::{End, Header, Timing};
use crate::speculate::verify::{Finish, RemainingTokens, Verdict};

/// The log target of runs.
pub(super) const RUNS: &str = "laserscope::engine::run";

/// A run, independent of what computes its rows.
pub(in crate::engine) struct RunState {
    pub(crate) header: Header,
    pub(crate) params: Params,
    /// Whether the parameters have changed since the last step.
    pub(super) changed: bool,
    /// Prompt and committed tokens; the last is the root of the next step.
    pub(crate) ids: Vec<TokenId>,
    /// How many of them existed before the first step.
    pub(super) n_begun: usize,
    /// Maximum number of tokens, prompt and answer together.
    pub(super) context: usize,
    /// Over the pools that this subject may use.
    pub(super) retriever: Retriever,
    /// The calibration of draft estimates: its starting state, and what this run learned.
    pub(crate) calibrations: Calibrations,
    pub(super) costs: StepCosts,
    pub(super) backoff: Backoff,
    /// What the budget cut off the last tree, in draft order.
    pub(crate) cut: Vec<DraftNode>,
    pub(super) seen: Seen,
    pub(super) n_steps: usize,
    pub(super) decode_ms: f64,
    pub(crate) finish: Option<Finish>,
}

impl RunState {
    pub(crate) fn set_params(&mut self, params: Params) {
        self.changed |= params != self.params;
        self.params = params;
        self.retriever.set_params(&params);
    }

    pub(crate) fn cancel(&mut self) {
        self.finish.get_or_insert(Finish::Cancelled);
    }

    /// The answer so far, including what a branch inherited.
    pub(crate) fn output(&self) -> &[TokenId] {
        &self.ids[self.header.prompt_ids.len()..]
    }

    /// Tokens of prompt and answer so far.
    pub(crate) fn context_len(&self) -> usize {
        self.ids.len()
    }

    /// Steps so far.
    pub(in crate::engine) fn n_steps(&self) -> usize {
        self.n_steps
    }

    /// The run's end, if it has ended.
    pub(crate) fn end(&self) -> Option<End> {
        self.finish.map(|finish| End {
            finish,
            steps: self.n_steps,
            tokens: self.ids.len() - self.n_begun,
            decode_ms: Some(to_micros(self.decode_ms)),
        })
    }

    /// How many tokens may still be committed, by the token limit and the context.
    pub(crate) fn room(&self) -> RemainingTokens {
        let by_limit = self
            .params
            .max_tokens
            .saturating_sub(self.output().len())
            .max(1);
        let by_context = self.context - self.ids.len();
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

    pub(crate) fn is_automatic(&self) -> bool {
        self.params.budget.is_auto()
    }

    fn is_resting(&self) -> bool {
        self.is_automatic() && self.backoff.rests()
    }

    /// Whether the next step drafts.
    pub(crate) fn asks_retrieval(&self) -> bool {
        self.params.drafts() && !self.is_resting()
    }

    /// The draft tree, without origins.
    pub(crate) fn retrieve(&mut self) -> Retrieved {
        self.cut.clear();
        if !self.asks_retrieval() {
            return Retrieved {
                tree: DraftTree::root_only(self.root()),
                hits: Vec::new(),
            };
        }
        self.retriever.draft(self.calibrations.of(&self.params))
    }

    /// The last committed token: the next tree's root.
    fn root(&self) -> TokenId {
        self.ids[self.ids.len() - 1]
    }

    /// Cuts a tree to what pays under this run's own cost profile, and to the context; adds
    /// the origins of the remaining drafts.
    pub(crate) fn fit(&mut self, mut tree: DraftTree) -> DraftTree {
        self.cut_to_pay(&mut tree);
        self.cut_to_context(&mut tree);
        self.explain(&mut tree);
        tree
    }

    /// Cuts an automatic budget's tree to what pays under this run's own cost profile.
    pub(crate) fn cut_to_pay(&mut self, tree: &mut DraftTree) {
        if self.is_automatic() {
            self.cut_to(tree, self.costs.best_rows(tree, self.ids.len()));
        }
    }

    pub(crate) fn cut_to_context(&mut self, tree: &mut DraftTree) {
        self.cut_to(tree, self.rows_in_context());
    }

    /// The most rows that a step can have in what is left of the context.
    pub(super) fn rows_in_context(&self) -> usize {
        self.context - self.ids.len() + 1
    }

    /// Cuts a tree to its first rows, and keeps the rest until the verdict is known.
    pub(crate) fn cut_to(&mut self, tree: &mut DraftTree, rows: usize) {
        self.cut.splice(0..0, tree.split_off(rows));
    }

    /// Adds the origins of a tree's drafts.
    pub(crate) fn explain(&mut self, tree: &mut DraftTree) {
        if tree.n_drafts() > 0 {
            self.retriever.explain(tree);
        }
    }

    /// The tokens of the rows that stay in the cache.
    pub(crate) fn kept_tokens(&self, tree: &DraftTree, verdict: &Verdict) -> Vec<TokenId> {
        let drafted = verdict.path.iter().map(|&n| tree.nodes[n].token);
        std::iter::once(self.root()).chain(drafted).collect()
    }

    /// Appends the committed tokens to the text.
    pub(crate) fn take_in(&mut self, tree: &DraftTree, verdict: &Verdict) {
        let committed: Vec<TokenId> = verdict.committed(tree).map(|(id, _)| id).collect();
        self.ids.extend(&committed);
        self.retriever.push(&committed);
    }

    /// Called after `take_in`: learns from the verdict, and returns what the calibration
    /// learned. Drafting that has not paid several steps in a row pauses.
    pub(crate) fn learn(
        &mut self,
        tree: &DraftTree,
        verdict: &Verdict,
        has_paid: bool,
    ) -> Vec<Learned> {
        self.backoff.after_step(has_paid);
        let mut learned = Vec::new();
        if tree.n_drafts() > 0 {
            let calibration = self.calibrations.of(&self.params);
            learned = self.retriever.observe(calibration, tree, verdict);
        }
        if self.params.verify.drafts() && !self.is_resting() {
            self.retriever.advance();
        }
        learned
    }

    /// Called after a step: counts it and records its finish.
    pub(crate) fn count(&mut self, verdict: &Verdict, timing: &Timing) {
        self.n_steps += 1;
        self.decode_ms += timing.total();
        self.finish = verdict.finish;
        self.log(verdict, timing);
    }

    fn log(&self, verdict: &Verdict, timing: &Timing) {
        tracing::debug!(
            target: RUNS,
            step = self.n_steps - 1,
            accepted = verdict.path.len(),
            ms = timing.total(),
            forward_ms = timing.forward,
            "stepped"
        );
        if let Some(end) = self.end() {
            let (steps, tokens, ms) = (end.steps, end.tokens, end.decode_ms);
            tracing::info!(target: RUNS, finish = ?end.finish, steps, tokens, ms, "run ended");
        }
    }
}

/// The rows of a step that stay in the cache: the root's and the accepted path's.
pub(in crate::engine) fn kept_rows(verdict: &Verdict) -> Vec<usize> {
    std::iter::once(0)
        .chain(verdict.path.iter().copied())
        .collect()
}
