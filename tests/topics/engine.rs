//! The invariants, as properties of whole runs on a tiny model: strict equals
//! autoregressive whatever is drafted, and a trace records what happened.

use std::collections::HashSet;
use std::path::Path;

use candle_core::quantized::GgmlDType;
use laserscope::engine::{Engine, Knowledge, LoadOptions, OwnDocuments, RunSpec};
use laserscope::model::device::DeviceChoice;
use laserscope::protocol::{History, PromptText};
use laserscope::speculate::TokenId;
use laserscope::speculate::params::{
    ALL_RANKS, AcceptanceRule, Budget, Drafter, Params, Sampling, Source, Sources,
};
use laserscope::speculate::quality::LogProb;
use laserscope::speculate::stats::Stats;
use laserscope::speculate::trace::{SubjectInfo, Trace};
use laserscope::speculate::verify::{Finish, verify};
use laserscope::speculate::whatif::{Change, what_if};
use proptest::prelude::*;

use super::tiny::{self, LETTERS};

pub fn engine(folder: &Path) -> Engine {
    engine_with_context(folder, 500)
}

fn engine_with_context(folder: &Path, context: usize) -> Engine {
    let path = tiny::write_model(folder, GgmlDType::Q4_1, true);
    let options = LoadOptions {
        device: DeviceChoice::Cpu,
        threads: Some(2),
        context: Some(context),
        ..LoadOptions::default()
    };
    Engine::load(&path, &options, |_| {}).unwrap()
}

pub fn spec(question: &str, params: Params) -> RunSpec {
    let subject = SubjectInfo {
        kind: "item".into(),
        id: "i1".into(),
        title: "A film".into(),
        group: Some("a".into()),
        framework: "kar".into(),
    };
    let prompt = PromptText {
        user: question.into(),
        opening: "ab".into(),
        ..PromptText::default()
    };
    RunSpec::new(subject, prompt, params)
}

pub fn run(engine: &mut Engine, spec: RunSpec) -> Trace {
    let mut run = engine.begin(spec, &mut |_, _| true).unwrap();
    let mut trace = Trace::new(run.header().clone());
    while let Some(step) = run.step().unwrap() {
        trace.push(step);
    }
    trace.end = run.end();
    trace
}

pub fn text(letters: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(0..LETTERS.len(), letters)
        .prop_map(|at| at.iter().map(|&i| LETTERS.as_bytes()[i] as char).collect())
}

/// Documents that partly agree with the model's output.
pub fn knowledge(texts: &[String], plain: &Trace) -> Vec<Knowledge> {
    let own = format!("ab{}", plain.text());
    let cut: String = own.chars().take(own.chars().count() / 2).collect();
    let texts = texts
        .iter()
        .cloned()
        .chain([cut.clone(), format!("{cut}x{own}")]);
    let doc = |(i, text): (usize, String)| Knowledge {
        id: format!("d{i}"),
        title: format!("Document {i}"),
        kind: "item".into(),
        group: Some(if i % 2 == 0 { "a".into() } else { "b".into() }),
        framework: None,
        text,
        ended: i % 3 == 0,
    };
    texts.enumerate().map(doc).collect()
}

pub fn params() -> impl Strategy<Value = Params> {
    (
        1usize..=64,
        1usize..=12,
        any::<[bool; 4]>(),
        prop::sample::select(vec![1.0f32, 1.1, 1.5]),
    )
        .prop_map(
            |(rows, branch, [group, global, local, online], repeat_penalty)| Params {
                verify: AcceptanceRule::Strict,
                budget: match rows % 4 {
                    0 => Budget::Auto { max: rows },
                    _ => Budget::Rows(rows),
                },
                drafter: Drafter::ALL[rows % 5],
                branch,
                sources: Sources {
                    group,
                    global,
                    local,
                    online,
                },
                repeat_penalty,
                max_tokens: 40,
                ..Params::default()
            },
        )
}

