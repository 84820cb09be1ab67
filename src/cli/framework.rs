//! `laserscope framework`.

use clap::{Args, Subcommand};

/// `laserscope framework`.
#[derive(Args, Debug)]
pub struct FrameworkArgs {
    /// What to do with the frameworks.
    #[command(subcommand)]
    pub what: FrameworkCommand,
}

/// The commands on frameworks.
#[derive(Debug, Subcommand)]
pub enum FrameworkCommand {
    /// Those that ship, and those in the folder `frameworks` beside the configuration file
    List {
        /// One JSON object per framework, one per line
        #[arg(long)]
        json: bool,
    },
    /// A framework's file, to be copied and edited
    Show {
        /// A name of `laserscope framework list`, or a .toml file
        name: String,
    },
}
