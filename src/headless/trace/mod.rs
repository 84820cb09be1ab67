//! `laserscope trace`: what can be done with recorded runs without a screen.

mod export;

use color_eyre::eyre::Result;

use crate::cli::TraceCommand;
use crate::tui::ThemeName;

/// Runs the command; `false`: a check failed.
pub fn run(what: &TraceCommand, theme: ThemeName) -> Result<bool> {
    match what {
        TraceCommand::Export(args) => export::run(args, theme).map(|()| true),
    }
}
