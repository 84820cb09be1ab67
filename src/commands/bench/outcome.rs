//! The outcome of a bench run.

use color_eyre::eyre::Result;

use crate::cli::BenchDecodeArgs;
use crate::commands::one_run::record_for_figures;
use crate::console::interrupt;
use crate::engine::{Engine, RunSpec};
use crate::retrieval::Pools;
use crate::speculate::cost::StepCosts;
use crate::speculate::parameters::RULE;
use crate::speculate::params::{AcceptanceRule, Params};
use crate::speculate::quality::LogProb;
use crate::speculate::stats::Stats;
use crate::speculate::trace::Header;
use crate::speculate::verify::Finish;
use crate::speculate::{TokenId, speed_up};

/// What one mode did on one prompt.
pub(crate) struct Outcome {
    pub(crate) ids: Vec<TokenId>,
    pub(crate) stats: Stats,
    /// Tokens predicted by the drafts' estimates, bonus included.
    pub(crate) predicted: f64,
    pub(crate) log_prob: LogProb,
    pub(crate) header: Header,
    /// Milliseconds by the cost profile: of autoregressive steps for the same tokens,
    /// and of its own steps.
    pub(crate) by_profile: Option<(f64, f64)>,
    pub(crate) repeats: Repeats,
}

/// One run of a subject under a rule. `None`: cancelled.
pub(crate) fn outcome(
    engine: &mut Engine,
    spec: &RunSpec,
    params: Params,
) -> Result<Option<Outcome>> {
    let spec = RunSpec {
        params,
        ..spec.clone()
    };
    let pools = engine.pools.current.clone();
    let (trace, end) = record_for_figures(engine, spec.clone())?;
    if end.finish == Finish::Cancelled || interrupt::is_set() {
        return Ok(None);
    }
    let expected = trace.steps.iter().map(|s| s.tree.expected_accepted());
    let stats = Stats::of(&trace);
    let again = RunSpec {
        start: trace.header.start(),
        ..spec
    };
    Ok(Some(Outcome {
        ids: trace.token_ids(),
        by_profile: speed_up::ms_by_profile(&trace.steps, &StepCosts::new(&trace.header.cost)),
        repeats: Repeats::new(again, pools, stats.ms().unwrap_or_default()),
        stats,
        log_prob: LogProb::of(&trace),
        predicted: expected.map(f64::from).sum::<f64>() + trace.steps.len() as f64,
        header: trace.header,
    }))
}

/// A run under every rule. `None`: cancelled.
pub(crate) fn every_way(
    engine: &mut Engine,
    spec: &RunSpec,
    rules: &[AcceptanceRule],
) -> Result<Option<Vec<Outcome>>> {
    let mut outcomes = Vec::new();
    for &verify in rules {
        let params = Params {
            verify,
            ..spec.params
        };
        let Some(outcome) = outcome(engine, spec, params)? else {
            return Ok(None);
        };
        outcomes.push(outcome);
    }
    Ok(Some(outcomes))
}

/// The rule to compare with autoregressive decoding: a lossless one, unless another is
/// requested.
pub(crate) fn compared_rule(args: &BenchDecodeArgs, params: &Params) -> AcceptanceRule {
    match args.decode.given.has(&RULE) {
        true => params.verify,
        false => AcceptanceRule::Strict,
    }
}

/// How to repeat a run, and how long each repetition took.
#[derive(Clone, Debug)]
pub(crate) struct Repeats {
    pub(super) spec: RunSpec,
    /// As the first run found them.
    pub(super) pools: Pools,
    /// Milliseconds of decoding, one per run.
    pub(crate) ms: Vec<f64>,
}

impl Repeats {
    /// `first_ms`: of the first run, made from `spec`.
    pub(crate) fn new(spec: RunSpec, pools: Pools, first_ms: f64) -> Self {
        Repeats {
            spec,
            pools,
            ms: vec![first_ms],
        }
    }
}
