//! Entries of logs as token ids, with the tokenizer of a tiny model: logged ids and bytes
//! beat texts, only a model's own end is an end token, and another vocabulary is refused.

use std::path::{Path, PathBuf};

use candle_core::DType;
use candle_core::quantized::GgmlDType;
use laserscope::model::tokenizer::TextCodec;
use laserscope::recsys::logs::{LogEntry, LogOptions, LogReader};
use laserscope::session::log_tokens::{EncodedEntry, EntryEncoder, IdSource};
use serde_json::{Value, json};

use super::tiny;

struct Encoded {
    entries: Vec<Result<EncodedEntry, String>>,
    encoder: EntryEncoder,
}

fn entries(folder: &Path, values: &[Value]) -> Vec<LogEntry> {
    let path = folder.join("log.jsonl");
    let lines: String = values.iter().map(|value| format!("{value}\n")).collect();
    std::fs::write(&path, lines).unwrap();
    let reader = LogReader::open(&[path], &LogOptions::default()).unwrap();
    reader.map(|entry| entry.unwrap()).collect()
}

fn model(folder: &Path) -> PathBuf {
    tiny::write_model(folder, GgmlDType::F32, true)
}

fn encoded(values: &[Value]) -> Encoded {
    let folder = tempfile::tempdir().unwrap();
    let mut encoder = EntryEncoder::open(&model(folder.path())).unwrap();
    let entries = entries(folder.path(), values);
    let entries = entries.iter();
    let entries = entries.map(|entry| encoder.encode(entry).map_err(|e| format!("{e:#}")));
    Encoded {
        entries: entries.collect(),
        encoder,
    }
}

fn ids(codec: &TextCodec, text: &str) -> Vec<u32> {
    codec.encode_text(text).unwrap()
}

fn completion(choice: Value) -> Value {
    json!({"prompt": "a b", "choices": [choice]})
}

#[test]
fn prompt_and_answer_are_encoded_apart_and_an_end_is_appended_for_stop_alone() {
    let choice = |finish: &str| completion(json!({"text": "b a", "finish_reason": finish}));
    // Together, the last letter of the prompt and the first of the answer would be one token.
    let values = [choice("stop"), choice("length"), choice("abort")];
    let Encoded { entries, encoder } = encoded(&values);
    let codec = encoder.codec().unwrap();
    let end = codec.eos_ids()[0];
    let want = ids(codec, "b a");
    let got: Vec<&EncodedEntry> = entries.iter().map(|e| e.as_ref().unwrap()).collect();
    assert_eq!(got[0].prompt_ids, ids(codec, "a b"));
    assert_eq!(got[0].token_ids, [&want[..], &[end]].concat());
    assert_eq!((&got[1].token_ids, got[1].has_end), (&want, false));
    assert_eq!((&got[2].token_ids, got[2].has_end), (&want, false));
    assert_eq!(encoder.report().n_by_source, [0, 0, 3]);
    assert_eq!(encoder.report().n_ended, 1);
}

