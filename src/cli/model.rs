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
    /// The models known by name
    List {
        /// One JSON object per model, one per line
        #[arg(long)]
        json: bool,
    },
    /// Fetch a model into the cache
    Fetch {
        /// A name of `laserscope model list` [default: smollm2-135m]
        name: Option<String>,
    },
    /// What a model's file says about itself
    Info {
        /// A name of `laserscope model list`, a GGUF file, or a checkpoint's folder
        name: Option<String>,
        /// Hash every byte of the file now, and compare: finds damage that keeps
        /// the file's size and time, which nothing else does
        #[arg(long)]
        verify: bool,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}
