//! Real-world GGUF files: in parts, with arrays per layer, old and odd keys, foreign
//! tensors, supported and unsupported types.

use std::path::Path;

use candle_core::quantized::GgmlDType;
use laserscope::engine::{Engine, LoadOptions};
use laserscope::model::checked::CheckedModel;
use laserscope::model::config::Config;
use laserscope::model::decoder::{Decoder, TreeBatch};
use laserscope::model::device::DeviceChoice;
use laserscope::model::gguf::Gguf;
use laserscope::model::kernels::kv::KvType;
use laserscope::model::layer::{Backend, Target};
use laserscope::model::logits::Asked;
use laserscope::model::rope::RopeScaling;
use laserscope::model::weights::{FloatWeights, Weights};

use super::decoder::{CPU, chain_logits};
use super::gguf_file::{RawFile, RawTensor};
use super::tiny::{self, Family, WIDTH};

const TOKENS: [u32; 5] = [3, 14, 15, 9, 2];

fn tiny_file(folder: &Path, dtype: GgmlDType) -> RawFile {
    RawFile::read(&tiny::write_model(folder, dtype, true))
}

fn logits(path: &Path) -> Vec<Vec<f32>> {
    let weights = Weights::open(path, FloatWeights::Exact).unwrap();
    let mut decoder = Decoder::load(&weights, CPU, 64, 1, |_, _| {}).unwrap();
    chain_logits(&mut decoder, &TOKENS)
}

/// What opening says, which is what loading says.
fn refusal(path: &Path) -> String {
    let said = CheckedModel::open(path, FloatWeights::Exact);
    let said = format!("{:#}", said.err().expect("it was opened"));
    let options = LoadOptions {
        kv: None,
        device: DeviceChoice::Cpu,
        threads: Some(1),
        context: Some(16),
        floats: Some(FloatWeights::Exact),
    };
    let loaded = Engine::load(path, &options, |stage| {
        let stage = stage.describe();
        assert!(!stage.contains("weights"), "refused after {stage:?}");
    });
    assert_eq!(format!("{:#}", loaded.err().expect("it was loaded")), said);
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(said.contains(name), "{said} does not name {name}");
    said
}

/// A file after a change, opened and refused.
fn refused(folder: &Path, change: impl FnOnce(&mut RawFile)) -> String {
    let mut file = tiny_file(folder, GgmlDType::F32);
    change(&mut file);
    refusal(&file.write(&folder.join("changed.gguf")))
}

fn config(folder: &Path, change: impl FnOnce(&mut RawFile)) -> Config {
    let mut file = tiny_file(folder, GgmlDType::F32);
    change(&mut file);
    let path = file.write(&folder.join("changed.gguf"));
    Config::read(&Weights::open(&path, FloatWeights::Exact).unwrap()).unwrap()
}

#[test]
fn a_split_model_loads_by_any_part_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let file = tiny_file(folder.path(), GgmlDType::Q4_1);
    let whole = logits(&file.write(&folder.path().join("whole.gguf")));
    for n in [2, 3] {
        let parts = file.write_parts(folder.path(), n);
        for part in &parts {
            assert_eq!(logits(part), whole);
        }
        let opened = Gguf::open(&parts[1]).unwrap();
        assert_eq!(opened.files(), parts);
        assert_eq!(opened.name(), "tiny");
        let bytes = parts
            .iter()
            .map(|p| p.metadata().unwrap().len())
            .sum::<u64>();
        assert_eq!(opened.file_bytes(), bytes);
    }
}

