//! `laserscope generate --from TRACE` and `--branch-of TRACE:STEP`: repeats a recorded
//! run from its header, or branches from one of its steps.

use std::path::Path;

use color_eyre::eyre::{Result, ensure};

use crate::cli::CalibrationChoice;
use crate::cli::{BranchPoint, GenerateArgs};
use crate::commands::one_run::one;
use crate::commands::open;
use crate::config::Settings;
use crate::engine::{Engine, RunSpec};
use crate::protocol::PromptText;
use crate::session::recorded::load_trace;
use crate::speculate::params::Params;
use crate::speculate::same_run::differences;
use crate::speculate::trace::{Header, Step, Trace};

/// Repeats a recorded run; `over` applies options to its parameters. `Ok(false)`:
/// cancelled.
///
/// # Errors
/// A trace that cannot be read, or of another tokenizer; the model's errors.
pub(crate) fn from(
    args: &GenerateArgs,
    settings: &Settings,
    path: &Path,
    over: impl Fn(Params) -> Params,
) -> Result<bool> {
    let recorded = load_trace(path)?;
    let header = &recorded.header;
    let (catalog, mut engine) = open(&settings.as_recorded(header))?;
    prepare(&mut engine, header)?;
    let mut spec = RunSpec::again(header);
    spec.params = over(header.params);
    spec.start = header.start_under(&spec.params);
    asked_otherwise(&mut spec, settings);
    let changed = spec.params != header.params;
    let Some(trace) = one(args, &catalog, &mut engine, spec)? else {
        return Ok(false);
    };
    for difference in differences(header, &trace.header) {
        note!("{}", difference.describe());
    }
    if !changed {
        note!("{}", compared(&recorded, &trace));
    }
    Ok(true)
}

/// Branches a recorded run. `Ok(false)`: cancelled.
///
/// # Errors
/// As [`from`]; a step that the run does not have.
pub(crate) fn branch(
    args: &GenerateArgs,
    settings: &Settings,
    point: &BranchPoint,
    over: impl Fn(Params) -> Params,
) -> Result<bool> {
    let trace = load_trace(&point.trace)?;
    let n_steps = trace.steps.len();
    let shown = format!("--branch-of {}:{}", point.trace.display(), point.step + 1);
    ensure!(point.step < n_steps, "{shown}: the run has {n_steps} steps");
    let n_tokens = trace.steps[point.step].verdict.n_committed();
    ensure!(
        point.within <= n_tokens,
        "{shown}+{}: that step committed {n_tokens} tokens",
        point.within
    );
    let header = &trace.header;
    let (catalog, mut engine) = open(&settings.as_recorded(header))?;
    prepare(&mut engine, header)?;
    let params = over(trace.params_at(point.step));
    let prompt = PromptText::recorded(header);
    let mut spec = RunSpec {
        branch: Some(trace.branch_at(point.step, point.within, args.force_token)),
        start: trace.start_before(point.step, &params),
        ..RunSpec::new(header.subject.clone(), prompt, params)
    };
    asked_otherwise(&mut spec, settings);
    Ok(one(args, &catalog, &mut engine, spec)?.is_some())
}

/// Prepares the engine as for the recorded run.
fn prepare(engine: &mut Engine, recorded: &Header) -> Result<()> {
    ensure!(
        recorded.model.tokenizer_hash == engine.model.info.tokenizer_hash,
        "the run was recorded with {}, and {} has another tokenizer: choose its model with --model",
        recorded.model.name,
        engine.model.info.name
    );
    engine.pools.own_documents = recorded.own_documents.unwrap_or(engine.pools.own_documents);
    Ok(())
}

/// Options override what was recorded.
fn asked_otherwise(spec: &mut RunSpec, settings: &Settings) {
    if settings.cost.is_some() {
        spec.start.cost = None;
    }
    if settings.calibration != CalibrationChoice::Shipped {
        spec.start.calibration = None;
    }
}

/// Whether a repeated run equals the recorded one.
fn compared(then: &Trace, now: &Trace) -> String {
    let is_same = |(a, b): &(&Step, &Step)| a.tree == b.tree && a.verdict == b.verdict;
    let n_same = then
        .steps
        .iter()
        .zip(&now.steps)
        .take_while(is_same)
        .count();
    let n = then.steps.len();
    match n_same == n && now.steps.len() == n {
        true => format!("as recorded: all {n} steps have the same trees and verdicts"),
        false => format!("differs from the recorded run from step {} on", n_same + 1),
    }
}
