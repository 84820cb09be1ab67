//! Real-world checkpoints: Python's additions to JSON, tokens without rows, missing
//! keys, pointers in place of files, unused tensors.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use laserscope::model::checked::CheckedModel;
use laserscope::model::decoder::{Decoder, TreeBatch};
use laserscope::model::weights::FloatWeights;
use serde_json::{Value, json};

use super::decoder::CPU;
use super::tiny::{self, Family, VOCAB, WIDTH};

struct Case {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Case {
    fn new(tied: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = tiny::write_checkpoint(folder.path(), Family::Llama, DType::F32, tied, 1);
        Case { folder, path }
    }

    fn json(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.path.join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// A file with some of its values changed.
    fn with(self, name: &str, change: impl FnOnce(&mut Value)) -> Self {
        let mut value = self.json(name);
        change(&mut value);
        tiny::write_json(&self.path, name, &value);
        self
    }

    /// A file's text with a part replaced.
    fn with_text(self, name: &str, from: &str, to: &str) -> Self {
        let text = std::fs::read_to_string(self.path.join(name)).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(self.path.join(name), text.replacen(from, to, 1)).unwrap();
        self
    }

    fn with_tensors(self, change: impl FnOnce(&mut HashMap<String, Tensor>)) -> Self {
        let file = self.path.join("model.safetensors");
        let mut tensors = candle_core::safetensors::load(&file, &Device::Cpu).unwrap();
        change(&mut tensors);
        candle_core::safetensors::save(&tensors, file).unwrap();
        self
    }

    fn open(&self) -> color_eyre::Result<CheckedModel> {
        CheckedModel::open(&self.path, FloatWeights::Exact)
    }

    /// All notes in one text.
    fn notes(&self) -> String {
        self.open().unwrap().notes.join("\n")
    }

    fn refusal(&self) -> String {
        format!("{:#}", self.open().err().expect("it was opened"))
    }
}

fn bom(path: &Path) {
    let text = std::fs::read(path).unwrap();
    std::fs::write(path, [b"\xef\xbb\xbf".as_slice(), &text].concat()).unwrap();
}

#[test]
fn an_ordinary_checkpoint_has_nothing_to_say() {
    let case = Case::new(true);
    assert_eq!(case.notes(), "");
    drop(case.folder);
}

#[test]
fn non_finite_numbers_and_byte_order_marks_are_read_and_said() {
    let case = Case::new(true).with_text("config.json", "{", "{\"unused\": -Infinity, ");
    assert!(case.notes().contains("config.json has NaN or Infinity"));
    let case = case.with_text("tokenizer_config.json", "{", "{\"model_max_length\": NaN, ");
    assert!(case.notes().contains("tokenizer_config.json has NaN"));
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        let case = Case::new(true);
        bom(&case.path.join(name));
        let notes = case.notes();
        assert!(
            notes.contains(name) && notes.contains("byte order mark"),
            "{notes}"
        );
    }
    let case = Case::new(true).with_text("config.json", "10000.0", "NaN");
    let said = case.refusal();
    assert!(said.contains("`rope_theta` is \"NaN\""), "{said}");
}

#[test]
fn end_tokens_that_are_none_are_said() {
    let none = |name: &str| Case::new(true).with(name, |config| config["eos_token_id"] = json!(-1));
    let notes = none("config.json").notes();
    assert!(notes.contains("config.json: eos_token_id is -1"), "{notes}");
    let case = none("config.json")
        .with("generation_config.json", |c| {
            c["eos_token_id"] = json!([-1])
        })
        .with("tokenizer_config.json", |c| c["eos_token"] = Value::Null)
        .with_text("tokenizer.json", "<|end|>", "<|over|>")
        .with_text("tokenizer.json", "<|end|>", "<|over|>");
    let notes = case.notes();
    assert!(notes.contains("has no end-of-text token"), "{notes}");
    let beyond = Case::new(true).with("config.json", |c| c["eos_token_id"] = json!(VOCAB));
    let said = beyond.refusal();
    assert!(
        said.contains("config.json") && said.contains("eos_token_id 77"),
        "{said}"
    );
}

#[test]
fn markers_beyond_the_rows_are_left_out_and_words_named() {
    let with_token = |special: bool| {
        Case::new(true).with("tokenizer.json", |tokenizer| {
            if special {
                let added = tokenizer["added_tokens"].as_array_mut().unwrap();
                let mut token = added[0].clone();
                token["id"] = json!(VOCAB);
                token["content"] = json!("[PAD]");
                added.push(token);
            } else {
                tokenizer["model"]["vocab"]["cab"] = json!(VOCAB);
            }
        })
    };
    let case = with_token(true);
    let model = case.open().unwrap();
    assert!(model.notes[0].contains("\"[PAD]\""), "{:?}", model.notes);
    assert_eq!(model.codec.vocab_size(), VOCAB);
    let ids = model.codec.encode("ab [PAD]").unwrap();
    assert!(ids.iter().all(|&id| (id as usize) < VOCAB), "{ids:?}");
    let said = with_token(false).refusal();
    assert!(
        said.contains("tokenizer.json") && said.contains("77 rows"),
        "{said}"
    );
    assert!(said.contains("\"cab\""), "{said}");
}

#[test]
fn a_head_that_is_not_stated_is_the_embedding_where_there_is_none() {
    let unsaid = |tied| {
        Case::new(tied).with("config.json", |config| {
            config
                .as_object_mut()
                .unwrap()
                .remove("tie_word_embeddings");
        })
    };
    let tied = unsaid(true).open().unwrap();
    assert!(tied.config.tied);
    assert!(
        tied.notes[0].contains("tie_word_embeddings"),
        "{:?}",
        tied.notes
    );
    let own = unsaid(false).open().unwrap();
    assert!(!own.config.tied && own.notes.is_empty());
    let lacking = Case::new(true).with("config.json", |c| c["tie_word_embeddings"] = json!(false));
    assert!(lacking.refusal().contains("`lm_head.weight` is missing"));
}

#[test]
fn pointers_in_place_of_files_are_named_as_such() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 538090408\n";
    for name in ["model.safetensors", "tokenizer.json", "config.json"] {
        let case = Case::new(true);
        std::fs::write(case.path.join(name), pointer).unwrap();
        let said = case.refusal();
        assert!(
            said.contains(name) && said.contains("Git LFS pointer"),
            "{said}"
        );
    }
}

