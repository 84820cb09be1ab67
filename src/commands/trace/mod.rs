//! `laserscope trace`: recorded runs without a screen. One file per subcommand; only
//! `verify` needs a model.

mod board;
mod diff;
mod export;
mod set;
mod show;
mod stats;
mod verify;
mod whatif;
mod why;

use std::path::Path;

use color_eyre::eyre::Result;

use crate::cli::{DecodeArgs, TraceCommand};
use crate::config::Settings;
use crate::export::Canvas;
use crate::present::format::Format;
use crate::present::token_text::quoted;
use crate::speculate::params::Params;
use crate::speculate::trace::Trace;

/// Writes a run in a form.
pub(crate) type Exporter<'a> = dyn Fn(&Trace, Format, &Canvas) -> String + 'a;

/// Runs the command. `Ok(false)`: a trace that does not verify, or cancelled. `over`
/// applies options to parameters, and ends the program if they conflict.
pub fn run(
    command: &TraceCommand,
    settings: &Settings,
    export: &Exporter<'_>,
    over: impl Fn(&DecodeArgs, Params) -> Params,
) -> Result<bool> {
    match command {
        TraceCommand::Show(args) => show::run(args).map(|()| true),
        TraceCommand::Stats(args) => stats::run(args).map(|()| true),
        TraceCommand::Board(args) => board::run(args),
        TraceCommand::Why(args) => why::run(args),
        TraceCommand::Diff(args) => diff::run(args).map(|()| true),
        TraceCommand::Verify(args) => verify::run(args, settings),
        TraceCommand::Export(args) => export::run(args, export).map(|()| true),
        TraceCommand::Whatif(args) => whatif::run(args, over).map(|()| true),
    }
}

fn load(path: &Path) -> Result<Trace> {
    crate::session::recorded::load_trace(path)
}

/// A token in quotes, everything in it visible.
fn token(trace: &Trace, id: crate::speculate::TokenId) -> String {
    quoted(trace.token_bytes(id))
}
