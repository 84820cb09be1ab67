//! `laserscope generate`.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::decode::DecodeArgs;
use crate::speculate::params::MAX_LANES;

/// Options that select a single run. Batch options conflict with each of them explicitly,
/// since clap waives `requires` when the required option conflicts with a given one.
const ONE_RUN: [&str; 5] = ["item", "user", "prompt", "from", "branch_of"];
/// Options that select runs other than a branch.
const NOT_A_BRANCH: [&str; 5] = ["item", "user", "prompt", "from", "all"];

/// `laserscope generate`.
#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// Generate for the item with this id
    #[arg(long, value_name = "ID", group = "whom")]
    pub(crate) item: Option<String>,
    /// Generate for the user with this id
    #[arg(long, value_name = "ID", group = "whom")]
    pub(crate) user: Option<String>,
    /// Generate for every item, every user, or both
    #[arg(long, value_name = "KIND", group = "whom")]
    pub all: Option<AllKind>,
    /// Generate from a custom prompt
    #[arg(long, value_name = "TEXT", group = "whom")]
    pub(crate) prompt: Option<String>,
    /// Repeat a recorded run from its header; other options override it. Differences on
    /// this machine are named
    #[arg(long, value_name = "TRACE", group = "whom")]
    pub(crate) from: Option<PathBuf>,
    /// Branch a recorded run before a step (counted from 1), or N tokens into it with
    /// +N; other options override that step's
    #[arg(long, value_name = "TRACE:STEP[+N]", group = "whom", value_parser = BranchPoint::parse)]
    pub(crate) branch_of: Option<BranchPoint>,
    /// With --branch-of: id of the token to force there
    #[arg(long, value_name = "ID", requires = "branch_of", conflicts_with_all = NOT_A_BRANCH)]
    pub(crate) force_token: Option<u32>,
    /// With --all: only this half of each group
    #[arg(long, value_enum, requires = "all", conflicts_with_all = ONE_RUN, value_name = "HALF")]
    pub(crate) half: Option<HalfChoice>,
    /// With --all: only the pool half, users with their older history
    #[arg(long, requires = "all", conflicts_with_all = ONE_RUN, conflicts_with = "half")]
    pub(crate) pool_half: bool,
    /// With --all: at most this many of each group
    #[arg(long, requires = "all", conflicts_with_all = ONE_RUN, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// How to decode.
    #[command(flatten)]
    pub decode: DecodeArgs,
    /// Record the run (one subject), for `laserscope replay` and `laserscope trace`
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    pub(crate) trace: Option<PathBuf>,
    /// Append knowledge documents (JSONL); subjects already in the file are skipped.
    /// With --all, FILE.batch.json next to it records the batch's settings, and the
    /// same command resumes it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) batch: BatchArgs,
    /// Print one JSON object per subject, one per line
    #[arg(long)]
    pub(crate) json: bool,
}

