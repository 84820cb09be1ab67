//! Options for working with recorded runs: figures, comparisons, exports, pictures.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::decode::DecodeArgs;
use crate::present::board::{BoardColumn, BoardForm, Breakdown};
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
    /// Explain why acceptance is low in runs: a cause for every step, and its lever
    Why(TraceWhyArgs),
    /// Show acceptance over a set of runs, a row a subject, the worst first
    Board(TraceBoardArgs),
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

/// `laserscope trace why`.
#[derive(Args, Debug)]
pub struct TraceWhyArgs {
    /// Recorded runs, or folders of them, taken together
    #[arg(required = true, value_name = "TRACE|DIR")]
    pub(crate) traces: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `laserscope trace board`.
#[derive(Args, Debug)]
pub struct TraceBoardArgs {
    /// Recorded runs, or folders of them, such as `generate --all --traces` makes
    #[arg(required = true, value_name = "TRACE|DIR")]
    pub(crate) traces: Vec<PathBuf>,
    /// Sort by this column, the worst first: subject, group, tokens, steps, mal, acceptance,
    /// hits, match, waste, repetition, cause
    #[arg(long, value_name = "COLUMN", default_value = "mal", value_parser = BoardColumn::parse)]
    pub(crate) sort: BoardColumn,
    /// Print the sums by group, heading or position instead of the rows
    #[arg(long, value_name = "PART", conflicts_with_all = ["csv", "html", "md", "json"], value_parser = Breakdown::parse)]
    pub(crate) by: Option<Breakdown>,
    /// Comma-separated, a line a subject
    #[arg(long, conflicts_with_all = ["html", "md", "json"])]
    pub(crate) csv: bool,
    /// A self-contained web page
    #[arg(long, conflicts_with_all = ["md", "json"])]
    pub(crate) html: bool,
    /// Markdown
    #[arg(long, conflicts_with = "json")]
    pub(crate) md: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Include prompts, answers and their headings, which may be private
    #[arg(long, conflicts_with = "by")]
    pub(crate) with_text: bool,
    /// The file to write, with --csv, --html or --md [default: standard output]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "by"])]
    pub(crate) out: Option<PathBuf>,
}

impl TraceBoardArgs {
    /// The form asked for; else as the ending of --out says. `None`: tables.
    pub(crate) fn form(&self) -> Option<BoardForm> {
        let named = [
            (self.csv, BoardForm::Csv),
            (self.html, BoardForm::Html),
            (self.md, BoardForm::Markdown),
        ];
        let named = named.into_iter().find(|(is_asked, _)| *is_asked);
        let ending = self.out.as_ref().and_then(|path| path.extension());
        let by_ending = BoardForm::ALL
            .into_iter()
            .find(|(_, name)| ending.is_some_and(|ending| ending == *name));
        named
            .map(|(_, form)| form)
            .or(by_ending.map(|(form, _)| form))
    }
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
