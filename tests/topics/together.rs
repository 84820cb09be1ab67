//! Many runs in one pass: each text equals that of the run alone, whatever shares its
//! passes; a batch interrupted anywhere resumes to the same result.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use laserscope::cli::{Cli, Command, GenerateArgs};
use laserscope::commands::batch::journal::{Entry, journal_path};
use laserscope::commands::batch::{Manifest, Plan, manifest_path, run_on};
use laserscope::engine::{Batch, BatchRoom, Engine, Prompts, RunSpec};
use laserscope::recsys::knowledge::read_knowledge;
use laserscope::recsys::{Catalog, Framework};
use laserscope::speculate::cost::{CostProfile, PassPoint};
use laserscope::speculate::params::{ALL_RANKS, AcceptanceRule, Budget, Params, Sampling, Sources};
use laserscope::speculate::passes::{self, PassRecord};
use laserscope::speculate::trace::{RowsBy, StartFrom, Trace};
use laserscope::speculate::verify::Finish;
use laserscope::speculate::whatif::{Change, what_if};
use proptest::prelude::*;

use super::engine::{engine, knowledge, params, run, spec, text};

/// A machine on which additional rows are cheap at first, then expensive.
fn costs() -> CostProfile {
    let pass = |sequences, rows, own, shared, pass_ms| PassPoint {
        sequences,
        rows,
        own,
        shared,
        pass_ms,
        spread: 0.0,
    };
    CostProfile {
        passes: vec![
            pass(1, 1, 100, 0, 3.3),
            pass(4, 4, 100, 0, 5.0),
            pass(8, 16, 100, 0, 8.0),
            pass(8, 64, 100, 0, 30.0),
            pass(4, 4, 600, 0, 5.4),
            pass(4, 4, 100, 512, 5.2),
        ],
        ..CostProfile::by_rows([(1, 3.3), (4, 5.2), (8, 7.5), (64, 41.0)])
    }
}

/// Runs about different subjects, some with a common prefix.
fn specs(questions: &[String], common: &str, params: Params) -> Vec<RunSpec> {
    let each = questions.iter().enumerate();
    each.map(|(i, question)| {
        let question = match i % 3 {
            2 => question.clone(),
            _ => format!("{common}{question}"),
        };
        let mut spec = spec(&question, params);
        spec.subject.id = format!("i{i}");
        spec
    })
    .collect()
}

fn room(engine: &Engine, specs: &[RunSpec], lanes: usize) -> BatchRoom {
    let mut prompts = Prompts::default();
    for spec in specs.iter().filter(|spec| spec.subject.id != "i2") {
        let rendered = engine.model.render_to_fit(&spec.prompt, 40).unwrap();
        prompts.add(&spec.subject.kind, &rendered.ids);
    }
    BatchRoom {
        lanes,
        own: BatchRoom::own_tokens(prompts.longest() + 40, 40, engine.model.context()),
        prefixes: prompts.prefixes(),
    }
}

/// Runs all specs in a batch of this many lanes; the traces in order of the specs, and the
/// passes.
fn together(engine: &mut Engine, specs: &[RunSpec], lanes: usize) -> (Vec<Trace>, Vec<PassRecord>) {
    let room = room(engine, specs, lanes);
    let batch = Batch::new(engine, &room, &mut |_, _| true).unwrap();
    let mut batch = batch.unwrap();
    let mut left = specs.iter();
    let (mut traces, mut passes) = (BTreeMap::new(), Vec::new());
    loop {
        while let Some(lane) = batch.free_lane() {
            let Some(spec) = left.next() else { break };
            batch.begin(lane, spec.clone()).unwrap();
        }
        let Some(pass) = batch.pass().unwrap() else {
            break;
        };
        assert!(pass.rows <= 256 && pass.lanes.iter().all(|lane| lane.rows <= 64));
        assert_eq!(
            pass.rows,
            pass.lanes.iter().map(|lane| lane.rows).sum::<usize>()
        );
        passes.push(pass);
        for ended in batch.take_ended() {
            let id = ended.trace.header.subject.id.clone();
            traces.insert(id, ended.trace);
        }
    }
    let in_order = specs
        .iter()
        .map(|spec| traces.remove(&spec.subject.id).unwrap());
    (in_order.collect(), passes)
}

