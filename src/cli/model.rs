//! `laserscope model`.

use clap::{Args, Subcommand};

/// `laserscope model`.
#[derive(Args, Debug)]
pub struct ModelArgs {
    /// What to do with the models.
    #[command(subcommand)]
    pub what: ModelCommand,
}

/// The commands on models.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// List the models known by name
    List {
        /// Print one JSON object per model, one per line
        #[arg(long)]
        json: bool,
    },
    /// Fetch a model into the cache
    Fetch {
        /// A name of `laserscope model list` [default: smollm2-135m]
        name: Option<String>,
    },
    /// Describe a model's file
    Info {
        /// A name of `laserscope model list`, a GGUF file, or a checkpoint's folder
        name: Option<String>,
        /// Hash every byte of the file and compare: the only check that finds damage
        /// which leaves size and time unchanged
        #[arg(long)]
        verify: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}
