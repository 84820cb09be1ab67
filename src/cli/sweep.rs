//! `laserscope sweep`.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::drafting::DraftingArgs;
use super::parameters;
use crate::speculate::parameters::{Parameter, Value};
use crate::speculate::params::{Budget, Drafter};
use crate::speculate::speed_up::Pairing;
use crate::speculate::sweep::{Axes, Family};

/// Prints one object with --json: model, device, threads; params (what all cells
/// share); rules, budgets, branches, drafters; subjects; runs done and of; autoregressive
/// and cells, each with speedup, mal, agreement, in_common, first_divergence, repetition,
/// acceptance, facts_kept and tokens_per_s as {mean, standard_error} over its subjects, and
/// same_text; cells also with rule, its numbers, budget, branch, drafter, frontier, options
/// (a command line's), auc_differences (backbone, value, low, high and finding, with
/// --downstream) and runs (one a subject); chosen (its options, and why); lossless;
/// mismatches; complete; command (repeats the sweep).
#[derive(Args, Debug)]
pub struct SweepArgs {
    /// Query-half items to ask, spread over the groups [default: 4, if no subject is named]
    #[arg(long, value_name = "N")]
    pub(crate) items: Option<usize>,
    /// Query-half users to ask
    #[arg(long, value_name = "N")]
    pub(crate) users: Option<usize>,
    /// An item to ask; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) item: Vec<String>,
    /// A user to ask; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) user: Vec<String>,
    /// How the prompt is written
    #[arg(long, default_value = "kar", value_name = "NAME")]
    pub(crate) framework: String,
    /// Rules by commas: strict, relaxed, ratio, margin, typical, deferred [default: relaxed]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Family::parse)]
    pub(crate) rules: Vec<Family>,
    #[command(flatten)]
    pub(crate) tried: TriedArgs,
    /// Budgets by commas, 1 to 64 rows or auto [default: the configured one]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Budget::parse)]
    pub(crate) budgets: Vec<Budget>,
    /// Longest branches of the draft tree by commas, 1 to 32 tokens [default: the configured
    /// one]
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        conflicts_with = "branch"
    )]
    pub(crate) branches: Vec<usize>,
    /// Drafters by commas: blend, laser, ngram, chain, none [default: the configured one]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Drafter::parse, conflicts_with = "drafter")]
    pub(crate) drafters: Vec<Drafter>,
    /// What all cells share.
    #[command(flatten)]
    pub drafting: DraftingArgs,
    /// Exactly N pairs of every run and its autoregressive one [default: 6, then until
    /// the 95% intervals are within 3%, at most 15 or 60 s more than one pair takes]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) paired: Option<usize>,
    /// Write a report of the sweep: a web page (.html), a document (.md) or the charts as a
    /// picture (.svg); may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Vec<PathBuf>,
    /// Keep every run's trace in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) traces: Option<PathBuf>,
    /// Show what the finished downstream test in this folder found about each rule: its
    /// difference in AUC
    #[arg(long, value_name = "DIR")]
    pub(crate) downstream: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// A line a cell
    #[arg(long)]
    pub(crate) csv: bool,
}

impl SweepArgs {
    pub(crate) fn pairing(&self) -> Pairing {
        self.paired.map_or_else(Pairing::default, Pairing::fixed)
    }

    /// The axes of the grid; the defaults where none were given.
    pub fn axes(&self) -> Axes {
        let rules = match self.rules.as_slice() {
            [] => Axes::default().rules,
            some => some.to_vec(),
        };
        Axes {
            rules,
            numbers: self.tried.0.clone(),
            budgets: self.budgets.clone(),
            branches: self.branches.clone(),
            drafters: self.drafters.clone(),
        }
    }
}

/// The values that are tried of each number of the rules.
#[derive(Clone, Debug)]
pub(crate) struct TriedArgs(Vec<(&'static Parameter, Vec<Value>)>);

impl Args for TriedArgs {
    fn augment_args(command: Command) -> Command {
        parameters::lists(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for TriedArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(TriedArgs(parameters::listed(matches)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
