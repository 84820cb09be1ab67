//! Fits the blend's weights (`WEIGHTS` in `src/retrieval/query/estimate/weights.rs`) on
//! replayed answers and prints them. Stochastic gradient descent (AdaGrad: Duchi et al.,
//! JMLR 2011) on the log loss of the drafted tokens being accepted, at the nodes that
//! strict verification reaches.
//!
//! `cargo run --release --example fit_weights -- CORPUS..`, where a corpus is a folder of
//! token files (`pool.txt`, `heldout.txt`, `heldout_prompts.txt` and `*_groups.txt`) or a
//! file that `generate --json` printed, of which every fourth answer is held out. With
//! `--calibration` before them it prints where the calibration of strict verification ends
//! after all held-out answers, instead.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, eyre};
use laserscope::retrieval::fitting::{
    LEAD_INPUTS, Link, N_KINDS, Reached, TRUST_INPUTS, Weights, dot, lead_inputs, replay_nodes,
    sigmoid,
};
use laserscope::retrieval::{Calibration, KnownAnswer, PoolDoc, Pools, replay};
use laserscope::speculate::TokenId;
use laserscope::speculate::params::{AcceptanceRule, Budget, Params};

/// Where fitting begins: longer and rarer-branching suffixes are trusted more.
const START: Weights = Weights {
    trust: [[-0.5, 0.3, -0.3, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]; N_KINDS],
    lead: [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
};

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
    held_out: Vec<KnownAnswer>,
}

/// Sums of squared gradients.
struct Squares {
    trust: [[f32; TRUST_INPUTS]; N_KINDS],
    lead: [f32; LEAD_INPUTS],
}

/// The evidence at a node, the longest first.
struct Chain(Vec<Link>);

fn main() -> Result<()> {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    let only_calibration = names.first().is_some_and(|name| name == "--calibration");
    names.drain(..usize::from(only_calibration));
    let corpora: Vec<Corpus> = names
        .iter()
        .map(|name| corpus(Path::new(name)).wrap_err_with(|| format!("reading {name}")))
        .collect::<Result<_>>()?;
    match only_calibration {
        true => fit_calibration(&corpora),
        false => fit_weights(&corpora),
    }
    Ok(())
}

fn fit_weights(corpora: &[Corpus]) {
    let mut weights = START;
    let mut squares = Squares {
        trust: [[1e-3; TRUST_INPUTS]; N_KINDS],
        lead: [1e-3; LEAD_INPUTS],
    };
    for _ in 0..EPOCHS {
        let loss = epoch(corpora, &mut weights, &mut squares);
        laserscope::out!("loss {loss:.4}");
    }
    laserscope::out!("{weights:#?}");
}

fn fit_calibration(corpora: &[Corpus]) {
    let mut calibration = Calibration::default();
    for i in 0..2 * MAX_ANSWERS {
        for corpus in corpora {
            let Some(answer) = corpus.held_out.iter().rev().nth(i) else {
                continue;
            };
            for rows in [16, 64] {
                let params = strict(rows);
                replay(&corpus.pools, answer, &params, &mut calibration, |_| {});
            }
        }
    }
    laserscope::out!("{:.2?}", calibration.weights());
}

fn strict(rows: usize) -> Params {
    Params {
        verify: AcceptanceRule::Strict,
        budget: Budget::Rows(rows),
        ..Params::default()
    }
}

/// One pass over all corpora in turn; the mean loss of a node.
fn epoch(corpora: &[Corpus], weights: &mut Weights, squares: &mut Squares) -> f32 {
    let (mut loss, mut n_nodes) = (0.0, 0);
    for i in 0..MAX_ANSWERS {
        for corpus in corpora {
            let Some(answer) = corpus.held_out.iter().rev().nth(i) else {
                continue;
            };
            replay_nodes(
                &corpus.pools,
                answer,
                &strict(64),
                weights,
                |node, weights| {
                    loss += learn_node(node, weights, squares);
                    n_nodes += 1;
                },
            );
        }
    }
    loss / n_nodes as f32
}

impl Chain {
    /// Blended probabilities of a token from every link on: the first is the
    /// token's, the last is 0.
    fn tails(&self, token: TokenId) -> Vec<f32> {
        let mut tails = vec![0.0; self.0.len() + 1];
        for (i, link) in self.0.iter().enumerate().rev() {
            tails[i] = link.trust * share(link, token) + (1.0 - link.trust) * tails[i + 1];
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
            let by_trust = reach * (share(link, token) - tails[i + 1]);
            sums[i] += slope * by_trust * link.trust * (1.0 - link.trust);
            reach *= 1.0 - link.trust;
        }
    }
}

