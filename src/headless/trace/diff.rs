//! `laserscope trace diff`: where two runs' texts part, and why.

use color_eyre::eyre::Result;
use serde::Serialize;

use super::{load, token};
use crate::cli::TraceDiffArgs;
use crate::headless::print_json;
use crate::speculate::TokenId;
use crate::speculate::compare::{Cause, Divergence, Margin, Side, Taken, divergence, in_common};
use crate::speculate::explain::prob;
use crate::speculate::stats::agreement;
use crate::speculate::trace::Trace;

#[derive(Serialize)]
struct Difference {
    /// No token differs.
    same: bool,
    tokens: [usize; 2],
    /// Share of positions that hold the same token.
    agreement: f64,
    /// Share of both texts' tokens that are equal once the texts are aligned.
    in_common: f64,
    first_difference: Option<Place>,
}

#[derive(Serialize)]
struct Place {
    /// Index of the token in the answer.
    at: usize,
    /// Steps are counted from 1; `null` where a text has ended.
    left: Option<ShownToken>,
    right: Option<ShownToken>,
    /// `relaxed`, `numeric`, `branched`, `parameters`, `ended`, `prompt`, `model` or
    /// `unexplained`.
    cause: &'static str,
    explanation: String,
}

#[derive(Serialize)]
struct ShownToken {
    token: TokenId,
    text: String,
    /// `null`: a branch took the token over, or it was forced on the branch.
    step: Option<usize>,
}

/// Runs the command.
pub fn run(args: &TraceDiffArgs) -> Result<()> {
    let (left, right) = (load(&args.left)?, load(&args.right)?);
    let found = divergence(&left, &right);
    let (a, b) = (left.token_ids(), right.token_ids());
    let difference = Difference {
        same: found.is_none(),
        tokens: [a.len(), b.len()],
        agreement: agreement(&a, &b),
        in_common: in_common(&a, &b),
        first_difference: found.map(|found| place(&left, &right, &found)),
    };
    if args.json {
        return print_json(&difference);
    }
    match &difference.first_difference {
        None => out!("the same {} tokens", a.len()),
        Some(place) => {
            let side = |shown: &Option<ShownToken>| {
                shown
                    .as_ref()
                    .map_or("the end".to_string(), |t| match t.step {
                        Some(step) => format!("'{}' in step {step}", t.text),
                        None => format!("'{}' before its first step", t.text),
                    })
            };
            out!(
                "first difference after {} equal tokens: {} | {}",
                place.at,
                side(&place.left),
                side(&place.right)
            );
            out!("cause: {}, {}", place.cause, place.explanation);
            out!(
                "{:.1}% of {} and {} tokens are common to both when aligned, {:.1}% of the places agree",
                difference.in_common * 100.0,
                a.len(),
                b.len(),
                difference.agreement * 100.0
            );
        }
    }
    Ok(())
}

fn place(left: &Trace, right: &Trace, found: &Divergence) -> Place {
    let shown = |trace: &Trace, taken: Option<Taken>| {
        taken.map(|c| ShownToken {
            token: c.token,
            text: String::from_utf8_lossy(trace.token_bytes(c.token)).into_owned(),
            step: c.by.map(|by| by.step + 1),
        })
    };
    let (cause, explanation) = explained(left, right, found);
    Place {
        at: found.at,
        left: shown(left, found.left),
        right: shown(right, found.right),
        cause,
        explanation,
    }
}

fn explained(left: &Trace, right: &Trace, found: &Divergence) -> (&'static str, String) {
    let name = |side: Side| match side {
        Side::Left => "the first run",
        Side::Right => "the second run",
    };
    match &found.cause {
        Cause::Prompt => ("prompt", "the prompts differ".into()),
        Cause::Model => {
            let (a, b) = (&left.header.model.name, &right.header.model.name);
            ("model", format!("{a} and {b}"))
        }
        Cause::Relaxed {
            side,
            step,
            p,
            argmax_p,
        } => {
            let p = p.map_or("-".into(), prob);
            let (side, step) = (name(*side), step + 1);
            let how = format!(
                "{side} took a token of probability {p} in step {step}, where the model's own had {}",
                prob(*argmax_p)
            );
            ("relaxed", how)
        }
        Cause::Parameters(names) => ("parameters", format!("{} differ", names.join(", "))),
        Cause::Numeric { left: a, right: b } => {
            let margins = [(left, a, found.left), (right, b, found.right)];
            let margins = margins.map(|(trace, margin, taken)| in_words(trace, margin, taken));
            (
                "numeric",
                format!("near-equal logits: {}; {}", margins[0], margins[1]),
            )
        }
        Cause::Ended { side, finish } => {
            let how = finish.map_or("unfinished", |finish| finish.name());
            ("ended", format!("{} ended there ({how})", name(*side)))
        }
        Cause::Branched { side, is_forced } => {
            let how = match is_forced {
                true => "was branched there, with this token forced on it",
                false => "took the token over from the run it branched from",
            };
            ("branched", format!("{} {how}", name(*side)))
        }
        Cause::Unexplained => (
            "unexplained",
            "neither the rule's doing nor the model's choice".to_string(),
        ),
    }
}

fn in_words(trace: &Trace, margin: &Margin, taken: Option<Taken>) -> String {
    let taken = taken.map_or(String::new(), |c| token(trace, c.token));
    let other = margin.other_p.map_or("unrecorded".into(), prob);
    let logits = margin.in_logits();
    let logits = logits.map_or(String::new(), |l| format!(", {l:.4} in logits"));
    format!("{taken} {} against {other}{logits}", prob(margin.p))
}