#[test]
fn logged_ids_beat_tokens_and_tokens_beat_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let codec = EntryEncoder::open(&model(folder.path())).unwrap();
    let codec = codec.codec().unwrap();
    let [a, b, ab] = ["a", "b", "ab"].map(|text| ids(codec, text)[0]);
    let end = codec.eos_ids()[0];
    let token = |bytes: &[u8]| {
        json!({"token": "?", "bytes": bytes, "logprob": -0.5, "top_logprobs": [
        {"token": "?", "bytes": bytes, "logprob": -0.5}, {"token": "b", "bytes": [98], "logprob": -1.5},
        {"token": "zzz", "bytes": [1, 2, 3], "logprob": -2.0}, {"token": "a", "bytes": [97], "logprob": -3.0}]})
    };
    let logprobs = json!({"content": [token(b"a"), token(b"b")]});
    let values = [
        completion(json!({"text": "ab", "token_ids": [a, b, end], "finish_reason": "stop"})),
        completion(json!({"text": "ab", "logprobs": logprobs, "finish_reason": "stop"})),
        completion(
            json!({"text": "ab", "logprobs": {"tokens": ["a", "b"], "text_offset": [3, 4]}}),
        ),
        completion(json!({"text": "ab", "logprobs": {"tokens": ["ab"], "text_offset": [3]}})),
        completion(json!({"text": "ab", "logprobs": {"tokens": ["a", "zzz"]}})),
    ];
    let Encoded { entries, encoder } = encoded(&values);
    let got: Vec<&EncodedEntry> = entries.iter().map(|e| e.as_ref().unwrap()).collect();
    let told = |at: usize| (got[at].source, got[at].token_ids.clone());
    assert_eq!(told(0), (IdSource::Ids, vec![a, b, end]));
    assert_eq!(told(1), (IdSource::Tokens, vec![a, b, end]));
    assert_eq!(told(2), (IdSource::Tokens, vec![a, b]));
    assert_eq!(told(3), (IdSource::Tokens, vec![ab]));
    assert_eq!(told(4), (IdSource::Text, vec![ab]));
    let report = encoder.report();
    assert_eq!(
        (report.n_compared, report.n_differing, report.n_inexact),
        (4, 3, 1)
    );
    // A token that is not in the vocabulary ends its list; the end token has none.
    let tops = &got[1].tops;
    assert_eq!(tops.len(), 3);
    assert_eq!(
        (tops[0].logprob, tops[0].top.clone()),
        (Some(-0.5), vec![(a, -0.5), (b, -1.5)])
    );
    assert!(tops[2].top.is_empty() && tops[2].logprob.is_none());
    assert!(got[0].tops.is_empty() && got[4].tops.is_empty());
}

#[test]
fn ids_of_another_vocabulary_are_one_clear_message() {
    let values = [
        json!({"prompt_token_ids": [1], "token_ids": [3, 40000]}),
        json!({"prompt_token_ids": [50000], "token_ids": [3]}),
        json!({"prompt_token_ids": [1], "token_ids": [3]}),
    ];
    let Encoded { entries, .. } = encoded(&values);
    let error = entries[0].as_ref().unwrap_err();
    assert!(
        error.contains("log.jsonl:1: ids of another vocabulary: the answer has token 40000"),
        "{error}"
    );
    assert!(error.contains("--tokenizer"), "{error}");
    assert!(
        entries[1]
            .as_ref()
            .unwrap_err()
            .contains(":2: ids of another vocabulary: the prompt")
    );
    assert_eq!(entries[2].as_ref().unwrap().token_ids, [3]);
}

/// As llama.cpp's Python package writes them: no bytes, markers as nothing, and without the
/// last token where the prompt is echoed.
#[test]
fn tokens_of_llama_cpps_package_are_used_where_they_are_the_text() {
    let chat = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1795834800, "model": "m.gguf",
        "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "a b"},
            "logprobs": {"refusal": null, "content": [
                {"token": "a", "bytes": null, "logprob": -1.0, "top_logprobs": [
                    {"token": "a", "logprob": -1.0, "bytes": null},
                    {"token": "", "logprob": -2.6, "bytes": null},
                    {"token": "b", "logprob": -2.7, "bytes": null}]},
                {"token": " ", "bytes": null, "logprob": -1.1, "top_logprobs": []},
                {"token": "b", "bytes": null, "logprob": -1.2, "top_logprobs": []}]}}],
        "usage": {"prompt_tokens": 44, "completion_tokens": 3, "total_tokens": 47}});
    let echoed = json!({
        "id": "cmpl-1", "object": "text_completion", "created": 1795834800, "model": "m.gguf",
        "prompt": "a", "echo": true, "choices": [{"index": 0, "finish_reason": "length",
            "text": "a b c", "logprobs": {"tokens": ["a", " ", "b", " "],
                "text_offset": [0, 1, 2, 3], "token_logprobs": [null, -2.1, -1.6, -0.1],
                "top_logprobs": [null, {"b": -2.1}, {"b": -1.6}, {" ": -0.1}]}}]});
    let Encoded { entries, encoder } = encoded(&[chat, echoed]);
    let codec = encoder.codec().unwrap();
    let got: Vec<&EncodedEntry> = entries.iter().map(|e| e.as_ref().unwrap()).collect();
    let want = [ids(codec, "a b"), vec![codec.eos_ids()[0]]].concat();
    assert_eq!(
        (got[0].source, &got[0].token_ids),
        (IdSource::Tokens, &want)
    );
    // It is not known which marker the second one is.
    assert_eq!(got[0].tops[0].top, [(want[0], -1.0)]);
    assert_eq!(
        (got[1].source, &got[1].token_ids),
        (IdSource::Text, &ids(codec, " b c"))
    );
    assert_eq!(encoder.report().n_inexact, 1);
}

