//! The decoder against candle-transformers' own Llama, trees against sequential
//! decoding, and rows against themselves among other rows.

use std::path::Path;

use candle_core::quantized::{GgmlDType, gguf_file};
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use laserscope::model::decoder::{Decoder, TreeBatch};
use laserscope::model::gguf::Gguf;
use laserscope::model::kernels::kv::KvType;
use laserscope::model::layer::{Backend, Target};
use laserscope::model::weights::{FloatWeights, Weights};
use proptest::prelude::*;

use super::tiny::{self, VOCAB};

pub const CPU: Target<'_> = Target {
    device: &Device::Cpu,
    backend: Backend::Cpu,
    kv: KvType::F16,
};

/// The same with nothing rounded, for comparing with others.
pub const WIDE: Target<'_> = Target {
    kv: KvType::F32,
    ..CPU
};

fn load(path: &Path, threads: usize) -> Decoder {
    load_onto(CPU, path, threads)
}

fn load_onto(target: Target<'_>, path: &Path, threads: usize) -> Decoder {
    let weights = Weights::open(path, FloatWeights::Exact).unwrap();
    Decoder::load(&weights, target, 128, threads, |_, _| {}).unwrap()
}

fn chain(n: usize) -> Vec<Option<usize>> {
    (0..n).map(|i| i.checked_sub(1)).collect()
}

/// Logits of a chain, row after row.
pub fn chain_logits(decoder: &mut Decoder, tokens: &[u32]) -> Vec<Vec<f32>> {
    let parents = chain(tokens.len());
    let logits = decoder
        .forward(TreeBatch {
            tokens,
            parents: &parents,
        })
        .unwrap();
    logits.chunks(VOCAB).map(<[f32]>::to_vec).collect()
}

pub fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter()
        .zip(b)
        .map(|(x, y)| (x - y).abs())
        .fold(0.0, f32::max)
}

#[test]
fn a_chain_gives_the_logits_of_candles_own_llama() {
    let folder = tempfile::tempdir().unwrap();
    // With quantized weights both sides also quantise their activations, each
    // in its own way; 64 inputs average little of that out.
    for (dtype, tied, tolerance) in [
        (GgmlDType::F32, true, 1e-4),
        (GgmlDType::F32, false, 1e-4),
        (GgmlDType::Q8_0, true, 0.04),
        (GgmlDType::Q4_0, false, 0.04),
        (GgmlDType::Q4_1, true, 0.04),
        // requantised to 8 bits
        (GgmlDType::Q5_0, false, 0.08),
    ] {
        let path = tiny::write_model(folder.path(), dtype, tied);
        let mut file = std::fs::File::open(&path).unwrap();
        let content = gguf_file::Content::read(&mut file).unwrap();
        let mut reference = ModelWeights::from_gguf(content, &mut file, &Device::Cpu).unwrap();
        let tokens = [3u32, 14, 15, 9, 2, 6, 53];
        let input = Tensor::new(&tokens, &Device::Cpu)
            .unwrap()
            .unsqueeze(0)
            .unwrap();
        let want: Vec<f32> = reference
            .forward(&input, 0)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1()
            .unwrap();
        let got = chain_logits(&mut load_onto(WIDE, &path, 2), &tokens);
        let difference = largest_difference(got.last().unwrap(), &want);
        let scale = want.iter().fold(0f32, |m, v| m.max(v.abs()));
        assert!(
            difference <= tolerance * scale,
            "{dtype:?}: off by {difference} of {scale}"
        );
    }
}

#[test]
fn an_architecture_we_do_not_know_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_model(folder.path(), GgmlDType::F32, true);
    let bytes = std::fs::read(&path).unwrap();
    let at = bytes
        .windows(13)
        .position(|w| w == b"\x05\0\0\0\0\0\0\0llama")
        .unwrap();
    let mut other = bytes.clone();
    other[at + 8..at + 13].copy_from_slice(b"mamba");
    std::fs::write(&path, other).unwrap();
    let weights = Weights::open(&path, FloatWeights::Exact).unwrap();
    let error = Decoder::load(&weights, CPU, 16, 1, |_, _| {})
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("`mamba` is not supported"),
        "{error}"
    );
}

#[test]
fn a_truncated_or_damaged_file_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_model(folder.path(), GgmlDType::Q4_0, true);
    let bytes = std::fs::read(&path).unwrap();
    let cut = folder.path().join("cut.gguf");
    for keep in [0, 3, 11, 40, 300, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&cut, &bytes[..keep]).unwrap();
        let error = Gguf::open(&cut)
            .err()
            .unwrap_or_else(|| panic!("{keep} bytes were taken"));
        assert!(format!("{error:#}").contains("cut.gguf"), "{error:#}");
    }
}

