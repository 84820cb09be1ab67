//! `laserscope settings`: settings for other engines.

use clap::Args;

use super::DecodeArgs;
use crate::present::engine_settings::TargetEngine;

/// `laserscope settings`.
#[derive(Args, Debug)]
pub struct SettingsArgs {
    /// The engine and its way of drafting: vllm-ngram, vllm-suffix, sglang or llama.cpp
    #[arg(long = "for", value_name = "ENGINE", value_parser = str::parse::<TargetEngine>)]
    pub(crate) engine: TargetEngine,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Parameters of decoding.
    #[command(flatten)]
    pub decode: DecodeArgs,
}
