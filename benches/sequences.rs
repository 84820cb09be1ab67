//! What a pass over one row each of several sequences costs, by the number of sequences,
//! compared with a single one. Texts are as long as the sample's, and share most of their
//! tokens.
//!
//! `cargo bench --bench sequences -- [MODEL.gguf [ISA]]`. Defaults to the default model,
//! which must be downloaded already, and to the best instruction set.

// It prints its measurements.
#![allow(clippy::disallowed_macros)]

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use candle_core::Device;
use color_eyre::eyre::{Result, eyre};
use laserscope::engine::physical_cores;
use laserscope::model::clock::PassTimes;
use laserscope::model::decoder::{Decoder, SequenceRows, TreeBatch};
use laserscope::model::fetch::{self, FetchOptions};
use laserscope::model::kernels::kv::KvType;
use laserscope::model::layer::{Backend, Target};
use laserscope::model::logits::Asked;
use laserscope::model::registry;
use laserscope::model::sequences::Sequences;
use laserscope::model::weights::{FloatWeights, Weights};

/// Tokens in a text, and how many of them all texts share.
const CONTEXT: usize = 567;
const SHARED: usize = 504;
const SIZES: [usize; 5] = [1, 4, 8, 16, 32];
/// Rounds over all sizes; the fastest pass of each size counts.
const ROUNDS: usize = 8;
const PASSES: usize = 12;
/// Passes in a round before those that count.
const WARM_UP: usize = 2;

/// The fastest pass of one size.
#[derive(Clone, Copy)]
struct Quickest {
    /// Including reading its logits and committing its rows.
    ms: f64,
    read_ms: f64,
    parts: PassTimes,
}

fn main() -> Result<()> {
    // Skip the options that cargo adds.
    let mut args = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"));
    let path = args
        .next()
        .map_or_else(default_model, |path| Ok(PathBuf::from(path)))?;
    let weights = Weights::open(&path, FloatWeights::Exact)?;
    let target = Target {
        device: &Device::Cpu,
        backend: Backend::Cpu,
        kv: KvType::F16,
    };
    let mut decoder = Decoder::load(&weights, target, 1024, physical_cores(), |_, _| {})?;
    if let Some(isa) = args.next() {
        decoder.set_isa(isa.parse().map_err(|said: String| eyre!(said))?);
    }
    let mut sequences = filled(&mut decoder)?;
    decoder.fill_for_bench(CONTEXT)?;
    let mut best: Vec<Option<Quickest>> = vec![None; SIZES.len() + 1];
    for _ in 0..ROUNDS {
        for (n, best) in [0].into_iter().chain(SIZES).zip(&mut best) {
            for pass in 0..PASSES {
                let found = one_pass(&mut decoder, &mut sequences, n)?;
                let is_quicker = best.is_none_or(|best| found.ms < best.ms);
                if pass >= WARM_UP && is_quicker {
                    *best = Some(found);
                }
            }
        }
    }
    print(&decoder, &best.into_iter().flatten().collect::<Vec<_>>());
    Ok(())
}

fn default_model() -> Result<PathBuf> {
    let opts = FetchOptions {
        cancel: &AtomicBool::new(false),
        confirm_large: &|_| false,
        offline: true,
    };
    fetch::resolve(registry::DEFAULT, &opts, &mut |_| {})
}

/// As many sequences as the largest size, all with the same prefix.
fn filled(decoder: &mut Decoder) -> Result<Sequences> {
    let slots = SIZES[SIZES.len() - 1];
    let mut sequences = decoder.sequences(slots, CONTEXT - SHARED + 1)?;
    let tokens: Vec<u32> = (0..SHARED)
        .map(|i| (i * 7919 % decoder.vocab()) as u32)
        .collect();
    let prefix = decoder.share_prefix(&mut sequences, &tokens, &mut |_, _| true)?;
    for slot in 0..slots {
        sequences.begin(slot, prefix);
        decoder.fill_sequence_for_bench(&mut sequences, slot, CONTEXT)?;
    }
    Ok(sequences)
}

/// A pass with a row from each of `n` sequences; 0: from the decoder's own.
fn one_pass(decoder: &mut Decoder, sequences: &mut Sequences, n: usize) -> Result<Quickest> {
    let tree = TreeBatch {
        tokens: &[7],
        parents: &[None],
    };
    let row = |slot| SequenceRows {
        slot,
        tree,
        wants_logits: true,
    };
    let rows: Vec<_> = (0..n).map(row).collect();
    let begin = Instant::now();
    let mut logits = match n {
        0 => decoder.forward_tree(tree)?,
        _ => decoder.forward_sequences(sequences, &rows)?,
    };
    let (parts, read) = (decoder.times(), Instant::now());
    let asked = Asked {
        recent: (0..64).collect(),
        penalty: 1.1,
        children: Vec::new(),
    };
    decoder.score_rows(&mut logits, &vec![asked; n.max(1)])?;
    decoder.recycle(logits);
    let read_ms = read.elapsed().as_secs_f64() * 1000.0;
    for slot in 0..n {
        decoder.commit_sequence(sequences, slot, &[0])?;
    }
    let ms = begin.elapsed().as_secs_f64() * 1000.0;
    (0..n).for_each(|slot| sequences.truncate(slot, CONTEXT));
    Ok(Quickest { ms, read_ms, parts })
}

fn print(decoder: &Decoder, best: &[Quickest]) {
    println!("{}, {} threads", decoder.instructions(), decoder.threads());
    println!("context {CONTEXT}, {SHARED} shared; milliseconds of the quickest pass");
    println!(
        "{:>10}{:>8}{:>10}{:>8}{:>9}{:>11}{:>7}{:>7}{:>7}",
        "sequences", "ms", "tokens/s", "over 1", "matmul", "attention", "head", "read", "rest"
    );
    let alone = best[0].ms;
    for (n, found) in [0].into_iter().chain(SIZES).zip(best) {
        let name = if n == 0 {
            "alone".into()
        } else {
            n.to_string()
        };
        let rate = n.max(1) as f64 * 1000.0 / found.ms;
        let Quickest { ms, read_ms, parts } = *found;
        println!(
            "{name:>10}{ms:>8.2}{rate:>10.0}{:>7.2}x{:>9.2}{:>11.2}{:>7.2}{read_ms:>7.2}{:>7.2}",
            rate * alone / 1000.0,
            parts.matmul_ms,
            parts.attention_ms,
            parts.head_ms,
            parts.rest_ms()
        );
    }
}
