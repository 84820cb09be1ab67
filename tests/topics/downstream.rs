//! The downstream test: a planted leak is found, vectors do not depend on what is computed
//! beside them, and the program's test says what it did, goes on where it was stopped, and
//! gives the same figures again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Value as GgufValue;
use laserscope::downstream::folds::{Fold, folds};
use laserscope::downstream::leaks::{Leak, leaks};
use laserscope::downstream::rows::ClickRows;
use laserscope::downstream::rule_findings::read_tested_rules;
use laserscope::engine::EncodedAnswers;
use laserscope::recsys::Catalog;
use laserscope::speculate::sweep::TestedRules;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::engine::engine;
use super::tiny::{self, Family, VOCAB};

fn sample() -> (Catalog, ClickRows, Vec<Fold>) {
    let catalog = Catalog::bundled().expect("the sample");
    let everyone: Vec<usize> = (0..catalog.users.len()).collect();
    let rows = ClickRows::of(&catalog, &everyone);
    let folds = folds(&rows.users(), 4, 1);
    (catalog, rows, folds)
}

#[test]
fn rows_come_after_the_prompt_and_know_only_what_was_before() {
    let (catalog, rows, _) = sample();
    assert!(rows.rows.len() > 100, "{} rows", rows.rows.len());
    for row in &rows.rows {
        let user = &catalog.users[row.user];
        let shown = catalog.protocol.query_history(&user.history);
        let last = shown.last().expect("a prompt").at_s;
        let rated = user.history.iter();
        let own = { rated }.find(|rating| rating.item_idx() == row.item);
        let own = own.expect("a rating");
        assert!(own.at_s >= last && !shown.iter().any(|seen| seen.item_idx() == row.item));
        let above = catalog.protocol.positive_above_stars;
        assert_eq!(row.label, own.stars > above);
        assert!(row.history.iter().all(|seen| seen.item != row.item));
    }
}

#[test]
fn a_planted_leak_is_found_and_without_one_there_is_none() {
    let (catalog, rows, folds) = sample();
    assert_eq!(leaks(&catalog, &rows.rows, &folds), []);
    let shown = |user: usize| {
        let history = &catalog.users[user].history;
        catalog.protocol.query_history(history)[0].item_idx()
    };
    let with = |change: &dyn Fn(&mut ClickRows)| {
        let mut changed = rows.clone();
        change(&mut changed);
        leaks(&catalog, &changed.rows, &folds)
    };
    let item = with(&|rows| rows.rows[7].item = shown(rows.rows[7].user));
    assert_eq!(item, [Leak::InPrompt { row: 7 }]);
    let early = with(&|rows| {
        rows.rows[3].place = 0;
        rows.rows[3].history.clear();
    });
    assert_eq!(early, [Leak::BeforePrompt { row: 3 }]);
    let at = rows.rows.iter().position(|row| !row.history.is_empty());
    let at = at.expect("a row with a history");
    let own = with(&|rows| rows.rows[at].history[0].place = rows.rows[at].place);
    assert_eq!(own, [Leak::InHistory { row: at }]);
    let mut shared = folds.clone();
    let user = shared[1].test[0];
    shared[1].train.push(user);
    let found = leaks(&catalog, &rows.rows, &shared);
    assert_eq!(found, [Leak::SharedUser { fold: 1, user }]);
    let mut twice = folds.clone();
    twice[2] = twice[1].clone();
    let found = leaks(&catalog, &rows.rows, &twice);
    assert!(found.contains(&Leak::TestedTwice { user }), "{found:?}");
}

fn tokens(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(1..VOCAB as u32, len)
}

fn subjects() -> impl Strategy<Value = Vec<EncodedAnswers>> {
    let answers = prop::collection::vec(tokens(1..90), 0..4);
    let subject = (tokens(0..150), answers);
    let subject = subject.prop_map(|(prompt, answers)| EncodedAnswers { prompt, answers });
    let subjects = prop::collection::vec(subject, 1..12);
    let beginning = prop_oneof![Just(Vec::new()), tokens(1..200)];
    (beginning, subjects).prop_map(|(beginning, mut subjects)| {
        for subject in &mut subjects {
            subject.prompt.splice(..0, beginning.iter().copied());
        }
        subjects
    })
}

