//! `laserscope cost`: shows or renews the profile that automatic budgets follow.

use std::path::PathBuf;

use color_eyre::eyre::{Result, bail};
use serde::Serialize;

use crate::commands::report::RanOn;
use crate::commands::{open_unmeasured, print_json};
use crate::console::interrupt;
use crate::console::progress::Line;

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
struct Report {
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
            let report = Report {
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

fn report(engine: &Engine, file: Option<PathBuf>) -> Report {
    let profile: &CostProfile = &engine.start.cost;
    let points = profile.points.iter().zip(profile.residuals());
    let arithmetic = engine.model.arithmetic();
    Report {
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

fn print(report: &Report) {
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
    out!(
        "{:>6}{:>9}{:>13}{:>10}{:>9}{:>10}",
        "rows",
        "context",
        "forward ms",
        "step ms",
        "spread",
        "residual"
    );
    for Point { measured, residual } in &report.points {
        let context = measured.context.map_or("any".into(), |c| c.to_string());
        out!(
            "{:>6}{context:>9}{:>13.2}{:>10.2}{:>8.1}%{:>9.1}%",
            measured.rows,
            measured.forward_ms,
            measured.step_ms,
            measured.spread * 100.0,
            residual * 100.0
        );
    }
    print_passes(&report.passes);
}

fn print_passes(passes: &[PassPoint]) {
    if passes.is_empty() {
        return;
    }
    out!(
        "passes over several sequences, each row behind `own` tokens and `shared` ones that all share:"
    );
    out!(
        "{:>6}{:>11}{:>7}{:>8}{:>10}{:>9}",
        "rows",
        "sequences",
        "own",
        "shared",
        "ms",
        "spread"
    );
    for pass in passes {
        out!(
            "{:>6}{:>11}{:>7}{:>8}{:>10.2}{:>8.1}%",
            pass.rows,
            pass.sequences,
            pass.own,
            pass.shared,
            pass.pass_ms,
            pass.spread * 100.0
        );
    }
}
