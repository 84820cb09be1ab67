//! `laserscope generate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::decode::DecodeArgs;

/// `laserscope generate`.
#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// An item's id
    #[arg(long, value_name = "ID", group = "whom")]
    pub(crate) item: Option<String>,
    /// A user's id
    #[arg(long, value_name = "ID", group = "whom")]
    pub(crate) user: Option<String>,
    /// Every item, every user, or both
    #[arg(long, value_name = "KIND", group = "whom")]
    pub all: Option<AllKind>,
    /// A custom prompt
    #[arg(long, value_name = "TEXT", group = "whom")]
    pub(crate) prompt: Option<String>,
    /// Repeat a recorded run from its header; other options override it. What differs on this
    /// machine is named
    #[arg(long, value_name = "TRACE", group = "whom")]
    pub(crate) from: Option<PathBuf>,
    /// Branch a recorded run before a step (counted from 1), or +N tokens into it; other options
    /// override that step's
    #[arg(long, value_name = "TRACE:STEP[+N]", group = "whom", value_parser = BranchPoint::parse)]
    pub(crate) branch_of: Option<BranchPoint>,
    /// With --branch-of: the id of the token to put there
    #[arg(long, value_name = "ID", requires = "branch_of")]
    pub(crate) force_token: Option<u32>,
    /// With --all: only this half of each group
    #[arg(long, value_enum, requires = "all", value_name = "HALF")]
    pub(crate) half: Option<HalfChoice>,
    /// With --all: the pool half only, users by their older history
    #[arg(long, requires = "all", conflicts_with = "half")]
    pub(crate) pool_half: bool,
    /// With --all: at most this many of each group
    #[arg(long, requires = "all", value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// How to decode.
    #[command(flatten)]
    pub decode: DecodeArgs,
    /// Record the run (one subject), to be opened by `laserscope replay`
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    pub(crate) trace: Option<PathBuf>,
    /// Append knowledge documents (JSONL); subjects already in the file are skipped. With
    /// --all, FILE.batch.json beside it says how the batch was begun, and the same command
    /// resumes it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) batch: BatchArgs,
    /// One JSON object per subject, one per line
    #[arg(long)]
    pub(crate) json: bool,
}

/// Knowledge for everyone.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "With --all")]
pub(crate) struct BatchArgs {
    /// One of n parts of the work, 1/n to n/n; `laserscope knowledge merge` joins them
    #[arg(long, requires = "all", value_name = "I/N", value_parser = Shard::parse)]
    pub(crate) shard: Option<Shard>,
    /// Go on only with what this batch wrote: never add to a file of another origin
    #[arg(long, requires_all = ["all", "out"])]
    pub(crate) resume: bool,
    /// Keep what --out holds though it came about otherwise, and generate what is missing
    #[arg(long, requires_all = ["all", "out"], conflicts_with = "resume")]
    pub(crate) extend: bool,
    /// Answers do not join the pools: every subject draws on what was there at the start
    #[arg(long, requires = "all")]
    pub(crate) fixed_pools: bool,
    /// Decode every N-th subject autoregressively, too, to measure the speed-up; 0: none
    #[arg(long, requires = "all", value_name = "N", default_value_t = 50)]
    pub(crate) reference_every: usize,
}

/// Part `index` of `of`, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shard {
    pub(crate) index: usize,
    pub(crate) of: usize,
}

impl Shard {
    /// # Errors
    /// Says what it must look like.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "must be I/N with I from 1 to N, as in 3/16".to_string();
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
        let (index, of) = (number(index)?, number(of)?);
        let is_one = (1..=of).contains(&index);
        is_one.then_some(Shard { index, of }).ok_or_else(wrong)
    }
}

/// A place in a recorded run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BranchPoint {
    pub(crate) trace: PathBuf,
    /// From 0.
    pub(crate) step: usize,
    /// Tokens of that step that stay.
    pub(crate) within: usize,
}

impl BranchPoint {
    /// # Errors
    /// Says what it must look like.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "must be TRACE:STEP or TRACE:STEP+N, as in run.jsonl:12".to_string();
        let (trace, place) = text.rsplit_once(':').ok_or_else(wrong)?;
        let (step, within) = match place.split_once('+') {
            Some((step, within)) => (step, within.parse().map_err(|_| wrong())?),
            None => (place, 0),
        };
        let step: usize = step.parse().map_err(|_| wrong())?;
        let step = step.checked_sub(1).ok_or("steps are counted from 1")?;
        if trace.is_empty() {
            return Err(wrong());
        }
        Ok(BranchPoint {
            trace: PathBuf::from(trace),
            step,
            within,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AllKind {
    Items,
    Users,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HalfChoice {
    Pool,
    Query,
}
