//! Pairs of runs: the first runs are repeated, interleaved, until the speed-up is known
//! well enough. A pair is one run of every way of decoding on one prompt; all ways of a
//! bench are interleaved, so that anything that slows the machine slows them alike.

use std::time::Instant;

use color_eyre::eyre::{Result, ensure};

use crate::commands::bench::outcome::Outcome;
use crate::commands::one_run::record;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::engine::Engine;
use crate::speculate::speed_up::{Pairing, SpeedUp, Took};
use crate::speculate::stats::Stats;
use crate::speculate::verify::Finish;

/// What counts towards the time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// The time of the slowest way, its first runs included.
    EachWay,
    /// All time beyond the first runs.
    WhatIsAdded,
}

/// Repeats everything as often as requested. `prompts`: the ways of each prompt, the
/// reference first, each already run once. `Ok(false)`: cancelled.
///
/// # Errors
/// The model's; a run that differs from the first one.
pub(crate) fn repeat(
    engine: &mut Engine,
    prompts: &mut [Vec<&mut Outcome>],
    pairing: &Pairing,
    counted: Counted,
    line: &mut Line,
) -> Result<bool> {
    let n_ways = prompts.iter().map(Vec::len).max().unwrap_or(0);
    let mut added_ms = 0.0;
    for n in 1.. {
        let ways: Vec<Vec<&Outcome>> = (0..n_ways).map(|way| of_way(prompts, way)).collect();
        let so_far: Vec<SpeedUp> = ways
            .iter()
            .skip(1)
            .filter_map(|outcomes| speed_up(outcomes, &ways[0]))
            .collect();
        let per_way = ways.iter().map(|outcomes| total_ms(outcomes));
        let (spent, next) = match counted {
            Counted::EachWay => {
                let most = per_way.fold(0.0, f64::max);
                (most, most / n as f64)
            }
            Counted::WhatIsAdded => (added_ms, per_way.sum::<f64>() / n as f64),
        };
        if !pairing.goes_on(n, &so_far, spent, next) {
            break;
        }
        let clock = Instant::now();
        let round = Round {
            n,
            most: pairing.most(),
        };
        if !round.run(engine, prompts, line)? {
            return Ok(false);
        }
        added_ms += clock.elapsed().as_secs_f64() * 1000.0;
    }
    Ok(true)
}

fn of_way<'a>(prompts: &'a [Vec<&mut Outcome>], way: usize) -> Vec<&'a Outcome> {
    let ways = prompts.iter().filter_map(|ways| ways.get(way));
    ways.map(|outcome| &**outcome).collect()
}

fn total_ms(outcomes: &[&Outcome]) -> f64 {
    let all = outcomes.iter().flat_map(|o| &o.repeats.ms);
    all.sum()
}

/// Every way of every prompt once more.
struct Round {
    /// Counted from 1; the first runs were made before.
    n: usize,
    most: usize,
}

impl Round {
    /// `false`: cancelled.
    fn run(
        &self,
        engine: &mut Engine,
        prompts: &mut [Vec<&mut Outcome>],
        line: &mut Line,
    ) -> Result<bool> {
        let Round { n, most } = *self;
        for (i, ways) in prompts.iter_mut().enumerate() {
            let (pair, prompt) = (n + 1, i + 1);
            line.show(&format!("pair {pair} of at most {most}, prompt {prompt}"));
            // The first place rotates.
            let n_ways = ways.len();
            for at in 0..n_ways {
                if !once_more(engine, ways[(at + n + i) % n_ways])? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// `false`: cancelled.
fn once_more(engine: &mut Engine, outcome: &mut Outcome) -> Result<bool> {
    engine.pools.current = outcome.repeats.pools.clone();
    let (trace, end) = record(engine, outcome.repeats.spec.clone())?;
    if end.finish == Finish::Cancelled || interrupt::is_set() {
        return Ok(false);
    }
    ensure!(
        trace.token_ids() == outcome.ids,
        "the same run of {} under {} gave another result the second time",
        outcome.header.subject.id,
        outcome.header.params.verify.name()
    );
    outcome
        .repeats
        .ms
        .push(Stats::of(&trace).ms().unwrap_or_default());
    Ok(true)
}

/// The speed-up of some runs over their prompts' references: for each round, the ratio
/// over all prompts of the times per token.
pub(crate) fn speed_up(outcomes: &[&Outcome], plain: &[&Outcome]) -> Option<SpeedUp> {
    let rounds = |of: &[&Outcome]| of.iter().map(|o| o.repeats.ms.len()).min();
    let n = rounds(outcomes)?.min(rounds(plain)?);
    let took = |of: &[&Outcome], round| of.iter().map(|o| o.took(round)).sum::<Took>();
    let ratio = |round| took(outcomes, round).over(took(plain, round));
    SpeedUp::of(&(0..n).map(ratio).collect::<Vec<_>>())
}

impl Outcome {
    /// The time of its `round`-th run.
    fn took(&self, round: usize) -> Took {
        Took {
            ms: self.repeats.ms[round],
            tokens: self.stats.tokens,
        }
    }
}

/// Every pair's ratio on one prompt.
pub(crate) fn ratios(outcome: &Outcome, plain: &Outcome) -> Vec<f64> {
    let n = plain.repeats.ms.len().min(outcome.repeats.ms.len());
    let ratio = |round| outcome.took(round).over(plain.took(round));
    (0..n).map(ratio).collect()
}
