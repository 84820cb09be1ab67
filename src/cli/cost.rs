//! `laserscope cost`.

use clap::{Args, Subcommand};

/// `laserscope cost`.
#[derive(Args, Debug)]
pub struct CostArgs {
    /// What to do with the cost profile.
    #[command(subcommand)]
    pub what: CostCommand,
}

/// The commands on cost profiles.
#[derive(Debug, Subcommand)]
pub enum CostCommand {
    /// Print the cost profile that automatic budgets follow: this machine's, or that of --cost
    Show {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Measure this machine's profile, in the place of the one that is kept
    Measure {
        /// Of a model that is not here: fill its shape with random weights. A name
        /// (qwen2.5-1.5b, llama-3.2-1b, qwen2.5-7b, ..), a GGUF file or a checkpoint's
        /// folder; nothing is kept
        #[arg(long, value_name = "NAME|FILE")]
        shape: Option<String>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}
