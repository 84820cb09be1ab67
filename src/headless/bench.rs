//! `laserscope bench`; here `bench decode`: autoregressive, strict and relaxed on the same
//! prompts in one process, interleaved. A relaxed figure never stands without
//! strict, agreement and repetition beside it.

use std::borrow::Borrow;

use color_eyre::eyre::{Result, ensure};
use serde::Serialize;

use super::generate::record;
use super::progress::Line;
use super::report::RanOn;
use super::{by_group, forward, grid, interrupt, open, paired, print_json, retrieval};
use crate::cli::{BenchCommand, BenchDecodeArgs, DecodeArgs};
use crate::engine::{Engine, Learning, RunSpec};
use crate::recsys::{Catalog, Framework, Role, SubjectKind};
use crate::session::Settings;
use crate::speculate::TokenId;
use crate::speculate::params::{Params, Verify};
use crate::speculate::stats::{Stats, agreement, first_difference, repetition};
use crate::speculate::trace::Header;
use crate::speculate::verify::Finish;
use crate::worker::ask;

/// Figures of one mode, on one prompt or over all.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ModeFigures {
    pub tokens: usize,
    pub steps: usize,
    pub mal: f64,
    /// Share of repeated 4-grams.
    pub repetition: f64,
    pub tokens_per_s: f64,
    /// Against the autoregressive run of the same prompt, in this process.
    pub speedup: f64,
    /// Share of positions that hold the autoregressive run's token.
    pub agreement: f64,
    /// Accepted and relaxed over drafted.
    pub acceptance: f64,
    pub pool_hit_rate: f64,
    /// Mean rows of a forward pass.
    pub rows: f64,
    /// MAL as the drafts' estimates promised it.
    pub predicted_mal: f64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Modes {
    pub autoregressive: ModeFigures,
    pub strict: ModeFigures,
    pub relaxed: ModeFigures,
}

#[derive(Clone, Debug, Serialize)]
pub struct PromptFigures {
    pub subject: String,
    pub group: Option<String>,
    #[serde(flatten)]
    pub modes: Modes,
}

/// Where strict and autoregressive differ, if they do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub subject: String,
    /// Index of the first differing token of the answer.
    pub at: usize,
    pub autoregressive: Option<TokenId>,
    pub strict: Option<TokenId>,
}

#[derive(Clone, Debug, Serialize)]
pub struct BenchReport {
    #[serde(flatten)]
    pub on: RanOn,
    pub params: Params,
    pub modes: Modes,
    /// Strict equalled autoregressive on every prompt, token for token.
    pub lossless: bool,
    pub first_difference: Option<Difference>,
    pub prompts: Vec<PromptFigures>,
}

/// What one mode did on one prompt.
pub(super) struct Outcome {
    pub ids: Vec<TokenId>,
    pub stats: Stats,
    /// Tokens that the drafts' estimates promised, bonus included.
    pub predicted: f64,
    pub header: Header,
}

/// Sums over prompts.
#[derive(Default)]
struct Total {
    outcomes: Vec<Outcome>,
    agreements: Vec<f64>,
}

/// Runs the command. `Ok(false)`: cancelled, or not lossless.
pub fn run(
    command: &BenchCommand,
    settings: &Settings,
    params: impl Fn(&DecodeArgs) -> Result<Params>,
) -> Result<bool> {
    match command {
        BenchCommand::Decode(args) => decode(args, settings, params(&args.decode)?),
        BenchCommand::Retrieval(args) => retrieval::run(args),
        BenchCommand::Forward {
            at,
            isa,
            repeats,
            json,
        } => {
            let bench = forward::ForwardBench {
                contexts: at.clone(),
                isa: *isa,
                repeats: *repeats,
                json: *json,
            };
            forward::run(&bench, settings).map(|()| true)
        }
    }
}

fn decode(args: &BenchDecodeArgs, settings: &Settings, params: Params) -> Result<bool> {
    let (catalog, mut engine, specs) = prepare(args, settings, params)?;
    if args.by_group {
        let docs = settings.load_knowledge(&catalog)?;
        return by_group::run(args, &mut engine, &specs, &docs);
    }
    if let Some(n_pairs) = args.paired {
        return paired::run(args, &mut engine, &specs, n_pairs);
    }
    if !args.drafters.is_empty() || !args.budgets.is_empty() {
        return grid::run(args, &mut engine, &specs);
    }
    modes(args, &mut engine, &specs, params)
}

