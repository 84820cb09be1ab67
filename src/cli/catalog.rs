//! `laserscope catalog` and `laserscope groups`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `laserscope catalog`.
#[derive(Args, Debug)]
pub struct CatalogArgs {
    /// What to do with the catalog.
    #[command(subcommand)]
    pub what: CatalogCommand,
}

/// The commands on catalogs.
#[derive(Debug, Subcommand)]
pub enum CatalogCommand {
    /// id, title, group, half
    Items {
        /// One JSON object per item, one per line
        #[arg(long)]
        json: bool,
    },
    /// id, name, group, half
    Users {
        /// One JSON object per user, one per line
        #[arg(long)]
        json: bool,
    },
    /// What was imported, the groups and their sizes
    Info {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write the sample's synthetic users and ratings again, from their archetypes
    Synth {
        /// Folder for users.csv and ratings.csv
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
}

/// `laserscope groups`.
#[derive(Args, Debug)]
pub struct GroupsArgs {
    /// What to do with the groups.
    #[command(subcommand)]
    pub what: GroupsCommand,
}

/// The commands on groups.
#[derive(Debug, Subcommand)]
pub enum GroupsCommand {
    /// Group by attributes and by behaviour, and save who is where
    Build(GroupsBuildArgs),
    /// Groups of the same sizes with the members dealt out at random, to compare with
    Shuffle {
        /// Saved groups
        file: PathBuf,
        /// Where to save
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[arg(long, default_value_t = 2408, value_name = "N")]
        seed: u64,
    },
    /// How saved groups were made, and their sizes
    Info {
        /// Saved groups
        file: PathBuf,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub struct GroupsBuildArgs {
    /// Where to save
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Items by the map of attributes, or in no group
    #[arg(long, value_enum, default_value = "map", value_name = "METHOD")]
    pub(crate) items: ItemGrouping,
    /// Users by LightGCN and k-means, by what they mostly liked, or in no group
    #[arg(long, value_enum, default_value = "lightgcn", value_name = "METHOD")]
    pub(crate) users: UserGrouping,
    /// Groups of users
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) k: u16,
    /// The seed of initial embeddings, negative samples and cluster centres
    #[arg(long, default_value_t = 2408, value_name = "N")]
    pub(crate) seed: u64,
    /// LightGCN: length of an embedding
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) dim: u16,
    /// LightGCN: layers of propagation
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=16))]
    pub(crate) layers: u16,
    /// LightGCN: most epochs; training ends earlier when recall no longer grows
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) epochs: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ItemGrouping {
    Map,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UserGrouping {
    Lightgcn,
    Liked,
    None,
}
