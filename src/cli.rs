//! The command line. Names here are a contract that scripts build on: add,
//! don't rename.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::device::DeviceChoice;
use crate::model::kernels::Isa;
use crate::model::weights::FloatWeights;
use crate::speculate::params::{Budget, Drafter, MAX_ROWS, Params, SourceWeights, Sources, Verify};

/// Watch, debug and tune retrieval-based speculative decoding (LASER) in the terminal.
///
/// Without a command, the playground opens: pick an item or a user and watch its
/// knowledge being decoded.
#[derive(Debug, Parser)]
#[command(name = "laserscope", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub setup: SetupArgs,
    #[command(flatten)]
    pub screen: ScreenArgs,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What a run needs before it starts.
#[derive(Args, Clone, Debug, Default)]
pub struct SetupArgs {
    /// Folder, file or zip archive of MovieLens, Amazon Reviews, RecBole, goodbooks-10k, or
    /// items, users and ratings as .csv or .jsonl [default: the bundled sample]
    #[arg(long, global = true, value_name = "PATH")]
    pub catalog: Option<PathBuf>,
    /// Import the first N ratings, and only the items that they name
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub catalog_limit: Option<u64>,
    /// Stop an import at its first bad line
    #[arg(long, global = true)]
    pub strict_import: bool,
    /// Groups of `laserscope groups build`, or a map of attributes (.toml)
    /// [default: the catalog's groups.toml, or the preset for its genres]
    #[arg(long, global = true, value_name = "FILE")]
    pub groups: Option<PathBuf>,
    /// Whether a subject's own earlier document may draft for it: keep, as in the paper, or
    /// hide [default: keep]
    #[arg(long, global = true, value_enum, value_name = "HOW")]
    pub own_documents: Option<OwnDocumentsChoice>,
    /// Knowledge documents (JSONL) for the pools; may be repeated [default: the sample's]
    #[arg(long, global = true, value_name = "FILE")]
    pub knowledge: Vec<PathBuf>,
    /// A pool of `laserscope pool build`, in place of knowledge documents, or beside them
    /// where --knowledge is given, too
    #[arg(long, global = true, value_name = "PATH")]
    pub pool: Option<PathBuf>,
    /// A name of `laserscope model list`, a GGUF file, a folder with config.json,
    /// tokenizer.json and safetensors files, or owner/name of such a checkpoint
    /// (or owner/name/FILE.gguf) on the Hugging Face hub [default: smollm2-135m]
    #[arg(long, global = true, value_name = "NAME|PATH")]
    pub model: Option<String>,
    /// auto, cpu, cuda, cuda:N or metal [default: auto]
    #[arg(long, global = true, value_name = "DEVICE")]
    pub device: Option<DeviceChoice>,
    /// Threads of the model [default: one per physical core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Longest context in tokens [default: 2048, or the model's if less]
    #[arg(long, global = true, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(64..))]
    pub context: Option<u32>,
    /// Change weights at load: q8 rounds 16- and 32-bit ones, f32 unpacks all of them
    /// for reference [default: none]
    #[arg(long, global = true, value_name = "TYPE")]
    pub quantize: Option<FloatWeights>,
    /// Use nothing but what is on this machine
    #[arg(long, global = true)]
    pub offline: bool,
    /// Fetch a model of more than 1 GB without asking
    #[arg(long, global = true)]
    pub yes: bool,
    /// Configuration file [default: laserscope/config.toml in the user's config folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OwnDocumentsChoice {
    Keep,
    Hide,
}

/// How the playground looks.
#[derive(Args, Clone, Debug, Default)]
pub struct ScreenArgs {
    /// dark, light, colour-blind, 16-colours or no-colour [default: what the terminal can show]
    #[arg(long, global = true, value_name = "THEME")]
    pub theme: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Generate knowledge without a screen
    Generate(GenerateArgs),
    /// List the catalog's items or users
    Catalog(CatalogArgs),
    /// Group the catalog's items and users, for pools of their own
    Groups(GroupsArgs),
    /// Measure: decoding on the real model, forward passes by number of rows, or
    /// retrieval on files of token ids
    Bench(BenchArgs),
    /// Open a recorded run; needs no model
    Replay {
        /// A trace written by --trace or by `s` in the playground
        trace: PathBuf,
    },
    /// The models that are known by name, and their files
    Model(ModelArgs),
    /// Pools on disk: build, inspect, search, change
    Pool(PoolArgs),
    /// Write the playground's screen for a trace as an SVG picture
    Picture(PictureArgs),
}

