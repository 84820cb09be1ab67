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
    /// Build a pool from documents; replaces one that is there
    Build {
        /// The pool's folder, say `films.pool`
        path: PathBuf,
        #[command(flatten)]
        documents: PoolDocumentsArgs,
    },
    /// Add documents; a document replaces an earlier one of its id
    Add {
        /// The pool's folder
        path: PathBuf,
        #[command(flatten)]
        documents: PoolDocumentsArgs,
    },
    /// Take documents out
    Remove {
        /// The pool's folder
        path: PathBuf,
        /// The documents' ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// What a pool holds: groups, documents, tokens, bytes
    Info {
        /// The pool's folder
        path: PathBuf,
        /// Hold every byte against its checksum
        #[arg(long)]
        verify: bool,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// The documents in which a text occurs, with the words around it
    Search {
        /// The pool's folder
        path: PathBuf,
        /// What to look for, to the letter
        text: String,
        /// Only in this group
        #[arg(long)]
        group: Option<String>,
        /// Documents to show
        #[arg(long, default_value_t = 10, value_name = "N")]
        limit: usize,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Where a pool's documents come from.
#[derive(Args, Clone, Debug, Default)]
pub struct PoolDocumentsArgs {
    /// Documents (JSONL: id, text; title, kind, group, ended as you have them; or what `knowledge
    /// import` reads), - for standard input [default: those of --knowledge, of the catalog, or the
    /// sample's]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Documents that are token ids already: one a line, ids between spaces
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    pub(crate) tokens: Option<PathBuf>,
    /// With --tokens: the group of each line
    #[arg(long, value_name = "FILE", requires = "tokens")]
    pub(crate) groups: Option<PathBuf>,
    /// Most tokens the pool may hold; the oldest documents go first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_tokens: Option<u64>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
