//! Llama, Qwen2 and Qwen3 from GGUF files and from checkpoints, against
//! candle-transformers' own models, dense and quantized.

use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::{llama, quantized_qwen2, quantized_qwen3, qwen2, qwen3};
use laserscope::engine::{Engine, LoadOptions};
use laserscope::model::config::Config;
use laserscope::model::decoder::{Decoder, TreeBatch};
use laserscope::model::device::DeviceChoice;
use laserscope::model::kernels::elementwise::Pairs;
use laserscope::model::kernels::kv::KvType;
use laserscope::model::layer::{Backend, Target};
use laserscope::model::tokenizer::TextCodec;
use laserscope::model::weights::{FloatWeights, Weights};
use laserscope::protocol::PromptText;
use proptest::prelude::*;
use serde_json::json;

use super::decoder::{CPU, WIDE, chain_logits, largest_difference, tree_matches_paths, trees};
use super::tiny::{self, Family, VOCAB};

const TOKENS: [u32; 7] = [3, 14, 15, 9, 2, 6, 53];

fn decoder(path: &Path, floats: FloatWeights, target: Target<'_>) -> Decoder {
    let weights = Weights::open(path, floats).unwrap();
    Decoder::load(&weights, target, 128, 2, |_, _| {}).unwrap()
}

fn exact(path: &Path) -> Decoder {
    decoder(path, FloatWeights::Exact, WIDE)
}

fn refusal(path: &Path) -> String {
    let opened = Weights::open(path, FloatWeights::Exact);
    let loaded = opened.and_then(|w| Decoder::load(&w, CPU, 16, 1, |_, _| {}));
    format!("{:#}", loaded.err().expect("it was loaded"))
}

fn last_row(decoder: &mut Decoder) -> Vec<f32> {
    chain_logits(decoder, &TOKENS).pop().unwrap()
}

fn input() -> Tensor {
    Tensor::new(&[TOKENS], &Device::Cpu).unwrap()
}

fn floats(logits: candle_core::Result<Tensor>) -> Vec<f32> {
    logits.unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// The share of the largest logit by which the rows differ.
fn off_by(got: &[f32], want: &[f32]) -> f32 {
    let scale = want.iter().fold(0f32, |m, v| m.max(v.abs()));
    assert_eq!(got.len(), want.len());
    largest_difference(got, want) / scale
}

/// Root of the sum of squares.
fn spread(values: impl Iterator<Item = f32>) -> f32 {
    values.map(|v| v * v).sum::<f32>().sqrt()
}

/// candle-transformers' dense model of a checkpoint, computed in f32.
fn dense_reference(folder: &Path, family: Family) -> Vec<f32> {
    let text = std::fs::read_to_string(folder.join("config.json")).unwrap();
    let file = [folder.join("model.safetensors")];
    // SAFETY: nobody changes the file.
    let vb = unsafe { VarBuilder::from_mmaped_safetensors(&file, DType::F32, &Device::Cpu) };
    let vb = vb.unwrap();
    match family {
        Family::Llama => {
            let config: llama::LlamaConfig = serde_json::from_str(&text).unwrap();
            let config = config.into_config(false);
            let mut cache = llama::Cache::new(true, DType::F32, &config, &Device::Cpu).unwrap();
            let model = llama::Llama::load(vb, &config).unwrap();
            floats(model.forward(&input(), 0, &mut cache))
        }
        Family::Qwen2 => {
            let config = serde_json::from_str(&text).unwrap();
            let mut model = qwen2::ModelForCausalLM::new(&config, vb).unwrap();
            floats(model.forward(&input(), 0))
        }
        Family::Qwen3 => {
            let config = serde_json::from_str(&text).unwrap();
            let mut model = qwen3::ModelForCausalLM::new(&config, vb).unwrap();
            floats(model.forward(&input(), 0))
        }
    }
}

/// Weights of any float type are kept exactly, so what is left is rounding.
#[test]
fn checkpoints_give_the_logits_of_candles_dense_models() {
    let folder = tempfile::tempdir().unwrap();
    for family in Family::ALL {
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            for tied in [true, false] {
                let path = tiny::write_checkpoint(folder.path(), family, dtype, tied, 1);
                let off = off_by(
                    &last_row(&mut exact(&path)),
                    &dense_reference(&path, family),
                );
                assert!(
                    off <= 1e-4,
                    "{family:?} {dtype:?} tied {tied}: off by {off}"
                );
            }
        }
    }
}

