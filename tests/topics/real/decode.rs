//! The real model: strict equals autoregressive token for token, the shipped pools pay
//! off, and the command line reports what it did.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

use laserscope::config::Settings;
use laserscope::engine::{Engine, RunSpec};
use laserscope::recsys::{Catalog, Framework, Role, SubjectKind};
use laserscope::speculate::params::{AcceptanceRule, Budget, Params, Sampling};
use laserscope::speculate::stats::{Stats, repetition};
use laserscope::speculate::trace::Trace;
use laserscope::worker::ask;

use super::super::engine::run;
use super::model;

/// One engine for all tests here, which take turns on two cores.
pub fn engine() -> &'static Mutex<Engine> {
    static ENGINE: OnceLock<Mutex<Engine>> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let catalog = Catalog::bundled().unwrap();
        let settings = Settings::default();
        Mutex::new(
            settings
                .open_engine(&model::path(), &catalog, |_| {})
                .unwrap(),
        )
    })
}

fn decode(kind: SubjectKind, id: &str, params: Params) -> Trace {
    let catalog = Catalog::bundled().unwrap();
    let at = catalog.find(kind, id).unwrap();
    let framework = Framework::named("kar").unwrap();
    let (subject, prompt) = ask::about(&catalog, at, &framework, Role::Query).unwrap();
    let mut engine = engine()
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    run(&mut engine, RunSpec::new(subject, prompt, params))
}

fn query_half(kind: SubjectKind, n: usize) -> Vec<String> {
    let catalog = Catalog::bundled().unwrap();
    let groups = catalog.groups(kind).iter();
    let firsts = groups.flat_map(|g| {
        catalog
            .members(kind, &g.name, laserscope::recsys::Half::Query)
            .take(1)
    });
    firsts
        .take(n)
        .map(|at| catalog.subject(at).id().to_string())
        .collect()
}

#[test]
fn strict_equals_autoregressive_and_the_pools_earn_their_keep() {
    let mut stats = Stats::empty();
    let subjects = query_half(SubjectKind::Item, 3)
        .into_iter()
        .map(|id| (SubjectKind::Item, id));
    let users = query_half(SubjectKind::User, 1)
        .into_iter()
        .map(|id| (SubjectKind::User, id));
    for (kind, id) in subjects.chain(users) {
        let params = |verify, budget| Params {
            verify,
            budget,
            ..Params::default()
        };
        let plain = decode(
            kind,
            &id,
            params(AcceptanceRule::Autoregressive, Budget::Rows(1)),
        );
        assert!(plain.token_ids().len() > 50, "{id}: {}", plain.text());
        assert!(
            repetition(&plain.token_ids()) < 0.3,
            "{id}: {}",
            plain.text()
        );
        for budget in [Budget::Auto { max: 64 }, Budget::Rows(16)] {
            let strict = decode(kind, &id, params(AcceptanceRule::Strict, budget));
            assert_eq!(
                strict.token_ids(),
                plain.token_ids(),
                "{id} with budget {budget:?}"
            );
            if budget == Budget::Rows(16) {
                strict.steps.iter().for_each(|step| stats.add(step));
            }
        }
    }
    let mal = stats.mal().unwrap();
    assert!(mal > 2.0, "16 rows gave a MAL of {mal:.2}");
}

/// The same seed samples the same text, whatever is drafted.
#[test]
fn drawn_strictly_equals_drawn_autoregressively() {
    let params = |verify| Params {
        verify,
        sampling: Some(Sampling {
            temperature: 0.8,
            top_k: Some(50),
            top_p: Some(0.95),
            seed: 7,
        }),
        max_tokens: 80,
        ..Params::default()
    };
    let plain = decode(
        SubjectKind::Item,
        "i101",
        params(AcceptanceRule::Autoregressive),
    );
    let strict = decode(SubjectKind::Item, "i101", params(AcceptanceRule::Strict));
    assert_eq!(strict.token_ids(), plain.token_ids());
    let greedy = Params {
        sampling: None,
        ..params(AcceptanceRule::Strict)
    };
    let greedy = decode(SubjectKind::Item, "i101", greedy);
    assert_ne!(greedy.token_ids(), plain.token_ids());
}

/// Near-ties may flip under the current arithmetic; nothing else may differ.
#[test]
fn recordings_of_earlier_arithmetic_verify_but_for_near_ties() {
    for name in ["format-1.jsonl", "revision-1.jsonl"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(name);
        for kv in ["f32", "f16"] {
            let path = path.to_str().unwrap();
            let out = laserscope(&["trace", "verify", path, "--kv", kv, "--json"]);
            let said: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap_or_default();
            assert_eq!(said["verified"], true, "{name}, {kv}: {said}");
            assert_eq!(said["steps"], said["of"], "{name}, {kv}");
            for near in said["numeric"].as_array().unwrap() {
                assert!(near["margin"].as_f64().unwrap() <= 0.2, "{near}");
            }
        }
    }
}

