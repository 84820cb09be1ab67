//! Knowledge for everyone: the order, growing pools, and that a batch interrupted
//! anywhere and resumed writes what an uninterrupted one writes.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use laserscope::cli::{Cli, Command, GenerateArgs};
use laserscope::commands::batch::{Manifest, Plan, manifest_path, run_on};
use laserscope::commands::knowledge::merge;
use laserscope::engine::Engine;
use laserscope::recsys::knowledge::read_knowledge;
use laserscope::recsys::{Catalog, Framework, KnowledgeDoc, KnowledgeLog, Subject};
use laserscope::speculate::params::{AcceptanceRule, Budget, Params, Source, Sources};
use proptest::prelude::*;

use super::engine::engine;

/// Prompts short enough for the tiny model.
const SHORT: &str = r#"
name = "short"
title = "Short"
about = "Short questions."
[item]
user = "About {{ title }}"
opening = "ab"
[user]
user = "About {{ name }}"
opening = "ab"
"#;

fn framework() -> Framework {
    Framework::parse("short.toml", SHORT).unwrap()
}

fn args(options: &[&str]) -> GenerateArgs {
    let line = ["laserscope", "generate"].iter().chain(options);
    match Cli::try_parse_from(line).unwrap().command {
        Some(Command::Generate(args)) => args,
        _ => panic!("another command"),
    }
}

/// So relaxed that the drafts affect the text.
fn params() -> Params {
    Params {
        verify: AcceptanceRule::Relaxed { k: 4, tau: 0.0 },
        repeat_penalty: 1.0,
        max_tokens: 24,
        ..Params::default()
    }
}

fn generate(folder: &Path, out: &Path, options: &[&str]) -> color_eyre::Result<bool> {
    generate_by(params(), folder, out, options)
}

fn generate_by(
    params: Params,
    folder: &Path,
    out: &Path,
    options: &[&str],
) -> color_eyre::Result<bool> {
    let out = out.to_str().unwrap();
    let mut all = vec!["--all", "both", "--half", "query", "--out", out];
    if !options.contains(&"--limit") {
        all.extend(["--limit", "1"]);
    }
    all.extend(options);
    let (catalog, mut engine) = (Catalog::bundled()?, engine(folder));
    run_on(&mut engine, &catalog, &framework(), params, &args(&all))
}

fn done(folder: &Path, out: &Path, options: &[&str]) {
    assert!(generate(folder, out, options).unwrap());
}

fn refused(folder: &Path, out: &Path, options: &[&str]) -> String {
    format!("{:#}", generate(folder, out, options).unwrap_err())
}

fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}

fn subjects(docs: &[KnowledgeDoc]) -> Vec<String> {
    docs.iter()
        .map(|d| format!("{}/{}/{}", d.kind, d.group, d.id))
        .collect()
}

#[test]
fn everyone_is_asked_once_and_group_by_group() {
    let catalog = Catalog::bundled().unwrap();
    let plan = Plan::of(&args(&["--all", "both"]), &catalog, &[]);
    let mut groups: Vec<(_, String)> = Vec::new();
    for &at in &plan.subjects {
        let group = (at.kind, catalog.subject(at).group().to_string());
        if groups.last() != Some(&group) {
            groups.push(group);
        }
    }
    let mut once = groups.clone();
    once.sort();
    once.dedup();
    assert_eq!(
        once.len(),
        groups.len(),
        "a group is not left and entered again"
    );
    let n = catalog.items.len() + catalog.users.len();
    assert_eq!(plan.subjects.len() + plan.n_without_history, n);
}

#[test]
fn shards_are_the_whole_order() {
    let catalog = Catalog::bundled().unwrap();
    let of = |options: &[&str]| Plan::of(&args(options), &catalog, &[]).subjects;
    let whole = of(&["--all", "both"]);
    for n in [1, 3, 7, 16] {
        let shards = (1..=n).map(|i| of(&["--all", "both", "--shard", &format!("{i}/{n}")]));
        assert_eq!(shards.collect::<Vec<_>>().concat(), whole);
    }
}

