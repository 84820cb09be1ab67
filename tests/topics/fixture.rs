//! Synthetic runs that look like real ones: a written answer replaces the model, seeded
//! drafts replace the pools, and the rest is the real `grow` and `verify`.

use std::collections::{BTreeMap, HashSet};

use laserscope::speculate::TokenId;
use laserscope::speculate::cost::CostProfile;
use laserscope::speculate::draft::{Continuation, DocHit, DraftLimits, DraftTree, Origin, grow};
use laserscope::speculate::params::{AcceptanceRule, Params, Source};
use laserscope::speculate::row::{Candidate, NodeDistribution, TOP_N, TokenScore};
use laserscope::speculate::subject::DocId;
use laserscope::speculate::trace::{
    End, Excerpt, FORMAT, Header, ModelInfo, PoolSize, RowsBy, SourceHit, Step, SubjectInfo,
    Timing, TokenBytes, Trace,
};
use laserscope::speculate::verify::{Finish, RemainingTokens, ScoredTree, verify};

const EOS: TokenId = 2;
const PROMPT: &str = "<|im_start|>user\nIntroduce the movie Heat (1995), a Crime, Drama, Thriller film \
    directed by Michael Mann. Describe it under the headings Genre, Director, Plot, Theme, Mood and \
    Audience.<|im_end|>\n<|im_start|>assistant\n";
const OPENING: &str = "Genre:";
const ANSWER: &str = " Heat is a crime drama with the pace of a thriller and the patience of a character \
    study.\nDirector: It was directed by Michael Mann, who is known for precise night cityscapes and quiet \
    professionals.\nPlot: A disciplined thief plans one last robbery in Los Angeles, while a driven \
    detective closes in on him. Each man sees himself in the other.\nTheme: The film is about duty, \
    loneliness and the price of living by a code — even for the people who love them.\nMood: tense, \
    melancholic and cool, with sudden bursts of violence.\nAudience: It will appeal to viewers who enjoy \
    gripping crime stories, moral questions and strong performances.";

/// Alternative words, and what the model prefers instead.
const SYNONYMS: [(&str, &str); 12] = [
    (" pace", " drive"),
    (" known", " famous"),
    (" precise", " careful"),
    (" disciplined", " careful"),
    (" last", " final"),
    (" driven", " tireless"),
    (" sees", " finds"),
    (" price", " cost"),
    (" sudden", " short"),
    (" enjoy", " like"),
    (" gripping", " tense"),
    (" strong", " great"),
];
const FILLERS: [&str; 20] = [
    " the", " a", " and", " of", ",", ".", " in", " his", " with", " story", " film", " who",
    " is", " by", " Robert", " Los", " an", " that", " one", " crime",
];
const TITLES: [&str; 8] = [
    "Thief (1981)",
    "Collateral (2004)",
    "The Departed (2006)",
    "L.A. Confidential (1997)",
    "Ronin (1998)",
    "Inside Man (2006)",
    "The Town (2010)",
    "Se7en (1995)",
];

/// SplitMix64, so that a seed determines everything.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }
}

/// A vocabulary that grows with new words.
struct Vocabulary {
    ids: BTreeMap<Vec<u8>, TokenId>,
    bytes: BTreeMap<TokenId, Vec<u8>>,
}

impl Vocabulary {
    fn new() -> Self {
        let mut vocabulary = Vocabulary {
            ids: BTreeMap::new(),
            bytes: BTreeMap::new(),
        };
        vocabulary.insert(EOS, b"<|im_end|>");
        vocabulary.insert(1, b"<|im_start|>");
        vocabulary
    }

    fn insert(&mut self, id: TokenId, bytes: &[u8]) {
        self.ids.insert(bytes.to_vec(), id);
        self.bytes.insert(id, bytes.to_vec());
    }

    fn id(&mut self, bytes: &[u8]) -> TokenId {
        if let Some(&id) = self.ids.get(bytes) {
            return id;
        }
        let id = 300 + 37 * self.ids.len() as TokenId;
        self.insert(id, bytes);
        id
    }

    fn tokens(&mut self, text: &str) -> Vec<TokenId> {
        pieces(text).iter().map(|p| self.id(p)).collect()
    }
}