#[test]
fn a_recording_verifies_and_a_doctored_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let at = path.to_str().unwrap();
    let recorded = laserscope(&[
        "generate",
        "--item",
        "i101",
        "--max-tokens",
        "16",
        "--trace",
        at,
    ]);
    assert!(recorded.status.success());
    let verify = || {
        let out = laserscope(&["trace", "verify", at, "--json"]);
        let said: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap_or_default();
        let problem = String::from_utf8_lossy(&out.stderr).into_owned();
        (out.status.code(), said, problem)
    };
    let (status, said, problem) = verify();
    assert_eq!(
        (status, &said["verified"]),
        (Some(0), &true.into()),
        "{problem}"
    );
    assert_eq!(said["largest_difference"], 0.0);
    let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
    let mut trace = Trace::load(file).unwrap();
    let save = |trace: &Trace| {
        let mut bytes = Vec::new();
        trace.save(&mut bytes).unwrap();
        std::fs::write(&path, bytes).unwrap();
    };
    trace.steps[1].rows[0].as_mut().unwrap().top[3].1 += 0.01;
    save(&trace);
    let (status, said, _) = verify();
    let found = &said["first_difference"];
    assert_eq!(
        (status, &found["step"], &found["what"]),
        (Some(1), &2.into(), &"probability".into())
    );
    trace.header.model.tokenizer_hash = "another".into();
    save(&trace);
    let (status, _, problem) = verify();
    assert_eq!(status, Some(1));
    assert!(problem.contains("another tokenizer"), "{problem}");
}

#[test]
fn the_pools_of_the_sample_are_there() {
    let engine = engine()
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let sizes = engine.pools.current.sizes(Some(&"item/crime".into()));
    let documents: Vec<usize> = sizes.iter().map(|s| s.documents).collect();
    assert!(documents[0] >= 30 && documents[1] >= 200, "{documents:?}");
}

fn laserscope(args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_laserscope"))
        .args(args)
        .args(["--model".as_ref(), model::path().as_os_str()])
        .output();
    output.unwrap()
}

#[test]
fn generate_prints_its_contract_and_the_trace_replays_it() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("run.jsonl");
    let out = laserscope(&[
        "generate",
        "--item",
        "i101",
        "--max-tokens",
        "24",
        "--json",
        "--trace",
        trace.to_str().unwrap(),
    ]);
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let said: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    for key in [
        "subject",
        "prompt_ids",
        "token_ids",
        "text",
        "finish",
        "verify",
        "params",
        "steps",
        "drafted",
        "accepted",
        "relaxed",
        "rejected",
        "lost",
        "unreached",
        "bonus",
        "mal",
        "repetition",
        "pool_hit_rate",
        "prompt_ms",
        "decode_ms",
        "tokens_per_s",
        "model",
        "device",
        "threads",
    ] {
        assert!(!said[key].is_null(), "{key} is missing");
    }
    assert_eq!(said["finish"], "length");
    let file = std::io::BufReader::new(std::fs::File::open(&trace).unwrap());
    let loaded = Trace::load(file).unwrap();
    let ids: Vec<u64> = said["token_ids"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_u64().unwrap())
        .collect();
    let recorded: Vec<u64> = loaded.token_ids().into_iter().map(u64::from).collect();
    assert_eq!(ids, recorded);
}

#[test]
fn a_batch_resumes_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("answers.jsonl");
    let batch = |limit: &str, more: &[&str]| {
        let options = [
            "generate",
            "--all",
            "users",
            "--half",
            "query",
            "--limit",
            limit,
            "--max-tokens",
            "8",
            "--out",
            out.to_str().unwrap(),
        ];
        let output = laserscope(&[&options, more].concat());
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        std::fs::read_to_string(&out).unwrap()
    };
    let first = batch("1", &[]);
    assert_eq!(first.lines().count(), 3);
    assert_eq!(
        batch("1", &[]),
        first,
        "the same command finds nothing to do"
    );
    let both = batch("2", &["--extend"]);
    assert!(both.starts_with(&first) && both.lines().count() == 6);
}

#[test]
fn mistakes_are_named_with_their_option_and_exit_statuses_differ() {
    let message = |args: &[&str], status: i32| {
        let out = Command::new(env!("CARGO_BIN_EXE_laserscope"))
            .args(args)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(status), "{said}");
        said
    };
    assert!(message(&["generate", "--item", "nobody"], 1).contains("nobody"));
    assert!(message(&["generate", "--item", "i101", "--tau", "2"], 2).contains("--tau"));
    assert!(message(&["generate", "--item", "i101", "--budget", "0"], 2).contains("--budget"));
    assert!(message(&["generate", "--item", "i101", "--framework", "x"], 1).contains("kar"));
    assert!(
        message(
            &["--model", "/nowhere/m.gguf", "generate", "--item", "i101"],
            1
        )
        .contains("/nowhere/m.gguf")
    );
    assert!(message(&["--catalog", "/nowhere", "catalog", "items"], 1).contains("/nowhere"));
    assert!(message(&["replay", "/nowhere.jsonl"], 1).contains("/nowhere.jsonl"));
    assert!(message(&[], 1).contains("terminal"), "no terminal is said");
}
