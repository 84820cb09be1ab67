//! `laserscope score`.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum};

use super::parameters;
use crate::present::engine_settings::TargetEngine;
use crate::recsys::logs::LogFormat;
use crate::speculate::parameters::{Given, Parameter, RULE};
use crate::speculate::params::{Budget, Drafter, Params};

/// Prints one object with --json: answers, tokens; read (lines, kept, skipped, ..), encoded;
/// split; pool; ways, each with drafter, budget, rule, pools, its figures (mal, acceptance,
/// waste, hit_rate, rows, ..) and the same by source, field, group, heading, position and
/// match; best; settings; complete. With --csv, a line per answer and way.
#[derive(Args, Debug)]
pub struct ScoreArgs {
    /// Logs of prompts and answers (also .gz), - for standard input
    #[arg(required = true, value_name = "LOG")]
    pub(crate) logs: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: LogReadingArgs,
    /// Which answers draft for which [default: time; pool, if one is given]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) split: Option<SplitChoice>,
    /// Groups are what this pattern captures in the prompt's text, as in 'genre: (\w+)'
    #[arg(long, value_name = "REGEX", conflicts_with = "group_field")]
    pub(crate) group_pattern: Option<String>,
    /// Compare each group's own pool with a random one of the same size, all pools as one,
    /// and none
    #[arg(long, conflicts_with = "sources")]
    pub(crate) by_group: bool,
    /// With --by-group: seed of the random groups
    #[arg(long, default_value_t = 2408, value_name = "N", requires = "by_group")]
    pub(crate) deal_seed: u64,
    /// Drafters, comma-separated: blend, laser, ngram, chain, none
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Drafter::parse, default_value = "blend")]
    pub(crate) drafter: Vec<Drafter>,
    /// Budgets, comma-separated: 1 to 64 rows or, with --cost, auto [default: 8,16,32,64;
    /// with --cost also 2, 4 and auto]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Budget::parse)]
    pub(crate) budget: Vec<Budget>,
    /// Parameters of drafting and the rule.
    #[command(flatten)]
    pub drafting: ScoreDraftingArgs,
    /// For a lossy --verify: whether the logged probabilities are before or after penalties
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(crate) logprobs: Option<LogprobsChoice>,
    /// Score only the answers with this id; the others draft for them as before; may be
    /// repeated
    #[arg(long, value_name = "ID", conflicts_with = "open")]
    pub(crate) only: Vec<String>,
    /// Open the answer with this id as a run, instead of scoring all; drafts come from one
    /// --drafter and one --budget [default: 16 rows; with --cost, auto]
    #[arg(long, value_name = "ID", requires = "trace", conflicts_with_all = ["json", "csv", "by_group", "settings_for"])]
    pub(crate) open: Option<String>,
    /// With --open: the file for the run, for `laserscope replay` and `laserscope trace`
    #[arg(long, value_name = "FILE", requires = "open")]
    pub(crate) trace: Option<PathBuf>,
    /// With --open: fill in the distributions with the model of --model, and say first how
    /// many of the logged tokens are its own choice
    #[arg(long, requires = "open")]
    pub(crate) judge: bool,
    /// Show all answers on the acceptance board of the playground, which opens each as a run;
    /// drafts as --open does
    #[arg(long, conflicts_with_all = ["json", "csv", "by_group", "open", "settings_for"])]
    pub board: bool,
    /// Print settings of the best way, else of the first, for vllm-ngram, vllm-suffix, sglang
    /// or llama.cpp, with what differs there
    #[arg(long, value_name = "ENGINE", value_parser = str::parse::<TargetEngine>, conflicts_with = "csv")]
    pub(crate) settings_for: Option<TargetEngine>,
    /// Print one JSON object
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print one line of CSV per answer and way
    #[arg(long)]
    pub(crate) csv: bool,
}

/// How logs are read.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct LogReadingArgs {
    /// The logs' format [default: found by looking]
    #[arg(long, value_name = "NAME", value_parser = WantedFormat::parse)]
    pub(crate) format: Option<WantedFormat>,
    /// Field of the prompt: a text, messages or token ids; dots lead into objects
    #[arg(long, value_name = "FIELD")]
    pub(crate) prompt_field: Option<String>,
    /// Field of the answer: a text, messages or token ids
    #[arg(long, value_name = "FIELD")]
    pub(crate) answer_field: Option<String>,
    /// Field of the id
    #[arg(long, value_name = "FIELD")]
    pub(crate) id_field: Option<String>,
    /// Field of the group
    #[arg(long, value_name = "FIELD")]
    pub(crate) group_field: Option<String>,
    /// Field of the time at which a request came in
    #[arg(long, value_name = "FIELD")]
    pub(crate) start_field: Option<String>,
    /// Field of the time at which its answer was complete
    #[arg(long, value_name = "FIELD")]
    pub(crate) end_field: Option<String>,
    /// Tokenizer of the logged texts: a model's name, a folder, tokenizer.json or a GGUF
    /// file; no weights are loaded [default: --model's, where texts must be encoded]
    #[arg(long, value_name = "NAME")]
    pub(crate) tokenizer: Option<String>,
    /// Tokens at the end of each prompt that are the prefilled beginning of its answer
    /// [default: as logged, or what follows the chat template's generation prompt]
    #[arg(long, value_name = "N")]
    pub(crate) opening: Option<usize>,
    /// Read only the first N answers
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

/// A format by name; `None` (auto): it is found by looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WantedFormat(pub(crate) Option<LogFormat>);

impl WantedFormat {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(WantedFormat(None)),
            name => match name.parse() {
                Ok(format) => Ok(WantedFormat(Some(format))),
                Err(why) => Err(format!("{why}")),
            },
        }
    }
}

/// The protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SplitChoice {
    /// An answer drafts for requests that started after it ended; without times, for later
    /// lines
    Time,
    /// The answers of every other line draft for the rest
    Half,
    /// All answers draft for each other
    LeaveOneOut,
    /// Only the pool given with --pool or --knowledge drafts
    Pool,
}

/// Which probabilities a log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogprobsChoice {
    /// As the model gave them: exact where no penalty was in force
    Raw,
    /// After repetition and other penalties, as the choice was made
    Penalized,
}

/// Parameters of drafting and the rule.
#[derive(Clone, Debug, Default)]
pub struct ScoreDraftingArgs {
    given: Given,
}

impl ScoreDraftingArgs {
    /// These over `base`; strict, unless a rule or its number is given.
    ///
    /// # Errors
    /// The option that is out of range, or does not go with the rule.
    pub fn over(&self, base: Params) -> Result<Params, String> {
        self.given.over(base)
    }
}

/// Those that matter to an answer that is already there, and are not lists here.
fn is_scored(parameter: &Parameter) -> bool {
    let names = [
        "verify",
        "k",
        "tau",
        "ratio",
        "margin",
        "branch",
        "suffix",
        "sources",
        "source-weights",
    ];
    names.contains(&parameter.name)
}

impl Args for ScoreDraftingArgs {
    fn augment_args(command: Command) -> Command {
        let command = parameters::options(command, is_scored);
        command.mut_arg(RULE.name, |rule| {
            rule.help(format!("{} [default: strict]", RULE.help))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ScoreDraftingArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(ScoreDraftingArgs {
            given: parameters::given(matches, is_scored),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
