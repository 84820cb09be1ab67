//! Replays known answers against the drafts, without a model: what strict
//! verification would have accepted. For tests and for fitting only.
//!
//! Protocol: the context is the prompt and the answer's opening. At each step
//! the longest drafted path that the answer really takes is accepted, and one
//! more token follows: the model's own. The mean of that is MAL.

use std::path::Path;
use std::time::Instant;

use super::calibration::Calibration;
use super::local::Local;
use super::pools::{PoolDoc, Pools};
use super::lookup::Shelves;
use super::retrieve::{Recall, draft};
use super::weights::Weights;
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::params::{Budget, Params};
use crate::speculate::verify::Verdict;

/// Pools, and answers that are not in them.
pub(super) struct Corpus {
    pub name: String,
    pub pools: Pools,
    pub held_out: Vec<Answer>,
}

pub(super) struct Answer {
    pub group: String,
    /// The prompt with the opening.
    pub prompt: Vec<TokenId>,
    pub opening_len: usize,
    pub tokens: Vec<TokenId>,
}

/// Answers replayed at most.
const MAX_ANSWERS: usize = 40;

/// The corpora that the environment names: folders of token files as
/// `pool.txt`, `heldout.txt`, `heldout_prompts.txt` and `*_groups.txt`, or
/// files that `generate --json` printed, of which every fourth answer is held
/// out. Separated by commas.
pub(super) fn corpora(variable: &str) -> Vec<Corpus> {
    let names = std::env::var(variable).unwrap_or_default();
    let paths = names.split(',').filter(|n| !n.is_empty()).map(Path::new);
    paths
        .map(|path| {
            if path.is_dir() {
                token_files(path)
            } else {
                generated(path)
            }
        })
        .collect()
}

fn token_files(folder: &Path) -> Corpus {
    let lines = |name: &str| -> Vec<Vec<TokenId>> {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let ids = |line: &str| line.split(' ').map(|id| id.parse().unwrap()).collect();
        text.lines().map(ids).collect()
    };
    let docs = lines("pool.txt").into_iter().zip(lines("pool_groups.txt"));
    let docs = docs.enumerate().map(|(i, (tokens, group))| PoolDoc {
        id: i.to_string(),
        title: String::new(),
        group: group[0].to_string(),
        tokens,
    });
    let prompts = lines("heldout_prompts.txt").into_iter();
    let held_out = prompts
        .zip(lines("heldout.txt"))
        .zip(lines("heldout_groups.txt"));
    Corpus {
        name: folder.display().to_string(),
        pools: Pools::build(docs.collect()),
        held_out: held_out
            .map(|((prompt, tokens), group)| Answer {
                group: group[0].to_string(),
                prompt: [prompt, tokens[..1].to_vec()].concat(),
                opening_len: 1,
                tokens: tokens[1..].to_vec(),
            })
            .collect(),
    }
}

fn generated(file: &Path) -> Corpus {
    let text = std::fs::read_to_string(file).unwrap();
    let (mut docs, mut held_out) = (Vec::new(), Vec::new());
    for (i, line) in text.lines().enumerate() {
        let answer = parse_answer(line);
        if i % 4 == 0 {
            held_out.push(answer);
        } else {
            let opening = &answer.prompt[answer.prompt.len() - answer.opening_len..];
            docs.push(PoolDoc {
                id: i.to_string(),
                title: String::new(),
                tokens: [opening, &answer.tokens].concat(),
                group: answer.group,
            });
        }
    }
    Corpus {
        name: file.display().to_string(),
        pools: Pools::build(docs),
        held_out,
    }
}

fn parse_answer(line: &str) -> Answer {
    /// `<|im_start|>assistant` and a line break in SmolLM2's vocabulary.
    const ASSISTANT: [u64; 4] = [1, 520, 9531, 198];
    let object: serde_json::Value = serde_json::from_str(line).unwrap();
    let ids = |key: &str| -> Vec<u64> {
        let list = object[key].as_array().unwrap();
        list.iter().map(|id| id.as_u64().unwrap()).collect()
    };
    let prompt = ids("prompt_ids");
    let start = prompt.windows(4).rposition(|w| w == ASSISTANT).unwrap() + 4;
    let narrow = |ids: Vec<u64>| ids.into_iter().map(|id| id as TokenId).collect();
    Answer {
        group: object["subject"]["group"].as_str().unwrap().to_string(),
        opening_len: prompt.len() - start,
        prompt: narrow(prompt),
        tokens: narrow(ids("token_ids")),
    }
}

