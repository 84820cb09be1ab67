//! A checkpoint of several files on the hub.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use candle_core::DType;
use laserscope::model::fetch::{self, Declined, FetchOptions};
use laserscope::model::weights::{FloatWeights, Weights};

use super::super::tiny::{self, Family};
use super::bench::Bench;
use super::fake_hub::{FakeHub, Script};

const REPO: &str = "someone/tiny-qwen3";

/// A hub with a tiny checkpoint in `parts` weight files, less some files.
fn hub(parts: usize, without: &[&str]) -> FakeHub {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_checkpoint(folder.path(), Family::Qwen3, DType::BF16, true, parts);
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, std::fs::read(entry.path()).unwrap())
    };
    let mut files: Vec<_> = std::fs::read_dir(path).unwrap().map(read).collect();
    files.retain(|(name, _)| !without.contains(&name.as_str()));
    FakeHub::start(Script {
        files,
        ..Script::default()
    })
}

fn resolve(bench: &Bench, name: &str, offline: bool) -> color_eyre::Result<PathBuf> {
    let opts = FetchOptions {
        cancel: &AtomicBool::new(false),
        confirm_large: &|_| false,
        offline,
    };
    fetch::resolve_in(&bench.env, name, &opts, &mut |_| {})
}

#[test]
fn every_file_lands_in_one_snapshot_that_opens() {
    for parts in [1, 3] {
        let hub = hub(parts, &[]);
        let bench = Bench::new(&hub.endpoint);
        assert!(resolve(&bench, REPO, true).is_err(), "nothing is there yet");
        let folder = resolve(&bench, REPO, false).unwrap();
        assert!(folder.ends_with("models--someone--tiny-qwen3/snapshots/c0ffee"));
        let weights = Weights::open(&folder, FloatWeights::Exact).unwrap();
        assert!(weights.has("blk.1.attn_k_norm.weight"));
        assert_eq!(weights.name(), "tiny-qwen3");
        assert!(folder.join("tokenizer_config.json").is_file());
        // The second time no request is made.
        let n_requests = hub.requests().len();
        assert_eq!(resolve(&bench, REPO, false).unwrap(), folder);
        assert_eq!(resolve(&bench, REPO, true).unwrap(), folder);
        assert_eq!(fetch::cached_in(&bench.env, REPO), Some(folder));
        assert_eq!(hub.requests().len(), n_requests);
    }
}

#[test]
fn what_is_optional_may_be_missing_what_is_not_is_named() {
    let bare = hub(1, &["generation_config.json", "tokenizer_config.json"]);
    let bench = Bench::new(&bare.endpoint);
    assert!(resolve(&bench, REPO, false).is_ok());
    for lost in [
        "config.json",
        "tokenizer.json",
        "model-00002-of-00002.safetensors",
    ] {
        let hub = hub(2, &[lost]);
        let bench = Bench::new(&hub.endpoint);
        let said = format!("{:#}", resolve(&bench, REPO, false).unwrap_err());
        assert!(said.contains(lost) && said.contains("404"), "{said}");
        assert!(said.contains("What you can do"), "{said}");
        assert_eq!(fetch::cached_in(&bench.env, REPO), None);
    }
}

#[test]
fn large_parts_are_asked_for_once_and_together() {
    let mut script = Script::default();
    let index = r#"{"metadata": {"total_size": 15000000000}, "weight_map": {"a": "b"}}"#;
    for (name, body) in [
        ("config.json", "{}"),
        ("tokenizer.json", "{}"),
        ("model.safetensors.index.json", index),
    ] {
        script.files.push((name.into(), body.into()));
    }
    let hub = FakeHub::start(script);
    let declined = resolve(&Bench::new(&hub.endpoint), REPO, false).unwrap_err();
    assert!(declined.is::<Declined>(), "{declined:#}");
}

#[test]
fn one_gguf_file_of_a_repository_can_be_named() {
    let hub = FakeHub::start(Script {
        files: vec![("some.gguf".into(), b"weights".to_vec())],
        ..Script::default()
    });
    let bench = Bench::new(&hub.endpoint);
    let path = resolve(&bench, "someone/tiny-GGUF/some.gguf", false).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), b"weights");
}
