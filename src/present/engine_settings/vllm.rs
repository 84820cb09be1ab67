//! vLLM: one branch a step, by prompt lookup or by suffix decoding.

use crate::speculate::params::{Drafter, Params};

use super::{EngineSettings, branch, has_tree, matched};

const BRANCH: &str = "--branch, within the rows of --budget";
const DEPTH: &str = "--suffix and the branch after it";
const FACTOR: &str = "a full branch even after a match of one token";
const ALL_ROWS: &str = "a fixed --budget: improbable tokens are drafted while there are rows";

/// Options of the JSON that `vllm serve` takes: names, values, and what they are here.
fn serve(options: &[(&str, String, &str)], settings: &mut EngineSettings) {
    let quoted = |value: &str| match value.parse::<f64>() {
        Ok(_) => value.to_owned(),
        Err(_) => format!("\"{value}\""),
    };
    let pair = |(key, value, _): &(&str, String, &str)| format!("\"{key}\":{}", quoted(value));
    let pairs: Vec<String> = options.iter().map(pair).collect();
    let json = pairs.join(",");
    settings.command = Some(format!(
        "vllm serve MODEL --speculative-config '{{{json}}}'"
    ));
    for (key, value, here) in options {
        settings.same(key, value, *here);
    }
}

/// The n-gram method.
pub(super) fn ngram(params: &Params, settings: &mut EngineSettings) {
    let (longest, shortest) = matched(params);
    let (longest, shortest) = (longest.to_string(), shortest.to_string());
    let n = branch(params).to_string();
    let options = [
        ("method", "ngram".to_owned(), "prompt lookup"),
        ("num_speculative_tokens", n, BRANCH),
        (
            "prompt_lookup_max",
            longest,
            "the longest suffix that is looked up",
        ),
        ("prompt_lookup_min", shortest, "the shortest one"),
    ];
    serve(&options, settings);
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
    let n = branch(params);
    let depth = matched(params).0 + n;
    let mut options = vec![
        (
            "method",
            "suffix".to_owned(),
            "what followed the longest matches",
        ),
        ("num_speculative_tokens", n.to_string(), BRANCH),
        ("suffix_decoding_max_tree_depth", depth.to_string(), DEPTH),
        ("suffix_decoding_max_spec_factor", format!("{n}.0"), FACTOR),
    ];
    if !has_others(params) {
        let none = "0".to_owned();
        options.push((
            "suffix_decoding_max_cached_requests",
            none,
            "--sources local",
        ));
    }
    if !params.budget.is_auto() {
        options.push(("suffix_decoding_min_token_prob", "0.0".to_owned(), ALL_ROWS));
    }
    serve(&options, settings);
    settings.differs("it needs the package arctic-inference");
    one_branch(params, settings);
    if has_others(params) {
        settings.differs(OWN_CACHE);
    }
    if params.budget.is_auto() {
        settings.differs(MIN_PROB);
    }
}

const OWN_CACHE: &str = "its cache begins empty and holds the last 10,000 answers \
    (suffix_decoding_max_cached_requests), as --online does; pools cannot be loaded";
const MIN_PROB: &str = "suffix_decoding_min_token_prob (0.1) stops drafting where it hardly pays, \
    which --budget auto decides by the cost";

fn has_others(params: &Params) -> bool {
    params.sources.group || params.sources.global || params.sources.online
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