/// Ids within the vocabulary may be those of another one: their text tells.
#[test]
fn tokens_that_are_not_the_text_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let codec = EntryEncoder::open(&model(folder.path())).unwrap();
    let [a, b] = ["a", "b"].map(|text| ids(codec.codec().unwrap(), text)[0]);
    let answer = |text: &str| completion(json!({"text": text, "token_ids": [a, b]}));
    // The last one begins with what was prefilled.
    let Encoded { encoder, .. } = encoded(&[answer("ab"), answer("ba"), answer("c ab")]);
    let report = encoder.report();
    assert_eq!((report.n_compared, report.n_unlike), (1, 1));
    let told = report.told().join("\n");
    assert!(
        told.contains("tokens of 1 answers are not their text"),
        "{told}"
    );
}

#[test]
fn ids_need_no_tokenizer_and_texts_do() {
    let folder = tempfile::tempdir().unwrap();
    let values = [
        json!({"prompt_token_ids": [1], "token_ids": [90000]}),
        json!({"prompt": "a", "answer": "b"}),
    ];
    let entries = entries(folder.path(), &values);
    let mut encoder = EntryEncoder::without_tokenizer();
    assert_eq!(encoder.encode(&entries[0]).unwrap().token_ids, [90000]);
    let error = encoder.encode(&entries[1]).unwrap_err().to_string();
    assert!(
        error.contains("log.jsonl:2: a text has no token ids without a tokenizer"),
        "{error}"
    );
}

#[test]
fn messages_without_a_template_are_joined_and_counted() {
    let values = [
        json!({"messages": [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}],
        "choices": [{"message": {"content": "a"}}]}),
    ];
    let Encoded { entries, encoder } = encoded(&values);
    let codec = encoder.codec().unwrap();
    let want = ids(codec, "a\nb");
    assert_eq!(entries[0].as_ref().unwrap().prompt_ids, want);
    assert_eq!(encoder.report().n_joined, 1);
}

/// A vocabulary alone, a checkpoint's folder and its `tokenizer.json` are tokenizers.
#[test]
fn a_tokenizer_needs_no_weights() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint =
        tiny::write_checkpoint(folder.path(), tiny::Family::Llama, DType::F32, true, 1);
    let whole = EntryEncoder::open(&checkpoint).unwrap();
    for entry in std::fs::read_dir(&checkpoint).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "safetensors") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let hash = |encoder: &EntryEncoder| encoder.codec().unwrap().hash();
    for path in [checkpoint.clone(), checkpoint.join("tokenizer.json")] {
        assert_eq!(
            hash(&EntryEncoder::open(&path).unwrap()),
            hash(&whole),
            "{}",
            path.display()
        );
    }
    let refused = |name: &str| {
        EntryEncoder::open(&checkpoint.join(name))
            .err()
            .unwrap()
            .to_string()
    };
    assert!(refused("nowhere.gguf").contains("no such file"));
    std::fs::write(checkpoint.join("other.json"), "{}").unwrap();
    assert!(refused("other.json").contains("rename it, or name its folder"));
}
