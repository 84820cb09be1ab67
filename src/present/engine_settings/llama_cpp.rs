//! llama.cpp's server: one branch a step, from the context or from a file of n-grams.

use crate::speculate::params::{Drafter, Params};

use super::{EngineSettings, branch, has_tree, matched};

/// Tokens that `ngram-cache` drafts in the server; there is no option.
const CACHE_DRAFT: usize = 8;

pub(super) fn lookup(params: &Params, settings: &mut EngineSettings) {
    let has_pools = params.sources.group || params.sources.global;
    match params.drafter != Drafter::Ngram && has_pools {
        true => cache(params, settings),
        false => simple(params, settings),
    }
    if has_tree(params) {
        let rows = params.budget.max_rows();
        settings.differs(format!(
            "it drafts one branch a step, not a tree of up to {rows} rows"
        ));
    }
    if params.sources.online {
        settings.differs(
            "answers of this session draft with --spec-type ngram-cache and --lookup-cache-dynamic \
             FILE",
        );
    }
}

/// Prompt lookup.
fn simple(params: &Params, settings: &mut EngineSettings) {
    let (longest, _) = matched(params);
    let n = branch(params);
    settings.command = Some(format!(
        "llama-server -m MODEL.gguf --spec-type ngram-simple --spec-ngram-simple-size-n {longest} \
         --spec-ngram-simple-size-m {n} --spec-ngram-simple-min-hits 1"
    ));
    settings.same("--spec-type", "ngram-simple", "prompt lookup");
    settings.same(
        "--spec-ngram-simple-size-n",
        longest,
        "the longest suffix looked up",
    );
    settings.same(
        "--spec-ngram-simple-size-m",
        n,
        "--branch, within the rows of --budget",
    );
    settings.same(
        "--spec-ngram-simple-min-hits",
        1,
        "one occurrence is enough",
    );
    settings.differs(format!(
        "it looks up exactly {longest} tokens; shorter matches, which draft here, do not there"
    ));
    settings.differs(format!(
        "it drafts only where at least {longest} tokens followed the match, and after a context of \
         {} tokens",
        longest + n + 1
    ));
}

/// A static cache, made of the pool's documents.
fn cache(params: &Params, settings: &mut EngineSettings) {
    settings.command = Some(
        "llama-server -m MODEL.gguf --spec-type ngram-cache --lookup-cache-static POOL.bin"
            .to_owned(),
    );
    settings.same(
        "--spec-type",
        "ngram-cache",
        "what followed the last tokens in the pools",
    );
    settings.same("--lookup-cache-static", "POOL.bin", "--pool");
    settings.differs(
        "POOL.bin is made of the documents' texts: llama-lookup-create -m MODEL.gguf -f TEXTS \
         --lookup-cache-static POOL.bin; it holds n-grams of 2 tokens",
    );
    settings.differs(format!(
        "it looks up 1 to 4 tokens and drafts {CACHE_DRAFT}, which no option of the server changes; \
         here {} and {}",
        matched(params).0,
        branch(params)
    ));
}
