//! Settings for other engines that mean the same as a run's parameters, as far as their
//! options do; what means something else there, and what has no counterpart, is named.
//!
//! The options are those of vLLM 0.11 (`SpeculativeConfig`), SGLang 0.5 (`ServerArgs`) and
//! llama.cpp of 2026 (`common/arg.cpp`). Knows no command and no screen.

mod llama_cpp;
mod sglang;
mod vllm;

use serde::Serialize;

use crate::speculate::params::{Budget, Drafter, Params};

/// An engine, and the way in which it drafts.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = String, parse_err_fn = unknown)]
pub enum TargetEngine {
    /// vLLM's n-gram speculation: prompt lookup.
    VllmNgram,
    /// vLLM's suffix decoding, with the package `arctic-inference`.
    VllmSuffix,
    /// SGLang's n-gram speculation: a tree from a cache of all requests.
    Sglang,
    /// llama.cpp's server: `ngram-simple`, or `ngram-cache` with a file of n-grams.
    #[serde(rename = "llama.cpp")]
    #[strum(serialize = "llama.cpp")]
    LlamaCpp,
}

impl TargetEngine {
    /// In the order of the help.
    pub const ALL: &'static [TargetEngine] = <Self as strum::VariantArray>::VARIANTS;

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

fn unknown(text: &str) -> String {
    let names: Vec<&str> = TargetEngine::ALL
        .iter()
        .map(|engine| engine.name())
        .collect();
    format!("`{text}`: must be {}", names.join(", "))
}

/// An option there that means what a parameter means here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SameOption {
    /// Its name there.
    pub option: String,
    /// Its value there.
    pub value: String,
    /// What it stands for here.
    pub here: String,
}

/// Settings for an engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EngineSettings {
    /// For this one.
    pub engine: TargetEngine,
    /// To be copied; `None` if nothing is drafted.
    pub command: Option<String>,
    /// Options of it with the same meaning.
    pub same: Vec<SameOption>,
    /// What works in another way there.
    pub differs: Vec<String>,
    /// What is set here and has no counterpart there.
    pub without: Vec<String>,
}

impl EngineSettings {
    /// The closest settings to these parameters.
    pub fn of(params: &Params, engine: TargetEngine) -> Self {
        let mut settings = EngineSettings {
            engine,
            command: None,
            same: Vec::new(),
            differs: Vec::new(),
            without: Vec::new(),
        };
        if n_drafted(params) == 0 || params.drafter == Drafter::None {
            settings
                .differs
                .push("nothing is drafted: leave speculation out".to_owned());
            return settings;
        }
        match engine {
            TargetEngine::VllmNgram => vllm::ngram(params, &mut settings),
            TargetEngine::VllmSuffix => vllm::suffix(params, &mut settings),
            TargetEngine::Sglang => sglang::ngram(params, &mut settings),
            TargetEngine::LlamaCpp => llama_cpp::lookup(params, &mut settings),
        }
        settings.penalty(params);
        settings.without(params);
        settings
    }

    fn same(&mut self, option: &str, value: impl ToString, here: impl Into<String>) {
        self.same.push(SameOption {
            option: option.to_owned(),
            value: value.to_string(),
            here: here.into(),
        });
    }

    fn differs(&mut self, what: impl Into<String>) {
        self.differs.push(what.into());
    }

    /// Whether the engine has the lossy rule, too.
    fn has_rule(&self, params: &Params) -> bool {
        self.engine == TargetEngine::Sglang && sglang::single_threshold(params).is_some()
    }

    /// The penalty is an option of requests there.
    fn penalty(&mut self, params: &Params) {
        let (penalty, window) = (params.repeat_penalty, params.repeat_window);
        if penalty == 1.0 {
            return;
        }
        self.differs(match self.engine {
            TargetEngine::LlamaCpp => format!(
                "the repetition penalty is set apart: --repeat-penalty {penalty} --repeat-last-n \
                 {window}"
            ),
            _ => format!(
                "the repetition penalty is set in each request: repetition_penalty {penalty}, over \
                 the whole prompt and answer instead of the last {window} tokens"
            ),
        });
    }

