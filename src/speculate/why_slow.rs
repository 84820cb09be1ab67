//! Why a run is slow: what its rows cost under the measured t(n), what they gained,
//! which were wasted and where, and how other machines would do with the same drafts.
//!
//! Pure arithmetic over recorded steps; anything not measured is labelled an estimate.

mod verdict;

use super::cost::StepCosts;
use super::params::Source;
use super::trace::{Header, Step, Timing};
use super::verify::Fate;

pub(crate) use verdict::Said;
pub(crate) use verdict::Verdict;

/// Depths distinguished; deeper nodes count for the last.
pub(crate) const MAX_DEPTH: usize = 12;
const N_SOURCES: usize = Source::ALL.len();

/// The fates of a source's drafts at one depth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) drafted: usize,
    pub(crate) committed: usize,
    /// Steps in which one of its drafts here was judged: its parent was committed, and
    /// neither an EOS nor a limit cut it off.
    pub(crate) tried: usize,
}

impl Cell {
    pub(crate) fn wasted(&self) -> usize {
        self.drafted - self.committed
    }

    /// Committed here, given that everything before was and that the source had a
    /// draft.
    pub(crate) fn conditional(&self) -> Option<f64> {
        ratio(self.committed as f64, self.tried as f64)
    }

    fn add(&mut self, other: &Cell) {
        self.drafted += other.drafted;
        self.committed += other.committed;
        self.tried += other.tried;
    }
}

/// What an automatic budget would achieve with the recorded drafts on another machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Elsewhere {
    rows: usize,
    /// The time of its tokens, one per step.
    plain_ms: f64,
    ms: f64,
}

/// How t(n) grows on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    /// As measured.
    Here,
    /// Every number of rows costs the same, as on a memory-bound GPU.
    Flat,
    /// Every additional row costs twice as much as here.
    Steep,
}

impl Machine {
    pub(crate) const ALL: [Machine; 3] = [Machine::Here, Machine::Flat, Machine::Steep];

    fn cost(self, here: &StepCosts) -> StepCosts {
        match self {
            Machine::Here => here.clone(),
            Machine::Flat => here.flat(),
            Machine::Steep => here.steep(),
        }
    }
}

/// The figures of the steps so far.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WhySlow {
    cost: StepCosts,
    /// In the order of [`Machine::ALL`].
    costs: [StepCosts; Machine::ALL.len()],
    /// Whether its steps shared passes with other runs: the costs of single runs do not
    /// apply to them.
    shares_passes: bool,
    /// Sum of t(1) over the committed tokens, each in its context.
    plain_tokens_ms: f64,
    /// Measured over profiled time, by step.
    fits: Vec<f64>,
    steps: usize,
    tokens: usize,
    rows: usize,
    /// Of the steps whose times are recorded.
    timing: Timing,
    timed: usize,
    timed_predicted_ms: f64,
    predicted_ms: f64,
    /// Milliseconds under t(n) for the rows of tokens not committed.
    wasted_ms: f64,
    /// By source, in the order of [`Source::ALL`], and depth - 1.
    cells: [[Cell; MAX_DEPTH]; N_SOURCES],
    elsewhere: [Elsewhere; Machine::ALL.len()],
}

/// One step under the measured t(n).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StepCost {
    pub(crate) rows: usize,
    pub(crate) predicted_ms: f64,
    /// `None`: not recorded.
    pub(crate) measured_ms: Option<f64>,
    /// Tokens it must commit to break even with no drafts.
    pub(crate) break_even: f64,
    pub(crate) committed: usize,
}

/// The mean step under the measured t(n).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MeanCost {
    pub(crate) rows: f64,
    pub(crate) predicted_ms: f64,
    /// Of the steps whose times are recorded; `None`: of none.
    pub(crate) measured_ms: Option<f64>,
    /// Tokens to break even under the profile: a speed-up of 1.
    pub(crate) break_even: f64,
    pub(crate) committed: f64,
}

