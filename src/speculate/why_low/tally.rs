//! The causes of many steps, counted.

use std::collections::BTreeMap;

use super::{BranchStop, CauseKind, LAXEST, LowCause, Unmatched, causes};
use crate::speculate::params::{AcceptanceRule, Params};
use crate::speculate::stats::Stats;
use crate::speculate::trace::Trace;
use crate::speculate::whatif::{Change, what_if};

const N: usize = CauseKind::ALL.len();

/// A rule that would take refused drafts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Laxer {
    pub(super) rule: AcceptanceRule,
    /// Steps at whose end it takes a refused draft.
    pub(super) taken: usize,
    /// How many more tokens the recorded steps commit, each in its recorded context.
    pub(super) tokens: i64,
}

/// The causes of a run's steps, or of several runs'.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyLow {
    /// Steps by cause, in the order of [`CauseKind::ALL`].
    steps: [usize; N],
    /// Figures of the same steps.
    pub(crate) stats: Stats,
    /// Steps without a hit in which retrieval rested, and in which it was not asked.
    pub(super) rested: usize,
    pub(super) unasked: usize,
    /// Steps by the rank of the right token below the budget.
    pub(super) ranks: BTreeMap<usize, usize>,
    /// Steps by the rank of the refused draft.
    pub(super) refused: BTreeMap<u32, usize>,
    /// The highest probability of a refused draft.
    pub(super) refused_p: f32,
    /// The rules that would take refused drafts: the default one and the laxest.
    pub(super) laxer: [Laxer; 2],
    /// Steps that accepted all, by what ended the branch.
    pub(super) at_limit: usize,
    pub(super) no_more: usize,
    /// The longest branch, in tokens.
    pub(super) branch: usize,
    /// Whether a budget was automatic.
    pub(super) is_auto: bool,
}

impl Default for WhyLow {
    fn default() -> Self {
        let laxer = |rule| Laxer {
            rule,
            taken: 0,
            tokens: 0,
        };
        WhyLow {
            steps: [0; N],
            stats: Stats::empty(),
            rested: 0,
            unasked: 0,
            ranks: BTreeMap::new(),
            refused: BTreeMap::new(),
            refused_p: 0.0,
            laxer: [laxer(AcceptanceRule::default()), laxer(*LAXEST)],
            at_limit: 0,
            no_more: 0,
            branch: 0,
            is_auto: false,
        }
    }
}

impl WhyLow {
    /// Of a recorded run.
    pub fn of(trace: &Trace) -> Self {
        Self::of_causes(trace, &causes(trace))
    }

    /// Of a recorded run whose steps have these causes.
    pub(crate) fn of_causes(trace: &Trace, causes: &[LowCause]) -> Self {
        let causes = causes.iter().copied();
        let mut why = WhyLow::counted(Stats::of(trace), &trace.header.params, causes);
        if why.n(CauseKind::Refused) > 0 {
            for laxer in &mut why.laxer {
                laxer.tokens = more_tokens(trace, laxer.rule);
            }
        }
        why
    }

    /// Of steps with these figures and causes, without what a laxer rule would bring.
    pub fn counted(
        stats: Stats,
        params: &Params,
        causes: impl IntoIterator<Item = LowCause>,
    ) -> Self {
        let mut why = WhyLow {
            stats,
            branch: params.branch,
            is_auto: params.budget.is_auto(),
            ..WhyLow::default()
        };
        causes.into_iter().for_each(|cause| why.count(cause));
        why
    }

    fn count(&mut self, cause: LowCause) {
        self.steps[cause.kind() as usize] += 1;
        match cause {
            LowCause::NothingMatched(Unmatched::Rested) => self.rested += 1,
            LowCause::NothingMatched(Unmatched::NotAsked) => self.unasked += 1,
            LowCause::BelowBudget { rank } => *self.ranks.entry(rank).or_default() += 1,
            LowCause::Refused { rank, p } => self.count_refused(rank, p),
            LowCause::BranchEnd(BranchStop::Limit) => self.at_limit += 1,
            LowCause::BranchEnd(BranchStop::NoMore) => self.no_more += 1,
            _ => {}
        }
    }