fn assert_consistent(trace: &Trace) {
    let mut known: HashSet<TokenId> = trace.header.tokens.iter().map(|t| t.0).collect();
    for step in &trace.steps {
        known.extend(step.tokens.iter().map(|t| t.0));
        let mut committed = step.verdict.committed(&step.tree);
        assert!(
            committed.all(|(id, _)| known.contains(&id)),
            "a step brings the bytes of what it commits"
        );
        assert_eq!(step.verdict.fates.len(), step.tree.n_drafts());
        let params = trace.params_at(step.index);
        let eos = &trace.header.eos;
        let again = verify(step.scored(), params.verify, eos, step.room);
        assert_eq!(
            again.as_ref(),
            Some(&step.verdict),
            "judging a recorded step again changes nothing"
        );
    }
    let same = what_if(trace, &Change::default());
    assert_eq!(same.n_exact(), trace.steps.len());
    for (again, step) in same.steps.iter().zip(&trace.steps) {
        assert_eq!(
            again.verdict.as_ref(),
            Some(&step.verdict),
            "what-if changes nothing by itself"
        );
    }
    let stats = Stats::of(trace);
    assert_eq!(stats.fates.committed() + stats.bonus, stats.tokens);
    assert_eq!(stats.tokens, trace.end.as_ref().unwrap().tokens);
}