#[test]
fn parts_that_do_not_belong_together_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = tiny_file(folder.path(), GgmlDType::F32);
    let parts = file.write_parts(folder.path(), 3);
    let renamed = folder.path().join("one.gguf");
    std::fs::copy(&parts[0], &renamed).unwrap();
    assert!(refusal(&renamed).contains("does not say which"));
    let miscounted = folder.path().join("tiny-00001-of-00002.gguf");
    std::fs::copy(&parts[0], &miscounted).unwrap();
    assert!(refusal(&miscounted).contains("`split.count` says 3"));
    std::fs::copy(&parts[1], &parts[2]).unwrap();
    let said = format!("{:#}", Gguf::open(&parts[0]).err().unwrap());
    assert!(
        said.contains("tiny-00003-of") && said.contains("split.no"),
        "{said}"
    );
    std::fs::remove_file(&parts[2]).unwrap();
    let said = format!("{:#}", Gguf::open(&parts[0]).err().unwrap());
    assert!(
        said.contains("tiny-00003-of-00003.gguf is missing"),
        "{said}"
    );
    let mut less = file.clone();
    less.tensors.pop();
    let parts = file.write_parts(folder.path(), 2);
    let short = less.write_parts(&tempfile::tempdir().unwrap().keep(), 2);
    std::fs::copy(&short[1], &parts[1]).unwrap();
    let said = format!("{:#}", Gguf::open(&parts[0]).err().unwrap());
    assert!(said.contains("split.tensors.count"), "{said}");
}

#[test]
fn arrays_per_layer_are_read_where_layers_are_alike() {
    let folder = tempfile::tempdir().unwrap();
    let key = "llama.attention.head_count_kv";
    let alike = config(folder.path(), |file| file.put_array(key, &[2, 2]));
    assert_eq!(alike.kv_heads, 2);
    let said = refused(folder.path(), |file| file.put_array(key, &[2, 4]));
    assert!(said.contains(key) && said.contains("2, 4"), "{said}");
    let said = refused(folder.path(), |file| file.put_array(key, &[]));
    assert!(said.contains("empty array"), "{said}");
}

#[test]
fn a_factor_without_a_type_is_linear_under_both_names() {
    let folder = tempfile::tempdir().unwrap();
    for key in ["llama.rope.scale_linear", "llama.rope.scaling.factor"] {
        let read = config(folder.path(), |file| file.put_f32(key, 4.0));
        assert_eq!(
            read.rope_scaling,
            RopeScaling::Linear { factor: 4.0 },
            "{key}"
        );
    }
    let off = config(folder.path(), |file| {
        file.put_text("llama.rope.scaling.type", "none");
        file.put_f32("llama.rope.scaling.factor", 4.0);
    });
    assert_eq!(off.rope_scaling, RopeScaling::None);
    let plain = tiny_file(folder.path(), GgmlDType::F32);
    let mut scaled = plain.clone();
    scaled.put_f32("llama.rope.scale_linear", 4.0);
    let plain = logits(&plain.write(&folder.path().join("plain.gguf")));
    assert_ne!(
        logits(&scaled.write(&folder.path().join("scaled.gguf"))),
        plain
    );
}

/// llama.cpp: 0.1 ln(factor) + 1, times `attn_factor`.
#[test]
fn yarns_attn_factor_multiplies() {
    let folder = tempfile::tempdir().unwrap();
    let yarn = |file: &mut RawFile| {
        file.put_text("llama.rope.scaling.type", "yarn");
        file.put_f32("llama.rope.scaling.factor", 4.0);
        file.put_u32("llama.rope.scaling.original_context_length", 64);
    };
    let plain = config(folder.path(), yarn).rope_scaling.amplitude();
    let halved = config(folder.path(), |file| {
        yarn(file);
        file.put_f32("llama.rope.scaling.attn_factor", 0.5);
    });
    assert!((plain - 1.138_629_4).abs() < 1e-6, "{plain}");
    assert!((halved.rope_scaling.amplitude() - plain / 2.0).abs() < 1e-6);
    let said = refused(folder.path(), |file| {
        file.put_f32("llama.rope.scaling.attn_factor", 0.5);
    });
    assert!(said.contains("rope.scaling.attn_factor"), "{said}");
}