#[test]
fn tensors_that_nobody_reads_are_named() {
    let tensor = |dims: &[usize]| Tensor::ones(dims, DType::F32, &Device::Cpu).unwrap();
    for name in [
        "model.layers.0.self_attn.o_proj.bias",
        "model.layers.1.mlp.shared_expert.weight",
        "vision_tower.patch.weight",
    ] {
        let case = Case::new(true).with_tensors(|tensors| {
            tensors.insert(name.into(), tensor(&[WIDTH]));
        });
        let said = case.refusal();
        assert!(said.contains(&format!("`{name}`")), "{said}");
    }
    // What older versions saved and what a tied model does not use.
    let case = Case::new(true).with_tensors(|tensors| {
        let name = "model.layers.0.self_attn.rotary_emb.inv_freq";
        tensors.insert(name.into(), tensor(&[8]));
        tensors.insert("lm_head.weight".into(), tensor(&[VOCAB, WIDTH]));
    });
    assert_eq!(case.notes(), "");
}

#[test]
fn norms_of_other_lengths_or_no_numbers_are_refused() {
    let name = "model.layers.1.input_layernorm.weight";
    let with = |values: Vec<f32>| {
        Case::new(true).with_tensors(|tensors| {
            let tensor = Tensor::new(values, &Device::Cpu).unwrap();
            tensors.insert(name.into(), tensor);
        })
    };
    let said = with(vec![1.0; 5]).refusal();
    assert!(
        said.contains(&format!("`{name}` is 5, but the configuration says 64")),
        "{said}"
    );
    let mut values = vec![1.0; WIDTH];
    values[9] = f32::INFINITY;
    let said = with(values).refusal();
    assert!(said.contains(name) && said.contains("inf at 9"), "{said}");
}

#[test]
fn a_hostile_tokenizer_is_refused_by_its_key() {
    let cases: [(&str, Value, &str); 5] = [
        ("/added_tokens/0/id", json!(1u64 << 31), "`added_tokens`"),
        (
            "/normalizer",
            json!({ "type": "Precompiled", "precompiled_charsmap": "AAAA" }),
            "Precompiled",
        ),
        (
            "/normalizer",
            json!({ "type": "Precompiled" }),
            "has no `precompiled_charsmap`",
        ),
        (
            "/normalizer",
            json!({ "type": "Prepend", "prepend": "x".repeat(1 << 20) }),
            "Prepend",
        ),
        (
            "/normalizer",
            json!({ "type": "Replace", "pattern": { "Regex": "" }, "content": "x" }),
            "empty pattern",
        ),
    ];
    for (pointer, value, part) in cases {
        let case = Case::new(true).with("tokenizer.json", |tokenizer| {
            *tokenizer.pointer_mut(pointer).unwrap() = value;
        });
        let said = case.refusal();
        assert!(
            said.contains("tokenizer.json") && said.contains(part),
            "{said}"
        );
    }
}

/// Bytes of a file changed at random, many times: opened or refused, never worse.
#[test]
fn damaged_files_are_opened_or_refused() {
    let case = Case::new(true);
    let gguf = tiny::write_model(
        case.folder.path(),
        candle_core::quantized::GgmlDType::Q4_1,
        true,
    );
    let mut files: Vec<(PathBuf, PathBuf, usize)> = vec![(gguf.clone(), gguf, 1500)];
    for (name, n) in [
        ("model.safetensors", 200),
        ("config.json", 400),
        ("tokenizer.json", 600),
    ] {
        files.push((case.path.join(name), case.path.clone(), n));
    }
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % below.max(1)
    };
    for (file, model, n) in files {
        let whole = std::fs::read(&file).unwrap();
        for _ in 0..n {
            let mut bytes = whole.clone();
            let n_changes = 1 + next(4);
            for _ in 0..n_changes {
                // Mostly in the header, where the sizes are.
                let in_header = next(4) > 0;
                let at = next(if in_header {
                    whole.len().min(6000)
                } else {
                    whole.len()
                });
                let any = next(256) as u8;
                bytes[at] = [0, 1, 0x7f, 0xff, b'9', b'"', any][next(7)];
            }
            if next(10) == 0 {
                let kept = next(whole.len());
                bytes.truncate(kept);
            }
            std::fs::write(&file, &bytes).unwrap();
            if let Ok(opened) = CheckedModel::open(&model, FloatWeights::Exact) {
                let _ = opened.codec.encode("abba, about (ab): 1 2 3.\n");
                let loaded = Decoder::load(&opened.weights, CPU, 8, 1, |_, _| {});
                let rows = TreeBatch {
                    tokens: &[1, 2],
                    parents: &[None, Some(0)],
                };
                let _ = loaded.and_then(|mut decoder| decoder.forward(rows));
            }
        }
        std::fs::write(&file, &whole).unwrap();
        CheckedModel::open(&model, FloatWeights::Exact).unwrap();
    }
}
