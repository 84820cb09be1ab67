//! SGLang: a tree from a cache of the n-grams of all requests.

use crate::speculate::params::{ALL_RANKS, AcceptanceRule, Drafter, Params};

use super::{EngineSettings, branch, has_tree, matched};

const PROGRAM: &str =
    "python -m sglang.launch_server --model-path MODEL --speculative-algorithm NGRAM";

pub(super) fn ngram(params: &Params, settings: &mut EngineSettings) {
    let mut command = PROGRAM.to_owned();
    for (name, value, here) in options(params) {
        let option = format!("--speculative-{name}");
        command.push_str(&format!(" {option} {value}"));
        settings.same(&option, value, here);
    }
    if let Some(tau) = single_threshold(params) {
        command.push_str(&format!(" {THRESHOLD} {tau}"));
        settings.same(THRESHOLD, tau, "--tau with --k all");
        settings.differs(format!(
            "{THRESHOLD} is for requests with a temperature, whose other draft tokens it samples; \
             without one it accepts losslessly. It accepts a probability equal to it, too, and the \
             first such child instead of the longest branch"
        ));
    }
    settings.command = Some(command);
    settings.differs("it runs on CUDA alone, without overlapped scheduling");
    if params.drafter == Drafter::Ngram || !params.sources.global && !params.sources.online {
        settings.differs("its cache is for all requests: earlier answers draft, too");
    }
    if params.sources.group || params.sources.global {
        settings.differs("its cache begins empty and fills with requests, as --online does");
    }
    if has_tree(params) {
        settings.differs(
            "--speculative-ngram-max-bfs-breadth (10) bounds the children of a node, which only \
             the rows bound here",
        );
    }
}

/// The probability above which a token of any rank is accepted, if that is the rule.
pub(super) fn single_threshold(params: &Params) -> Option<f32> {
    match params.verify {
        AcceptanceRule::Relaxed { k: ALL_RANKS, tau } => Some(tau),
        _ => None,
    }
}

/// Names, values, and what they are here.
fn options(params: &Params) -> [(&'static str, String, &'static str); 5] {
    let (longest, shortest) = matched(params);
    let n = branch(params);
    // Its number has the root in it, as rows here do.
    let (rows, shape) = match has_tree(params) {
        true => (
            params.budget.max_rows(),
            ("ngram-match-type", "PROB", PROBABLE),
        ),
        false => (n + 1, ("ngram-max-bfs-breadth", "1", "one branch")),
    };
    let (name, value, here) = shape;
    [
        (
            "num-draft-tokens",
            rows.to_string(),
            "rows of --budget, the root included",
        ),
        (
            "ngram-min-match-window-size",
            shortest.to_string(),
            "the shortest suffix looked up",
        ),
        (
            "ngram-max-match-window-size",
            longest.to_string(),
            "the longest suffix looked up",
        ),
        (name, value.to_owned(), here),
        ("ngram-branch-length", (longest + n).to_string(), DEPTH),
    ]
}

const THRESHOLD: &str = "--speculative-accept-threshold-single";
const PROBABLE: &str = "the most probable continuations first";
const DEPTH: &str = "the suffix and the branch after it (--branch)";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::engine_settings::TargetEngine;

    #[test]
    fn a_threshold_without_a_rank_is_sglangs() {
        let relaxed = |k| Params {
            verify: AcceptanceRule::Relaxed { k, tau: 0.25 },
            ..Params::default()
        };
        let settings = EngineSettings::of(&relaxed(ALL_RANKS), TargetEngine::Sglang);
        let option = "--speculative-accept-threshold-single";
        let command = settings.command.unwrap();
        assert!(command.ends_with(&format!("{option} 0.25")), "{command}");
        assert!(settings.same.iter().any(|same| same.option == option));
        assert!(settings.differs.iter().any(|line| line.contains(option)));
        let without = settings.without.join("\n");
        assert!(!without.contains("--verify"), "{without}");
        for (k, engine) in [
            (2, TargetEngine::Sglang),
            (ALL_RANKS, TargetEngine::VllmNgram),
        ] {
            let settings = EngineSettings::of(&relaxed(k), engine);
            let without = settings.without.join("\n");
            assert!(without.contains("--verify relaxed"), "{without}");
        }
    }
}
