//! Tiny models of each family with seeded random weights, as GGUF files and as
//! checkpoint folders.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use serde_json::json;

pub const VOCAB: usize = 77;
pub const WIDTH: usize = 64;
const FFN: usize = 96;
const LAYERS: usize = 2;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const CONTEXT: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Llama,
    Qwen2,
    Qwen3,
}

impl Family {
    pub const ALL: [Family; 3] = [Family::Llama, Family::Qwen2, Family::Qwen3];

    pub fn name(self) -> &'static str {
        match self {
            Family::Llama => "llama",
            Family::Qwen2 => "qwen2",
            Family::Qwen3 => "qwen3",
        }
    }

    /// Qwen3's heads are wider than the stream divided by them.
    pub fn head_dim(self) -> usize {
        match self {
            Family::Qwen3 => 32,
            _ => WIDTH / HEADS,
        }
    }

    fn rope_base(self) -> f32 {
        match self {
            Family::Llama => 10_000.0,
            _ => 1_000_000.0,
        }
    }
}

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

fn is_control(id: usize) -> bool {
    id == 0 || id >= 4 + LETTERS.len()
}

fn strings(texts: Vec<String>) -> Value {
    Value::Array(texts.into_iter().map(Value::String).collect())
}

fn token_types() -> Value {
    let code = |i: usize| Value::I32(if is_control(i) { 3 } else { 1 });
    Value::Array((0..VOCAB).map(code).collect())
}

/// A tensor by its GGUF and its checkpoint name.
struct Named {
    gguf: String,
    own: String,
    tensor: Tensor,
}

/// Every weight, each from a seed of its own.
fn weights(family: Family, tied: bool) -> Vec<Named> {
    let mut seed = 1;
    let mut named = Vec::new();
    let mut add = |gguf: String, own: String, dims: &[usize]| {
        seed += 1;
        let values = noise(dims.iter().product(), seed).into_iter();
        let values: Vec<f32> = match (dims.len(), gguf.ends_with("bias")) {
            (1, false) => values.map(|v| 1.0 + 0.1 * v).collect(),
            _ => values.map(|v| v * 0.4).collect(),
        };
        let tensor = Tensor::from_vec(values, dims, &Device::Cpu).unwrap();
        named.push(Named { gguf, own, tensor });
    };
    let (q, kv) = (HEADS * family.head_dim(), KV_HEADS * family.head_dim());
    let mut top = |gguf: &str, own: &str, dims: &[usize]| {
        add(format!("{gguf}.weight"), format!("{own}.weight"), dims);
    };
    top("token_embd", "model.embed_tokens", &[VOCAB, WIDTH]);
    top("output_norm", "model.norm", &[WIDTH]);
    if !tied {
        top("output", "lm_head", &[VOCAB, WIDTH]);
    }
    for i in 0..LAYERS {
        let mut part = |gguf: &str, own: &str, kind: &str, dims: &[usize]| {
            let gguf = format!("blk.{i}.{gguf}.{kind}");
            add(gguf, format!("model.layers.{i}.{own}.{kind}"), dims);
        };
        part("attn_norm", "input_layernorm", "weight", &[WIDTH]);
        part("attn_q", "self_attn.q_proj", "weight", &[q, WIDTH]);
        part("attn_k", "self_attn.k_proj", "weight", &[kv, WIDTH]);
        part("attn_v", "self_attn.v_proj", "weight", &[kv, WIDTH]);
        part("attn_output", "self_attn.o_proj", "weight", &[WIDTH, q]);
        part("ffn_norm", "post_attention_layernorm", "weight", &[WIDTH]);
        part("ffn_gate", "mlp.gate_proj", "weight", &[FFN, WIDTH]);
        part("ffn_up", "mlp.up_proj", "weight", &[FFN, WIDTH]);
        part("ffn_down", "mlp.down_proj", "weight", &[WIDTH, FFN]);
        if family == Family::Qwen2 {
            part("attn_q", "self_attn.q_proj", "bias", &[q]);
            part("attn_k", "self_attn.k_proj", "bias", &[kv]);
            part("attn_v", "self_attn.v_proj", "bias", &[kv]);
        }
        if family == Family::Qwen3 {
            let head = [family.head_dim()];
            part("attn_q_norm", "self_attn.q_norm", "weight", &head);
            part("attn_k_norm", "self_attn.k_norm", "weight", &head);
        }
    }
    named
}

/// Writes a Llama; matrices have `dtype`. With `tied`, the head is the
/// embedding.
pub fn write_model(folder: &Path, dtype: GgmlDType, tied: bool) -> PathBuf {
    write_gguf(folder, Family::Llama, dtype, tied, &[])
}

/// Writes a GGUF file, with further metadata under the architecture's name.
pub fn write_gguf(
    folder: &Path,
    family: Family,
    dtype: GgmlDType,
    tied: bool,
    more: &[(&str, Value)],
) -> PathBuf {
    let name = family.name();
    let path = folder.join(format!("tiny-{name}-{tied}.{dtype:?}.gguf"));
    let quantize = |named: Named| {
        let dtype = match named.tensor.rank() {
            1 => GgmlDType::F32,
            _ => dtype,
        };
        (named.gguf, QTensor::quantize(&named.tensor, dtype).unwrap())
    };
    let tensors: Vec<(String, QTensor)> = weights(family, tied).into_iter().map(quantize).collect();
    let mut metadata = tokenizer_metadata();
    metadata.push(("general.architecture".into(), Value::String(name.into())));
    let own = family_metadata(family).into_iter();
    let own = own.chain(more.iter().cloned());
    metadata.extend(own.map(|(key, value)| (format!("{name}.{key}"), value)));
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(k, v)| (k.as_str(), v)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let mut file = std::fs::File::create(&path).unwrap();
    gguf_file::write(&mut file, &metadata, &tensors).unwrap();
    path
}