/// What a replay measured.
#[derive(Default)]
pub(super) struct Measured {
    pub steps: usize,
    pub tokens: usize,
    pub accepted: usize,
    /// Sum of the trees' own estimates of what is accepted.
    pub expected: f64,
    pub rows: usize,
    pub query_us: Vec<f64>,
}

/// Replays a corpus; every answer learns its own calibration.
pub(super) fn replay(corpus: &Corpus, params: &Params, weights: &Weights) -> Measured {
    let mut measured = Measured::default();
    for answer in corpus.held_out.iter().take(MAX_ANSWERS) {
        let mut calibration = Calibration::default();
        walk(
            corpus,
            answer,
            params,
            weights,
            &mut calibration,
            |tree, path, us| {
                measured.steps += 1;
                measured.accepted += path.len();
                measured.expected += f64::from(tree.expected_accepted());
                measured.rows += tree.n_rows();
                measured.query_us.push(us);
            },
        );
        measured.tokens += answer.tokens.len();
    }
    measured.query_us.sort_by(f64::total_cmp);
    measured
}

/// Replays one answer; shows every step's tree and the path accepted.
fn walk(
    corpus: &Corpus,
    answer: &Answer,
    params: &Params,
    weights: &Weights,
    calibration: &mut Calibration,
    mut step: impl FnMut(&DraftTree, &[usize], f64),
) {
    let mut local = Local::new(&answer.prompt, answer.opening_len);
    let mut recall = Recall::default();
    let mut left = answer.tokens.as_slice();
    while !left.is_empty() {
        let group = Some(answer.group.as_str());
        let shelves = Shelves::new(&corpus.pools, group, Some(&local), params);
        recall.advance(&corpus.pools, group, &local, params);
        let clock = Instant::now();
        let mut search = recall.search(&shelves, &local, params);
        let tree = draft(&mut search, &local, params, calibration, weights);
        let us = clock.elapsed().as_secs_f64() * 1e6;
        let path = accepted_path(&tree, left);
        step(&tree, &path, us);
        let n_committed = (path.len() + 1).min(left.len());
        calibration.observe(&tree, &strict_verdict(&tree, path));
        local.push(&left[..n_committed]);
        left = &left[n_committed..];
    }
}

/// The drafted nodes that the answer really takes.
pub(super) fn accepted_path(tree: &DraftTree, answer: &[TokenId]) -> Vec<usize> {
    let mut path: Vec<usize> = Vec::new();
    for &token in answer {
        let at = path.last().copied().unwrap_or(0);
        match tree.children(at).find(|&c| tree.nodes[c].token == token) {
            Some(child) => path.push(child),
            None => break,
        }
    }
    path
}

fn strict_verdict(tree: &DraftTree, path: Vec<usize>) -> Verdict {
    Verdict {
        fates: Vec::with_capacity(tree.n_drafts()),
        path,
        bonus: None,
        finish: None,
    }
}

/// `cargo test --release --lib pool::replay -- --ignored --nocapture` with
/// REPLAY=PATH[,PATH..] prints the figures by budget.
#[test]
#[ignore = "measures the corpora named by REPLAY"]
fn measure() {
    for corpus in corpora("REPLAY") {
        let sizes = corpus.pools.sizes(None);
        println!("{}: {sizes:?}", corpus.name);
        for rows in [64, 32, 16, 8, 4] {
            let params = Params {
                budget: Budget::Rows(rows),
                ..Params::default()
            };
            let m = replay(&corpus, &params, &super::weights::WEIGHTS);
            let steps = m.steps as f64;
            println!(
                "rows {rows:2}: MAL {:.3}, accepted {:.3}, expected {:.3}, rows {:.1}, query us {:.0} / {:.0}",
                m.tokens as f64 / steps,
                m.accepted as f64 / steps,
                m.expected / steps,
                m.rows as f64 / steps,
                m.query_us[m.query_us.len() / 2],
                m.query_us[m.query_us.len() * 99 / 100],
            );
        }
    }
}