/// Truncated at every byte, the file is repaired to whole answers; and from every
/// number of answers, the rest is the same.
#[test]
fn a_batch_cut_anywhere_and_resumed_equals_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let out = file(folder.path(), "answers.jsonl");
    done(folder.path(), &out, &["--reference-every", "2"]);
    let whole = fs::read(&out).unwrap();
    let docs = read_knowledge(&out).unwrap();
    assert!(docs.len() >= 8, "{:?}", subjects(&docs));
    let cut = file(folder.path(), "cut.jsonl");
    let lines: Vec<usize> = (0..whole.len()).filter(|&i| whole[i] == b'\n').collect();
    for n_bytes in 0..=whole.len() {
        fs::write(&cut, &whole[..n_bytes]).unwrap();
        let found = KnowledgeLog::open(&cut).unwrap().found.len();
        let n_whole = lines.iter().filter(|&&at| at <= n_bytes).count();
        assert_eq!(found, n_whole, "cut behind {n_bytes} bytes");
    }
    let manifest = fs::read(manifest_path(&out)).unwrap();
    for n_lines in 0..docs.len() {
        let n_bytes = n_lines.checked_sub(1).map_or(0, |last| lines[last] + 1);
        fs::write(&cut, &whole[..n_bytes + 9]).unwrap();
        // As before the last answer, with this run's cost profile.
        let mut stored: Manifest = serde_json::from_slice(&manifest).unwrap();
        stored.finished = None;
        stored.save(&cut).unwrap();
        done(folder.path(), &cut, &["--resume"]);
        assert!(
            fs::read(&cut).unwrap() == whole,
            "resumed behind {n_lines} answers"
        );
        assert_eq!(fs::read(manifest_path(&cut)).unwrap(), manifest);
    }
}

/// Earlier answers affect an answer, unless the pools are fixed.
#[test]
fn answers_join_the_pools_unless_they_are_fixed() {
    let folder = tempfile::tempdir().unwrap();
    let [grown, fixed] = ["grown", "fixed"].map(|name| file(folder.path(), name));
    // Whatever a pass costs here, there are drafts.
    let params = Params {
        budget: Budget::Rows(8),
        ..params()
    };
    assert!(generate_by(params, folder.path(), &grown, &[]).unwrap());
    assert!(generate_by(params, folder.path(), &fixed, &["--fixed-pools"]).unwrap());
    let [grown, fixed] = [grown, fixed].map(|out| read_knowledge(&out).unwrap());
    assert_eq!(subjects(&grown), subjects(&fixed));
    assert_eq!(grown[0], fixed[0], "the first has nothing before it");
    assert_ne!(grown, fixed);
}

#[test]
fn other_settings_are_named_and_can_be_added_to() {
    let folder = tempfile::tempdir().unwrap();
    let out = file(folder.path(), "answers.jsonl");
    done(folder.path(), &out, &[]);
    let before = fs::read(&out).unwrap();
    // The same command has nothing to do.
    done(folder.path(), &out, &[]);
    assert_eq!(fs::read(&out).unwrap(), before);
    for options in [&["--fixed-pools"][..], &["--fixed-pools", "--resume"]] {
        let said = refused(folder.path(), &out, options);
        assert!(said.contains("fixed pools: was false, now true"), "{said}");
        assert!(said.contains("--extend"), "{said}");
    }
    assert_eq!(fs::read(&out).unwrap(), before);
    done(
        folder.path(),
        &out,
        &["--fixed-pools", "--extend", "--limit", "2"],
    );
    let docs = read_knowledge(&out).unwrap();
    let mut once = subjects(&docs);
    once.sort();
    once.dedup();
    assert_eq!(once.len(), docs.len());
    assert!(fs::read(&out).unwrap().starts_with(&before));
    // Foreign files are appended to, but not with --resume.
    let own = file(folder.path(), "own.jsonl");
    fs::write(&own, &before).unwrap();
    assert!(refused(folder.path(), &own, &["--resume"]).contains("they are not from a batch"));
    done(folder.path(), &own, &[]);
    assert_eq!(fs::read(&own).unwrap(), before, "everyone is there");
}

#[test]
fn a_file_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = file(folder.path(), "answers.jsonl");
    done(folder.path(), &out, &[]);
    let text = fs::read_to_string(&out).unwrap();
    let without_second: Vec<&str> = text
        .lines()
        .enumerate()
        .filter(|l| l.0 != 1)
        .map(|l| l.1)
        .collect();
    fs::write(&out, without_second.join("\n") + "\n").unwrap();
    let said = refused(folder.path(), &out, &[]);
    assert!(said.contains("answer 2 of the batch"), "{said}");
    let open = KnowledgeLog::open(&out).unwrap();
    assert!(refused(folder.path(), &out, &[]).contains("another command"));
    drop(open);
}

