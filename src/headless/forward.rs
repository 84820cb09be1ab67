//! `laserscope bench forward`: what a forward pass costs by its number of rows
//! and the length of the context, part by part, beside what this machine could
//! not do quicker.

use color_eyre::eyre::{Result, ensure};
use serde::Serialize;

use super::report::RanOn;
use super::{open, print_json};
use crate::engine::Engine;
use crate::model::clock::PassTimes;
use crate::model::floors::Floors;
use crate::model::kernels::Isa;
use crate::session::Settings;

/// Numbers of rows that are measured.
const ROWS: [usize; 9] = [1, 2, 4, 8, 12, 16, 32, 48, 64];

/// What is to be measured.
pub struct ForwardBench {
    /// Tokens in the cache, one measurement each.
    pub contexts: Vec<usize>,
    /// `None`: the best that this processor has.
    pub isa: Option<Isa>,
    pub repeats: usize,
    pub json: bool,
}

#[derive(Serialize)]
struct Parts {
    matmul: f32,
    attention: f32,
    head: f32,
    rest: f32,
}

#[derive(Serialize)]
struct Row {
    n: usize,
    context: usize,
    /// Median over the repetitions; the parts are of that pass.
    total_ms: f32,
    /// Over one row at this context.
    ratio: f32,
    parts: Parts,
    /// Total over the larger floor; absent on a GPU.
    over_floor: Option<f32>,
}

#[derive(Serialize)]
struct ForwardReport {
    #[serde(flatten)]
    on: RanOn,
    instructions: &'static str,
    rows: Vec<Row>,
    /// Reading the packed weights once.
    floor_ms: Option<f32>,
    /// The multiply-adds of a row, at the pace of the kernel on data in cache.
    arithmetic_ms_a_row: Option<f32>,
    /// Processing a prompt of 256 tokens.
    prompt_256_ms: Option<f32>,
}

/// Runs the command.
///
/// # Errors
/// A context that does not fit, what the device reports.
pub fn run(bench: &ForwardBench, settings: &Settings) -> Result<()> {
    let longest = bench.contexts.iter().copied().max().unwrap_or(0);
    let mut settings = settings.clone();
    let needed = longest + ROWS[ROWS.len() - 1];
    settings.context = Some(settings.context.unwrap_or(needed).max(needed));
    let (_, mut engine) = open(&settings)?;
    ensure!(
        needed <= engine.context(),
        "--at {longest}: at most {} in this model's context",
        engine.context() - ROWS[ROWS.len() - 1]
    );
    if let Some(isa) = bench.isa {
        engine.set_isa(isa);
    }
    let report = measure(bench, &mut engine)?;
    if bench.json {
        return print_json(&report);
    }
    print(&report);
    Ok(())
}

fn measure(bench: &ForwardBench, engine: &mut Engine) -> Result<ForwardReport> {
    let floors = engine.floors();
    let mut rows = Vec::new();
    for &context in &bench.contexts {
        let times = medians(bench, engine, context)?;
        let single = times[0].total_ms;
        rows.extend(ROWS.iter().zip(times).map(|(&n, times)| Row {
            n,
            context,
            total_ms: times.total_ms,
            ratio: times.total_ms / single,
            parts: Parts {
                matmul: times.matmul_ms,
                attention: times.attention_ms,
                head: times.head_ms,
                rest: times.rest_ms(),
            },
            over_floor: floors.map(|f: Floors| times.total_ms / f.ms(n)),
        }));
    }
    Ok(ForwardReport {
        on: RanOn::of(engine),
        instructions: bench.isa.unwrap_or_else(Isa::detect).name(),
        rows,
        floor_ms: floors.map(|f| f.memory_ms),
        arithmetic_ms_a_row: floors.map(|f| f.arithmetic_ms_a_row),
        prompt_256_ms: engine.prompt_ms(256)?,
    })
}

/// The median pass for each number of rows; the numbers take turns, so that
/// what disturbs the machine disturbs them alike.
fn medians(bench: &ForwardBench, engine: &mut Engine, context: usize) -> Result<Vec<PassTimes>> {
    let mut all: Vec<Vec<PassTimes>> = vec![Vec::new(); ROWS.len()];
    for _ in 0..bench.repeats.max(1) {
        for (times, &n) in all.iter_mut().zip(&ROWS) {
            times.push(engine.forward_times(n, context, 1)?);
        }
    }
    Ok(all
        .into_iter()
        .map(|mut times| {
            times.sort_by(|a, b| a.total_ms.total_cmp(&b.total_ms));
            times[times.len() / 2]
        })
        .collect())
}

fn print(report: &ForwardReport) {
    out!("{} on {}", report.on.model, report.on.device);
    if let (Some(memory), Some(row)) = (report.floor_ms, report.arithmetic_ms_a_row) {
        out!(
            "floors with {}: {memory:.2} ms to read the weights once, {row:.3} ms of arithmetic a row",
            report.instructions
        );
    }
    out!(
        "{:>8}{:>6}{:>9}{:>9}{:>11}{:>8}{:>11}{:>8}{:>8}{:>9}",
        "context",
        "rows",
        "ms",
        "t(n)/t(1)",
        "ms a row",
        "matmul",
        "attention",
        "head",
        "rest",
        "/ floor"
    );
    for row in &report.rows {
        let over = row.over_floor.map_or("-".into(), |f| format!("{f:.2}"));
        out!(
            "{:>8}{:>6}{:>9.2}{:>9.2}{:>11.3}{:>8.2}{:>11.2}{:>8.2}{:>8.2}{over:>9}",
            row.context,
            row.n,
            row.total_ms,
            row.ratio,
            row.total_ms / row.n as f32,
            row.parts.matmul,
            row.parts.attention,
            row.parts.head,
            row.parts.rest
        );
    }
    if let Some(ms) = report.prompt_256_ms {
        let rate = 256_000.0 / ms;
        out!("a prompt of 256 tokens: {ms:.0} ms, {rate:.0} tokens/s");
    }
}
