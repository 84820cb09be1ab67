//! Retrieval against a brute-force search, on random documents over a small vocabulary,
//! so that matches of every length, ties and gaps occur.

use laserscope::retrieval::{
    Calibration, Local, Online, PoolDoc, Pools, Retrieved, Retriever, retrieve,
};
use laserscope::speculate::TokenId;
use laserscope::speculate::draft::{DraftTree, Origin};
use laserscope::speculate::params::{Budget, Params, Source, Sources};
use laserscope::speculate::subject::{DocId, GroupKey};
use laserscope::speculate::trace::PoolSize;
use laserscope::speculate::verify::{Fate, Verdict};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

/// A random situation.
#[derive(Clone, Debug)]
struct Scene {
    docs: Vec<PoolDoc>,
    group: Option<GroupKey>,
    prompt: Vec<TokenId>,
    opening_len: usize,
    output: Vec<TokenId>,
    params: Params,
    /// A document that is left out.
    hidden: Option<DocId>,
}

fn scene() -> impl Strategy<Value = Scene> {
    let tokens = || vec(0..7u32, 0..40);
    let docs = vec((0..3u8, tokens()), 0..12);
    let group = prop_oneof![
        Just(None),
        (0..4u8).prop_map(|g| Some(format!("group {g}").into()))
    ];
    let context = (vec(0..7u32, 1..20), 0..4usize, vec(0..7u32, 0..20));
    let knobs = (1..=64usize, 1..=12usize, 0..=6usize, any::<[bool; 3]>());
    let hidden = proptest::option::of(0..12usize);
    (docs, group, context, knobs, hidden).prop_map(|(docs, group, context, knobs, hidden)| {
        let (prompt, opening_len, output) = context;
        let (rows, branch, max_suffix, [group_on, global, local]) = knobs;
        Scene {
            docs: docs.into_iter().enumerate().map(document).collect(),
            group,
            opening_len: opening_len.min(prompt.len()),
            prompt,
            output,
            params: Params {
                budget: Budget::Rows(rows),
                branch,
                max_suffix,
                sources: Sources {
                    group: group_on,
                    global,
                    local,
                    online: false,
                },
                ..Params::default()
            },
            hidden: hidden.map(|i| format!("doc {i}").into()),
        }
    })
}

fn document((i, (group, tokens)): (usize, (u8, Vec<TokenId>))) -> PoolDoc {
    PoolDoc {
        id: format!("doc {i}").into(),
        title: format!("Title {i}"),
        group: format!("group {group}").into(),
        tokens,
    }
}

impl Scene {
    fn pools(&self) -> Pools {
        let pools = Pools::build(self.docs.clone());
        match &self.hidden {
            Some(id) => pools.without(id),
            None => pools,
        }
    }

    fn local(&self) -> Local {
        let mut local = Local::new(&self.prompt, self.opening_len);
        local.push(&self.output);
        local
    }

    fn retrieve(&self) -> Retrieved {
        let (group, local) = (self.group.as_ref(), self.local());
        let calibration = Calibration::default();
        retrieve(&self.pools(), group, &local, &self.params, &calibration)
    }

    fn context(&self) -> Vec<TokenId> {
        [self.prompt.as_slice(), &self.output].concat()
    }

    /// The answer so far and the drafted path to a node, the node excluded.
    fn path_before(&self, tree: &DraftTree, node: usize) -> Vec<TokenId> {
        let context = self.context();
        let answer = &context[self.prompt.len() - self.opening_len..];
        let path = tree.path(node);
        let drafted = path[1..path.len() - 1].iter();
        let drafted = drafted.map(|&n| tree.nodes[n].token);
        answer.iter().copied().chain(drafted).collect()
    }

    /// The documents that a source consists of.
    fn docs_of(&self, source: Source) -> Vec<&PoolDoc> {
        let own = self.group.as_ref().filter(|_| self.params.sources.group);
        let visible = self
            .docs
            .iter()
            .filter(|d| Some(&d.id) != self.hidden.as_ref());
        visible
            .filter(|d| match source {
                Source::Group => Some(&d.group) == own,
                _ => Some(&d.group) != own,
            })
            .collect()
    }
}

/// How often `pattern` occurs in a text.
fn occurrences(text: &[TokenId], pattern: &[TokenId]) -> usize {
    text.windows(pattern.len())
        .filter(|w| *w == pattern)
        .count()
}