#[test]
fn what_nothing_computes_with_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let width = WIDTH as u64;
    let zeros = vec![0.5; WIDTH];
    for name in [
        "blk.1.attn_output.bias",
        "blk.0.ffn_down.bias",
        "output.bias",
        "output_norm.bias",
        "blk.0.attn_sinks.weight",
    ] {
        let said = refused(folder.path(), |file| {
            file.add_floats(name, &[width], &zeros)
        });
        assert!(said.contains(&format!("`{name}`")), "{said}");
    }
    // In one block only: then the others lack it.
    let said = refused(folder.path(), |file| {
        file.add_floats("blk.1.attn_q.bias", &[width], &zeros);
    });
    assert!(said.contains("bias` is missing"), "{said}");
    let said = refused(folder.path(), |file| file.put_u32("llama.expert_count", 8));
    assert!(said.contains("8 experts"), "{said}");
    for key in [
        "attention.scale",
        "final_logit_softcapping",
        "residual_scale",
    ] {
        let key = format!("llama.{key}");
        let said = refused(folder.path(), |file| file.put_f32(&key, 0.25));
        assert!(said.contains(&key), "{said}");
    }
    let path = folder.path().join("rot.gguf");
    let mut file = tiny_file(folder.path(), GgmlDType::F32);
    file.add_floats("blk.0.attn_rot_embd.weight", &[4], &[0.5; 4]);
    assert!(CheckedModel::open(&file.write(&path), FloatWeights::Exact).is_ok());
}

#[test]
fn biases_on_queries_keys_and_values_are_added_in_a_llama() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = tiny_file(folder.path(), GgmlDType::F32);
    let plain = logits(&file.write(&folder.path().join("plain.gguf")));
    for block in 0..2 {
        for (part, n) in [
            ("attn_q", WIDTH),
            ("attn_k", WIDTH / 2),
            ("attn_v", WIDTH / 2),
        ] {
            let name = format!("blk.{block}.{part}.bias");
            file.add_floats(&name, &[n as u64], &tiny::noise(n, 7));
        }
    }
    assert_ne!(
        logits(&file.write(&folder.path().join("biased.gguf"))),
        plain
    );
}

/// An IQ4_NL tensor and the Q8_0 tensor of the same numbers.
fn iq4_nl(dims: &[u64], seed: u64) -> (RawTensor, RawTensor) {
    const VALUES: [i8; 16] = [
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
    ];
    let n_blocks = (dims.iter().product::<u64>() / 32) as usize;
    let noise = tiny::noise(n_blocks * 33, seed);
    let (mut packed, mut wide) = (Vec::new(), Vec::new());
    for block in noise.chunks(33) {
        let scale = half::f16::from_f32(0.002 * (1.5 + block[32])).to_le_bytes();
        let index: Vec<u8> = block[..32]
            .iter()
            .map(|v| ((v + 1.0) * 7.99) as u8)
            .collect();
        packed.extend(scale);
        packed.extend((0..16).map(|i| index[i] | index[16 + i] << 4));
        wide.extend(scale);
        wide.extend(index.iter().map(|&i| VALUES[usize::from(i)] as u8));
    }
    let tensor = |kind, bytes| RawTensor {
        name: "blk.0.ffn_down.weight".into(),
        dims: dims.to_vec(),
        kind,
        bytes,
    };
    (tensor(20, packed), tensor(8, wide))
}

#[test]
fn iq4_nl_is_read_exactly_and_its_memory_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = tiny_file(folder.path(), GgmlDType::Q8_0);
    let dims = file.clone().tensor("blk.0.ffn_down.weight").dims.clone();
    let (packed, wide) = iq4_nl(&dims, 11);
    let with = |tensor: RawTensor, name: &str| {
        let mut file = file.clone();
        *file.tensor("blk.0.ffn_down.weight") = tensor;
        file.write(&folder.path().join(name))
    };
    let packed = with(packed, "packed.gguf");
    assert_eq!(logits(&packed), logits(&with(wide, "wide.gguf")));
    let model = CheckedModel::open(&packed, FloatWeights::Exact).unwrap();
    let note = model.notes.iter().find(|note| note.contains("IQ4_NL"));
    assert!(note.unwrap().contains("MB"), "{note:?}");
    // What a GPU computes, tried on the CPU.
    let theirs = Target {
        device: &candle_core::Device::Cpu,
        backend: Backend::Device,
        kv: KvType::F32,
    };
    assert!(Decoder::load(&model.weights, theirs, 16, 1, |_, _| {}).is_ok());
}

