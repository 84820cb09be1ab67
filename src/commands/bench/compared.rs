//! One rule against autoregressive decoding, prompt by prompt: is drafting ever slower
//! than not drafting?

use serde::Serialize;

use crate::commands::bench::outcome::Outcome;
use crate::commands::bench::paired::ratios;
use crate::speculate::params::AcceptanceRule;
use crate::speculate::speed_up::SpeedUp;
use crate::speculate::trace::Timing;

/// Speed of drafting over that of not drafting, on one prompt.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PromptRatio {
    /// Median over the pairs.
    #[serde(rename = "speedup")]
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// The same median under its former name, unless a rule has that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<f64>,
    pub(crate) ratios: Vec<f64>,
    pub(crate) mal: f64,
    /// Mean rows of a forward pass.
    pub(crate) rows: f64,
    pub(crate) tokens: usize,
}

/// The prompt with the lowest speed-up.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Worst {
    pub(crate) subject: String,
    #[serde(flatten)]
    pub(crate) figures: PromptRatio,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct ComparedRule {
    /// The rule of the fields below, and of the prompts' ratios.
    pub(crate) verify: &'static str,
    pub(crate) pairs: usize,
    pub(crate) worst: Option<Worst>,
    /// Milliseconds per step of the rule's first runs ..
    pub(crate) step_ms: Timing,
    /// .. and of the autoregressive ones.
    pub(crate) autoregressive_step_ms: Timing,
    /// Time of all autoregressive runs over that of all drafting ones.
    pub(crate) total_ratio: f64,
}

impl PromptRatio {
    pub(crate) fn of(drafted: &Outcome, plain: &Outcome) -> Self {
        let ratios = ratios(drafted, plain);
        let measured = SpeedUp::of(&ratios);
        let median = measured.map_or(0.0, |s| s.median);
        PromptRatio {
            median,
            low: measured.map_or(0.0, |s| s.low),
            high: measured.map_or(0.0, |s| s.high),
            ratio: (drafted.header.params.verify.name() != "ratio").then_some(median),
            ratios,
            mal: drafted.stats.mal().unwrap_or(1.0),
            rows: drafted.stats.rows as f64 / drafted.stats.steps.max(1) as f64,
            tokens: drafted.stats.tokens,
        }
    }
}

impl ComparedRule {
    /// `at`: the rule's index among a prompt's outcomes.
    pub(crate) fn of(rule: AcceptanceRule, at: usize, answered: &[Vec<Outcome>]) -> Self {
        let ms = |at: usize| {
            let all = answered.iter().flat_map(|o| &o[at].repeats.ms);
            all.sum::<f64>()
        };
        let worst = |outcomes: &Vec<Outcome>| Worst {
            subject: outcomes[at].header.subject.id.clone(),
            figures: PromptRatio::of(&outcomes[at], &outcomes[0]),
        };
        let worst = answered.iter().map(worst);
        let pairs = answered.iter().map(|o| o[at].repeats.ms.len()).min();
        ComparedRule {
            verify: rule.name(),
            pairs: pairs.unwrap_or(0),
            worst: worst.min_by(|a, b| a.figures.median.total_cmp(&b.figures.median)),
            step_ms: a_step(answered.iter().map(|o| &o[at])),
            autoregressive_step_ms: a_step(answered.iter().map(|o| &o[0])),
            total_ratio: ms(0) / ms(at).max(1e-9),
        }
    }
}

fn a_step<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Timing {
    let (mut sum, mut steps) = (Timing::default(), 0);
    for stats in outcomes.map(|outcome| &outcome.stats) {
        sum.add(&stats.timing.unwrap_or_default());
        steps += stats.steps - stats.untimed_steps;
    }
    sum.over(steps)
}
