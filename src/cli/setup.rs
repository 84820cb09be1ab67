//! What every command takes: where data, model and device come from.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tracing_subscriber::filter::Targets;

use super::choice::{CalibrationChoice, CostChoice};
use crate::log_file::parse_level;
use crate::model::device::DeviceChoice;
use crate::model::kernels::kv::KvType;
use crate::model::weights::FloatWeights;
use crate::recsys::Scale;

/// What a run needs before it starts.
#[derive(Args, Clone, Debug, Default)]
pub struct SetupArgs {
    /// Folder, file or zip archive of MovieLens, Amazon Reviews, RecBole, goodbooks-10k, or
    /// items, users and ratings as .csv or .jsonl [default: the bundled sample]
    #[arg(long, global = true, value_name = "PATH")]
    pub catalog: Option<PathBuf>,
    /// Import the first N ratings, and only the items that they name
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub catalog_limit: Option<u64>,
    /// Stop an import at its first bad line
    #[arg(long, global = true)]
    pub strict_import: bool,
    /// What the catalog's ratings mean: lowest and highest as in 1-10, 0-1 or -1/+1, counts
    /// of plays or purchases, or none for interactions alone [default: found from all values]
    #[arg(long, global = true, value_name = "SCALE", allow_hyphen_values = true)]
    pub rating_scale: Option<Scale>,
    /// Groups of `laserscope groups build`, or a map of attributes (.toml)
    /// [default: the catalog's groups.jsonl or groups.toml, or the preset for its genres]
    #[arg(long, global = true, value_name = "FILE")]
    pub groups: Option<PathBuf>,
    /// Whether a subject's own earlier document may draft for it: keep, as in the paper, or
    /// hide [default: keep]
    #[arg(long, global = true, value_enum, value_name = "HOW")]
    pub own_documents: Option<OwnDocumentsChoice>,
    /// How prompts are written: a name of `laserscope framework list`, or a .toml file
    /// [default: kar]
    #[arg(long, global = true, value_name = "NAME")]
    pub framework: Option<String>,
    /// Knowledge documents (JSONL) for the pools; may be repeated [default: the sample's]
    #[arg(long, global = true, value_name = "FILE")]
    pub knowledge: Vec<PathBuf>,
    /// A pool of `laserscope pool build`, in place of knowledge documents, or beside them
    /// where --knowledge is given, too
    #[arg(long, global = true, value_name = "PATH")]
    pub pool: Option<PathBuf>,
    /// A name of `laserscope model list`, a GGUF file, a folder with config.json,
    /// tokenizer.json and safetensors files, or owner/name of such a checkpoint
    /// (or owner/name/FILE.gguf) on the Hugging Face hub [default: smollm2-135m]
    #[arg(long, global = true, value_name = "NAME|PATH")]
    pub model: Option<String>,
    /// auto, cpu, cuda, cuda:N or metal [default: auto]
    #[arg(long, global = true, value_name = "DEVICE")]
    pub device: Option<DeviceChoice>,
    /// Threads of the model [default: one per physical core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Longest context in tokens [default: 2048, or the model's if less]
    #[arg(long, global = true, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(64..))]
    pub context: Option<u32>,
    /// Change weights at load: q8 rounds 16- and 32-bit ones, f32 unpacks all of them
    /// [default: none, on a GPU f32 where that is small beside its memory]
    #[arg(long, global = true, value_name = "TYPE")]
    pub quantize: Option<FloatWeights>,
    /// How keys and values are kept: f16, in half the memory, or f32 [default: f16, on a
    /// GPU f32]
    #[arg(long, global = true, value_name = "TYPE")]
    pub kv: Option<KvType>,
    /// Use nothing but what is on this machine
    #[arg(long, global = true)]
    pub offline: bool,
    /// Fetch a model of more than 1 GB without asking
    #[arg(long, global = true)]
    pub yes: bool,
    /// The cost profile that automatic budgets follow: a file, a trace, or rows and milliseconds
    /// as in 1:3.3,8:7.5 [default: this machine's profile, measured once and kept]
    #[arg(long, global = true, value_name = "PROFILE|TRACE|ROWS:MS,..", value_parser = CostChoice::parse)]
    pub cost: Option<CostChoice>,
    /// Where the correction of the drafts' estimates starts: shipped, or a trace, to start as
    /// that run did [default: shipped]
    #[arg(long, global = true, value_name = "shipped|TRACE", value_parser = CalibrationChoice::parse)]
    pub calibration: Option<CalibrationChoice>,
    /// In the playground: a run starts with what the runs before it taught the calibration, so
    /// that it depends on them
    #[arg(long, global = true)]
    pub learn: bool,
    /// Configuration file [default: laserscope/config.toml in the user's config folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OwnDocumentsChoice {
    Keep,
    Hide,
}

/// The log, which no run depends on.
#[derive(Args, Clone, Debug, Default)]
pub struct LogArgs {
    /// Append to FILE what the program tries, finds and times [default: no log]
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// error, warn, info, debug or trace, also by part as in info,laserscope::model=debug
    /// [default: LASERSCOPE_LOG, or info]
    #[arg(long, global = true, value_name = "LEVEL", value_parser = parse_level)]
    pub log_level: Option<Targets>,
}

/// How the playground looks.
#[derive(Args, Clone, Debug, Default)]
pub struct ScreenArgs {
    /// dark, light, colour-blind, 16-colours, no-colour, or one of the configuration file's
    /// [default: what the terminal can show]
    #[arg(long, global = true, value_name = "THEME")]
    pub theme: Option<String>,
    /// Draw the screens in ASCII [default: where the locale is not UTF-8]
    #[arg(long, global = true)]
    pub ascii: bool,
}