/// Replaying the recorded trees on the model gives the trace's own results.
fn assert_replays(engine: &mut Engine, trace: &Trace) {
    let mut run = engine.begin_again(&trace.header, &mut |_, _| true).unwrap();
    for step in &trace.steps {
        let again = run.replay(step).unwrap();
        assert_eq!(again.rows, step.rows);
        assert_eq!(again.judged, step.judged);
        assert_eq!(again.verdict, step.verdict);
    }
    let same = what_if(trace, &Change::default());
    assert_eq!(same.n_exact(), trace.steps.len());
    let mut bytes = Vec::new();
    trace.save(&mut bytes).unwrap();
    assert!(Trace::load(bytes.as_slice()).unwrap() == *trace);
}

fn ids(traces: &[Trace]) -> Vec<Vec<u32>> {
    traces.iter().map(Trace::token_ids).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// Strict texts among others are those alone, and those without drafts; a trace of such
    /// a run says what happened.
    #[test]
    fn strict_texts_do_not_depend_on_their_neighbours(
        questions in prop::collection::vec(text(1..20), 2..9),
        common in text(18..30),
        documents in prop::collection::vec(text(1..60), 0..6),
        params in params(),
        lanes in 1usize..6,
        temperature in prop::option::of(0.3f32..1.5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = engine(folder.path());
        engine.start.cost = costs();
        let sampling = temperature.map(|temperature| Sampling { temperature, top_k: None, top_p: None, seed: 7 });
        let params = Params { sampling, max_tokens: 24, ..params };
        let plain = Params { verify: AcceptanceRule::Autoregressive, ..params };
        let plain: Vec<Trace> = specs(&questions, &common, plain)
            .into_iter().map(|spec| run(&mut engine, spec)).collect();
        engine.set_knowledge(&knowledge(&documents, &plain[0])).unwrap();
        let specs = specs(&questions, &common, params);
        let alone: Vec<Trace> = specs.iter().map(|spec| run(&mut engine, spec.clone())).collect();
        let (found, passes) = together(&mut engine, &specs, lanes);
        prop_assert_eq!(ids(&found), ids(&plain));
        prop_assert_eq!(ids(&found), ids(&alone));
        let n_tokens: usize = found.iter().map(|t| t.end.as_ref().unwrap().tokens).sum();
        prop_assert_eq!(passes.iter().map(|p| p.committed).sum::<usize>(), n_tokens);
        for (trace, plain) in found.iter().zip(&plain) {
            prop_assert_eq!(trace.end.as_ref().unwrap().finish, plain.end.as_ref().unwrap().finish);
            let shares = params.budget.is_auto() && params.drafts();
            prop_assert_eq!(trace.header.rows == RowsBy::Shared, shares);
            assert_replays(&mut engine, trace);
        }
        // One lane is one sequence alone, so the trees are equal, too.
        if lanes == 1 {
            for (trace, alone) in found.iter().zip(&alone) {
                let trees = |trace: &Trace| -> Vec<_> {
                    trace.steps.iter().map(|step| step.tree.clone()).collect()
                };
                prop_assert_eq!(trees(trace), trees(alone));
            }
        }
    }

    /// A lossy rule drafts by a fixed budget or a fixed price: repeated alone from its header,
    /// a run has the same trees and verdicts.
    #[test]
    fn lossy_texts_do_not_depend_on_their_neighbours(
        questions in prop::collection::vec(text(1..20), 2..9),
        common in text(18..30),
        documents in prop::collection::vec(text(1..60), 0..6),
        params in params(),
        lanes in 2usize..6,
        verify in prop::sample::select(vec![
            AcceptanceRule::Relaxed { k: 4, tau: 0.0 },
            AcceptanceRule::Margin { k: ALL_RANKS, m: 0.05 },
            AcceptanceRule::Deferred { h: 0.5, w: 1 },
        ]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = engine(folder.path());
        engine.start.cost = costs();
        let params = Params {
            verify,
            sources: Sources { online: false, ..params.sources },
            max_tokens: 24,
            ..params
        };
        let specs = specs(&questions, &common, params);
        let first = run(&mut engine, specs[0].clone());
        engine.set_knowledge(&knowledge(&documents, &first)).unwrap();
        let (found, _) = together(&mut engine, &specs, lanes);
        let (others, _) = together(&mut engine, &specs[..2], lanes);
        prop_assert_eq!(&ids(&others), &ids(&found)[..2]);
        for (spec, trace) in specs.iter().zip(&found) {
            prop_assert!(trace.header.rows.is_own());
            let start = StartFrom { cost: Some(trace.header.cost.clone()), ..StartFrom::default() };
            let alone = run(&mut engine, RunSpec { start, ..spec.clone() });
            let steps = |trace: &Trace| -> Vec<_> {
                trace.steps.iter().map(|s| (s.tree.clone(), s.verdict.clone())).collect()
            };
            prop_assert_eq!(steps(trace), steps(&alone));
            assert_replays(&mut engine, trace);
        }
    }
}

#[test]
fn a_batch_that_is_cancelled_ends_every_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let params = Params {
        max_tokens: 24,
        ..Params::default()
    };
    let all = specs(&["a".into(), "b".into()], "", params);
    let room = room(&engine, &all, 2);
    let batch = Batch::new(&mut engine, &room, &mut |_, _| true).unwrap();
    let mut batch = batch.unwrap();
    for (lane, spec) in all.iter().enumerate() {
        batch.begin(lane, spec.clone()).unwrap();
        assert!(batch.begin(lane, spec.clone()).is_err(), "it is taken");
    }
    while batch.traces().all(|(_, trace)| trace.steps.is_empty()) {
        batch.pass().unwrap().unwrap();
    }
    batch.cancel();
    assert!(batch.pass().unwrap().is_none());
    let ended = batch.take_ended();
    assert!(
        ended
            .iter()
            .all(|ended| ended.end.finish == Finish::Cancelled)
    );
    assert_eq!((ended.len(), batch.is_idle()), (2, true));
    // A prompt that leaves no room is an error for its own run only.
    let long = specs(&["x".repeat(600)], "", Params::default());
    assert!(batch.begin(0, long[0].clone()).is_err());
    assert_eq!(batch.free_lane(), Some(0));
}

/// Prompts short enough for the tiny model, with something in common.
const SHORT: &str = r#"
name = "short"
title = "Short"
about = "Short questions."
[item]
user = "Say what this one is about: {{ title }}"
opening = "ab"
[user]
user = "Say what this one likes: {{ name }}"
opening = "ab"
"#;

fn args(options: &[&str]) -> GenerateArgs {
    let line = ["laserscope", "generate"].iter().chain(options);
    match Cli::try_parse_from(line).unwrap().command {
        Some(Command::Generate(args)) => args,
        _ => panic!("another command"),
    }
}

/// Relaxed enough that the drafts show in the text.
fn relaxed() -> Params {
    Params {
        verify: AcceptanceRule::Relaxed { k: 4, tau: 0.0 },
        repeat_penalty: 1.0,
        max_tokens: 16,
        ..Params::default()
    }
}

fn strict() -> Params {
    Params {
        verify: AcceptanceRule::Strict,
        ..relaxed()
    }
}

fn whom(out: &Path) -> Vec<String> {
    let out = out.to_str().unwrap();
    let all = [
        "--all", "items", "--half", "query", "--limit", "4", "--out", out,
    ];
    all.map(String::from).to_vec()
}

fn generate(
    folder: &Path,
    params: Params,
    out: &Path,
    options: &[&str],
) -> color_eyre::Result<bool> {
    let whom = whom(out);
    let mut all: Vec<&str> = whom.iter().map(String::as_str).collect();
    all.extend(options);
    if !options.contains(&"--reference-every") {
        all.extend(["--reference-every", "0"]);
    }
    let (catalog, mut engine) = (Catalog::bundled()?, engine(folder));
    engine.start.cost = costs();
    let framework = Framework::parse("short.toml", SHORT)?;
    run_on(&mut engine, &catalog, &framework, params, &args(&all))
}

fn answers(folder: &Path, name: &str, params: Params, options: &[&str]) -> (PathBuf, Vec<u8>) {
    let out = folder.join(name);
    assert!(generate(folder, params, &out, options).unwrap());
    assert!(
        !journal_path(&out).exists(),
        "a finished batch leaves no journal"
    );
    let bytes = fs::read(&out).unwrap();
    (out, bytes)
}

#[test]
fn strict_answers_are_those_of_a_batch_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str, options: &[&str]| answers(folder.path(), name, strict(), options).1;
    let one = of("1.jsonl", &[]);
    assert!(one.iter().filter(|&&byte| byte == b'\n').count() >= 12);
    for batch in ["2", "3", "7"] {
        let grown = of(
            &format!("{batch}.jsonl"),
            &["--batch", batch, "--reference-every", "5"],
        );
        assert!(grown == one, "--batch {batch}");
        let fixed = of(
            &format!("{batch}f.jsonl"),
            &["--batch", batch, "--fixed-pools"],
        );
        assert!(fixed == one, "--batch {batch} --fixed-pools");
    }
}