fn family_metadata(family: Family) -> Vec<(&'static str, Value)> {
    let mut metadata = vec![
        ("block_count", Value::U32(LAYERS as u32)),
        ("embedding_length", Value::U32(WIDTH as u32)),
        ("feed_forward_length", Value::U32(FFN as u32)),
        ("attention.head_count", Value::U32(HEADS as u32)),
        ("attention.head_count_kv", Value::U32(KV_HEADS as u32)),
        ("rope.freq_base", Value::F32(family.rope_base())),
        ("attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
        ("context_length", Value::U32(CONTEXT as u32)),
    ];
    let head_dim = Value::U32(family.head_dim() as u32);
    match family {
        Family::Llama => metadata.push(("rope.dimension_count", head_dim)),
        Family::Qwen2 => {}
        Family::Qwen3 => {
            metadata.push(("attention.key_length", head_dim.clone()));
            metadata.push(("attention.value_length", head_dim));
        }
    }
    metadata
}

fn tokenizer_metadata() -> Vec<(String, Value)> {
    [
        ("general.dtype", Value::U32(0)),
        ("tokenizer.ggml.model", Value::String("gpt2".into())),
        ("tokenizer.ggml.pre", Value::String("gpt-2".into())),
        ("tokenizer.ggml.tokens", strings(vocabulary())),
        ("tokenizer.ggml.merges", strings(vec!["a b".into()])),
        ("tokenizer.ggml.token_type", token_types()),
        ("tokenizer.ggml.eos_token_id", Value::U32(0)),
    ]
    .map(|(key, value)| (key.to_string(), value))
    .into()
}

/// A checkpoint's `config.json`, with every key that candle's readers want.
pub fn config_json(family: Family, tied: bool) -> serde_json::Value {
    json!({
        "model_type": family.name(),
        "hidden_size": WIDTH,
        "intermediate_size": FFN,
        "vocab_size": VOCAB,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "head_dim": family.head_dim(),
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": 1e-5,
        "rope_theta": family.rope_base(),
        "tie_word_embeddings": tied,
        "attention_bias": false,
        "hidden_act": "silu",
        "use_sliding_window": false,
        "sliding_window": CONTEXT,
        "max_window_layers": LAYERS,
        "eos_token_id": 0,
    })
}

/// Writes a checkpoint's folder: configuration, tokenizer, weights of `dtype`
/// in `parts` files.
pub fn write_checkpoint(
    folder: &Path,
    family: Family,
    dtype: DType,
    tied: bool,
    parts: usize,
) -> PathBuf {
    let name = family.name();
    let folder = folder.join(format!("tiny-{name}-{dtype:?}-{tied}-{parts}"));
    std::fs::create_dir_all(&folder).unwrap();
    write_json(&folder, "config.json", &config_json(family, tied));
    write_tokenizer(&folder);
    let mut files = vec![HashMap::new(); parts];
    let mut weight_map = serde_json::Map::new();
    for (i, named) in weights(family, tied).into_iter().enumerate() {
        let file = part_name(i % parts, parts);
        weight_map.insert(named.own.clone(), file.into());
        files[i % parts].insert(named.own, named.tensor.to_dtype(dtype).unwrap());
    }
    for (i, tensors) in files.iter().enumerate() {
        candle_core::safetensors::save(tensors, folder.join(part_name(i, parts))).unwrap();
    }
    if parts > 1 {
        let index = json!({ "metadata": {}, "weight_map": weight_map });
        write_json(&folder, "model.safetensors.index.json", &index);
    }
    folder
}

fn part_name(i: usize, parts: usize) -> String {
    match parts {
        1 => "model.safetensors".into(),
        _ => format!("model-{:05}-of-{parts:05}.safetensors", i + 1),
    }
}

pub fn write_json(folder: &Path, name: &str, value: &serde_json::Value) {
    std::fs::write(folder.join(name), value.to_string()).unwrap();
}

/// What a tiny model's chat looks like.
pub const TEMPLATE: &str = "{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}\
    {% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";

fn write_tokenizer(folder: &Path) {
    let vocabulary = vocabulary();
    let ids: HashMap<&String, usize> = vocabulary.iter().zip(0..).collect();
    let added = |id: usize| {
        json!({
            "id": id, "content": vocabulary[id], "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true,
        })
    };
    let added: Vec<_> = (0..VOCAB).filter(|&id| is_control(id)).map(added).collect();
    let bytes = json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
    });
    let tokenizer = json!({
        "version": "1.0",
        "truncation": {
            "direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0,
        },
        "padding": null,
        "added_tokens": added,
        "normalizer": null,
        "pre_tokenizer": bytes,
        "post_processor": null,
        "decoder": bytes,
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null,
            "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
            "byte_fallback": false, "ignore_merges": false, "vocab": ids, "merges": [["a", "b"]],
        },
    });
    write_json(folder, "tokenizer.json", &tokenizer);
    let settings = json!({ "eos_token": { "content": "<|end|>" }, "chat_template": TEMPLATE });
    write_json(folder, "tokenizer_config.json", &settings);
    write_json(
        folder,
        "generation_config.json",
        &json!({ "eos_token_id": [0, 76] }),
    );
}