/// Words with their leading space, signs alone; long words and a dash in two, as
/// a tokenizer would have it.
fn pieces(text: &str) -> Vec<Vec<u8>> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        let goes_on = word == " " || (c.is_alphanumeric() && word.ends_with(char::is_alphanumeric));
        if !goes_on && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    words.iter().flat_map(|w| halves(w.as_bytes())).collect()
}

fn halves(word: &[u8]) -> Vec<Vec<u8>> {
    match word.iter().position(|b| !b.is_ascii()) {
        Some(at) => vec![word[..at + 1].to_vec(), word[at + 1..].to_vec()],
        None if word.len() > 9 => vec![word[..6].to_vec(), word[6..].to_vec()],
        None => vec![word.to_vec()],
    }
}

/// The stand-in for the model and the pools: what comes next depends on the
/// position alone.
struct World {
    vocabulary: Vocabulary,
    rows: Vec<NodeDistribution>,
    /// Per position: what the pools suggest, with estimates.
    drafts: Vec<Vec<(TokenId, f32)>>,
    distractors: Vec<TokenId>,
    /// The text before and after every draft in its documents.
    around: [Vec<TokenId>; 2],
}

impl World {
    fn new(dice: &mut Dice) -> Self {
        let mut vocabulary = Vocabulary::new();
        vocabulary.tokens(PROMPT);
        vocabulary.tokens(OPENING);
        let mut script = vocabulary.tokens(ANSWER);
        script.push(EOS);
        let distractors: Vec<TokenId> = FILLERS.iter().flat_map(|f| vocabulary.tokens(f)).collect();
        let synonyms: BTreeMap<TokenId, TokenId> = SYNONYMS
            .iter()
            .map(|(word, other)| (vocabulary.tokens(word)[0], vocabulary.tokens(other)[0]))
            .collect();
        let mut world = World {
            vocabulary,
            rows: Vec::new(),
            drafts: Vec::new(),
            distractors,
            around: [Vec::new(), Vec::new()],
        };
        for &token in &script {
            let other = synonyms.get(&token).copied();
            let row = world.row(token, other, dice);
            world.rows.push(row);
            let drafts = world.suggest(token, other, dice);
            world.drafts.push(drafts);
        }
        let around = [
            " The film follows a crew, and it is",
            " as the night goes on.",
        ];
        world.around = around.map(|text| world.vocabulary.tokens(text));
        world
    }

    fn row(&self, token: TokenId, other: Option<TokenId>, dice: &mut Dice) -> NodeDistribution {
        let first = match other {
            Some(_) => 0.38 + 0.1 * dice.unit(),
            None => [0.98, 0.93, 0.86, 0.71, 0.52][dice.below(5)] - 0.03 * dice.unit(),
        };
        let mut top = vec![Candidate(token, first)];
        let mut rest = 1.0 - first;
        if let Some(other) = other {
            let p = (0.22 + 0.1 * dice.unit()).min(rest);
            top.push(Candidate(other, p));
            rest -= p;
        }
        let mut taken: HashSet<TokenId> = top.iter().map(|c| c.0).collect();
        while top.len() < TOP_N {
            let id = self.distractors[dice.below(self.distractors.len())];
            if taken.insert(id) {
                let p = (rest * (0.3 + 0.2 * dice.unit()))
                    .min(top[top.len() - 1].1)
                    .min(0.09);
                rest -= p;
                top.push(Candidate(id, p));
            }
        }
        NodeDistribution {
            top,
            entropy: Some(2.5 - 2.0 * first),
            log_norm: Some(12.5 + first),
            drawn: None,
        }
    }

    fn suggest(
        &self,
        token: TokenId,
        other: Option<TokenId>,
        dice: &mut Dice,
    ) -> Vec<(TokenId, f32)> {
        let mut drafts = Vec::new();
        if let Some(other) = other {
            drafts.push((other, 0.55));
        }
        if token != EOS && dice.unit() < if other.is_some() { 0.5 } else { 0.8 } {
            drafts.push((token, 0.4 + 0.5 * dice.unit()));
        }
        for _ in 0..dice.below(3) {
            let id = self.distractors[dice.below(self.distractors.len())];
            if drafts.iter().all(|d| d.0 != id) {
                drafts.push((id, 0.12 + 0.2 * dice.unit()));
            }
        }
        if dice.unit() < 0.12 {
            Vec::new()
        } else {
            drafts
        }
    }
}

