//! GGUF files, checkpoints' headers and configurations, `tokenizer.json`.

use std::fs;
use std::path::{Path, PathBuf};

use candle_core::DType;
use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Value;
use laserscope::model::chat::{ChatTemplate, Message, Role};
use laserscope::model::config::Config;
use laserscope::model::decoder::{Decoder, TreeBatch};
use laserscope::model::tokenizer::TextCodec;
use laserscope::model::weights::{FloatWeights, Weights};
use tempfile::TempDir;

use super::super::decoder::CPU;
use super::super::tiny::{self, Family};
use super::Target;

const CONTEXT: usize = 16;

/// All that is done with a model's files before and while it decodes.
fn use_model(path: &Path) {
    let Ok(weights) = Weights::open(path, FloatWeights::Exact) else {
        return;
    };
    let _ = (
        Config::read(&weights),
        weights.dtype_label(),
        weights.name(),
    );
    if let Ok(codec) = TextCodec::of(&weights) {
        use_tokenizer(&codec);
    }
    if let Ok(Some(template)) = ChatTemplate::of(&weights) {
        let _ = template.render(&[Message::new(Role::User, "ab")], true);
    }
    let Ok(mut decoder) = Decoder::load(&weights, CPU, CONTEXT, 1, |_, _| {}) else {
        return;
    };
    let rows = TreeBatch {
        tokens: &[3, 4],
        parents: &[None, Some(0)],
    };
    let _ = decoder.forward(rows);
}

fn use_tokenizer(codec: &TextCodec) {
    let Ok(ids) = codec.encode("abc ab\nAb 12.") else {
        return;
    };
    let _ = (
        codec.decode(&ids),
        codec.hash(),
        codec.encode_prompt("<|end|> ab"),
    );
    for id in ids.into_iter().chain([0, 1, 1 << 31, u32::MAX]) {
        let _ = (codec.token_bytes(id), codec.is_special(id));
    }
}

/// A file's head is damaged; the weights after it, most of the file, are not.
struct Head {
    folder: TempDir,
    tail: Vec<u8>,
}

fn gguf_bytes(family: Family, dtype: GgmlDType, more: &[(&str, Value)]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::read(tiny::write_gguf(folder.path(), family, dtype, false, more)).expect("reads")
}

#[test]
fn gguf() {
    let scaling = [
        ("rope.scaling.type", Value::String("yarn".into())),
        ("rope.scaling.factor", Value::F32(2.0)),
    ];
    let seeds = [
        gguf_bytes(Family::Llama, GgmlDType::Q4_0, &[]),
        gguf_bytes(Family::Qwen3, GgmlDType::Q8_0, &scaling),
        gguf_bytes(Family::Qwen2, GgmlDType::F16, &[]),
    ];
    // The part before the tensors is about 6 kB; plus 2 kB of tensors.
    let heads = seeds.map(|bytes| bytes[..bytes.len().min(8000)].to_vec());
    let whole = gguf_bytes(Family::Llama, GgmlDType::Q4_0, &[]);
    let head = Head {
        folder: tempfile::tempdir().expect("a folder"),
        tail: whole[8000.min(whole.len())..].to_vec(),
    };
    let target = Target {
        name: "gguf",
        n: 1500,
        seeds: &heads,
        words: &[
            "general.architecture",
            "tokenizer.ggml.tokens",
            "llama.block_count",
            "\0\0\0\0",
        ],
    };
    target.run(|bytes| {
        let path = head.folder.path().join("m.gguf");
        fs::write(&path, [bytes, &head.tail].concat()).expect("writes");
        use_model(&path);
    });
}

/// A whole checkpoint of which one file is damaged.
fn checkpoint(name: &str, n: u64, file: &str, words: &[&str], length: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let make = |family| tiny::write_checkpoint(folder.path(), family, DType::F16, false, 1);
    let paths: Vec<PathBuf> = [Family::Llama, Family::Qwen3].map(make).to_vec();
    let whole: Vec<Vec<u8>> = paths
        .iter()
        .map(|p| fs::read(p.join(file)).expect("reads"))
        .collect();
    let heads: Vec<Vec<u8>> = whole
        .iter()
        .map(|b| b[..b.len().min(length)].to_vec())
        .collect();
    let tail = whole[0][heads[0].len()..].to_vec();
    let target = Target {
        name,
        n,
        seeds: &heads,
        words,
    };
    target.run(|bytes| {
        fs::write(paths[0].join(file), [bytes, &tail].concat()).expect("writes");
        use_model(&paths[0]);
    });
}

