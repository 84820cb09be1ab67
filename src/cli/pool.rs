//! `laserscope pool`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `laserscope pool`.
#[derive(Args, Debug)]
pub struct PoolArgs {
    /// What to do with the pool.
    #[command(subcommand)]
    pub what: PoolCommand,
}

/// The commands on pools on disk.
#[derive(Debug, Subcommand)]
pub enum PoolCommand {
    /// Build a pool from documents, replacing an existing one
    Build {
        /// The pool's folder, for example `films.pool`
        path: PathBuf,
        #[command(flatten)]
        documents: PoolDocumentsArgs,
    },
    /// Add documents; a document replaces an earlier one with its id
    Add {
        /// The pool's folder
        path: PathBuf,
        #[command(flatten)]
        documents: PoolDocumentsArgs,
    },
    /// Remove documents
    Remove {
        /// The pool's folder
        path: PathBuf,
        /// Ids of the documents
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show a pool's groups, documents, tokens and bytes
    Info {
        /// The pool's folder
        path: PathBuf,
        /// Verify every byte against its checksum
        #[arg(long)]
        verify: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Find the documents in which a text occurs, with the words around it
    Search {
        /// The pool's folder
        path: PathBuf,
        /// The exact text to find
        text: String,
        /// Only in this group
        #[arg(long)]
        group: Option<String>,
        /// Maximum number of documents to show
        #[arg(long, default_value_t = 10, value_name = "N")]
        limit: usize,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Where a pool's documents come from.
#[derive(Args, Clone, Debug, Default)]
pub struct PoolDocumentsArgs {
    /// Documents (JSONL with id and text, optionally title, kind, group and ended; or
    /// any format of `knowledge import`), - for standard input [default: those of
    /// --knowledge, of the catalog, or the sample's]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Documents as token ids: one per line, separated by spaces
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    pub(crate) tokens: Option<PathBuf>,
    /// With --tokens: file with the group of each line
    #[arg(long, value_name = "FILE", requires = "tokens")]
    pub(crate) groups: Option<PathBuf>,
    /// Maximum number of tokens in the pool; the oldest documents are evicted first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_tokens: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
