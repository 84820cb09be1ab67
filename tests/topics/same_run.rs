//! A run is a function of its header: same header, same trees, steps and tokens,
//! whatever ran before, in whatever process, and from a branch or a recording.

use laserscope::engine::Advance;
use laserscope::engine::{Engine, RunSpec, SweepRun};
use laserscope::protocol::Asked;
use laserscope::speculate::cost::CostProfile;
use laserscope::speculate::parameters::{self, Value};
use laserscope::speculate::params::{AcceptanceRule, Budget, Params};
use laserscope::speculate::speed_up::Pairing;
use laserscope::speculate::sweep::{Axes, Grid};
use laserscope::speculate::trace::{Header, Step, Timing, Trace};
use proptest::prelude::*;

use super::engine::{engine, params, run, spec, text};

/// A step without its times, which no two runs share.
fn decided(step: &Step) -> Step {
    Step {
        timing: Some(Timing::default()),
        ..step.clone()
    }
}

/// A header without what decides nothing.
fn deciding(header: &Header) -> Header {
    Header {
        prompt_ms: Some(0.0),
        ..header.clone()
    }
}

fn assert_same(a: &Trace, b: &Trace) {
    assert_eq!(deciding(&a.header), deciding(&b.header));
    assert_eq!(a.steps.len(), b.steps.len());
    for (a, b) in a.steps.iter().zip(&b.steps) {
        assert_eq!(decided(a), decided(b));
    }
}

/// The costs of a machine on which additional rows are cheap at first, then expensive.
fn costs() -> CostProfile {
    CostProfile::by_rows([(1, 3.3), (4, 5.2), (8, 7.5), (64, 41.0)])
}

fn relaxed_auto(params: Params) -> Params {
    Params {
        verify: AcceptanceRule::Relaxed { k: 3, tau: 0.0 },
        budget: Budget::Auto { max: 64 },
        ..params
    }
}

fn fresh() -> (tempfile::TempDir, Engine) {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    engine.start.cost = costs();
    (folder, engine)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Two runs in sequence equal two runs in engines of their own.
    #[test]
    fn what_ran_before_decides_nothing(one in text(1..20), two in text(1..20), params in params()) {
        let params = relaxed_auto(params);
        let (_folder, mut engine) = fresh();
        run(&mut engine, spec(&one, params));
        let second = run(&mut engine, spec(&two, params));
        let (_folder, mut other) = fresh();
        assert_same(&second, &run(&mut other, spec(&two, params)));
    }

    /// What a header says is enough: the engine's own profile and calibration are
    /// others by then.
    #[test]
    fn a_header_makes_the_run_again(question in text(1..20), params in params()) {
        let params = relaxed_auto(params);
        let (_folder, mut engine) = fresh();
        engine.start.set_learning(true);
        run(&mut engine, spec("abcabc", params));
        let taught = run(&mut engine, spec(&question, params));
        let mut bytes = Vec::new();
        taught.save(&mut bytes).unwrap();
        let recorded = Trace::load(bytes.as_slice()).unwrap();
        let (_folder, mut other) = fresh();
        other.start.cost = CostProfile::by_rows([(1, 1.0), (64, 640.0)]);
        let again = run(&mut other, RunSpec::again(&recorded.header));
        assert_same(&taught, &again);
    }

    /// An unchanged branch continues exactly like the run: the calibration, and how
    /// retrieval rested, are those of its step.
    #[test]
    fn a_branch_goes_on_as_its_run(question in text(1..20), params in params(), at in 0usize..40) {
        let params = relaxed_auto(params);
        let (_folder, mut engine) = fresh();
        let whole = run(&mut engine, spec(&question, params));
        let step = at % whole.steps.len();
        let branch = RunSpec {
            branch: Some(whole.branch_at(step, 0, None)),
            start: whole.start_before(step, &whole.params_at(step)),
            ..spec(&question, params)
        };
        let rest = run(&mut engine, branch);
        prop_assert_eq!(rest.steps.len(), whole.steps.len() - step);
        for (a, b) in rest.steps.iter().zip(&whole.steps[step..]) {
            prop_assert_eq!(&a.tree, &b.tree);
            prop_assert_eq!(&a.verdict, &b.verdict);
            prop_assert_eq!(&a.learned, &b.learned);
        }
    }
}

#[test]
fn calibrations_carry_over_only_where_they_are_asked_to() {
    let params = Params {
        verify: AcceptanceRule::Strict,
        budget: Budget::Rows(24),
        max_tokens: 30,
        ..Params::default()
    };
    let (_folder, mut engine) = fresh();
    let first = run(&mut engine, spec("abcabc", params));
    let second = run(&mut engine, spec("abcabc", params));
    assert_same(&first, &second);
    let start = |trace: &Trace| trace.header.calibration.clone().unwrap();
    assert!(start(&second).is_shipped());
    engine.start.set_learning(true);
    run(&mut engine, spec("abcabc", params));
    let third = run(&mut engine, spec("abcabc", params));
    assert_eq!(start(&third).describe(), "earlier runs");
}

#[test]
fn a_sweep_made_twice_has_the_same_runs() {
    let ranks = [1, 2, 3].map(Value::Whole);
    let axes = Axes::default().trying(parameters::named("k").unwrap(), ranks.to_vec());
    let base = relaxed_auto(Params {
        max_tokens: 24,
        ..Params::default()
    });
    let sweep = |engine: &mut Engine| -> Vec<Trace> {
        let grid = Grid::new(base, &axes).unwrap();
        let asked = ["abcabc", "cbacba"].map(|question| {
            let RunSpec {
                subject, prompt, ..
            } = spec(question, base);
            Asked { subject, prompt }
        });
        let sweep = SweepRun::new(engine, grid, asked.to_vec());
        let mut sweep = sweep.paired(Pairing::fixed(1));
        let mut traces = Vec::new();
        while let Advance::Ran { trace, .. } = sweep.advance(engine, &mut |_| true).unwrap() {
            traces.push(*trace);
        }
        traces
    };
    let (_folder, mut engine) = fresh();
    let once = sweep(&mut engine);
    // What is learned in between is not the sweep's.
    engine.start.set_learning(true);
    run(&mut engine, spec("hello", base));
    let twice = sweep(&mut engine);
    assert_eq!(once.len(), twice.len());
    once.iter().zip(&twice).for_each(|(a, b)| assert_same(a, b));
}

