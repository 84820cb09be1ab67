//! Every drafter against a brute-force search, and incremental state against a search
//! from scratch.

use laserscope::engine::Knowledge;
use laserscope::retrieval::{
    Calibration, KnownAnswer, Local, PoolDoc, Pools, Retriever, replay, retrieve,
};
use laserscope::speculate::TokenId;
use laserscope::speculate::draft::{DraftTree, Origin};
use laserscope::speculate::params::{
    AcceptanceRule, Budget, Drafter, Params, Source, SourceWeights,
};
use laserscope::speculate::subject::GroupKey;
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};

use super::engine::{engine, run, spec};

/// A random situation.
#[derive(Clone, Debug)]
struct Scene {
    docs: Vec<PoolDoc>,
    group: Option<GroupKey>,
    prompt: Vec<TokenId>,
    opening_len: usize,
    output: Vec<TokenId>,
    params: Params,
}

fn scene(letters: u32) -> impl Strategy<Value = Scene> {
    let docs = vec((0..3u8, vec(0..letters, 0..60)), 0..10);
    let group = prop_oneof![
        Just(None),
        (0..4u8).prop_map(|g| Some(g.to_string().into()))
    ];
    let context = (vec(0..letters, 1..20), 0..4usize, vec(0..letters, 0..60));
    let knobs = (1..=64usize, 1..=12usize, 0..=6usize, any::<[bool; 3]>());
    let drafter = prop::sample::select(Drafter::ALL.to_vec());
    (docs, group, context, knobs, drafter).prop_map(|(docs, group, context, knobs, drafter)| {
        let (prompt, opening_len, output) = context;
        let (rows, branch, max_suffix, [own, global, local]) = knobs;
        let mut params = Params {
            budget: Budget::Rows(rows),
            branch,
            max_suffix,
            drafter,
            ..Params::default()
        };
        (params.sources.group, params.sources.global) = (own, global);
        params.sources.local = local;
        let doc = |(i, (group, tokens)): (usize, (u8, Vec<TokenId>))| PoolDoc {
            id: i.to_string().into(),
            title: String::new(),
            group: group.to_string().into(),
            tokens,
        };
        Scene {
            docs: docs.into_iter().enumerate().map(doc).collect(),
            group,
            opening_len: opening_len.min(prompt.len()),
            prompt,
            output,
            params,
        }
    })
}

impl Scene {
    fn draft(&self) -> DraftTree {
        let pools = Pools::build(self.docs.clone());
        let mut local = Local::new(&self.prompt, self.opening_len);
        local.push(&self.output);
        let group = self.group.as_ref();
        retrieve(&pools, group, &local, &self.params, &Calibration::default()).tree
    }

    fn context(&self) -> Vec<TokenId> {
        [self.prompt.as_slice(), &self.output].concat()
    }

    /// The texts that a source consists of.
    fn texts(&self, source: Source) -> Vec<Vec<TokenId>> {
        let own = self.group.as_ref().filter(|_| self.params.sources.group);
        let docs = |is_own| {
            let docs = self.docs.iter();
            let docs = docs.filter(move |d| (Some(&d.group) == own) == is_own);
            docs.map(|d| d.tokens.clone()).collect()
        };
        match source {
            Source::Local => vec![self.context()],
            Source::Group => docs(true),
            _ => docs(false),
        }
    }

    fn count(&self, source: Source, pattern: &[TokenId]) -> usize {
        let texts = self.texts(source);
        let windows = texts.iter().flat_map(|t| t.windows(pattern.len()));
        windows.filter(|w| *w == pattern).count()
    }

    /// The context and the path to a node, the node included.
    fn path(&self, tree: &DraftTree, node: usize) -> Vec<TokenId> {
        let drafted = tree.path(node).into_iter().skip(1);
        let mut path = self.context();
        path.extend(drafted.map(|n| tree.nodes[n].token));
        path
    }

    /// The counts of every run of up to `branch` tokens after `prefix`, in all
    /// sources that are on: what LASER's trie holds below it.
    fn trie(&self, prefix: &[TokenId]) -> Vec<usize> {
        let mut counts = std::collections::HashMap::new();
        for source in Source::ALL {
            if !self.params.sources.has(source) {
                continue;
            }
            for text in self.texts(source) {
                let starts = 0..text.len().saturating_sub(prefix.len());
                for start in starts.filter(|&s| text[s..].starts_with(prefix)) {
                    let after = &text[start + prefix.len()..];
                    for n in 1..=after.len().min(self.params.branch) {
                        *counts.entry(after[..n].to_vec()).or_insert(0) += 1;
                    }
                }
            }
        }
        let mut counts: Vec<usize> = counts.into_values().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts
    }
}