fn share(link: &Link, token: TokenId) -> f32 {
    let found = link.next.iter().find(|n| n.0 == token);
    found.map_or(0.0, |n| n.1)
}

/// Of a node's drafted children at most one is right: as many logistic
/// regressions, whose input is itself a function of the trust in the evidence.
fn learn_node(node: Reached, weights: &mut Weights, squares: &mut Squares) -> f32 {
    let Reached {
        links,
        drafted,
        path_prob,
        is_root,
        token,
    } = node;
    let chain = Chain(links);
    let candidates = chain.candidates();
    let mut loss = 0.0;
    let mut sums = vec![0.0; chain.0.len()];
    for (i, &(candidate, prob)) in candidates.iter().enumerate() {
        if !drafted.contains(&candidate) {
            continue;
        }
        let rival = candidates.get(usize::from(i == 0)).copied();
        let (rival, rival_prob) = rival.unwrap_or((candidate, 0.0));
        let inputs = lead_inputs(prob, rival_prob, is_root, path_prob);
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

fn corpus(path: &Path) -> Result<Corpus> {
    match path.is_dir() {
        true => token_files(path),
        false => generated(path),
    }
}

/// Lines of token ids.
fn lines(path: &Path) -> Result<Vec<Vec<TokenId>>> {
    let text = std::fs::read_to_string(path).wrap_err_with(|| path.display().to_string())?;
    let ids = |line: &str| -> Result<Vec<TokenId>> {
        line.split(' ').map(|id| Ok(id.parse()?)).collect()
    };
    text.lines().map(ids).collect()
}

fn token_files(folder: &Path) -> Result<Corpus> {
    let read = |name: &str| lines(&folder.join(name));
    let docs = read("pool.txt")?.into_iter().zip(read("pool_groups.txt")?);
    let docs = docs.enumerate().map(|(i, (tokens, group))| PoolDoc {
        id: i.to_string().into(),
        title: String::new(),
        group: group[0].to_string().into(),
        tokens,
    });
    let prompts = read("heldout_prompts.txt")?.into_iter();
    let held_out = prompts
        .zip(read("heldout.txt")?)
        .zip(read("heldout_groups.txt")?);
    Ok(Corpus {
        pools: Pools::build(docs.collect()),
        held_out: held_out
            .map(|((prompt, tokens), group)| KnownAnswer {
                group: group[0].to_string().into(),
                prompt: [prompt, tokens[..1].to_vec()].concat(),
                opening_len: 1,
                tokens: tokens[1..].to_vec(),
            })
            .collect(),
    })
}

fn generated(file: &Path) -> Result<Corpus> {
    let text = std::fs::read_to_string(file)?;
    let (mut docs, mut held_out) = (Vec::new(), Vec::new());
    for (i, line) in text.lines().enumerate() {
        let answer = parse_answer(line).wrap_err_with(|| format!("line {}", i + 1))?;
        if i % 4 == 0 {
            held_out.push(answer);
        } else {
            let opening = &answer.prompt[answer.prompt.len() - answer.opening_len..];
            docs.push(PoolDoc {
                id: i.to_string().into(),
                title: String::new(),
                tokens: [opening, &answer.tokens].concat(),
                group: answer.group,
            });
        }
    }
    Ok(Corpus {
        pools: Pools::build(docs),
        held_out,
    })
}

fn parse_answer(line: &str) -> Result<KnownAnswer> {
    /// `<|im_start|>assistant` and a line break in SmolLM2's vocabulary.
    const ASSISTANT: [TokenId; 4] = [1, 520, 9531, 198];
    let object: serde_json::Value = serde_json::from_str(line)?;
    let ids = |key: &str| serde_json::from_value::<Vec<TokenId>>(object[key].clone());
    let prompt = ids("prompt_ids")?;
    let start = prompt.windows(4).rposition(|w| w == ASSISTANT);
    let start = start.ok_or_else(|| eyre!("the prompt has no answer's beginning"))? + 4;
    let group = object["subject"]["group"].as_str();
    Ok(KnownAnswer {
        group: group.ok_or_else(|| eyre!("no group"))?.into(),
        opening_len: prompt.len() - start,
        prompt,
        tokens: ids("token_ids")?,
    })
}
