//! `laserscope trace verify`: runs the recorded trees through the model again, so that
//! nothing depends on timing.

use color_eyre::eyre::{Result, bail, ensure};
use serde::Serialize;

use crate::cli::TraceVerifyArgs;
use crate::commands::report::RanOn;
use crate::commands::trace::{load, token};
use crate::commands::{open, print_json};
use crate::config::Settings;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::engine::{Engine, Replayed};
use crate::speculate::explain::NOT_RECORDED;
use crate::speculate::trace::{ModelInfo, Step, Trace};

#[derive(Serialize)]
struct VerifyReport {
    #[serde(flatten)]
    on: RanOn,
    verified: bool,
    /// Steps that were compared.
    steps: usize,
    of: usize,
    /// Rows of these steps that are not recorded: they were not compared.
    rows_not_recorded: usize,
    /// Largest difference of a probability.
    largest_difference: f32,
    tolerance: f32,
    first_difference: Option<VerifyDifference>,
    /// Near-ties decided differently under other arithmetic; these are not failures.
    numeric: Vec<NearTie>,
}

/// A choice or verdict that differs, with all probabilities of its step within the
/// tolerance.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct NearTie {
    #[serde(flatten)]
    difference: VerifyDifference,
    /// The recorded difference of the two tokens' probabilities, `null` if there is none;
    /// for a verdict, the largest change of a probability in its step.
    margin: Option<f32>,
}

/// By how much a probability may differ under the arithmetic that recorded it, and under
/// another.
const TOLERANCE: [f32; 2] = [1e-3, 0.2];

#[derive(Clone, Debug, PartialEq, Serialize)]
struct VerifyDifference {
    /// Counted from 1.
    step: usize,
    /// `ids`, `verdict` or `probability`.
    what: &'static str,
    explanation: String,
}

/// Runs the command. `Ok(false)`: it differs, or cancelled.
pub(crate) fn run(args: &TraceVerifyArgs, settings: &Settings) -> Result<bool> {
    let trace = load(&args.trace)?;
    if let Some(log) = &trace.header.log {
        bail!(
            "the run was made of an entry of {}: no model of this program generated it; \
             `laserscope score {} --open {} --judge` holds it against one",
            log.log,
            log.log,
            log.id
        );
    }
    let (_, mut engine) = open(&settings.as_recorded(&trace.header))?;
    refuse_another_model(&trace.header.model, &engine.model.info)?;
    let is_other = tell_other_arithmetic(&trace, &engine);
    let bounds = Bounds {
        tolerance: args.tolerance.unwrap_or(TOLERANCE[usize::from(is_other)]),
        is_other,
    };
    let Some(compared) = compare(&mut engine, &trace, bounds)? else {
        return Ok(false);
    };
    let report = VerifyReport {
        on: RanOn::of(&engine),
        verified: compared.difference.is_none(),
        steps: compared.steps,
        of: trace.steps.len(),
        rows_not_recorded: rows_not_recorded(&trace.steps[..compared.steps]),
        largest_difference: compared.largest,
        tolerance: bounds.tolerance,
        first_difference: compared.difference,
        numeric: compared.numeric,
    };
    match (args.json, &report.first_difference) {
        (true, _) => print_json(&report)?,
        (false, None) => print_verified(&report),
        (false, Some(found)) => out!(
            "DIFFERENT in step {} of {}: {}: {}",
            found.step,
            report.of,
            found.what,
            found.explanation
        ),
    }
    Ok(report.verified)
}

fn rows_not_recorded(steps: &[Step]) -> usize {
    let rows = steps.iter().flat_map(|step| &step.rows);
    rows.filter(|row| row.is_none()).count()
}

