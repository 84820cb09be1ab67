//! `laserscope lesson`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `laserscope lesson`.
#[derive(Args, Debug)]
pub struct LessonArgs {
    /// What to do with the lessons.
    #[command(subcommand)]
    pub what: LessonCommand,
}

/// The commands on lessons.
#[derive(Debug, Subcommand)]
pub enum LessonCommand {
    /// List the lessons by their names
    List {
        /// Print one JSON object per lesson, one per line
        #[arg(long)]
        json: bool,
    },
    /// Write a lesson as a web page of its own: its text, a player for the steps of its runs,
    /// and its tasks with their answers; of all lessons, a page each with an index
    Export {
        /// A name of `laserscope lesson list`, its number, or all
        #[arg(default_value = "all")]
        name: String,
        /// The file of a lesson, or the folder of all [default: lesson-NAME.html, or lessons/]
        #[arg(long, value_name = "FILE|DIR")]
        out: Option<PathBuf>,
    },
}