#[test]
fn shards_are_merged_in_order_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let shards: Vec<PathBuf> = (1..=3)
        .map(|i| {
            let out = file(folder.path(), &format!("shard-{i}.jsonl"));
            done(folder.path(), &out, &["--shard", &format!("{i}/3")]);
            out
        })
        .collect();
    let whole = file(folder.path(), "whole.jsonl");
    done(folder.path(), &whole, &[]);
    let order = subjects(&read_knowledge(&whole).unwrap());
    let reversed: Vec<PathBuf> = shards.iter().rev().cloned().collect();
    assert_eq!(subjects(&merge(&reversed, false).unwrap()), order);
    let message = |shards: &[PathBuf]| format!("{:#}", merge(shards, false).unwrap_err());
    assert!(message(&shards[..2]).contains("missing: 3/3"));
    assert_eq!(
        subjects(&merge(&shards[..1], true).unwrap())[..],
        order[..merge(&shards[..1], true).unwrap().len()]
    );
    let twice = [shards.clone(), vec![shards[1].clone()]].concat();
    assert!(message(&twice).contains("both shard 2/3"));
    assert!(message(&[whole]).contains("a whole batch"));
    // A shard of another batch.
    let other = file(folder.path(), "other.jsonl");
    done(folder.path(), &other, &["--shard", "3/3", "--fixed-pools"]);
    let said = message(&[shards[0].clone(), shards[1].clone(), other]);
    assert!(
        said.contains("different batches") && said.contains("fixed pools"),
        "{said}"
    );
    // Two answers to one question.
    let mut docs = read_knowledge(&shards[1]).unwrap();
    docs[0] = KnowledgeDoc {
        text: "otherwise".into(),
        ..read_knowledge(&shards[0]).unwrap()[0].clone()
    };
    let lines = docs
        .iter()
        .map(|d| serde_json::to_string(d).unwrap() + "\n");
    fs::write(&shards[1], lines.collect::<String>()).unwrap();
    assert!(message(&shards).contains("different answers"));
}

/// The online source is another way to draft from earlier answers; it resumes the same way.
#[test]
fn with_online_answers_a_batch_resumes_alike() {
    let folder = tempfile::tempdir().unwrap();
    let out = file(folder.path(), "answers.jsonl");
    let run = |out: &Path, engine: &mut Engine| {
        let options = [
            "--all",
            "items",
            "--half",
            "query",
            "--limit",
            "1",
            "--out",
            out.to_str().unwrap(),
        ];
        let params = Params {
            sources: Sources {
                online: true,
                ..Sources::ALL
            },
            ..params()
        };
        let catalog = Catalog::bundled().unwrap();
        run_on(engine, &catalog, &framework(), params, &args(&options)).unwrap()
    };
    let mut first = engine(folder.path());
    assert!(run(&out, &mut first));
    let online = first
        .pools
        .current
        .sizes(None)
        .into_iter()
        .find(|s| s.source == Source::Online);
    let whole = fs::read_to_string(&out).unwrap();
    assert_eq!(online.map(|s| s.documents), Some(whole.lines().count()));
    let half: Vec<&str> = whole.lines().take(2).collect();
    fs::write(&out, half.join("\n")).unwrap();
    assert!(run(&out, &mut engine(folder.path())));
    assert_eq!(fs::read_to_string(&out).unwrap(), whole);
}

#[test]
fn users_without_history_are_left_out() {
    let mut catalog = Catalog::bundled().unwrap();
    catalog.protocol.positive_above_stars = 5.0;
    let plan = Plan::of(&args(&["--all", "users"]), &catalog, &[]);
    assert_eq!(
        (plan.subjects.len(), plan.n_without_history),
        (0, catalog.users.len())
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Subjects with an answer are skipped, whichever they are.
    #[test]
    fn who_is_known_is_skipped(known in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let catalog = Catalog::bundled().unwrap();
        let all = Plan::of(&args(&["--all", "both"]), &catalog, &[]).subjects;
        let doc = |at: &prop::sample::Index| {
            let subject = catalog.subject(all[at.index(all.len())]);
            let kind = match subject { Subject::Item(_) => "item", Subject::User(_) => "user" };
            KnowledgeDoc {
                id: subject.id().into(), kind: kind.parse().unwrap(), group: "none".into(),
                framework: "kar".into(), model: "m".into(), text: "t".into(), ended: true,
            }
        };
        let known: Vec<KnowledgeDoc> = known.iter().map(doc).collect();
        let rest = Plan::of(&args(&["--all", "both"]), &catalog, &known).subjects;
        let is_known = |id: &str, kind| known.iter().any(|d| d.id == id && d.kind == kind);
        let expected: Vec<_> = all.iter().copied()
            .filter(|&at| !is_known(catalog.subject(at).id(), at.kind)).collect();
        prop_assert_eq!(rest, expected);
    }
}
