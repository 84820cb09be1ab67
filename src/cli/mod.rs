//! The command line. Names here are a contract that scripts build on: add,
//! don't rename.

mod bench;
mod catalog;
mod choice;
mod cost;
mod decode;
mod downstream;
mod drafting;
mod engine_settings;
mod framework;
mod generate;
mod knowledge;
mod lesson;
mod model;
mod parameters;
mod pool;
mod score;
mod setup;
mod sweep;
mod trace;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub(crate) use bench::BenchArgs;
pub(crate) use bench::BenchBatchArgs;
pub(crate) use bench::BenchCommand;
pub(crate) use bench::BenchDecodeArgs;
pub(crate) use bench::BenchRetrievalArgs;
pub(crate) use catalog::CatalogArgs;
pub(crate) use catalog::CatalogCommand;
pub(crate) use catalog::GroupsArgs;
pub(crate) use catalog::GroupsBuildArgs;
pub(crate) use catalog::GroupsCommand;
pub(crate) use catalog::ItemGrouping;
pub(crate) use catalog::UserGrouping;
pub(crate) use choice::CalibrationChoice;
pub(crate) use choice::CostChoice;
pub(crate) use cost::CostArgs;
pub(crate) use cost::CostCommand;
pub use decode::DecodeArgs;
pub(crate) use downstream::ArmChoice;
pub(crate) use downstream::ArmSource;
pub use downstream::DownstreamArgs;
pub(crate) use downstream::FIXED_ARMS;
pub use engine_settings::SettingsArgs;
pub(crate) use framework::FrameworkArgs;
pub(crate) use framework::FrameworkCommand;
pub(crate) use generate::AllKind;
pub(crate) use generate::BranchPoint;
pub use generate::GenerateArgs;
pub(crate) use generate::HalfChoice;
pub(crate) use generate::Lanes;
pub(crate) use generate::MemorySize;
pub(crate) use generate::Shard;
pub(crate) use knowledge::KnowledgeArgs;
pub(crate) use knowledge::KnowledgeCommand;
pub(crate) use lesson::LessonArgs;
pub(crate) use lesson::LessonCommand;
pub(crate) use model::ModelArgs;
pub(crate) use model::ModelCommand;
pub(crate) use pool::PoolArgs;
pub(crate) use pool::PoolCommand;
pub(crate) use pool::PoolDocumentsArgs;
pub(crate) use score::LogReadingArgs;
pub use score::ScoreArgs;
pub(crate) use score::SplitChoice;
pub(crate) use setup::LogArgs;
pub(crate) use setup::OwnDocumentsChoice;
pub(crate) use setup::ScreenArgs;
pub(crate) use setup::SetupArgs;
pub(crate) use sweep::SweepArgs;
pub use trace::PictureArgs;
pub(crate) use trace::TraceArgs;
pub(crate) use trace::TraceBoardArgs;
pub use trace::TraceCommand;
pub(crate) use trace::TraceDiffArgs;
pub(crate) use trace::TraceExportArgs;
pub(crate) use trace::TraceShowArgs;
pub(crate) use trace::TraceStatsArgs;
pub(crate) use trace::TraceVerifyArgs;
pub(crate) use trace::TraceWhatifArgs;
pub(crate) use trace::TraceWhyArgs;

