//! `laserscope bench decode --paired N`: is drafting ever slower than not
//! drafting? Pairs of runs of one prompt, in turns, so that what slows the
//! machine slows both; the median of their ratios counts.

use color_eyre::eyre::Result;
use serde::Serialize;

use super::bench::{Outcome, compared_rule, outcome};
use super::print_json;
use super::progress::Line;
use super::report::RanOn;
use crate::cli::BenchDecodeArgs;
use crate::engine::{Engine, RunSpec};
use crate::speculate::params::{Params, Verify};
use crate::speculate::trace::Timing;

/// Speed of drafting over that of not drafting, on one prompt.
#[derive(Clone, Debug, Serialize)]
struct PromptRatio {
    subject: String,
    /// Median over the pairs.
    ratio: f64,
    ratios: Vec<f64>,
    mal: f64,
    /// Mean rows of a forward pass.
    rows: f64,
    tokens: usize,
}

#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    on: RanOn,
    verify: &'static str,
    params: Params,
    pairs: usize,
    prompts: Vec<PromptRatio>,
    worst: Option<PromptRatio>,
    /// Milliseconds a step of all drafting runs ..
    step_ms: Timing,
    /// .. and of all autoregressive ones.
    autoregressive_step_ms: Timing,
    /// Time of all autoregressive runs over that of all drafting ones.
    total_ratio: f64,
}

/// Times of many runs.
#[derive(Default)]
struct Spent {
    timing: Timing,
    steps: usize,
}

/// Runs the bench. `Ok(false)`: cancelled.
pub fn run(
    args: &BenchDecodeArgs,
    engine: &mut Engine,
    specs: &[RunSpec],
    n_pairs: usize,
) -> Result<bool> {
    let mut line = Line::new();
    let mut prompts = Vec::new();
    let mut spent = <[Spent; 2]>::default();
    for (i, spec) in specs.iter().enumerate() {
        line.show(&format!("{}/{} {}", i + 1, specs.len(), spec.subject.title));
        let Some(prompt) = pairs(args, engine, spec, n_pairs, &mut spent)? else {
            return Ok(false);
        };
        prompts.push(prompt);
    }
    drop(line);
    let params = specs.first().map(|s| s.params).unwrap_or_default();
    let worst = prompts.iter().min_by(|a, b| a.ratio.total_cmp(&b.ratio));
    let report = Report {
        on: RanOn::of(engine),
        verify: compared_rule(args, &params).name(),
        params,
        pairs: n_pairs,
        worst: worst.cloned(),
        prompts,
        total_ratio: spent[0].timing.total() / spent[1].timing.total().max(1e-9),
        step_ms: spent[1].a_step(),
        autoregressive_step_ms: spent[0].a_step(),
    };
    if args.json {
        print_json(&report)?;
    } else {
        print(&report);
    }
    Ok(true)
}

/// `None`: cancelled.
fn pairs(
    args: &BenchDecodeArgs,
    engine: &mut Engine,
    spec: &RunSpec,
    n_pairs: usize,
    spent: &mut [Spent; 2],
) -> Result<Option<PromptRatio>> {
    let rule = compared_rule(args, &spec.params);
    let with = |verify| Params {
        verify,
        ..spec.params
    };
    let mut ratios = Vec::new();
    let mut last = None;
    for i in 0..n_pairs.max(1) {
        // Neither always goes first.
        let is_plain_first = i % 2 == 0;
        let order = match is_plain_first {
            true => [Verify::Autoregressive, rule],
            false => [rule, Verify::Autoregressive],
        };
        let (Some(one), Some(two)) = (
            outcome(engine, spec, with(order[0]))?,
            outcome(engine, spec, with(order[1]))?,
        ) else {
            return Ok(None);
        };
        let (plain, drafted) = if is_plain_first {
            (one, two)
        } else {
            (two, one)
        };
        ratios.push(ms_a_token(&plain) / ms_a_token(&drafted));
        spent[0].add(&plain);
        spent[1].add(&drafted);
        last = Some(drafted);
    }
    Ok(last.map(|drafted| PromptRatio {
        subject: spec.subject.id.clone(),
        ratio: median(&ratios),
        ratios,
        mal: drafted.stats.mal().unwrap_or(1.0),
        rows: drafted.stats.rows as f64 / drafted.stats.steps.max(1) as f64,
        tokens: drafted.stats.tokens,
    }))
}

fn ms_a_token(outcome: &Outcome) -> f64 {
    outcome.stats.timing.total() / outcome.stats.tokens.max(1) as f64
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

impl Spent {
    fn add(&mut self, outcome: &Outcome) {
        self.timing.add(&outcome.stats.timing);
        self.steps += outcome.stats.steps;
    }

    fn a_step(&self) -> Timing {
        let n = self.steps.max(1) as f64;
        let Timing {
            retrieve,
            draft,
            forward,
            verify,
            commit,
        } = self.timing;
        Timing {
            retrieve: retrieve / n,
            draft: draft / n,
            forward: forward / n,
            verify: verify / n,
            commit: commit / n,
        }
    }
}

fn print(report: &Report) {
    out!(
        "{} on {}; {} prompts, {} pairs each, {} against autoregressive, budget {}",
        report.on.model,
        report.on.device,
        report.prompts.len(),
        report.pairs,
        report.verify,
        report.params.budget.describe()
    );
    out!("prompt       speed-up     least      most    MAL   rows  tokens");
    for p in &report.prompts {
        let (least, most) = p
            .ratios
            .iter()
            .fold((f64::MAX, 0.0f64), |(l, m), &r| (l.min(r), m.max(r)));
        out!(
            "{:<12}{:>8.2}x{least:>9.2}x{most:>9.2}x{:>7.2}{:>7.1}{:>8}",
            p.subject,
            p.ratio,
            p.mal,
            p.rows,
            p.tokens
        );
    }
    out!("all together {:.2}x", report.total_ratio);
    if let Some(worst) = &report.worst {
        out!("worst: {} at {:.3}x", worst.subject, worst.ratio);
    }
    out!("ms a step      retrieve   draft  forward   verify   commit");
    for (name, t) in [
        ("autoregressive", &report.autoregressive_step_ms),
        (report.verify, &report.step_ms),
    ] {
        out!(
            "{name:<15}{:>8.3}{:>8.3}{:>9.3}{:>9.3}{:>9.3}",
            t.retrieve,
            t.draft,
            t.forward,
            t.verify,
            t.commit
        );
    }
}