/// Both sides also quantise their activations, each in its own way (as in
/// decoder.rs, where the quantized Llama is).
#[test]
fn gguf_files_give_the_logits_of_candles_quantized_models() {
    let folder = tempfile::tempdir().unwrap();
    for family in [Family::Qwen2, Family::Qwen3] {
        for (dtype, tied, tolerance) in [
            (GgmlDType::F32, true, 1e-4),
            (GgmlDType::F32, false, 1e-4),
            (GgmlDType::Q8_0, true, 0.04),
            (GgmlDType::Q4_0, false, 0.04),
            (GgmlDType::Q4_1, true, 0.04),
        ] {
            let path = tiny::write_gguf(folder.path(), family, dtype, tied, &[]);
            let mut file = std::fs::File::open(&path).unwrap();
            let content = Content::read(&mut file).unwrap();
            let want = if family == Family::Qwen2 {
                quantized_qwen2::ModelWeights::from_gguf(content, &mut file, &Device::Cpu)
                    .map(|mut model| floats(model.forward(&input(), 0)))
            } else {
                quantized_qwen3::ModelWeights::from_gguf(content, &mut file, &Device::Cpu)
                    .map(|mut model| floats(model.forward(&input(), 0)))
            };
            let off = off_by(&last_row(&mut exact(&path)), &want.unwrap());
            assert!(
                off <= tolerance,
                "{family:?} {dtype:?} tied {tied}: off by {off}"
            );
        }
    }
}

/// The same weights under both names and in both containers.
#[test]
fn a_gguf_file_and_a_checkpoint_give_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    for family in [Family::Qwen2, Family::Qwen3] {
        let gguf = tiny::write_gguf(folder.path(), family, GgmlDType::F32, false, &[]);
        let whole = tiny::write_checkpoint(folder.path(), family, DType::F32, false, 1);
        let parts = tiny::write_checkpoint(folder.path(), family, DType::F32, false, 3);
        assert!(!parts.join("model.safetensors").exists());
        let want = chain_logits(&mut exact(&gguf), &TOKENS);
        assert_eq!(chain_logits(&mut exact(&whole), &TOKENS), want);
        assert_eq!(chain_logits(&mut exact(&parts), &TOKENS), want);
    }
}

fn tree_of(family: Family, kind: usize, folder: &Path) -> Decoder {
    let floats = [FloatWeights::Exact, FloatWeights::Eight][kind % 2];
    let path = match kind {
        0 => tiny::write_gguf(folder, family, GgmlDType::Q4_1, true, &[]),
        _ => tiny::write_checkpoint(folder, family, DType::BF16, true, 1),
    };
    decoder(&path, floats, CPU)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// To the bit, for every family: 4-bit, 8-bit and float weights.
    #[test]
    fn every_familys_tree_rows_equal_sequential_decoding(
        tree in trees(),
        prompt in prop::collection::vec(0..VOCAB as u32, 0..12),
    ) {
        let folder = tempfile::tempdir().unwrap();
        for family in Family::ALL {
            for kind in 0..3 {
                tree_matches_paths(&mut tree_of(family, kind, folder.path()), &prompt, &tree);
            }
        }
    }
}

/// The GPU's computation, tested on the CPU.
#[test]
fn candles_operations_agree_with_our_kernels_for_every_family() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = Target {
        device: &Device::Cpu,
        backend: Backend::Device,
        kv: KvType::F32,
    };
    let tree = TreeBatch {
        tokens: &[4, 5, 6, 7, 8, 9],
        parents: &[None, Some(0), Some(0), Some(2), Some(2), Some(4)],
    };
    for family in Family::ALL {
        let path = tiny::write_checkpoint(folder.path(), family, DType::F16, false, 1);
        // At 8 bits both sides also round their activations, each in its own way;
        // either is about 3% from the exact row, since 64 inputs average little out.
        for (floats, tolerance) in [(FloatWeights::Exact, 1e-5), (FloatWeights::Eight, 0.05)] {
            let rows = [theirs, WIDE].map(|target| {
                let mut decoder = decoder(&path, floats, target);
                decoder.extend(&[1, 2, 3]).unwrap();
                decoder.forward(tree).unwrap()
            });
            let off = spread(rows[0].iter().zip(&rows[1]).map(|(a, b)| a - b))
                / spread(rows[0].iter().copied());
            assert!(off <= tolerance, "{family:?} {floats:?}: off by {off}");
        }
    }
}

