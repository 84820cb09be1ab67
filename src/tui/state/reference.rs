//! The runs a run is measured against: the same prompt, autoregressively and
//! strictly, by the same engine on the same machine. Nothing here is estimated.

use std::collections::VecDeque;

use super::parked::Parked;
use super::record::Record;
use crate::speculate::TokenId;
use crate::speculate::compare::in_common;
use crate::speculate::params::Verify;
use crate::speculate::stats::{Stats, first_difference, repetition};
use crate::speculate::trace::{End, Header, Step};
use crate::speculate::verify::Finish;
use crate::tui::memo::Memo;
use crate::worker::message::RunId;

/// What a reference run showed.
#[derive(Clone, Debug)]
pub struct Measured {
    pub verify: Verify,
    pub ids: Vec<TokenId>,
    pub stats: Stats,
    pub repetition: f64,
    /// The run itself, to be compared; `None` until it has begun, where a run is
    /// its own reference, and while it is on disk alone.
    pub record: Option<Box<Record>>,
    /// On disk, too.
    pub(super) parked: Option<Parked>,
}

impl Measured {
    pub fn new(verify: Verify) -> Self {
        Measured {
            verify,
            ids: Vec::new(),
            stats: Stats::empty(),
            repetition: 0.0,
            record: None,
            parked: None,
        }
    }

    pub fn begin(&mut self, header: Header) {
        self.record = Some(Box::new(Record::new(header)));
    }

    pub fn push(&mut self, step: &Step) {
        self.stats.add(step);
        let tokens = step.verdict.committed(&step.tree);
        self.ids.extend(tokens.map(|(id, _)| id));
        self.repetition = repetition(&self.ids);
        if let Some(record) = &mut self.record {
            record.push(step.clone());
        }
    }
}

/// The reference runs of one run.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// Still to be made, once the engine is free.
    pub wanted: VecDeque<Verify>,
    pub under_way: Option<(RunId, Measured)>,
    pub done: Vec<Measured>,
    /// Of the run's own text, by its tokens and the autoregressive one's.
    in_common: Memo<(usize, usize), f64>,
}

impl References {
    /// Autoregressive and strict, but not what was measured already.
    pub fn want(&mut self) {
        for verify in [Verify::Autoregressive, Verify::Strict] {
            if self.of(verify).is_none() && !self.wanted.contains(&verify) {
                self.wanted.push_back(verify);
            }
        }
    }

    pub fn of(&self, verify: Verify) -> Option<&Measured> {
        self.done.iter().find(|m| m.verify == verify)
    }

    pub fn is_busy(&self) -> bool {
        self.under_way.is_some() || !self.wanted.is_empty()
    }

    /// A reference run came to its end; one that was cut off counts for nothing.
    pub fn complete(&mut self, end: End) {
        if let Some((_, mut measured)) = self.under_way.take()
            && end.finish != Finish::Cancelled
        {
            if let Some(record) = &mut measured.record {
                record.finish(end);
            }
            self.done.push(measured);
        }
    }

    pub fn give_up(&mut self) {
        self.under_way = None;
        self.wanted.clear();
    }

    /// How a text compares with the autoregressive one.
    pub fn comparison(&self, ids: &[TokenId]) -> Option<Comparison> {
        let plain = self.of(Verify::Autoregressive)?;
        Some(Comparison {
            first_difference: first_difference(ids, &plain.ids),
            n_tokens: plain.ids.len(),
        })
    }

    /// What the run's own text, which only grows, has in common with the
    /// autoregressive one.
    pub fn in_common(&self, own: &[TokenId]) -> Option<f64> {
        let plain = &self.of(Verify::Autoregressive)?.ids;
        let key = (own.len(), plain.len());
        Some(*self.in_common.get(key, || in_common(own, plain)))
    }

    /// Share of the autoregressive run's time that a token does not take.
    pub fn compute_saved(&self, stats: &Stats) -> Option<f64> {
        self.speed_up(stats).map(|speed_up| 1.0 - 1.0 / speed_up)
    }

    /// Tokens per second over the autoregressive run's.
    pub fn speed_up(&self, stats: &Stats) -> Option<f64> {
        let plain = self.of(Verify::Autoregressive)?.stats.tokens_per_s()?;
        Some(stats.tokens_per_s()? / plain)
    }
}

/// A text beside the autoregressive one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    pub first_difference: Option<usize>,
    pub n_tokens: usize,
}