    /// What none of the engines has.
    fn without(&mut self, params: &Params) {
        let mut without = Vec::new();
        if !params.verify.is_lossless() && !self.has_rule(params) {
            let rule = params.verify.name();
            without.push(format!(
                "--verify {rule}: they accept losslessly; expect the figures of --verify strict"
            ));
        }
        if let Budget::Auto { .. } = params.budget {
            without.push(
                "--budget auto: the number is fixed there; take the best one for your load from \
                 `score --cost` or `sweep`"
                    .to_owned(),
            );
        }
        if params.sources.group {
            without.push(
                "group pools: their caches are for all requests together; a server per group \
                 comes closest"
                    .to_owned(),
            );
        }
        if params.drafter == Drafter::Blend {
            without.push(
                "the blend of every matched suffix and its calibration by what was accepted"
                    .to_owned(),
            );
        }
        if !params.source_weights.is_default() {
            without.push("weights of the sources".to_owned());
        }
        self.without.extend(without);
    }
}

/// The most draft tokens of a step: the root takes a row.
fn n_drafted(params: &Params) -> usize {
    match params.drafts() {
        true => params.budget.max_rows() - 1,
        false => 0,
    }
}

/// The longest branch that the rows allow.
fn branch(params: &Params) -> usize {
    params.branch.min(n_drafted(params))
}

/// Whether a step drafts several branches.
fn has_tree(params: &Params) -> bool {
    matches!(params.drafter, Drafter::Blend | Drafter::Laser)
}

