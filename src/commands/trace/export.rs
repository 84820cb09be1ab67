//! `laserscope trace export`: a run as a web page, Markdown, a picture, text, a
//! recording of the terminal, or a table.

use std::path::Path;

use color_eyre::eyre::{Result, ensure, eyre};

use super::Exporter;
use crate::cli::TraceExportArgs;
use crate::commands::outputs;
use crate::export::Canvas;
use crate::present::describe::Paths;
use crate::present::format::Format;
use crate::session::recorded::load_trace;
use crate::{atomic_file, console};

pub(crate) fn run(args: &TraceExportArgs, export: &Exporter<'_>) -> Result<()> {
    let format = format_of(args)?;
    if let Some(out) = &args.out {
        outputs::expect_apart("--out", out, "the trace", &args.trace)?;
    }
    let trace = load_trace(&args.trace)?;
    let n_steps = trace.steps.len();
    if let Some(step) = args.step {
        ensure!(
            (1..=n_steps).contains(&step),
            "--step {step}: the run has steps 1 to {n_steps}"
        );
    }
    let canvas = Canvas {
        size: (args.width, args.height),
        step: args.step.map(|step| step - 1),
        paths: match args.paths {
            true => Paths::Named,
            false => Paths::LeftOut,
        },
    };
    let text = export(&trace, format, &canvas);
    match &args.out {
        Some(path) => atomic_file::write(path, text),
        None => console::text(&text),
    }
}

/// As asked for, else as the file's ending says.
fn format_of(args: &TraceExportArgs) -> Result<Format> {
    if let Some(format) = args.format {
        return Ok(format);
    }
    let ending = args.out.as_deref().and_then(Path::extension);
    let ending = ending.and_then(|e| e.to_str()).unwrap_or_default();
    ending
        .parse()
        .map_err(|why: String| eyre!("{why}; choose one with --format or by the ending of --out"))
}
