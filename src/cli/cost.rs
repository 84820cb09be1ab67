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
    /// Print the cost profile behind automatic budgets: this machine's, or that of --cost
    Show {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Measure this machine's profile and replace the saved one
    Measure {
        /// Measure a model that is not on this machine, by filling its shape with
        /// random weights: a name (qwen2.5-1.5b, llama-3.2-1b, qwen2.5-7b, ..), a GGUF
        /// file or a checkpoint's folder; the profile is not saved
        #[arg(long, value_name = "NAME|FILE")]
        shape: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}