#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// An item's id
    #[arg(long, value_name = "ID", group = "whom")]
    pub item: Option<String>,
    /// A user's id
    #[arg(long, value_name = "ID", group = "whom")]
    pub user: Option<String>,
    /// Every item, every user, or both
    #[arg(long, value_name = "KIND", group = "whom")]
    pub all: Option<AllKind>,
    /// A prompt of one's own
    #[arg(long, value_name = "TEXT", group = "whom")]
    pub prompt: Option<String>,
    /// With --all: only this half of each group
    #[arg(long, value_enum, requires = "all", value_name = "HALF")]
    pub half: Option<HalfChoice>,
    /// With --all: the pool half only, users by their older history
    #[arg(long, requires = "all", conflicts_with = "half")]
    pub pool_half: bool,
    /// With --all: at most this many of each group
    #[arg(long, requires = "all", value_name = "N")]
    pub limit: Option<usize>,
    /// How the prompt is written
    #[arg(long, default_value = "kar", value_name = "NAME")]
    pub framework: String,
    #[command(flatten)]
    pub decode: DecodeArgs,
    /// Record the run (one subject), to be opened by `laserscope replay`
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    pub trace: Option<PathBuf>,
    /// Append knowledge documents (JSONL); subjects already in the file are skipped
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// One JSON object a subject, one a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AllKind {
    Items,
    Users,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HalfChoice {
    Pool,
    Query,
}

/// Parameters of decoding.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Decoding")]
pub struct DecodeArgs {
    /// laser: as in the paper (its trie, 64 rows, branches of 12, no repetition
    /// penalty); other options lie over it
    #[arg(long, value_enum, value_name = "NAME")]
    pub preset: Option<Preset>,
    /// How draft tokens are judged [default: relaxed]
    #[arg(long, value_enum, value_name = "RULE")]
    pub verify: Option<VerifyChoice>,
    /// Relaxed: the rank up to which a draft token is accepted [default: 2]
    #[arg(long, value_name = "N")]
    pub k: Option<usize>,
    /// Relaxed: the probability it must exceed [default: 0.1]
    #[arg(long, value_name = "P")]
    pub tau: Option<f32>,
    /// Rows of a forward pass, the root included: 1 to 64, or auto [default: auto]
    #[arg(long, value_name = "N|auto", value_parser = parse_budget)]
    pub budget: Option<Budget>,
    /// Longest branch of the draft tree, in tokens [default: 12]
    #[arg(long, value_name = "N")]
    pub branch: Option<usize>,
    /// Where drafts come from: any of group,global,local,online, or none
    /// [default: group,global,local]
    #[arg(long, value_name = "LIST", value_parser = parse_sources)]
    pub sources: Option<Sources>,
    /// Finished answers draft for the next ones, too: a source of their own
    /// beside the others; what is asked then depends on what was asked before
    #[arg(long)]
    pub online: bool,
    /// How far the blend trusts each source, 0 to 1, as in
    /// group=1,global=0.5,local=1 [default: 1 each]
    #[arg(long, value_name = "LIST", value_parser = SourceWeights::parse)]
    pub source_weights: Option<SourceWeights>,
    /// How drafts are made: blend, laser (the paper's trie), ngram (prompt
    /// lookup), chain (longest suffix) or none [default: blend]
    #[arg(long, value_name = "NAME", value_parser = Drafter::parse)]
    pub drafter: Option<Drafter>,
    /// Repetition penalty; 1 is off, as in the paper [default: 1.1]
    #[arg(long, value_name = "F")]
    pub repeat_penalty: Option<f32>,
    /// Tokens the penalty looks back on [default: 64]
    #[arg(long, value_name = "N")]
    pub repeat_window: Option<usize>,
    /// Most tokens to generate [default: 256]
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VerifyChoice {
    Autoregressive,
    Strict,
    Relaxed,
}

/// Parameters under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    Laser,
}

impl DecodeArgs {
    /// These options over `base`.
    ///
    /// # Errors
    /// The option that is out of range, or does not go with the rule.
    pub fn over(&self, base: Params) -> Result<Params, String> {
        let base = match self.preset {
            Some(Preset::Laser) => base.as_in_the_paper(),
            None => base,
        };
        let params = Params {
            verify: self.verify_over(base.verify)?,
            budget: self.budget.unwrap_or(base.budget),
            branch: self.branch.unwrap_or(base.branch),
            max_suffix: base.max_suffix,
            sources: self.sources_over(base.sources),
            source_weights: self.source_weights.unwrap_or(base.source_weights),
            drafter: self.drafter.unwrap_or(base.drafter),
            repeat_penalty: self.repeat_penalty.unwrap_or(base.repeat_penalty),
            repeat_window: self.repeat_window.unwrap_or(base.repeat_window),
            max_tokens: self.max_tokens.unwrap_or(base.max_tokens),
        };
        params.check()?;
        Ok(params)
    }

