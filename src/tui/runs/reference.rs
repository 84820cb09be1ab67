//! The runs a run is measured against: the same prompt, autoregressively and
//! strictly, by the same engine on the same machine; in pairs with the run itself, in
//! turns, until its speed-up is known well enough. Nothing here is estimated.

use std::collections::VecDeque;

use crate::present::last_result::LastResult;
use crate::present::record::Record;
use crate::protocol::RunId;
use crate::speculate::TokenId;
use crate::speculate::compare::in_common;
use crate::speculate::params::AcceptanceRule;
use crate::speculate::speed_up::{Pairing, SpeedUp, Took};
use crate::speculate::stats::{Stats, first_difference, repetition};
use crate::speculate::trace::{End, Header, Step};
use crate::speculate::verify::Finish;
use crate::tui::runs::parked::Parked;

/// What a reference run showed.
#[derive(Clone, Debug)]
pub struct Measured {
    pub(crate) verify: AcceptanceRule,
    pub ids: Vec<TokenId>,
    pub stats: Stats,
    pub(crate) repetition: f64,
    /// The run itself, to be compared; `None` until it has begun, where a run is
    /// its own reference, and while it is on disk alone.
    pub(crate) record: Option<Box<Record>>,
    /// On disk, too.
    pub(crate) parked: Option<Parked>,
}

impl Measured {
    pub(crate) fn new(verify: AcceptanceRule) -> Self {
        Measured {
            verify,
            ids: Vec::new(),
            stats: Stats::empty(),
            repetition: 0.0,
            record: None,
            parked: None,
        }
    }

    pub(crate) fn begin(&mut self, header: Header) {
        self.record = Some(Box::new(Record::new(header)));
    }

    pub(crate) fn push(&mut self, step: &Step) {
        self.stats.add(step);
        let tokens = step.verdict.committed(&step.tree);
        self.ids.extend(tokens.map(|(id, _)| id));
        self.repetition = repetition(&self.ids);
        if let Some(record) = &mut self.record {
            record.push(step.clone());
        }
    }
}

/// A run of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The run itself once more.
    Own,
    Autoregressive,
    Strict,
}

impl Way {
    /// The one that a rule is.
    pub(crate) fn of(verify: AcceptanceRule) -> Self {
        match verify {
            AcceptanceRule::Autoregressive => Way::Autoregressive,
            AcceptanceRule::Strict => Way::Strict,
            _ => Way::Own,
        }
    }

    /// The rule, unless it is the run's own.
    pub(crate) fn verify(self) -> Option<AcceptanceRule> {
        match self {
            Way::Own => None,
            Way::Autoregressive => Some(AcceptanceRule::Autoregressive),
            Way::Strict => Some(AcceptanceRule::Strict),
        }
    }
}

/// The reference runs of one run.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// What a pair consists of; empty until one is asked for.
    ways: Vec<Way>,
    /// Still to be made of the pair under way, once the engine is free.
    pub(crate) wanted: VecDeque<Way>,
    pub(crate) under_way: Option<(RunId, Way, Measured)>,
    pub done: Vec<Measured>,
    /// Of every way, by pair.
    times: Vec<(Way, Vec<Took>)>,
    /// What a sweep measured of the run.
    pub(crate) by_sweep: Option<SpeedUp>,
    /// Of the run's own text, by its tokens and the autoregressive one's.
    in_common: LastResult<(usize, usize), f64>,
}

impl References {
    /// Pairs of these, until the speed-up is known well enough.
    pub(crate) fn want(&mut self, ways: Vec<Way>) {
        if self.wanted.is_empty() && self.under_way.is_none() {
            self.times.clear();
            self.by_sweep = None;
            self.wanted = ways.iter().copied().collect();
            self.ways = ways;
        }
    }

    pub fn of(&self, verify: AcceptanceRule) -> Option<&Measured> {
        self.done.iter().find(|m| m.verify == verify)
    }

    pub fn is_busy(&self) -> bool {
        self.under_way.is_some() || !self.wanted.is_empty()
    }

    /// A reference run came to its end; one that was cut off counts for nothing.
    pub(crate) fn complete(&mut self, end: End) {
        let Some((_, way, mut measured)) = self.under_way.take() else {
            return;
        };
        if end.finish == Finish::Cancelled {
            return self.wanted.clear();
        }
        let time = Took::of(&measured.stats);
        match self.times.iter_mut().find(|(w, _)| *w == way) {
            Some((_, times)) => times.push(time),
            None => self.times.push((way, vec![time])),
        }
        if let Some(record) = &mut measured.record {
            record.finish(end);
        }
        let is_new = way.verify().is_some_and(|verify| self.of(verify).is_none());
        if is_new {
            self.done.push(measured);
        }
        if self.wanted.is_empty() {
            self.plan();
        }
    }

    /// Another pair, if it is wanted.
    fn plan(&mut self) {
        let n = self.n_pairs();
        let drafting = self.ways.iter().filter(|w| **w != Way::Autoregressive);
        let so_far: Vec<SpeedUp> = drafting.filter_map(|&w| self.paired(w)).collect();
        let spent = |(_, times): &(Way, Vec<Took>)| times.iter().map(|t| t.ms).sum::<f64>();
        let most = self.times.iter().map(spent).fold(0.0, f64::max);
        if Pairing::default().goes_on(n, &so_far, most, most / n.max(1) as f64) {
            self.wanted = self.ways.iter().copied().collect();
            // No way always goes first.
            let first = n % self.wanted.len().max(1);
            self.wanted.rotate_left(first);
        }
    }