#[test]
fn types_that_are_not_read_are_named_with_another() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, name, instead) in [
        (18, "IQ3_XXS", "Q3_K_M"),
        (23, "IQ4_XS", "IQ4_NL"),
        (39, "MXFP4", "Q4_K_M"),
        (99, "type 99", "Q8_0"),
    ] {
        let said = refused(folder.path(), |file| {
            file.tensor("blk.0.ffn_down.weight").kind = kind;
        });
        assert!(said.contains("`blk.0.ffn_down.weight` is"), "{said}");
        assert!(said.contains(name) && said.contains(instead), "{said}");
    }
    // A type that is read, over bytes that are not of that type.
    let said = refused(folder.path(), |file| {
        file.tensor("blk.0.ffn_down.weight").kind = 20;
    });
    assert!(said.contains("is inconsistent"), "{said}");
    let said = refused(folder.path(), |file| {
        let mut tensors = file.tensors.drain(..).collect::<Vec<_>>();
        tensors.last_mut().unwrap().kind = 20;
        tensors.last_mut().unwrap().dims = vec![1 << 40, 2];
        file.tensors = tensors;
    });
    assert!(
        said.contains("truncated") || said.contains("impossible"),
        "{said}"
    );
}

#[test]
fn files_that_are_no_model_are_named_as_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 98\n";
    let cases: [(&[u8], &str, bool); 6] = [
        (b"", "empty", true),
        (pointer, "Git LFS pointer", false),
        (b"<!doctype html><html></html>\n", "web page", false),
        (b"GGUF\0\0\0\x03\0\0\0\0\0\0\x01\x10", "big-endian", false),
        (b"GGUF\x04\0\0\0\0\0\0\0\0\0\0\0", "version 4", false),
        (b"GGUF\x03\0\0\0\x01\0\0\0", "ends at byte", true),
    ];
    for (bytes, part, fetch_again) in cases {
        std::fs::write(&path, bytes).unwrap();
        let said = refusal(&path);
        assert!(said.contains(part), "{part}: {said}");
        assert_eq!(said.contains("fetch it again"), fetch_again, "{said}");
    }
    for (key, value, part) in [
        ("general.type", "adapter", "LoRA adapter"),
        ("adapter.type", "lora", "LoRA adapter"),
        ("general.architecture", "clip", "mmproj"),
        ("general.type", "imatrix", "importance matrix"),
    ] {
        let said = refused(folder.path(), |file| file.put_text(key, value));
        assert!(said.contains(part), "{said}");
        assert!(!said.contains("fetch it again"), "{said}");
    }
    let said = refused(folder.path(), |file| file.tensors.clear());
    assert!(said.contains("only a vocabulary"), "{said}");
    let said = refused(folder.path(), |file| file.put_u32("general.alignment", 0));
    assert!(said.contains("general.alignment"), "{said}");
}

#[test]
fn stated_sizes_and_scales_out_of_bounds_are_refused_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let huge = (1u64 << 62).to_le_bytes();
    for key in [
        "block_count",
        "embedding_length",
        "attention.head_count",
        "attention.head_count_kv",
        "attention.key_length",
        "context_length",
        "feed_forward_length",
        "rope.dimension_count",
    ] {
        let key = format!("llama.{key}");
        let said = refused(folder.path(), |file| file.put(&key, 10, &huge));
        assert!(
            said.contains(&format!("`{key}` is 4611686018427387904")),
            "{said}"
        );
        let said = refused(folder.path(), |file| file.put_u32(&key, 0));
        assert!(said.contains(&format!("`{key}` is 0")), "{said}");
        let said = refused(folder.path(), |file| file.put_text(&key, "many"));
        assert!(said.contains(&format!("`{key}` is String")), "{said}");
    }
    for key in [
        "rope.freq_base",
        "attention.layer_norm_rms_epsilon",
        "rope.scaling.factor",
    ] {
        let key = format!("llama.{key}");
        for value in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let said = refused(folder.path(), |file| file.put_f32(&key, value));
            assert!(said.contains(&format!("`{key}` is")), "{said}");
        }
    }
    // heads * head_dim = 2^64: once it wrapped to nothing.
    let said = refused(folder.path(), |file| {
        file.put(
            "llama.attention.head_count",
            10,
            &(1u64 << 32).to_le_bytes(),
        );
        file.put(
            "llama.attention.key_length",
            10,
            &(1u64 << 32).to_le_bytes(),
        );
    });
    assert!(said.contains("attention.head_count"), "{said}");
}