    fn count_refused(&mut self, rank: u32, p: f32) {
        *self.refused.entry(rank).or_default() += 1;
        self.refused_p = self.refused_p.max(p);
        for laxer in &mut self.laxer {
            let takes = matches!(laxer.rule, AcceptanceRule::Relaxed { k, tau }
                if rank as usize <= k && p > tau);
            laxer.taken += usize::from(takes);
        }
    }

    /// Adds another run's, or another set's.
    pub fn add(&mut self, other: &WhyLow) {
        for (own, more) in self.steps.iter_mut().zip(other.steps) {
            *own += more;
        }
        self.stats.join(&other.stats);
        self.rested += other.rested;
        self.unasked += other.unasked;
        for (&rank, n) in &other.ranks {
            *self.ranks.entry(rank).or_default() += n;
        }
        for (&rank, n) in &other.refused {
            *self.refused.entry(rank).or_default() += n;
        }
        self.refused_p = self.refused_p.max(other.refused_p);
        for (own, more) in self.laxer.iter_mut().zip(&other.laxer) {
            own.taken += more.taken;
            own.tokens += more.tokens;
        }
        self.at_limit += other.at_limit;
        self.no_more += other.no_more;
        self.branch = self.branch.max(other.branch);
        self.is_auto |= other.is_auto;
    }

    /// Steps of a cause.
    pub fn n(&self, kind: CauseKind) -> usize {
        self.steps[kind as usize]
    }

    /// All steps.
    pub fn n_steps(&self) -> usize {
        self.steps.iter().sum()
    }

    /// The causes that occur, in their order.
    pub fn kinds(&self) -> impl Iterator<Item = CauseKind> + '_ {
        CauseKind::ALL.into_iter().filter(|&kind| self.n(kind) > 0)
    }

    /// Share of the steps; `None` without steps.
    pub fn share(&self, kind: CauseKind) -> Option<f64> {
        let all = self.n_steps();
        (all > 0).then(|| self.n(kind) as f64 / all as f64)
    }

    /// The shares in tenths of a percent, rounded so that they sum to 100%.
    pub fn tenths(&self) -> [usize; N] {
        let all = self.n_steps().max(1);
        let mut tenths = self.steps.map(|n| n * 1000 / all);
        let mut by_rest: Vec<usize> = (0..N).collect();
        by_rest.sort_by_key(|&i| std::cmp::Reverse(self.steps[i] * 1000 % all));
        let missing = match self.n_steps() {
            0 => 0,
            _ => 1000 - tenths.iter().sum::<usize>(),
        };
        for &i in by_rest.iter().take(missing) {
            tenths[i] += 1;
        }
        tenths
    }

    /// The most frequent cause among those that keep acceptance low; `None`: there is none.
    pub fn main(&self) -> Option<CauseKind> {
        let lossy = CauseKind::ALL.into_iter().filter(|kind| kind.is_loss());
        let most = lossy.rev().max_by_key(|&kind| self.n(kind))?;
        (self.n(most) > 0).then_some(most)
    }

    /// How many of the steps below the budget a budget of so many rows would reach.
    pub(super) fn reached_by(&self, rows: usize) -> usize {
        self.ranks.range(..rows).map(|(_, n)| n).sum()
    }
}

/// How many more tokens a run's steps commit under a rule, each in its recorded context.
fn more_tokens(trace: &Trace, rule: AcceptanceRule) -> i64 {
    let change = Change {
        verify: Some(rule),
        ..Change::default()
    };
    let figures = what_if(trace, &change).in_recorded_contexts;
    figures.new.tokens as i64 - figures.old.tokens as i64
}
