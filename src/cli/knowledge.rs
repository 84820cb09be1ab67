//! `laserscope knowledge`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::recsys::SubjectKind;
use crate::recsys::foreign::Format;

/// `laserscope knowledge`.
#[derive(Args, Debug)]
pub struct KnowledgeArgs {
    /// What to do with the documents.
    #[command(subcommand)]
    pub what: KnowledgeCommand,
}

/// The commands on knowledge documents.
#[derive(Debug, Subcommand)]
pub enum KnowledgeCommand {
    /// Join the shards of a batch in its order; with --pool PATH, build that pool from them
    Merge {
        /// Files written by `generate --all --shard I/N --out SHARD`
        #[arg(required = true, value_name = "SHARD")]
        shards: Vec<PathBuf>,
        /// The joined documents (JSONL)
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Merge even if shards are missing or unfinished
        #[arg(long)]
        partial: bool,
    },
    /// Convert knowledge made elsewhere to documents: JSON lines, maps, lists and
    /// messages, KAR's .klg, ONCE's logs, LASER's JSONL, or LaserScope's own
    Import {
        /// Files to import
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The documents (JSONL)
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Kind of the subjects, item or user [default: given by the lines or the
        /// file's name]
        #[arg(long, value_name = "KIND")]
        kind: Option<SubjectKind>,
        /// Framework of the answers [default: given by the file, else unknown]
        #[arg(long, value_name = "NAME")]
        framework: Option<String>,
        /// Format: auto, jsonl, klg (JSON over any number of lines: a map, a list),
        /// once or laser
        #[arg(long, default_value = "auto", value_name = "NAME", value_parser = parse_format)]
        format: Wanted,
        /// Print one JSON object: what was imported
        #[arg(long)]
        json: bool,
    },
}

/// A format, or what the content looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted(pub Option<Format>);

fn parse_format(text: &str) -> Result<Wanted, String> {
    match text {
        "auto" => Ok(Wanted(None)),
        other => match other.parse() {
            Ok(format) => Ok(Wanted(Some(format))),
            Err(error) => Err(format!("{error}")),
        },
    }
}
