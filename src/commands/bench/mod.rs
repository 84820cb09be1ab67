//! `laserscope bench`; here `bench decode`: autoregressive, strict and relaxed on the
//! same prompts in one process, interleaved. Relaxed figures never appear without
//! strict, agreement and repetition.

mod batch;
mod by_group;
mod compared;
mod figures;
pub(crate) mod forward;
mod grid;
mod outcome;
mod paired;
pub(crate) mod retrieval;
mod table;

use color_eyre::eyre::{Result, ensure};
use compared::{ComparedRule, PromptRatio};
use figures::{ModeFigures, mode_figures};
use outcome::{Outcome, compared_rule, every_way};
use serde::Serialize;

use crate::cli::{BenchCommand, BenchDecodeArgs, DecodeArgs};
use crate::commands::bench::paired::{Counted, repeat};
use crate::commands::report::RanOn;
use crate::commands::{open, print_json};
use crate::config::Settings;
use crate::console::progress::Line;
use crate::engine::{Engine, RunSpec};
use crate::recsys::{Catalog, Framework, Role, SubjectKind};
use crate::speculate::TokenId;
use crate::speculate::params::{AcceptanceRule, Params};
use crate::speculate::stats::first_difference;
use crate::worker::ask;

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Modes {
    pub(crate) autoregressive: ModeFigures,
    pub(crate) strict: ModeFigures,
    /// `None` with a temperature, which it does not support.
    pub(crate) relaxed: Option<ModeFigures>,
    /// Where --verify asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<ModeFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) margin: Option<ModeFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) typical: Option<ModeFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deferred: Option<ModeFigures>,
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
                AcceptanceRule::Margin { .. } => modes.margin = Some(figures),
                AcceptanceRule::Typical { .. } => modes.typical = Some(figures),
                AcceptanceRule::Deferred { .. } => modes.deferred = Some(figures),
            }
        }
        modes
    }

    fn listed(&self) -> Vec<(&'static str, &ModeFigures)> {
        let lossy = [
            ("relaxed", &self.relaxed),
            ("ratio", &self.ratio),
            ("margin", &self.margin),
            ("typical", &self.typical),
            ("deferred", &self.deferred),
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

/// Autoregressive and strict; relaxed, unless sampling; and another lossy rule if
/// requested.
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
pub(crate) struct PromptFigures {
    pub(crate) subject: String,
    pub(crate) group: Option<String>,
    #[serde(flatten)]
    pub(crate) modes: Modes,
    /// Of the rule that is compared.
    #[serde(flatten)]
    pub(crate) ratio: PromptRatio,
}

/// Where strict and autoregressive differ, if they do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    pub(crate) subject: String,
    /// Index of the first differing token of the answer.
    pub(crate) at: usize,
    pub(crate) autoregressive: Option<TokenId>,
    pub(crate) strict: Option<TokenId>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct BenchReport {
    #[serde(flatten)]
    pub(crate) on: RanOn,
    pub(crate) params: Params,
    pub(crate) modes: Modes,
    /// Strict equalled autoregressive on every prompt, token for token.
    pub(crate) lossless: bool,
    pub(crate) first_difference: Option<Difference>,
    #[serde(flatten)]
    pub(crate) compared: ComparedRule,
    pub(crate) prompts: Vec<PromptFigures>,
}

/// Runs the command. `Ok(false)`: cancelled, or not lossless.
pub fn run(
    command: &BenchCommand,
    settings: &Settings,
    params: impl Fn(&DecodeArgs) -> Result<Params>,
) -> Result<bool> {
    match command {
        BenchCommand::Decode(args) => decode(args, settings, params(&args.decode)?),
        BenchCommand::Batch(args) => batch::run(args, settings, params(&args.decode)?),
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
    let specs = specs(&catalog, &framework, (args.items, args.users), params)?;
    Ok((catalog, engine, specs))
}

/// A run for each of these numbers of query-half items and users, spread over the groups.
fn specs(
    catalog: &Catalog,
    framework: &Framework,
    (items, users): (usize, usize),
    params: Params,
) -> Result<Vec<RunSpec>> {
    let mut subjects = catalog.stratified_sample(SubjectKind::Item, items);
    subjects.extend(catalog.stratified_sample(SubjectKind::User, users));
    ensure!(
        !subjects.is_empty(),
        "--items {items} --users {users}: the query half has no such subject; a small catalog may \
         have no query half (`laserscope catalog info`)"
    );
    let specs = subjects.into_iter().map(|at| {
        let (subject, prompt) = ask::about(catalog, at, framework, Role::Query)?;
        Ok(RunSpec::new(subject, prompt, params))
    });
    specs.collect()
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
            "{}: relaxed is left out, because it accepts tokens by probability instead of \
            sampling them",
            sampling.describe()
        );
    }
    let mut line = Line::new();
    let rules = compared(&params);
    let Some(mut answered) = answer_all(engine, specs, &rules, &mut line)? else {
        return Ok(false);
    };
    let mut by_prompt = specs.iter().zip(&answered);
    let difference =
        by_prompt.find_map(|(spec, outcomes)| first_divergence(&spec.subject.id, outcomes));
    let ways = answered.iter_mut().map(|outcomes| outcomes.iter_mut());
    let mut ways: Vec<Vec<&mut Outcome>> = ways.map(Iterator::collect).collect();
    let each = Counted::EachWay;
    if !repeat(engine, &mut ways, &args.pairing(), each, &mut line)? {
        return Ok(false);
    }
    drop(line);
    let rule = compared_rule(args, &params);
    let report = BenchReport {
        lossless: difference.is_none(),
        first_difference: difference,
        ..BenchReport::of(engine, params, &rules, rule, &answered)
    };
    match args.json {
        true => print_json(&report)?,
        false => table::print(&report, args.paired.is_some()),
    }
    Ok(report.lossless)
}

impl BenchReport {
    /// Of runs under every rule, `rule` compared with autoregressive decoding.
    fn of(
        engine: &Engine,
        params: Params,
        rules: &[AcceptanceRule],
        rule: AcceptanceRule,
        answered: &[Vec<Outcome>],
    ) -> Self {
        let at = rules.iter().position(|r| *r == rule).unwrap_or(1);
        BenchReport {
            compared: ComparedRule::of(rules[at], at, answered),
            prompts: answered.iter().map(|o| prompt(rules, at, o)).collect(),
            on: RanOn::of(engine),
            modes: overall(rules, answered),
            lossless: true,
            first_difference: None,
            params,
        }
    }
}

/// Every prompt under every rule; `None`: cancelled.
fn answer_all(
    engine: &mut Engine,
    specs: &[RunSpec],
    rules: &[AcceptanceRule],
    line: &mut Line,
) -> Result<Option<Vec<Vec<Outcome>>>> {
    let mut answered = Vec::new();
    for (i, spec) in specs.iter().enumerate() {
        let text = format!("{}/{} {}", i + 1, specs.len(), spec.subject.title);
        line.timed_part(i as u64, specs.len() as u64, &text);
        let Some(outcomes) = every_way(engine, spec, rules)? else {
            return Ok(None);
        };
        if spec.params.sources.online {
            engine.pools.remember(&outcomes[0].header, &outcomes[0].ids);
        }
        answered.push(outcomes);
    }
    Ok(Some(answered))
}

/// `at`: the index of the compared rule.
fn prompt(rules: &[AcceptanceRule], at: usize, outcomes: &[Outcome]) -> PromptFigures {
    let subject = &outcomes[0].header.subject;
    PromptFigures {
        subject: subject.id.clone(),
        group: subject.group.clone(),
        modes: figures(rules, outcomes),
        ratio: PromptRatio::of(&outcomes[at], &outcomes[0]),
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
