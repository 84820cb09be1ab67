//! `laserscope trace` on the bundled recording: everything that needs no model.

use std::path::Path;
use std::process::{Command, Output};

use laserscope::speculate::trace::Trace;
use serde_json::Value;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/traces/demo.jsonl");

fn trace(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_laserscope"));
    command.arg("trace").args(args).output().unwrap()
}

fn said(args: &[&str]) -> String {
    let out = trace(args);
    let problem = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{problem}");
    String::from_utf8(out.stdout).unwrap()
}

fn objects(args: &[&str]) -> Vec<Value> {
    let text = said(args);
    let lines = text.lines();
    lines.map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn a_step_is_shown_with_its_tree_and_why() {
    let whole = said(&["show", DEMO]);
    let step = said(&["show", DEMO, "--where", "first relaxed"]);
    assert!(step.contains('≈') && step.contains("tau"), "{step}");
    assert!(step.contains("the model's own choice"), "{step}");
    let all = objects(&["show", DEMO, "--json"]);
    assert_eq!(all.len(), whole.lines().count());
    let first = &all[0];
    assert_eq!(first["step"], 1);
    let nodes = first["tree"].as_array().unwrap();
    assert!(nodes[0]["fate"].is_null());
    assert!(
        nodes[1..]
            .iter()
            .all(|n| n["fate"].is_string() && n["reason"].is_string())
    );
    let third = objects(&["show", DEMO, "--step", "3", "--json"]);
    assert_eq!(third[..], all[2..3]);
}

#[test]
fn what_cannot_be_shown_is_said() {
    let out = trace(&["show", DEMO, "--where", "relaxed andd miss"]);
    let problem = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(2));
    assert!(
        problem.contains("`andd` at 9") && problem.contains("and, or"),
        "{problem}"
    );
    let out = trace(&["show", DEMO, "--step", "0"]);
    assert_eq!(out.status.code(), Some(1));
    let out = trace(&["whatif", DEMO, "--verify", "strict", "--tau", "0.1"]);
    assert_eq!(out.status.code(), Some(2));
}

#[test]
fn figures_add_up() {
    let stats = &objects(&["stats", DEMO, "--json"])[0];
    let steps = objects(&["show", DEMO, "--json"]);
    assert_eq!(stats["steps"], steps.len());
    let committed = steps
        .iter()
        .map(|s| s["committed"].as_array().unwrap().len());
    assert_eq!(stats["tokens"], committed.sum::<usize>());
    assert!(said(&["stats", DEMO]).contains("MAL"));
    let by_match = stats["by_match"].as_array().unwrap();
    let sum = |field: &str| {
        by_match
            .iter()
            .map(|m| m[field].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(stats["hit_steps"], sum("hits"));
    let fates = &stats["fates"];
    let taken = fates["accepted"].as_u64().unwrap() + fates["relaxed"].as_u64().unwrap();
    assert_eq!(sum("taken"), taken);
    let per_hit = taken as f64 / sum("hits") as f64;
    assert!((stats["taken_per_hit"].as_f64().unwrap() - per_hit).abs() < 1e-9);
    let text = said(&["stats", DEMO]);
    assert!(
        text.contains(&format!("{per_hit:.2} drafts committed per hit")),
        "{text}"
    );
}

#[test]
fn a_what_if_says_old_and_new() {
    let same = &objects(&["whatif", DEMO, "--json"])[0];
    assert_eq!(same["exact_steps"], same["steps"]);
    assert_eq!(same["exact"]["old"], same["exact"]["new"]);
    let strict = &objects(&["whatif", DEMO, "--verify", "strict", "--json"])[0];
    let change = strict["first_change"].as_u64().unwrap();
    assert_eq!(strict["exact_steps"], change);
    assert_eq!(strict["exact"]["new"]["relaxed_share"], 0.0);
    let steps = objects(&["show", DEMO, "--json"]);
    let is_relaxed = |s: &&Value| s["committed"].to_string().contains("relaxed");
    let relaxed = steps.iter().find(is_relaxed).unwrap();
    assert_eq!(relaxed["step"], change);
    let other = said(&["whatif", DEMO, "--k", "4", "--sources", "local"]);
    assert!(other.contains("needs rerun: sources"), "{other}");
}

#[test]
fn a_run_is_the_same_as_itself() {
    let same = &objects(&["diff", DEMO, DEMO, "--json"])[0];
    assert_eq!(same["same"], true);
    assert_eq!(same["agreement"], 1.0);
    assert_eq!(same["differences"].as_array().unwrap().len(), 0);
}

/// The demo with times twice as long, on a machine of other threads and under another
/// budget: what the headers do not share is listed, and the time is put down to the
/// machine alone.
#[test]
fn a_slower_run_is_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow.jsonl").display().to_string();
    let demo = laserscope::session::recorded::load_trace(Path::new(DEMO)).unwrap();
    let mut header = demo.header.clone();
    header.params.branch += 1;
    let device = header.device.expect("recorded");
    header.device = Some(device.replace("2 threads", "1 thread"));
    let mut slow = Trace::new(header);
    for mut step in demo.steps.iter().cloned() {
        let mut timing = step.timing.expect("recorded");
        timing.add(&timing.clone());
        step.timing = Some(timing);
        slow.push(step);
    }
    slow.end = demo.end.clone();
    let mut file = std::fs::File::create(&path).unwrap();
    slow.save(&mut file).unwrap();
    let found = &objects(&["diff", DEMO, &path, "--json"])[0];
    let differences = found["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0]["what"], "branch");
    let slower = &found["slower"];
    assert_eq!(slower["side"], "right");
    let near = |field: &str, want: f64| {
        let value = slower[field].as_f64().unwrap();
        assert!((value - want).abs() < 1e-6, "{field}: {value}");
    };
    near("times", 2.0);
    near("by_tokens_per_step", 1.0);
    near("by_rows", 1.0);
    near("by_same_rows", 2.0);
    let [a, b] = [0, 1].map(|i| found["runs"][i]["ms_per_step"].as_f64().unwrap());
    assert!((b / a - 2.0).abs() < 1e-6);
    let text = said(&["diff", DEMO, &path]);
    let why = "B is slower, ";
    assert!(
        text.contains(why) && text.contains("the same rows took longer on its machine"),
        "{text}"
    );
    assert!(text.contains("headers differ in: branch "), "{text}");
}
