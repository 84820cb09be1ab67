//! Fits the blend's weights on replayed answers: for tests only. Stochastic
//! gradient descent (AdaGrad: Duchi et al., JMLR 2011) on the log loss of the
//! drafted tokens being accepted, at the nodes that strict verification reaches.

#![allow(clippy::disallowed_macros, reason = "a test tells its harness")]

use std::path::Path;

use super::blend::{dot, lead_inputs, sigmoid, trust_inputs};
use super::calibration::{Calibration, Offers};
use super::evidence::{Evidence, Kind, Visit};
use super::local::Local;
use super::lookup::Shelves;
use super::pools::{PoolDoc, Pools};
use super::replay::{Answer, accepted_path, replay};
use super::retrieve::{Growth, Recall, draft};
use super::search::Search;
use super::weights::{LEAD_INPUTS, START, TRUST_INPUTS, Weights};
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::params::{Budget, Params, Verify};

const RATE: f32 = 0.1;
const EPOCHS: usize = 6;
/// Answers of a corpus to learn from: the last, so that others are left.
const MAX_ANSWERS: usize = 24;
/// Slopes are cut off here: a rare event may not undo what was learned.
const MAX_SLOPE: f32 = 3.0;
/// Blended probabilities below this are equal to the correction.
const MIN_PROB: f32 = 1e-4;

/// Pools, and answers that are not in them.
struct Corpus {
    pools: Pools,
    held_out: Vec<Answer>,
}

/// Sums of squared gradients.
struct Squares {
    trust: [[f32; TRUST_INPUTS]; Kind::COUNT],
    lead: [f32; LEAD_INPUTS],
}

/// A piece of evidence as the gradient needs it.
struct Link {
    kind: usize,
    inputs: [f32; TRUST_INPUTS],
    trust: f32,
    /// Next tokens and the share of the evidence that each has.
    next: Vec<(TokenId, f32)>,
}

/// The evidence at a node, the longest first.
struct Chain(Vec<Link>);

/// `cargo test --release --lib pool::fit -- --ignored --nocapture` with
/// FIT=PATH[,PATH..] prints weights to be put into `weights.rs`.
#[test]
#[ignore = "fits the weights on the corpora named by FIT"]
fn fit_weights() {
    let corpora = corpora("FIT");
    let mut weights = START;
    let mut squares = Squares {
        trust: [[1e-3; TRUST_INPUTS]; Kind::COUNT],
        lead: [1e-3; LEAD_INPUTS],
    };
    for _ in 0..EPOCHS {
        let loss = epoch(&corpora, &mut weights, &mut squares);
        println!("loss {loss:.4}");
    }
    println!("{weights:#?}");
}

/// With FIT as above, prints where the calibration of strict verification ends
/// after all held-out answers, which is a good place to begin.
#[test]
#[ignore = "fits the calibration on the corpora named by FIT"]
fn fit_calibration() {
    let corpora = corpora("FIT");
    let mut calibration = Calibration::default();
    for i in 0..2 * MAX_ANSWERS {
        for corpus in &corpora {
            let Some(answer) = corpus.held_out.iter().rev().nth(i) else {
                continue;
            };
            for rows in [16, 64] {
                let params = Params {
                    verify: Verify::Strict,
                    budget: Budget::Rows(rows),
                    ..Params::default()
                };
                replay(&corpus.pools, answer, &params, &mut calibration, |_| {});
            }
        }
    }
    println!("{:.2?}", calibration.weights());
}

/// One pass over all corpora in turn; the mean loss of a node.
fn epoch(corpora: &[Corpus], weights: &mut Weights, squares: &mut Squares) -> f32 {
    let (mut loss, mut n_nodes) = (0.0, 0);
    for i in 0..MAX_ANSWERS {
        for corpus in corpora {
            let Some(answer) = corpus.held_out.iter().rev().nth(i) else {
                continue;
            };
            learn_answer(corpus, answer, weights, squares, |node_loss| {
                loss += node_loss;
                n_nodes += 1;
            });
        }
    }
    loss / n_nodes as f32
}

fn learn_answer(
    corpus: &Corpus,
    answer: &Answer,
    weights: &mut Weights,
    squares: &mut Squares,
    mut report: impl FnMut(f32),
) {
    let params = Params {
        verify: Verify::Strict,
        budget: Budget::Rows(64),
        ..Params::default()
    };
    let calibration = Calibration::default();
    let mut offers = Offers::default();
    let mut local = Local::new(&answer.prompt, answer.opening_len);
    let mut recall = Recall::default();
    let mut left = answer.tokens.as_slice();
    while !left.is_empty() {
        let group = Some(answer.group.as_str());
        let shelves = Shelves::new(&corpus.pools, group, Some(&local), &params);
        let mut search = recall.search(&shelves, &local, &params);
        let growth = Growth {
            params: &params,
            calibration: &calibration,
            weights,
            ends: &[],
        };
        offers.clear();
        let tree = draft(&mut search, &local, &growth, &mut offers);
        let path = accepted_path(&tree, left);
        let mut number = 0;
        for (depth, &token) in left.iter().take(path.len() + 1).enumerate() {
            let node = depth.checked_sub(1).map_or(0, |d| path[d]);
            let chain = Chain::at(&mut search, number, weights);
            report(learn_node(&chain, &tree, node, token, weights, squares));
            number = search.descend(number, token);
        }
        let n_committed = (path.len() + 1).min(left.len());
        local.push(&left[..n_committed]);
        left = &left[n_committed..];
    }
}