#[test]
fn relaxed_answers_with_a_fixed_budget_are_those_of_a_batch_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let params = Params {
        budget: Budget::Rows(8),
        ..relaxed()
    };
    let of = |name: &str, options: &[&str]| answers(folder.path(), name, params, options).1;
    let one = of("1.jsonl", &["--fixed-pools"]);
    assert!(of("3.jsonl", &["--fixed-pools", "--batch", "3"]) == one);
    assert!(
        of("grown.jsonl", &[]) != one,
        "what is drafted shows in the text"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    /// Interrupted with any number of answers written, any others journaled, and a truncated
    /// last line in both files, it resumes to the same bytes.
    #[test]
    fn a_batch_that_was_killed_goes_on_as_if_it_had_not_been(
        is_strict in any::<bool>(),
        n_written in any::<prop::sample::Index>(),
        journaled in prop::collection::btree_set(0usize..40, 0..12),
        torn in 0usize..30,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let params = if is_strict { strict() } else { relaxed() };
        let options = ["--batch", "2"];
        let (out, whole) = answers(folder.path(), "whole.jsonl", params, &options);
        let docs = read_knowledge(&out).unwrap();
        let n_written = n_written.index(docs.len());
        let cut = folder.path().join("cut.jsonl");
        let lines: Vec<&[u8]> = whole.split_inclusive(|&byte| byte == b'\n').collect();
        let mut bytes = lines[..n_written].concat();
        bytes.extend(&lines[n_written][..torn.min(lines[n_written].len() - 1)]);
        fs::write(&cut, bytes).unwrap();
        let journaled: BTreeSet<usize> = journaled.into_iter().map(|at| at % docs.len()).collect();
        let mut journal = Vec::new();
        for at in journaled {
            let doc = docs[at].clone();
            passes::write_line(&mut journal, &Entry { at, doc }).unwrap();
        }
        journal.extend(&lines[0][..torn.min(lines[0].len() - 1)]);
        fs::write(journal_path(&cut), journal).unwrap();
        let mut stored = Manifest::load(&out).unwrap().unwrap();
        stored.finished = None;
        stored.save(&cut).unwrap();
        prop_assert!(generate(folder.path(), params, &cut, &["--batch", "2", "--resume"]).unwrap());
        prop_assert!(fs::read(&cut).unwrap() == whole);
        prop_assert_eq!(fs::read(manifest_path(&cut)).unwrap(), fs::read(manifest_path(&out)).unwrap());
        prop_assert!(!journal_path(&cut).exists());
    }
}

