//! `laserscope trace` over the recording that ships: everything that needs no
//! model.

use std::process::{Command, Output};

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
}