    fn sources_over(&self, base: Sources) -> Sources {
        let sources = self.sources.unwrap_or(base);
        Sources {
            online: sources.online || self.online,
            ..sources
        }
    }

    fn verify_over(&self, base: Verify) -> Result<Verify, String> {
        let (base_k, base_tau) = match base {
            Verify::Relaxed { k, tau } => (k, tau),
            _ => (Verify::DEFAULT_K, Verify::DEFAULT_TAU),
        };
        let relaxed = Verify::Relaxed {
            k: self.k.unwrap_or(base_k),
            tau: self.tau.unwrap_or(base_tau),
        };
        let chosen = match self.verify {
            None if self.k.is_some() || self.tau.is_some() => relaxed,
            None => base,
            Some(VerifyChoice::Relaxed) => relaxed,
            Some(VerifyChoice::Strict) => Verify::Strict,
            Some(VerifyChoice::Autoregressive) => Verify::Autoregressive,
        };
        let judged_by_rank = matches!(chosen, Verify::Relaxed { .. });
        if !judged_by_rank && (self.k.is_some() || self.tau.is_some()) {
            return Err(format!(
                "--k and --tau go with --verify relaxed, not {}",
                chosen.name()
            ));
        }
        Ok(chosen)
    }
}

pub fn parse_budget(text: &str) -> Result<Budget, String> {
    match text.parse::<usize>() {
        _ if text == "auto" => Ok(Budget::Auto { max: MAX_ROWS }),
        Ok(rows) if (1..=MAX_ROWS).contains(&rows) => Ok(Budget::Rows(rows)),
        _ => Err(format!("must be auto or 1 to {MAX_ROWS}")),
    }
}

pub fn parse_sources(text: &str) -> Result<Sources, String> {
    let mut sources = Sources::NONE;
    for name in text.split(',').map(str::trim).filter(|&n| n != "none") {
        match name {
            "group" => sources.group = true,
            "global" => sources.global = true,
            "local" => sources.local = true,
            "online" => sources.online = true,
            other => {
                return Err(format!(
                    "`{other}`: must be group, global, local, online or none"
                ));
            }
        }
    }
    Ok(sources)
}

#[derive(Args, Debug)]
pub struct CatalogArgs {
    #[command(subcommand)]
    pub what: CatalogCommand,
}

#[derive(Debug, Subcommand)]
pub enum CatalogCommand {
    /// id, title, group, half
    Items {
        /// One JSON object an item, one a line
        #[arg(long)]
        json: bool,
    },
    /// id, name, group, half
    Users {
        /// One JSON object a user, one a line
        #[arg(long)]
        json: bool,
    },
    /// What was imported, the groups and their sizes
    Info {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write the sample's synthetic users and ratings anew, from their archetypes
    Synth {
        /// Folder for users.csv and ratings.csv
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
}

#[derive(Args, Debug)]
pub struct GroupsArgs {
    #[command(subcommand)]
    pub what: GroupsCommand,
}

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
    /// How saved groups came about, and their sizes
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
    pub out: PathBuf,
    /// Items by the map of attributes, or in no group
    #[arg(long, value_enum, default_value = "map", value_name = "METHOD")]
    pub items: ItemGrouping,
    /// Users by LightGCN and k-means, by what they mostly liked, or in no group
    #[arg(long, value_enum, default_value = "lightgcn", value_name = "METHOD")]
    pub users: UserGrouping,
    /// Groups of users
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub k: u16,
    #[arg(long, default_value_t = 2408, value_name = "N")]
    pub seed: u64,
    /// LightGCN: length of an embedding
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub dim: u16,
    /// LightGCN: layers of propagation
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=16))]
    pub layers: u16,
    /// LightGCN: most epochs; training ends earlier when recall no longer grows
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub epochs: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ItemGrouping {
    Map,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UserGrouping {
    Lightgcn,
    Liked,
    None,
}

#[derive(Args, Debug)]
pub struct BenchArgs {
    #[command(subcommand)]
    pub what: BenchCommand,
}

#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Autoregressive, strict and relaxed on the same prompts, interleaved
    Decode(BenchDecodeArgs),
    /// Drafters against held-out documents, without a model: speed, accepted
    /// length and calibration
    Retrieval(BenchRetrievalArgs),
    /// Milliseconds of a forward pass by number of rows, part by part
    Forward {
        /// Tokens already in the cache
        #[arg(
            long,
            value_delimiter = ',',
            default_value = "128,256,512,2048",
            value_name = "N,.."
        )]
        at: Vec<usize>,
        /// Instructions to compute with: portable, avx2, avx-vnni, vnni, avx512
        /// [default: the best this processor has]
        #[arg(long)]
        isa: Option<Isa>,
        /// Passes measured for each line; the median counts
        #[arg(long, default_value_t = 9, value_name = "N")]
        repeats: usize,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub struct BenchDecodeArgs {
    /// Query-half items to ask, spread over the groups
    #[arg(long, default_value_t = 6, value_name = "N")]
    pub items: usize,
    /// Query-half users to ask
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub users: usize,
    /// How the prompt is written
    #[arg(long, default_value = "kar", value_name = "NAME")]
    pub framework: String,
    #[command(flatten)]
    pub decode: DecodeArgs,
    /// Instead: pairs of runs, autoregressive and drafting in turns, so many a
    /// prompt; drafting must not be slower on any [rule: strict, or --verify]
    #[arg(long, value_name = "N", conflicts_with_all = ["drafters", "budgets"])]
    pub paired: Option<usize>,
    /// Instead: these drafters by commas, each under every budget [rule: strict,
    /// or --verify]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Drafter::parse, conflicts_with = "drafter")]
    pub drafters: Vec<Drafter>,
    /// Instead: these budgets by commas, each with every drafter
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = parse_budget, conflicts_with = "budget")]
    pub budgets: Vec<Budget>,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