/// Knowledge for everyone.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "With --all")]
pub(crate) struct BatchArgs {
    /// Do only part I of N of the work, as in 3/16; `laserscope knowledge merge` joins
    /// the parts
    #[arg(long, requires = "all", conflicts_with_all = ONE_RUN, value_name = "I/N", value_parser = Shard::parse)]
    pub(crate) shard: Option<Shard>,
    /// Only resume a file that this batch wrote; never append to another one
    #[arg(long, requires_all = ["all", "out"], conflicts_with_all = ONE_RUN)]
    pub(crate) resume: bool,
    /// Keep the contents of --out although it was made with other settings, and
    /// generate the rest
    #[arg(long, requires_all = ["all", "out"], conflicts_with_all = ONE_RUN, conflicts_with = "resume")]
    pub(crate) extend: bool,
    /// Do not add answers to the pools: every subject drafts from the initial pools
    #[arg(long, requires = "all", conflicts_with_all = ONE_RUN)]
    pub(crate) fixed_pools: bool,
    /// Also decode every N-th subject autoregressively, to measure the speed-up; 0: none
    #[arg(long, requires = "all", conflicts_with_all = ONE_RUN, value_name = "N", default_value_t = 50)]
    pub(crate) reference_every: usize,
    /// Decode N subjects together, their rows in one pass, or as many as pay on this machine
    /// (auto). Each draws on the answers of subjects more than 4 N before it
    #[arg(long = "batch", requires = "all", conflicts_with_all = ONE_RUN, value_name = "N|auto", default_value = "1", value_parser = Lanes::parse)]
    pub(crate) lanes: Lanes,
    /// Maximum memory for decoding subjects together, as in 512M or 2G
    #[arg(long, requires = "all", conflicts_with_all = ONE_RUN, value_name = "SIZE", default_value = "1G", value_parser = MemorySize::parse)]
    pub(crate) batch_memory: MemorySize,
    /// Record the passes and a trace of every subject's run, for `laserscope replay`
    #[arg(long, requires = "all", conflicts_with_all = ONE_RUN, value_name = "DIR")]
    pub(crate) traces: Option<PathBuf>,
}

/// How many subjects are decoded together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lanes {
    Exactly(usize),
    /// As many as pay.
    Auto,
}

impl Default for Lanes {
    fn default() -> Self {
        Lanes::Exactly(1)
    }
}

impl Lanes {
    /// # Errors
    /// Says what it must look like.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Lanes::Auto);
        }
        let n = text.parse().ok().filter(|n| (1..=MAX_LANES).contains(n));
        n.map(Lanes::Exactly)
            .ok_or_else(|| format!("must be auto or 1 to {MAX_LANES}"))
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemorySize(pub(crate) u64);

impl Default for MemorySize {
    fn default() -> Self {
        MemorySize(1 << 30)
    }
}

impl MemorySize {
    /// # Errors
    /// Says what it must look like.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "must be a number of bytes with K, M or G, as in 512M".to_string();
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let n: u64 = digits.parse().map_err(|_| wrong())?;
        let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
            "" => 0,
            "K" | "KB" | "KIB" => 10,
            "M" | "MB" | "MIB" => 20,
            "G" | "GB" | "GIB" => 30,
            _ => return Err(wrong()),
        };
        n.checked_mul(1 << shift).map(MemorySize).ok_or_else(wrong)
    }
}

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const STEP: f64 = 1024.0;
        let kib = self.0 as f64 / STEP;
        if kib < 1000.0 {
            write!(f, "{kib:.0} KiB")
        } else if kib < 1000.0 * STEP {
            write!(f, "{:.0} MiB", kib / STEP)
        } else {
            write!(f, "{:.1} GiB", kib / STEP / STEP)
        }
    }
}

/// Part `index` of `of`, counted from 1.
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
    /// Tokens of that step that are kept.
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

#[cfg(test)]
mod tests {
    #[test]
    fn options_of_a_batch_are_refused_beside_a_single_run() {
        use clap::Parser;

        let parse = |options: &str| {
            let words = ["laserscope", "generate"].into_iter();
            crate::cli::Cli::try_parse_from(words.chain(options.split(' ')))
        };
        for option in [
            "--batch 2",
            "--traces d",
            "--shard 1/2",
            "--half pool",
            "--pool-half",
            "--limit 3",
            "--fixed-pools",
            "--batch-memory 2G",
            "--reference-every 9",
            "--out f --resume",
            "--out f --extend",
        ] {
            assert!(parse(&format!("--all items {option}")).is_ok(), "{option}");
            for run in [
                "--item i",
                "--user u",
                "--prompt p",
                "--from t",
                "--branch-of t:2",
            ] {
                assert!(parse(&format!("{run} {option}")).is_err(), "{run} {option}");
            }
        }
        assert!(parse("--branch-of t:2 --force-token 9").is_ok());
        assert!(parse("--item i --force-token 9").is_err());
    }
}
