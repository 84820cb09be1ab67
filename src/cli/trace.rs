//! What is made of recorded runs: pictures.

use std::path::PathBuf;

use clap::Args;

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
}
