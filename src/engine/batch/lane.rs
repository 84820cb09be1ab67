//! A run of a batch: how much of its prompt is computed, and the draft waiting for rows.

use crate::engine::run::state::RunState;
use crate::retrieval::Retrieved;
use crate::speculate::cost::{Prices, Worth};
use crate::speculate::draft::DraftTree;
use crate::speculate::trace::{End, RowsBy, Trace};
use crate::speculate::verify::Verdict;

/// A run that has ended.
pub struct Ended {
    pub(crate) lane: usize,
    /// The whole run.
    pub trace: Trace,
    /// The last line of the trace.
    pub end: End,
}

/// A run in its lane.
pub(super) struct Lane {
    pub(crate) state: RunState,
    pub(crate) trace: Trace,
    /// Tokens of its prompt in the shared prefix.
    pub(crate) shared: usize,
    /// Tokens in the cache, shared ones included.
    pub(crate) cached: usize,
    /// The retrieved draft; kept for the next pass if its rows did not fit the last one.
    pub(crate) offered: Option<Retrieved>,
    /// What drafting has been worth lately.
    pub(crate) worth: Worth,
}

impl Lane {
    pub(crate) fn new(state: RunState, shared: usize) -> Self {
        Lane {
            trace: Trace::new(state.header.clone()),
            cached: shared,
            offered: None,
            worth: Worth::default(),
            shared,
            state,
        }
    }

    /// Tokens yet to be cached before the next step: all but the root.
    pub(crate) fn n_missing(&self) -> usize {
        (self.state.context_len() - 1).saturating_sub(self.cached)
    }

    /// Whether its next rows are those of a step.
    pub(crate) fn decodes(&self) -> bool {
        self.state.finish.is_none() && self.n_missing() == 0
    }

    /// Whether its next rows are those of its prompt.
    pub(crate) fn reads(&self) -> bool {
        self.state.finish.is_none() && self.n_missing() > 0
    }

    /// Whether the pass as a whole decides how many of its drafts get a row.
    pub(crate) fn shares_rows(&self) -> bool {
        self.state.header.rows == RowsBy::Shared && self.state.is_automatic()
    }

    /// Whether drafting has paid lately: if rows are shared with other lanes, by what it
    /// saved and cost, otherwise by whether anything was worth drafting.
    pub(crate) fn has_paid(
        &mut self,
        tree: &DraftTree,
        verdict: &Verdict,
        prices: Option<Prices>,
    ) -> bool {
        let prices = prices.filter(|_| self.shares_rows());
        match prices {
            Some(prices) if self.state.asks_retrieval() => {
                let accepted = verdict.path.len();
                self.worth.after_step(tree.n_drafts(), accepted, &prices)
            }
            Some(_) => false,
            None => tree.n_drafts() > 0,
        }
    }

    pub(crate) fn subject(&self) -> String {
        let subject = &self.state.header.subject;
        format!("{}/{}", subject.kind, subject.id)
    }

    /// `None`: it has not ended.
    pub(crate) fn ended(mut self, lane: usize) -> Option<Ended> {
        let end = self.state.end()?;
        self.trace.header.prompt_ms = self.state.header.prompt_ms;
        self.trace.end = Some(end.clone());
        Some(Ended {
            lane,
            trace: self.trace,
            end,
        })
    }
}
