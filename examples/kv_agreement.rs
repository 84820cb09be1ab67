//! How often the most probable token is that of the float reference, with keys and
//! values kept as f32 and as f16, at the same teacher-forced positions:
//!
//!     cargo run --release --example kv_agreement -- MODEL.gguf sample-data/knowledge/*.jsonl
//!
//! The reference has unpacked weights, unrounded activations and f32 keys and values.
//! Texts are the files' knowledge documents one after another, each text from another
//! document on; of each, 200 positions from 200 and 200 from 1,500 are compared.

#![allow(clippy::disallowed_macros, reason = "figures for a reader")]

use std::path::{Path, PathBuf};

use candle_core::Device;
use color_eyre::eyre::{Result, WrapErr, bail, eyre};
use laserscope::model::decoder::{Decoder, TreeBatch};
use laserscope::model::gguf::Gguf;
use laserscope::model::kernels::kv::KvType;
use laserscope::model::layer::{Backend, Target};
use laserscope::model::tokenizer::TextCodec;
use laserscope::model::weights::{FloatWeights, Weights};

const TEXTS: usize = 52;
const CONTEXTS: [usize; 2] = [200, 1500];
/// Positions compared of a text at each context.
const POSITIONS: usize = 200;
const LENGTH: usize = CONTEXTS[1] + POSITIONS;
/// Rows of a pass.
const ROWS: usize = 50;

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (model, files) = arguments
        .split_first()
        .filter(|(_, files)| !files.is_empty())
        .ok_or_else(|| eyre!("usage: kv_agreement MODEL.gguf KNOWLEDGE.jsonl .."))?;
    let texts = texts(model, files)?;
    let reference = choices(model, FloatWeights::Reference, KvType::F32, &texts)?;
    let kept_as = |kv| choices(model, FloatWeights::Exact, kv, &texts);
    let (f32_choices, f16_choices) = (kept_as(KvType::F32)?, kept_as(KvType::F16)?);
    let mut all = [Vec::new(), Vec::new()];
    for (context, name) in CONTEXTS.iter().enumerate() {
        let of_f32 = agreement(&f32_choices[context], &reference[context]);
        let of_f16 = agreement(&f16_choices[context], &reference[context]);
        report(&format!("context {name}"), POSITIONS, [&of_f32, &of_f16]);
        all[0].push(of_f32);
        all[1].push(of_f16);
    }
    let means = |[a, b]: [&Vec<f64>; 2]| a.iter().zip(b).map(|(a, b)| (a + b) / 2.0).collect();
    let [of_f32, of_f16]: [Vec<f64>; 2] = all.each_ref().map(|both| means([&both[0], &both[1]]));
    report("both", 2 * POSITIONS, [&of_f32, &of_f16]);
    Ok(())
}

/// `positions`: of a text.
fn report(name: &str, positions: usize, [of_f32, of_f16]: [&Vec<f64>; 2]) {
    println!(
        "{name}: {} texts, {} positions",
        of_f32.len(),
        of_f32.len() * positions
    );
    println!("  f32: {}\n  f16: {}", percent(of_f32), percent(of_f16));
    let differences: Vec<f64> = of_f16.iter().zip(of_f32).map(|(a, b)| a - b).collect();
    println!("  f16 - f32: {}", percent(&differences));
}

/// By context and text: the most probable token of every position.
type Choices = [Vec<Vec<usize>>; 2];

fn texts(model: &Path, files: &[PathBuf]) -> Result<Vec<Vec<u32>>> {
    let codec = TextCodec::from_gguf(&Gguf::open(model)?.content)?;
    let mut documents = Vec::new();
    for file in files {
        let lines = std::fs::read_to_string(file).wrap_err_with(|| file.display().to_string())?;
        for line in lines.lines() {
            let document: serde_json::Value = serde_json::from_str(line)?;
            let text = document["text"].as_str().unwrap_or_default();
            documents.push(codec.encode(&format!("{text}\n\n"))?);
        }
    }
    if documents.concat().len() < LENGTH {
        bail!("the files hold less than {LENGTH} tokens");
    }
    let from = |i: usize| {
        let first = i * documents.len() / TEXTS;
        let endless = documents.iter().cycle().skip(first).flatten();
        endless.copied().take(LENGTH).collect()
    };
    Ok((0..TEXTS).map(from).collect())
}

fn choices(model: &Path, floats: FloatWeights, kv: KvType, texts: &[Vec<u32>]) -> Result<Choices> {
    let target = Target {
        device: &Device::Cpu,
        backend: Backend::Cpu,
        kv,
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let weights = Weights::open(model, floats)?;
    let mut decoder = Decoder::load(&weights, target, LENGTH, threads, |_, _| {})?;
    let mut all = Choices::default();
    for (i, text) in texts.iter().enumerate() {
        eprintln!("{} {}: text {} of {TEXTS}", floats.name(), kv.name(), i + 1);
        decoder.truncate(0);
        for (at, context) in CONTEXTS.iter().enumerate() {
            decoder.extend(&text[decoder.len()..*context])?;
            let mut chosen = Vec::new();
            for tokens in text[*context..context + POSITIONS].chunks(ROWS) {
                let parents: Vec<_> = (0..tokens.len()).map(|i| i.checked_sub(1)).collect();
                let logits = decoder.forward(TreeBatch {
                    tokens,
                    parents: &parents,
                })?;
                chosen.extend(logits.chunks(decoder.vocab()).map(largest));
                decoder.commit_rows(&(0..tokens.len()).collect::<Vec<_>>())?;
            }
            all[at].push(chosen);
        }
    }
    Ok(all)
}

fn largest(row: &[f32]) -> usize {
    let larger = |best: usize, i: usize| if row[i] > row[best] { i } else { best };
    (0..row.len()).fold(0, larger)
}

/// By text: the share of positions that agree.
fn agreement(ours: &[Vec<usize>], reference: &[Vec<usize>]) -> Vec<f64> {
    let share = |(a, b): (&Vec<usize>, &Vec<usize>)| {
        let same = a.iter().zip(b).filter(|(a, b)| a == b).count();
        same as f64 / a.len() as f64
    };
    ours.iter().zip(reference).map(share).collect()
}

/// The mean over texts with its 95% interval.
fn percent(shares: &[f64]) -> String {
    let n = shares.len() as f64;
    let mean = shares.iter().sum::<f64>() / n;
    let variance = shares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = 1.96 * (variance / n).sqrt();
    format!(
        "{:.2}% (95%: {:.2} to {:.2})",
        100.0 * mean,
        100.0 * (mean - half),
        100.0 * (mean + half)
    )
}