/// Watch, debug and tune retrieval-based speculative decoding (LASER) in the terminal.
///
/// Without a command, the playground opens: choose an item or a user and watch its
/// knowledge being decoded.
#[derive(Debug, Parser)]
#[command(name = "laserscope", version, max_term_width = 100)]
pub struct Cli {
    /// Catalog, pools and model.
    #[command(flatten)]
    pub setup: SetupArgs,
    /// How the screens look.
    #[command(flatten)]
    pub screen: ScreenArgs,
    /// The playground's acceptance board shows the runs in this folder, and those that a
    /// batch writes to it meanwhile (generate --all --traces DIR)
    #[arg(long, value_name = "DIR")]
    pub traces: Option<PathBuf>,
    /// The playground's sweeps show what the finished downstream test in this folder found
    /// about each rule: its difference in AUC
    #[arg(long, value_name = "DIR")]
    pub downstream: Option<PathBuf>,
    /// Where a log goes.
    #[command(flatten)]
    pub log: LogArgs,
    /// `None`: the playground opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands; the comments of variants are their help.
#[derive(Debug, Subcommand, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Command {
    /// Generate knowledge without a screen
    Generate(GenerateArgs),
    /// List the catalog's items or users
    Catalog(CatalogArgs),
    /// Group the catalog's items and users; each group gets its own pool
    Groups(GroupsArgs),
    /// Measure decoding on the real model, forward passes by number of rows, or
    /// retrieval on files of token ids
    Bench(BenchArgs),
    /// Show or measure the cost of a step on this machine by rows and context, which
    /// automatic budgets follow
    Cost(CostArgs),
    /// Try a grid of rules, their values and budgets: measured speed-up against
    /// agreement with autoregressive decoding
    Sweep(SweepArgs),
    /// Score answers that other engines wrote: what drafting would have accepted, and how
    /// many rows pay; needs no model
    Score(ScoreArgs),
    /// Print settings for vLLM, SGLang or llama.cpp that mean the same as these parameters,
    /// with what differs there; needs no model
    Settings(SettingsArgs),
    /// Test whether a recommender notices: click models trained with the knowledge of each
    /// rule, their AUC and LogLoss with intervals, and whether they are equivalent
    Downstream(DownstreamArgs),
    /// Replay recorded runs or a batch in the playground; needs no model
    Replay {
        /// Traces written by --trace or by `s` in the playground; several are compared. A
        /// folder opens the acceptance board, or the Batch screen if `generate --all --batch N
        /// --traces` wrote it; a .json file beside it has points measured by `bench batch
        /// --json`
        #[arg(required = true, value_name = "TRACE|DIR")]
        traces: Vec<PathBuf>,
    },
    /// List, fetch and describe models
    Model(ModelArgs),
    /// List and show frameworks, the ways to write prompts: KAR, TRAWL, ONCE, RLMRec,
    /// and custom ones
    Framework(FrameworkArgs),
    /// Build, inspect, search and change pools on disk
    Pool(PoolArgs),
    /// Inspect, compare, judge, verify and export recorded runs
    Trace(TraceArgs),
    /// Join the shards of a batch, or import knowledge made elsewhere
    Knowledge(KnowledgeArgs),
    /// Write the playground's screen for a trace or a batch as an SVG picture; --keys leads
    /// to other screens
    Picture(PictureArgs),
    /// List the lessons, and write them as web pages with a player for their steps; needs no
    /// model
    Lesson(LessonArgs),
    /// Print the current key map as TOML, as a starting point for a custom one
    Keys,
    /// Print completions for a shell
    Completions {
        #[arg(value_enum)]
        #[expect(missing_docs, reason = "it would become a line of the help")]
        shell: clap_complete::Shell,
    },
    /// Print the manual page of the program or of a command
    Man {
        /// generate, bench, ... [default: the program]
        command: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::options::options;
    use crate::speculate::params::{
        ALL_RANKS, AcceptanceRule, Budget, Drafter, Params, SourceWeights, Sources,
    };
    use clap::CommandFactory;
    use proptest::prelude::*;

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
        assert_eq!(params.verify, AcceptanceRule::Relaxed { k: 3, tau: 0.1 });
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
    fn a_number_names_its_rule() {
        let verify = |args: &[&str]| decode(args).unwrap().verify;
        assert_eq!(
            verify(&["--ratio", "0.5"]),
            AcceptanceRule::Ratio { k: 2, r: 0.5 }
        );
        let typical = AcceptanceRule::Typical {
            eps: 0.09,
            delta: 0.5,
        };
        assert_eq!(verify(&["--delta", "0.5"]), typical);
        let margin = AcceptanceRule::Margin { k: 2, m: 0.2 };
        assert_eq!(verify(&["--margin", "0.2"]), margin);
        let deferred = AcceptanceRule::Deferred { h: 0.3, w: 4 };
        assert_eq!(verify(&["--window", "4"]), deferred);
        let deferred = AcceptanceRule::Deferred {
            h: f32::INFINITY,
            w: 6,
        };
        assert_eq!(verify(&["--entropy", "inf"]), deferred);
        let all = AcceptanceRule::Relaxed {
            k: ALL_RANKS,
            tau: 0.3,
        };
        assert_eq!(verify(&["--k", "all", "--tau", "0.3"]), all);
        let ratio = ["--verify", "ratio", "--k", "4"];
        assert_eq!(verify(&ratio), AcceptanceRule::Ratio { k: 4, r: 0.3 });
        let warm = ["--verify", "strict", "--temperature", "0.8", "--seed", "7"];
        let sampling = decode(&warm).unwrap().sampling.unwrap();
        assert_eq!((sampling.temperature, sampling.seed), (0.8, 7));
        let cold = ["--temperature", "0", "--seed", "7"];
        assert_eq!(decode(&cold), Ok(Params::default()));
    }

    #[test]
    fn a_bad_option_is_named() {
        assert!(
            decode(&["--verify", "strict", "--tau", "0.2"])
                .unwrap_err()
                .contains("--tau")
        );
        assert!(decode(&["--tau", "1.5"]).unwrap_err().contains("--tau 1.5"));
        let error = |args: &[&str]| decode(args).unwrap_err();
        let stray = error(&["--verify", "ratio", "--tau", "0.2"]);
        assert!(
            stray.contains("--tau goes with --verify relaxed"),
            "{stray}"
        );
        let stray = error(&["--ratio", "0.2", "--eps", "0.1"]);
        assert!(
            stray.contains("--eps goes with --verify typical"),
            "{stray}"
        );
        assert!(error(&["--ratio", "2"]).contains("--ratio 2: must be between"));
        assert!(error(&["--delta", "1.5"]).contains("--delta"));
        assert!(error(&["--k", "0"]).contains("--k 0: must be at least 1 (1 is strict), or all"));
        assert!(error(&["--k", "some"]).contains("`some` is neither a whole number nor all"));
        assert!(error(&["--entropy=-1"]).contains("--entropy -1: must be at least 0"));
        assert!(error(&["--entropy", "nan"]).contains("--entropy NaN: must be at least 0 nats"));
        assert!(error(&["--window", "0"]).contains("--window 0: must be 1 to 32 tokens"));
        assert!(error(&["--margin", "2"]).contains("--margin 2: must be between"));
        let stray = error(&["--verify", "margin", "--entropy", "1"]);
        assert!(
            stray.contains("--entropy goes with --verify deferred"),
            "{stray}"
        );
        let lossy = error(&["--temperature", "0.8"]);
        assert!(lossy.contains("--verify strict"), "{lossy}");
        assert!(error(&["--top-k", "5"]).contains("--temperature"));
        let warm = ["--verify", "strict", "--temperature", "0.8", "--top-p", "2"];
        assert!(error(&warm).contains("--top-p 2"));
        assert!(
            decode(&["--budget", "65"])
                .unwrap_err()
                .contains("--budget")
        );
    }

    /// Every kind of parameters, written as options and read back.
    fn spelled() -> impl Strategy<Value = Params> {
        let rule = prop_oneof![
            Just(AcceptanceRule::Autoregressive),
            Just(AcceptanceRule::Strict),
            (1usize..9, 0.0f32..1.0).prop_map(|(k, tau)| AcceptanceRule::Relaxed { k, tau }),
            (1usize..9, 0.0f32..1.0).prop_map(|(k, r)| AcceptanceRule::Ratio { k, r }),
            (1usize..9, 0.0f32..1.0).prop_map(|(k, m)| AcceptanceRule::Margin { k, m }),
            (0.0f32..1.0).prop_map(|tau| AcceptanceRule::Relaxed { k: ALL_RANKS, tau }),
            (0.0f32..9.0, 1usize..33).prop_map(|(h, w)| AcceptanceRule::Deferred { h, w }),
            (0.0f32..1.0, 0.0f32..1.0)
                .prop_map(|(eps, delta)| AcceptanceRule::Typical { eps, delta }),
        ];
        let budget = prop_oneof![
            Just(Budget::Auto { max: 64 }),
            (1usize..64).prop_map(Budget::Rows)
        ];
        let drafter = prop::sample::select(Drafter::ALL.to_vec());
        let shape = (
            1usize..32,
            1.0f32..4.0,
            1usize..99,
            1usize..999,
            1usize..=32,
        );
        let sources = (any::<[bool; 4]>(), 0.0f32..1.0);
        (rule, budget, drafter, shape, sources).prop_map(
            |(verify, budget, drafter, shape, ([group, global, local, online], weight))| Params {
                verify,
                budget,
                drafter,
                branch: shape.0,
                repeat_penalty: shape.1,
                repeat_window: shape.2,
                max_tokens: shape.3,
                max_suffix: shape.4,
                sources: Sources {
                    group,
                    global,
                    local,
                    online,
                },
                source_weights: SourceWeights {
                    group: weight,
                    ..SourceWeights::default()
                },
                ..Params::default()
            },
        )
    }

    proptest! {
        #[test]
        fn options_that_are_written_are_read_back(params in spelled(), configured in spelled()) {
            let line = options(&params, &configured);
            let line = ["laserscope", "generate", "--item", "i"]
                .into_iter()
                .chain(line.iter().map(String::as_str));
            let parsed = Cli::try_parse_from(line).expect("a command line").command;
            let Some(Command::Generate(args)) = parsed else { panic!("{parsed:?}") };
            prop_assert_eq!(args.decode.over(configured), Ok(params));
        }
    }
}
