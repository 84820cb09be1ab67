//! Why a run is as slow as it is: what its rows cost under the measured t(n),
//! what they brought, which were wasted and where, and what other machines would
//! make of the same drafts.
//!
//! Pure arithmetic over recorded steps; what is not measured is named an estimate.

use super::cost::{CostProfile, StepCosts};
use super::params::Source;
use super::trace::{Step, Timing};
use super::verify::Fate;

/// Depths told apart; what lies deeper counts for the last.
pub const MAX_DEPTH: usize = 12;
const N_SOURCES: usize = Source::ALL.len();

/// What became of a source's drafts at one depth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub drafted: usize,
    pub committed: usize,
    /// Steps in which one of its drafts here was decided: its parent was
    /// committed, and neither an EOS nor a limit cut it off.
    pub tried: usize,
}

impl Cell {
    pub fn wasted(&self) -> usize {
        self.drafted - self.committed
    }

    /// Committed here, given that everything before was and that the source had a
    /// draft.
    pub fn conditional(&self) -> Option<f64> {
        ratio(self.committed as f64, self.tried as f64)
    }

    fn add(&mut self, other: &Cell) {
        self.drafted += other.drafted;
        self.committed += other.committed;
        self.tried += other.tried;
    }
}

/// What an automatic budget would make of the recorded drafts on another machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Elsewhere {
    rows: usize,
    tokens: usize,
    /// In times of one row's pass.
    cost: f64,
}

/// How t(n) grows on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// As measured.
    Here,
    /// Every number of rows costs the same, as on a GPU that waits for memory.
    Flat,
    /// Every further row costs twice what it costs here.
    Steep,
}

impl Machine {
    pub const ALL: [Machine; 3] = [Machine::Here, Machine::Flat, Machine::Steep];

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
pub struct WhySlow {
    cost: StepCosts,
    /// In the order of [`Machine::ALL`].
    costs: [StepCosts; Machine::ALL.len()],
    /// Sum of t(1) over the steps.
    plain_ms: f64,
    steps: usize,
    tokens: usize,
    rows: usize,
    timing: Timing,
    predicted_ms: f64,
    /// Milliseconds under t(n) that the rows of tokens not committed took.
    wasted_ms: f64,
    /// By source, in the order of [`Source::ALL`], and depth - 1.
    cells: [[Cell; MAX_DEPTH]; N_SOURCES],
    elsewhere: [Elsewhere; Machine::ALL.len()],
}

/// One step under the measured t(n).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepCost {
    pub rows: usize,
    pub predicted_ms: f64,
    pub measured_ms: f64,
    /// Tokens it must commit to be as quick as without drafts.
    pub break_even: f64,
    pub committed: usize,
}

impl WhySlow {
    pub fn new(profile: &CostProfile) -> Self {
        let cost = StepCosts::new(profile);
        WhySlow {
            costs: Machine::ALL.map(|machine| machine.cost(&cost)),
            cost,
            plain_ms: 0.0,
            steps: 0,
            tokens: 0,
            rows: 0,
            timing: Timing::default(),
            predicted_ms: 0.0,
            wasted_ms: 0.0,
            cells: Default::default(),
            elsewhere: Default::default(),
        }
    }

