//! An answer again, step by step: retrieve, draft, judge by the answer, commit. The text,
//! the drafts and what is learned are a run's own; only the model is missing.

use super::answer::LoggedAnswer;
use super::header::{ScoringStart, header};
use crate::engine::run::state::RunState;
use crate::retrieval::{Calibrations, Pools};
use crate::speculate::TokenId;
use crate::speculate::draft::{DraftNode, DraftTree};
use crate::speculate::known_answer::{AnswerAhead, verify_by_rows, verify_strictly};
use crate::speculate::params::{Params, Source};
use crate::speculate::row::{NodeDistribution, TokenScore};
use crate::speculate::subject::GroupKey;
use crate::speculate::trace::{Step, Timing};
use crate::speculate::verify::{Finish, RemainingTokens, Verdict};

/// A step of a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct LogStep {
    /// As a run records it, without the model's rows and times.
    pub step: Step,
    /// The rule's own verdict. `false`: the rule has committed another token before, or may
    /// have; from there on the logged answer is followed, as by a strict rule.
    pub is_judged: bool,
}

/// An answer under way.
pub struct LogReplay<'a> {
    pub(super) state: RunState,
    pub(super) answer: &'a LoggedAnswer,
    is_judged: bool,
}

impl<'a> LogReplay<'a> {
    /// A replay over these pools, the `group`'s first.
    pub fn begin(
        answer: &'a LoggedAnswer,
        (pools, group): (Pools, Option<GroupKey>),
        start: &ScoringStart,
        params: Params,
    ) -> Self {
        // Nothing was cut off at the context's end, or the answer would be shorter.
        let context = start.context.unwrap_or(usize::MAX).max(answer.n_tokens());
        let header = header(answer, start, params);
        let ids = answer.prompt_ids.clone();
        LogReplay {
            state: RunState::over(header, ids, pools, group, context),
            answer,
            is_judged: true,
        }
    }

    /// With what earlier replays learned.
    pub(super) fn with_calibrations(mut self, learned: Calibrations) -> Self {
        self.state.calibrations = learned;
        self
    }

    /// What this one has learned.
    pub(super) fn into_calibrations(self) -> Calibrations {
        self.state.calibrations
    }

    /// The next step; `None` once the answer has ended.
    pub fn step(&mut self) -> Option<LogStep> {
        let at = self.state.output().len();
        let left = &self.answer.token_ids[at..];
        if left.is_empty() || self.state.finish.is_some() {
            return None;
        }
        let room = RemainingTokens {
            tokens: left.len(),
            then: Finish::Length,
        };
        let (index, context_len) = (self.state.n_steps(), self.state.context_len());
        let offered = self.state.retrieve();
        let n_offered = offered.tree.n_rows();
        let tree = self.state.fit(offered.tree);
        let verdict = self.judge(&tree, at, room);
        let (rows, judged) = logged_rows(&tree, &verdict, self.answer.rows.get(at..));
        self.state.take_in(&tree, &verdict);
        let learned = self.state.learn(&tree, &verdict, tree.n_drafts() > 0);
        self.state.count(&verdict, &Timing::default());
        Some(LogStep {
            is_judged: self.is_judged,
            step: Step {
                index,
                context_len,
                room,
                params: None,
                retrieval: offered.hits,
                tree,
                n_offered,
                rows,
                judged,
                verdict,
                timing: None,
                tokens: Vec::new(),
                documents: Vec::new(),
                excerpts: Vec::new(),
                learned,
            },
        })
    }

    fn judge(&mut self, tree: &DraftTree, at: usize, room: RemainingTokens) -> Verdict {
        let answer = self.answer;
        let known = AnswerAhead {
            tokens: &answer.token_ids[at..],
            rows: answer.rows.get(at..).unwrap_or_default(),
            eos: &self.state.header.eos,
        };
        let by_rule = self.is_judged.then(|| {
            let rule = self.state.params.verify;
            verify_by_rows(tree, known, rule, room)
        });
        let by_rule = by_rule.flatten();
        self.is_judged = by_rule.is_some();
        by_rule.unwrap_or_else(|| verify_strictly(tree, known, room))
    }

    /// Whether a draft of the local source was found in the prompt: the latest place where
    /// the suffix that it matched is followed by it.
    pub(super) fn is_from_prompt(&self, step: &Step, node: usize) -> bool {
        let ids = &self.state.ids[..step.context_len];
        let tree = &step.tree;
        let origins = tree.nodes[node].origins.iter();
        let mut local = origins.filter(|origin| origin.source == Source::Local);
        let Some(matched) = local.next().map(|origin| origin.matched as usize) else {
            return false;
        };
        let drafted = tree.path(node).into_iter().skip(1);
        let drafted: Vec<TokenId> = drafted.map(|n| tree.nodes[n].token).collect();
        let n_context = (matched + 1).saturating_sub(drafted.len());
        let context = &ids[ids.len().saturating_sub(n_context)..];
        let mut wanted = [context, &drafted].concat();
        wanted.drain(..wanted.len().saturating_sub(matched + 1));
        let places = ids.windows(wanted.len()).rev();
        let from_end = places.enumerate().find(|(_, window)| *window == wanted);
        from_end.is_some_and(|(n, _)| ids.len() - n <= self.answer_begin())
    }

    /// Where the answer begins, its opening included.
    fn answer_begin(&self) -> usize {
        self.answer.prompt_ids.len() - self.answer.opening_len
    }
}

/// What the log says of a tree's nodes, `ahead` being its rows from the root on: the rows
/// of the committed nodes, and the scores of their children that are among the candidates.
fn logged_rows(
    tree: &DraftTree,
    verdict: &Verdict,
    ahead: Option<&[Option<NodeDistribution>]>,
) -> (Vec<Option<NodeDistribution>>, Vec<Option<TokenScore>>) {
    let mut rows = vec![None; tree.n_rows()];
    let committed = std::iter::once(0).chain(verdict.path.iter().copied());
    for (node, row) in committed.zip(ahead.unwrap_or_default()) {
        rows[node].clone_from(row);
    }
    let score = |node: &DraftNode| {
        let row: &Option<NodeDistribution> = &rows[node.parent.unwrap_or(0)];
        row.as_ref()?.score(node.token)
    };
    let judged = tree.nodes[1..].iter().map(score).collect();
    (rows, judged)
}