impl WhySlow {
    /// Of a run without steps yet.
    pub(crate) fn new(header: &Header) -> Self {
        let cost = header.step_costs();
        WhySlow {
            costs: Machine::ALL.map(|machine| machine.cost(&cost)),
            shares_passes: header.batch > 0,
            cost,
            plain_tokens_ms: 0.0,
            fits: Vec::new(),
            steps: 0,
            tokens: 0,
            rows: 0,
            timing: Timing::default(),
            timed: 0,
            timed_predicted_ms: 0.0,
            predicted_ms: 0.0,
            wasted_ms: 0.0,
            cells: Default::default(),
            elsewhere: Default::default(),
        }
    }

    pub(crate) fn add(&mut self, step: &Step) {
        let n = step.tree.n_rows();
        self.steps += 1;
        self.tokens += step.verdict.n_committed();
        self.rows += n;
        let ms = |n: usize| self.ms(n, step);
        let useful = 1 + step.verdict.path.len();
        let wasted = (ms(n) - ms(useful)).max(0.0);
        let predicted = ms(n);
        self.predicted_ms += predicted;
        self.wasted_ms += wasted;
        self.plain_tokens_ms += plain_ms(&self.cost, step, step.verdict.n_committed());
        self.add_times(step, predicted);
        self.add_cells(step);
        for machine in Machine::ALL {
            self.add_elsewhere(step, machine);
        }
    }

    fn add_times(&mut self, step: &Step, predicted: f64) {
        let Some(timing) = &step.timing else {
            return;
        };
        self.timing.add(timing);
        self.timed += 1;
        self.timed_predicted_ms += predicted;
        if self.is_measured() {
            self.fits.push(timing.total() / predicted);
        }
    }

    fn add_cells(&mut self, step: &Step) {
        let mut tried = [[false; MAX_DEPTH]; N_SOURCES];
        for (i, &fate) in step.verdict.fates.iter().enumerate() {
            let Some(source) = step.credited(i + 1) else {
                continue;
            };
            let depth = step.tree.nodes[i + 1].depth.clamp(1, MAX_DEPTH) - 1;
            let cell = &mut self.cells[source as usize][depth];
            cell.drafted += 1;
            cell.committed += usize::from(matches!(fate, Fate::Accepted | Fate::Relaxed));
            let decided = &mut tried[source as usize][depth];
            cell.tried += usize::from(fate != Fate::Unreached && !*decided);
            *decided |= fate != Fate::Unreached;
        }
    }

    /// The tree's first rows, as many as pay there; tokens by the recorded verdict.
    fn add_elsewhere(&mut self, step: &Step, machine: Machine) {
        let cost = &self.costs[machine as usize];
        let context = step.context_len;
        let n = cost.best_rows(&step.tree, context);
        let path = step.verdict.path.iter();
        let kept = path.take_while(|&&node| node < n).count();
        let bonus = usize::from(kept < step.verdict.path.len() || step.verdict.bonus.is_some());
        // If all pay, so do those that were offered and cut here.
        let is_whole = machine == Machine::Flat && n == step.tree.n_rows();
        let n = if is_whole { n.max(step.n_offered) } else { n };
        let sum = &mut self.elsewhere[machine as usize];
        sum.rows += n;
        sum.plain_ms += plain_ms(cost, step, kept + bonus);
        sum.ms += f64::from(cost.ms(n.min(step.tree.n_rows()), context));
    }

    /// The cost of this many rows in a step's context.
    fn ms(&self, n: usize, step: &Step) -> f64 {
        f64::from(self.cost.ms(n, step.context_len))
    }

    /// Whether t(n) was measured; without it nothing is predicted.
    pub(crate) fn is_measured(&self) -> bool {
        self.cost.is_measured()
    }

    /// Of the steps whose times are recorded; `None`: of none.
    pub(crate) fn mean_timing(&self) -> Option<Timing> {
        (self.timed > 0).then(|| self.timing.over(self.timed))
    }

    pub(crate) fn step_cost(&self, step: &Step) -> Option<StepCost> {
        let rows = step.tree.n_rows();
        self.is_measured().then(|| StepCost {
            rows,
            predicted_ms: self.ms(rows, step),
            measured_ms: step.timing.as_ref().map(Timing::total),
            break_even: self.ms(rows, step) / self.ms(1, step),
            committed: step.verdict.n_committed(),
        })
    }