/// A run under `params`, from the seed alone.
pub fn run(seed: u64, params: Params) -> Trace {
    let mut dice = Dice::new(seed);
    let mut world = World::new(&mut dice);
    let mut trace = Trace::new(header(&mut world, params));
    let mut seen: HashSet<TokenId> = trace.header.tokens.iter().map(|t| t.0).collect();
    let mut docs = HashSet::new();
    let mut root = *trace.header.prompt_ids.last().expect("a prompt");
    let mut at = 0;
    let finish = loop {
        let room = params.max_tokens - at;
        if room == 0 || at >= world.rows.len() {
            break Finish::Length;
        }
        let mut step = step(&world, &params, root, at, room, &mut dice);
        step.index = trace.steps.len();
        step.context_len = trace.header.prompt_ids.len() + at;
        note_excerpts(&mut step, &world);
        note_tokens(&mut step, &world, &mut seen);
        note_documents(&mut step, &mut docs);
        at += step.verdict.n_committed();
        root = step
            .verdict
            .committed(&step.tree)
            .last()
            .expect("a token")
            .0;
        let finish = step.verdict.finish;
        trace.push(step);
        if let Some(finish) = finish {
            break finish;
        }
    };
    let stats = laserscope::speculate::stats::Stats::of(&trace);
    trace.end = Some(End {
        finish,
        steps: stats.steps,
        tokens: stats.tokens,
        decode_ms: stats.ms(),
    });
    trace
}

/// A run of `n_steps` steps, each with a tree of 64 nodes: the heaviest there is.
pub fn heavy(n_steps: usize) -> Trace {
    let mut dice = Dice::new(11);
    let mut world = World::new(&mut dice);
    let params = Params::default();
    let mut trace = Trace::new(header(&mut world, params));
    let mut seen: HashSet<TokenId> = trace.header.tokens.iter().map(|t| t.0).collect();
    let mut docs = HashSet::new();
    let mut context_len = trace.header.prompt_ids.len();
    let mut root = *trace.header.prompt_ids.last().expect("a prompt");
    for index in 0..n_steps {
        // The text begins again before it would end.
        let at = (index * 3) % (world.rows.len() - 30);
        let tree = full_tree(&world, root, at, &mut dice);
        let mut step = judge(&world, &params, tree, at, 1000, &mut dice);
        step.index = index;
        step.context_len = context_len;
        note_excerpts(&mut step, &world);
        note_tokens(&mut step, &world, &mut seen);
        note_documents(&mut step, &mut docs);
        context_len += step.verdict.n_committed();
        let committed = step.verdict.committed(&step.tree);
        root = committed.last().expect("a token").0;
        trace.push(step);
    }
    trace
}

/// 63 drafts, among them what the model would say.
fn full_tree(world: &World, root: TokenId, at: usize, dice: &mut Dice) -> DraftTree {
    let mut tree = DraftTree::root_only(root);
    while tree.n_rows() < 64 {
        let n = tree.n_rows();
        let parent = n - 1 - dice.below(n.min(6));
        let depth = tree.nodes[parent].depth;
        let token = match dice.below(3) {
            0 if depth < 12 => world.rows[at + depth].top[0].0,
            _ => world.distractors[dice.below(world.distractors.len())],
        };
        let parent = if depth < 12 { parent } else { 0 };
        tree.push(parent, token, 0.5 / (1 + n) as f32, origins(depth, dice));
    }
    tree
}

/// A run of the default, relaxed parameters.
pub fn relaxed() -> Trace {
    run(7, Params::default())
}

pub fn strict() -> Trace {
    let params = Params {
        verify: AcceptanceRule::Strict,
        ..Params::default()
    };
    run(7, params)
}

