//! `laserscope bench batch`: autoregressive, strict and relaxed decoding of many subjects
//! together, at each batch size, interleaved. Shows what batching gains, what drafting
//! gains, and whether drafting still pays within a batch.

mod measured;
mod table;

use color_eyre::eyre::{Result, ensure};
use serde::Serialize;

use self::measured::{BatchAnswer, Measured, alone, together};
use super::{compared, specs};
use crate::cli::{BenchBatchArgs, MemorySize};
use crate::commands::report::RanOn;
use crate::commands::{open, print_json, settle_passes};
use crate::config::Settings;
use crate::console::progress::Line;
use crate::engine::{BatchRoom, Engine, Prompts, RunSpec};
use crate::speculate::cost::PassCosts;
use crate::speculate::params::{AcceptanceRule, Params};
use crate::speculate::speed_up::SpeedUp;

/// The figures of one batch size under one rule.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    /// Subjects decoded together.
    pub(crate) size: usize,
    pub(crate) rule: &'static str,
    /// Runs measured.
    pub(crate) runs: usize,
    pub(crate) tokens: usize,
    /// Decoding alone, prompts not included.
    pub(crate) tokens_per_s: f64,
    /// From the first prompt to the last answer.
    pub(crate) wall_s: f64,
    pub(crate) wall_tokens_per_s: f64,
    /// Relative to autoregressive decoding of the same subjects one by one: median and 95%
    /// interval over the runs.
    pub(crate) speedup: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) pairs: usize,
    /// Tokens per second relative to the same size without drafts: median and 95% interval
    /// over the rounds; `None`: it does not draft, or autoregressive was not measured.
    pub(crate) over_plain: Option<f64>,
    pub(crate) over_plain_low: Option<f64>,
    pub(crate) over_plain_high: Option<f64>,
    pub(crate) mal: f64,
    /// Mean rows per pass, prompts not included.
    pub(crate) rows: f64,
    /// Share of those rows that were drafts.
    pub(crate) drafts: f64,
    /// The lowest path probability that was given a row: median over the passes that
    /// drafted; `None`: none did.
    pub(crate) survival_needed: Option<f64>,
    /// The path probability that one more row would have needed: median over the passes.
    pub(crate) survival_price: Option<f64>,
    /// Every text equalled the autoregressive one, token for token; `None`: the rule does
    /// not guarantee it.
    pub(crate) lossless: Option<bool>,
}

#[derive(Clone, Debug, Serialize)]
struct BatchReport {
    #[serde(flatten)]
    on: RanOn,
    params: Params,
    subjects: usize,
    rounds: usize,
    /// Tokens of the longest prompt, and how many of them are in the shared prefix.
    prompt: usize,
    shared: usize,
    /// The assumptions made if passes were not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    assumed: Option<&'static str>,
    points: Vec<Point>,
}

/// Runs the command. `Ok(false)`: cancelled, or not lossless.
///
/// # Errors
/// No subjects; a size that does not fit the memory limit; the model's errors.
pub(crate) fn run(args: &BenchBatchArgs, settings: &Settings, params: Params) -> Result<bool> {
    let (mut engine, specs) = prepare(args, settings, params)?;
    let mut prompts = Prompts::default();
    for spec in &specs {
        let rendered = engine
            .model
            .render_to_fit(&spec.prompt, params.max_tokens)?;
        prompts.add(&spec.subject.kind, &rendered.ids);
    }
    let rooms = rooms(args, &engine, &prompts, params.max_tokens)?;
    let rules = compared(&params);
    let Some(points) = measure(args, &mut engine, &specs, &rooms, &rules)? else {
        return Ok(false);
    };
    let is_lossless = points.iter().all(|point| point.lossless != Some(false));
    let report = BatchReport {
        on: RanOn::of(&engine),
        params,
        subjects: specs.len(),
        rounds: args.rounds,
        prompt: prompts.longest(),
        shared: prompts.longest() - prompts.longest_own(),
        assumed: PassCosts::new(&engine.start.cost).assumed(),
        points,
    };
    match (args.json, args.csv) {
        (true, _) => print_json(&report)?,
        (_, true) => table::csv(&report.points)?,
        _ => table::print(&report),
    }
    Ok(is_lossless)
}

/// The engine, and one run per subject.
fn prepare(
    args: &BenchBatchArgs,
    settings: &Settings,
    params: Params,
) -> Result<(Engine, Vec<RunSpec>)> {
    let framework = settings.framework()?;
    let (catalog, mut engine) = open(settings)?;
    settle_passes(&mut engine, settings)?;
    let specs = specs(&catalog, &framework, (args.items, args.users), params)?;
    Ok((engine, specs))
}

/// The room for every size; too little memory is reported before anything runs.
fn rooms(
    args: &BenchBatchArgs,
    engine: &Engine,
    prompts: &Prompts,
    max_tokens: usize,
) -> Result<Vec<BatchRoom>> {
    let MemorySize(most) = args.batch_memory;
    let room = |&lanes: &usize| {
        let room = BatchRoom {
            lanes,
            own: BatchRoom::own_tokens(prompts.longest_own(), max_tokens, engine.model.context()),
            prefixes: prompts.prefixes(),
        };
        let bytes = room.bytes(engine);
        ensure!(
            lanes == 1 || bytes <= most,
            "--sizes {lanes} needs {}, but --batch-memory allows {}",
            MemorySize(bytes),
            MemorySize(most)
        );
        Ok(room)
    };
    args.sizes.iter().map(room).collect()
}