fn print_verified(report: &VerifyReport) {
    let VerifyReport {
        steps,
        largest_difference,
        tolerance,
        numeric,
        ..
    } = report;
    out!(
        "verified: {steps} steps gave the same ids and verdicts{}; probabilities differ by at most \
         {largest_difference:.1e} (tolerance {tolerance:.0e})",
        match numeric.len() {
            0 => String::new(),
            1 => " except at one near-tie".to_string(),
            n => format!(" except at {n} near-ties"),
        }
    );
    if report.rows_not_recorded > 0 {
        out!(
            "{} rows are {NOT_RECORDED}: of them, only what was committed was compared",
            report.rows_not_recorded
        );
    }
    for NearTie { difference, margin } in numeric {
        out!(
            "numeric in step {}: {}: {}; margin {}",
            difference.step,
            difference.what,
            difference.explanation,
            margin.map_or(NOT_RECORDED.into(), |margin| format!("{margin:.4}"))
        );
    }
}

/// Whether it was recorded under other arithmetic; if so, says it. Probabilities may
/// then differ by more than rounding, and ids and verdicts count, except at near-ties.
fn tell_other_arithmetic(trace: &Trace, engine: &Engine) -> bool {
    let now = engine.model.arithmetic();
    let Some(then) = &trace.header.arithmetic else {
        note!("recorded by a version that did not record its arithmetic");
        return true;
    };
    if *then == now {
        return false;
    }
    note!(
        "recorded under other arithmetic (revision {}, {}, keys and values {}; now revision {}, {}, {}): \
         compared by ids, verdicts and a tolerance",
        then.revision,
        then.instructions,
        then.kv,
        now.revision,
        now.instructions,
        now.kv
    );
    true
}

fn refuse_another_model(recorded: &ModelInfo, loaded: &ModelInfo) -> Result<()> {
    ensure!(
        recorded.tokenizer_hash == loaded.tokenizer_hash,
        "the trace was recorded with another tokenizer, that of {}; {} is loaded: choose the \
        trace's model with --model",
        recorded.name,
        loaded.name
    );
    let what = |m: &ModelInfo| {
        let ModelInfo {
            name,
            architecture,
            dtype,
            file_bytes,
            ..
        } = m;
        let word = |word: &Option<String>| word.clone().unwrap_or(NOT_RECORDED.into());
        let bytes = file_bytes.map_or(NOT_RECORDED.into(), |n| format!("{n} bytes"));
        format!("{name} ({}, {}, {bytes})", word(architecture), word(dtype))
    };
    ensure!(
        what(recorded) == what(loaded),
        "the trace was recorded with {}, but {} is loaded: choose the trace's model with --model",
        what(recorded),
        what(loaded)
    );
    Ok(())
}

/// What may differ.
#[derive(Clone, Copy)]
struct Bounds {
    tolerance: f32,
    /// Recorded under other arithmetic.
    is_other: bool,
}

/// The result of comparing.
struct Compared {
    steps: usize,
    /// Largest difference of a probability.
    largest: f32,
    /// The first difference that counts.
    difference: Option<VerifyDifference>,
    numeric: Vec<NearTie>,
}

/// `None`: cancelled.
fn compare(engine: &mut Engine, trace: &Trace, bounds: Bounds) -> Result<Option<Compared>> {
    let mut line = Line::new();
    let mut run = engine.begin_again(&trace.header, &mut |_, _| !interrupt::is_set())?;
    let mut compared = Compared {
        steps: trace.steps.len(),
        largest: 0.0,
        difference: None,
        numeric: Vec::new(),
    };
    for (i, step) in trace.steps.iter().enumerate() {
        if interrupt::is_set() {
            return Ok(None);
        }
        let text = format!("step {}/{}", i + 1, trace.steps.len());
        line.timed_part(i as u64, trace.steps.len() as u64, &text);
        let replayed = run.replay(step)?;
        let (apart, node) = furthest(step, &replayed);
        compared.largest = compared.largest.max(apart);
        let is_near = apart <= bounds.tolerance;
        let other = other_ids(trace, step, &replayed)
            .or_else(|| Some((other_verdict(trace, step, &replayed)?, Some(apart))));
        let counts = match other {
            Some((difference, margin)) if bounds.is_other && is_near => {
                compared.numeric.push(NearTie { difference, margin });
                continue;
            }
            Some((difference, _)) => Some(difference),
            None => (!is_near).then(|| other_probability(step, apart, node)),
        };
        if counts.is_some() {
            compared.steps = i + 1;
            compared.difference = counts;
            return Ok(Some(compared));
        }
    }
    Ok(Some(compared))
}

