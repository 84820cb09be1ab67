//! One run, step by step.

use std::time::Instant;

use color_eyre::eyre::{Result, bail};

use super::{Engine, PromptText, RenderedPrompt, RunSpec, Seen, pool_of};
use crate::model::clock::PassTimes;
use crate::model::decoder::{PROMPT_CHUNK, Rows};
use crate::model::logits::{Asked, Logits, Row};
use crate::retrieval::{Calibrations, Local, Pools, Retrieved, Retriever};
use crate::speculate::TokenId;
use crate::speculate::backoff::Backoff;
use crate::speculate::cost::StepCosts;
use crate::speculate::draft::DraftTree;
use crate::speculate::learned::Learned;
use crate::speculate::params::{Params, Sampling, Source};
use crate::speculate::row::{Judged, NodeRow};
use crate::speculate::trace::{
    End, Excerpt, FORMAT, Header, PoolSize, SourceHit, Step, SubjectInfo, Timing, TokenBytes,
};
use crate::speculate::verify::{Finish, Room, Verdict, verify};

/// What a forward pass over a tree came to.
pub(super) struct Passed {
    pub rows: Vec<NodeRow>,
    pub standings: Vec<Judged>,
    pub verdict: Verdict,
}

/// What a step came to.
struct Stepped {
    hits: Vec<SourceHit>,
    tree: DraftTree,
    n_offered: usize,
    passed: Passed,
    learned: Vec<Learned>,
    timing: Timing,
}

/// A run under way on an engine.
pub struct Run<'e> {
    engine: &'e mut Engine,
    header: Header,
    params: Params,
    /// The parameters were changed since the last step.
    changed: bool,
    /// Prompt and committed tokens; the last is the root of the next step.
    ids: Vec<TokenId>,
    /// How many of them were there before the first step.
    n_begun: usize,
    /// Over the pools as this subject may use them.
    retriever: Retriever,
    /// What was learned of drafts' chances, in this run and before.
    calibrations: Calibrations,
    costs: StepCosts,
    backoff: Backoff,
    seen: Seen,
    n_steps: usize,
    decode_ms: f64,
    finish: Option<Finish>,
}