/// Files of one document a line, token ids with spaces between them.
#[derive(Args, Debug)]
pub struct BenchRetrievalArgs {
    /// The documents of the pool, or the folder of one that `laserscope pool build` made
    #[arg(long, value_name = "PATH")]
    pub pool: PathBuf,
    /// Documents to replay, which are not in the pool
    #[arg(long, value_name = "FILE")]
    pub heldout: PathBuf,
    /// The prompts of the held-out documents, in the same order
    #[arg(long, value_name = "FILE")]
    pub prompts: PathBuf,
    /// The group of each document of the pool, one a line [default: one group]
    #[arg(long, value_name = "FILE", requires = "heldout_groups")]
    pub groups: Option<PathBuf>,
    /// The group of each held-out document
    #[arg(long, value_name = "FILE")]
    pub heldout_groups: Option<PathBuf>,
    /// Held-out documents to replay, from the first on
    #[arg(long, default_value_t = 40, value_name = "N")]
    pub limit: usize,
    /// Only these drafters, by commas [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Drafter::parse)]
    pub drafter: Vec<Drafter>,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct ModelArgs {
    #[command(subcommand)]
    pub what: ModelCommand,
}

#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// The models known by name
    List {
        /// One JSON object a model, one a line
        #[arg(long)]
        json: bool,
    },
    /// Fetch a model into the cache
    Fetch {
        /// A name of `laserscope model list` [default: smollm2-135m]
        name: Option<String>,
    },
    /// What a model's file says of itself
    Info {
        /// A name of `laserscope model list`, or a GGUF file
        name: Option<String>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub struct PoolArgs {
    #[command(subcommand)]
    pub what: PoolCommand,
}

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
    /// Documents (JSONL: id, text; title, kind, group, ended as you have them), - for standard
    /// input [default: those of --knowledge, of the catalog, or the sample's]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Documents that are token ids already: one a line, ids between spaces
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    pub tokens: Option<PathBuf>,
    /// With --tokens: the group of each line
    #[arg(long, value_name = "FILE", requires = "tokens")]
    pub groups: Option<PathBuf>,
    /// Most tokens the pool may hold; the oldest documents go first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_tokens: Option<u64>,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    fn decode(args: &[&str]) -> Result<Params, String> {
        let line = ["laserscope", "generate", "--item", "i"].iter().chain(args);
        match Cli::try_parse_from(line)
            .map_err(|e| e.to_string())?
            .command
        {
            Some(Command::Generate(args)) => args.decode.over(Params::default()),
            _ => Err("another command".into()),
        }
    }

    #[test]
    fn options_lie_over_the_defaults() {
        assert_eq!(decode(&[]), Ok(Params::default()));
        let params = decode(&["--k", "3", "--budget", "16", "--sources", "local"]).unwrap();
        assert_eq!(params.verify, Verify::Relaxed { k: 3, tau: 0.1 });
        assert_eq!(params.budget, Budget::Rows(16));
        assert_eq!(
            params.sources,
            Sources {
                local: true,
                ..Sources::NONE
            }
        );
    }

    #[test]
    fn a_bad_option_is_named() {
        assert!(
            decode(&["--verify", "strict", "--tau", "0.2"])
                .unwrap_err()
                .contains("--tau")
        );
        assert!(decode(&["--tau", "1.5"]).unwrap_err().contains("--tau 1.5"));
        assert!(
            decode(&["--budget", "65"])
                .unwrap_err()
                .contains("--budget")
        );
    }
}