/// Collects all evidence at a node.
struct Collect<'w> {
    weights: &'w Weights,
    is_root: bool,
    links: Vec<Link>,
}

impl Visit for Collect<'_> {
    fn add(&mut self, evidence: &Evidence) -> bool {
        let kind = evidence.kind as usize;
        let inputs = trust_inputs(evidence, self.is_root, self.links.is_empty());
        let share = |n: u32| n as f32 / evidence.n_seen.max(1) as f32;
        self.links.push(Link {
            kind,
            trust: sigmoid(dot(&self.weights.trust[kind], &inputs)),
            inputs,
            next: evidence.next.iter().map(|n| (n.0, share(n.1))).collect(),
        });
        true
    }

    fn wants_rest(&self) -> bool {
        true
    }
}

impl Chain {
    fn at(search: &mut Search, number: usize, weights: &Weights) -> Self {
        let mut collect = Collect {
            weights,
            is_root: number == 0,
            links: Vec::new(),
        };
        search.evidence(number, &mut collect);
        Chain(collect.links)
    }

    /// Blended probabilities of a token from every link on: the first is the
    /// token's, the last is 0.
    fn tails(&self, token: TokenId) -> Vec<f32> {
        let mut tails = vec![0.0; self.0.len() + 1];
        for (i, link) in self.0.iter().enumerate().rev() {
            tails[i] = link.trust * link.share(token) + (1.0 - link.trust) * tails[i + 1];
        }
        tails
    }

    /// All tokens that follow, the most probable first.
    fn candidates(&self) -> Vec<(TokenId, f32)> {
        let tokens = self.0.iter().flat_map(|link| &link.next).map(|n| n.0);
        let mut tokens: Vec<TokenId> = tokens.collect();
        tokens.sort_unstable();
        tokens.dedup();
        let probs = tokens.into_iter().map(|t| (t, self.tails(t)[0]));
        let mut candidates: Vec<_> = probs.collect();
        candidates.sort_by(|a, b| b.1.total_cmp(&a.1));
        candidates
    }

    /// Adds to every link's sum what its trust contributes to a token's
    /// probability, `slope` being the derivative by the latter. With
    /// p_i = t_i s_i + (1 - t_i) p_(i+1), that of p_0 by t_i is the weight that
    /// reaches i times (s_i - p_(i+1)).
    fn trace_back(&self, token: TokenId, slope: f32, sums: &mut [f32]) {
        let tails = self.tails(token);
        let mut reach = 1.0;
        for (i, link) in self.0.iter().enumerate() {
            let by_trust = reach * (link.share(token) - tails[i + 1]);
            sums[i] += slope * by_trust * link.trust * (1.0 - link.trust);
            reach *= 1.0 - link.trust;
        }
    }
}

impl Link {
    fn share(&self, token: TokenId) -> f32 {
        let found = self.next.iter().find(|n| n.0 == token);
        found.map_or(0.0, |n| n.1)
    }
}

/// Of a node's drafted children at most one is right: as many logistic
/// regressions, whose input is itself a function of the trust in the evidence.
fn learn_node(
    chain: &Chain,
    tree: &DraftTree,
    node: usize,
    token: TokenId,
    weights: &mut Weights,
    squares: &mut Squares,
) -> f32 {
    let candidates = chain.candidates();
    let drafted: Vec<TokenId> = tree.children(node).map(|c| tree.nodes[c].token).collect();
    let path_prob = tree.nodes[node].path_prob;
    let mut loss = 0.0;
    let mut sums = vec![0.0; chain.0.len()];
    for (i, &(candidate, prob)) in candidates.iter().enumerate() {
        if !drafted.contains(&candidate) {
            continue;
        }
        let rival = candidates.get(usize::from(i == 0)).copied();
        let (rival, rival_prob) = rival.unwrap_or((candidate, 0.0));
        let inputs = lead_inputs(prob, rival_prob, node == 0, path_prob);
        let truth = f32::from(u8::from(candidate == token));
        let error = truth - sigmoid(dot(&weights.lead, &inputs));
        loss -= (1.0 - error.abs()).max(1e-6).ln();
        let [_, by_logit, _, by_lead, ..] = weights.lead;
        let p = prob.clamp(MIN_PROB, 0.999);
        let slope = error * (by_logit / (p * (1.0 - p)) + by_lead / p);
        chain.trace_back(candidate, slope, &mut sums);
        if rival_prob > MIN_PROB {
            chain.trace_back(rival, -error * by_lead / rival_prob, &mut sums);
        }
        ascend(&mut weights.lead, &mut squares.lead, &inputs, error);
    }
    for (link, sum) in chain.0.iter().zip(sums) {
        let squares = &mut squares.trust[link.kind];
        let slope = sum.clamp(-MAX_SLOPE, MAX_SLOPE);
        ascend(&mut weights.trust[link.kind], squares, &link.inputs, slope);
    }
    loss
}

fn ascend<const N: usize>(
    weights: &mut [f32; N],
    squares: &mut [f32; N],
    inputs: &[f32; N],
    slope: f32,
) {
    for i in 0..N {
        let gradient = slope * inputs[i];
        squares[i] += gradient * gradient;
        weights[i] += RATE * gradient / squares[i].sqrt();
    }
}

/// The corpora that the environment names: folders of token files as
/// `pool.txt`, `heldout.txt`, `heldout_prompts.txt` and `*_groups.txt`, or
/// files that `generate --json` printed, of which every fourth answer is held
/// out. Separated by commas.
fn corpora(variable: &str) -> Vec<Corpus> {
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
