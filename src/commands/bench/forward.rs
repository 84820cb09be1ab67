//! `laserscope bench forward`: what a forward pass costs by its number of rows and the
//! length of the context, part by part, with this machine's roofline and the cost in
//! real runs. Measured like the cost profile: steps with the same number of rows, back
//! to back.

use color_eyre::eyre::{Result, ensure};
use serde::Serialize;

use crate::commands::decoding::{self, Decoding};
use crate::commands::report::RanOn;
use crate::commands::{open_unmeasured, print_json};
use crate::config::Settings;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::console::table::{Table, number};
use crate::engine::{Engine, MeasuredPoint};
use crate::model::kernels::Isa;
use crate::model::roofline::Roofline;
use crate::speculate::cost::{CostProfile, StepCosts};

/// Numbers of rows that are measured.
const ROWS: [usize; 9] = [1, 2, 4, 8, 12, 16, 32, 48, 64];

/// Context of the real runs.
const RUNS_CONTEXT: usize = 2048;

/// What is to be measured.
pub(crate) struct ForwardBench {
    /// Tokens in the cache, one measurement each.
    pub(crate) contexts: Vec<usize>,
    /// `None`: the best that this processor has.
    pub(crate) isa: Option<Isa>,
    pub(crate) repeats: usize,
    /// Also make real runs at fixed budgets.
    pub(crate) decoding: bool,
    pub(crate) json: bool,
}

#[derive(Serialize)]
struct Parts {
    matmul: f32,
    attention: f32,
    head: f32,
    /// Reading the logits: penalty, distribution, ranks.
    verify: f32,
    rest: f32,
}

#[derive(Serialize)]
struct ForwardRow {
    n: usize,
    context: usize,
    /// Median over the repetitions, the reading of the logits included, as a step's
    /// `forward + verify`; the parts are of that pass.
    total_ms: f32,
    /// Interquartile range of the whole step over its median.
    spread: f32,
    /// Relative to one row at this context.
    ratio: f32,
    parts: Parts,
    /// Total over the higher roofline bound; absent on a GPU.
    over_floor: Option<f32>,
}

#[derive(Serialize)]
struct ForwardReport {
    #[serde(flatten)]
    on: RanOn,
    instructions: String,
    rows: Vec<ForwardRow>,
    /// Passes of real runs at fixed budgets.
    decoding: Vec<Decoding>,
    /// Reading the packed weights once.
    floor_ms: Option<f32>,
    /// The multiply-adds of a row, at the kernel's speed on cached data.
    arithmetic_ms_a_row: Option<f32>,
    /// Processing a prompt of 256 tokens.
    prompt_256_ms: Option<f32>,
}

/// Runs the command. `Ok(false)`: cancelled.
///
/// # Errors
/// A context that does not fit, what the device reports.
pub(crate) fn run(bench: &ForwardBench, settings: &Settings) -> Result<bool> {
    let longest = bench.contexts.iter().copied().max().unwrap_or(1);
    let mut settings = settings.clone();
    let runs = if bench.decoding { RUNS_CONTEXT } else { 0 };
    let needed = (longest + 2 * ROWS[ROWS.len() - 1]).max(runs);
    settings.context = Some(settings.context.unwrap_or(needed).max(needed));
    let (catalog, mut engine) = open_unmeasured(&settings)?;
    ensure!(
        longest <= engine.longest_measured(),
        "--at {longest}: must be at most {} in this model's context",
        engine.longest_measured()
    );
    if let Some(isa) = bench.isa {
        engine.set_isa(isa);
    }
    let Some(mut report) = measure(bench, &mut engine)? else {
        return Ok(false);
    };
    if bench.decoding {
        let Some(decoding) = decoding::measure(&mut engine, &catalog, &settings)? else {
            return Ok(false);
        };
        report.decoding = decoding;
    }
    if bench.json {
        print_json(&report)?;
    } else {
        print(&report);
    }
    Ok(true)
}

/// `None`: cancelled.
fn measure(bench: &ForwardBench, engine: &mut Engine) -> Result<Option<ForwardReport>> {
    let roofline = engine.roofline();
    let mut line = Line::new();
    let mut rows: Vec<ForwardRow> = Vec::new();
    for &context in &bench.contexts {
        let mut single = None;
        for n in ROWS {
            line.show(&format!("{n} rows at context {context}"));
            let point = engine.measure_point(n, context.max(1), bench.repeats)?;
            if interrupt::is_set() {
                return Ok(None);
            }
            let single = *single.get_or_insert(point.cost.forward_ms);
            rows.push(row(&point, context, single, roofline));
        }
    }
    Ok(Some(ForwardReport {
        on: RanOn::of(engine),
        instructions: engine.model.arithmetic().instructions,
        rows,
        decoding: Vec::new(),
        floor_ms: roofline.map(|f| f.memory_ms),
        arithmetic_ms_a_row: roofline.map(|f| f.arithmetic_ms_a_row),
        prompt_256_ms: engine.prompt_ms(256)?,
    }))
}