    /// `None` without steps or without a profile.
    pub(crate) fn mean_cost(&self) -> Option<MeanCost> {
        let n = (self.steps > 0 && self.is_measured()).then_some(self.steps as f64)?;
        let committed = self.tokens as f64 / n;
        Some(MeanCost {
            rows: self.rows as f64 / n,
            predicted_ms: self.predicted_ms / n,
            measured_ms: self.mean_timing().map(|timing| timing.total()),
            break_even: self.predicted_ms / self.plain_tokens_ms * committed,
            committed,
        })
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Draft tokens that were not committed.
    pub(crate) fn wasted_rows(&self) -> usize {
        self.cells.iter().flatten().map(Cell::wasted).sum()
    }

    /// Of all rows.
    pub(crate) fn wasted_share(&self) -> Option<f64> {
        ratio(self.wasted_rows() as f64, self.rows as f64)
    }

    /// Share of the predicted time that the wasted rows took.
    pub(crate) fn wasted_time(&self) -> Option<f64> {
        ratio(self.wasted_ms, self.predicted_ms).filter(|_| self.is_measured())
    }

    /// A source's drafts by depth.
    pub(crate) fn of(&self, source: Source) -> &[Cell; MAX_DEPTH] {
        &self.cells[source as usize]
    }

    /// A source's drafts of all depths.
    pub(crate) fn whole(&self, source: Source) -> Cell {
        let mut whole = Cell::default();
        self.of(source).iter().for_each(|cell| whole.add(cell));
        whole
    }

    /// Where most of the wasted rows are: from this depth on, and from this source if
    /// one has at least half of them.
    pub(crate) fn worst(&self) -> Option<(usize, Option<Source>)> {
        let all = self.wasted_rows();
        if all == 0 {
            return None;
        }
        let at = |depth: usize| -> usize { self.cells.iter().map(|s| s[depth].wasted()).sum() };
        let from = |depth: usize| -> usize { (depth..MAX_DEPTH).map(at).sum() };
        let deepest = (0..MAX_DEPTH).rev().find(|&d| 2 * from(d) >= all)?;
        let wasted = |s: &Source| self.whole(*s).wasted();
        let source = Source::ALL.into_iter().max_by_key(wasted);
        let source = source.filter(|s| 2 * wasted(s) >= all);
        Some((deepest + 1, source))
    }

    /// The speed-up under the profile: the time of the tokens, one per step in context,
    /// over the time of the steps. It has no noise, and is wrong if the profile does
    /// not fit.
    pub(crate) fn by_profile(&self) -> Option<f64> {
        ratio(self.plain_tokens_ms, self.predicted_ms).filter(|_| self.is_measured())
    }

    /// Measured over profiled time of all steps.
    fn whole_fit(&self) -> Option<f64> {
        let is_known = self.is_measured() && self.timed > 0;
        ratio(self.timing.total(), self.timed_predicted_ms).filter(|_| is_known)
    }

    /// The same for the median step, which a few disturbed steps do not change.
    fn median_fit(&self) -> Option<f64> {
        let mut sorted = self.fits.clone();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (sorted.len().checked_sub(1)? / 2, sorted.len() / 2);
        Some((sorted[low] + sorted[high]) / 2.0)
    }

    /// Rows per step and speed-up by profile of the automatic budget on a machine, with
    /// this run's drafts. An estimate, and for [`Machine::Flat`] a lower bound: rows
    /// that did not pay here were not verified.
    pub(crate) fn elsewhere(&self, machine: Machine) -> Option<(f64, f64)> {
        let sum = self.elsewhere[machine as usize];
        let rows = ratio(sum.rows as f64, self.steps as f64).filter(|_| self.is_measured())?;
        Some((rows, ratio(sum.plain_ms, sum.ms)?))
    }
}

/// The time of the first `n` tokens of a step, one per step.
fn plain_ms(costs: &StepCosts, step: &Step, n: usize) -> f64 {
    let at = |i: usize| f64::from(costs.ms(1, step.context_len + i));
    (0..n).map(at).sum()
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod figures_test;
#[cfg(test)]
mod verdict_test;