#[test]
fn a_vector_depends_on_its_own_text_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut engine = engine(folder.path());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let check = |(subjects, after): (Vec<EncodedAnswers>, Option<usize>)| {
        let mut encode = |subjects: &[EncodedAnswers]| {
            let found = engine.model.encode(subjects, after, &mut |_, _| true);
            found.expect("encodes").expect("not cancelled")
        };
        let together = encode(&subjects);
        prop_assert_eq!(together.len(), subjects.len());
        for (subject, vectors) in subjects.iter().zip(together) {
            prop_assert_eq!(vectors.len(), subject.answers.len());
            for (answer, vector) in subject.answers.iter().zip(vectors) {
                let alone = EncodedAnswers {
                    prompt: subject.prompt.clone(),
                    answers: vec![answer.clone()],
                };
                prop_assert_eq!(vector.len(), tiny::WIDTH);
                prop_assert_eq!(&encode(&[alone])[0][0], &vector);
            }
        }
        Ok(())
    };
    let check = std::cell::RefCell::new(check);
    let input = (subjects(), prop_oneof![Just(None), Just(Some(1))]);
    let run = runner.run(&input, |input| (check.borrow_mut())(input));
    run.expect("equal vectors");
}

#[test]
fn a_block_that_is_not_there_and_a_text_too_long_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut engine = engine(folder.path());
    let subject = |n: usize| EncodedAnswers {
        prompt: vec![5; n],
        answers: vec![vec![7; 3]],
    };
    let mut refused = |n: usize, after: usize| {
        let found = engine
            .model
            .encode(&[subject(n)], Some(after), &mut |_, _| true);
        format!("{:#}", found.expect_err("refused"))
    };
    assert!(refused(9, 3).contains("block 3: the model has 2"));
    assert!(refused(9, 0).contains("block 0"));
    assert!(refused(600, 1).contains("--context"));
}

/// Large enough for the sample's prompts, which the tiny tokenizer splits into letters.
const CONTEXT: u32 = 4096;

struct Place {
    folder: tempfile::TempDir,
    model: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let context = ("context_length", GgufValue::U32(CONTEXT));
        let model = tiny::write_gguf(
            folder.path(),
            Family::Llama,
            GgmlDType::F32,
            true,
            &[context],
        );
        Place { folder, model }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("test")
    }

    /// The program with this model, in a home of its own.
    fn command(&self) -> Command {
        let home = self.folder.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_laserscope"));
        for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env(variable, home);
        }
        command.env("LASERSCOPE_CACHE", home.join("cache"));
        command.env("XDG_CACHE_HOME", home).env("HF_HOME", home);
        command.args([
            "--offline",
            "--threads",
            "2",
            "--cost",
            "1:1.0,8:2.0,64:9.0",
        ]);
        command.args(["--context", &CONTEXT.to_string()]);
        command.arg("--model").arg(&self.model);
        command.stdin(Stdio::null());
        command
    }

    /// A small test on the sample, with these options besides.
    fn run(&self, options: &[&str]) -> Output {
        let mut command = self.command();
        command.args(["downstream", "--quick", "--users", "24", "--items", "12"]);
        command.args(["--max-tokens", "8", "--json", "--out"]);
        command.arg(self.out()).args(options);
        command.output().expect("runs")
    }

    fn report(&self, options: &[&str]) -> Value {
        let output = self.run(options);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let mut report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        report["seconds"] = Value::Null;
        report
    }
}

fn trainings(out: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(out.join("trainings")).expect("a folder");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files
}

#[test]
fn the_program_tests_goes_on_and_gives_the_same_again() {
    let place = Place::new();
    let first = place.report(&[]);
    assert_eq!(first["verdict"], Value::Null);
    let why = first["why_no_verdict"].as_str().expect("a reason");
    assert!(why.contains("synthetic"), "{why}");
    assert_eq!(first["reference"], "autoregressive");
    let refused = read_tested_rules(&place.out()).expect_err("synthetic ratings");
    assert!(refused.to_string().contains("synthetic"), "{refused}");
    let reduced = first["reduced"].as_array().expect("a list");
    assert!(
        reduced.iter().any(|said| said == "3 folds instead of 10"),
        "{reduced:?}"
    );
    let compared = first["backbones"][0]["comparisons"]
        .as_array()
        .expect("a list");
    let of = |arm: &str| compared.iter().find(|c| c["arm"] == arm).expect("an arm");
    // Strict texts are the autoregressive ones, to the token.
    assert_eq!(of("strict")["finding"], "identical");
    assert_eq!(of("strict")["auc"]["value"], 0.0);

    // What a kill left undone is done again, to the same bits.
    let files = trainings(&place.out());
    let was: Vec<Vec<u8>> = files
        .iter()
        .map(|file| fs::read(file).expect("reads"))
        .collect();
    for file in files.iter().step_by(2) {
        fs::remove_file(file).expect("removes");
    }
    let vectors = place.out().join(format!("hidden-{}.bin", tiny::WIDTH));
    let whole = fs::read(&vectors).expect("reads");
    fs::write(&vectors, &whole[..whole.len() / 2 + 5]).expect("writes");
    assert_eq!(place.report(&[]), first);
    assert_eq!(trainings(&place.out()), files);
    let is: Vec<Vec<u8>> = files
        .iter()
        .map(|file| fs::read(file).expect("reads"))
        .collect();
    assert!(was == is, "trainings differ");
}