fn assert_saves_and_loads(trace: &Trace) {
    let mut bytes = Vec::new();
    trace.save(&mut bytes).unwrap();
    let loaded = Trace::load(bytes.as_slice()).unwrap();
    assert!(&loaded == trace, "a trace read back is the trace written");
    let mut again = Vec::new();
    loaded.save(&mut again).unwrap();
    assert!(again == bytes, "saving is byte-stable");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn strict_equals_autoregressive(
        question in text(1..30),
        documents in prop::collection::vec(text(1..60), 0..6),
        params in params(),
        k in 2usize..4,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = engine(folder.path());
        let with = |verify| Params { verify, ..params };
        let plain = run(&mut engine, spec(&question, with(AcceptanceRule::Autoregressive)));
        engine.set_knowledge(&knowledge(&documents, &plain)).unwrap();
        if question.len() % 2 == 0 {
            engine.pools.remember(&plain.header, &plain.token_ids());
        }
        let strict = run(&mut engine, spec(&question, with(AcceptanceRule::Strict)));
        prop_assert_eq!(strict.token_ids(), plain.token_ids());
        prop_assert_eq!(strict.end.as_ref().unwrap().finish, plain.end.as_ref().unwrap().finish);
        for rule in [
            AcceptanceRule::Relaxed { k: 1, tau: 0.0 },
            AcceptanceRule::Relaxed { k, tau: 1.0 },
            AcceptanceRule::Relaxed { k: ALL_RANKS, tau: 1.0 },
            AcceptanceRule::Margin { k: 1, m: 1.0 },
            AcceptanceRule::Deferred { h: f32::INFINITY, w: 1 },
        ] {
            let same = run(&mut engine, spec(&question, with(rule)));
            prop_assert_eq!(same.token_ids(), plain.token_ids());
        }
        let relaxed = run(&mut engine, spec(&question, with(AcceptanceRule::Relaxed { k, tau: 0.0 })));
        let ratio = run(&mut engine, spec(&question, with(AcceptanceRule::Ratio { k, r: 0.2 })));
        let typical = run(&mut engine, spec(&question, with(AcceptanceRule::Typical { eps: 0.05, delta: 0.3 })));
        let margin = run(&mut engine, spec(&question, with(AcceptanceRule::Margin { k: ALL_RANKS, m: 0.05 })));
        let deferred = run(&mut engine, spec(&question, with(AcceptanceRule::Deferred { h: 0.5, w: 1 })));
        for trace in [&plain, &strict, &relaxed, &ratio, &typical, &margin, &deferred] {
            assert_consistent(trace);
        }
        for trace in [&relaxed, &margin, &deferred] {
            assert_saves_and_loads(trace);
        }
    }

    /// The same seed samples the same text, whatever is drafted.
    #[test]
    fn drawn_strictly_equals_drawn_autoregressively(
        question in text(1..30),
        documents in prop::collection::vec(text(1..60), 0..6),
        params in params(),
        temperature in prop::sample::select(vec![0.3f32, 1.0, 1.7]),
        top_k in prop::option::of(1usize..40),
        top_p in prop::option::of(0.2f32..1.0),
        seed: u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = engine(folder.path());
        let with = |verify| Params {
            verify,
            sampling: Some(Sampling { temperature, top_k, top_p, seed }),
            ..params
        };
        let plain = run(&mut engine, spec(&question, with(AcceptanceRule::Autoregressive)));
        engine.set_knowledge(&knowledge(&documents, &plain)).unwrap();
        let strict = run(&mut engine, spec(&question, with(AcceptanceRule::Strict)));
        prop_assert_eq!(strict.token_ids(), plain.token_ids());
        prop_assert_eq!(strict.end.as_ref().unwrap().finish, plain.end.as_ref().unwrap().finish);
        for trace in [&plain, &strict] {
            assert_consistent(trace);
            assert_saves_and_loads(trace);
        }
    }

    /// A branch with the same parameters writes the rest of the run, with or without
    /// sampling.
    #[test]
    fn a_branch_goes_on_as_the_run_did(
        question in text(1..30),
        params in params(),
        temperature in prop::option::of(0.5f32..1.5),
        at in 0usize..40,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = engine(folder.path());
        let sampling = temperature.map(|temperature| Sampling { temperature, top_k: None, top_p: None, seed: 3 });
        let params = Params { sampling, ..params };
        let whole = run(&mut engine, spec(&question, params));
        let step = at % whole.steps.len();
        let asked = RunSpec {
            branch: Some(whole.branch_at(step, 0, None)),
            ..spec(&question, params)
        };
        let rest = run(&mut engine, asked.clone());
        prop_assert_eq!(rest.token_ids(), whole.token_ids());
        prop_assert_eq!(rest.text(), whole.text());
        prop_assert_eq!(rest.steps[0].context_len, whole.steps[step].context_len);
        prop_assert_eq!(rest.end.as_ref().unwrap().finish, whole.end.as_ref().unwrap().finish);
        assert_consistent(&rest);
        assert_saves_and_loads(&rest);
        let from_recording = RunSpec {
            prompt: PromptText::recorded(&whole.header),
            ..asked
        };
        prop_assert_eq!(run(&mut engine, from_recording).token_ids(), whole.token_ids());
    }

    /// Recorded trees passed through the model again give what was recorded.
    #[test]
    fn a_replay_gives_what_was_recorded(question in text(1..30), params in params(), at in 0usize..40) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = engine(folder.path());
        let rule = match at % 2 {
            0 => AcceptanceRule::Relaxed { k: 3, tau: 0.0 },
            _ => AcceptanceRule::Deferred { h: 0.5, w: 1 },
        };
        let relaxed = Params { verify: rule, ..params };
        let whole = run(&mut engine, spec(&question, relaxed));
        let step = at % whole.steps.len();
        let branched = RunSpec {
            branch: Some(whole.branch_at(step, 0, None)),
            ..spec(&question, relaxed)
        };
        let branched = run(&mut engine, branched);
        for trace in [whole, branched] {
            let mut again = engine.begin_again(&trace.header, &mut |_, _| true).unwrap();
            for step in &trace.steps {
                let now = again.replay(step).unwrap();
                prop_assert_eq!(&now.rows, &step.rows);
                prop_assert_eq!(&now.judged, &step.judged);
                prop_assert_eq!(&now.verdict, &step.verdict);
            }
        }
    }
}