/// The longest and the shortest suffix that the drafter looks up.
fn matched(params: &Params) -> (usize, usize) {
    match params.drafter {
        // `retrieval/drafters/ngram.rs` and `laser.rs`.
        Drafter::Ngram => (params.max_suffix.min(3), 1),
        Drafter::Laser => (params.max_suffix.min(2), 1),
        _ => (params.max_suffix, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::params::{AcceptanceRule, Source, Sources};
    use proptest::prelude::*;

    fn strict(drafter: Drafter) -> Params {
        Params {
            verify: AcceptanceRule::Strict,
            budget: Budget::Rows(16),
            branch: 8,
            max_suffix: 12,
            drafter,
            repeat_penalty: 1.0,
            sources: Sources {
                local: true,
                ..Sources::NONE
            },
            ..Params::default()
        }
    }

    fn command(params: &Params, engine: TargetEngine) -> String {
        EngineSettings::of(params, engine)
            .command
            .unwrap_or_default()
    }

    #[test]
    fn prompt_lookup_is_vllms_ngram() {
        let settings = EngineSettings::of(&strict(Drafter::Ngram), TargetEngine::VllmNgram);
        assert_eq!(
            settings.command.as_deref(),
            Some(
                "vllm serve MODEL --speculative-config '{\"method\":\"ngram\",\
                 \"num_speculative_tokens\":8,\"prompt_lookup_max\":3,\"prompt_lookup_min\":1}'"
            )
        );
        assert!(settings.without.is_empty(), "{:?}", settings.without);
        // The rows are fewer than the branch.
        let short = Params {
            budget: Budget::Rows(4),
            ..strict(Drafter::Ngram)
        };
        assert!(command(&short, TargetEngine::VllmNgram).contains("\"num_speculative_tokens\":3"));
    }

    #[test]
    fn a_branch_after_the_longest_match_is_suffix_decoding() {
        let chain = strict(Drafter::Chain);
        assert_eq!(
            command(&chain, TargetEngine::VllmSuffix),
            "vllm serve MODEL --speculative-config '{\"method\":\"suffix\",\
             \"num_speculative_tokens\":8,\"suffix_decoding_max_tree_depth\":20,\
             \"suffix_decoding_max_spec_factor\":8.0,\"suffix_decoding_max_cached_requests\":0,\
             \"suffix_decoding_min_token_prob\":0.0}'"
        );
        let online = Params {
            sources: Sources {
                online: true,
                ..chain.sources
            },
            ..chain
        };
        let settings = EngineSettings::of(&online, TargetEngine::VllmSuffix);
        let command = settings.command.unwrap();
        assert!(!command.contains("max_cached_requests"), "{command}");
    }

    #[test]
    fn a_tree_is_sglangs() {
        assert_eq!(
            command(&strict(Drafter::Blend), TargetEngine::Sglang),
            "python -m sglang.launch_server --model-path MODEL --speculative-algorithm NGRAM \
             --speculative-num-draft-tokens 16 --speculative-ngram-min-match-window-size 1 \
             --speculative-ngram-max-match-window-size 12 --speculative-ngram-match-type PROB \
             --speculative-ngram-branch-length 20"
        );
        let one = command(&strict(Drafter::Chain), TargetEngine::Sglang);
        assert!(one.contains("--speculative-num-draft-tokens 9"), "{one}");
        assert!(
            one.contains("--speculative-ngram-max-bfs-breadth 1"),
            "{one}"
        );
    }

    #[test]
    fn llama_cpp_looks_up_in_the_context_or_in_a_file() {
        assert_eq!(
            command(&strict(Drafter::Ngram), TargetEngine::LlamaCpp),
            "llama-server -m MODEL.gguf --spec-type ngram-simple --spec-ngram-simple-size-n 3 \
             --spec-ngram-simple-size-m 8 --spec-ngram-simple-min-hits 1"
        );
        let pools = Params {
            sources: Sources::ALL,
            ..strict(Drafter::Laser)
        };
        let settings = EngineSettings::of(&pools, TargetEngine::LlamaCpp);
        assert!(
            settings
                .command
                .unwrap()
                .contains("--lookup-cache-static POOL.bin")
        );
        assert!(
            settings
                .differs
                .iter()
                .any(|line| line.contains("llama-lookup-create"))
        );
    }

    #[test]
    fn what_has_no_counterpart_is_named() {
        let default = Params::default();
        for engine in TargetEngine::ALL {
            let settings = EngineSettings::of(&default, *engine);
            let without = settings.without.join("\n");
            for what in [
                "--verify relaxed",
                "--budget auto",
                "group pools",
                "calibration",
            ] {
                assert!(without.contains(what), "{engine}: {without}");
            }
            let differs = settings.differs.join("\n");
            assert!(differs.contains("penalty"), "{engine}: {differs}");
        }
    }

    #[test]
    fn without_drafts_there_is_no_command() {
        let none = Params {
            verify: AcceptanceRule::Autoregressive,
            ..Params::default()
        };
        for engine in TargetEngine::ALL {
            assert_eq!(EngineSettings::of(&none, *engine).command, None);
        }
        assert_eq!(command(&strict(Drafter::None), TargetEngine::Sglang), "");
    }

    #[test]
    fn names_are_read_back() {
        for engine in TargetEngine::ALL {
            assert_eq!(engine.name().parse(), Ok(*engine));
        }
        let error = "tgi".parse::<TargetEngine>().unwrap_err();
        assert_eq!(
            error,
            "`tgi`: must be vllm-ngram, vllm-suffix, sglang, llama.cpp"
        );
    }

    proptest! {
        /// Every option of a command is explained, and every number is one that the
        /// engine accepts.
        #[test]
        fn every_option_is_explained(
            rows in 2usize..=64,
            branch in 1usize..=32,
            max_suffix in 1usize..=32,
            drafter in prop::sample::select(&Drafter::ALL[..4]),
            pools: bool,
            online: bool,
        ) {
            let sources = Sources { group: pools, global: pools, local: true, online };
            let params = Params {
                budget: Budget::Rows(rows), branch, max_suffix, sources, ..strict(drafter)
            };
            for engine in TargetEngine::ALL {
                let settings = EngineSettings::of(&params, *engine);
                let command = settings.command.unwrap();
                for SameOption { option, value, .. } in &settings.same {
                    prop_assert!(command.contains(option.as_str()), "{command} {option}");
                    prop_assert!(command.contains(value.as_str()), "{command} {value}");
                }
                let n_options = command.matches("--spec").count() + command.matches("\":").count();
                prop_assert!(n_options <= settings.same.len() + 1, "{command}");
                prop_assert!(!command.contains(" 0 ") && !command.contains(":0,\"prompt"), "{command}");
            }
            let _ = Source::ALL;
        }
    }
}