fn header(world: &mut World, params: Params) -> Header {
    let mut prompt_ids = world.vocabulary.tokens(PROMPT);
    let opening = world.vocabulary.tokens(OPENING);
    let opening_len = opening.len();
    prompt_ids.extend(opening);
    let mut known: Vec<TokenId> = prompt_ids.clone();
    known.sort_unstable();
    known.dedup();
    let tokens = known
        .iter()
        .map(|id| (*id, TokenBytes::new(&world.vocabulary.bytes[id])))
        .collect();
    let pool = |source, documents, tokens| PoolSize {
        source,
        documents,
        tokens,
    };
    Header {
        format: FORMAT,
        program: "0.1.0".into(),
        model: model(),
        device: Some("cpu".into()),
        threads: Some(2),
        catalog: "sample".into(),
        subject: heat(),
        prompt: format!("{PROMPT}{OPENING}"),
        prompt_ids,
        opening_len,
        history_dropped: 0,
        branch: None,
        params,
        cost: CostProfile::by_rows([(1, 9.6), (8, 11.9), (16, 14.4), (32, 19.8)]),
        eos: vec![EOS],
        pools: vec![
            pool(Source::Group, 37, 7_612),
            pool(Source::Global, 208, 42_930),
        ],
        prompt_ms: Some(212.0),
        tokens,
        arithmetic: None,
        calibration: None,
        pools_hash: None,
        own_documents: None,
        by_hand: Vec::new(),
        asked: None,
        setup: Vec::new(),
        rows: RowsBy::Own,
        batch: 0,
        log: None,
    }
}

pub fn heat() -> SubjectInfo {
    SubjectInfo {
        kind: "item".into(),
        id: "i163".into(),
        title: "Heat (1995)".into(),
        group: Some("crime".into()),
        framework: "kar".into(),
    }
}

pub fn model() -> ModelInfo {
    ModelInfo {
        name: "SmolLM2-135M-Instruct Q4_1".into(),
        architecture: Some("llama".into()),
        dtype: Some("Q4_1".into()),
        tokenizer_hash: "0".repeat(64),
        file_bytes: Some(98_362_432),
        context: Some(8192),
        sha256: None,
    }
}

fn step(
    world: &World,
    params: &Params,
    root: TokenId,
    at: usize,
    room: usize,
    dice: &mut Dice,
) -> Step {
    let rows = 6 + dice.below(14);
    let tree = if params.verify.drafts() {
        draft(
            world,
            root,
            at,
            rows.min(params.budget.max_rows()),
            params.branch,
            dice,
        )
    } else {
        DraftTree::root_only(root)
    };
    judge(world, params, tree, at, room, dice)
}

/// What the model makes of a tree.
fn judge(
    world: &World,
    params: &Params,
    tree: DraftTree,
    at: usize,
    room: usize,
    dice: &mut Dice,
) -> Step {
    let row_at = |depth: usize| world.rows[(at + depth).min(world.rows.len() - 1)].clone();
    let rows: Vec<NodeDistribution> = tree.nodes.iter().map(|n| row_at(n.depth)).collect();
    let judged: Vec<Option<TokenScore>> = tree.nodes[1..]
        .iter()
        .map(|n| Some(judged(n.token, &rows[n.parent.unwrap_or(0)], dice)))
        .collect();
    let rows: Vec<Option<NodeDistribution>> = rows.into_iter().map(Some).collect();
    let room = RemainingTokens {
        tokens: room,
        then: Finish::Length,
    };
    let verdict = verify(
        ScoredTree::new(&tree, &rows, &judged),
        params.verify,
        &[EOS],
        room,
    );
    let verdict = verdict.expect("every row is there");
    let n_rows = tree.n_rows();
    Step {
        index: 0,
        context_len: 0,
        params: None,
        retrieval: retrieval(&tree),
        n_offered: n_rows + if n_rows > 12 { 4 } else { 0 },
        offered: None,
        room,
        timing: Some(timing(n_rows, dice)),
        tokens: Vec::new(),
        documents: Vec::new(),
        excerpts: Vec::new(),
        learned: Vec::new(),
        tree,
        rows,
        judged,
        verdict,
    }
}

fn draft(
    world: &World,
    root: TokenId,
    at: usize,
    rows: usize,
    branch: usize,
    dice: &mut Dice,
) -> DraftTree {
    let limits = DraftLimits {
        rows,
        branch,
        min_prob: 0.01,
    };
    // Of every node that was asked: its depth, and its children's origins.
    let mut asked: Vec<(usize, Vec<Vec<Origin>>)> = Vec::new();
    let mut tree = grow(root, &limits, |growing, list| {
        let depth = growing.parent.map_or(0, |p| asked[p].0 + 1);
        let drafts = world.drafts.get(at + depth).map_or(&[][..], Vec::as_slice);
        list.extend(
            drafts
                .iter()
                .map(|&(token, prob)| Continuation { token, prob }),
        );
        asked.resize(growing.node, (usize::MAX, Vec::new()));
        asked.push((depth, drafts.iter().map(|_| origins(depth, dice)).collect()));
    });
    for node in 1..tree.n_rows() {
        let (Some(parent), token) = (tree.nodes[node].parent, tree.nodes[node].token) else {
            continue;
        };
        let (depth, origins) = &mut asked[parent];
        let drafts = &world.drafts[at + *depth];
        let child = drafts.iter().position(|d| d.0 == token).unwrap();
        tree.nodes[node].origins = std::mem::take(&mut origins[child]);
    }
    tree
}

