//! `laserscope knowledge`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::recsys::SubjectKind;
use crate::recsys::foreign::Format;

#[derive(Args, Debug)]
pub struct KnowledgeArgs {
    #[command(subcommand)]
    pub what: KnowledgeCommand,
}

#[derive(Debug, Subcommand)]
pub enum KnowledgeCommand {
    /// Join the shards of a batch in its order; with --pool PATH, build that pool of them
    Merge {
        /// What `generate --all --shard I/N --out SHARD` wrote
        #[arg(required = true, value_name = "SHARD")]
        shards: Vec<PathBuf>,
        /// The joined documents (JSONL)
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Even if shards are missing or not finished
        #[arg(long)]
        partial: bool,
    },
    /// Make documents of knowledge made elsewhere: JSON lines, maps, lists and messages, KAR's
    /// .klg, ONCE's logs, LASER's JSONL, or our own
    Import {
        /// Files to import
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The documents (JSONL)
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Whom they are about, item or user [default: as the lines, or the file's name, say]
        #[arg(long, value_name = "KIND")]
        kind: Option<SubjectKind>,
        /// Which framework asked [default: as the file says, else unknown]
        #[arg(long, value_name = "NAME")]
        framework: Option<String>,
        /// auto, jsonl, klg (JSON over any lines: a map, a list), once or laser
        #[arg(long, default_value = "auto", value_name = "NAME", value_parser = parse_format)]
        format: Wanted,
        /// One JSON object: what came in
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
