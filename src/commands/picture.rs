//! `laserscope picture`: the Decode screen of traces, or another screen reached by
//! keys, as an SVG picture.

use color_eyre::eyre::{Result, ensure};
use ratatui::buffer::Buffer;

use super::outputs::{self, Kind};
use crate::atomic_file;
use crate::cli::PictureArgs;
use crate::present::picture;
use crate::session::recorded::load_traces;
use crate::speculate::trace::Trace;

/// Runs the command; `draw` draws the screen.
pub fn run(
    args: &PictureArgs,
    draw: impl FnOnce(Vec<Trace>, &PictureArgs) -> Buffer,
) -> Result<()> {
    for trace in &args.traces {
        outputs::expect_apart("--out", &args.out, "the trace", trace)?;
    }
    outputs::expect_own("--out", &args.out, Kind::Picture)?;
    let traces = load_traces(&args.traces)?;
    let steps = traces.first().map_or(0, |trace| trace.steps.len());
    if let Some(step) = args.step {
        ensure!(
            (1..=steps).contains(&step),
            "--step {step}: the run has steps 1 to {steps}"
        );
    }
    atomic_file::write(&args.out, picture::svg(&draw(traces, args)))
}
