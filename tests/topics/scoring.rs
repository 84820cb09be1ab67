//! Scoring answers without a model: the same as the run that wrote them, by exactly the
//! answers that a protocol allows, whatever the threads; and the command over small logs.

mod board;
mod command;

use laserscope::engine::scoring::{
    Answers, AnswersBuilder, LogReplay, LoggedAnswer, LoggedEntry, OpenedAs, ScoredAnswer, Scoring,
    ScoringStart, ScoringWay, Split,
};
use laserscope::engine::{Knowledge, OwnDocuments};
use laserscope::retrieval::{Calibration, KnownAnswer, PoolDoc, Pools, replay};
use laserscope::speculate::TokenId;
use laserscope::speculate::cost::CostProfile;
use laserscope::speculate::learned::CalibrationStart;
use laserscope::speculate::params::{AcceptanceRule, Budget, Drafter, Params, Sampling};
use laserscope::speculate::row::NodeDistribution;
use laserscope::speculate::subject::{DocId, GroupKey};
use laserscope::speculate::trace::{LogOrigin, ModelInfo, SubjectInfo, TokenBytes, Trace};
use laserscope::speculate::verify::Finish;
use laserscope::speculate::whatif::{Change, what_if};
use proptest::prelude::*;

use super::engine::{engine, knowledge, run, spec, text};

fn strict(drafter: Drafter, budget: Budget) -> Params {
    Params {
        verify: AcceptanceRule::Strict,
        drafter,
        budget,
        max_tokens: 60,
        ..Params::default()
    }
}

fn budgets() -> impl Strategy<Value = Budget> {
    prop_oneof![
        (2usize..32).prop_map(Budget::Rows),
        Just(Budget::Auto { max: 64 }),
    ]
}

fn drafters() -> impl Strategy<Value = Drafter> {
    prop::sample::select(Drafter::ALL.to_vec())
}

