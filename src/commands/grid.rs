//! `laserscope bench decode --drafters LIST --budgets LIST`: every drafter under
//! every budget on the same prompts, prompt by prompt in turns, beside
//! autoregressive decoding.

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::cli::BenchDecodeArgs;
use crate::commands::bench::{ModeFigures, Outcome, compared_rule, mode_figures, outcome};
use crate::commands::paired::{Counted, repeat};
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
pub fn run(args: &BenchDecodeArgs, engine: &mut Engine, specs: &[RunSpec]) -> Result<bool> {
    let params = specs.first().map(|s| s.params).unwrap_or_default();
    let verify = compared_rule(args, &params);
    let asked: Vec<Params> = combinations(args, &params)
        .map(|(drafter, budget)| Params {
            verify,
            drafter,
            budget,
            ..params
        })
        .collect();
    let mut plain: Vec<Outcome> = Vec::new();
    let mut outcomes: Vec<Vec<Outcome>> = asked.iter().map(|_| Vec::new()).collect();
    let mut line = Line::new();
    for (i, spec) in specs.iter().enumerate() {
        line.show(&format!("{}/{} {}", i + 1, specs.len(), spec.subject.title));
        let autoregressive = Params {
            verify: AcceptanceRule::Autoregressive,
            ..params
        };
        let Some(reference) = outcome(engine, spec, autoregressive)? else {
            return Ok(false);
        };
        plain.push(reference);
        for (params, into) in asked.iter().zip(&mut outcomes) {
            let Some(outcome) = outcome(engine, spec, *params)? else {
                return Ok(false);
            };
            into.push(outcome);
        }
    }
    let mut ways: Vec<Vec<&mut Outcome>> = plain.iter_mut().map(|p| vec![p]).collect();
    for outcomes in &mut outcomes {
        ways.iter_mut()
            .zip(outcomes)
            .for_each(|(ways, outcome)| ways.push(outcome));
    }
    let added = Counted::WhatIsAdded;
    if !repeat(engine, &mut ways, &args.pairing(), added, &mut line)? {
        return Ok(false);
    }
    drop(line);
    let figures = |outcomes: &[Outcome]| mode_figures(outcomes, &plain);
    let cells = asked.iter().zip(&outcomes).map(|(params, outcomes)| Cell {
        drafter: params.drafter,
        budget: params.budget.describe(),
        figures: figures(outcomes),
    });
    let cells: Vec<Cell> = cells.collect();
    let is_same = |outcomes: &Vec<Outcome>| plain.iter().zip(outcomes).all(|(p, o)| p.ids == o.ids);
    let report = Report {
        on: RanOn::of(engine),
        verify: verify.name(),
        params,
        prompts: specs.len(),
        autoregressive: figures(&plain),
        cells,
        lossless: verify != AcceptanceRule::Strict || outcomes.iter().all(is_same),
    };
    if args.json {
        print_json(&report)?;
    } else {
        print(&report);
    }
    Ok(report.lossless)
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