    /// Pairs that every way was made in.
    pub(crate) fn n_pairs(&self) -> usize {
        let n_of = |way: &Way| self.times_of(*way).len();
        self.ways.iter().map(n_of).min().unwrap_or(0)
    }

    fn times_of(&self, way: Way) -> &[Took] {
        let found = self.times.iter().find(|(w, _)| *w == way);
        found.map_or(&[], |(_, times)| times)
    }

    /// Tokens a second of the pairs: the autoregressive runs' median, times the way's
    /// speed-up, so that the two agree. `None`: none was made.
    pub(crate) fn tokens_per_s(&self, way: Way) -> Option<f64> {
        let plain = self.times_of(Way::Autoregressive).iter();
        let plain = plain.map(|took| took.tokens_per_s());
        let plain = SpeedUp::of(&plain.collect::<Vec<_>>())?.median;
        Some(plain * self.paired(way)?.median)
    }

    fn paired(&self, way: Way) -> Option<SpeedUp> {
        let plain = self.times_of(Way::Autoregressive).iter();
        let pairs = plain.zip(self.times_of(way));
        let ratios = pairs.map(|(plain, own)| own.over(*plain));
        SpeedUp::of(&ratios.collect::<Vec<_>>())
    }

    pub(crate) fn give_up(&mut self) {
        self.under_way = None;
        self.wanted.clear();
    }

    /// How a text compares with the autoregressive one.
    pub fn comparison(&self, ids: &[TokenId]) -> Option<Comparison> {
        let plain = self.of(AcceptanceRule::Autoregressive)?;
        Some(Comparison {
            first_difference: first_difference(ids, &plain.ids),
            n_tokens: plain.ids.len(),
        })
    }

    /// What the run's own text, which only grows, has in common with the
    /// autoregressive one.
    pub(crate) fn in_common(&self, own: &[TokenId]) -> Option<f64> {
        let plain = &self.of(AcceptanceRule::Autoregressive)?.ids;
        let key = (own.len(), plain.len());
        Some(*self.in_common.get(key, || in_common(own, plain)))
    }

    /// The speed-up of one way of the pairs; of the run itself, where it cannot be made
    /// again, from its own times.
    pub(crate) fn speed_up(&self, way: Way, own: &Stats) -> Option<SpeedUp> {
        if let Some(by_sweep) = self.by_sweep.filter(|_| way == Way::Own) {
            return Some(by_sweep);
        }
        if !self.times_of(way).is_empty() {
            return self.paired(way);
        }
        let stats = match way.verify() {
            Some(verify) => &self.of(verify)?.stats,
            None => own,
        };
        let plain = self
            .of(AcceptanceRule::Autoregressive)?
            .stats
            .tokens_per_s()?;
        SpeedUp::of(&[stats.tokens_per_s()? / plain])
    }
}

/// A text beside the autoregressive one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    pub first_difference: Option<usize>,
    pub(crate) n_tokens: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::trace::Timing;

    fn end(finish: Finish) -> End {
        End {
            finish,
            steps: 1,
            tokens: 10,
            decode_ms: Some(0.0),
        }
    }

    /// Makes what is wanted, each way in its time.
    fn make(references: &mut References, ms: impl Fn(Way, usize) -> f64) {
        let mut id = 0;
        while let Some(way) = references.wanted.pop_front() {
            id += 1;
            let verify = way.verify().unwrap_or_default();
            let mut measured = Measured::new(verify);
            measured.stats.tokens = 10;
            measured.stats.timing = Some(Timing {
                forward: ms(way, references.n_pairs()),
                ..Timing::default()
            });
            references.under_way = Some((id, way, measured));
            references.complete(end(Finish::Length));
        }
    }

    const WAYS: [Way; 3] = [Way::Autoregressive, Way::Strict, Way::Own];

    #[test]
    fn a_quiet_machine_takes_six_pairs_and_a_busy_one_more() {
        let mut quiet = References::default();
        quiet.want(WAYS.to_vec());
        make(&mut quiet, |way, _| match way {
            Way::Autoregressive => 100.0,
            Way::Strict => 50.0,
            Way::Own => 40.0,
        });
        let own = quiet.speed_up(Way::Own, &Stats::empty()).unwrap();
        assert_eq!(
            (own.median, own.low, own.high, own.pairs),
            (2.5, 2.5, 2.5, 6)
        );
        assert_eq!(quiet.done.len(), 2, "the run's own reruns are not kept");
        let speed = |way| quiet.tokens_per_s(way).unwrap();
        assert_eq!(speed(Way::Own) / speed(Way::Autoregressive), own.median);
        let mut busy = References::default();
        busy.want(WAYS.to_vec());
        make(&mut busy, |way, pair| match way {
            Way::Own => 40.0 + 9.0 * (pair % 3) as f64,
            _ => 100.0,
        });
        assert_eq!(busy.speed_up(Way::Own, &Stats::empty()).unwrap().pairs, 15);
    }

    #[test]
    fn what_was_cut_off_ends_the_pairs() {
        let mut references = References::default();
        references.want(WAYS.to_vec());
        let way = references.wanted.pop_front().unwrap();
        references.under_way = Some((1, way, Measured::new(AcceptanceRule::Autoregressive)));
        references.complete(end(Finish::Cancelled));
        assert!(!references.is_busy() && references.done.is_empty());
        assert_eq!(references.speed_up(Way::Own, &Stats::empty()), None);
    }
}