#[test]
fn eight_bits_are_asked_for_stated_and_close() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_checkpoint(folder.path(), Family::Qwen3, DType::BF16, true, 1);
    let eight = Weights::open(&path, FloatWeights::Eight).unwrap();
    let plain = Weights::open(&path, FloatWeights::Exact).unwrap();
    assert_eq!(plain.dtype_label(), "BF16");
    assert_eq!(eight.dtype_label(), "BF16 at 8 bits");
    assert!(eight.packed_bytes() * 3 < plain.packed_bytes());
    let rounded = last_row(&mut decoder(&path, FloatWeights::Eight, WIDE));
    let kept = last_row(&mut exact(&path));
    let off = off_by(&rounded, &kept);
    assert!(off > 0.0 && off < 0.05, "off by {off}");
    // Types that are quantized already are left alone.
    let q4 = tiny::write_gguf(folder.path(), Family::Qwen2, GgmlDType::Q4_0, true, &[]);
    let rows = [FloatWeights::Exact, FloatWeights::Eight]
        .map(|floats| last_row(&mut decoder(&q4, floats, WIDE)));
    assert_eq!(rows[0], rows[1]);
}

#[test]
fn llama_3_s_scaling_gives_candles_logits() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_checkpoint(folder.path(), Family::Llama, DType::F32, true, 1);
    let plain = last_row(&mut exact(&path));
    let mut config = tiny::config_json(Family::Llama, true);
    // Short enough that seven tokens show it.
    config["rope_scaling"] = json!({
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 16,
    });
    tiny::write_json(&path, "config.json", &config);
    let scaled = last_row(&mut exact(&path));
    let off = off_by(&scaled, &dense_reference(&path, Family::Llama));
    assert!(off <= 1e-4, "off by {off}");
    assert!(off_by(&plain, &scaled) > 1e-3, "the scaling must show");
}

#[test]
fn linear_scaling_means_the_same_in_both_containers() {
    let folder = tempfile::tempdir().unwrap();
    let more = [
        ("rope.scaling.type", Value::String("linear".into())),
        ("rope.scaling.factor", Value::F32(4.0)),
    ];
    let gguf = tiny::write_gguf(folder.path(), Family::Qwen2, GgmlDType::F32, true, &more);
    let path = tiny::write_checkpoint(folder.path(), Family::Qwen2, DType::F32, true, 1);
    let plain = last_row(&mut exact(&path));
    let mut config = tiny::config_json(Family::Qwen2, true);
    config["rope_scaling"] = json!({ "type": "linear", "factor": 4.0 });
    tiny::write_json(&path, "config.json", &config);
    let scaled = last_row(&mut exact(&path));
    assert_eq!(last_row(&mut exact(&gguf)), scaled);
    assert!(off_by(&plain, &scaled) > 1e-3, "the scaling must show");
    let unknown = [("rope.scaling.type", Value::String("longrope".into()))];
    let gguf = tiny::write_gguf(folder.path(), Family::Qwen2, GgmlDType::F32, true, &unknown);
    assert!(refusal(&gguf).contains("`longrope` is not supported"));
}

#[test]
fn the_configuration_says_what_a_family_adds() {
    let folder = tempfile::tempdir().unwrap();
    let read =
        |path: &Path| Config::read(&Weights::open(path, FloatWeights::Exact).unwrap()).unwrap();
    let gguf = |family| tiny::write_gguf(folder.path(), family, GgmlDType::F32, true, &[]);
    let own = |family| tiny::write_checkpoint(folder.path(), family, DType::F32, true, 1);
    assert_eq!(read(&gguf(Family::Llama)).rope_order, Pairs::Interleaved);
    assert_eq!(read(&own(Family::Llama)).rope_order, Pairs::Halves);
    for family in [Family::Qwen2, Family::Qwen3] {
        let config = read(&own(family));
        assert_eq!(read(&gguf(family)), config);
        assert_eq!(config.qkv_bias, family == Family::Qwen2);
        assert_eq!(config.qk_norm, family == Family::Qwen3);
        assert_eq!(config.head_dim, family.head_dim());
        assert!(config.features().contains(&"RoPE halves".to_string()));
    }
}

