//! Fits the blend's weights on replayed answers: for tests only. Stochastic
//! gradient ascent (AdaGrad) on the log-likelihood of the answers' tokens, at
//! the nodes that strict verification would reach.

use super::blend::{Blend, dot, lead_inputs, sigmoid, trust_inputs};
use super::calibration::Calibration;
use super::evidence::Kind;
use super::local::Local;
use super::replay::{Answer, Corpus, accepted_path, corpora};
use super::retrieve::{MIN_PATH_PROB, draft};
use super::search::Search;
use super::weights::{LEAD_INPUTS, START, TRUST_INPUTS, Weights};
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::params::{Budget, Params};

const RATE: f32 = 0.05;
const EPOCHS: usize = 3;
/// Answers of a corpus to learn from: the last, so that others are left.
const MAX_ANSWERS: usize = 24;
/// Probability of a token that no source offers.
const UNSEEN: f32 = 1e-4;

/// Which of the two steps is learned.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Trust,
    Lead,
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
    /// The share it gives to the token that really follows.
    share: f32,
}

/// `cargo test --release --lib pool::fit -- --ignored --nocapture` with
/// FIT=PATH[,PATH..] prints weights to be put into `weights.rs`.
#[test]
#[ignore = "fits the weights on the corpora named by FIT"]
fn fit_weights() {
    let corpora = corpora("FIT");
    let mut weights = START;
    for stage in [Stage::Trust, Stage::Lead] {
        let mut squares = Squares {
            trust: [[1e-3; TRUST_INPUTS]; Kind::COUNT],
            lead: [1e-3; LEAD_INPUTS],
        };
        for _ in 0..EPOCHS {
            let loss = epoch(&corpora, stage, &mut weights, &mut squares);
            println!("loss {loss:.4}");
        }
    }
    println!("{weights:#?}");
}

/// One pass over all corpora in turn; the mean loss.
fn epoch(corpora: &[Corpus], stage: Stage, weights: &mut Weights, squares: &mut Squares) -> f32 {
    let (mut loss, mut n) = (0.0, 0);
    for i in 0..MAX_ANSWERS {
        for corpus in corpora {
            let Some(answer) = corpus.held_out.iter().rev().nth(i) else {
                continue;
            };
            learn_answer(corpus, answer, stage, weights, squares, |step_loss| {
                loss += step_loss;
                n += 1;
            });
        }
    }
    loss / n as f32
}

fn learn_answer(
    corpus: &Corpus,
    answer: &Answer,
    stage: Stage,
    weights: &mut Weights,
    squares: &mut Squares,
    mut report: impl FnMut(f32),
) {
    let params = Params {
        budget: Budget::Rows(64),
        ..Params::default()
    };
    let mut local = Local::new(&answer.prompt, answer.opening_len);
    let mut left = answer.tokens.as_slice();
    while !left.is_empty() {
        let group = Some(answer.group.as_str());
        let mut search = Search::begin(&corpus.pools, group, &local, &params);
        let tree = draft(
            &mut search,
            &local,
            &params,
            &Calibration::default(),
            weights,
        );
        let path = accepted_path(&tree, left);
        let mut number = 0;
        for (depth, &token) in left.iter().take(path.len() + 1).enumerate() {
            let node = depth.checked_sub(1).map_or(0, |d| path[d]);
            report(match stage {
                Stage::Trust => learn_trust(&mut search, number, token, weights, squares),
                Stage::Lead => {
                    learn_lead(&mut search, number, token, (&tree, node), weights, squares)
                }
            });
            number = search.descend(number, token);
        }
        let n_committed = (path.len() + 1).min(left.len());
        local.push(&left[..n_committed]);
        left = &left[n_committed..];
    }
}

/// The blend is p_i = t_i s_i + (1 - t_i) p_(i+1), so that the likelihood's
/// derivative by t_i is (weight that reaches i) * (s_i - p_(i+1)).
fn learn_trust(
    search: &mut Search,
    number: usize,
    token: TokenId,
    weights: &mut Weights,
    squares: &mut Squares,
) -> f32 {
    let links = links(search, number, token, weights);
    let mut tails = vec![UNSEEN; links.len() + 1];
    for (i, link) in links.iter().enumerate().rev() {
        tails[i] = link.trust * link.share + (1.0 - link.trust) * tails[i + 1];
    }
    let mut reach = 1.0;
    for (link, tail) in links.iter().zip(&tails[1..]) {
        let slope = reach * (link.share - tail) / tails[0] * link.trust * (1.0 - link.trust);
        let squares = &mut squares.trust[link.kind];
        ascend(&mut weights.trust[link.kind], squares, &link.inputs, slope);
        reach *= 1.0 - link.trust;
    }
    -tails[0].ln()
}

fn links(search: &mut Search, number: usize, token: TokenId, weights: &Weights) -> Vec<Link> {
    let mut links = Vec::new();
    search.evidence(number, |evidence| {
        let kind = evidence.kind as usize;
        let inputs = trust_inputs(evidence, number == 0);
        let followed = evidence.next.iter().find(|n| n.0 == token);
        links.push(Link {
            kind,
            trust: sigmoid(dot(&weights.trust[kind], &inputs)),
            inputs,
            share: followed.map_or(0.0, |n| n.1 as f32 / evidence.n_seen as f32),
        });
        true
    });
    links
}

/// Of the drafted children one at most is right: a logistic regression.
fn learn_lead(
    search: &mut Search,
    number: usize,
    token: TokenId,
    (tree, node): (&DraftTree, usize),
    weights: &mut Weights,
    squares: &mut Squares,
) -> f32 {
    let path_prob = tree.nodes[node].path_prob;
    let plain = Weights {
        lead: START.lead,
        ..weights.clone()
    };
    let mut blend = Blend::new(&plain, number == 0, path_prob, MIN_PATH_PROB);
    search.evidence(number, |evidence| blend.add(evidence));
    let candidates = blend.finish();
    let prob_of = |i: usize| candidates.get(i).map_or(0.0, |c| c.prob);
    let mut loss = 0.0;
    for (i, candidate) in candidates.iter().enumerate() {
        if !tree
            .children(node)
            .any(|c| tree.nodes[c].token == candidate.token)
        {
            continue;
        }
        let rival = if i == 0 { prob_of(1) } else { prob_of(0) };
        let inputs = lead_inputs(candidate.prob, rival, number == 0, path_prob);
        let estimate = sigmoid(dot(&weights.lead, &inputs));
        let truth = f32::from(u8::from(candidate.token == token));
        loss -= (1.0 - (truth - estimate).abs()).max(1e-6).ln();
        ascend(
            &mut weights.lead,
            &mut squares.lead,
            &inputs,
            truth - estimate,
        );
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