/// Measuring leaves nothing behind, and its points are where they were asked to be.
#[test]
fn a_profile_is_measured_where_it_was_asked() {
    let (_folder, mut engine) = fresh();
    let params = relaxed_auto(Params {
        max_tokens: 24,
        ..Params::default()
    });
    let before = run(&mut engine, spec("abcabc", params));
    let point = engine.measure_point(8, 40, 3).unwrap();
    assert_eq!((point.cost.rows, point.cost.context), (8, Some(40)));
    assert!(point.cost.step_ms >= point.cost.forward_ms);
    let mut told = Vec::new();
    let profile = engine
        .measure_profile(&mut |done, of| {
            told.push((done, of));
            true
        })
        .unwrap()
        .unwrap();
    assert_eq!(profile.points.len(), told.last().unwrap().1);
    assert!(profile.longest_context() == Some(engine.longest_measured()));
    let cancelled = engine.measure_profile(&mut |done, _| done < 2).unwrap();
    assert_eq!(cancelled, None);
    assert_same(&before, &run(&mut engine, spec("abcabc", params)));
}

/// Traces of format 1 are saved byte for byte as they were; what a later version
/// added survives.
#[test]
fn what_this_version_does_not_know_survives() {
    let old = include_str!("../fixtures/format-1.jsonl");
    let trace = Trace::load(old.as_bytes()).unwrap();
    assert_eq!(trace.header.format, 1);
    let saved = |trace: &Trace| {
        let mut bytes = Vec::new();
        trace.save(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert!(saved(&trace) == old, "format 1 is saved as it was");
    let (_folder, mut engine) = fresh();
    let new = saved(&run(&mut engine, spec("abc", Params::default())));
    let later = new
        .replacen(
            "{\"line\":\"header\",",
            "{\"line\":\"header\",\"mood\":{\"x\":1},",
            1,
        )
        .replacen(
            "{\"rule\":\"relaxed\",",
            "{\"rule\":\"relaxed\",\"j\":3,",
            1,
        )
        .replacen(
            "{\"line\":\"step\",",
            "{\"line\":\"step\",\"novel\":[1,2],",
            1,
        )
        .replacen("\"depth\":0,", "\"depth\":0,\"hue\":\"red\",", 1)
        .replacen("{\"line\":\"end\",", "{\"line\":\"end\",\"joules\":2.5,", 1);
    for added in ["mood", "\"j\":3", "novel", "hue", "joules"] {
        assert!(later.contains(added), "{added}");
    }
    let mut read = Trace::load(later.as_bytes()).unwrap();
    assert!(saved(&read) == later, "what is not known survives");
    read.header.device = Some("elsewhere".into());
    let changed = saved(&read);
    assert!(changed.contains("elsewhere") && changed.contains("novel"));
}

/// A step of a hostile file whose numbers would fill the memory, and a line after the
/// end, are refused by their line.
#[test]
fn a_trace_with_impossible_numbers_is_refused_by_its_line() {
    let trace = include_str!("../../assets/traces/demo.jsonl");
    let refused = |text: &str| Trace::load(text.as_bytes()).unwrap_err().to_string();
    let at = trace.find("\"matched\":").unwrap() + "\"matched\":".len();
    let end = at + trace[at..].find([',', '}']).unwrap();
    let huge = format!("{}4611686018427387904{}", &trace[..at], &trace[end..]);
    assert!(refused(&huge).contains("a match of 4611686018427387904 tokens"));
    let last = trace.lines().last().unwrap();
    let twice = format!("{trace}{last}\n");
    let said = refused(&twice);
    assert!(said.contains("after the end"), "{said}");
    let at = trace.find("\"path\":[").unwrap() + "\"path\":[".len();
    let sideways = format!("{}0,{}", &trace[..at], &trace[at..]).replacen("0,]", "0]", 1);
    let said = refused(&sideways);
    assert!(said.contains("does not go down the tree"), "{said}");
    // No newline in sight: it is not read into memory to find that out.
    let endless = std::io::Read::take(std::io::repeat(b' '), 1 << 40);
    let said = Trace::load(std::io::BufReader::new(endless)).unwrap_err();
    assert!(said.to_string().contains("64 MiB"), "{said}");
}

/// Times of other programs have all their digits: they are read to the last bit.
#[test]
fn numbers_are_saved_as_they_were_read() {
    let trace = include_str!("../../assets/traces/demo.jsonl");
    let at = trace.find("\"prompt_ms\":").unwrap() + "\"prompt_ms\":".len();
    let end = at + trace[at..].find([',', '}']).unwrap();
    for digits in [
        "9.335240659713746",
        "548.6058661150932",
        "0.1000000000000000055",
    ] {
        let text = format!("{}{digits}{}", &trace[..at], &trace[end..]);
        let read = Trace::load(text.as_bytes()).unwrap();
        let mut saved = Vec::new();
        read.save(&mut saved).unwrap();
        assert!(Trace::load(saved.as_slice()).unwrap() == read, "{digits}");
        assert_eq!(
            read.header.prompt_ms.unwrap().to_bits(),
            digits.parse::<f64>().unwrap().to_bits()
        );
    }
}
