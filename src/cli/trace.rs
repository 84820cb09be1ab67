//! What is made of recorded runs: other forms of them, pictures.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::tui::key::Key;
use crate::tui::share::Format;

#[derive(Args, Debug)]
pub struct TraceArgs {
    #[command(subcommand)]
    pub what: TraceCommand,
}

#[derive(Subcommand, Debug)]
pub enum TraceCommand {
    /// Write a run in another form
    Export(TraceExportArgs),
}

#[derive(Args, Debug)]
pub struct TraceExportArgs {
    /// A recorded run
    pub trace: PathBuf,
    /// html: a web page of its own; md: Markdown; svg, txt: the Decode screen as a picture, as text;
    /// cast: the same at its recorded pace, for asciinema; csv: a line per draft token [default: as
    /// the ending of --out says]
    #[arg(long, value_name = "html|md|svg|txt|cast|csv")]
    pub format: Option<Format>,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// svg and txt: the step to show [default: the last]
    #[arg(long, value_name = "N")]
    pub step: Option<usize>,
    /// svg, txt and cast: columns of the screen
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u16).range(60..=500))]
    pub width: u16,
    /// svg, txt and cast: rows of the screen
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u16).range(20..=200))]
    pub height: u16,
}

#[derive(Args, Debug)]
pub struct PictureArgs {
    /// A recorded run
    pub trace: PathBuf,
    /// The picture to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Columns of the screen
    #[arg(long, default_value_t = 120)]
    pub width: u16,
    /// Rows of the screen
    #[arg(long, default_value_t = 40)]
    pub height: u16,
    /// The step to show [default: the last]
    #[arg(long)]
    pub step: Option<usize>,
    /// Keys to press first, in the spelling of the configuration file: "6 down enter"
    #[arg(long, value_name = "KEYS", value_delimiter = ' ', value_parser = Key::parse)]
    pub keys: Vec<Key>,
}
