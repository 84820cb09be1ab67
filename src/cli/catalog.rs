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
    /// List the items: id, title, group, half
    Items {
        /// Print one JSON object per item, one per line
        #[arg(long)]
        json: bool,
    },
    /// List the users: id, name, group, half
    Users {
        /// Print one JSON object per user, one per line
        #[arg(long)]
        json: bool,
    },
    /// Show what was imported, and the groups with their sizes
    Info {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Regenerate the sample's synthetic users and ratings from their archetypes
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
    /// Group items and users by attributes and by behaviour, and save the groups
    Build(GroupsBuildArgs),
    /// Shuffle the members of saved groups, keeping the sizes, as a baseline
    Shuffle {
        /// Saved groups
        file: PathBuf,
        /// Where to save
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[arg(long, default_value_t = 2408, value_name = "N")]
        seed: u64,
    },
    /// Show how saved groups were made, and their sizes
    Info {
        /// Saved groups
        file: PathBuf,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub struct GroupsBuildArgs {
    /// Where to save
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Group items by the map of attributes, or not at all
    #[arg(long, value_enum, default_value = "map", value_name = "METHOD")]
    pub(crate) items: ItemGrouping,
    /// Group users by LightGCN and k-means, by what they mostly liked, or not at all
    #[arg(long, value_enum, default_value = "lightgcn", value_name = "METHOD")]
    pub(crate) users: UserGrouping,
    /// Number of user groups
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) k: u16,
    /// Seed of initial embeddings, negative samples and cluster centres
    #[arg(long, default_value_t = 2408, value_name = "N")]
    pub(crate) seed: u64,
    /// LightGCN: dimension of the embeddings
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) dim: u16,
    /// LightGCN: number of propagation layers
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=16))]
    pub(crate) layers: u16,
    /// LightGCN: maximum number of epochs; training stops early when recall no longer
    /// improves
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
