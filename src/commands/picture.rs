//! `laserscope picture`: the Decode screen of traces, the Batch screen of a recorded batch,
//! or another screen reached by keys, as an SVG picture.

use color_eyre::eyre::Result;
use ratatui::buffer::Buffer;

use super::outputs::{self, Kind};
use crate::atomic_file;
use crate::cli::PictureArgs;
use crate::present::picture;

/// Runs the command; `draw` reads what there is and draws the screen.
///
/// # Errors
/// A picture that would replace what it is of, or that cannot be written; those of `draw`.
pub fn run(args: &PictureArgs, draw: impl FnOnce(&PictureArgs) -> Result<Buffer>) -> Result<()> {
    for trace in &args.traces {
        outputs::expect_apart("--out", &args.out, "the trace", trace)?;
    }
    outputs::expect_own("--out", &args.out, Kind::Picture)?;
    atomic_file::write(&args.out, picture::svg(&draw(args)?))
}
