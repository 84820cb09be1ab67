//! A tiny Llama with seeded random weights, as a GGUF file.

use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};

pub const VOCAB: usize = 77;
pub const WIDTH: usize = 64;
const FFN: usize = 96;
const LAYERS: usize = 2;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;

/// Floats in -1..1 from a seed.
pub fn noise(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// Characters the tiny tokenizer knows; its first token ends a text.
pub const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;()-'";

fn vocabulary() -> Vec<String> {
    let mut tokens = vec![
        "<|end|>".to_string(),
        "\u{120}".into(),
        "\u{10a}".into(),
        "ab".into(),
    ];
    tokens.extend(LETTERS.chars().map(String::from));
    tokens.extend((tokens.len()..VOCAB).map(|i| format!("<extra {i}>")));
    tokens
}

fn strings(texts: Vec<String>) -> Value {
    Value::Array(texts.into_iter().map(Value::String).collect())
}

fn token_types() -> Value {
    let control = |i: usize| i == 0 || i >= 4 + LETTERS.len();
    Value::Array(
        (0..VOCAB)
            .map(|i| Value::I32(if control(i) { 3 } else { 1 }))
            .collect(),
    )
}

/// Writes the model; matrices have `dtype`. With `tied`, the head is the
/// embedding.
pub fn write_model(folder: &Path, dtype: GgmlDType, tied: bool) -> PathBuf {
    let path = folder.join(format!("tiny-{dtype:?}-{tied}.gguf"));
    let mut seed = 1;
    let mut tensors: Vec<(String, QTensor)> = Vec::new();
    let mut add = |name: String, dims: &[usize], dtype: GgmlDType| {
        seed += 1;
        let n = dims.iter().product();
        let values = noise(n, seed).into_iter();
        let values: Vec<f32> = match dims.len() {
            1 => values.map(|v| 1.0 + 0.1 * v).collect(),
            _ => values.map(|v| v * 0.4).collect(),
        };
        let tensor = Tensor::from_vec(values, dims, &Device::Cpu).unwrap();
        tensors.push((name, QTensor::quantize(&tensor, dtype).unwrap()));
    };
    let kv = WIDTH / HEADS * KV_HEADS;
    add("token_embd.weight".into(), &[VOCAB, WIDTH], dtype);
    add("output_norm.weight".into(), &[WIDTH], GgmlDType::F32);
    if !tied {
        add("output.weight".into(), &[VOCAB, WIDTH], dtype);
    }
    for i in 0..LAYERS {
        let name = |part: &str| format!("blk.{i}.{part}.weight");
        add(name("attn_norm"), &[WIDTH], GgmlDType::F32);
        add(name("attn_q"), &[WIDTH, WIDTH], dtype);
        add(name("attn_k"), &[kv, WIDTH], dtype);
        add(name("attn_v"), &[kv, WIDTH], dtype);
        add(name("attn_output"), &[WIDTH, WIDTH], dtype);
        add(name("ffn_norm"), &[WIDTH], GgmlDType::F32);
        add(name("ffn_gate"), &[FFN, WIDTH], dtype);
        add(name("ffn_up"), &[FFN, WIDTH], dtype);
        add(name("ffn_down"), &[WIDTH, FFN], dtype);
    }
    let metadata = [
        ("general.architecture", Value::String("llama".into())),
        ("llama.block_count", Value::U32(LAYERS as u32)),
        ("llama.embedding_length", Value::U32(WIDTH as u32)),
        ("llama.feed_forward_length", Value::U32(FFN as u32)),
        ("llama.attention.head_count", Value::U32(HEADS as u32)),
        ("llama.attention.head_count_kv", Value::U32(KV_HEADS as u32)),
        (
            "llama.rope.dimension_count",
            Value::U32((WIDTH / HEADS) as u32),
        ),
        ("llama.rope.freq_base", Value::F32(10_000.0)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
        ("llama.context_length", Value::U32(512)),
        ("tokenizer.ggml.model", Value::String("gpt2".into())),
        ("tokenizer.ggml.pre", Value::String("gpt-2".into())),
        ("tokenizer.ggml.tokens", strings(vocabulary())),
        ("tokenizer.ggml.merges", strings(vec!["a b".into()])),
        ("tokenizer.ggml.token_type", token_types()),
        ("tokenizer.ggml.eos_token_id", Value::U32(0)),
    ];
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(k, v)| (*k, v)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let mut file = std::fs::File::create(&path).unwrap();
    gguf_file::write(&mut file, &metadata, &tensors).unwrap();
    path
}