/// Without a profile, and from the shipped calibration.
fn start() -> ScoringStart {
    let shipped = serde_json::from_str::<CalibrationStart>(r#"{"shipped":1}"#);
    ScoringStart {
        cost: CostProfile::default(),
        calibration: shipped.unwrap(),
        eos: Vec::new(),
        context: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// A run's own answer, scored against its pools, has the run's steps: the same trees
    /// with the same origins, the same fates, and the same is learned from them.
    #[test]
    fn own_output_scored_equals_its_run(
        texts in prop::collection::vec(text(4..60), 0..5),
        question in text(1..30),
        (drafter, budget) in (drafters(), budgets()),
        (is_hidden, is_drawn, is_long) in any::<(bool, bool, bool)>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = engine(folder.path());
        let mut params = strict(drafter, budget);
        params.max_tokens = if is_long { 600 } else { 60 };
        params.sampling = is_drawn.then_some(Sampling { seed: 3, ..Sampling::at(0.9) });
        let plain = Params { verify: AcceptanceRule::Autoregressive, ..params };
        let plain = run(&mut engine, spec(&question, plain));
        let mut docs = knowledge(&texts, &plain);
        docs[0] = Knowledge { id: "i1".into(), ..docs[0].clone() };
        engine.set_knowledge(&docs).unwrap();
        engine.start.cost = CostProfile::by_rows([(1, 10.0), (8, 14.0), (64, 60.0)]);
        let own = DocId::from("item/i1");
        let mut pools = engine.pools.current.clone();
        if is_hidden {
            engine.pools.own_documents = OwnDocuments::Hide;
            pools = pools.without(&own);
        }
        let trace = run(&mut engine, spec(&question, params));
        let header = &trace.header;
        let answer = LoggedAnswer::new(
            header.prompt_ids.clone(),
            header.opening_len,
            trace.token_ids(),
        );
        let answer = answer.unwrap();
        let start = ScoringStart {
            cost: header.cost.clone(),
            calibration: header.calibration.clone().unwrap(),
            eos: header.eos.clone(),
            context: Some(500),
        };
        let group = Some(GroupKey::from("item/a"));
        let mut replay = LogReplay::begin(&answer, (pools, group), &start, params);
        for step in &trace.steps {
            let scored = replay.step().unwrap();
            prop_assert!(scored.is_judged);
            let scored = scored.step;
            prop_assert_eq!((scored.index, scored.context_len), (step.index, step.context_len));
            prop_assert_eq!(&scored.tree, &step.tree);
            prop_assert_eq!(&scored.retrieval, &step.retrieval);
            prop_assert_eq!(scored.n_offered, step.n_offered);
            prop_assert_eq!(&scored.verdict.fates, &step.verdict.fates);
            prop_assert_eq!(&scored.verdict.path, &step.verdict.path);
            prop_assert_eq!(scored.verdict.bonus, step.verdict.bonus);
            prop_assert_eq!(&scored.learned, &step.learned);
        }
        prop_assert_eq!(replay.step(), None);
        let end = trace.end.unwrap();
        prop_assert!(end.finish != Finish::Cancelled && end.steps == trace.steps.len());
    }
}

/// Opens an answer whose log holds nothing but tokens.
fn opened_as(id: &str, rows: Vec<Option<NodeDistribution>>) -> OpenedAs<'static> {
    OpenedAs {
        model: ModelInfo::default(),
        log: LogOrigin {
            log: "answers.jsonl".into(),
            id: id.into(),
            is_greedy: None,
            judge: None,
        },
        subject: SubjectInfo {
            kind: "prompt".into(),
            id: id.into(),
            title: id.into(),
            group: None,
            framework: Default::default(),
        },
        finish: None,
        rows,
        bytes: &|id| TokenBytes::new(format!("t{id}").as_bytes()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// The model that wrote an answer fills in the distributions of its run, and lossy
    /// what-ifs on them are those on the run itself.
    #[test]
    fn an_answer_judged_by_its_writer_is_its_run(
        texts in prop::collection::vec(text(4..60), 1..5),
        question in text(1..30),
        rows in 2usize..24,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = engine(folder.path());
        let params = Params {
            repeat_penalty: 1.0,
            ..strict(Drafter::Blend, Budget::Rows(rows))
        };
        let plain = Params { verify: AcceptanceRule::Autoregressive, ..params };
        let plain = run(&mut engine, spec(&question, plain));
        engine.set_knowledge(&knowledge(&texts, &plain)).unwrap();
        let pools = engine.pools.current.clone();
        let trace = run(&mut engine, spec(&question, params));
        let header = &trace.header;
        let ids = (header.prompt_ids.clone(), header.opening_len, trace.token_ids());
        let answer = LoggedAnswer::new(ids.0, ids.1, ids.2).unwrap();
        let mut answers = AnswersBuilder::new().unwrap();
        let group = GroupKey::from("item/a");
        answers.push(LoggedEntry { group, ..LoggedEntry::default() }, &answer).unwrap();
        let answers = answers.finish().unwrap();
        let start = ScoringStart {
            cost: header.cost.clone(),
            calibration: header.calibration.clone().unwrap(),
            eos: header.eos.clone(),
            context: None,
        };
        let ways = [ScoringWay { params, is_dealt: false }];
        let scoring = Scoring::new(&answers, Split::PoolOnly, &pools, &ways, &start);
        let opened = scoring.open_as_run(0, &ways[0], opened_as("e1", Vec::new()));
        let opened = opened.unwrap().unwrap();
        let judged = engine.judge(&opened, &mut |_, _| true).unwrap().unwrap();
        let judge = judged.header.log.as_ref().unwrap().judge.as_ref().unwrap();
        prop_assert_eq!((judge.agreeing, judge.of), (answer.token_ids.len(), answer.token_ids.len()));
        prop_assert_eq!(judged.steps.len(), trace.steps.len());
        for (judged, step) in judged.steps.iter().zip(&trace.steps) {
            prop_assert_eq!(&judged.tree, &step.tree);
            prop_assert_eq!(&judged.rows, &step.rows);
            prop_assert_eq!(&judged.judged, &step.judged);
            prop_assert_eq!(judged.timing, None);
        }
        let lossy = Change { verify: Some(AcceptanceRule::default()), ..Change::default() };
        prop_assert_eq!(what_if(&opened, &Change::default()).not_recorded, 0);
        let (on_run, on_log) = (what_if(&trace, &lossy), what_if(&judged, &lossy));
        prop_assert_eq!(on_run.first_change, on_log.first_change);
        prop_assert_eq!(on_log.not_recorded, 0);
    }
}

/// An answer of a made-up log: tokens under 12, in one of three groups.
#[derive(Clone, Debug)]
struct MadeUp {
    prompt: Vec<TokenId>,
    tokens: Vec<TokenId>,
    group: u8,
    span: (i64, i64),
    /// Continues the request before it.
    is_choice: bool,
}

fn made_up() -> impl Strategy<Value = Vec<MadeUp>> {
    let tokens = |n| prop::collection::vec(0..12u32, n);
    let one = (
        tokens(1..6),
        tokens(1..30),
        0..3u8,
        (0..30i64, 0..10i64),
        0..5u8,
    );
    let one = one.prop_map(|(prompt, tokens, group, (began, took), choice)| MadeUp {
        prompt,
        tokens,
        group,
        span: (began, began + took),
        is_choice: choice == 0,
    });
    prop::collection::vec(one, 1..14)
}

fn key(group: u8) -> GroupKey {
    GroupKey::from(format!("g{group}"))
}

fn answers(made_up: &[MadeUp], has_times: bool) -> Answers {
    let mut builder = AnswersBuilder::new().unwrap();
    let mut request = 0;
    for (i, made) in made_up.iter().enumerate() {
        request += u32::from(i > 0 && !made.is_choice);
        let answer = LoggedAnswer::new(made.prompt.clone(), 0, made.tokens.clone());
        let entry = LoggedEntry {
            request,
            group: key(made.group),
            dealt: key((made.group + 1) % 3),
            span: has_times.then_some(made.span),
            ..LoggedEntry::default()
        };
        builder.push(entry, &answer.unwrap()).unwrap();
    }
    builder.finish().unwrap()
}

fn base() -> Pools {
    Pools::build(vec![PoolDoc {
        id: "0".into(),
        title: String::new(),
        group: key(0),
        tokens: vec![1, 2, 3, 4, 5, 6, 7, 8],
    }])
}

fn scored(scoring: &Scoring) -> Vec<ScoredAnswer> {
    let mut all = Vec::new();
    let whole = scoring.run(&mut |scored| {
        all.push(scored);
        true
    });
    assert!(whole.unwrap());
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every answer is scored as if its pools had been built for it alone, of exactly the
    /// answers that the protocol allows.
    #[test]
    fn each_answer_drafts_from_what_its_protocol_allows(
        made_up in made_up(),
        has_times in any::<bool>(),
        (drafter, rows) in (drafters(), 2usize..20),
        split in prop::sample::select(vec![
            Split::Time, Split::Half, Split::LeaveOneOut, Split::PoolOnly,
        ]),
    ) {
        let answers = answers(&made_up, has_times);
        let base = base();
        let params = strict(drafter, Budget::Rows(rows));
        let way = |is_dealt| ScoringWay { params, is_dealt };
        let (ways, start) = ([way(false), way(true)], start());
        let scoring = Scoring::new(&answers, split, &base, &ways, &start);
        let entries = &answers.entries;
        let drafts = |other: usize, asked: usize| {
            let (o, a) = (&entries[other], &entries[asked]);
            match split {
                Split::Time if has_times => o.span.unwrap().1 < a.span.unwrap().0,
                Split::Time => o.request < a.request,
                Split::Half => o.request % 2 == 0,
                // All are there, and the request's own are hidden.
                Split::LeaveOneOut => true,
                Split::PoolOnly => false,
            }
        };
        let all = scored(&scoring);
        let n_asked = entries.iter().filter(|e| split != Split::Half || e.request % 2 == 1);
        prop_assert_eq!(all.len(), n_asked.count());
        for scored in &all {
            let number = scored.number as usize;
            for (way, score) in ways.iter().zip(&scored.scores) {
                let group = |i: usize| match way.is_dealt {
                    true => entries[i].dealt.clone(),
                    false => entries[i].group.clone(),
                };
                let others = (0..entries.len()).filter(|&other| drafts(other, number));
                let docs = others.map(|other| PoolDoc {
                    id: format!("log/{}", other + 1).into(),
                    title: String::new(),
                    group: group(other),
                    tokens: made_up[other].tokens.clone(),
                });
                let mut pools = base.beside(&Pools::build(docs.collect()));
                if split == Split::LeaveOneOut {
                    let request = entries[number].request;
                    let own = (0..entries.len()).filter(|&i| entries[i].request == request);
                    for own in own {
                        pools = pools.without(&DocId::from(format!("log/{}", own + 1)));
                    }
                }
                let answer = answers.read(scored.number).unwrap();
                let drafting = (pools, Some(group(number)));
                let mut alone = LogReplay::begin(&answer, drafting, &start, params);
                let mut steps = (0, 0, 0);
                while let Some(step) = alone.step() {
                    let step = step.step;
                    steps.0 += 1;
                    steps.1 += step.verdict.n_committed();
                    steps.2 += step.tree.n_rows();
                }
                prop_assert_eq!((score.sums.steps, score.sums.tokens, score.sums.rows), steps);
                prop_assert_eq!(score.sums.tokens, answer.token_ids.len());
            }
        }
    }

    /// Opened alone, an answer has the steps it was scored by.
    #[test]
    fn an_opened_answer_has_the_steps_it_was_scored_by(made_up in made_up()) {
        let (answers, base, start) = (answers(&made_up, true), base(), start());
        let ways = [ScoringWay {
            params: strict(Drafter::Blend, Budget::Rows(8)),
            is_dealt: false,
        }];
        for split in [Split::Time, Split::LeaveOneOut] {
            let scoring = Scoring::new(&answers, split, &base, &ways, &start);
            for scored in scored(&scoring) {
                let opened = opened_as("e1", Vec::new());
                let opened = scoring.open_as_run(scored.number, &ways[0], opened);
                let n_steps = opened.unwrap().map(|trace| trace.steps.len());
                prop_assert_eq!(n_steps, Some(scored.scores[0].sums.steps));
            }
        }
    }

    /// Some answers alone have the scores that they have among all.
    #[test]
    fn some_answers_alone_have_their_scores(made_up in made_up(), kept in 1usize..4) {
        let (answers, base, start) = (answers(&made_up, true), base(), start());
        let ways = [4, 16].map(|rows| ScoringWay {
            params: strict(Drafter::Blend, Budget::Rows(rows)),
            is_dealt: false,
        });
        for split in [Split::Time, Split::Half, Split::LeaveOneOut] {
            let scoring = || Scoring::new(&answers, split, &base, &ways, &start);
            let mut all = scored(&scoring());
            all.retain(|scored| (scored.number as usize).is_multiple_of(kept));
            let only = all.iter().map(|scored| scored.number).collect();
            prop_assert_eq!(scored(&scoring().only(&only)), all);
        }
    }

    /// As a run, too: it saves and loads, and strict judging needs no distribution.
    #[test]
    fn an_opened_answer_is_a_run(made_up in made_up(), rows in 1usize..9) {
        let (answers, base, start) = (answers(&made_up, true), base(), start());
        let ways = [ScoringWay {
            params: strict(Drafter::Blend, Budget::Rows(8)),
            is_dealt: false,
        }];
        let scoring = Scoring::new(&answers, Split::Time, &base, &ways, &start);
        for scored in scored(&scoring) {
            let opened = opened_as("e1", Vec::new());
            let trace = scoring.open_as_run(scored.number, &ways[0], opened).unwrap().unwrap();
            let answer = answers.read(scored.number).unwrap();
            prop_assert_eq!(trace.token_ids(), answer.token_ids);
            prop_assert_eq!(trace.steps.len(), scored.scores[0].sums.steps);
            let mut saved = Vec::new();
            trace.save(&mut saved).unwrap();
            prop_assert!(Trace::load(saved.as_slice()).unwrap() == trace);
            let same = what_if(&trace, &Change::default());
            prop_assert_eq!((same.n_exact(), same.not_recorded), (trace.steps.len(), 0));
            let less = Change { budget: Some(Budget::Rows(rows)), ..Change::default() };
            prop_assert_eq!(what_if(&trace, &less).not_recorded, 0);
        }
    }

    /// Figures and order do not depend on the threads.
    #[test]
    fn scores_do_not_depend_on_the_threads(made_up in made_up(), learns in any::<bool>()) {
        let (answers, base, start) = (answers(&made_up, true), base(), start());
        let ways = [4, 16].map(|rows| ScoringWay {
            params: strict(Drafter::Blend, Budget::Rows(rows)),
            is_dealt: false,
        });
        let scoring = Scoring::new(&answers, Split::Time, &base, &ways, &start).learning(learns);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| scored(&scoring))
        };
        prop_assert_eq!(on(1), on(4));
    }

    /// With calibrations that carry over, the replay of `bench retrieval`.
    #[test]
    fn scoring_against_a_pool_equals_the_bench(made_up in made_up(), rows in 2usize..33) {
        let (answers, base, start) = (answers(&made_up, true), base(), start());
        let params = strict(Drafter::Blend, Budget::Rows(rows));
        let ways = [ScoringWay { params, is_dealt: false }];
        let scoring = Scoring::new(&answers, Split::PoolOnly, &base, &ways, &start);
        let mut calibration = Calibration::default();
        for scored in scored(&scoring.learning(true)) {
            let made = &made_up[scored.number as usize];
            let known = KnownAnswer {
                group: key(made.group),
                prompt: made.prompt.clone(),
                opening_len: 0,
                tokens: made.tokens.clone(),
            };
            let (mut n_steps, mut n_tokens) = (0, 0);
            replay(&base, &known, &params, &mut calibration, |step| {
                n_steps += 1;
                n_tokens += step.n_advanced;
            });
            let sums = &scored.scores[0].sums;
            prop_assert_eq!((sums.steps, sums.tokens), (n_steps, n_tokens));
        }
    }
}