fn check_origin(scene: &Scene, origin: &Origin, path: &[TokenId]) {
    assert!(scene.params.sources.has(origin.source));
    let pattern = &path[path.len() - 1 - origin.matched as usize..];
    let (count, naive) = (origin.count as usize, scene.count(origin.source, pattern));
    assert!((1..=naive).contains(&count), "{origin:?}: {naive}");
    if scene.params.drafter == Drafter::Laser {
        assert_eq!(count, naive, "{origin:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Every path occurs in a source after the suffix it is said to follow; the
    /// tree is closed under parents and keeps its limits.
    #[test]
    fn drafted_paths_occur_in_their_sources(scene in scene(6)) {
        let tree = scene.draft();
        assert!(tree.n_rows() <= scene.params.budget.max_rows());
        for (i, node) in tree.nodes.iter().enumerate().skip(1) {
            let parent = node.parent.unwrap();
            assert!(parent < i);
            assert_eq!(node.depth, tree.nodes[parent].depth + 1);
            assert!(node.depth <= scene.params.branch);
            assert!(node.path_prob > 0.0 && node.path_prob <= tree.nodes[parent].path_prob);
            let twins = tree.children(parent).filter(|&c| tree.nodes[c].token == node.token);
            assert_eq!(twins.count(), 1);
            assert!(!node.origins.is_empty());
            let path = scene.path(&tree, i);
            node.origins.iter().for_each(|o| check_origin(&scene, o, &path));
        }
    }

    /// The paper's drafter takes the most frequent nodes of the trie.
    #[test]
    fn the_laser_drafter_is_a_trie(mut scene in scene(5)) {
        scene.params.drafter = Drafter::Laser;
        let context = scene.context();
        let longest = scene.params.max_suffix.min(2).min(context.len());
        // Where two tokens were found there may be nothing after them.
        let found = |n: &usize| {
            let prefix = &context[context.len() - n..];
            let count = |s: Source| scene.count(s, prefix) - usize::from(s == Source::Local);
            Source::ALL.into_iter().any(|s| scene.params.sources.has(s) && count(s) > 0)
        };
        let n = (1..=longest).rev().find(found).unwrap_or(0);
        let mut expected = match n {
            0 => Vec::new(),
            n => scene.trie(&context[context.len() - n..]),
        };
        expected.truncate(scene.params.budget.max_rows() - 1);
        let tree = scene.draft();
        let count = |origins: &[Origin]| origins.iter().map(|o| o.count as usize).sum::<usize>();
        let drafted: Vec<usize> = tree.nodes[1..].iter().map(|n| count(&n.origins)).collect();
        assert_eq!(drafted, expected);
    }

    /// Incremental state changes nothing: the tree and its origins are those of a
    /// search from scratch.
    #[test]
    fn carried_on_equals_from_scratch(
        scene in scene(4),
        chunks in vec(1..9usize, 1..12),
        repeats in 0..3usize,
    ) {
        // The same documents over and over make matches long and intervals wide.
        let docs: Vec<PoolDoc> = (0..=repeats * 10)
            .flat_map(|i| scene.docs.iter().map(move |d| PoolDoc {
                id: format!("{} {i}", d.id).into(),
                ..d.clone()
            }))
            .collect();
        let pools = Pools::build(docs);
        let group = scene.group.as_ref();
        let (params, calibration) = (&scene.params, Calibration::default());
        let mut local = Local::new(&scene.prompt, scene.opening_len);
        let mut retriever = Retriever::new(pools.clone(), scene.group.clone(), local.clone(), params);
        let own = scene.docs.iter().flat_map(|d| d.tokens.iter().copied());
        let mut text = scene.output.iter().copied().chain(own);
        for n in chunks {
            let more: Vec<_> = text.by_ref().take(n).collect();
            local.push(&more);
            retriever.push(&more);
            retriever.advance();
            let mut carried = retriever.draft(&calibration);
            retriever.explain(&mut carried.tree);
            let scratch = retrieve(&pools, group, &local, params, &calibration);
            assert_eq!(carried, scratch);
        }
    }

    /// Origins are the same after branches were cut off.
    #[test]
    fn cut_trees_keep_their_origins(scene in scene(5), end in 0..5u32, rows in 1..64usize) {
        let pools = Pools::build(scene.docs.clone());
        let mut local = Local::new(&scene.prompt, scene.opening_len);
        local.push(&scene.output);
        let mut retriever = Retriever::new(pools, scene.group.clone(), local, &scene.params);
        let mut tree = retriever.draft(&Calibration::default()).tree;
        tree.prune_below(&[end]);
        tree.truncate(rows);
        retriever.explain(&mut tree);
        let mut whole = scene.draft();
        whole.prune_below(&[end]);
        whole.truncate(rows);
        assert_eq!(tree, whole);
    }
}

/// Whatever drafts, strict output is the autoregressive output.
#[test]
fn strict_equals_autoregressive_with_every_drafter() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let base = Params {
        max_tokens: 60,
        verify: AcceptanceRule::Autoregressive,
        ..Params::default()
    };
    let plain = run(&mut engine, spec("what is it like", base));
    let half: String = format!("ab{}", plain.text()).chars().take(20).collect();
    let texts = [half.clone(), format!("{half}x{half}"), "abcabcab".into()];
    let docs = texts.into_iter().enumerate().map(|(i, text)| Knowledge {
        id: i.to_string(),
        title: String::new(),
        kind: "item".into(),
        group: Some(["a", "b"][i % 2].into()),
        framework: None,
        text,
        ended: false,
    });
    engine.set_knowledge(&docs.collect::<Vec<_>>()).unwrap();
    for drafter in Drafter::ALL {
        for budget in [Budget::Rows(5), Budget::Rows(64), Budget::Auto { max: 64 }] {
            let params = Params {
                verify: AcceptanceRule::Strict,
                drafter,
                budget,
                ..base
            };
            let drafted = run(&mut engine, spec("what is it like", params));
            assert_eq!(
                drafted.token_ids(),
                plain.token_ids(),
                "{drafter:?} {budget:?}"
            );
            let n_drafted: usize = drafted.steps.iter().map(|s| s.tree.n_drafts()).sum();
            let fixed = matches!(budget, Budget::Rows(_));
            assert!(!fixed || (n_drafted > 0) == (drafter != Drafter::None));
        }
    }
}

/// A source that is not trusted loses to one that is.
#[test]
fn weights_move_the_estimates() {
    let doc = |id: &str, group: &str, tokens: &[TokenId]| PoolDoc {
        id: id.into(),
        title: String::new(),
        group: group.into(),
        tokens: tokens.to_vec(),
    };
    let pools = Pools::build(vec![
        doc("a", "mine", &[1, 2, 3, 4]),
        doc("b", "other", &[1, 2, 5, 6]),
    ]);
    let local = Local::new(&[1, 2], 2);
    let chance = |weights: &str, token: TokenId| {
        let params = Params {
            budget: Budget::Rows(64),
            source_weights: SourceWeights::parse(weights).unwrap(),
            ..Params::default()
        };
        let calibration = Calibration::default();
        let tree = retrieve(&pools, Some(&"mine".into()), &local, &params, &calibration).tree;
        let child = tree.children(0).find(|&c| tree.nodes[c].token == token);
        child.map_or(0.0, |c| tree.nodes[c].path_prob)
    };
    assert!(chance("group=1", 3) > chance("group=0.5", 3));
    assert!(chance("group=0.5", 3) > chance("group=0", 3));
    assert!(chance("group=0", 5) > chance("group=1", 5));
    assert!(chance("global=1", 5) > chance("global=0", 5));
    let wrong = SourceWeights::parse("group=2").unwrap_err();
    assert!(wrong.contains("group=2"), "{wrong}");
}

/// A replay advances by what was accepted and one token more, to the end.
#[test]
fn a_replay_covers_the_answer() {
    let tokens: Vec<TokenId> = (10..60).collect();
    let pools = Pools::build(vec![PoolDoc {
        id: "a".into(),
        title: String::new(),
        group: "g".into(),
        tokens: tokens.clone(),
    }]);
    let answer = KnownAnswer {
        group: "g".into(),
        prompt: vec![1, 2, 10],
        opening_len: 1,
        tokens: tokens[1..].to_vec(),
    };
    for (drafter, most) in [
        (Drafter::None, 49),
        (Drafter::Blend, 12),
        (Drafter::Chain, 12),
    ] {
        let params = Params {
            drafter,
            budget: Budget::Rows(16),
            ..Params::default()
        };
        let (mut n_steps, mut n_advanced) = (0, 0);
        let mut calibration = Calibration::default();
        replay(&pools, &answer, &params, &mut calibration, |step| {
            n_steps += 1;
            n_advanced += step.n_advanced;
            assert!(step.n_advanced <= step.path.len() + 1);
        });
        assert_eq!(n_advanced, 49);
        assert!(n_steps <= most, "{drafter:?}: {n_steps}");
    }
}