#[test]
fn drafts_are_accepted_when_the_pool_knows_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let params = Params {
        verify: AcceptanceRule::Strict,
        budget: Budget::Rows(16),
        repeat_penalty: 1.0,
        max_tokens: 40,
        ..Params::default()
    };
    let plain = run(
        &mut engine,
        spec(
            "Hello",
            Params {
                verify: AcceptanceRule::Autoregressive,
                ..params
            },
        ),
    );
    let answer = Knowledge {
        id: "d".into(),
        title: "The answer".into(),
        kind: "item".into(),
        group: Some("a".into()),
        framework: None,
        text: format!("ab{}", plain.text()),
        ended: plain.end.as_ref().unwrap().finish == Finish::Eos,
    };
    engine.set_knowledge(&[answer]).unwrap();
    let strict = run(&mut engine, spec("Hello", params));
    assert_eq!(strict.token_ids(), plain.token_ids());
    assert!(
        strict.steps.len() * 3 < plain.steps.len(),
        "{} steps",
        strict.steps.len()
    );
    assert_eq!(strict.doc_title("item/d"), "The answer");
}

#[test]
fn a_run_ends_at_the_token_limit_and_at_the_context() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine_with_context(folder.path(), 120);
    let params = |max_tokens| Params {
        verify: AcceptanceRule::Strict,
        budget: Budget::Rows(64),
        max_tokens,
        ..Params::default()
    };
    let short = run(&mut engine, spec("Hello", params(7)));
    let end = short.end.as_ref().unwrap();
    assert_eq!((end.finish, short.token_ids().len()), (Finish::Length, 7));
    let long = run(&mut engine, spec("Hello", params(10_000)));
    let end = long.end.as_ref().unwrap();
    let n_held = long.header.prompt_ids.len() + end.tokens;
    assert_eq!((end.finish, n_held), (Finish::Context, 120), "{end:?}");
    let question = "abcdefgh".repeat(80);
    let error = engine
        .begin(spec(&question, params(7)), &mut |_, _| true)
        .err()
        .unwrap();
    assert!(error.to_string().contains("--context"), "{error}");
}

#[test]
fn a_cancelled_prompt_ends_the_run_without_a_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let mut run = engine
        .begin(spec("Hello", Params::default()), &mut |_, _| false)
        .unwrap();
    assert!(run.step().unwrap().is_none());
    assert_eq!(run.end().unwrap().finish, Finish::Cancelled);
}

#[test]
fn a_damaged_trace_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let trace = run(
        &mut engine,
        spec(
            "Hello",
            Params {
                max_tokens: 5,
                ..Params::default()
            },
        ),
    );
    let mut bytes = Vec::new();
    trace.save(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let message = |text: String| Trace::load(text.as_bytes()).unwrap_err().to_string();
    let other = text.replacen("\"format\":2", "\"format\":9", 1);
    assert!(message(other).contains("format version 9"));
    assert!(message(String::new()).contains("empty"));
    let lines: Vec<&str> = text.lines().collect();
    let cut = format!("{}\n{}", lines[0], &lines[1][..lines[1].len() / 2]);
    assert!(message(cut).starts_with("line 2:"));
    let unknown_parent = text.replacen("\"parent\":null", "\"parent\":5", 1);
    assert!(message(unknown_parent).starts_with("line 2:"));
    let unfinished = lines[..lines.len() - 1].join("\n");
    assert!(Trace::load(unfinished.as_bytes()).unwrap().end.is_none());
}

/// A run leaves no state behind: the same prompt drafts the same.
#[test]
fn a_run_drafts_alike_whatever_ran_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let params = Params {
        budget: Budget::Rows(24),
        max_tokens: 30,
        ..Params::default()
    };
    let mut drafts = |question| -> Vec<_> {
        let trace = run(&mut engine, spec(question, params));
        trace.steps.into_iter().map(|s| s.tree).collect()
    };
    let first = drafts("Hello");
    drafts("abcabc");
    assert!(drafts("Hello") == first);
}

