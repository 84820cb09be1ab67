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
    /// List the built-in frameworks, and those in the folder `frameworks` next to the
    /// configuration file
    List {
        /// Print one JSON object per framework, one per line
        #[arg(long)]
        json: bool,
    },
    /// Print a framework's file, to copy and edit
    Show {
        /// A name of `laserscope framework list`, or a .toml file
        name: String,
    },
}