impl<'e> Run<'e> {
    pub(super) fn begin(
        engine: &'e mut Engine,
        spec: RunSpec,
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Self> {
        let prompt = engine.render_to_fit(&spec.prompt, spec.params.max_tokens)?;
        let capacity = engine.context();
        if prompt.ids.len() >= capacity {
            bail!(
                "the prompt has {} tokens, the context {capacity}: shorten the prompt or raise --context",
                prompt.ids.len()
            );
        }
        let ids = begun(&prompt, &spec, engine)?;
        let pools = engine.pools_for(&spec.subject);
        let start = Instant::now();
        let cancelled = !process_prompt(engine, &ids, go_on)?;
        let mut seen = Seen::default();
        let tokens = first_seen(engine, &mut seen, ids.iter().copied());
        let mut local = Local::new(&prompt.ids, prompt.opening_len);
        local.push(&ids[prompt.ids.len()..]);
        let cost = spec.start.cost.unwrap_or_else(|| engine.cost.clone());
        let calibration = spec.start.calibration;
        let calibration = calibration.unwrap_or_else(|| engine.calibration.clone());
        let is_own = spec.subject.kind == "prompt" && !spec.prompt.user.is_empty();
        let backoff = spec.branch.as_ref().and_then(|b| b.backoff.clone());
        let header = Header {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_string(),
            model: engine.info.clone(),
            device: engine.device.clone(),
            threads: engine.threads(),
            catalog: engine.catalog.clone(),
            pools: pool_sizes(&pools, &spec.subject, &spec.params),
            pools_hash: Some(pools.hash(spec.params.sources.online)),
            own_documents: Some(engine.own_documents),
            by_hand: engine.by_hand(&spec.params),
            arithmetic: Some(engine.arithmetic()),
            asked: is_own.then_some(spec.prompt.user),
            setup: engine.setup.words_for(&spec.subject.framework),
            subject: spec.subject,
            prompt: prompt.text,
            opening_len: prompt.opening_len,
            history_dropped: prompt.n_dropped,
            branch: spec.branch,
            params: spec.params,
            cost,
            eos: engine.codec.eos_ids().to_vec(),
            prompt_ms: ms_since(start),
            tokens,
            prompt_ids: prompt.ids,
            calibration: Some(calibration),
        };
        let group = pool_of(&header.subject);
        let retriever = Retriever::new(pools, group, local, &spec.params);
        Ok(Run {
            retriever: retriever.ending_at(engine.codec.eos_ids()),
            calibrations: header
                .calibration
                .as_ref()
                .map_or_else(Calibrations::default, Calibrations::starting),
            costs: StepCosts::new(&header.cost),
            backoff: backoff.unwrap_or_default(),
            params: spec.params,
            changed: false,
            n_begun: ids.len(),
            ids,
            seen,
            n_steps: 0,
            decode_ms: 0.0,
            finish: cancelled.then_some(Finish::Cancelled),
            engine,
            header,
        })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    pub fn params(&self) -> Params {
        self.params
    }

    /// For the next step on. What the run can no longer change (penalty, limit
    /// of tokens) may change too; the trace records it.
    pub fn set_params(&mut self, params: Params) {
        self.changed |= params != self.params;
        self.params = params;
        self.retriever.set_params(&params);
    }

    /// Set once the run has ended; then there is no further step.
    pub fn finish(&self) -> Option<Finish> {
        self.finish
    }

    /// Adds the answer to those of this session, from which the online source
    /// drafts.
    pub fn remember(self) {
        let answer = &self.ids[self.header.prompt_ids.len()..];
        self.engine.remember(&self.header, answer);
    }

    pub fn cancel(&mut self) {
        self.finish.get_or_insert(Finish::Cancelled);
    }

    /// The answer so far, what a branch took over included.
    pub fn output(&self) -> &[TokenId] {
        &self.ids[self.header.prompt_ids.len()..]
    }

    /// Tokens of prompt and answer so far.
    pub(super) fn context_len(&self) -> usize {
        self.ids.len()
    }

    /// Another prompt, rendered while the run is under way.
    pub fn render_to_fit(&self, prompt: &PromptText, max_tokens: usize) -> Result<RenderedPrompt> {
        self.engine.render_to_fit(prompt, max_tokens)
    }

    /// The engine, for questions about its pools and for changes of them, which
    /// hold from the next run on: this one has its own copy.
    pub fn engine(&mut self) -> &mut Engine {
        self.engine
    }

    /// The run's end, if it has ended.
    pub fn end(&self) -> Option<End> {
        self.finish.map(|finish| End {
            finish,
            steps: self.n_steps,
            tokens: self.ids.len() - self.n_begun,
            decode_ms: to_micros(self.decode_ms),
        })
    }

    /// One forward pass: retrieve, draft, forward, verify, commit. `None` if the
    /// run has ended.
    pub fn step(&mut self) -> Result<Option<Step>> {
        if self.finish.is_some() {
            return Ok(None);
        }
        let (room, context_len) = (self.room(), self.ids.len());
        let stepped = self.pass_through(room, |_| {})?;
        self.count(&stepped.passed.verdict, &stepped.timing);
        Ok(Some(self.record(stepped, room, context_len)))
    }

    /// A step over a tree that was changed after drafting: for measuring. The run
    /// goes on whatever it comes to.
    pub(super) fn step_on(&mut self, change: impl FnOnce(&mut DraftTree)) -> Result<Timing> {
        Ok(self.pass_through(self.room(), change)?.timing)
    }

    /// Where the time of the last pass went.
    pub(super) fn pass_times(&self) -> PassTimes {
        self.engine.decoder.times()
    }

    /// Retrieve, draft, forward, verify, commit, each on the clock.
    fn pass_through(&mut self, room: Room, change: impl FnOnce(&mut DraftTree)) -> Result<Stepped> {
        let is_resting = self.is_automatic() && self.backoff.rests();
        let (retrieved, retrieve) = timed(|| self.retrieve(is_resting));
        let n_offered = retrieved.tree.n_rows();
        let (mut tree, draft) = timed(|| self.fit(retrieved.tree));
        change(&mut tree);
        let (passed, mut timing) = self.pass(&tree, room)?;
        (timing.retrieve, timing.draft) = (retrieve, draft);
        self.backoff.after_step(tree.n_drafts() > 0);
        let (learned, commit) = timed(|| self.commit(&tree, &passed.verdict));
        timing.commit = commit;
        Ok(Stepped {
            hits: retrieved.hits,
            tree,
            n_offered,
            passed,
            learned: learned?,
            timing,
        })
    }

    /// What a trace keeps of a step.
    fn record(&mut self, stepped: Stepped, room: Room, context_len: usize) -> Step {
        let Stepped { tree, passed, .. } = stepped;
        let excerpts = self.new_excerpts(&tree);
        Step {
            index: self.n_steps - 1,
            context_len,
            room,
            params: std::mem::take(&mut self.changed).then_some(self.params),
            retrieval: stepped.hits,
            tokens: self.new_tokens(&tree, &passed.rows, &excerpts),
            documents: self.new_documents(&tree),
            excerpts,
            tree,
            n_offered: stepped.n_offered,
            rows: passed.rows,
            judged: passed.standings,
            verdict: passed.verdict,
            timing: stepped.timing,
            learned: stepped.learned,
        }
    }

    /// The model's part: forward and verify.
    pub(super) fn pass(&mut self, tree: &DraftTree, room: Room) -> Result<(Passed, Timing)> {
        let (logits, forward) = timed(|| self.forward(tree));
        let logits = logits?;
        let (read, judging) = timed(|| self.judge(tree, logits, room));
        let (rows, standings) = read?;
        let eos = self.engine.codec.eos_ids();
        let rule = self.params.verify;
        let (verdict, verifying) = timed(|| verify(tree, &rows, &standings, rule, eos, room));
        let passed = Passed {
            rows,
            standings,
            verdict,
        };
        let timing = Timing {
            forward,
            verify: to_micros(judging + verifying),
            ..Timing::default()
        };
        Ok((passed, timing))
    }

    /// After a step: what is learned of it.
    fn count(&mut self, verdict: &Verdict, timing: &Timing) {
        self.n_steps += 1;
        self.decode_ms += timing.total();
        self.finish = verdict.finish;
        if self.finish.is_some() {
            self.engine.learn_calibrations(&self.calibrations);
        }
    }

    /// What may still be committed, by the token limit and the context.
    fn room(&self) -> Room {
        let by_limit = self
            .params
            .max_tokens
            .saturating_sub(self.output().len())
            .max(1);
        let by_context = self.engine.context() - self.ids.len();
        if by_context < by_limit {
            Room {
                tokens: by_context,
                then: Finish::Context,
            }
        } else {
            Room {
                tokens: by_limit,
                then: Finish::Length,
            }
        }
    }

    fn is_automatic(&self) -> bool {
        self.params.budget.is_auto()
    }

    /// The draft tree, its origins not named yet.
    fn retrieve(&mut self, is_resting: bool) -> Retrieved {
        let root = self.ids[self.ids.len() - 1];
        if !self.params.drafts() || is_resting {
            return Retrieved {
                tree: DraftTree::root_only(root),
                hits: Vec::new(),
            };
        }
        self.retriever.draft(self.calibrations.of(&self.params))
    }

    /// Cuts a tree to what can be committed, to what pays under the cost profile,
    /// and to the context; names the origins of what is left.
    fn fit(&mut self, mut tree: DraftTree) -> DraftTree {
        if self.is_automatic() {
            tree.truncate(self.costs.best_rows(&tree, self.ids.len()));
        }
        tree.truncate(self.engine.context() - self.ids.len() + 1);
        if tree.n_drafts() > 0 {
            self.retriever.explain(&mut tree);
        }
        tree
    }

    fn forward(&mut self, tree: &DraftTree) -> Result<Logits> {
        let tokens: Vec<TokenId> = tree.nodes.iter().map(|n| n.token).collect();
        let parents: Vec<Option<usize>> = tree.nodes.iter().map(|n| n.parent).collect();
        self.engine.decoder.run(Rows {
            tokens: &tokens,
            parents: &parents,
        })
    }

    /// The distribution at every node, after the penalty on the node's own path,
    /// and every draft token's standing in its parent's.
    fn judge(
        &mut self,
        tree: &DraftTree,
        mut logits: Logits,
        room: Room,
    ) -> Result<(Vec<NodeRow>, Vec<Judged>)> {
        let children: Vec<Vec<usize>> = (0..tree.n_rows())
            .map(|node| tree.children(node).collect())
            .collect();
        let ask = |(node, children): (usize, &Vec<usize>)| Asked {
            recent: self.recent(tree, node),
            children: children.iter().map(|&c| tree.nodes[c].token).collect(),
        };
        let asked: Vec<Asked> = children.iter().enumerate().map(ask).collect();
        let penalty = self.params.repeat_penalty;
        let answered = self.engine.decoder.judge(&mut logits, &asked, penalty)?;
        let unread = Judged {
            rank: u32::MAX,
            p: 0.0,
        };
        let mut judged = vec![unread; tree.n_drafts()];
        let mut rows = Vec::with_capacity(answered.len());
        for ((row, standings), children) in answered.into_iter().zip(children) {
            for (child, standing) in children.into_iter().zip(standings) {
                judged[child - 1] = standing;
            }
            rows.push(row);
        }
        if let Some(sampling) = self.params.sampling {
            self.draw(tree, &logits, &mut rows, &sampling, room)?;
        }
        self.engine.decoder.recycle(logits);
        Ok((rows, judged))
    }

    /// Draws the token that follows the root, and that which follows each draft
    /// token that was drawn: each by its own position.
    fn draw(
        &self,
        tree: &DraftTree,
        logits: &Logits,
        rows: &mut [NodeRow],
        sampling: &Sampling,
        room: Room,
    ) -> Result<()> {
        let eos = self.engine.codec.eos_ids();
        for (index, node) in tree.nodes.iter().enumerate() {
            let drawn_above = node.parent.map(|p| rows[p].drawn.map(|d| d.token));
            let is_drawn = drawn_above.is_none_or(|drawn| drawn == Some(node.token));
            let is_end = index > 0 && eos.contains(&node.token);
            if is_drawn && !is_end && node.depth < room.tokens {
                let row = Row {
                    index,
                    of: tree.n_rows(),
                };
                let drawn = logits.draw(row, sampling, self.ids.len() + node.depth)?;
                rows[index].drawn = Some(drawn);
            }
        }
        Ok(())
    }

    /// The last tokens of a node's own path: what the penalty looks back on.
    fn recent(&self, tree: &DraftTree, node: usize) -> Vec<TokenId> {
        let path = tree.path(node);
        let drafted = path[1..].iter().map(|&n| tree.nodes[n].token);
        let from_ids = self.params.repeat_window.saturating_sub(path.len() - 1);
        let start = self.ids.len().saturating_sub(from_ids);
        let skip = (path.len() - 1).saturating_sub(self.params.repeat_window);
        self.ids[start..]
            .iter()
            .copied()
            .chain(drafted.skip(skip))
            .collect()
    }

    /// Keeps the root and the accepted path in the cache; the bonus token is the
    /// next step's root. Returns what the calibration learned.
    fn commit(&mut self, tree: &DraftTree, verdict: &Verdict) -> Result<Vec<Learned>> {
        self.keep(tree, verdict)?;
        let mut learned = Vec::new();
        if tree.n_drafts() > 0 {
            let calibration = self.calibrations.of(&self.params);
            learned = self.retriever.observe(calibration, tree, verdict);
        }
        let is_resting = self.is_automatic() && self.backoff.rests();
        if self.params.verify.drafts() && !is_resting {
            self.retriever.advance();
        }
        Ok(learned)
    }

    /// The same without learning from it.
    pub(super) fn keep(&mut self, tree: &DraftTree, verdict: &Verdict) -> Result<()> {
        let root = self.ids[self.ids.len() - 1];
        let kept: Vec<usize> = std::iter::once(0)
            .chain(verdict.path.iter().copied())
            .collect();
        self.engine.decoder.keep(&kept)?;
        let committed: Vec<TokenId> = verdict.committed(tree).map(|(id, _)| id).collect();
        let drafted = verdict.path.iter().map(|&n| tree.nodes[n].token);
        self.engine.cached.push(root);
        self.engine.cached.extend(drafted);
        self.ids.extend(&committed);
        self.retriever.push(&committed);
        Ok(())
    }

    fn new_tokens(
        &mut self,
        tree: &DraftTree,
        rows: &[NodeRow],
        excerpts: &[Excerpt],
    ) -> Vec<(TokenId, TokenBytes)> {
        let drafted = tree.nodes.iter().map(|n| n.token);
        let candidates = rows.iter().flat_map(|r| r.top.iter().map(|c| c.0));
        // What was drawn may be none of the most probable ones.
        let chosen = rows.iter().map(NodeRow::choice);
        let around = excerpts.iter().flat_map(|e| e.ids.iter().copied());
        let ids = drafted.chain(candidates).chain(chosen).chain(around);
        first_seen(self.engine, &mut self.seen, ids)
    }

    /// What stands around the drafts in the first document of each origin, as far
    /// as it was not recorded yet.
    fn new_excerpts(&mut self, tree: &DraftTree) -> Vec<Excerpt> {
        let wanted = (Excerpt::BEFORE, Excerpt::BEHIND);
        let mut new = Vec::new();
        for node in &tree.nodes {
            let places = node.origins.iter().filter_map(|o| o.docs.first());
            for place in places {
                if self.seen.has_around(place) {
                    continue;
                }
                let Some(excerpt) = self.retriever.pools().excerpt(place, node.token, wanted)
                else {
                    continue;
                };
                let n_behind = excerpt.ids.len() - (place.at - excerpt.from) as usize;
                self.seen.excerpt(&excerpt, n_behind < Excerpt::BEHIND);
                new.push(excerpt);
            }
        }
        new
    }

    fn new_documents(&mut self, tree: &DraftTree) -> Vec<(String, String)> {
        let hits = tree
            .nodes
            .iter()
            .flat_map(|n| n.origins.iter().flat_map(|o| &o.docs));
        let mut new = Vec::new();
        for hit in hits {
            if self.seen.doc(&hit.doc) {
                let title = self.retriever.pools().title(&hit.doc).unwrap_or(&hit.doc);
                new.push((hit.doc.clone(), title.to_string()));
            }
        }
        new
    }
}

/// The pools that the run draws on.
fn pool_sizes(pools: &Pools, subject: &SubjectInfo, params: &Params) -> Vec<PoolSize> {
    let mut sizes = pools.sizes(pool_of(subject).as_deref());
    sizes.retain(|s| s.source != Source::Online || params.sources.online);
    sizes
}

/// Prompt and what a branch took over.
fn begun(prompt: &RenderedPrompt, spec: &RunSpec, engine: &Engine) -> Result<Vec<TokenId>> {
    let mut ids = prompt.ids.clone();
    let Some(branch) = &spec.branch else {
        return Ok(ids);
    };
    ids.extend(branch.ids());
    let ends = branch.ids().any(|id| engine.codec.eos_ids().contains(&id));
    let vocab = engine.codec.vocab_size();
    if ends {
        bail!("a run cannot begin after the end of the text: branch from an earlier step");
    } else if let Some(id) = branch.ids().find(|&id| id as usize >= vocab) {
        bail!("the branch takes over token {id}, which this model does not have");
    } else if branch.len() >= spec.params.max_tokens {
        bail!(
            "the branch begins after {} tokens, where --max-tokens {} ends the run",
            branch.len(),
            spec.params.max_tokens
        );
    } else if ids.len() >= engine.context() {
        bail!(
            "prompt and branch have {} tokens, the context {}: branch from an earlier step",
            ids.len(),
            engine.context()
        );
    }
    Ok(ids)
}

/// Brings the cache to the prompt without its last token, which is the first
/// step's root. `false`: cancelled.
fn process_prompt(
    engine: &mut Engine,
    ids: &[TokenId],
    go_on: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<bool> {
    let prefix = &ids[..ids.len() - 1];
    let mut done = engine.rewind_to(prefix);
    while done < prefix.len() {
        if !go_on(done, prefix.len()) {
            return Ok(false);
        }
        let next = prefix.len().min(done + PROMPT_CHUNK);
        engine.decoder.extend(&prefix[done..next])?;
        engine.cached.extend(&prefix[done..next]);
        done = next;
    }
    Ok(go_on(done, prefix.len()))
}

fn first_seen(
    engine: &Engine,
    seen: &mut Seen,
    ids: impl Iterator<Item = TokenId>,
) -> Vec<(TokenId, TokenBytes)> {
    let new = ids.filter(|&id| seen.token(id));
    new.map(|id| (id, TokenBytes::new(engine.token_bytes(id))))
        .collect()
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, ms_since(start))
}

fn ms_since(start: Instant) -> f64 {
    to_micros(start.elapsed().as_secs_f64() * 1000.0)
}

/// Milliseconds to three decimals: what a clock can mean, and what every reader
/// of a trace reads back to the bit.
fn to_micros(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}
