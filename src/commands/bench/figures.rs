//! Figures of runs compared with autoregressive runs of the same prompts.

use std::borrow::Borrow;

use serde::Serialize;

use super::outcome::Outcome;
use crate::commands::bench::paired;
use crate::speculate::TokenId;
use crate::speculate::compare::in_common;
use crate::speculate::stats::{Stats, agreement, repetition};

/// Figures of one mode, on one prompt or over all.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ModeFigures {
    pub(crate) tokens: usize,
    pub(crate) steps: usize,
    pub(crate) mal: f64,
    /// Share of repeated 4-grams.
    pub(crate) repetition: f64,
    pub(crate) tokens_per_s: f64,
    /// Against the autoregressive runs of the same prompts, in pairs: the median ..
    pub(crate) speedup: f64,
    /// .. and its 95% interval.
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Runs of each prompt.
    pub(crate) pairs: usize,
    /// The speed-up of these steps by the cost profile: an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) speedup_by_profile: Option<f64>,
    /// Share of positions that hold the autoregressive run's token.
    pub(crate) agreement: f64,
    /// Share of both texts' tokens that are equal once the texts are aligned.
    pub(crate) in_common: f64,
    /// Accepted and relaxed over drafted.
    pub(crate) acceptance: f64,
    pub(crate) pool_hit_rate: f64,
    /// Mean log-probability of the committed tokens under the model, in nats.
    pub(crate) mean_log_prob: f64,
    /// Mean rows of a forward pass.
    pub(crate) rows: f64,
    /// MAL as predicted by the drafts' estimates.
    pub(crate) predicted_mal: f64,
}

/// Runs with the autoregressive runs of the same prompts, in the same order.
pub(crate) fn mode_figures<O: Borrow<Outcome>>(outcomes: &[O], plain: &[O]) -> ModeFigures {
    let outcomes: Vec<&Outcome> = outcomes.iter().map(Borrow::borrow).collect();
    let plain: Vec<&Outcome> = plain.iter().map(Borrow::borrow).collect();
    let all = || outcomes.iter().copied();
    let mean_beside = |measure: fn(&[TokenId], &[TokenId]) -> f64| {
        let pairs = plain.iter().zip(all());
        let values = pairs.map(|(p, o)| measure(&p.ids, &o.ids));
        values.sum::<f64>() / outcomes.len() as f64
    };
    let sum = |get: fn(&Stats) -> usize| all().map(|o| get(&o.stats)).sum::<usize>();
    let (tokens, steps) = (sum(|s| s.tokens), sum(|s| s.steps));
    let per_step = |n: usize| n as f64 / steps.max(1) as f64;
    let drafted = sum(|s| s.fates.drafted()).max(1);
    let measured = paired::speed_up(&outcomes, &plain);
    let repeated: f64 = all().map(|o| repetition(&o.ids)).sum();
    ModeFigures {
        tokens,
        steps,
        mal: per_step(tokens),
        repetition: repeated / outcomes.len() as f64,
        tokens_per_s: speed(&outcomes),
        speedup: measured.map_or(0.0, |s| s.median),
        low: measured.map_or(0.0, |s| s.low),
        high: measured.map_or(0.0, |s| s.high),
        pairs: measured.map_or(0, |s| s.pairs),
        speedup_by_profile: by_profile(&outcomes),
        agreement: mean_beside(agreement),
        in_common: mean_beside(in_common),
        acceptance: sum(|s| s.fates.committed()) as f64 / drafted as f64,
        pool_hit_rate: per_step(sum(|s| s.hit_steps)),
        mean_log_prob: mean_log_prob(all()),
        rows: per_step(sum(|s| s.rows)),
        predicted_mal: all().map(|o| o.predicted).sum::<f64>() / steps.max(1) as f64,
    }
}

/// Tokens per second over all runs.
fn speed(outcomes: &[&Outcome]) -> f64 {
    let ms: f64 = outcomes.iter().flat_map(|o| &o.repeats.ms).sum();
    let tokens = outcomes.iter().map(|o| o.stats.tokens * o.repeats.ms.len());
    tokens.sum::<usize>() as f64 * 1000.0 / ms.max(1e-9)
}

fn by_profile(outcomes: &[&Outcome]) -> Option<f64> {
    let sums = outcomes.iter().map(|o| o.by_profile);
    let sums = sums.collect::<Option<Vec<(f64, f64)>>>()?;
    let (plain, own) = sums
        .iter()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
    (own > 0.0).then(|| plain / own)
}

fn mean_log_prob<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> f64 {
    let (sum, tokens) = outcomes.fold((0.0, 0), |(sum, tokens), outcome| {
        let found = outcome.log_prob;
        (sum + found.sum, tokens + found.tokens)
    });
    sum / tokens.max(1) as f64
}
