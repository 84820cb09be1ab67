//! `laserscope score` over small logs.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use laserscope::recsys::logs::LogFormat;
use serde_json::{Value, json};
use strum::VariantArray;

pub(super) fn call(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_laserscope"));
    command.args(args).output().expect("runs")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn report(args: &[&str]) -> Value {
    let output = call(&[args, &["--json"]].concat());
    assert!(output.status.success(), "{}", told(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The message of a call that fails with this status.
fn refused(args: &[&str], status: i32) -> String {
    let output = call(args);
    assert_eq!(output.status.code(), Some(status), "{}", told(&output));
    assert!(output.stdout.is_empty());
    told(&output)
}

/// Token ids that repeat each other: answer `n` of a group is its phrase with a word of its
/// own.
fn ids(group: u32, n: u32) -> Vec<u32> {
    let phrase = (0..24).map(|i| 100 * group + (i * i + i / 3) % 31);
    let own = std::iter::once(5000 + n);
    let tail = (0..24).map(|i| 100 * group + (i * 7) % 29);
    phrase.chain(own).chain(tail).collect()
}

pub(super) struct Shelf {
    folder: tempfile::TempDir,
}

impl Shelf {
    pub(super) fn new() -> Self {
        Shelf {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        text_of(&path)
    }

    /// A log of token ids with groups and times.
    pub(super) fn log(&self, name: &str, n: u32) -> String {
        let line = |n: u32| {
            let line = json!({
                "id": format!("r{n}"),
                "group": format!("g{}", n % 2),
                "prompt_token_ids": [1, 2, 7000 + n],
                "token_ids": ids(1 + n % 2, n),
                "startTime": 1_700_000_000 + 10 * n,
                "endTime": 1_700_000_004 + 10 * n,
            });
            format!("{line}\n")
        };
        self.write(name, &(0..n).map(line).collect::<String>())
    }
}

pub(super) fn text_of(path: &Path) -> String {
    path.to_str().unwrap().to_string()
}

fn mal(report: &Value, way: usize) -> f64 {
    report["ways"][way]["mal"].as_f64().unwrap()
}

#[test]
fn earlier_answers_draft_for_later_ones() {
    let shelf = Shelf::new();
    let log = shelf.log("log.jsonl", 12);
    let report = report(&["score", &log, "--budget", "8,16"]);
    assert_eq!(report["answers"], 12);
    assert_eq!(report["tokens"], 12 * 49);
    assert_eq!(report["split"], "time");
    assert_eq!(report["split_note"], Value::Null);
    assert_eq!(report["complete"], true);
    assert_eq!(report["encoded"]["by_ids"], 12);
    assert!(mal(&report, 0) > 3.0, "{report}");
    for way in report["ways"].as_array().unwrap() {
        let count = |name: &str| way[name].as_u64().unwrap();
        let fates = ["accepted", "relaxed", "rejected", "lost", "unreached"];
        let drafted: u64 = fates.iter().map(|fate| count(fate)).sum();
        assert_eq!(drafted, count("drafted"));
        assert_eq!(way["judged"], 1.0);
        for parts in ["by_position", "by_group"] {
            let parts = way[parts].as_array().unwrap();
            let tokens = parts.iter().map(|part| part["tokens"].as_u64().unwrap());
            assert_eq!(tokens.sum::<u64>(), count("tokens"));
        }
        let fields = &way["by_field"];
        let of_fields = ["prompt", "answer"].map(|f| fields[f]["drafted"].as_u64().unwrap());
        let sources = way["by_source"].as_array().unwrap().iter();
        let local = sources.filter(|source| source["source"] == "local");
        let local: u64 = local
            .map(|source| source["drafted"].as_u64().unwrap())
            .sum();
        assert_eq!(of_fields.iter().sum::<u64>(), local);
    }
}

#[test]
fn without_times_later_lines_come_later_and_that_is_said() {
    let shelf = Shelf::new();
    let log = shelf.log("log.jsonl", 10);
    let text = std::fs::read_to_string(&log).unwrap();
    let untimed = shelf.write("untimed.jsonl", &text.replace("endTime", "unknown"));
    let timed = report(&["score", &log, "--budget", "8"]);
    let untimed = report(&["score", &untimed, "--budget", "8"]);
    let note = untimed["split_note"].as_str().unwrap();
    assert!(
        note.contains("10 of 10 answers lack") && note.contains("later lines"),
        "{note}"
    );
    // The lines are in the order of their times, and none overlaps.
    assert_eq!(timed["ways"], untimed["ways"]);
}

#[test]
fn every_protocol_is_there() {
    let shelf = Shelf::new();
    let log = shelf.log("log.jsonl", 12);
    let of = |split: &str| report(&["score", &log, "--budget", "8", "--split", split]);
    assert_eq!(of("half")["answers"], 6);
    let all = of("leave-one-out");
    assert_eq!(all["answers"], 12);
    assert!(mal(&all, 0) > mal(&of("time"), 0));
    let missing = refused(&["score", &log, "--split", "pool"], 1);
    assert!(missing.contains("--pool FOLDER"), "{missing}");
}

#[test]
fn a_pool_alone_gives_the_figures_of_the_bench() {
    let shelf = Shelf::new();
    let text = |docs: &[Vec<u32>]| {
        let line = |ids: &Vec<u32>| ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        docs.iter().fold(String::new(), |mut text, doc| {
            writeln!(text, "{}", line(doc)).unwrap();
            text
        })
    };
    let pool: Vec<_> = (0..20).map(|n| ids(1 + n % 2, n)).collect();
    let held: Vec<_> = (20..30).map(|n| ids(1 + n % 2, n)).collect();
    let prompts: Vec<_> = (0..10).map(|n| vec![1, 2, 6000 + n]).collect();
    let groups = |n: u32| (0..n).fold(String::new(), |text, i| text + &format!("g{}\n", i % 2));
    let pool_file = shelf.write("pool.txt", &text(&pool));
    let held_file = shelf.write("held.txt", &text(&held));
    let prompts_file = shelf.write("prompts.txt", &text(&prompts));
    let (pool_groups, held_groups) = (
        shelf.write("pg.txt", &groups(20)),
        shelf.write("hg.txt", &groups(10)),
    );
    let bench = report(&[
        "bench",
        "retrieval",
        "--pool",
        &pool_file,
        "--groups",
        &pool_groups,
        "--heldout",
        &held_file,
        "--prompts",
        &prompts_file,
        "--heldout-groups",
        &held_groups,
        "--drafter",
        "blend,laser",
    ]);
    let folder = text_of(&shelf.path("ids.pool"));
    let built = call(&[
        "pool",
        "build",
        &folder,
        "--tokens",
        &pool_file,
        "--groups",
        &pool_groups,
    ]);
    assert!(built.status.success(), "{}", told(&built));
    let line = |(i, (doc, prompt)): (usize, (&Vec<u32>, &Vec<u32>))| {
        let prompt = [prompt.as_slice(), &doc[..1]].concat();
        let group = format!("g{}", i % 2);
        let line = json!({"prompt_token_ids": prompt, "token_ids": doc[1..], "group": group});
        format!("{line}\n")
    };
    let lines = held.iter().zip(&prompts).enumerate().map(line);
    let log = shelf.write("held.jsonl", &lines.collect::<String>());
    let scored = report(&[
        "score",
        &log,
        "--pool",
        &folder,
        "--learn",
        "--opening",
        "1",
        "--drafter",
        "blend,laser",
    ]);
    let ways = scored["ways"].as_array().unwrap();
    assert_eq!(ways.len(), 8);
    for (figures, way) in bench["figures"].as_array().unwrap().iter().zip(ways) {
        assert_eq!(figures["drafter"], way["drafter"]);
        assert_eq!(
            figures["budget"].to_string(),
            way["budget"].as_str().unwrap()
        );
        assert_eq!(figures["mal"], way["mal"], "{way}");
        assert_eq!(figures["nodes"], way["rows"]);
    }
    assert_eq!(scored["split"], "pool-only");
    assert_eq!(scored["pool"]["documents"], 20);
}

#[test]
fn groups_are_compared_with_random_ones() {
    let shelf = Shelf::new();
    let log = shelf.log("log.jsonl", 16);
    let report = report(&[
        "score",
        &log,
        "--by-group",
        "--budget",
        "8",
        "--split",
        "leave-one-out",
    ]);
    let ways = report["ways"].as_array().unwrap();
    let names: Vec<_> = ways
        .iter()
        .map(|way| way["arrangement"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "none",
            "random-group",
            "own-group",
            "global",
            "own-group-and-global"
        ]
    );
    assert!(mal(&report, 2) >= mal(&report, 1), "{report}");
    assert!(mal(&report, 1) > mal(&report, 0), "{report}");
    let by_group = ways[0]["by_group"].as_array().unwrap();
    assert_eq!(by_group.len(), 2);
    // Without groups in the log there is one.
    let one = shelf.write(
        "one.jsonl",
        &std::fs::read_to_string(&log)
            .unwrap()
            .replace("\"group\"", "\"other\""),
    );
    let report = self::report(&["score", &one, "--budget", "8"]);
    assert_eq!(report["ways"][0]["by_group"].as_array().unwrap().len(), 1);
}

#[test]
fn costs_give_a_best_budget() {
    let shelf = Shelf::new();
    let log = shelf.log("log.jsonl", 12);
    let dear = refused(&["score", &log, "--budget", "auto"], 1);
    assert!(dear.contains("--cost"), "{dear}");
    let flat = report(&["score", &log, "--cost", "1:10,64:10.1"]);
    assert_eq!(flat["ways"].as_array().unwrap().len(), 7);
    let speed_up = |report: &Value, at: usize| report["ways"][at]["est_speedup"].as_f64().unwrap();
    let best = flat["best"].as_u64().unwrap() as usize;
    assert!((0..7).all(|at| speed_up(&flat, at) <= speed_up(&flat, best)));
    assert!(speed_up(&flat, best) > 2.0, "{flat}");
    let steep = report(&[
        "score",
        &log,
        "--cost",
        "1:10,64:6400",
        "--budget",
        "16,auto",
    ]);
    assert!(speed_up(&steep, 0) < 1.0);
    assert_eq!(
        steep["best"], 1,
        "drafting that does not pay is switched off"
    );
    let free = report(&["score", &log, "--budget", "8"]);
    assert_eq!(free["ways"][0].get("est_speedup"), None);
}

#[test]
fn csv_has_a_line_per_answer_and_way() {
    let shelf = Shelf::new();
    let log = shelf.log("log.jsonl", 5);
    let output = call(&["score", &log, "--csv", "--budget", "4,8"]);
    assert!(output.status.success(), "{}", told(&output));
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let heads = reader.headers().unwrap().clone();
    let at = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 10);
    let tokens = rows
        .iter()
        .map(|row| row[at("tokens")].parse::<usize>().unwrap());
    assert_eq!(tokens.sum::<usize>(), 2 * 5 * 49);
    assert_eq!((&rows[0][at("id")], &rows[0][at("budget")]), ("r0", "4"));
    assert!(rows[1][at("place")].ends_with("log.jsonl:1"));
}

/// A greedy log with two candidates at each place, the second one `p` probable.
fn greedy(p: f64) -> String {
    let line = |n: u32| {
        let tokens = ids(1, n);
        let place = |&id: &u32| {
            json!({
                "token": format!("token_id:{id}"),
                "logprob": (1.0 - p).ln(),
                "top_logprobs": [
                    {"token": format!("token_id:{id}"), "logprob": (1.0 - p).ln()},
                    {"token": format!("token_id:{}", id + 1), "logprob": p.ln()},
                ],
            })
        };
        let content: Vec<Value> = tokens.iter().map(place).collect();
        let line = json!({
            "id": n,
            "prompt_token_ids": [1, 2],
            "choices": [{
                "message": {"role": "assistant", "content": "x"},
                "finish_reason": "length",
                "token_ids": tokens,
                "logprobs": {"content": content},
            }],
        });
        format!("{line}\n")
    };
    (0..6).map(line).collect()
}

#[test]
fn lossy_rules_need_greedy_answers_with_their_candidates() {
    let shelf = Shelf::new();
    let ids_alone = shelf.log("ids.jsonl", 4);
    let unsaid = refused(&["score", &ids_alone, "--verify", "relaxed"], 1);
    assert!(
        unsaid.contains("--logprobs raw or --logprobs penalized"),
        "{unsaid}"
    );
    let lossy = [
        "--verify",
        "relaxed",
        "--logprobs",
        "penalized",
        "--budget",
        "8",
    ];
    let with = |log: &str, more: &[&str]| [&["score", log], &lossy[..], more].concat().join("\t");
    let args = |line: &str| line.split('\t').map(str::to_string).collect::<Vec<_>>();
    let refused_with = |log: &str, more: &[&str]| {
        let line = args(&with(log, more));
        refused(&line.iter().map(String::as_str).collect::<Vec<_>>(), 1)
    };
    let missing = refused_with(&ids_alone, &[]);
    assert!(
        missing.contains("ids.jsonl:1") && missing.contains("top_logprobs"),
        "{missing}"
    );
    let typical = refused(&["score", &ids_alone, "--verify", "typical"], 1);
    assert!(typical.contains("whole distribution"), "{typical}");
    let deferred = refused(&["score", &ids_alone, "--verify", "deferred"], 1);
    assert!(
        deferred.contains("--verify deferred") && deferred.contains("entropy"),
        "{deferred}"
    );
    let log = shelf.write("greedy.jsonl", &greedy(0.05));
    let sampled = shelf.write("sampled.jsonl", &greedy(0.6));
    let sampled = refused_with(&sampled, &[]);
    assert!(
        sampled.contains("sampled.jsonl:1") && sampled.contains("not the most probable"),
        "{sampled}"
    );
    let few = refused_with(&log, &["--k", "3"]);
    assert!(few.contains("the 3 most probable"), "{few}");
    // No second choice is probable enough: the same as strict.
    let line = args(&with(&log, &[]));
    let relaxed = report(&line.iter().map(String::as_str).collect::<Vec<_>>());
    let strict = report(&["score", &log, "--budget", "8"]);
    assert_eq!(relaxed["ways"][0]["judged"], 1.0);
    let tokens = |report: &Value| report["ways"][0]["tokens"].as_u64();
    assert_eq!(tokens(&relaxed), tokens(&strict));
    // Nor does any other rule that logged candidates are enough for.
    for rule in [
        &["--verify", "margin", "--margin", "0.3"][..],
        &["--verify", "margin", "--k", "all", "--margin", "0.3"],
        &["--verify", "relaxed", "--k", "all", "--tau", "0.1"],
        &["--verify", "ratio", "--k", "all", "--ratio", "0.5"],
    ] {
        let line = [
            &["score", &log, "--logprobs", "penalized", "--budget", "8"],
            rule,
        ]
        .concat();
        let found = report(&line);
        assert_eq!(found["ways"][0]["judged"], 1.0, "{rule:?}");
        assert_eq!(tokens(&found), tokens(&strict), "{rule:?}");
    }
    let missing = [
        "score",
        &ids_alone,
        "--logprobs",
        "raw",
        "--verify",
        "relaxed",
        "--k",
        "all",
    ];
    let missing = refused(&missing, 1);
    assert!(
        missing.contains("needs the most probable tokens"),
        "{missing}"
    );
}

#[test]
fn what_is_no_log_is_one_clear_message() {
    let shelf = Shelf::new();
    let empty = refused(&["score", &shelf.write("empty.jsonl", "")], 1);
    assert!(empty.contains("empty.jsonl"), "{empty}");
    let unanswered = "{\"prompt\": \"What is it?\"}\n".repeat(3);
    let unanswered = refused(&["score", &shelf.write("asked.jsonl", &unanswered)], 1);
    assert!(
        unanswered.contains("asked.jsonl: a log without answers"),
        "{unanswered}"
    );
    let missing = refused(&["score", &text_of(&shelf.path("none.jsonl"))], 1);
    assert!(missing.contains("none.jsonl"), "{missing}");
    let usage = refused(&["score"], 2);
    assert!(usage.contains("LOG"), "{usage}");
}

#[test]
fn a_truncated_log_is_scored_as_far_as_it_goes() {
    let shelf = Shelf::new();
    let log = std::fs::read(shelf.log("log.jsonl", 200)).unwrap();
    let level = flate2::Compression::default();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), level);
    gz.write_all(&log).unwrap();
    let gz = gz.finish().unwrap();
    let path = shelf.path("log.jsonl.gz");
    std::fs::write(&path, &gz[..gz.len() / 2]).unwrap();
    let output = call(&["score", &text_of(&path), "--json", "--budget", "8"]);
    assert!(output.status.success(), "{}", told(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let n = report["answers"].as_u64().unwrap();
    assert!((1..200).contains(&n), "{n}");
    assert_eq!(report["read"]["broken"].as_array().unwrap().len(), 1);
    assert!(told(&output).contains("log.jsonl.gz"), "{}", told(&output));
}

/// An answer with candidates, opened: its probabilities are those of the log, everything
/// else says that it is not recorded.
#[test]
fn an_answer_of_a_log_opens_as_a_run() {
    let shelf = Shelf::new();
    let log = shelf.log("log.jsonl", 8);
    let file = text_of(&shelf.path("run.jsonl"));
    let opened = call(&["score", &log, "--open", "r5", "--trace", &file]);
    assert!(opened.status.success(), "{}", told(&opened));
    assert!(told(&opened).contains("laserscope replay"));
    let stats = call(&["trace", "stats", &file]);
    let text = String::from_utf8_lossy(&stats.stdout).into_owned();
    assert!(text.contains("49 tokens"), "{text}");
    assert!(text.contains("ms per step: not recorded"), "{text}");
    let scored = report(&["score", &log, "--budget", "16"]);
    assert!(mal(&scored, 0) > 1.0);
    let stats = report(&["trace", "stats", &file]);
    assert_eq!(stats["timing"], Value::Null);
    assert_eq!(stats["prompt_ms"], Value::Null);
    assert_eq!(stats["probabilities_not_recorded"], 49);
    let lossy = report(&[
        "trace", "whatif", &file, "--verify", "relaxed", "--tau", "0.1",
    ]);
    assert_eq!(lossy["first_unknown"][1], "the model", "{lossy}");
    let found = call(&["trace", "show", &file, "--where", "p<0.5"]);
    let note = told(&found);
    assert!(note.contains("not recorded in"), "{note}");
    assert!(refused(&["score", &log, "--open", "none", "--trace", &file], 1).contains("no answer"));
    let learning = ["score", &log, "--open", "r1", "--trace", &file, "--learn"];
    assert!(refused(&learning, 1).contains("--learn"));
    // Every format can be named: the log is read, or refused with the reason.
    for name in LogFormat::VARIANTS {
        let name = <&str>::from(*name);
        let named = call(&["score", &log, "--format", name]);
        assert!(named.status.code() < Some(2), "{name}: {}", told(&named));
    }
    for name in ["auto", "ids"] {
        assert!(
            call(&["score", &log, "--format", name]).status.success(),
            "{name}"
        );
    }
    // Some answers alone: as many lines, and figures as among all.
    let only = ["score", &log, "--only", "r3", "--only", "r1", "--csv"];
    let printed = |args: &[&str]| String::from_utf8(call(args).stdout).expect("text");
    let (all, some) = (printed(&["score", &log, "--csv"]), printed(&only));
    let of_those = |line: &&str| line.split(',').any(|field| ["r1", "r3"].contains(&field));
    let expected: Vec<&str> = all.lines().filter(of_those).collect();
    assert_eq!(some.lines().skip(1).collect::<Vec<_>>(), expected);
    assert!(!expected.is_empty());
    assert!(refused(&["score", &log, "--only", "none"], 1).contains("--only none"));
    assert!(refused(&["score", &log, "--open", "r5"], 2).contains("--trace"));
}

/// An array is the same log as its lines, also where it is a single line: its entries are
/// requests of their own, and have names of their own.
#[test]
fn an_array_on_one_line_is_scored_as_its_lines() {
    let shelf = Shelf::new();
    let log = shelf.log("log.jsonl", 12);
    let lines = std::fs::read_to_string(&log).unwrap();
    let without_times = |line: &str| {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        let entry = entry.as_object_mut().unwrap();
        for field in ["id", "startTime", "endTime"] {
            entry.remove(field);
        }
        serde_json::to_string(entry).unwrap()
    };
    let entries: Vec<String> = lines.lines().map(without_times).collect();
    let lines = shelf.write("lines.jsonl", &(entries.join("\n") + "\n"));
    let array = shelf.write("array.json", &format!("[{}]", entries.join(",")));
    let [of_lines, of_array] = [&lines, &array].map(|log| report(&["score", log]));
    assert!(mal(&of_lines, 0) > 1.5);
    assert_eq!(mal(&of_lines, 0), mal(&of_array, 0));
    let file = text_of(&shelf.path("run.jsonl"));
    let opened = call(&["score", &array, "--open", "1.7", "--trace", &file]);
    assert!(opened.status.success(), "{}", told(&opened));
}