#[test]
fn safetensors() {
    let words = [
        "\"F16\"",
        "\"F32\"",
        "\"data_offsets\":[0,",
        "\"shape\":[",
        "{",
        "[",
    ];
    checkpoint("safetensors", 1200, "model.safetensors", &words, 4000);
}

#[test]
fn checkpoint_config() {
    let words = [
        "\"rope_scaling\":{\"rope_type\":\"llama3\",",
        "\"head_dim\":",
        "null",
        "[",
        "{\"a\":",
    ];
    checkpoint("config", 1200, "config.json", &words, usize::MAX);
    checkpoint(
        "generation-config",
        100,
        "generation_config.json",
        &words,
        usize::MAX,
    );
    let words = [
        "{{",
        "}}",
        "{% for m in messages %}",
        "{%",
        "\"chat_template\":",
    ];
    checkpoint(
        "tokenizer-config",
        500,
        "tokenizer_config.json",
        &words,
        usize::MAX,
    );
}

#[test]
fn tokenizer_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = tiny::write_checkpoint(folder.path(), Family::Llama, DType::F16, true, 1);
    let seed = fs::read(path.join("tokenizer.json")).expect("reads");
    let text = String::from_utf8(seed.clone()).expect("JSON");
    let with = |normalizer: &str| {
        let changed = text.replace(
            "\"normalizer\":null",
            &format!("\"normalizer\":{normalizer}"),
        );
        assert_ne!(changed, text);
        changed.into_bytes()
    };
    let seeds = [
        with(r#"{"type":"Prepend","prepend":"▁"}"#),
        with(r#"{"type":"Replace","pattern":{"String":" "},"content":"▁"}"#),
        with(r#"{"type":"Precompiled","precompiled_charsmap":"AAAA"}"#),
        // A key twice: what was checked must be what is read.
        with(r#"{"type":"Precompiled","precompiled_charsmap":"AAAA"},"normalizer":null"#),
        with(r#"{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Lowercase"}]}"#),
        seed,
    ];
    let words = [
        "\"Regex\":",
        "{\"type\":",
        "\"vocab\":{",
        "\"merges\":[",
        "\"unk_token\":",
        "[",
    ];
    let target = Target {
        name: "tokenizer",
        n: 1500,
        seeds: &seeds,
        words: &words,
    };
    target.run(|bytes| {
        fs::write(path.join("tokenizer.json"), bytes).expect("writes");
        if let Ok(codec) = TextCodec::from_folder(&path) {
            use_tokenizer(&codec);
        }
    });
}

#[test]
fn chat_templates() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = tiny::write_checkpoint(folder.path(), Family::Llama, DType::F16, true, 1);
    let rich = "{%- if tools %}{{ raise_exception('no tools') }}{% endif -%}\
        {%- set ns = namespace(n=0) -%}{%- for m in messages[::-1] -%}{%- set ns.n = ns.n + 1 -%}\
        {%- if loop.first or m.role == 'user' -%}{{ '<|' ~ m.role ~ '|>' + m.content | trim }}\
        {%- elif m.content is string and '</think>' in m.content -%}\
        {{ m.content.split('</think>')[-1].lstrip('\\n') }}{%- else -%}{{ m | tojson(indent=2) }}\
        {%- endif -%}{%- endfor -%}{% macro a(x) %}{{ x * 2 }}{% endmacro %}{{ a(ns.n) }}";
    let seeds = [tiny::TEMPLATE, rich].map(|text| text.as_bytes().to_vec());
    let words = [
        "{{",
        "}}",
        "{%",
        "%}",
        "{% for a in range(1000000) %}",
        "{% endfor %}",
        "(",
        "[",
        "-",
        " ~ messages",
        "{% set x = (x or 'a') ~ x ~ 'b' %}",
        " | join",
        " * 1000000000",
        "not ",
        "{% if true %}",
        "{% endif %}",
        "{{ a(a(a(1))) }}",
        ".split('')",
        " | tojson",
    ];
    let target = Target {
        name: "template",
        n: 3000,
        seeds: &seeds,
        words: &words,
    };
    let turns = [
        (Role::System, "s"),
        (Role::User, "ab"),
        (Role::Assistant, "c"),
        (Role::User, "d"),
    ];
    let turns = turns.map(|(role, text)| Message::new(role, text));
    target.run(|bytes| {
        fs::write(path.join("chat_template.jinja"), bytes).expect("writes");
        if let Ok(Some(template)) = ChatTemplate::from_folder(&path) {
            let _ = template.render(&turns, true);
        }
    });
}
