//! `laserscope generate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::decode::DecodeArgs;

#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// An item's id
    #[arg(long, value_name = "ID", group = "whom")]
    pub item: Option<String>,
    /// A user's id
    #[arg(long, value_name = "ID", group = "whom")]
    pub user: Option<String>,
    /// Every item, every user, or both
    #[arg(long, value_name = "KIND", group = "whom")]
    pub all: Option<AllKind>,
    /// A prompt of one's own
    #[arg(long, value_name = "TEXT", group = "whom")]
    pub prompt: Option<String>,
    /// With --all: only this half of each group
    #[arg(long, value_enum, requires = "all", value_name = "HALF")]
    pub half: Option<HalfChoice>,
    /// With --all: the pool half only, users by their older history
    #[arg(long, requires = "all", conflicts_with = "half")]
    pub pool_half: bool,
    /// With --all: at most this many of each group
    #[arg(long, requires = "all", value_name = "N")]
    pub limit: Option<usize>,
    /// How the prompt is written
    #[arg(long, default_value = "kar", value_name = "NAME")]
    pub framework: String,
    #[command(flatten)]
    pub decode: DecodeArgs,
    /// Record the run (one subject), to be opened by `laserscope replay`
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    pub trace: Option<PathBuf>,
    /// Append knowledge documents (JSONL); subjects already in the file are skipped
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// One JSON object a subject, one a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AllKind {
    Items,
    Users,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HalfChoice {
    Pool,
    Query,
}
