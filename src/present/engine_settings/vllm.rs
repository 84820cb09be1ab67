//! vLLM: one branch a step, by prompt lookup or by suffix decoding.

use crate::speculate::params::{Drafter, Params};

use super::{EngineSettings, branch, has_tree, matched};

/// `{"a":1,"b":2}` of pairs that are JSON already, quoted for a shell.
fn serve(pairs: &[(&str, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("\"{key}\":{value}"))
        .collect();
    format!(
        "vllm serve MODEL --speculative-config '{{{}}}'",
        pairs.join(",")
    )
}

/// The n-gram method.
pub(super) fn ngram(params: &Params, settings: &mut EngineSettings) {
    let (longest, shortest) = matched(params);
    let n = branch(params);
    settings.command = Some(serve(&[
        ("method", "\"ngram\"".into()),
        ("num_speculative_tokens", n.to_string()),
        ("prompt_lookup_max", longest.to_string()),
        ("prompt_lookup_min", shortest.to_string()),
    ]));
    settings.same("method", "ngram", "prompt lookup");
    settings.same(
        "num_speculative_tokens",
        n,
        "--branch, within the rows of --budget",
    );
    settings.same(
        "prompt_lookup_max",
        longest,
        "the longest suffix that is looked up",
    );
    settings.same("prompt_lookup_min", shortest, "the shortest one");
    settings
        .differs("of several places of the longest match, it copies the earliest, not the latest");
    one_branch(params, settings);
    if params.drafter != Drafter::Ngram {
        let drafter = params.drafter.name();
        settings.differs(format!(
            "it looks up in the request's own prompt and answer alone, as --drafter ngram; \
             --drafter {drafter} drafts more"
        ));
    }
    if params.sources.global || params.sources.online {
        settings
            .without
            .push("pools of earlier answers: vllm-suffix has a cache of them".to_owned());
    }
}

/// Suffix decoding.
pub(super) fn suffix(params: &Params, settings: &mut EngineSettings) {
    let (longest, _) = matched(params);
    let n = branch(params);
    let depth = longest + n;
    let has_others = params.sources.group || params.sources.global || params.sources.online;
    let mut pairs = vec![
        ("method", "\"suffix\"".to_owned()),
        ("num_speculative_tokens", n.to_string()),
        ("suffix_decoding_max_tree_depth", depth.to_string()),
    ];
    settings.same("method", "suffix", "what followed the longest matches");
    settings.same(
        "num_speculative_tokens",
        n,
        "--branch, within the rows of --budget",
    );
    settings.same(
        "suffix_decoding_max_tree_depth",
        depth,
        "--suffix and the branch after it",
    );
    if !has_others {
        pairs.push(("suffix_decoding_max_cached_requests", "0".to_owned()));
        settings.same("suffix_decoding_max_cached_requests", 0, "--sources local");
    }
    let factor = format!("{n}.0");
    pairs.push(("suffix_decoding_max_spec_factor", factor.clone()));
    settings.same(
        "suffix_decoding_max_spec_factor",
        factor,
        "a full branch even after a match of one token",
    );
    if !params.budget.is_auto() {
        pairs.push(("suffix_decoding_min_token_prob", "0.0".to_owned()));
        settings.same(
            "suffix_decoding_min_token_prob",
            "0.0",
            "a fixed --budget: improbable tokens are drafted while there are rows",
        );
    }
    settings.command = Some(serve(&pairs));
    settings.differs("it needs the package arctic-inference");
    one_branch(params, settings);
    if has_others {
        settings.differs(
            "its cache begins empty and holds the last 10,000 answers \
             (suffix_decoding_max_cached_requests), as --online does; pools cannot be loaded",
        );
    }
    if params.budget.is_auto() {
        settings.differs(
            "suffix_decoding_min_token_prob (0.1) stops drafting where it hardly pays, which \
             --budget auto decides by the cost",
        );
    }
}

fn one_branch(params: &Params, settings: &mut EngineSettings) {
    if has_tree(params) {
        let rows = params.budget.max_rows();
        settings.differs(format!(
            "it drafts one branch a step, not a tree of up to {rows} rows: compare with --drafter \
             chain"
        ));
    }
}
