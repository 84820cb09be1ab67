//! `laserscope trace diff`: where the texts of two runs diverge and why, and why one of
//! them is slower.

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::cli::TraceDiffArgs;
use crate::commands::cells::{percent, two};
use crate::commands::print_json;
use crate::commands::trace::{load, token};
use crate::speculate::TokenId;
use crate::speculate::compare::{
    Cause, Divergence, Names, Pace, Side, Taken, Why, because, beside, divergence, in_common,
    machine, profile, slower,
};
use crate::speculate::same_run::{HeaderDifference, differences};
use crate::speculate::stats::{Stats, agreement};
use crate::speculate::trace::Trace;

#[derive(Serialize)]
struct DiffDifference {
    /// No token differs.
    same: bool,
    tokens: [usize; 2],
    /// Share of positions that hold the same token.
    agreement: f64,
    /// Share of both texts' tokens that are equal once the texts are aligned.
    in_common: f64,
    first_difference: Option<DivergencePlace>,
    /// What differs in the headers and decides a run.
    differences: Vec<InHeader>,
    /// The same in a line.
    #[serde(skip)]
    beside: String,
    runs: [Figures; 2],
    /// `null`: a run has no step or no times.
    slower: Option<Told>,
}

#[derive(Serialize)]
struct InHeader {
    what: String,
    left: String,
    right: String,
}

/// What a run's speed is made of.
#[derive(Serialize)]
struct Figures {
    steps: usize,
    mal: Option<f64>,
    rows_per_step: Option<f64>,
    ms_per_step: Option<f64>,
    tokens_per_s: Option<f64>,
    /// Of steps.
    pool_hit_rate: Option<f64>,
    machine: String,
    profile: String,
}

/// The slower run and the factors, which multiply to `times`.
#[derive(Serialize)]
struct Told {
    side: &'static str,
    times: f64,
    by_tokens_per_step: Option<f64>,
    by_rows: Option<f64>,
    by_same_rows: Option<f64>,
    /// Instead of the previous two, if no profile was recorded.
    by_step: Option<f64>,
    explanation: String,
}

#[derive(Serialize)]
struct DivergencePlace {
    /// Index of the token in the answer.
    at: usize,
    /// Steps are counted from 1; `null` where a text has ended.
    left: Option<ShownToken>,
    right: Option<ShownToken>,
    /// `relaxed`, `numeric`, `branched`, `parameters`, `ended`, `prompt`, `model` or
    /// `unexplained`.
    cause: &'static str,
    /// For a relaxed token, why the other run does not have it: refused by its `rule`,
    /// or missing from its `drafts`.
    parted_by: Option<&'static str>,
    explanation: String,
}

#[derive(Serialize)]
struct ShownToken {
    token: TokenId,
    text: String,
    /// `null`: the branch inherited the token, or it was forced.
    step: Option<usize>,
}

/// Runs the command.
pub(crate) fn run(args: &TraceDiffArgs) -> Result<()> {
    let traces = (load(&args.left)?, load(&args.right)?);
    let difference = compared(&traces.0, &traces.1);
    if args.json {
        return print_json(&difference);
    }
    print_parting(&difference);
    print_figures(args, &difference);
    Ok(())
}

fn compared(left: &Trace, right: &Trace) -> DiffDifference {
    let found = divergence(left, right);
    let (a, b) = (left.token_ids(), right.token_ids());
    let in_header = |d: HeaderDifference| InHeader {
        what: d.what,
        left: d.then,
        right: d.now,
    };
    let differing = differences(&left.header, &right.header);
    DiffDifference {
        same: found.is_none(),
        tokens: [a.len(), b.len()],
        agreement: agreement(&a, &b),
        in_common: in_common(&a, &b),
        first_difference: found.map(|found| place(left, right, &found)),
        beside: beside(&differing),
        differences: differing.into_iter().map(in_header).collect(),
        runs: [left, right].map(figures),
        slower: told(left, right),
    }
}

