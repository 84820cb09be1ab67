//! `laserscope bench`; here `bench decode`: autoregressive, strict and relaxed on the same
//! prompts in one process, interleaved. A relaxed figure never stands without
//! strict, agreement and repetition beside it.

mod compared;
mod table;

use std::borrow::Borrow;

use color_eyre::eyre::{Result, ensure};
use compared::{ComparedRule, PromptRatio};
use serde::Serialize;

use crate::cli::{BenchCommand, BenchDecodeArgs, DecodeArgs};
use crate::commands::generate::record;
use crate::commands::paired::{self, Counted, Repeats, repeat};
use crate::commands::report::RanOn;
use crate::commands::{by_group, forward, grid, open, print_json, retrieval};
use crate::config::Settings;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::engine::{Engine, RunSpec};
use crate::recsys::{Catalog, Role, SubjectKind};
use crate::speculate::compare::in_common;
use crate::speculate::cost::StepCosts;
use crate::speculate::params::{AcceptanceRule, Params};
use crate::speculate::quality::LogProb;
use crate::speculate::stats::{Stats, agreement, first_difference, repetition};
use crate::speculate::trace::Header;
use crate::speculate::verify::Finish;
use crate::speculate::{TokenId, speed_up};
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
    /// Against the autoregressive runs of the same prompts, in pairs: the median ..
    pub speedup: f64,
    /// .. and its 95% interval.
    pub low: f64,
    pub high: f64,
    /// Runs of each prompt.
    pub pairs: usize,
    /// The speed-up that the cost profile promises for these steps: an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speedup_by_profile: Option<f64>,
    /// Share of positions that hold the autoregressive run's token.
    pub agreement: f64,
    /// Share of both texts' tokens that are equal once the texts are aligned.
    pub in_common: f64,
    /// Accepted and relaxed over drafted.
    pub acceptance: f64,
    pub pool_hit_rate: f64,
    /// Mean log-probability of the committed tokens under the model, in nats.
    pub mean_log_prob: f64,
    /// Mean rows of a forward pass.
    pub rows: f64,
    /// MAL as the drafts' estimates promised it.
    pub predicted_mal: f64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Modes {
    pub autoregressive: ModeFigures,
    pub strict: ModeFigures,
    /// `None` with a temperature, which it does not go with.
    pub relaxed: Option<ModeFigures>,
    /// Where --verify asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<ModeFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typical: Option<ModeFigures>,
}

impl Modes {
    /// Figures of the rules, in the order of [`compared`].
    fn of(rules: &[AcceptanceRule], figures: Vec<ModeFigures>) -> Self {
        let mut modes = Modes::default();
        for (rule, figures) in rules.iter().zip(figures) {
            match rule {
                AcceptanceRule::Autoregressive => modes.autoregressive = figures,
                AcceptanceRule::Strict => modes.strict = figures,
                AcceptanceRule::Relaxed { .. } => modes.relaxed = Some(figures),
                AcceptanceRule::Ratio { .. } => modes.ratio = Some(figures),
                AcceptanceRule::Typical { .. } => modes.typical = Some(figures),
            }
        }
        modes
    }

    fn listed(&self) -> Vec<(&'static str, &ModeFigures)> {
        let lossy = [
            ("relaxed", &self.relaxed),
            ("ratio", &self.ratio),
            ("typical", &self.typical),
        ];
        let lossy = lossy.into_iter();
        let lossy = lossy.filter_map(|(name, figures)| Some((name, figures.as_ref()?)));
        let both = [
            ("autoregressive", &self.autoregressive),
            ("strict", &self.strict),
        ];
        both.into_iter().chain(lossy).collect()
    }
}

/// Autoregressive and strict; relaxed, where nothing is drawn; and another lossy
/// rule that was asked for.
fn compared(params: &Params) -> Vec<AcceptanceRule> {
    let mut rules = vec![AcceptanceRule::Autoregressive, AcceptanceRule::Strict];
    match params.verify {
        _ if params.sampling.is_some() => {}
        relaxed @ AcceptanceRule::Relaxed { .. } => rules.push(relaxed),
        AcceptanceRule::Autoregressive | AcceptanceRule::Strict => {
            rules.push(AcceptanceRule::default())
        }
        other => rules.extend([AcceptanceRule::default(), other]),
    }
    rules
}

#[derive(Clone, Debug, Serialize)]
pub struct PromptFigures {
    pub subject: String,
    pub group: Option<String>,
    #[serde(flatten)]
    pub modes: Modes,
    /// Of the rule that is compared.
    #[serde(flatten)]
    pub ratio: PromptRatio,
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
    #[serde(flatten)]
    pub compared: ComparedRule,
    pub prompts: Vec<PromptFigures>,
}