/// A finished answer drafts for the same question, if it is remembered and the
/// source is on.
#[test]
fn a_remembered_answer_drafts_for_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let params = |online| Params {
        verify: AcceptanceRule::Strict,
        budget: Budget::Rows(16),
        sources: Sources {
            online,
            ..Sources::NONE
        },
        repeat_penalty: 1.0,
        max_tokens: 40,
        ..Params::default()
    };
    let plain = run(&mut engine, spec("Hello", params(true)));
    engine.pools.remember(&plain.header, &plain.token_ids());
    let off = run(&mut engine, spec("Hello", params(false)));
    let on = run(&mut engine, spec("Hello", params(true)));
    assert_eq!(on.token_ids(), plain.token_ids());
    assert_eq!(off.steps.len(), plain.steps.len());
    assert!(on.steps.len() * 3 < plain.steps.len(), "{}", on.steps.len());
    let online = |trace: &Trace| {
        let pools = trace.header.pools.iter();
        pools
            .filter(|p| p.source == Source::Online)
            .map(|p| p.documents)
            .sum::<usize>()
    };
    assert_eq!((online(&off), online(&on)), (0, 1));
    let stats = Stats::of(&on);
    let drafted = stats.sources.iter().find(|s| s.source == Source::Online);
    assert!(drafted.is_some_and(|s| s.fates.committed() > 0));
}

/// MovieLens numbers users and items alike: each is hidden from itself only.
#[test]
fn an_item_and_a_user_of_one_id_have_documents_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let doc = |kind: &str, title: &str, text: &str| Knowledge {
        id: "i1".into(),
        title: title.into(),
        kind: kind.into(),
        group: Some("a".into()),
        framework: None,
        text: text.into(),
        ended: true,
    };
    let docs = [
        doc("item", "A film", "abcabcabc"),
        doc("user", "A viewer", "abcdefdef"),
    ];
    engine.set_knowledge(&docs).unwrap();
    engine.pools.own_documents = OwnDocuments::Hide;
    let trace = run(&mut engine, spec("abc", Params::default()));
    let global = |trace: &Trace| {
        let mut pools = trace.header.pools.iter();
        let global = pools.find(|p| p.source == Source::Global);
        global.map(|p| p.documents)
    };
    assert_eq!(global(&trace), Some(1), "the item's own is hidden");
    let titles =
        ["item/i1", "user/i1"].map(|id| engine.pools.current.title(id).map(str::to_string));
    assert_eq!(titles, [Some("A film".into()), Some("A viewer".into())]);
    for step in &trace.steps {
        let titles = step.documents.iter().map(|d| d.1.as_str());
        assert!(titles.into_iter().all(|title| title == "A viewer"));
    }
}

/// One framework's answers are not in the pool of another's runs.
#[test]
fn frameworks_have_pools_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let doc = |id: &str, framework: Option<&str>| Knowledge {
        id: id.into(),
        title: id.into(),
        kind: "item".into(),
        group: Some("a".into()),
        framework: framework.map(str::to_string),
        text: "abcabc".into(),
        ended: true,
    };
    let docs = [
        doc("d1", Some("kar")),
        doc("d2", None),
        doc("d3", Some("once")),
    ];
    engine.set_knowledge(&docs).unwrap();
    let mut group_size = |framework: &str| {
        let params = Params {
            max_tokens: 2,
            ..Params::default()
        };
        let mut spec = spec("Hello", params);
        spec.subject.framework = framework.into();
        let pools = run(&mut engine, spec).header.pools;
        let of = |source| pools.iter().find(|p| p.source == source);
        let all = of(Source::Global).map(|p| p.documents);
        (of(Source::Group).map(|p| p.documents), all)
    };
    assert_eq!(group_size("kar"), (Some(2), Some(3)));
    assert_eq!(group_size("once"), (Some(1), Some(3)));
    assert_eq!(group_size("rlmrec"), (None, Some(3)));
}