fn origins(depth: usize, dice: &mut Dice) -> Vec<Origin> {
    let docs = |dice: &mut Dice| {
        let n = 1 + dice.below(3);
        let hit = |dice: &mut Dice| DocHit {
            doc: format!("i{:03}", dice.below(TITLES.len())).into(),
            at: dice.below(180) as u32,
        };
        (0..n).map(|_| hit(dice)).collect()
    };
    let matched = (1 + depth + dice.below(4)) as u32;
    let mut origins = vec![Origin {
        source: if dice.below(5) == 0 {
            Source::Global
        } else {
            Source::Group
        },
        matched,
        count: 1 + dice.below(14) as u32,
        docs: docs(dice),
    }];
    if dice.below(6) == 0 {
        origins.push(Origin {
            source: Source::Local,
            matched: 1,
            count: 1,
            docs: Vec::new(),
        });
    }
    origins
}

fn judged(token: TokenId, row: &NodeDistribution, dice: &mut Dice) -> TokenScore {
    match row.top.iter().position(|c| c.0 == token) {
        Some(i) => TokenScore::new(i as u32 + 1, row.top[i].1),
        None => TokenScore::new(11 + dice.below(900) as u32, 0.0004),
    }
}

fn retrieval(tree: &DraftTree) -> Vec<SourceHit> {
    let found = |source| {
        let origins = tree.nodes.iter().flat_map(|n| &n.origins);
        let matched = origins
            .filter(|o| o.source == source)
            .map(|o| o.matched as usize);
        matched.max().map(|matched| SourceHit {
            source,
            matched,
            count: 3,
        })
    };
    Source::ALL.into_iter().filter_map(found).collect()
}

fn timing(n_rows: usize, dice: &mut Dice) -> Timing {
    Timing {
        retrieve: 0.05 + 0.1 * f64::from(dice.unit()),
        draft: 0.04,
        forward: 9.0 + 0.31 * n_rows as f64 + f64::from(dice.unit()),
        verify: 0.2,
        commit: 0.02,
    }
}

/// Around the first document of each origin.
fn note_excerpts(step: &mut Step, world: &World) {
    let [before, behind] = &world.around;
    for node in &step.tree.nodes {
        for place in node.origins.iter().filter_map(|o| o.docs.first()) {
            let n_before = before.len().min(place.at as usize);
            let before = &before[before.len() - n_before..];
            step.excerpts.push(Excerpt {
                doc: place.doc.clone(),
                group: "crime".into(),
                from: place.at - n_before as u32,
                ids: [before, &[node.token], behind].concat(),
            });
        }
    }
}

fn note_tokens(step: &mut Step, world: &World, seen: &mut HashSet<TokenId>) {
    let tree = step.tree.nodes.iter().map(|n| n.token);
    let rows = step.rows.iter().flatten();
    let tops = rows.flat_map(|r| r.top.iter().map(|c| c.0));
    let around = step.excerpts.iter().flat_map(|e| e.ids.iter().copied());
    let ids: Vec<TokenId> = tree
        .chain(tops)
        .chain(step.verdict.bonus)
        .chain(around)
        .collect();
    for id in ids {
        if seen.insert(id) {
            step.tokens
                .push((id, TokenBytes::new(&world.vocabulary.bytes[&id])));
        }
    }
}

fn note_documents(step: &mut Step, seen: &mut HashSet<DocId>) {
    let docs: Vec<DocId> = step
        .tree
        .nodes
        .iter()
        .flat_map(|n| &n.origins)
        .flat_map(|o| o.docs.iter().map(|d| d.doc.clone()))
        .collect();
    for doc in docs {
        if seen.insert(doc.clone()) {
            let n: usize = doc[1..].parse().expect("a number");
            step.documents.push((doc, TITLES[n].to_string()));
        }
    }
}