fn row(
    point: &MeasuredPoint,
    context: usize,
    single: f32,
    roofline: Option<Roofline>,
) -> ForwardRow {
    let MeasuredPoint {
        cost,
        parts,
        verify_ms,
    } = *point;
    let total_ms = cost.forward_ms;
    ForwardRow {
        n: cost.rows,
        context,
        total_ms,
        spread: cost.spread,
        ratio: total_ms / single,
        parts: Parts {
            matmul: parts.matmul_ms,
            attention: parts.attention_ms,
            head: parts.head_ms,
            verify: verify_ms,
            rest: (total_ms - parts.matmul_ms - parts.attention_ms - parts.head_ms - verify_ms)
                .max(0.0),
        },
        over_floor: roofline.map(|f| total_ms / f.ms(cost.rows)),
    }
}

/// The measured rows as a profile, to be asked for contexts between them.
fn as_profile(rows: &[ForwardRow]) -> StepCosts {
    let point = |row: &ForwardRow| crate::speculate::cost::CostPoint {
        rows: row.n,
        context: Some(row.context),
        forward_ms: row.total_ms,
        step_ms: row.total_ms,
        spread: row.spread,
    };
    StepCosts::new(&CostProfile {
        points: rows.iter().map(point).collect(),
        ..CostProfile::default()
    })
}

fn print(report: &ForwardReport) {
    out!("{} on {}", report.on.model, report.on.device);
    if let (Some(memory), Some(row)) = (report.floor_ms, report.arithmetic_ms_a_row) {
        out!(
            "roofline with {}: {memory:.2} ms to read the weights once, {row:.3} ms of arithmetic \
            per row",
            report.instructions
        );
    }
    print_rows(&report.rows);
    print_decoding(report);
    if let Some(ms) = report.prompt_256_ms {
        let rate = 256_000.0 / ms;
        out!("a prompt of 256 tokens: {ms:.0} ms, {rate:.0} tokens/s");
    }
}

fn print_rows(rows: &[ForwardRow]) {
    let mut table = Table::new([
        number("context", 8),
        number("rows", 6),
        number("ms", 9),
        number("t(n)/t(1)", 11),
        number("ms/row", 10),
        number("matmul", 8),
        number("attention", 11),
        number("head", 8),
        number("verify", 8),
        number("rest", 8),
        number("/roof", 9),
    ]);
    for row in rows {
        let parts = &row.parts;
        table.row([
            row.context.to_string(),
            row.n.to_string(),
            format!("{:.2}", row.total_ms),
            format!("{:.2}", row.ratio),
            format!("{:.3}", row.total_ms / row.n as f32),
            format!("{:.2}", parts.matmul),
            format!("{:.2}", parts.attention),
            format!("{:.2}", parts.head),
            format!("{:.2}", parts.verify),
            format!("{:.2}", parts.rest),
            row.over_floor.map_or("-".into(), |f| format!("{f:.2}")),
        ]);
    }
    table.print();
}

fn print_decoding(report: &ForwardReport) {
    if report.decoding.is_empty() {
        return;
    }
    let costs = as_profile(&report.rows);
    let contexts = || report.rows.iter().map(|row| row.context);
    // Real contexts vary by a few tokens about their median.
    let longest = contexts().max().unwrap_or(0) * 21 / 20;
    let measured = contexts().min().unwrap_or(0)..=longest;
    out!("real runs at fixed budgets, forward and verify of steps of exactly n rows:");
    let mut table = Table::new([
        number("context", 8),
        number("rows", 6),
        number("ms", 9),
        number("steps", 8),
        number("over bench", 13),
    ]);
    for d in &report.decoding {
        // Beyond the contexts that were measured there is nothing to compare with.
        let ratio = match measured.contains(&d.context) {
            true => format!("{:.2}x", d.total_ms / costs.ms(d.n, d.context)),
            false => "-".to_string(),
        };
        table.row([
            d.context.to_string(),
            d.n.to_string(),
            format!("{:.2}", d.total_ms),
            d.steps.to_string(),
            ratio,
        ]);
    }
    table.print();
}
