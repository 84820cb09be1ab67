//! `laserscope cost`.

use clap::{Args, Subcommand};

#[derive(Args, Debug)]
pub struct CostArgs {
    #[command(subcommand)]
    pub what: CostCommand,
}

#[derive(Debug, Subcommand)]
pub enum CostCommand {
    /// Print the cost profile that automatic budgets go by: this machine's, or that of --cost
    Show {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Measure this machine's profile, in the place of the one that is kept
    Measure {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}
