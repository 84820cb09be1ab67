//! What every command takes: where data, model and device come from.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::choice::{CalibrationChoice, CostChoice};
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
    /// Import only the first N ratings and the items in them
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub catalog_limit: Option<u64>,
    /// Stop the import at the first bad line
    #[arg(long, global = true)]
    pub strict_import: bool,
    /// The scale of the ratings: lowest and highest as in 1-10, 0-1 or -1/+1, counts
    /// for plays or purchases, or none for bare interactions [default: inferred from
    /// all values]
    #[arg(long, global = true, value_name = "SCALE", allow_hyphen_values = true)]
    pub rating_scale: Option<Scale>,
    /// Groups made by `laserscope groups build`, or a map of attributes (.toml)
    /// [default: the catalog's groups.jsonl or groups.toml, or the preset for its
    /// genres]
    #[arg(long, global = true, value_name = "FILE")]
    pub groups: Option<PathBuf>,
    /// Whether a subject's own earlier document may draft for it: keep (as in the
    /// paper) or hide [default: keep]
    #[arg(long, global = true, value_enum, value_name = "HOW")]
    pub own_documents: Option<OwnDocumentsChoice>,
    /// Framework that writes the prompts: a name from `laserscope framework list`, or a
    /// .toml file [default: kar]
    #[arg(long, global = true, value_name = "NAME")]
    pub framework: Option<String>,
    /// Knowledge documents (JSONL) for the pools; may be repeated [default: the sample's]
    #[arg(long, global = true, value_name = "FILE")]
    pub knowledge: Vec<PathBuf>,
    /// A pool made by `laserscope pool build`, instead of knowledge documents, or in
    /// addition if --knowledge is given, too
    #[arg(long, global = true, value_name = "PATH")]
    pub pool: Option<PathBuf>,
    /// A name from `laserscope model list`, a GGUF file, a folder with config.json,
    /// tokenizer.json and safetensors files, or owner/name of such a checkpoint (or
    /// owner/name/FILE.gguf) on the Hugging Face hub [default: smollm2-135m]
    #[arg(long, global = true, value_name = "NAME|PATH")]
    pub model: Option<String>,
    /// Device: auto, cpu, cuda, cuda:N or metal [default: auto]
    #[arg(long, global = true, value_name = "DEVICE")]
    pub device: Option<DeviceChoice>,
    /// Number of CPU threads for the model [default: one per physical core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Maximum context in tokens [default: 2048, or the model's if less]
    #[arg(long, global = true, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(64..))]
    pub context: Option<u32>,
    /// Convert weights at load: q8 rounds 16- and 32-bit weights to 8 bits, f32 unpacks
    /// all of them [default: none; on a GPU f32, if that is small compared with its
    /// memory]
    #[arg(long, global = true, value_name = "TYPE")]
    pub quantize: Option<FloatWeights>,
    /// Type of keys and values in the cache: f16, which takes half the memory, or f32
    /// [default: f16; on a GPU f32]
    #[arg(long, global = true, value_name = "TYPE")]
    pub kv: Option<KvType>,
    /// Use only what is already on this machine
    #[arg(long, global = true)]
    pub offline: bool,
    /// Download models of more than 1 GB without asking
    #[arg(long, global = true)]
    pub yes: bool,
    /// Cost profile for automatic budgets: a file, a trace, or rows and milliseconds as
    /// in 1:3.3,8:7.5 [default: this machine's profile, measured once and saved]
    #[arg(long, global = true, value_name = "PROFILE|TRACE|ROWS:MS,..", value_parser = CostChoice::parse)]
    pub cost: Option<CostChoice>,
    /// Start of the calibration, which corrects the drafts' estimates: shipped, or a
    /// trace to start as its run did [default: shipped]
    #[arg(long, global = true, value_name = "shipped|TRACE", value_parser = CalibrationChoice::parse)]
    pub calibration: Option<CalibrationChoice>,
    /// In the playground: start each run from the calibration learned by earlier runs,
    /// so that it depends on them
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

/// How the playground looks.
#[derive(Args, Clone, Debug, Default)]
pub struct ScreenArgs {
    /// Theme: dark, light, colour-blind, 16-colours, no-colour, or one from the
    /// configuration file [default: the best for the terminal]
    #[arg(long, global = true, value_name = "THEME")]
    pub theme: Option<String>,
    /// Draw the screens in ASCII [default: if the locale is not UTF-8]
    #[arg(long, global = true)]
    pub ascii: bool,
}
