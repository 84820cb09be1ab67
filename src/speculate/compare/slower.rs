//! Why one run is slower than another: milliseconds per token, factored into tokens per
//! step, the cost of a step's rows, and the speed of equal rows.
//!
//! Pure arithmetic over recorded figures: the factors multiply to the ratio.

use super::Side;
use crate::speculate::cost::StepCosts;
use crate::speculate::stats::Stats;
use crate::speculate::trace::Trace;

/// Ratios this close to 1 count as equal.
const ALIKE: f64 = 1.02;

/// The components of a run's speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    pub ms_per_token: f64,
    pub(crate) ms_per_step: f64,
    /// Rows of a forward pass, root and drafts.
    pub(crate) rows_per_step: f64,
    /// Mean accepted length: tokens per step.
    pub(crate) mal: f64,
}

impl Pace {
    /// `None`: nothing was decoded, or no time was recorded.
    pub(crate) fn of(stats: &Stats) -> Option<Self> {
        let ms = stats.ms().filter(|_| stats.untimed_steps == 0)?;
        if stats.steps == 0 || stats.tokens == 0 || ms <= 0.0 {
            return None;
        }
        let (steps, tokens) = (stats.steps as f64, stats.tokens as f64);
        Some(Pace {
            ms_per_token: ms / tokens,
            ms_per_step: ms / steps,
            rows_per_step: stats.rows as f64 / steps,
            mal: tokens / steps,
        })
    }
}

/// A factor of a difference in speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The number of tokens per step differs.
    TokensPerStep,
    /// Rows or contexts of a step differ, and with them the cost under one profile.
    Rows,
    /// The same rows took a different time: the machine, its clock, its load.
    SameRows,
    /// A step took a different time; without a profile it is not factored further.
    Step,
}

/// The factor on the time per token due to this alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor {
    pub why: Why,
    pub times: f64,
}

/// A comparison of two runs' speeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Slower {
    /// Left and right.
    pub paces: [Pace; 2],
    /// The one with more time per token.
    pub side: Side,
    /// Its time per token over the other's: at least 1.
    pub times: f64,
    /// They multiply to `times`; the largest first.
    pub factors: Vec<Factor>,
    /// Whose profile separated rows from machine.
    pub by: Option<Side>,
}

impl Slower {
    /// Whether the speeds count as equal.
    pub fn is_alike(&self) -> bool {
        self.times < ALIKE
    }

    /// The same with other times per token, left and right, of the same steps, for
    /// example from pairs.
    pub fn timed(&self, ms_per_token: [f64; 2]) -> Self {
        let scale = [0, 1].map(|i| ms_per_token[i] / self.paces[i].ms_per_token);
        let paces = [0, 1].map(|i| Pace {
            ms_per_token: ms_per_token[i],
            ms_per_step: self.paces[i].ms_per_step * scale[i],
            ..self.paces[i]
        });
        let side = slow_side(paces);
        let is_turned = side != self.side;
        let factor = |factor: &Factor| {
            let own_scale = match factor.why {
                Why::SameRows | Why::Step => self.side.of(scale) / self.side.other().of(scale),
                Why::TokensPerStep | Why::Rows => 1.0,
            };
            let times = factor.times * own_scale;
            Factor {
                why: factor.why,
                times: if is_turned { 1.0 / times } else { times },
            }
        };
        let mut factors: Vec<Factor> = self.factors.iter().map(factor).collect();
        factors.sort_by(|a, b| b.times.total_cmp(&a.times));
        Slower {
            times: side.of(ms_per_token) / side.other().of(ms_per_token),
            paces,
            side,
            factors,
            by: self.by,
        }
    }

    /// The factors that made it slower, and those that made it faster; those close to 1
    /// are left out, except the largest.
    pub(crate) fn told(&self) -> [Vec<Factor>; 2] {
        let (first, rest) = self.factors.split_at(1);
        let against = rest.iter().filter(|f| f.times > ALIKE);
        let with = rest.iter().filter(|f| f.times < 1.0 / ALIKE);
        [
            first.iter().chain(against).copied().collect(),
            with.copied().collect(),
        ]
    }
}

/// Compares two runs' times per token, as far as both have come. `None`: one has no
/// steps or no times.
pub fn slower(left: &Trace, right: &Trace) -> Option<Slower> {
    let paces = [Pace::of(&Stats::of(left))?, Pace::of(&Stats::of(right))?];
    let side = slow_side(paces);
    let (slow, quick) = (side.of(paces), side.other().of(paces));
    let is_alone = left.header.batch + right.header.batch == 0;
    let by = whose_profile([left, right], side).filter(|_| is_alone);
    let steps = slow.ms_per_step / quick.ms_per_step;
    let mut factors = vec![Factor {
        why: Why::TokensPerStep,
        times: quick.mal / slow.mal,
    }];
    match by {
        Some(profiled) => {
            let costs = profiled.of([left, right]).header.step_costs();
            let cost = [left, right].map(|trace| profiled_ms(trace, &costs));
            let rows = side.of(cost) / side.other().of(cost);
            factors.push(Factor {
                why: Why::Rows,
                times: rows,
            });
            factors.push(Factor {
                why: Why::SameRows,
                times: steps / rows,
            });
        }
        None => factors.push(Factor {
            why: Why::Step,
            times: steps,
        }),
    }
    factors.sort_by(|a, b| b.times.total_cmp(&a.times));
    Some(Slower {
        paces,
        side,
        times: slow.ms_per_token / quick.ms_per_token,
        factors,
        by,
    })
}

fn slow_side([left, right]: [Pace; 2]) -> Side {
    match left.ms_per_token > right.ms_per_token {
        true => Side::Left,
        false => Side::Right,
    }
}

/// The faster run's profile, if it has one.
fn whose_profile(traces: [&Trace; 2], slow: Side) -> Option<Side> {
    let mut sides = [slow.other(), slow].into_iter();
    sides.find(|side| side.of(traces).header.step_costs().is_measured())
}

/// Mean milliseconds of a step's rows in its context.
fn profiled_ms(trace: &Trace, costs: &StepCosts) -> f64 {
    let ms =
        |s: &crate::speculate::trace::Step| f64::from(costs.ms(s.tree.n_rows(), s.context_len));
    trace.steps.iter().map(ms).sum::<f64>() / trace.steps.len() as f64
}