    pub fn add(&mut self, step: &Step) {
        let n = step.tree.n_rows();
        self.steps += 1;
        self.tokens += step.verdict.n_committed();
        self.rows += n;
        self.timing.add(&step.timing);
        let ms = |n: usize| self.ms(n, step);
        let useful = 1 + step.verdict.path.len();
        let wasted = (ms(n) - ms(useful)).max(0.0);
        let (predicted, plain) = (ms(n), ms(1));
        self.predicted_ms += predicted;
        self.plain_ms += plain;
        self.wasted_ms += wasted;
        self.add_cells(step);
        for machine in Machine::ALL {
            self.add_elsewhere(step, machine);
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
        // Where all pay, so do those that were offered and cut off here.
        let is_whole = machine == Machine::Flat && n == step.tree.n_rows();
        let n = if is_whole { n.max(step.n_offered) } else { n };
        let sum = &mut self.elsewhere[machine as usize];
        sum.rows += n;
        sum.tokens += kept + bonus;
        sum.cost += f64::from(cost.ms(n, context) / cost.ms(1, context));
    }

    /// What so many rows cost where a step stood.
    fn ms(&self, n: usize, step: &Step) -> f64 {
        f64::from(self.cost.ms(n, step.context_len))
    }

    /// Whether t(n) was measured; without it nothing is predicted.
    pub fn is_measured(&self) -> bool {
        self.cost.is_measured()
    }

    /// Milliseconds of a step of one row, over these steps' contexts.
    pub fn plain_ms(&self) -> Option<f64> {
        ratio(self.plain_ms, self.steps as f64).filter(|_| self.is_measured())
    }

    pub fn mean_timing(&self) -> Option<Timing> {
        let n = (self.steps > 0).then_some(self.steps as f64)?;
        let t = &self.timing;
        Some(Timing {
            retrieve: t.retrieve / n,
            draft: t.draft / n,
            forward: t.forward / n,
            verify: t.verify / n,
            commit: t.commit / n,
        })
    }

    pub fn step_cost(&self, step: &Step) -> Option<StepCost> {
        let rows = step.tree.n_rows();
        self.is_measured().then(|| StepCost {
            rows,
            predicted_ms: self.ms(rows, step),
            measured_ms: step.timing.total(),
            break_even: self.ms(rows, step) / self.ms(1, step),
            committed: step.verdict.n_committed(),
        })
    }

    /// The mean step: rows, predicted and measured ms, tokens to break even and
    /// tokens committed.
    pub fn mean_cost(&self) -> Option<[f64; 5]> {
        let n = (self.steps > 0 && self.is_measured()).then_some(self.steps as f64)?;
        let sums = [
            self.rows as f64,
            self.predicted_ms,
            self.timing.total(),
            self.predicted_ms / self.plain_ms * n,
            self.tokens as f64,
        ];
        Some(sums.map(|sum| sum / n))
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Draft tokens that were not committed.
    pub fn wasted_rows(&self) -> usize {
        self.cells.iter().flatten().map(Cell::wasted).sum()
    }

    /// Of all rows.
    pub fn wasted_share(&self) -> Option<f64> {
        ratio(self.wasted_rows() as f64, self.rows as f64)
    }

    /// Share of the predicted time that the wasted rows took.
    pub fn wasted_time(&self) -> Option<f64> {
        ratio(self.wasted_ms, self.predicted_ms).filter(|_| self.is_measured())
    }

    /// A source's drafts by depth.
    pub fn of(&self, source: Source) -> &[Cell; MAX_DEPTH] {
        &self.cells[source as usize]
    }

    /// A source's drafts of all depths.
    pub fn whole(&self, source: Source) -> Cell {
        let mut whole = Cell::default();
        self.of(source).iter().for_each(|cell| whole.add(cell));
        whole
    }

    /// Where most of the wasted rows lie: from this depth on, and from this source
    /// if one has at least half of them.
    pub fn worst(&self) -> Option<(usize, Option<Source>)> {
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

    /// What there is to say first. `measured` is the speed-up over an
    /// autoregressive run that was made; without one it is estimated.
    pub fn verdict(&self, measured: Option<f64>) -> String {
        let drafted: usize = Source::ALL.iter().map(|&s| self.whole(s).drafted).sum();
        if drafted == 0 {
            return "Nothing was drafted: every pass makes one token.".into();
        }
        let speed = match (measured, self.estimated_speed_up()) {
            (Some(x), _) => faster("", x),
            (None, Some(x)) => faster("est. ", x),
            (None, None) => format!(
                "{:.1} tokens a pass",
                self.tokens as f64 / self.steps as f64
            ),
        };
        let share = 100.0 * self.wasted_share().unwrap_or(0.0);
        let place = match self.worst() {
            None => String::new(),
            Some((depth, source)) => {
                let beyond = if depth == 1 {
                    "at all depths"
                } else {
                    "at depth"
                };
                let depth = if depth == 1 {
                    String::new()
                } else {
                    format!(" {depth}+")
                };
                let source = source.map_or(String::new(), |s| format!(", from the {}", place(s)));
                format!(", mostly {beyond}{depth}{source}")
            }
        };
        format!("{speed}; {share:.0}% of the rows were wasted{place}.")
    }

    /// Tokens a second over those of one-row passes under t(n). An estimate: an
    /// autoregressive run was not made.
    pub fn estimated_speed_up(&self) -> Option<f64> {
        let plain = self.plain_ms()? * self.tokens as f64;
        ratio(plain, self.timing.total())
    }

    /// Rows a step and speed-up that the automatic budget would reach on a
    /// machine, with the drafts of this run. An estimate, and for
    /// [`Machine::Flat`] a lower bound: rows that did not pay here were not verified.
    pub fn elsewhere(&self, machine: Machine) -> Option<(f64, f64)> {
        let sum = self.elsewhere[machine as usize];
        let rows = ratio(sum.rows as f64, self.steps as f64).filter(|_| self.is_measured())?;
        Some((rows, ratio(sum.tokens as f64, sum.cost)?))
    }
}

fn faster(est: &str, x: f64) -> String {
    if x >= 1.0 {
        format!("This run is {est}{x:.1}× as fast as autoregressive")
    } else {
        format!("This run is slower than autoregressive, {est}{x:.2}×")
    }
}

fn place(source: Source) -> &'static str {
    match source {
        Source::Group => "group pool",
        Source::Global => "global pool",
        Source::Local => "own text",
        Source::Online => "finished answers",
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::draft::{DraftTree, Origin};
    use crate::speculate::made_up;
    use crate::speculate::verify::Verdict;

    fn origin(source: Source) -> Vec<Origin> {
        vec![Origin {
            source,
            matched: 2,
            count: 1,
            docs: Vec::new(),
        }]
    }

    /// A chain of two from the group, the first taken; and a branch of two from
    /// the global pool, refused at once.
    fn step() -> Step {
        let mut tree = DraftTree::root_only(0);
        tree.push(0, 1, 0.9, origin(Source::Group));
        tree.push(1, 2, 0.8, origin(Source::Group));
        tree.push(0, 3, 0.3, origin(Source::Global));
        tree.push(3, 4, 0.2, origin(Source::Global));
        let verdict = Verdict {
            fates: vec![
                Fate::Accepted,
                Fate::Rejected,
                Fate::Rejected,
                Fate::Unreached,
            ],
            path: vec![1],
            bonus: Some(7),
            finish: None,
        };
        Step {
            n_offered: 8,
            timing: Timing {
                forward: 24.0,
                verify: 1.0,
                ..Timing::default()
            },
            ..made_up::step(tree, verdict)
        }
    }

    fn cost() -> CostProfile {
        CostProfile::by_rows([(1, 10.0), (5, 20.0)])
    }

    fn of_steps(n: usize) -> WhySlow {
        let mut why = WhySlow::new(&cost());
        (0..n).for_each(|_| why.add(&step()));
        why
    }

    #[test]
    fn a_step_must_commit_what_its_rows_cost() {
        let why = of_steps(1);
        let step = why.step_cost(&step()).expect("a cost table");
        assert_eq!(
            (step.rows, step.predicted_ms, step.measured_ms),
            (5, 20.0, 25.0)
        );
        assert_eq!((step.break_even, step.committed), (2.0, 2));
        assert_eq!(why.mean_cost(), Some([5.0, 20.0, 25.0, 2.0, 2.0]));
        assert_eq!(why.mean_timing().map(|t| t.forward), Some(24.0));
        // Two tokens in 25 ms, where two passes of one row take 20.
        assert_eq!(why.estimated_speed_up(), Some(0.8));
    }

    #[test]
    fn wasted_rows_are_found_where_they_are() {
        let why = of_steps(2);
        assert_eq!((why.rows(), why.wasted_rows()), (10, 6));
        assert_eq!(why.wasted_share(), Some(0.6));
        // Three of five rows: t(5) - t(2) of t(5).
        assert_eq!(why.wasted_time(), Some(7.5 / 20.0));
        assert_eq!(why.worst(), Some((2, Some(Source::Global))));
        assert_eq!(of_steps(0).worst(), None);
        let said = why.verdict(Some(1.62));
        let want = "This run is 1.6× as fast as autoregressive; 60% of the rows were wasted, \
                    mostly at depth 2+, from the global pool.";
        assert_eq!(said, want);
        assert!(
            why.verdict(None)
                .starts_with("This run is slower than autoregressive, est. 0.80×")
        );
        assert_eq!(
            of_steps(0).verdict(None),
            "Nothing was drafted: every pass makes one token."
        );
    }

    #[test]
    fn conditional_acceptance_counts_steps_in_which_a_draft_was_decided() {
        let why = of_steps(3);
        let group = why.of(Source::Group);
        assert_eq!(
            (group[0].conditional(), group[1].conditional()),
            (Some(1.0), Some(0.0))
        );
        let global = why.of(Source::Global);
        assert_eq!(
            (global[0].conditional(), global[1].conditional()),
            (Some(0.0), None)
        );
        assert_eq!(why.whole(Source::Group).drafted, 6);
    }

    #[test]
    fn elsewhere_other_budgets_pay() {
        let why = of_steps(1);
        let (rows, speed_up) = why.elsewhere(Machine::Flat).expect("a step");
        assert_eq!((rows, speed_up), (8.0, 2.0));
        // 2.7 tokens for 15 ms are the best rate here.
        let (rows, speed_up) = why.elsewhere(Machine::Here).expect("a step");
        assert_eq!((rows, speed_up), (3.0, 2.0 / 1.5));
        let (rows, speed_up) = why.elsewhere(Machine::Steep).expect("a step");
        assert_eq!((rows, speed_up), (3.0, 1.0));
    }

    #[test]
    fn without_a_cost_table_nothing_is_predicted() {
        let mut why = WhySlow::new(&CostProfile::default());
        why.add(&step());
        assert_eq!(why.plain_ms(), None);
        assert_eq!(why.estimated_speed_up(), None);
        assert_eq!(why.step_cost(&step()), None);
        assert_eq!(why.wasted_share(), Some(0.6));
    }
}