#[test]
fn a_history_too_long_for_the_context_loses_its_oldest_items() {
    fn prompt(newest: usize) -> PromptText {
        let shown: Vec<String> = (60 - newest..60).map(|n| format!("item {n};")).collect();
        PromptText {
            user: shown.concat(),
            history: Some(History::new(60, |newest| Ok(prompt(newest)))),
            ..PromptText::default()
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine_with_context(folder.path(), 400);
    let params = |max_tokens| Params {
        max_tokens,
        ..Params::default()
    };
    let asking = |max_tokens| RunSpec {
        prompt: prompt(60),
        ..spec("", params(max_tokens))
    };
    for max_tokens in [8, 60, 1000] {
        let header = run(&mut engine, asking(max_tokens)).header;
        let n_dropped = header.history_dropped;
        assert!((1..59).contains(&n_dropped), "{n_dropped} dropped");
        let room = 400 - max_tokens.min(200);
        assert!(header.prompt_ids.len() <= room);
        assert!(header.prompt.contains("item 59;"));
        assert!(!header.prompt.contains(&format!("item {};", n_dropped - 1)));
        assert!(header.prompt.contains(&format!("item {n_dropped};")));
        let longer = engine.model.render(&prompt(60 - n_dropped + 1)).unwrap();
        assert!(longer.ids.len() > room);
        let preview = engine.model.render_to_fit(&prompt(60), max_tokens).unwrap();
        assert_eq!(preview.ids, header.prompt_ids);
    }
}

/// The mean log-probability is that of the rows, whatever way tokens came.
#[test]
fn strict_and_autoregressive_find_the_text_equally_likely() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let mut of = |verify| {
        let params = Params {
            verify,
            budget: Budget::Rows(24),
            max_tokens: 40,
            ..Params::default()
        };
        let trace = run(&mut engine, spec("Hello", params));
        let found = LogProb::of(&trace);
        assert_eq!(found.tokens, trace.token_ids().len());
        found.mean().unwrap()
    };
    let plain = of(AcceptanceRule::Autoregressive);
    let strict = of(AcceptanceRule::Strict);
    assert!(
        (plain - strict).abs() < 1e-4 && plain < 0.0,
        "{plain} {strict}"
    );
}

/// A forced token is at its place, and the text continues from there.
#[test]
fn a_forced_token_turns_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let params = Params {
        verify: AcceptanceRule::Strict,
        max_tokens: 30,
        ..Params::default()
    };
    let whole = run(&mut engine, spec("Hello", params));
    let other = whole.steps[2].row(0).unwrap().top[1].0;
    let branch = whole.branch_at(2, 0, Some(other));
    let asked = |branch| RunSpec {
        branch: Some(branch),
        ..spec("Hello", params)
    };
    let turned = run(&mut engine, asked(branch.clone()));
    let n = branch.prefix.len();
    assert_eq!(turned.token_ids()[..n], whole.token_ids()[..n]);
    assert_eq!(turned.token_ids()[n], other);
    assert_eq!(turned.header.branch.as_ref(), Some(&branch));
    let stats = Stats::of(&turned);
    assert_eq!(stats.tokens + n + 1, turned.token_ids().len());
    assert_eq!(turned.end.as_ref().unwrap().tokens, stats.tokens);
    let eos = engine.model.codec().eos_ids()[0];
    let mut refused = |forced, params| {
        let branch = whole.branch_at(2, 0, forced);
        let spec = RunSpec {
            params,
            ..asked(branch)
        };
        let refused = engine.begin(spec, &mut |_, _| true);
        refused.err().unwrap().to_string()
    };
    assert!(refused(Some(eos), params).contains("end of the text"));
    let short = Params {
        max_tokens: 1,
        ..params
    };
    assert!(refused(None, short).contains("--max-tokens 1"));
}
