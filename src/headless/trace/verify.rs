//! `laserscope trace verify`: a recorded run once more on the model. Its trees
//! are taken as recorded, so that nothing depends on timing.

use color_eyre::eyre::{Result, ensure};
use serde::Serialize;

use super::{load, token};
use crate::cli::TraceVerifyArgs;
use crate::engine::{Engine, Replayed};
use crate::headless::progress::Line;
use crate::headless::report::RanOn;
use crate::headless::{interrupt, open, print_json};
use crate::session::Settings;
use crate::speculate::trace::{ModelInfo, Step, Trace};

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    on: RanOn,
    verified: bool,
    /// Steps that were compared.
    steps: usize,
    of: usize,
    /// Largest difference of a probability met.
    largest_difference: f32,
    tolerance: f32,
    first_difference: Option<Difference>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Difference {
    /// Counted from 1.
    step: usize,
    /// `ids`, `verdict` or `probability`.
    what: &'static str,
    explanation: String,
}

/// Runs the command. `Ok(false)`: it differs, or cancelled.
pub fn run(args: &TraceVerifyArgs, settings: &Settings) -> Result<bool> {
    let trace = load(&args.trace)?;
    let (_, mut engine) = open(settings)?;
    refuse_another_model(&trace.header.model, &engine.info)?;
    tell_other_arithmetic(&trace, &engine);
    let Some((steps, largest, difference)) = compare(&mut engine, &trace, args.tolerance)? else {
        return Ok(false);
    };
    let report = Report {
        on: RanOn::of(&engine),
        verified: difference.is_none(),
        steps,
        of: trace.steps.len(),
        largest_difference: largest,
        tolerance: args.tolerance,
        first_difference: difference,
    };
    match (args.json, &report.first_difference) {
        (true, _) => print_json(&report)?,
        (false, None) => out!(
            "verified: {steps} steps gave the same ids and verdicts; probabilities differ by at most {largest:.1e} (tolerance {:.0e})",
            args.tolerance
        ),
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

/// Recorded under other arithmetic, probabilities may be further apart than rounding:
/// ids and verdicts are what counts.
fn tell_other_arithmetic(trace: &Trace, engine: &Engine) {
    let now = engine.arithmetic();
    let Some(then) = trace
        .header
        .arithmetic
        .as_ref()
        .filter(|then| **then != now)
    else {
        return;
    };
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
}

fn refuse_another_model(recorded: &ModelInfo, loaded: &ModelInfo) -> Result<()> {
    ensure!(
        recorded.tokenizer_hash == loaded.tokenizer_hash,
        "the trace was recorded with another tokenizer, that of {}; {} is loaded: name the trace's model with --model",
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
        format!("{name} ({architecture}, {dtype}, {file_bytes} bytes)")
    };
    ensure!(
        what(recorded) == what(loaded),
        "the trace was recorded with {}, and {} is loaded: name the trace's model with --model",
        what(recorded),
        what(loaded)
    );
    Ok(())
}

/// Steps compared, the largest difference of a probability, the first difference
/// that counts. `None`: cancelled.
fn compare(
    engine: &mut Engine,
    trace: &Trace,
    tolerance: f32,
) -> Result<Option<(usize, f32, Option<Difference>)>> {
    let mut line = Line::new();
    let mut run = engine.begin_again(&trace.header, &mut |_, _| !interrupt::is_set())?;
    let mut largest = 0.0f32;
    for (i, step) in trace.steps.iter().enumerate() {
        if interrupt::is_set() {
            return Ok(None);
        }
        line.show(&format!("step {}/{}", i + 1, trace.steps.len()));
        let replayed = run.replay(step)?;
        let (apart, node) = furthest(step, &replayed);
        largest = largest.max(apart);
        let found = other_ids(trace, step, &replayed)
            .or_else(|| other_verdict(trace, step, &replayed))
            .or_else(|| (apart > tolerance).then(|| other_probability(step, apart, node)));
        if found.is_some() {
            return Ok(Some((i + 1, largest, found)));
        }
    }
    Ok(Some((trace.steps.len(), largest, None)))
}

fn difference(step: &Step, what: &'static str, explanation: String) -> Option<Difference> {
    Some(Difference {
        step: step.index + 1,
        what,
        explanation,
    })
}

/// The model chooses another token somewhere in the tree.
fn other_ids(trace: &Trace, step: &Step, now: &Replayed) -> Option<Difference> {
    let mut rows = step.rows.iter().zip(&now.rows).enumerate();
    let (node, (was, is)) = rows.find(|(_, (was, is))| was.choice() != is.choice())?;
    let p = |row: &crate::speculate::row::NodeRow| row.choice_standing().p;
    let explanation = format!(
        "after node {node} the model chose {} ({:.4}), and now {} (id {}, {:.4})",
        token(trace, was.choice()),
        p(was),
        token(trace, is.choice()),
        is.choice(),
        p(is)
    );
    difference(step, "ids", explanation)
}

fn other_verdict(trace: &Trace, step: &Step, now: &Replayed) -> Option<Difference> {
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
    difference(step, "verdict", explanation)
}

fn other_probability(step: &Step, apart: f32, node: usize) -> Difference {
    Difference {
        step: step.index + 1,
        what: "probability",
        explanation: format!("after node {node} a probability is {apart:.1e} off"),
    }
}

/// The largest difference of a probability, and the node of whose row it is.
fn furthest(step: &Step, now: &Replayed) -> (f32, usize) {
    let mut furthest = (0.0, 0);
    let mut see = |apart: f32, node: usize| {
        if apart > furthest.0 || apart.is_nan() {
            furthest = (if apart.is_nan() { f32::INFINITY } else { apart }, node);
        }
    };
    for (node, (was, is)) in step.rows.iter().zip(&now.rows).enumerate() {
        let pairs = was.top.iter().zip(&is.top);
        pairs.for_each(|(a, b)| see((a.1 - b.1).abs(), node));
    }
    for (i, (was, is)) in step.judged.iter().zip(&now.judged).enumerate() {
        let parent = step.tree.nodes[i + 1].parent.unwrap_or(0);
        see((was.p - is.p).abs(), parent);
    }
    furthest
}