/// Measures every size under every rule, round by round. `None`: cancelled.
fn measure(
    args: &BenchBatchArgs,
    engine: &mut Engine,
    specs: &[RunSpec],
    rooms: &[BatchRoom],
    rules: &[AcceptanceRule],
) -> Result<Option<Vec<Point>>> {
    let mut line = Line::new();
    let mut all = vec![vec![Measured::default(); rules.len()]; rooms.len()];
    let mut plain = Vec::new();
    for round in 1..=args.rounds {
        line.show(&format!("round {round}: one by one"));
        let under = of_rule(specs, AcceptanceRule::Autoregressive);
        let Some(baseline) = alone(engine, &under)? else {
            return Ok(None);
        };
        for (room, of_rules) in rooms.iter().zip(&mut all) {
            for (&rule, sums) in rules.iter().zip(of_rules) {
                line.show(&format!("round {round}: {} {}", room.lanes, rule.name()));
                let Some(measured) = one(engine, specs, room, rule, &baseline)? else {
                    return Ok(None);
                };
                sums.add(measured, &baseline.answers);
            }
        }
        plain = baseline.answers;
    }
    let points = rooms.iter().zip(all).flat_map(|(room, of_rules)| {
        let of_rules: Vec<_> = rules.iter().copied().zip(of_rules).collect();
        points(room.lanes, &of_rules, &plain)
    });
    Ok(Some(points.collect()))
}

/// The points of one size.
fn points(
    size: usize,
    of_rules: &[(AcceptanceRule, Measured)],
    plain: &[BatchAnswer],
) -> Vec<Point> {
    let is_plain = |(rule, _): &&(AcceptanceRule, Measured)| !rule.drafts();
    let without = of_rules.iter().find(is_plain).map(|(_, measured)| measured);
    let each = of_rules.iter().map(|(rule, measured)| {
        let over_plain = without.filter(|_| rule.drafts());
        let over_plain = over_plain.and_then(|without| measured.over(without));
        Point {
            over_plain: over_plain.map(|over| over.median),
            over_plain_low: over_plain.map(|over| over.low),
            over_plain_high: over_plain.map(|over| over.high),
            ..point(size, *rule, measured, plain)
        }
    });
    each.collect()
}

/// Measures one size under one rule; size 1 autoregressive is the baseline itself.
fn one(
    engine: &mut Engine,
    specs: &[RunSpec],
    room: &BatchRoom,
    rule: AcceptanceRule,
    baseline: &Measured,
) -> Result<Option<Measured>> {
    let specs = of_rule(specs, rule);
    match (room.lanes, rule) {
        (1, AcceptanceRule::Autoregressive) => Ok(Some(baseline.clone())),
        (1, _) => alone(engine, &specs),
        _ => together(engine, &specs, room),
    }
}

fn of_rule(specs: &[RunSpec], verify: AcceptanceRule) -> Vec<RunSpec> {
    let under = |spec: &RunSpec| RunSpec {
        params: Params {
            verify,
            ..spec.params
        },
        ..spec.clone()
    };
    specs.iter().map(under).collect()
}

fn point(size: usize, rule: AcceptanceRule, measured: &Measured, plain: &[BatchAnswer]) -> Point {
    let tokens = measured.tokens();
    let speed_up = SpeedUp::of(&measured.ratios).unwrap_or(SpeedUp {
        median: 0.0,
        low: 0.0,
        high: 0.0,
        pairs: 0,
    });
    let is_plain = |answer: &BatchAnswer| answer.ids == plain[answer.subject].ids;
    let rows = measured.rows.max(1) as f64;
    Point {
        size,
        rule: rule.name(),
        runs: measured.answers.len(),
        tokens,
        tokens_per_s: tokens as f64 * 1000.0 / measured.decode_ms.max(1e-9),
        wall_s: measured.wall_s,
        wall_tokens_per_s: tokens as f64 / measured.wall_s.max(1e-9),
        speedup: speed_up.median,
        low: speed_up.low,
        high: speed_up.high,
        pairs: speed_up.pairs,
        over_plain: None,
        over_plain_low: None,
        over_plain_high: None,
        mal: tokens as f64 / measured.steps.max(1) as f64,
        rows: measured.rows as f64 / measured.passes.max(1) as f64,
        drafts: measured.drafts as f64 / rows,
        survival_needed: median(&measured.cuts),
        survival_price: median(&measured.prices),
        lossless: rule
            .is_lossless()
            .then(|| measured.answers.iter().all(is_plain))
            .filter(|_| rule.drafts()),
    }
}

fn median(values: &[f32]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let middle = sorted.get(sorted.len() / 2)?;
    Some(f64::from(*middle))
}