/// The catalog, the engine, and a run for every subject.
fn prepare(
    args: &BenchDecodeArgs,
    settings: &Settings,
    params: Params,
) -> Result<(Catalog, Engine, Vec<RunSpec>)> {
    let framework = Framework::named(&args.framework)?;
    let (catalog, mut engine) = open(settings)?;
    engine.set_learning(Learning::Calibration);
    let mut subjects = catalog.spread(SubjectKind::Item, args.items);
    subjects.extend(catalog.spread(SubjectKind::User, args.users));
    ensure!(
        !subjects.is_empty(),
        "--items {} --users {}: nothing to ask",
        args.items,
        args.users
    );
    let specs = subjects.into_iter().map(|at| {
        let (subject, prompt) = ask::about(&catalog, at, &framework, Role::Query)?;
        Ok(RunSpec {
            subject,
            prompt,
            params,
        })
    });
    let specs = specs.collect::<Result<_>>()?;
    Ok((catalog, engine, specs))
}

/// Autoregressive, strict and relaxed.
fn modes(
    args: &BenchDecodeArgs,
    engine: &mut Engine,
    specs: &[RunSpec],
    params: Params,
) -> Result<bool> {
    let mut line = Line::new();
    let (mut totals, mut prompts) = (<[Total; 3]>::default(), Vec::new());
    let mut difference = None;
    for (i, spec) in specs.iter().enumerate() {
        line.show(&format!("{}/{} {}", i + 1, specs.len(), spec.subject.title));
        let Some(outcomes) = three_ways(engine, spec)? else {
            return Ok(false);
        };
        difference = difference.or_else(|| first_divergence(&spec.subject.id, &outcomes));
        let modes = figures(outcomes.each_ref().map(std::slice::from_ref), &outcomes[0]);
        prompts.push(PromptFigures {
            subject: spec.subject.id.clone(),
            group: spec.subject.group.clone(),
            modes,
        });
        if params.sources.online {
            engine.remember(&outcomes[0].header, &outcomes[0].ids);
        }
        let reference = outcomes[0].ids.clone();
        for (total, outcome) in totals.iter_mut().zip(outcomes) {
            total.agreements.push(agreement(&reference, &outcome.ids));
            total.outcomes.push(outcome);
        }
    }
    drop(line);
    let report = BenchReport {
        on: RanOn::of(engine),
        params,
        modes: overall(&totals),
        lossless: difference.is_none(),
        first_difference: difference,
        prompts,
    };
    if args.json {
        print_json(&report)?
    } else {
        print_table(&report)
    }
    Ok(report.lossless)
}

/// One run of a subject under a rule. `None`: cancelled.
pub(super) fn outcome(
    engine: &mut Engine,
    spec: &RunSpec,
    params: Params,
) -> Result<Option<Outcome>> {
    let spec = RunSpec {
        params,
        ..spec.clone()
    };
    let (trace, end) = record(engine, spec)?;
    if end.finish == Finish::Cancelled || interrupt::is_set() {
        return Ok(None);
    }
    let expected = trace.steps.iter().map(|s| s.tree.expected_accepted());
    Ok(Some(Outcome {
        ids: trace.token_ids(),
        stats: Stats::of(&trace),
        predicted: expected.map(f64::from).sum::<f64>() + trace.steps.len() as f64,
        header: trace.header,
    }))
}

/// Autoregressive, strict, relaxed. `None`: cancelled.
fn three_ways(engine: &mut Engine, spec: &RunSpec) -> Result<Option<[Outcome; 3]>> {
    let relaxed = match spec.params.verify {
        rule @ Verify::Relaxed { .. } => rule,
        _ => Verify::default(),
    };
    let mut run = |verify| {
        let params = Params {
            verify,
            ..spec.params
        };
        outcome(engine, spec, params)
    };
    let (Some(autoregressive), Some(strict), Some(relaxed)) = (
        run(Verify::Autoregressive)?,
        run(Verify::Strict)?,
        run(relaxed)?,
    ) else {
        return Ok(None);
    };
    Ok(Some([autoregressive, strict, relaxed]))
}

/// The rule of a comparison with autoregressive decoding: one that makes the
/// same text, unless another is asked for.
pub(super) fn compared_rule(args: &BenchDecodeArgs, params: &Params) -> Verify {
    match args.decode.verify {
        Some(_) => params.verify,
        None => Verify::Strict,
    }
}

fn first_divergence(subject: &str, [plain, strict, _]: &[Outcome; 3]) -> Option<Difference> {
    let at = first_difference(&plain.ids, &strict.ids)?;
    Some(Difference {
        subject: subject.to_string(),
        at,
        autoregressive: plain.ids.get(at).copied(),
        strict: strict.ids.get(at).copied(),
    })
}