fn difference(step: &Step, what: &'static str, explanation: String) -> VerifyDifference {
    VerifyDifference {
        step: step.index + 1,
        what,
        explanation,
    }
}

/// A node where the model now chooses another token, and the margin between the two, if
/// it is recorded. What was committed counts where no distribution is recorded.
fn other_ids(
    trace: &Trace,
    step: &Step,
    now: &Replayed,
) -> Option<(VerifyDifference, Option<f32>)> {
    let differs = |node: usize| {
        let was = step.scored().choice(node)?;
        let is = now.rows[node].as_ref()?;
        let choice = is.choice().filter(|&choice| choice != was)?;
        Some((node, was, choice, is))
    };
    let (node, was, choice, is) = (0..now.rows.len()).find_map(differs)?;
    let recorded = step.row(node);
    let p_was = recorded.and_then(|row| Some(row.choice_score()?.p));
    let written = |p: Option<f32>| p.map_or(NOT_RECORDED.into(), |p| format!("{p:.4}"));
    let explanation = format!(
        "after node {node} the model chose {} ({}), and now {} (id {choice}, {})",
        token(trace, was),
        written(p_was),
        token(trace, choice),
        written(is.choice_score().map(|score| score.p))
    );
    let then = recorded.and_then(|row| row.top.iter().find(|c| c.0 == choice));
    let margin = p_was.map(|p| p - then.map_or(0.0, |candidate| candidate.1));
    Some((difference(step, "ids", explanation), margin))
}

fn other_verdict(trace: &Trace, step: &Step, now: &Replayed) -> Option<VerifyDifference> {
    if now.verdict == step.verdict {
        return None;
    }
    let committed = |verdict: &crate::speculate::verify::Verdict| {
        let tokens = verdict.committed(&step.tree);
        let tokens: Vec<String> = tokens.map(|(id, _)| token(trace, id)).collect();
        tokens.join(" ")
    };
    let fates = step.verdict.fates.iter().zip(&now.verdict.fates);
    let n_other = fates.filter(|(was, is)| was != is).count();
    let explanation = format!(
        "committed {}, and now {}; {n_other} fates differ",
        committed(&step.verdict),
        committed(&now.verdict)
    );
    Some(difference(step, "verdict", explanation))
}

fn other_probability(step: &Step, apart: f32, node: usize) -> VerifyDifference {
    let explanation = format!("after node {node} a probability is {apart:.1e} off");
    difference(step, "probability", explanation)
}

/// The largest difference of a probability, and its node.
fn furthest(step: &Step, now: &Replayed) -> (f32, usize) {
    let mut furthest = (0.0, 0);
    let mut see = |apart: f32, node: usize| {
        if apart > furthest.0 || apart.is_nan() {
            furthest = (if apart.is_nan() { f32::INFINITY } else { apart }, node);
        }
    };
    for (node, (was, is)) in step.rows.iter().zip(&now.rows).enumerate() {
        let (Some(was), Some(is)) = (was, is) else {
            continue;
        };
        let pairs = was.top.iter().zip(&is.top);
        pairs.for_each(|(a, b)| see((a.1 - b.1).abs(), node));
    }
    for (i, (was, is)) in step.judged.iter().zip(&now.judged).enumerate() {
        let (Some(was), Some(is)) = (was, is) else {
            continue;
        };
        let parent = step.tree.nodes[i + 1].parent.unwrap_or(0);
        see((was.p - is.p).abs(), parent);
    }
    furthest
}
