//! One run, step by step.

mod begin;
mod judge;
mod offers;
pub(in crate::engine) mod pass;
mod record;
mod replay;
mod seen;
mod spec;
pub(in crate::engine) mod state;
pub(in crate::engine) mod step;

use std::time::Instant;

use color_eyre::eyre::Result;

use super::Engine;
use crate::model::clock::PassTimes;
use crate::protocol::{PromptText, RenderedPrompt};
use crate::speculate::draft::DraftTree;
use crate::speculate::learned::Learned;
use crate::speculate::params::Params;
use crate::speculate::trace::{End, Header, Step, Timing};
use crate::speculate::verify::{Finish, RemainingTokens, Verdict};
use state::RunState;
use step::Stepped;

pub(crate) use replay::Replayed;
pub use spec::RunSpec;

/// A run in progress; it has the engine's own cache to itself.
pub struct Run<'e> {
    engine: &'e mut Engine,
    state: RunState,
    offers: OfferLookup,
}

/// Whether steps record where the right token stood among all that retrieval could draft:
/// a second retrieval in every step that drafts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OfferLookup {
    Recorded,
    LeftOut,
}

impl Run<'_> {
    pub fn header(&self) -> &Header {
        &self.state.header
    }

    /// Does not record where the right tokens stood among all offers, for speed.
    pub(crate) fn without_offers(mut self) -> Self {
        self.offers = OfferLookup::LeftOut;
        self
    }

    pub(crate) fn params(&self) -> Params {
        self.state.params
    }

    /// Takes effect with the next step. Any parameter may change, penalty and token limit
    /// included; the trace records it.
    pub(crate) fn set_params(&mut self, params: Params) {
        self.state.set_params(params);
    }

    /// Set once the run has ended; there are no further steps then.
    pub(crate) fn finish(&self) -> Option<Finish> {
        self.state.finish
    }

    /// Adds the answer to this session's finished answers, the online source.
    pub(crate) fn remember(self) {
        let Run { engine, state, .. } = self;
        engine.pools.remember(&state.header, state.output());
    }

    pub(crate) fn cancel(&mut self) {
        self.state.cancel();
    }

    /// Tokens of prompt and answer so far.
    pub(super) fn context_len(&self) -> usize {
        self.state.context_len()
    }

    /// Renders another prompt during the run.
    pub(crate) fn render_to_fit(
        &self,
        prompt: &PromptText,
        max_tokens: usize,
    ) -> Result<RenderedPrompt> {
        self.engine.model.render_to_fit(prompt, max_tokens)
    }

    /// The engine, to query and edit its pools; edits take effect with the next run,
    /// since this one has its own copy.
    pub(crate) fn engine(&mut self) -> &mut Engine {
        self.engine
    }

    /// The run's end, if it has ended.
    pub fn end(&self) -> Option<End> {
        self.state.end()
    }

    /// One forward pass: retrieve, draft, forward, verify, commit. `None` if the
    /// run has ended.
    pub fn step(&mut self) -> Result<Option<Step>> {
        if self.state.finish.is_some() {
            return Ok(None);
        }
        let (room, context_len) = (self.state.room(), self.context_len());
        let stepped = self.pass_through(room, |_| {})?;
        self.count(&stepped.passed.verdict, &stepped.timing);
        let step = self
            .state
            .record(&self.engine.model, stepped, room, context_len);
        Ok(Some(step))
    }

    /// A step over a tree changed after drafting, for measuring. The run continues
    /// whatever the outcome.
    pub(super) fn step_on(&mut self, change: impl FnOnce(&mut DraftTree)) -> Result<Timing> {
        Ok(self.pass_through(self.state.room(), change)?.timing)
    }

    /// The times of the last pass.
    pub(super) fn pass_times(&self) -> PassTimes {
        self.engine.model.decoder.times()
    }

    /// Retrieve, draft, forward, verify, commit, each timed.
    fn pass_through(
        &mut self,
        room: RemainingTokens,
        change: impl FnOnce(&mut DraftTree),
    ) -> Result<Stepped> {
        let (offered, retrieve) = timed(|| self.state.retrieve());
        let n_offered = offered.tree.n_rows();
        let (mut tree, draft) = timed(|| self.state.fit(offered.tree));
        change(&mut tree);
        let (passed, mut timing) = self.pass(&tree, room)?;
        let in_all = match self.offers {
            OfferLookup::Recorded => self.state.offered(&tree, &passed.verdict, &passed.rows),
            OfferLookup::LeftOut => None,
        };
        (timing.retrieve, timing.draft) = (retrieve, draft);
        let (learned, commit) = timed(|| self.commit(&tree, &passed.verdict));
        timing.commit = commit;
        Ok(Stepped {
            hits: offered.hits,
            tree,
            n_offered,
            in_all,
            passed,
            learned: learned?,
            timing,
        })
    }

    /// Keeps what was committed; returns what the calibration learned.
    fn commit(&mut self, tree: &DraftTree, verdict: &Verdict) -> Result<Vec<Learned>> {
        self.keep(tree, verdict)?;
        Ok(self.state.learn(tree, verdict, tree.n_drafts() > 0))
    }

    /// Learns from a finished step.
    fn count(&mut self, verdict: &Verdict, timing: &Timing) {
        self.state.count(verdict, timing);
        if self.state.finish.is_some() {
            let learned = &self.state.calibrations;
            self.engine.start.learn_calibrations(learned);
        }
    }

    /// Keeps the root and the accepted path in the cache; the bonus token is the
    /// next step's root. Nothing is learned from it.
    pub(super) fn keep(&mut self, tree: &DraftTree, verdict: &Verdict) -> Result<()> {
        let tokens = self.state.kept_tokens(tree, verdict);
        let model = &mut self.engine.model;
        model.keep(&state::kept_rows(verdict), tokens.into_iter())?;
        self.state.take_in(tree, verdict);
        Ok(())
    }
}

pub(super) fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, ms_since(start))
}

fn ms_since(start: Instant) -> f64 {
    to_micros(start.elapsed().as_secs_f64() * 1000.0)
}

/// Milliseconds to three decimals: what a clock can mean, and what every reader
/// of a trace reads back to the bit.
pub(super) fn to_micros(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}