/// What one mode did on one prompt.
pub(crate) struct Outcome {
    pub ids: Vec<TokenId>,
    pub stats: Stats,
    /// Tokens that the drafts' estimates promised, bonus included.
    pub predicted: f64,
    pub log_prob: LogProb,
    pub header: Header,
    /// Milliseconds by the cost profile: of autoregressive steps for the same tokens,
    /// and of its own steps.
    pub by_profile: Option<(f64, f64)>,
    pub repeats: Repeats,
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
            no_decoding,
            json,
        } => {
            let bench = forward::ForwardBench {
                contexts: at.clone(),
                isa: *isa,
                repeats: *repeats,
                decoding: !no_decoding,
                json: *json,
            };
            forward::run(&bench, settings)
        }
    }
}

fn decode(args: &BenchDecodeArgs, settings: &Settings, params: Params) -> Result<bool> {
    let (catalog, mut engine, specs) = prepare(args, settings, params)?;
    if args.by_group {
        let docs = settings.load_knowledge(&catalog)?;
        return by_group::run(args, &mut engine, &specs, &docs);
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
    let framework = settings.framework()?;
    let (catalog, engine) = open(settings)?;
    let mut subjects = catalog.stratified_sample(SubjectKind::Item, args.items);
    subjects.extend(catalog.stratified_sample(SubjectKind::User, args.users));
    ensure!(
        !subjects.is_empty(),
        "--items {} --users {}: nothing to ask",
        args.items,
        args.users
    );
    let specs = subjects.into_iter().map(|at| {
        let (subject, prompt) = ask::about(&catalog, at, &framework, Role::Query)?;
        Ok(RunSpec::new(subject, prompt, params))
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
    if let Some(sampling) = &params.sampling {
        note!(
            "{}: no relaxed mode, which takes tokens by their probability",
            sampling.describe()
        );
    }
    let mut line = Line::new();
    let rules = compared(&params);
    let mut answered: Vec<Vec<Outcome>> = Vec::new();
    let mut difference = None;
    for (i, spec) in specs.iter().enumerate() {
        line.show(&format!("{}/{} {}", i + 1, specs.len(), spec.subject.title));
        let Some(outcomes) = every_way(engine, spec, &rules)? else {
            return Ok(false);
        };
        difference = difference.or_else(|| first_divergence(&spec.subject.id, &outcomes));
        if params.sources.online {
            engine.pools.remember(&outcomes[0].header, &outcomes[0].ids);
        }
        answered.push(outcomes);
    }
    let mut ways: Vec<Vec<&mut Outcome>> = answered
        .iter_mut()
        .map(|outcomes| outcomes.iter_mut().collect())
        .collect();
    if !repeat(
        engine,
        &mut ways,
        &args.pairing(),
        Counted::EachWay,
        &mut line,
    )? {
        return Ok(false);
    }
    drop(line);
    let rule = compared_rule(args, &params);
    let at = rules.iter().position(|r| *r == rule).unwrap_or(1);
    let report = BenchReport {
        compared: ComparedRule::of(rules[at], at, &answered),
        prompts: answered.iter().map(|o| prompt(&rules, at, o)).collect(),
        on: RanOn::of(engine),
        modes: overall(&rules, &answered),
        lossless: difference.is_none(),
        first_difference: difference,
        params,
    };
    if args.json {
        print_json(&report)?
    } else {
        table::print(&report, args.paired.is_some())
    }
    Ok(report.lossless)
}

/// `at`: where the compared rule stands among the rules.
fn prompt(rules: &[AcceptanceRule], at: usize, outcomes: &[Outcome]) -> PromptFigures {
    let subject = &outcomes[0].header.subject;
    PromptFigures {
        subject: subject.id.clone(),
        group: subject.group.clone(),
        modes: figures(rules, outcomes),
        ratio: PromptRatio::of(&outcomes[at], &outcomes[0]),
    }
}

/// One run of a subject under a rule. `None`: cancelled.
pub(crate) fn outcome(
    engine: &mut Engine,
    spec: &RunSpec,
    params: Params,
) -> Result<Option<Outcome>> {
    let spec = RunSpec {
        params,
        ..spec.clone()
    };
    let pools = engine.pools.current.clone();
    let (trace, end) = record(engine, spec.clone())?;
    if end.finish == Finish::Cancelled || interrupt::is_set() {
        return Ok(None);
    }
    let expected = trace.steps.iter().map(|s| s.tree.expected_accepted());
    let stats = Stats::of(&trace);
    let again = RunSpec {
        start: trace.header.start(),
        ..spec
    };
    Ok(Some(Outcome {
        ids: trace.token_ids(),
        by_profile: speed_up::ms_by_profile(&trace.steps, &StepCosts::new(&trace.header.cost)),
        repeats: Repeats::new(again, pools, stats.timing.total()),
        stats,
        log_prob: LogProb::of(&trace),
        predicted: expected.map(f64::from).sum::<f64>() + trace.steps.len() as f64,
        header: trace.header,
    }))
}

/// A run under every rule. `None`: cancelled.
fn every_way(
    engine: &mut Engine,
    spec: &RunSpec,
    rules: &[AcceptanceRule],
) -> Result<Option<Vec<Outcome>>> {
    let mut outcomes = Vec::new();
    for &verify in rules {
        let params = Params {
            verify,
            ..spec.params
        };
        let Some(outcome) = outcome(engine, spec, params)? else {
            return Ok(None);
        };
        outcomes.push(outcome);
    }
    Ok(Some(outcomes))
}

/// The rule of a comparison with autoregressive decoding: one that makes the
/// same text, unless another is asked for.
pub(crate) fn compared_rule(args: &BenchDecodeArgs, params: &Params) -> AcceptanceRule {
    match args.decode.verify {
        Some(_) => params.verify,
        None => AcceptanceRule::Strict,
    }
}

fn first_divergence(subject: &str, outcomes: &[Outcome]) -> Option<Difference> {
    let (plain, strict) = (&outcomes[0].ids, &outcomes[1].ids);
    let at = first_difference(plain, strict)?;
    Some(Difference {
        subject: subject.to_string(),
        at,
        autoregressive: plain.get(at).copied(),
        strict: strict.get(at).copied(),
    })
}

/// One prompt's, against its own autoregressive run.
fn figures(rules: &[AcceptanceRule], outcomes: &[Outcome]) -> Modes {
    let plain = &outcomes[..1];
    let alone = outcomes.iter().map(std::slice::from_ref);
    let figures = alone.map(|outcome| mode_figures(outcome, plain));
    Modes::of(rules, figures.collect())
}

fn overall(rules: &[AcceptanceRule], answered: &[Vec<Outcome>]) -> Modes {
    let of_rule = |at: usize| -> Vec<&Outcome> { answered.iter().map(|o| &o[at]).collect() };
    let plain = of_rule(0);
    let figures = (0..rules.len()).map(|at| mode_figures(&of_rule(at), &plain));
    Modes::of(rules, figures.collect())
}

/// Tokens a second over all runs.
fn speed(outcomes: &[&Outcome]) -> f64 {
    let ms: f64 = outcomes.iter().flat_map(|o| &o.repeats.ms).sum();
    let tokens = outcomes.iter().map(|o| o.stats.tokens * o.repeats.ms.len());
    tokens.sum::<usize>() as f64 * 1000.0 / ms.max(1e-9)
}

fn by_profile(outcomes: &[&Outcome]) -> Option<f64> {
    let sums = outcomes.iter().map(|o| o.by_profile);
    let sums = sums.collect::<Option<Vec<(f64, f64)>>>()?;
    let (plain, own) = sums
        .iter()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
    (own > 0.0).then(|| plain / own)
}

/// Runs beside the autoregressive runs of the same prompts, in the same order.
pub(crate) fn mode_figures<O: Borrow<Outcome>>(outcomes: &[O], plain: &[O]) -> ModeFigures {
    let outcomes: Vec<&Outcome> = outcomes.iter().map(Borrow::borrow).collect();
    let plain: Vec<&Outcome> = plain.iter().map(Borrow::borrow).collect();
    let all = || outcomes.iter().copied();
    let mean_beside = |measure: fn(&[TokenId], &[TokenId]) -> f64| {
        let pairs = plain.iter().zip(all());
        let values = pairs.map(|(p, o)| measure(&p.ids, &o.ids));
        values.sum::<f64>() / outcomes.len() as f64
    };
    let sum = |get: fn(&Stats) -> usize| all().map(|o| get(&o.stats)).sum::<usize>();
    let (tokens, steps) = (sum(|s| s.tokens), sum(|s| s.steps));
    let per_step = |n: usize| n as f64 / steps.max(1) as f64;
    let drafted = sum(|s| s.fates.drafted()).max(1);
    let measured = paired::speed_up(&outcomes, &plain);
    let repeated: f64 = all().map(|o| repetition(&o.ids)).sum();
    ModeFigures {
        tokens,
        steps,
        mal: per_step(tokens),
        repetition: repeated / outcomes.len() as f64,
        tokens_per_s: speed(&outcomes),
        speedup: measured.map_or(0.0, |s| s.median),
        low: measured.map_or(0.0, |s| s.low),
        high: measured.map_or(0.0, |s| s.high),
        pairs: measured.map_or(0, |s| s.pairs),
        speedup_by_profile: by_profile(&outcomes),
        agreement: mean_beside(agreement),
        in_common: mean_beside(in_common),
        acceptance: sum(|s| s.fates.committed()) as f64 / drafted as f64,
        pool_hit_rate: per_step(sum(|s| s.hit_steps)),
        mean_log_prob: mean_log_prob(all()),
        rows: per_step(sum(|s| s.rows)),
        predicted_mal: all().map(|o| o.predicted).sum::<f64>() / steps.max(1) as f64,
    }
}

fn mean_log_prob<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> f64 {
    let (sum, tokens) = outcomes.fold((0.0, 0), |(sum, tokens), outcome| {
        let found = outcome.log_prob;
        (sum + found.sum, tokens + found.tokens)
    });
    sum / tokens.max(1) as f64
}
