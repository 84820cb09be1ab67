//! `laserscope trace`: what can be done with recorded runs without a screen.

mod export;

use color_eyre::eyre::Result;

use crate::cli::TraceCommand;
use crate::tui::Look;

/// Runs the command; `false`: a check failed.
pub fn run(what: &TraceCommand, look: Look) -> Result<bool> {
    match what {
        TraceCommand::Export(args) => export::run(args, look).map(|()| true),
    }
}