/// A random tree: parents before children.
pub fn trees() -> impl Strategy<Value = Vec<(u32, Option<usize>)>> {
    let node = (0..VOCAB as u32, any::<prop::sample::Index>());
    prop::collection::vec(node, 1..24).prop_map(|nodes| {
        nodes
            .iter()
            .enumerate()
            .map(|(i, (token, at))| (*token, (i > 0).then(|| at.index(i))))
            .collect()
    })
}

pub fn tree_matches_paths(decoder: &mut Decoder, prompt: &[u32], tree: &[(u32, Option<usize>)]) {
    let (tokens, parents): (Vec<u32>, Vec<_>) = tree.iter().copied().unzip();
    decoder.truncate(0);
    decoder.extend(prompt).unwrap();
    let rows = TreeBatch {
        tokens: &tokens,
        parents: &parents,
    };
    let together = decoder.forward(rows).unwrap();
    for node in 0..tree.len() {
        let mut path = vec![node];
        while let Some(parent) = parents[*path.last().unwrap()] {
            path.push(parent);
        }
        path.reverse();
        decoder.truncate(prompt.len());
        let mut last = Vec::new();
        for &n in &path {
            last = decoder
                .forward(TreeBatch {
                    tokens: &tokens[n..=n],
                    parents: &[None],
                })
                .unwrap();
            decoder.commit_rows(&[0]).unwrap();
        }
        assert_eq!(last, together[node * VOCAB..][..VOCAB], "node {node}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// To the bit: a node's row is the one sequential decoding computes.
    #[test]
    fn tree_rows_equal_sequential_decoding_of_their_paths(
        tree in trees(),
        prompt in prop::collection::vec(0..VOCAB as u32, 0..20),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = tiny::write_model(folder.path(), GgmlDType::Q4_1, true);
        tree_matches_paths(&mut load(&path, 2), &prompt, &tree);
    }
}

/// The GPU's computation, tested on the CPU: candle's tensor operations with a dense
/// mask give the logits of the CPU kernels.
#[test]
fn candles_operations_agree_with_our_kernels_on_a_tree() {
    let folder = tempfile::tempdir().unwrap();
    for (dtype, tied) in [(GgmlDType::F32, true), (GgmlDType::F32, false)] {
        let path = tiny::write_model(folder.path(), dtype, tied);
        let weights = Weights::open(&path, FloatWeights::Exact).unwrap();
        let target = Target {
            device: &Device::Cpu,
            backend: Backend::Device,
            kv: KvType::F32,
        };
        let mut theirs = Decoder::load(&weights, target, 128, 2, |_, _| {}).unwrap();
        let mut ours = load_onto(WIDE, &path, 2);
        let tokens = [4, 5, 6, 7, 8, 9];
        let parents = [None, Some(0), Some(0), Some(2), Some(2), Some(4)];
        for decoder in [&mut theirs, &mut ours] {
            decoder.extend(&[1, 2, 3]).unwrap();
            decoder
                .forward(TreeBatch {
                    tokens: &tokens,
                    parents: &parents,
                })
                .unwrap();
            decoder.commit_rows(&[0, 2, 4]).unwrap();
        }
        let tree = TreeBatch {
            tokens: &tokens,
            parents: &parents,
        };
        let (a, b) = (theirs.forward(tree).unwrap(), ours.forward(tree).unwrap());
        assert!(
            largest_difference(&a, &b) < 1e-3,
            "off by {}",
            largest_difference(&a, &b)
        );
    }
}

#[test]
fn kept_rows_continue_as_if_decoded_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_model(folder.path(), GgmlDType::Q8_0, true);
    let mut decoder = load(&path, 1);
    decoder.extend(&[1, 2, 3]).unwrap();
    let tokens = [4, 5, 6, 7, 8];
    let parents = [None, Some(0), Some(0), Some(2), Some(2)];
    decoder
        .forward(TreeBatch {
            tokens: &tokens,
            parents: &parents,
        })
        .unwrap();
    decoder.commit_rows(&[0, 2, 4]).unwrap();
    let after = chain_logits(&mut decoder, &[9]);
    let mut plain = load(&path, 2);
    plain.extend(&[1, 2, 3, 4, 6, 8]).unwrap();
    assert_eq!(chain_logits(&mut plain, &[9]), after);
}

#[test]
fn chunks_of_a_prompt_do_not_show() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_model(folder.path(), GgmlDType::Q4_0, true);
    let prompt: Vec<u32> = (0..100).map(|i| i * 7 % VOCAB as u32).collect();
    let mut whole = load(&path, 2);
    whole.extend(&prompt).unwrap();
    let mut single = load(&path, 1);
    prompt.iter().for_each(|&id| single.extend(&[id]).unwrap());
    assert_eq!(
        chain_logits(&mut whole, &[5]),
        chain_logits(&mut single, &[5])
    );
}
