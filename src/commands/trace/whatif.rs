//! `laserscope trace whatif`: a recorded run under other parameters, old -> new.

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::cli::{DecodeArgs, TraceWhatifArgs};
use crate::commands::cells::{percent, two};
use crate::commands::print_json;
use crate::commands::trace::load;
use crate::speculate::params::Params;
use crate::speculate::whatif::{Change, Figures, Knob, OldNew, WhatIf, what_if};

#[derive(Serialize)]
struct WhatIfReport {
    old: String,
    new: String,
    steps: usize,
    /// Steps whose verdict is exact.
    exact_steps: usize,
    /// Counted from 1; `null` if no exact step changes.
    first_change: Option<usize>,
    /// Counted from 1, and the knob for which the recording lacks data.
    first_unknown: Option<(usize, &'static str)>,
    /// Knobs that were moved and need a rerun.
    needs_rerun: Vec<&'static str>,
    exact: Pair,
    /// All steps, each on its recorded context: an indication, exact only for the exact
    /// steps.
    in_recorded_contexts: Pair,
    /// Steps that need the model: the distributions that would decide are not recorded.
    not_recorded: usize,
}

#[derive(Serialize)]
struct Pair {
    old: Shown,
    new: Shown,
}

#[derive(Serialize)]
struct Shown {
    steps: usize,
    tokens: usize,
    mal: Option<f64>,
    relaxed_share: Option<f64>,
    acceptance: Option<f64>,
}

/// Runs the command.
pub(crate) fn run(
    args: &TraceWhatifArgs,
    over: impl Fn(&DecodeArgs, Params) -> Params,
) -> Result<()> {
    let trace = load(&args.trace)?;
    let old = trace.header.params;
    let new = over(&args.decode, old);
    let (change, rerun) = Change::between(&old, &new);
    let answer = what_if(&trace, &change);
    let report = WhatIfReport {
        old: described(&old),
        new: described(&new),
        steps: answer.steps.len(),
        exact_steps: answer.n_exact(),
        first_change: answer.first_change.map(|step| step + 1),
        first_unknown: answer
            .first_unknown
            .map(|(step, knob)| (step + 1, knob.name())),
        needs_rerun: rerun.iter().map(|knob| knob.name()).collect(),
        exact: pair(&answer.exact),
        in_recorded_contexts: pair(&answer.in_recorded_contexts),
        not_recorded: answer.not_recorded,
    };
    match args.json {
        true => print_json(&report)?,
        false => print_text(&report, &answer, &rerun),
    }
    Ok(())
}

fn described(params: &Params) -> String {
    format!(
        "{}, budget {}, branch {}",
        params.verify.describe(),
        params.budget.describe(),
        params.branch
    )
}

fn pair(figures: &OldNew) -> Pair {
    let shown = |f: &Figures| Shown {
        steps: f.steps,
        tokens: f.tokens,
        mal: f.mal(),
        relaxed_share: f.relaxed_share(),
        acceptance: f.acceptance(),
    };
    Pair {
        old: shown(&figures.old),
        new: shown(&figures.new),
    }
}

fn print_text(report: &WhatIfReport, answer: &WhatIf, rerun: &[Knob]) {
    out!("{} -> {}", report.old, report.new);
    let (n, all) = (report.exact_steps, report.steps);
    print_pair(&format!("exact, steps 1 to {n} of {all}"), &report.exact);
    match (report.first_change, answer.first_unknown) {
        (Some(step), _) => out!("  step {step} is the first to commit other tokens"),
        (None, Some((step, knob))) => {
            out!("  unknown from step {} on: {}", step + 1, knob_line(knob));
        }
        (None, None) => out!("  no step commits other tokens"),
    }
    if n < all {
        out!("  steps {} to {all} need {}", n + 1, answer.needed());
        print_inexact(report);
    }
    for &knob in rerun {
        out!("  needs rerun: {}", knob_line(knob));
    }
}

/// Every step that can be judged.
fn print_inexact(report: &WhatIfReport) {
    let judged = match report.steps - report.not_recorded {
        0 => return,
        n if n == report.steps => "all steps".to_string(),
        n => format!("{n} steps that can be judged"),
    };
    let name = format!("{judged} on the recorded contexts, not exact");
    print_pair(&name, &report.in_recorded_contexts);
}

fn knob_line(knob: Knob) -> String {
    format!("{} ({})", knob.name(), knob.why())
}

fn print_pair(name: &str, pair: &Pair) {
    let Pair { old, new } = pair;
    out!(
        "  {name}: MAL {} -> {}, relaxed share {} -> {}, acceptance {} -> {}",
        two(old.mal),
        two(new.mal),
        percent(old.relaxed_share),
        percent(new.relaxed_share),
        percent(old.acceptance),
        percent(new.acceptance)
    );
}
