//! SGLang: a tree from a cache of the n-grams of all requests.

use crate::speculate::params::{Drafter, Params};

use super::{EngineSettings, branch, has_tree, matched};

pub(super) fn ngram(params: &Params, settings: &mut EngineSettings) {
    let (longest, shortest) = matched(params);
    let n = branch(params);
    // Its number has the root in it, as rows here do.
    let rows = match has_tree(params) {
        true => params.budget.max_rows(),
        false => n + 1,
    };
    let depth = longest + n;
    let mut options = vec![
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
    ];
    match has_tree(params) {
        true => options.push((
            "ngram-match-type",
            "PROB".to_owned(),
            "the most probable continuations first",
        )),
        false => options.push(("ngram-max-bfs-breadth", "1".to_owned(), "one branch")),
    }
    options.push((
        "ngram-branch-length",
        depth.to_string(),
        "the suffix and the branch after it (--branch)",
    ));
    let mut command =
        "python -m sglang.launch_server --model-path MODEL --speculative-algorithm NGRAM"
            .to_owned();
    for (name, value, here) in options {
        let option = format!("--speculative-{name}");
        command.push_str(&format!(" {option} {value}"));
        settings.same(&option, value, here);
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