/// The error names the entry that is not this batch's.
#[test]
fn a_journal_that_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (out, _) = answers(folder.path(), "a.jsonl", strict(), &["--batch", "2"]);
    let docs = read_knowledge(&out).unwrap();
    let mut stored = Manifest::load(&out).unwrap().unwrap();
    stored.finished = None;
    stored.save(&out).unwrap();
    fs::write(&out, "").unwrap();
    let mut journal = Vec::new();
    let doc = docs[3].clone();
    passes::write_line(&mut journal, &Entry { at: 5, doc }).unwrap();
    fs::write(journal_path(&out), journal).unwrap();
    let error = generate(folder.path(), strict(), &out, &["--batch", "2"]).unwrap_err();
    let said = format!("{error:#}");
    assert!(
        said.contains("answer 6") && said.contains("delete the file"),
        "{said}"
    );
}

#[test]
fn an_earlier_manifest_is_resumed_one_by_one_or_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let (out, whole) = answers(folder.path(), "a.jsonl", strict(), &[]);
    let path = manifest_path(&out);
    let text = fs::read_to_string(&path).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["laserscope_batch"], 3);
    value["laserscope_batch"] = 2.into();
    value["finished"] = serde_json::Value::Null;
    value["conditions"].as_object_mut().unwrap().remove("batch");
    fs::write(&path, value.to_string()).unwrap();
    let first = whole.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    fs::write(&out, &whole[..first]).unwrap();
    let refused = generate(folder.path(), strict(), &out, &["--batch", "4"]).unwrap_err();
    let said = format!("{refused:#}");
    assert!(
        said.contains("batch: was 1, now 4") && said.contains("--extend"),
        "{said}"
    );
    assert!(generate(folder.path(), strict(), &out, &["--resume"]).unwrap());
    assert_eq!(fs::read(&out).unwrap(), whole);
}

