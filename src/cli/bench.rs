//! `laserscope bench`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::decode::{DecodeArgs, parse_budget};
use crate::model::kernels::Isa;
use crate::speculate::params::{Budget, Drafter};
use crate::speculate::speed_up::Pairing;

/// `laserscope bench`.
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// Which benchmark.
    #[command(subcommand)]
    pub what: BenchCommand,
}

/// The benchmarks; the comments of commands and options are their help.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Autoregressive, strict and relaxed on the same prompts, interleaved
    Decode(BenchDecodeArgs),
    /// Drafters against held-out documents, without a model: speed, accepted
    /// length and calibration
    Retrieval(BenchRetrievalArgs),
    /// Milliseconds of a forward pass by number of rows, part by part
    Forward {
        /// Tokens already in the cache
        #[arg(
            long,
            value_delimiter = ',',
            default_value = "128,256,512,2048",
            value_name = "N,.."
        )]
        at: Vec<usize>,
        /// Instructions to compute with: portable, avx2, avx-vnni, vnni, avx512, amx
        /// [default: the best this processor has]
        #[arg(long)]
        isa: Option<Isa>,
        /// Skip the real runs at fixed budgets
        #[arg(long)]
        no_decoding: bool,
        /// Steps measured for each line, after a warm-up; the median counts
        #[arg(long, default_value_t = 9, value_name = "N")]
        repeats: usize,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

impl BenchDecodeArgs {
    pub(crate) fn pairing(&self) -> Pairing {
        self.paired.map_or_else(Pairing::default, Pairing::fixed)
    }
}

#[derive(Args, Debug)]
pub struct BenchDecodeArgs {
    /// Query-half items to ask, spread over the groups
    #[arg(long, default_value_t = 6, value_name = "N")]
    pub(crate) items: usize,
    /// Query-half users to ask
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) users: usize,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
    /// Compare arrangements of the pools instead: each prompt with its group's pool, with a
    /// random group's of the same size, with all pools as one, and with none
    /// [rule: strict, or --verify]
    #[arg(long, conflicts_with_all = ["drafters", "budgets", "sources", "pool"])]
    pub(crate) by_group: bool,
    /// With --by-group: the seed of the random groups
    #[arg(long, default_value_t = 2408, value_name = "N", requires = "by_group")]
    pub(crate) deal_seed: u64,
    /// Exactly N pairs of runs for each prompt, and its speed-up prompt by prompt
    /// [default: 6, then until the 95% interval is within 3%, at most 15 or 60 s]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) paired: Option<usize>,
    /// Compare these drafters (comma-separated) instead, each under every budget [rule:
    /// strict, or --verify]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Drafter::parse, conflicts_with = "drafter")]
    pub(crate) drafters: Vec<Drafter>,
    /// Compare these budgets (comma-separated) instead, each with every drafter
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = parse_budget, conflicts_with = "budget")]
    pub(crate) budgets: Vec<Budget>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Files of one document a line, token ids with spaces between them.
#[derive(Args, Debug)]
pub struct BenchRetrievalArgs {
    /// The documents of the pool, or the folder of one that `laserscope pool build` made
    #[arg(long, value_name = "PATH")]
    pub(crate) pool: PathBuf,
    /// Documents to replay, which are not in the pool
    #[arg(long, value_name = "FILE")]
    pub(crate) heldout: PathBuf,
    /// The prompts of the held-out documents, in the same order
    #[arg(long, value_name = "FILE")]
    pub(crate) prompts: PathBuf,
    /// The group of each document of the pool, one per line [default: one group]
    #[arg(long, value_name = "FILE", requires = "heldout_groups")]
    pub(crate) groups: Option<PathBuf>,
    /// The group of each held-out document
    #[arg(long, value_name = "FILE")]
    pub(crate) heldout_groups: Option<PathBuf>,
    /// Held-out documents to replay, from the first on
    #[arg(long, default_value_t = 40, value_name = "N")]
    pub(crate) limit: usize,
    /// Only these drafters, by commas [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Drafter::parse)]
    pub(crate) drafter: Vec<Drafter>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