fn figures(modes: [&[Outcome]; 3], reference: &Outcome) -> Modes {
    let speed = speed(modes[0]);
    let [autoregressive, strict, relaxed] = modes.map(|outcomes| {
        let agreement = outcomes
            .iter()
            .map(|o| agreement(&reference.ids, &o.ids))
            .sum::<f64>();
        mode_figures(outcomes, agreement / outcomes.len() as f64, speed)
    });
    Modes {
        autoregressive,
        strict,
        relaxed,
    }
}

fn overall(totals: &[Total; 3]) -> Modes {
    let reference_speed = speed(&totals[0].outcomes);
    let [autoregressive, strict, relaxed] = totals.each_ref().map(|total| {
        let agreement = total.agreements.iter().sum::<f64>() / total.agreements.len() as f64;
        mode_figures(&total.outcomes, agreement, reference_speed)
    });
    Modes {
        autoregressive,
        strict,
        relaxed,
    }
}

pub(super) fn speed<O: Borrow<Outcome>>(outcomes: &[O]) -> f64 {
    let stats = || outcomes.iter().map(|o| &o.borrow().stats);
    let ms: f64 = stats().map(|s| s.timing.total()).sum();
    stats().map(|s| s.tokens).sum::<usize>() as f64 * 1000.0 / ms.max(1e-9)
}

pub(super) fn mode_figures<O: Borrow<Outcome>>(
    outcomes: &[O],
    agreement: f64,
    reference_speed: f64,
) -> ModeFigures {
    let all = || outcomes.iter().map(Borrow::borrow);
    let sum = |get: fn(&Stats) -> usize| all().map(|o| get(&o.stats)).sum::<usize>();
    let (tokens, steps) = (sum(|s| s.tokens), sum(|s| s.steps));
    let per_step = |n: usize| n as f64 / steps.max(1) as f64;
    let drafted = sum(|s| s.fates.drafted()).max(1);
    let repeated: f64 = all().map(|o| repetition(&o.ids)).sum();
    ModeFigures {
        tokens,
        steps,
        mal: per_step(tokens),
        repetition: repeated / outcomes.len() as f64,
        tokens_per_s: speed(outcomes),
        speedup: speed(outcomes) / reference_speed,
        agreement,
        acceptance: sum(|s| s.fates.committed()) as f64 / drafted as f64,
        pool_hit_rate: per_step(sum(|s| s.hit_steps)),
        rows: per_step(sum(|s| s.rows)),
        predicted_mal: all().map(|o| o.predicted).sum::<f64>() / steps.max(1) as f64,
    }
}

fn print_table(report: &BenchReport) {
    let BenchReport {
        on: RanOn { model, device, .. },
        params,
        ..
    } = report;
    println!(
        "{model} on {device}; {} prompts, budget {}, branch {}, repetition penalty {}",
        report.prompts.len(),
        params.budget.describe(),
        params.branch,
        params.repeat_penalty
    );
    println!(
        "{:<15}{:>8}{:>7}{:>7}{:>11}{:>8}{:>10}{:>9}{:>11}{:>12}{:>9}{:>7}",
        "",
        "tokens",
        "steps",
        "MAL",
        "predicted",
        "rows",
        "tokens/s",
        "speed-up",
        "agreement",
        "acceptance",
        "hits",
        "rep."
    );
    let Modes {
        autoregressive,
        strict,
        relaxed,
    } = &report.modes;
    for (name, m) in [
        ("autoregressive", autoregressive),
        ("strict", strict),
        ("relaxed", relaxed),
    ] {
        println!(
            "{name:<15}{:>8}{:>7}{:>7.2}{:>11.2}{:>8.1}{:>10.1}{:>8.2}x{:>10.1}%{:>11.1}%{:>8.1}%{:>6.1}%",
            m.tokens,
            m.steps,
            m.mal,
            m.predicted_mal,
            m.rows,
            m.tokens_per_s,
            m.speedup,
            m.agreement * 100.0,
            m.acceptance * 100.0,
            m.pool_hit_rate * 100.0,
            m.repetition * 100.0
        );
    }
    match &report.first_difference {
        None => {
            println!("lossless: strict equalled autoregressive on every prompt, token for token")
        }
        Some(d) => println!(
            "NOT lossless: {} differs first at token {}",
            d.subject, d.at
        ),
    }
}
