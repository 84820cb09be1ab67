//! Traces, conditions and frameworks.

use laserscope::export::Canvas;
use laserscope::present::format::Format;
use laserscope::recsys::{Catalog, Framework, Role, SubjectKind, prompt};
use laserscope::speculate::condition::Condition;
use laserscope::speculate::stats::Stats;
use laserscope::speculate::trace::Trace;
use laserscope::speculate::whatif::{Change, what_if};
use laserscope::start::screens::export;
use laserscope::tui::Look;

use super::super::fixture;
use super::Target;

/// All that is done with a trace without a model.
fn use_trace(trace: &Trace) {
    let _ = (Stats::of(trace), trace.text(), trace.token_ids());
    let _ = what_if(trace, &Change::default());
    for format in [Format::Html, Format::Markdown, Format::Csv, Format::Text] {
        let _ = export(trace, format, &Canvas::default(), &Look::default());
    }
    let condition = Condition::parse("first rejected or p<0.5 and text~\"a\"").expect("fits");
    let _ = condition.all(trace).count();
    let mut saved = Vec::new();
    trace.save(&mut saved).expect("writes");
    assert_eq!(
        &Trace::load(&saved[..]).expect("what was saved is read"),
        trace
    );
}

#[test]
fn traces() {
    let short = |mut trace: Trace| {
        trace.steps.truncate(3);
        let mut bytes = Vec::new();
        trace.save(&mut bytes).expect("writes");
        bytes
    };
    let demo = include_bytes!("../../../assets/traces/demo.jsonl");
    let demo = Trace::load(&demo[..]).expect("ships");
    let seeds = [fixture::relaxed(), fixture::strict(), demo].map(short);
    let target = Target {
        name: "trace",
        n: 2500,
        seeds: &seeds,
        words: &[
            "null",
            "[",
            "{",
            "\"parent\":",
            "\"rank\":0",
            "\"path\":[",
            "\n",
            "\"Accepted\"",
        ],
    };
    target.run(|bytes| {
        if let Ok(trace) = Trace::load(bytes) {
            use_trace(&trace);
        }
    });
}

#[test]
fn conditions() {
    let trace = fixture::relaxed();
    let seeds = [
        "first rejected",
        "relaxed and p<0.2",
        "not (text~\"director\" or depth>=3) and source=group",
        "rank=2 or entropy > 1.5 and doc~\"Heat\"",
    ]
    .map(|text| text.as_bytes().to_vec());
    let words = [
        "(", ")", "not ", "and ", "or ", "\"", "first ", "p<", "text~", "source!=", "é",
    ];
    let target = Target {
        name: "condition",
        n: 20_000,
        seeds: &seeds,
        words: &words,
    };
    target.run(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        match Condition::parse(&text) {
            Ok(condition) => {
                let _ = condition.all(&trace).count();
                let again = Condition::parse(&condition.to_string()).expect("is read back");
                assert_eq!(again.to_string(), condition.to_string());
            }
            Err(why) => assert!(!why.to_string().is_empty()),
        }
    });
}

#[test]
fn frameworks() {
    let catalog = Catalog::bundled().expect("ships");
    let seeds = ["kar", "once", "rlmrec", "trawl"].map(|name| {
        let path = format!(
            "{}/src/recsys/frameworks/{name}.toml",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read(path).expect("ships")
    });
    let words = [
        "{{",
        "}}",
        "{%",
        "%}",
        "{% for a in range(100000) %}",
        "{% endfor %}",
        "(",
        "[",
        " ~ x ",
        "{% set x = x ~ x %}",
        "| join",
        "\"\"\"",
        "[[item.example]]",
    ];
    let target = Target {
        name: "framework",
        n: 1500,
        seeds: &seeds,
        words: &words,
    };
    target.run(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(framework) = Framework::parse("f.toml", &text) else {
            return;
        };
        for kind in [SubjectKind::Item, SubjectKind::User] {
            if let Some(at) = catalog.subjects(kind).next() {
                let _ = prompt(&framework, &catalog, at, Role::Query);
            }
        }
    });
}
