//! `laserscope cost`: shows or renews the profile that automatic budgets follow.

use std::path::PathBuf;

use color_eyre::eyre::{Result, bail};
use serde::Serialize;

use crate::commands::report::RanOn;
use crate::commands::{open_unmeasured, print_json};
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::console::table::{Table, number};

mod shape;

use crate::cli::CostCommand;
use crate::config::Settings;
use crate::engine::{Engine, Loading};
use crate::session::cost;
use crate::session::kept_cost::CostKey;
use crate::speculate::cost::{CostPoint, CostProfile, PassPoint};

#[derive(Serialize)]
struct Point {
    #[serde(flatten)]
    measured: CostPoint,
    /// Relative error of the fitted profile at this point.
    residual: f32,
}

#[derive(Serialize)]
struct CostReport {
    #[serde(flatten)]
    on: RanOn,
    instructions: String,
    kv: String,
    /// Where the profile is saved; absent if it is not.
    file: Option<PathBuf>,
    measured: Option<String>,
    machine: Option<String>,
    /// The largest of the points'.
    spread: f32,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    shape: Option<shape::Measured>,
    points: Vec<Point>,
    /// Passes over several sequences; absent where none was measured.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    passes: Vec<PassPoint>,
}

/// Runs the command.
///
/// # Errors
/// No profile to be shown; what the device reports.
pub fn run(command: &CostCommand, settings: &Settings) -> Result<()> {
    let (report, json) = match command {
        CostCommand::Measure {
            shape: Some(name),
            json,
        } => {
            let (engine, shape) = shape::measure(name, settings)?;
            let report = CostReport {
                shape: Some(shape),
                ..report(&engine, None)
            };
            (report, *json)
        }
        CostCommand::Show { json } => {
            let (_, mut engine) = open_unmeasured(settings)?;
            let file = shown(&mut engine, settings)?;
            (report(&engine, file), *json)
        }
        CostCommand::Measure { json, .. } => {
            let (_, mut engine) = open_unmeasured(settings)?;
            let file = measured(&mut engine)?;
            (report(&engine, file), *json)
        }
    };
    if json {
        return print_json(&report);
    }
    print(&report);
    Ok(())
}

fn shown(engine: &mut Engine, settings: &Settings) -> Result<Option<PathBuf>> {
    if let Some(choice) = &settings.cost {
        engine.start.cost = cost::named(choice)?;
        return Ok(None);
    }
    let key = CostKey::of(engine);
    let Some(profile) = key.load(0) else {
        bail!(
            "no cost profile for {} on {} yet: run `laserscope cost measure`",
            engine.model.info.name,
            engine.model.device
        );
    };
    engine.start.cost = profile;
    Ok(key.path())
}

fn measured(engine: &mut Engine) -> Result<Option<PathBuf>> {
    let key = CostKey::of(engine);
    let mut line = Line::new();
    let (file, note) = cost::renew(engine, &key, &mut |done, of| {
        super::show_loading(&mut line, &Loading::Measuring { done, of });
        !interrupt::is_set()
    })?;
    engine.start.cost.passes.clear();
    let of_passes = cost::settle_passes(engine, &mut |done, of| {
        line.show(&Loading::Measuring { done, of }.describe());
        !interrupt::is_set()
    })?;
    drop(line);
    for note in note.iter().chain(&of_passes) {
        note!("{note}");
    }
    Ok(file)
}

fn report(engine: &Engine, file: Option<PathBuf>) -> CostReport {
    let profile: &CostProfile = &engine.start.cost;
    let points = profile.points.iter().zip(profile.residuals());
    let arithmetic = engine.model.arithmetic();
    CostReport {
        on: RanOn::of(engine),
        instructions: arithmetic.instructions,
        kv: arithmetic.kv,
        file,
        measured: profile.measured.clone(),
        machine: profile.machine.clone(),
        spread: profile.spread(),
        shape: None,
        points: points
            .map(|(&measured, residual)| Point { measured, residual })
            .collect(),
        passes: profile.passes.clone(),
    }
}

fn print(report: &CostReport) {
    out!("{} on {}", report.on.model, report.on.device);
    if let (Some(day), Some(machine)) = (&report.measured, &report.machine) {
        out!(
            "measured {day} on {machine}, spread up to {:.1}%",
            report.spread * 100.0
        );
    }
    if let Some(shape) = &report.shape {
        out!("{}", shape.describe());
    }
    if let Some(file) = &report.file {
        out!("saved in {}", file.display());
    }
    let mut table = Table::new([
        number("rows", 6),
        number("context", 9),
        number("forward ms", 13),
        number("step ms", 10),
        number("spread", 9),
        number("residual", 10),
    ]);
    for Point { measured, residual } in &report.points {
        table.row([
            measured.rows.to_string(),
            measured.context.map_or("any".into(), |c| c.to_string()),
            format!("{:.2}", measured.forward_ms),
            format!("{:.2}", measured.step_ms),
            format!("{:.1}%", measured.spread * 100.0),
            format!("{:.1}%", residual * 100.0),
        ]);
    }
    table.print();
}
