//! Options for working with recorded runs: figures, comparisons, exports, pictures.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::decode::DecodeArgs;
use crate::present::format::Format;
use crate::present::key::Key;
use crate::speculate::condition::Condition;

/// `laserscope trace`.
#[derive(Args, Debug)]
pub struct TraceArgs {
    /// What to do with the trace.
    #[command(subcommand)]
    pub what: TraceCommand,
}

/// The commands on recorded runs.
#[derive(Debug, Subcommand)]
pub enum TraceCommand {
    /// List a run's steps, or show steps in full, with every draft token's fate and why
    Show(TraceShowArgs),
    /// Print the figures of runs
    Stats(TraceStatsArgs),
    /// Show where and why the texts of two runs diverge
    Diff(TraceDiffArgs),
    /// Pass the recorded trees through the model again; exit status 1 if anything differs
    Verify(TraceVerifyArgs),
    /// Judge a run under another rule, a lower budget or a shorter branch: old -> new
    Whatif(TraceWhatifArgs),
    /// Export a run as a web page, Markdown, a picture, text, a recording or a table
    Export(TraceExportArgs),
}

/// `laserscope trace show`.
#[derive(Args, Debug)]
pub struct TraceShowArgs {
    /// A recorded run
    pub(crate) trace: PathBuf,
    /// Show this step in full, counted from 1
    #[arg(long, value_name = "N", conflicts_with = "condition")]
    pub(crate) step: Option<usize>,
    /// Show matching steps in full: `first rejected`, `relaxed and p<0.2`,
    /// `text~"director"`; docs/conditions.md lists the terms
    #[arg(long = "where", value_name = "COND", value_parser = Condition::parse)]
    pub(crate) condition: Option<Condition>,
    /// Print one JSON object per step, one per line
    #[arg(long)]
    pub(crate) json: bool,
}

/// `laserscope trace stats`.
#[derive(Args, Debug)]
pub struct TraceStatsArgs {
    /// Recorded runs
    #[arg(required = true, value_name = "TRACE")]
    pub(crate) traces: Vec<PathBuf>,
    /// Print one JSON object per run, one per line
    #[arg(long)]
    pub(crate) json: bool,
}

/// `laserscope trace diff`.
#[derive(Args, Debug)]
pub struct TraceDiffArgs {
    /// A recorded run
    #[arg(value_name = "A")]
    pub(crate) left: PathBuf,
    /// Another run of the same prompt
    #[arg(value_name = "B")]
    pub(crate) right: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `laserscope trace verify`.
#[derive(Args, Debug)]
pub struct TraceVerifyArgs {
    /// A recorded run
    pub(crate) trace: PathBuf,
    /// Maximum difference of a probability [default: 0.001; 0.2 for a run recorded
    /// under other arithmetic, whose near-ties may flip]
    #[arg(long, value_name = "P")]
    pub(crate) tolerance: Option<f32>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `laserscope trace whatif`.
#[derive(Args, Debug)]
pub struct TraceWhatifArgs {
    /// A recorded run
    pub(crate) trace: PathBuf,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `laserscope trace export`.
#[derive(Args, Debug)]
pub struct TraceExportArgs {
    /// A recorded run
    pub(crate) trace: PathBuf,
    /// html: a self-contained web page; md: Markdown; svg, txt: the Decode screen as a
    /// picture or as text; cast: the same at its recorded pace, for asciinema; csv: one
    /// line per draft token [default: by the ending of --out]
    #[arg(long, value_name = "html|md|svg|txt|cast|csv")]
    pub(crate) format: Option<Format>,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// svg and txt: the step to show [default: the last]
    #[arg(long, value_name = "N")]
    pub(crate) step: Option<usize>,
    /// html and md: allow file names of this machine in the command line
    #[arg(long)]
    pub(crate) paths: bool,
    /// svg, txt and cast: columns of the screen
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u16).range(60..=500))]
    pub(crate) width: u16,
    /// svg, txt and cast: rows of the screen
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u16).range(20..=200))]
    pub(crate) height: u16,
}

/// `laserscope picture`.
#[derive(Args, Debug)]
pub struct PictureArgs {
    /// A recorded run, or several to compare; the first is shown. A folder written by
    /// --traces is a batch
    #[arg(required = true, value_name = "TRACE")]
    pub(crate) traces: Vec<PathBuf>,
    /// The picture to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Columns of the screen
    #[arg(long, default_value_t = 120)]
    pub(crate) width: u16,
    /// Rows of the screen
    #[arg(long, default_value_t = 40)]
    pub(crate) height: u16,
    /// The step to show, of a batch the pass [default: the last]
    #[arg(long)]
    pub(crate) step: Option<usize>,
    /// Keys to press first, spelled as in the configuration file: "6 down enter"
    #[arg(long, value_name = "KEYS", value_delimiter = ' ', value_parser = Key::parse)]
    pub(crate) keys: Vec<Key>,
}
