//! `laserscope bench decode --drafters LIST --budgets LIST`: every drafter under every
//! budget on the same prompts, interleaved prompt by prompt with autoregressive
//! decoding.

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::cli::BenchDecodeArgs;
use crate::commands::bench::figures::{ModeFigures, mode_figures};
use crate::commands::bench::outcome::{Outcome, compared_rule, outcome};
use crate::commands::bench::paired::{Counted, repeat};
use crate::commands::print_json;
use crate::commands::report::RanOn;
use crate::console::progress::Line;
use crate::console::table::Table;
use crate::engine::{Engine, RunSpec};
use crate::speculate::params::{AcceptanceRule, Budget, Drafter, Params};

/// One drafter under one budget.
#[derive(Debug, Serialize)]
struct DrafterCell {
    drafter: Drafter,
    budget: String,
    #[serde(flatten)]
    figures: ModeFigures,
}

#[derive(Debug, Serialize)]
struct GridReport {
    #[serde(flatten)]
    on: RanOn,
    verify: &'static str,
    params: Params,
    prompts: usize,
    autoregressive: ModeFigures,
    cells: Vec<DrafterCell>,
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
    let report = GridReport {
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

/// Every combination's figures, compared with decoding without drafts.
fn cells(asked: &[Params], outcomes: &[Vec<Outcome>], plain: &[Outcome]) -> Vec<DrafterCell> {
    let cells = asked
        .iter()
        .zip(outcomes)
        .map(|(params, outcomes)| DrafterCell {
            drafter: params.drafter,
            budget: params.budget.describe(),
            figures: mode_figures(outcomes, plain),
        });
    cells.collect()
}

/// Whether every combination produced the text produced without drafts.
fn all_same(plain: &[Outcome], outcomes: &[Vec<Outcome>]) -> bool {
    let is_same = |outcomes: &Vec<Outcome>| plain.iter().zip(outcomes).all(|(p, o)| p.ids == o.ids);
    outcomes.iter().all(is_same)
}

/// Outcomes without drafts, and those of every combination.
type GridOutcomes = (Vec<Outcome>, Vec<Vec<Outcome>>);

/// Every prompt without drafts and under every combination; `None`: cancelled.
fn answer_all(
    engine: &mut Engine,
    specs: &[RunSpec],
    asked: &[Params],
    line: &mut Line,
) -> Result<Option<GridOutcomes>> {
    let mut plain: Vec<Outcome> = Vec::new();
    let mut outcomes: Vec<Vec<Outcome>> = asked.iter().map(|_| Vec::new()).collect();
    for (i, spec) in specs.iter().enumerate() {
        let text = format!("{}/{} {}", i + 1, specs.len(), spec.subject.title);
        line.timed_part(i as u64, specs.len() as u64, &text);
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

/// Every drafter with every budget; a missing list is the parameters' value.
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

fn print(report: &GridReport) {
    out!(
        "{} on {}; {} prompts, {}, repetition penalty {}, repeated 4-grams {:.1}%",
        report.on.model,
        report.on.device,
        report.prompts,
        report.verify,
        report.params.repeat_penalty,
        report.autoregressive.repetition * 100.0
    );
    let mut table = Table::markdown(
        2,
        [
            "drafter",
            "budget",
            "MAL",
            "predicted",
            "rows/pass",
            "tokens/s",
            "speed-up",
            "95%",
            "est.",
        ],
    );
    table.row(row("autoregressive", "", &report.autoregressive));
    for cell in &report.cells {
        table.row(row(cell.drafter.name(), &cell.budget, &cell.figures));
    }
    table.print();
    if report.lossless && report.verify == AcceptanceRule::Strict.name() {
        out!("lossless: strict equalled autoregressive everywhere, token for token");
    } else if !report.lossless {
        out!("NOT lossless: strict differed from autoregressive");
    }
}

fn row(drafter: &str, budget: &str, f: &ModeFigures) -> [String; 9] {
    [
        drafter.to_string(),
        budget.to_string(),
        format!("{:.2}", f.mal),
        format!("{:.2}", f.predicted_mal),
        format!("{:.1}", f.rows),
        format!("{:.1}", f.tokens_per_s),
        format!("{:.2}x", f.speedup),
        format!("{:.2}-{:.2}", f.low, f.high),
        f.speedup_by_profile
            .map_or_else(String::new, |by| format!("{by:.2}x")),
    ]
}