/// A checkpoint with one of its files changed.
fn changed(folder: &Path, parts: usize, change: impl Fn(&Path)) -> String {
    let path = tiny::write_checkpoint(folder, Family::Qwen2, DType::F16, false, parts);
    change(&path);
    let said = refusal(&path);
    std::fs::remove_dir_all(path).unwrap();
    said
}

fn cut(file: PathBuf) {
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
}

#[test]
fn a_damaged_checkpoint_is_refused_with_the_file_at_fault() {
    let folder = tempfile::tempdir().unwrap();
    let remove =
        |name: &'static str| move |path: &Path| std::fs::remove_file(path.join(name)).unwrap();
    let second = "model-00002-of-00002.safetensors";
    let said = changed(folder.path(), 1, remove("config.json"));
    assert!(said.contains("has no config.json"), "{said}");
    let said = changed(folder.path(), 1, remove("model.safetensors"));
    assert!(said.contains("model.safetensors"), "{said}");
    let said = changed(folder.path(), 2, remove(second));
    assert!(said.contains(second), "{said}");
    let said = changed(folder.path(), 2, |path| cut(path.join(second)));
    assert!(
        said.contains(second) && said.contains("truncated"),
        "{said}"
    );
    let said = changed(folder.path(), 2, |path| {
        let first = path.join("model-00001-of-00002.safetensors");
        std::fs::copy(first, path.join(second)).unwrap();
    });
    assert!(said.contains("is not in model-00002"), "{said}");
    let said = changed(folder.path(), 1, |path| {
        std::fs::write(path.join("config.json"), "{ \"model_type\": ").unwrap();
    });
    assert!(
        said.contains("config.json") && said.contains("line 1"),
        "{said}"
    );
}

#[test]
fn what_does_not_fit_the_configuration_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let with = |key: &'static str, value: serde_json::Value| {
        move |path: &Path| {
            let mut config = tiny::config_json(Family::Qwen2, false);
            config[key] = value.clone();
            tiny::write_json(path, "config.json", &config);
        }
    };
    let said = changed(folder.path(), 1, with("num_hidden_layers", 3.into()));
    assert!(said.contains("model.layers.2."), "{said}");
    let said = changed(folder.path(), 1, with("hidden_size", 128.into()));
    assert!(said.contains("embed_tokens.weight` is 77 x 64"), "{said}");
    let said = changed(folder.path(), 1, with("intermediate_size", 64.into()));
    assert!(said.contains("gate_proj.weight` is 96 x 64"), "{said}");
    let said = changed(folder.path(), 1, with("num_key_value_heads", 3.into()));
    assert!(said.contains("do not fit together"), "{said}");
    let said = changed(folder.path(), 1, with("model_type", "qwen3".into()));
    assert!(said.contains("q_norm.weight` is missing"), "{said}");
    let said = changed(folder.path(), 1, with("model_type", "mixtral".into()));
    assert!(said.contains("`mixtral` is not supported"), "{said}");
    let said = changed(folder.path(), 1, |path| {
        let ints = Tensor::zeros((4, 4), DType::U8, &Device::Cpu).unwrap();
        let name = "model.layers.0.self_attn.q_proj.weight";
        let mut tensors =
            candle_core::safetensors::load(path.join("model.safetensors"), &Device::Cpu).unwrap();
        tensors.insert(name.into(), ints);
        candle_core::safetensors::save(&tensors, path.join("model.safetensors")).unwrap();
    });
    assert!(said.contains("q_proj.weight` is U8"), "{said}");
}