#[test]
fn too_little_memory_is_refused_before_anything_is_generated() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a.jsonl");
    let options = ["--batch", "16", "--batch-memory", "200K"];
    let error = generate(folder.path(), strict(), &out, &options).unwrap_err();
    let said = format!("{error:#}");
    assert!(
        said.contains("--batch-memory allows 200 KiB") && said.contains("fits"),
        "{said}"
    );
    assert_eq!(fs::read(&out).unwrap_or_default(), b"");
    // `auto` takes what fits.
    let (out, one) = answers(folder.path(), "auto.jsonl", strict(), &["--batch", "auto"]);
    let lanes = Manifest::load(&out).unwrap().unwrap().conditions.batch;
    assert!([2, 4, 8, 16, 32].contains(&lanes), "{lanes}");
    let least = ["--batch", "auto", "--batch-memory", "1K"];
    let (least, same) = answers(folder.path(), "least.jsonl", strict(), &least);
    assert_eq!(Manifest::load(&least).unwrap().unwrap().conditions.batch, 1);
    assert_eq!(same, one);
}

/// The cost profile of a lossy rule with an automatic budget is in the manifest and in every
/// header.
#[test]
fn the_runs_and_the_passes_are_recorded() {
    let folder = tempfile::tempdir().unwrap();
    for (name, params, options) in [
        ("relaxed", relaxed(), &["--batch", "3"][..]),
        ("strict", strict(), &["--batch", "3"]),
        ("one", strict(), &[]),
    ] {
        let traces = folder.path().join(name);
        let mut options = options.to_vec();
        options.extend(["--traces", traces.to_str().unwrap()]);
        let (out, _) = answers(folder.path(), &format!("{name}.jsonl"), params, &options);
        let record = fs::read(traces.join("passes.jsonl")).unwrap();
        let (header, passes) = passes::read(record.as_slice()).unwrap();
        assert!(passes.iter().enumerate().all(|(i, pass)| pass.index == i));
        let together = Manifest::load(&out).unwrap().unwrap().together;
        let price = together.as_ref().and_then(|t| t.price.clone());
        assert_eq!(price.is_some(), name == "relaxed");
        assert_eq!(together.map(|t| t.lag), (name != "one").then_some(12));
        let mut engine = engine(folder.path());
        let docs = read_knowledge(&out).unwrap();
        assert_eq!(header.lanes, if name == "one" { 1 } else { 3 });
        let mut n_steps = 0;
        for doc in &docs {
            let path = traces.join(format!("{}-{}.jsonl", doc.kind, doc.id));
            let trace = Trace::load(fs::read(path).unwrap().as_slice()).unwrap();
            let cost = price.clone().unwrap_or_else(costs);
            assert_eq!(trace.header.cost, cost);
            assert_replays(&mut engine, &trace);
            n_steps += trace.steps.len();
        }
        let steps = passes.iter().flat_map(|pass| &pass.lanes);
        assert_eq!(steps.filter(|lane| lane.step.is_some()).count(), n_steps);
    }
}

/// The answers are in the file in the plan's order.
#[test]
fn a_plan_of_many_is_answered_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let (out, _) = answers(folder.path(), "a.jsonl", relaxed(), &["--batch", "2"]);
    let whom = whom(&out);
    let whom: Vec<&str> = whom.iter().map(String::as_str).collect();
    let catalog = Catalog::bundled().unwrap();
    let plan = Plan::of(&args(&whom), &catalog, &[]);
    let asked = plan
        .subjects
        .iter()
        .map(|&at| catalog.subject(at).id().to_string());
    let answered = read_knowledge(&out).unwrap().into_iter().map(|doc| doc.id);
    assert_eq!(answered.collect::<Vec<_>>(), asked.collect::<Vec<_>>());
}
