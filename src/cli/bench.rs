//! `laserscope bench`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::decode::DecodeArgs;
use super::generate::MemorySize;
use crate::model::kernels::Isa;
use crate::speculate::params::{Budget, Drafter, MAX_LANES};
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
    /// Autoregressive, strict and relaxed over many subjects together, at each size of the
    /// batch, interleaved
    Batch(BenchBatchArgs),
    /// Drafters against held-out documents, without a model: speed, accepted
    /// length and calibration
    Retrieval(BenchRetrievalArgs),
    /// Milliseconds of a forward pass by number of rows, broken down by part
    Forward {
        /// Tokens already in the cache
        #[arg(
            long,
            value_delimiter = ',',
            default_value = "128,256,512,2048",
            value_name = "N,.."
        )]
        at: Vec<usize>,
        /// Instruction set: portable, avx2, avx-vnni, vnni, avx512 or amx [default: the
        /// best of this processor]
        #[arg(long)]
        isa: Option<Isa>,
        /// Skip the real runs at fixed budgets
        #[arg(long)]
        no_decoding: bool,
        /// Steps per measurement, after a warm-up; the median is reported
        #[arg(long, default_value_t = 9, value_name = "N")]
        repeats: usize,
        /// Print one JSON object
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
    /// Number of query-half items, spread over the groups
    #[arg(long, default_value_t = 6, value_name = "N")]
    pub(crate) items: usize,
    /// Number of query-half users
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) users: usize,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
    /// Compare arrangements of the pools instead: each prompt with its own group's
    /// pool, with a random group of the same size, with all pools as one, and with none
    /// [rule: strict, or --verify]
    #[arg(long, conflicts_with_all = ["drafters", "budgets", "sources", "pool"])]
    pub(crate) by_group: bool,
    /// With --by-group: seed of the random groups
    #[arg(long, default_value_t = 2408, value_name = "N", requires = "by_group")]
    pub(crate) deal_seed: u64,
    /// Make exactly N pairs of runs per prompt, and report the speed-up of each prompt
    /// [default: 6, then until the 95% interval is within 3%, at most 15 or 60 s]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) paired: Option<usize>,
    /// Compare these drafters (comma-separated) instead, each with every budget [rule:
    /// strict, or --verify]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Drafter::parse, conflicts_with = "drafter")]
    pub(crate) drafters: Vec<Drafter>,
    /// Compare these budgets (comma-separated) instead, each with every drafter
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Budget::parse, conflicts_with = "budget")]
    pub(crate) budgets: Vec<Budget>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub struct BenchBatchArgs {
    /// Subjects decoded together: each of these numbers is measured
    #[arg(long, value_name = "N,..", value_delimiter = ',', default_value = "1,2,4,8,16,32", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=MAX_LANES as u64))]
    pub(crate) sizes: Vec<usize>,
    /// Query-half items to ask, spread over the groups
    #[arg(long, default_value_t = 32, value_name = "N")]
    pub(crate) items: usize,
    /// Query-half users to ask
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) users: usize,
    /// Rounds over all sizes and rules; every subject's run is a pair of the speed-up
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) rounds: usize,
    /// Maximum memory for decoding subjects together, as in 512M or 2G
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = MemorySize::parse)]
    pub(crate) batch_memory: MemorySize,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
    /// Print one JSON object
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print one line of CSV per size and rule
    #[arg(long)]
    pub(crate) csv: bool,
}

/// Files of one document a line, token ids with spaces between them.
#[derive(Args, Debug)]
pub struct BenchRetrievalArgs {
    /// The pool's documents, or the folder of a pool made by `laserscope pool build`
    #[arg(long, value_name = "PATH")]
    pub(crate) pool: PathBuf,
    /// Held-out documents to replay, which are not in the pool
    #[arg(long, value_name = "FILE")]
    pub(crate) heldout: PathBuf,
    /// Prompts of the held-out documents, in the same order
    #[arg(long, value_name = "FILE")]
    pub(crate) prompts: PathBuf,
    /// Group of each document of the pool, one per line [default: one group]
    #[arg(long, value_name = "FILE", requires = "heldout_groups")]
    pub(crate) groups: Option<PathBuf>,
    /// Group of each held-out document, one per line
    #[arg(long, value_name = "FILE")]
    pub(crate) heldout_groups: Option<PathBuf>,
    /// Replay only the first N held-out documents
    #[arg(long, default_value_t = 40, value_name = "N")]
    pub(crate) limit: usize,
    /// Only these drafters, comma-separated [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Drafter::parse)]
    pub(crate) drafter: Vec<Drafter>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