fn figures(trace: &Trace) -> Figures {
    let stats = Stats::of(trace);
    let pace = Pace::of(&stats);
    Figures {
        steps: stats.steps,
        mal: stats.mal(),
        rows_per_step: stats.rows_per_step(),
        ms_per_step: pace.map(|p| p.ms_per_step),
        tokens_per_s: stats.tokens_per_s(),
        pool_hit_rate: stats.hit_rate(),
        machine: machine(&trace.header),
        profile: profile(&trace.header),
    }
}

fn told(left: &Trace, right: &Trace) -> Option<Told> {
    let found = slower(left, right)?;
    let headers = [&left.header, &right.header];
    let share = |why: Why| {
        let mut factors = found.factors.iter();
        factors.find(|f| f.why == why).map(|f| f.times)
    };
    Some(Told {
        side: match found.side {
            Side::Left => "left",
            Side::Right => "right",
        },
        times: found.times,
        by_tokens_per_step: share(Why::TokensPerStep),
        by_rows: share(Why::Rows),
        by_same_rows: share(Why::SameRows),
        by_step: share(Why::Step),
        explanation: found.in_words(headers, &names(&|_, _| String::new())),
    })
}

fn names<'a>(token: &'a dyn Fn(Side, TokenId) -> String) -> Names<'a> {
    Names {
        runs: ["A", "B"],
        token,
    }
}

fn print_parting(difference: &DiffDifference) {
    let Some(place) = &difference.first_difference else {
        out!("identical: the same {} tokens", difference.tokens[0]);
        return;
    };
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
    let cause = place.parted_by.map(|by| format!("{} ({by})", place.cause));
    let cause = cause.unwrap_or_else(|| place.cause.to_string());
    out!("cause: {cause}. {}", place.explanation);
    let [a, b] = difference.tokens;
    out!(
        "of {a} and {b} tokens {:.1}% are in common when aligned; {:.1}% of the positions agree",
        difference.in_common * 100.0,
        difference.agreement * 100.0
    );
}

fn print_figures(args: &TraceDiffArgs, difference: &DiffDifference) {
    match difference.beside.is_empty() {
        true => out!("headers agree on everything that determines a run"),
        false => out!("headers differ in: {}", difference.beside),
    }
    let paths = [&args.left, &args.right];
    for ((name, path), run) in ["A", "B"].into_iter().zip(paths).zip(&difference.runs) {
        out!("{name}: {}", path.display());
        out!(
            "   MAL {}, {} rows and {} ms per step, {} tokens/s, hits in {} of {} steps",
            two(run.mal),
            two(run.rows_per_step),
            two(run.ms_per_step),
            two(run.tokens_per_s),
            percent(run.pool_hit_rate),
            run.steps
        );
        out!("   machine {}; cost profile {}", run.machine, run.profile);
    }
    if let Some(told) = &difference.slower {
        out!("{}", told.explanation);
    }
}

fn place(left: &Trace, right: &Trace, found: &Divergence) -> DivergencePlace {
    let shown = |trace: &Trace, taken: Option<Taken>| {
        taken.map(|c| ShownToken {
            token: c.token,
            text: String::from_utf8_lossy(trace.token_bytes(c.token)).into_owned(),
            step: c.by.map(|by| by.step + 1),
        })
    };
    let written = |side: Side, id| token(side.of([left, right]), id);
    DivergencePlace {
        at: found.at,
        left: shown(left, found.left),
        right: shown(right, found.right),
        cause: (&found.cause).into(),
        parted_by: parted_by(&found.cause),
        explanation: because(found, [left, right], &names(&written)),
    }
}

fn parted_by(cause: &Cause) -> Option<&'static str> {
    match cause {
        cause if cause.is_of_rules() => Some("rule"),
        Cause::Relaxed { .. } => Some("drafts"),
        _ => None,
    }
}
