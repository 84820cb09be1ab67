//! `laserscope bench forward`: what a forward pass costs by its number of rows.

use color_eyre::eyre::{Result, ensure};
use serde::Serialize;

use super::{open, print_json};
use crate::session::Settings;
use crate::speculate::cost::CostTable;

#[derive(Serialize)]
struct Row {
    n: usize,
    context: usize,
    total_ms: f32,
}

#[derive(Serialize)]
struct ForwardReport {
    model: String,
    device: String,
    threads: usize,
    rows: Vec<Row>,
}

/// Runs the command, with `context` tokens in the cache.
pub fn run(context: usize, json: bool, settings: &Settings) -> Result<()> {
    let (_, mut engine) = open(settings)?;
    let most = engine.context() - CostTable::MEASURED_ROWS[CostTable::MEASURED_ROWS.len() - 1];
    ensure!(
        context <= most,
        "--at {context}: at most {most} in a context of {}",
        engine.context()
    );
    let cost = engine.measure_cost_at(context)?;
    let row = |&(n, total_ms): &(usize, f32)| Row {
        n,
        context,
        total_ms,
    };
    let report = ForwardReport {
        model: engine.info.name.clone(),
        device: engine.device.clone(),
        threads: engine.threads(),
        rows: cost.points.iter().map(row).collect(),
    };
    if json {
        return print_json(&report);
    }
    println!(
        "{} on {}, {context} tokens in the cache",
        report.model, report.device
    );
    println!("{:>5}{:>10}{:>12}", "rows", "ms", "ms a row");
    for row in &report.rows {
        println!(
            "{:>5}{:>10.2}{:>12.3}",
            row.n,
            row.total_ms,
            row.total_ms / row.n as f32
        );
    }
    Ok(())
}
