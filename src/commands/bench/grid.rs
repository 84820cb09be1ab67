//! `laserscope bench decode --drafters LIST --budgets LIST`: every drafter under
//! every budget on the same prompts, prompt by prompt in turns, beside
//! autoregressive decoding.

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::cli::BenchDecodeArgs;
use crate::commands::bench::figures::{ModeFigures, mode_figures};
use crate::commands::bench::outcome::{Outcome, compared_rule, outcome};
use crate::commands::bench::paired::{Counted, repeat};
use crate::commands::print_json;
use crate::commands::report::RanOn;
use crate::console::progress::Line;
use crate::engine::{Engine, RunSpec};
use crate::speculate::params::{AcceptanceRule, Budget, Drafter, Params};

/// One drafter under one budget.
#[derive(Debug, Serialize)]
struct Cell {
    drafter: Drafter,
    budget: String,
    #[serde(flatten)]
    figures: ModeFigures,
}

#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    on: RanOn,
    verify: &'static str,
    params: Params,
    prompts: usize,
    autoregressive: ModeFigures,
    cells: Vec<Cell>,
    /// A strict rule made the autoregressive text on every prompt.
    lossless: bool,
}

/// Runs the bench. `Ok(false)`: cancelled, or not lossless.
pub(crate) fn run(args: &BenchDecodeArgs, engine: &mut Engine, specs: &[RunSpec]) -> Result<bool> {
    let params = specs.first().map(|s| s.params).unwrap_or_default();
    let verify = compared_rule(args, &params);
    let asked = combinations(args, &params).map(|(drafter, budget)| Params {
        verify,
        drafter,
        budget,
        ..params
    });
    let asked: Vec<Params> = asked.collect();
    let mut line = Line::new();
    let Some((mut plain, mut outcomes)) = answer_all(engine, specs, &asked, &mut line)? else {
        return Ok(false);
    };
    let mut ways: Vec<Vec<&mut Outcome>> = plain.iter_mut().map(|p| vec![p]).collect();
    for outcomes in &mut outcomes {
        let more = ways.iter_mut().zip(outcomes);
        more.for_each(|(ways, outcome)| ways.push(outcome));
    }
    let added = Counted::WhatIsAdded;
    if !repeat(engine, &mut ways, &args.pairing(), added, &mut line)? {
        return Ok(false);
    }
    drop(line);
    let report = Report {
        prompts: specs.len(),
        verify: verify.name(),
        params,
        on: RanOn::of(engine),
        lossless: verify != AcceptanceRule::Strict || all_same(&plain, &outcomes),
        autoregressive: mode_figures(&plain, &plain),
        cells: cells(&asked, &outcomes, &plain),
    };
    match args.json {
        true => print_json(&report)?,
        false => print(&report),
    }
    Ok(report.lossless)
}

/// Every combination's figures, beside decoding without drafts.
fn cells(asked: &[Params], outcomes: &[Vec<Outcome>], plain: &[Outcome]) -> Vec<Cell> {
    let cells = asked.iter().zip(outcomes).map(|(params, outcomes)| Cell {
        drafter: params.drafter,
        budget: params.budget.describe(),
        figures: mode_figures(outcomes, plain),
    });
    cells.collect()
}

/// Whether every combination made the text that was made without drafts.
fn all_same(plain: &[Outcome], outcomes: &[Vec<Outcome>]) -> bool {
    let is_same = |outcomes: &Vec<Outcome>| plain.iter().zip(outcomes).all(|(p, o)| p.ids == o.ids);
    outcomes.iter().all(is_same)
}

/// Outcomes without drafts, and those of every combination.
type Answered = (Vec<Outcome>, Vec<Vec<Outcome>>);

/// Every prompt without drafts and under every combination; `None`: cancelled.
fn answer_all(
    engine: &mut Engine,
    specs: &[RunSpec],
    asked: &[Params],
    line: &mut Line,
) -> Result<Option<Answered>> {
    let mut plain: Vec<Outcome> = Vec::new();
    let mut outcomes: Vec<Vec<Outcome>> = asked.iter().map(|_| Vec::new()).collect();
    for (i, spec) in specs.iter().enumerate() {
        line.show(&format!("{}/{} {}", i + 1, specs.len(), spec.subject.title));
        let autoregressive = Params {
            verify: AcceptanceRule::Autoregressive,
            ..specs[0].params
        };
        let Some(reference) = outcome(engine, spec, autoregressive)? else {
            return Ok(None);
        };
        plain.push(reference);
        for (params, into) in asked.iter().zip(&mut outcomes) {
            let Some(outcome) = outcome(engine, spec, *params)? else {
                return Ok(None);
            };
            into.push(outcome);
        }
    }
    Ok(Some((plain, outcomes)))
}

/// Every drafter with every budget; what is not listed is as the parameters say.
fn combinations(
    args: &BenchDecodeArgs,
    params: &Params,
) -> impl Iterator<Item = (Drafter, Budget)> {
    let or = |list: &[Drafter]| match list {
        [] => vec![params.drafter],
        some => some.to_vec(),
    };
    let drafters = or(&args.drafters);
    let budgets = match args.budgets.as_slice() {
        [] => vec![params.budget],
        some => some.to_vec(),
    };
    let pairs = drafters.into_iter().map(move |d| (d, budgets.clone()));
    pairs.flat_map(|(d, budgets)| budgets.into_iter().map(move |b| (d, b)))
}

fn print(report: &Report) {
    out!(
        "{} on {}; {} prompts, {}, repetition penalty {}, repeated 4-grams {:.1}%",
        report.on.model,
        report.on.device,
        report.prompts,
        report.verify,
        report.params.repeat_penalty,
        report.autoregressive.repetition * 100.0
    );
    out!("| drafter | budget | MAL | promised | rows a pass | tokens/s | speed-up | 95% | est. |");
    out!("|---|---|---|---|---|---|---|---|---|");
    row("autoregressive", "", &report.autoregressive);
    for cell in &report.cells {
        row(cell.drafter.name(), &cell.budget, &cell.figures);
    }
    if report.lossless && report.verify == AcceptanceRule::Strict.name() {
        out!("lossless: strict equalled autoregressive everywhere, token for token");
    } else if !report.lossless {
        out!("NOT lossless: strict differed from autoregressive");
    }
}

fn row(drafter: &str, budget: &str, f: &ModeFigures) {
    out!(
        "| {drafter} | {budget} | {:.2} | {:.2} | {:.1} | {:.1} | {:.2}x | {:.2}-{:.2} | {} |",
        f.mal,
        f.predicted_mal,
        f.rows,
        f.tokens_per_s,
        f.speedup,
        f.low,
        f.high,
        f.speedup_by_profile
            .map_or_else(String::new, |by| format!("{by:.2}x"))
    );
}