/// How often `token` follows the last `n` tokens of `path` in these documents;
/// with the whole path also how many documents begin so.
fn follows(docs: &[&PoolDoc], path: &[TokenId], n: usize, token: TokenId) -> (usize, usize) {
    let pattern = [&path[path.len() - n..], &[token]].concat();
    let anywhere = docs.iter().map(|d| occurrences(&d.tokens, &pattern)).sum();
    let begins = docs
        .iter()
        .filter(|d| d.tokens.starts_with(&pattern))
        .count();
    (anywhere, if n == path.len() { begins } else { 0 })
}

/// The longest suffix of `path`, at most `max`, that `token` follows.
fn longest(docs: &[&PoolDoc], path: &[TokenId], max: usize, token: TokenId) -> usize {
    let lengths = (1..=max.min(path.len())).rev();
    let mut found = lengths.filter(|&n| follows(docs, path, n, token).0 > 0);
    found.next().unwrap_or(0)
}

fn check_pool_origin(scene: &Scene, origin: &Origin, path: &[TokenId], token: TokenId) {
    let docs = scene.docs_of(origin.source);
    let (matched, count) = (origin.matched as usize, origin.count as usize);
    let (anywhere, begins) = follows(&docs, path, matched, token);
    // The document start counts as a symbol of the longest suffix there is.
    let is_anchored = begins > 0 && path.len() < scene.params.max_suffix;
    let expected = if is_anchored { begins } else { anywhere };
    // In the other groups only what the context itself matched is followed.
    let is_part = origin.source == Source::Global;
    if matched == 0 || is_part {
        assert!((1..=anywhere).contains(&count), "{origin:?}");
    } else {
        assert_eq!(count, expected, "{origin:?}");
    }
    if origin.source == Source::Group {
        assert_eq!(
            matched,
            longest(&docs, path, scene.params.max_suffix, token)
        );
    }
    assert!(!origin.docs.is_empty() && origin.docs.len() <= 3);
    for hit in &origin.docs {
        let doc = docs
            .iter()
            .find(|d| d.id == hit.doc)
            .expect("a document of the source");
        let at = hit.at as usize;
        assert_eq!(doc.tokens[at], token);
        assert!(doc.tokens[..at].ends_with(&path[path.len() - matched..]));
    }
}