#[test]
fn norms_and_factors_must_fit_and_be_finite() {
    let folder = tempfile::tempdir().unwrap();
    let width = WIDTH as u64;
    let floats = |values: &[f32]| {
        values
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    for name in ["output_norm.weight", "blk.1.ffn_norm.weight"] {
        let said = refused(folder.path(), |file| {
            let norm = file.tensor(name);
            norm.dims = vec![width / 2];
            norm.bytes.truncate(WIDTH * 2);
        });
        assert!(said.contains(&format!("`{name}` is 32")), "{said}");
        let said = refused(folder.path(), |file| {
            let mut values = vec![1.0; WIDTH];
            values[5] = f32::NAN;
            file.tensor(name).bytes = floats(&values);
        });
        assert!(said.contains(name) && said.contains("NaN at 5"), "{said}");
    }
    let factors = "rope_freqs.weight";
    let half = Family::Llama.head_dim() / 2;
    let said = refused(folder.path(), |file| {
        file.add_floats(factors, &[3], &[1.0; 3])
    });
    assert!(said.contains(factors), "{said}");
    let said = refused(folder.path(), |file| {
        file.add_floats(factors, &[half as u64], &vec![0.0; half]);
    });
    assert!(said.contains("has 0 at index 0"), "{said}");
}

#[test]
fn heads_and_networks_without_rows_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let said = refused(folder.path(), |file| {
        let width = WIDTH as u64;
        file.add_floats("output.weight", &[0, width], &[]);
    });
    assert!(said.contains("`output.weight` is 0 x 64"), "{said}");
    let said = refused(folder.path(), |file| {
        file.drop_key("llama.feed_forward_length");
        for part in ["gate", "up", "down"] {
            let name = format!("blk.0.ffn_{part}.weight");
            let tensor = file.tensor(&name);
            tensor.bytes.clear();
            tensor.dims = match part {
                "down" => vec![0, WIDTH as u64],
                _ => vec![WIDTH as u64, 0],
            };
        }
    });
    assert!(said.contains("blk.0.ffn_gate.weight"), "{said}");
    let said = refused(folder.path(), |file| {
        let embedding = file.tensor("token_embd.weight");
        embedding.dims[1] = 0;
        embedding.bytes.clear();
    });
    assert!(said.contains("token_embd.weight"), "{said}");
}

#[test]
fn logits_that_are_not_finite_are_an_error_that_names_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = tiny_file(folder.path(), GgmlDType::F32);
    // Too large for an f32 once multiplied, yet finite in the file.
    let huge = [f32::MAX; WIDTH].iter().flat_map(|v| v.to_le_bytes());
    file.tensor("output_norm.weight").bytes = huge.collect();
    let path = file.write(&folder.path().join("huge.gguf"));
    let weights = Weights::open(&path, FloatWeights::Exact).unwrap();
    let mut decoder = Decoder::load(&weights, CPU, 16, 1, |_, _| {}).unwrap();
    let rows = TreeBatch {
        tokens: &[3],
        parents: &[None],
    };
    let mut row = decoder.forward_tree(rows).unwrap();
    let said = decoder.score_rows(&mut row, &[Asked::default()], 1.0);
    let said = said.expect_err("it was judged").to_string();
    assert!(
        said.contains("huge.gguf") && said.contains("not finite"),
        "{said}"
    );
    assert!(said.contains("--verify"), "{said}");
}