#[test]
fn a_checkpoints_tokenizer_gives_the_ids_of_the_gguf_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_checkpoint(folder.path(), Family::Qwen2, DType::F32, true, 1);
    let gguf = tiny::write_gguf(folder.path(), Family::Qwen2, GgmlDType::F32, true, &[]);
    let own = TextCodec::from_folder(&path).unwrap();
    let same = TextCodec::of(&Weights::open(&gguf, FloatWeights::Exact).unwrap()).unwrap();
    // Longer than the limit the file was saved with.
    let text = "abba (about)\nab: 1, 2.<|end|>";
    assert_eq!(own.encode(text).unwrap(), same.encode(text).unwrap());
    assert_eq!(own.decode(&own.encode(text).unwrap()), text);
    assert_eq!(own.vocab_size(), VOCAB);
    for id in 0..VOCAB as u32 {
        assert_eq!(own.token_bytes(id), same.token_bytes(id), "{id}");
        assert_eq!(own.is_special(id), same.is_special(id), "{id}");
    }
    assert_eq!(own.eos_ids(), [0, 76], "one by text, one of the list");
    assert_eq!((own.bos_id(), own.add_bos()), (None, false));
    std::fs::write(
        path.join("generation_config.json"),
        "{\"eos_token_id\": 99}",
    )
    .unwrap();
    let said = format!("{:#}", TextCodec::from_folder(&path).err().unwrap());
    assert!(
        said.contains("generation_config.json") && said.contains("99"),
        "{said}"
    );
    std::fs::remove_file(path.join("tokenizer.json")).unwrap();
    let said = format!("{:#}", TextCodec::from_folder(&path).err().unwrap());
    assert!(said.contains("tokenizer.json"), "{said}");
}

#[test]
fn an_engine_opens_a_checkpoint_and_renders_its_chat() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_checkpoint(folder.path(), Family::Qwen3, DType::BF16, true, 2);
    let options = LoadOptions {
        kv: None,
        device: DeviceChoice::Cpu,
        threads: Some(1),
        context: Some(128),
        floats: Some(FloatWeights::Eight),
    };
    let engine = Engine::load(&path, &options, |_| {}).unwrap();
    assert_eq!(engine.model.info.architecture.as_deref(), Some("qwen3"));
    assert_eq!(
        engine.model.info.name,
        "tiny-qwen3-BF16-true-2 BF16 at 8 bits"
    );
    let prompt = PromptText {
        user: "ab".into(),
        ..PromptText::default()
    };
    assert_eq!(
        engine.model.render(&prompt).unwrap().text,
        "user: ab<|end|>assistant:"
    );
    // A template in a file of its own goes before the one in the settings.
    std::fs::write(
        path.join("chat_template.jinja"),
        "{{ messages[0].content }}!",
    )
    .unwrap();
    let engine = Engine::load(&path, &options, |_| {}).unwrap();
    assert_eq!(engine.model.render(&prompt).unwrap().text, "ab!");
}

/// `rope_freqs.weight`, as Llama 3's GGUF files carry their scaling.
#[test]
fn factors_in_a_gguf_file_divide_the_frequencies() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_gguf(folder.path(), Family::Llama, GgmlDType::F32, true, &[]);
    let plain = last_row(&mut exact(&path));
    let mut file = std::fs::File::open(&path).unwrap();
    let content = Content::read(&mut file).unwrap();
    let half = Family::Llama.head_dim() / 2;
    let mut tensors: Vec<(String, QTensor)> = Vec::new();
    for name in content.tensor_infos.keys() {
        let tensor = content.tensor(&mut file, name, &Device::Cpu).unwrap();
        tensors.push((name.clone(), tensor));
    }
    let factors = Tensor::full(4f32, half, &Device::Cpu).unwrap();
    let factors = QTensor::quantize(&factors, GgmlDType::F32).unwrap();
    tensors.push(("rope_freqs.weight".into(), factors));
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let metadata: Vec<(&str, &Value)> = content
        .metadata
        .iter()
        .map(|(k, v)| (k.as_str(), v))
        .collect();
    let with = folder.path().join("with.gguf");
    let mut out = std::fs::File::create(&with).unwrap();
    candle_core::quantized::gguf_file::write(&mut out, &metadata, &tensors).unwrap();
    let more = [
        ("rope.scaling.type", Value::String("linear".into())),
        ("rope.scaling.factor", Value::F32(4.0)),
    ];
    let linear = tiny::write_gguf(folder.path(), Family::Llama, GgmlDType::F32, true, &more);
    let divided = last_row(&mut exact(&with));
    assert_eq!(divided, last_row(&mut exact(&linear)));
    assert_ne!(divided, plain);
}