#[test]
fn knowledge_of_a_file_is_an_arm_and_mistakes_are_named() {
    let place = Place::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/knowledge/items.jsonl");
    let arm = format!("mine={}", sample.display());
    let report = place.report(&["--arm", &arm]);
    assert_eq!(report["reference"], "mine");
    let arms = report["arms"].as_array().expect("a list");
    let mine = arms
        .iter()
        .find(|arm| arm["name"] == "mine")
        .expect("the arm");
    assert!(mine["items_without"].as_u64() < report["items"].as_u64());
    assert_eq!(mine["users_without"], report["users"]);
    for (options, said) in [
        (&["--arm", &arm, "--arm", &arm][..], "two arms"),
        (&["--arm", &arm, "--reference", "none"], "--reference none"),
        (&["--arm", &arm, "--folds", "60"], "--folds"),
        (&["--arm", &arm, "--layer", "9"], "block 9"),
    ] {
        let output = place.run(options);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && errors.contains(said),
            "{errors}"
        );
    }
}

/// The report of a finished test with two rules, in a folder.
pub fn tested_rules(folder: &Path) -> TestedRules {
    let auc = |value: f64| json!({"value": value, "low": value - 0.001, "high": value + 0.001});
    let compared = |arm: &str, with: &str, value: f64, finding: &str| json!({"arm": arm, "with": with, "auc": auc(value), "finding": finding});
    let report = json!({
        "catalog": "ml-small", "reference": "autoregressive", "level": 0.9,
        "why_no_verdict": null,
        "arms": [
            {"name": "none"},
            {"name": "autoregressive", "rule": "autoregressive"},
            {"name": "strict", "rule": "strict"},
            {"name": "wide", "rule": "relaxed", "k": 5, "tau": 0.05},
        ],
        "backbones": [{"name": "DIN", "comparisons": [
            compared("strict", "autoregressive", 0.0, "identical"),
            compared("wide", "autoregressive", -0.0031, "worse"),
            compared("autoregressive", "none", 0.004, "better"),
        ]}],
    });
    fs::write(folder.join("report.json"), report.to_string()).expect("writes");
    read_tested_rules(folder).expect("reads")
}

#[test]
fn a_sweep_shows_what_a_finished_test_found_about_its_rules() {
    let place = Place::new();
    let folder = place.folder.path();
    tested_rules(folder);
    let sweep = |folder: &Path, form: &str| {
        let mut command = place.command();
        command.args([
            "sweep",
            "--items",
            "1",
            "--paired",
            "1",
            "--max-tokens",
            "8",
        ]);
        command.args(["--rules", "strict,relaxed", "--k", "5", "--tau", "0.05,0.1"]);
        command.arg("--downstream").arg(folder).args([form]);
        command.output().expect("runs")
    };
    let said = String::from_utf8(sweep(folder, "--csv").stdout).expect("text");
    let head = said.lines().next().expect("a head");
    assert!(head.ends_with("auc_difference_DIN,auc_difference_DIN_low,auc_difference_DIN_high,auc_difference_DIN_finding"), "{head}");
    let line = |begin: &str| {
        said.lines()
            .find(|line| line.starts_with(begin))
            .expect("a line")
    };
    assert!(
        line("strict").ends_with("0.000000,-0.001000,0.001000,identical"),
        "{said}"
    );
    assert!(
        said.contains(",-0.003100,-0.004100,-0.002100,worse\n"),
        "{said}"
    );
    assert_eq!(
        said.lines().filter(|line| line.ends_with(",,,,")).count(),
        2,
        "{said}"
    );
    let cells: Value = serde_json::from_slice(&sweep(folder, "--json").stdout).expect("JSON");
    let cells = cells["cells"].as_array().expect("cells");
    let of = |tau: f64| {
        let is_it = |cell: &&Value| {
            cell["tau"]
                .as_f64()
                .is_some_and(|is| (is - tau).abs() < 1e-6)
        };
        &cells.iter().find(is_it).expect("a cell")["auc_differences"]
    };
    assert_eq!(of(0.05)[0]["finding"], "worse");
    assert_eq!(*of(0.1), Value::Null);
    let refused = sweep(&folder.join("nothing"), "--json");
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(
        errors.contains("--downstream") && errors.contains("no finished test"),
        "{errors}"
    );
}