fn check_local_origin(scene: &Scene, tree: &DraftTree, node: usize, origin: &Origin) {
    let path = tree.path(node);
    let drafted = path[1..].iter().map(|&n| tree.nodes[n].token);
    let context = scene.context();
    let whole: Vec<TokenId> = context.iter().copied().chain(drafted).collect();
    let count = |n: usize| match whole.len().checked_sub(n + 1) {
        Some(start) => occurrences(&context, &whole[start..]),
        None => 0,
    };
    let matched = origin.matched as usize;
    assert_eq!(origin.count as usize, count(matched), "{origin:?}");
    assert!(matched == scene.params.max_suffix || count(matched + 1) == 0);
    assert!(origin.docs.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Every draft token's origins are those of a brute-force search: so no draft runs
    /// across documents, no hidden document appears, and every path occurs after the
    /// suffix it is said to follow.
    #[test]
    fn origins_equal_a_naive_search(scene in scene()) {
        let tree = scene.retrieve().tree;
        for (node, draft) in tree.nodes.iter().enumerate().skip(1) {
            assert!(!draft.origins.is_empty(), "token {} has no origin", draft.token);
            assert!(draft.origins.windows(2).all(|w| w[0].matched >= w[1].matched));
            let path = scene.path_before(&tree, node);
            for origin in &draft.origins {
                assert!(scene.params.sources.has(origin.source));
                assert!(origin.matched as usize <= scene.params.max_suffix);
                match origin.source {
                    Source::Local => check_local_origin(&scene, &tree, node, origin),
                    _ => check_pool_origin(&scene, origin, &path, draft.token),
                }
            }
        }
    }

    /// What the context itself matched, by hand.
    #[test]
    fn hits_equal_a_naive_search(scene in scene()) {
        let context = scene.context();
        let answer = &context[scene.prompt.len() - scene.opening_len..];
        for hit in scene.retrieve().hits {
            assert!(scene.params.sources.has(hit.source));
            if hit.source == Source::Local || hit.matched == 0 {
                continue;
            }
            let docs = scene.docs_of(hit.source);
            let count = |n: usize| -> usize {
                let suffix = &answer[answer.len() - n..];
                docs.iter().map(|d| occurrences(&d.tokens, suffix)).sum()
            };
            let begins = docs.iter().filter(|d| d.tokens.starts_with(answer)).count();
            let is_anchored = hit.matched == answer.len()
                && begins > 0
                && answer.len() < scene.params.max_suffix;
            let expected = if is_anchored { begins } else { count(hit.matched) };
            assert_eq!(hit.count, expected, "{hit:?}");
            let longer = hit.matched + 1;
            assert!(longer > answer.len().min(scene.params.max_suffix) || count(longer) == 0);
        }
    }

    #[test]
    fn trees_keep_their_limits(scene in scene()) {
        let tree = scene.retrieve().tree;
        assert!(tree.n_rows() <= scene.params.budget.max_rows());
        assert_eq!(Some(&tree.nodes[0].token), scene.context().last());
        for (i, node) in tree.nodes.iter().enumerate().skip(1) {
            let parent = node.parent.expect("only the root has no parent");
            assert!(parent < i);
            assert_eq!(node.depth, tree.nodes[parent].depth + 1);
            assert!(node.depth <= scene.params.branch);
            assert!(node.path_prob > 0.0 && node.path_prob <= tree.nodes[parent].path_prob);
            assert!(node.path_prob <= tree.nodes[i - 1].path_prob, "best first");
            let twins = tree.children(parent).filter(|&c| tree.nodes[c].token == node.token);
            assert_eq!(twins.count(), 1);
        }
    }

    /// The first n nodes are the tree under a budget of n, and nothing depends
    /// on anything but the input.
    #[test]
    fn a_smaller_budget_is_a_prefix(scene in scene(), rows in 1..=64usize) {
        let mut tree = scene.retrieve().tree;
        let smaller = Params {
            budget: Budget::Rows(rows.min(tree.n_rows())),
            ..scene.params
        };
        tree.truncate(smaller.budget.max_rows());
        assert_eq!(Scene { params: smaller, ..scene }.retrieve().tree, tree);
    }

    /// A hidden document has no effect. (That no origin counts or names it is part of
    /// the first property.)
    #[test]
    fn hiding_equals_leaving_out(mut scene in scene()) {
        let with = scene.retrieve();
        let Some(hidden) = scene.hidden.clone() else { return Ok(()) };
        let pools = scene.pools();
        scene.docs.retain(|d| d.id != hidden);
        let rebuilt = scene.pools();
        assert_eq!(with.hits, scene.retrieve().hits);
        let group = scene.group.as_ref();
        let sizes = |pools: &Pools| pools.sizes(group).into_iter().filter(|s| s.documents > 0);
        assert!(sizes(&pools).eq(sizes(&rebuilt)));
    }
}

fn doc(id: &str, group: &str, tokens: &[TokenId]) -> PoolDoc {
    PoolDoc {
        id: id.into(),
        title: format!("The story of {id}"),
        group: group.into(),
        tokens: tokens.to_vec(),
    }
}

fn drafted(pools: &Pools, group: Option<&str>, local: &Local, sources: Sources) -> Retrieved {
    let params = Params {
        budget: Budget::Rows(64),
        sources,
        ..Params::default()
    };
    let group = group.map(GroupKey::from);
    retrieve(
        pools,
        group.as_ref(),
        local,
        &params,
        &Calibration::default(),
    )
}

#[test]
fn without_sources_there_is_only_the_root() {
    let local = Local::new(&[5, 6, 5, 6, 5], 2);
    let pools = Pools::build(vec![doc("a", "g", &[5, 6, 7])]);
    let nothing = drafted(&pools, Some("g"), &local, Sources::NONE);
    assert_eq!(nothing.tree, DraftTree::root_only(5));
    assert!(nothing.hits.is_empty());
    let pools_only = Sources {
        local: false,
        ..Sources::ALL
    };
    let empty = drafted(&Pools::empty(), Some("g"), &local, pools_only);
    assert_eq!(empty.tree, DraftTree::root_only(5));
    let local_only = drafted(&Pools::empty(), None, &local, Sources::ALL);
    assert_eq!(local_only.tree.nodes[1].token, 6);
    assert_eq!(local_only.tree.nodes[1].origins[0].source, Source::Local);
}

#[test]
fn a_documents_beginning_is_found_before_the_first_token() {
    let pools = Pools::build(vec![
        doc("a", "g", &[50, 51, 52]),
        doc("b", "g", &[50, 51, 53]),
    ]);
    let local = Local::new(&[1, 2, 3], 0);
    let found = drafted(&pools, Some("g"), &local, Sources::ALL);
    assert_eq!(found.hits[0].matched, 0);
    assert_eq!(found.hits[0].count, 2);
    let first = &found.tree.nodes[1];
    assert_eq!((first.token, first.origins[0].matched), (50, 0));
    assert_eq!(first.origins[0].count, 2);
    assert_eq!(first.origins[0].docs[0].at, 0);
}

/// Two texts that differ in a name: after it the first predicts how the second
/// continues, although the preceding token is new.
#[test]
fn a_gap_is_bridged() {
    let pools = Pools::build(vec![
        doc("a", "g", &[10, 11, 12, 13, 90, 14, 15, 16, 17]),
        doc("b", "g", &[30, 31, 14, 40, 41, 42, 14, 40]),
    ]);
    let opening = [10, 11, 12, 13, 99];
    let local = Local::new(&opening, opening.len());
    let tree = drafted(&pools, Some("g"), &local, Sources::ALL).tree;
    assert_eq!(tree.nodes[1].token, 14, "after an unknown name");
    // 40 follows 14 twice, 15 once; but only 15 stands after the same text.
    let opening = [10, 11, 12, 13, 99, 14];
    let local = Local::new(&opening, opening.len());
    let tree = drafted(&pools, Some("g"), &local, Sources::ALL).tree;
    assert_eq!(tree.nodes[1].token, 15, "after the gap has closed");
}

#[test]
fn the_global_pool_stands_behind_the_group() {
    let pools = Pools::build(vec![
        doc("a", "mine", &[1, 2, 3, 4]),
        doc("b", "other", &[1, 2, 5, 6]),
    ]);
    let local = Local::new(&[1, 2], 2);
    let found = drafted(&pools, Some("mine"), &local, Sources::ALL);
    let sources: Vec<_> = found.hits.iter().map(|h| (h.source, h.matched)).collect();
    assert_eq!(sources, [(Source::Group, 2), (Source::Global, 2)]);
    let credited = |token: TokenId| {
        let node = found.tree.nodes.iter().find(|n| n.token == token);
        node.expect("drafted").origins[0].source
    };
    assert_eq!((credited(3), credited(5)), (Source::Group, Source::Global));
    let nobody = drafted(&pools, Some("unheard of"), &local, Sources::ALL);
    assert_eq!(nobody.hits[0].source, Source::Global);
    assert_eq!(nobody.hits[0].count, 2);
}

#[test]
fn pools_say_what_they_hold() {
    let pools = Pools::build(vec![
        doc("a", "one", &[1, 2, 3]),
        doc("b", "two", &[4, 5]),
        doc("c", "two", &[6]),
    ]);
    let size = |source, documents, tokens| PoolSize {
        source,
        documents,
        tokens,
    };
    let all = size(Source::Global, 3, 6);
    assert_eq!(
        pools.sizes(Some(&"two".into())),
        [size(Source::Group, 2, 3), all]
    );
    assert_eq!(pools.sizes(None), [all]);
    assert_eq!(pools.title("b"), Some("The story of b"));
    assert_eq!(pools.title("z"), None);
    let names: Vec<_> = pools
        .groups()
        .into_iter()
        .map(|g| (g.group.to_string(), g.documents))
        .collect();
    assert_eq!(names, [("one".to_string(), 1), ("two".to_string(), 2)]);
    let fewer = pools.without(&"b".into());
    assert_eq!(fewer.title("b"), None);
    assert_eq!(
        fewer.sizes(Some(&"two".into()))[0],
        size(Source::Group, 1, 1)
    );
    assert_eq!(
        pools.sizes(Some(&"two".into()))[0].documents,
        2,
        "the original stays"
    );
}

/// Estimates that are too high come down, those that are too low go up.
#[test]
fn calibration_follows_what_is_accepted() {
    let pools = Pools::build(vec![doc("a", "g", &[1, 2, 3, 4, 5, 6])]);
    let local = Local::new(&[1, 2], 2);
    let params = Params::default();
    let mut retriever = Retriever::new(pools, Some("g".into()), local, &params);
    let mut learn = |n_times: usize, accept: bool| {
        let mut calibration = Calibration::default();
        for _ in 0..n_times {
            let tree = retriever.draft(&calibration).tree;
            let mut path: Vec<usize> = tree.children(0).take(usize::from(accept)).collect();
            path.extend(path.first().and_then(|&n| tree.children(n).next()));
            let verdict = Verdict {
                fates: vec![Fate::Unreached; tree.n_drafts()],
                path,
                bonus: None,
                finish: None,
            };
            retriever.observe(&mut calibration, &tree, &verdict);
        }
        let tree = retriever.draft(&calibration).tree;
        tree.nodes[1].path_prob
    };
    let before = learn(0, false);
    assert!(learn(50, false) < before && before < learn(50, true));
}

/// Finished answers are a source of their own, which is off unless asked for;
/// a newer answer of a subject replaces the older one.
#[test]
fn finished_answers_draft_when_asked_to() {
    let mut online = Online::default();
    online.add(&doc("new", "g", &[1, 2, 8, 8]));
    online.add(&doc("far", "h", &[1, 2, 7, 7]));
    online.add(&doc("new", "g", &[1, 2, 9, 9]));
    let pools = Pools::build(vec![doc("a", "g", &[1, 2, 3, 4])]).with_online(&online);
    assert_eq!(pools.sizes(Some(&"g".into())).len(), 3);
    assert_eq!(
        pools.sizes(Some(&"g".into()))[2],
        pool_size(Source::Online, 2, 8)
    );
    let local = Local::new(&[1, 2], 2);
    let without = drafted(&pools, Some("g"), &local, Sources::ALL);
    assert_eq!(tokens_below_root(&without), [3]);
    let sources = Sources {
        online: true,
        ..Sources::ALL
    };
    let found = drafted(&pools, Some("g"), &local, sources);
    assert!(found.hits.iter().any(|h| h.source == Source::Online));
    let mut tokens = tokens_below_root(&found);
    tokens.sort_unstable();
    assert_eq!(tokens, [3, 7, 9]);
    let nodes = found.tree.nodes.iter();
    let origin = |token| {
        nodes
            .clone()
            .find(|n| n.token == token)
            .map(|n| &n.origins[0])
    };
    assert_eq!(origin(9).map(|o| o.source), Some(Source::Online));
    assert_eq!(origin(9).map(|o| o.docs[0].doc.as_str()), Some("new"));
    assert_eq!(origin(3).map(|o| o.source), Some(Source::Group));
}

/// However many answers come, nothing is lost when they are merged.
#[test]
fn many_finished_answers_are_all_found() {
    let mut online = Online::default();
    for i in 0..60u32 {
        let tokens: Vec<u32> = (0..400).map(|j| 100 + i * 400 + j).collect();
        online.add(&doc(&i.to_string(), "g", &tokens));
    }
    let pools = Pools::empty().with_online(&online);
    assert_eq!(
        pools.sizes(None)[1],
        pool_size(Source::Online, 60, 60 * 400)
    );
    let sources = Sources {
        online: true,
        ..Sources::NONE
    };
    for i in 0..60u32 {
        let start = 100 + i * 400;
        let found = drafted(
            &pools,
            Some("g"),
            &Local::new(&[start, start + 1], 2),
            sources,
        );
        assert_eq!(tokens_below_root(&found), [start + 2]);
    }
}

fn pool_size(source: Source, documents: usize, tokens: usize) -> PoolSize {
    PoolSize {
        source,
        documents,
        tokens,
    }
}

fn tokens_below_root(found: &Retrieved) -> Vec<u32> {
    let tree = &found.tree;
    let frequent = |n: &&usize| tree.nodes[**n].origins.iter().any(|o| o.matched > 0);
    let below: Vec<usize> = tree.children(0).collect();
    below
        .iter()
        .filter(frequent)
        .map(|&n| tree.nodes[n].token)
        .collect()
}

proptest! {
    /// A group's pool says the same whether it is one segment or grew in steps.
    #[test]
    fn a_group_in_several_segments_counts_like_one(
        docs in vec(vec(0..5u32, 1..7), 2..6),
        cut in 1..5usize,
        context in vec(0..5u32, 1..8),
    ) {
        let docs: Vec<PoolDoc> = docs.iter().enumerate()
            .map(|(i, tokens)| doc(&i.to_string(), "g", tokens))
            .collect();
        let (old, new) = docs.split_at(cut.min(docs.len()));
        let grown = Pools::build(old.to_vec()).beside(&Pools::build(new.to_vec()));
        let whole = Pools::build(docs.clone());
        let local = Local::new(&context, context.len());
        let chances = |pools: &Pools| {
            let tree = drafted(pools, Some("g"), &local, Sources::ALL).tree;
            let below = tree.children(0);
            let mut chances: Vec<(u32, f32)> = below
                .map(|n| (tree.nodes[n].token, tree.nodes[n].path_prob))
                .filter(|c| c.1 > 0.02)
                .collect();
            chances.sort_by_key(|c| c.0);
            chances
        };
        let (grown, whole) = (chances(&grown), chances(&whole));
        assert_eq!(grown.len(), whole.len(), "{:?} {:?}", &grown, &whole);
        for (a, b) in grown.iter().zip(&whole) {
            assert!(a.0 == b.0 && (a.1 - b.1).abs() < 1e-3, "{:?} {:?}", &grown, &whole);
        }
    }
}
