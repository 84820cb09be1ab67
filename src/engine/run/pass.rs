//! The model's part of a step: a forward pass over the tree, the rows' scores, the verdict.

use color_eyre::eyre::{OptionExt, Result};

use super::state::RunState;
use super::{Run, timed};
use crate::model::decoder::TreeBatch;
use crate::model::logits::{Answered, Asked, Logits, LogitsRow};
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::params::Sampling;
use crate::speculate::row::{NodeDistribution, TokenScore};
use crate::speculate::trace::Timing;
use crate::speculate::verify::{RemainingTokens, ScoredTree, Verdict, verify};

/// The results of a forward pass over a tree.
pub(in crate::engine) struct Passed {
    pub(crate) rows: Vec<Option<NodeDistribution>>,
    pub(crate) standings: Vec<Option<TokenScore>>,
    pub(crate) verdict: Verdict,
}

/// The penalized logits of a pass, and where a tree's rows begin in them.
#[derive(Clone, Copy)]
pub(in crate::engine) struct RowsOfPass<'a> {
    pub(crate) logits: &'a Logits,
    pub(crate) first: usize,
    /// Rows of logits in the pass.
    pub(crate) of: usize,
}

impl Run<'_> {
    /// The model's part: forward and verify.
    pub(in crate::engine) fn pass(
        &mut self,
        tree: &DraftTree,
        room: RemainingTokens,
    ) -> Result<(Passed, Timing)> {
        let (logits, forward) = timed(|| self.forward(tree));
        let logits = logits?;
        let (passed, verify) = timed(|| self.judge(tree, logits, room));
        let timing = Timing {
            forward,
            verify,
            ..Timing::default()
        };
        Ok((passed?, timing))
    }

    fn forward(&mut self, tree: &DraftTree) -> Result<Logits> {
        let (tokens, parents) = flat(tree);
        self.engine.model.decoder.forward_tree(TreeBatch {
            tokens: &tokens,
            parents: &parents,
        })
    }

    fn judge(
        &mut self,
        tree: &DraftTree,
        mut logits: Logits,
        room: RemainingTokens,
    ) -> Result<Passed> {
        let asked = self.state.asked(tree);
        let decoder = &mut self.engine.model.decoder;
        let answered = decoder.score_rows(&mut logits, &asked)?;
        let rows = RowsOfPass {
            logits: &logits,
            first: 0,
            of: tree.n_rows(),
        };
        let passed = self.state.judge(tree, answered, rows, room);
        self.engine.model.decoder.recycle(logits);
        passed
    }
}

/// A tree's tokens and parents.
pub(in crate::engine) fn flat(tree: &DraftTree) -> (Vec<TokenId>, Vec<Option<usize>>) {
    let nodes = tree.nodes.iter();
    nodes.map(|node| (node.token, node.parent)).unzip()
}

impl RunState {
    /// The query for every node's row: the penalty on the node's own path, and the scores
    /// of its children.
    pub(crate) fn asked(&self, tree: &DraftTree) -> Vec<Asked> {
        let mut asked: Vec<Asked> = (0..tree.n_rows())
            .map(|node| Asked {
                recent: self.recent(tree, node),
                penalty: self.params.repeat_penalty,
                children: Vec::new(),
            })
            .collect();
        for node in &tree.nodes {
            if let Some(parent) = node.parent {
                asked[parent].children.push(node.token);
            }
        }
        asked
    }

    /// Reads the answers: the distribution at every node, every draft token's rank and
    /// probability in its parent's, the sampled tokens, and the verdict.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn judge(
        &self,
        tree: &DraftTree,
        answered: Vec<Answered>,
        of_pass: RowsOfPass<'_>,
        room: RemainingTokens,
    ) -> Result<Passed> {
        let (mut rows, standings) = by_node(tree, answered);
        if let Some(sampling) = self.params.sampling {
            self.draw(tree, of_pass, &mut rows, &sampling, room)?;
        }
        let rows: Vec<Option<NodeDistribution>> = rows.into_iter().map(Some).collect();
        let scored = ScoredTree::new(tree, &rows, &standings);
        let verdict = verify(scored, self.params.verify, &self.header.eos, room);
        let verdict = verdict.ok_or_eyre("the pass returned no row for a node of the tree")?;
        Ok(Passed {
            rows,
            standings,
            verdict,
        })
    }

    /// Samples the token after the root, and after each draft token that was itself
    /// sampled: each keyed by its position.
    fn draw(
        &self,
        tree: &DraftTree,
        of_pass: RowsOfPass<'_>,
        rows: &mut [NodeDistribution],
        sampling: &Sampling,
        room: RemainingTokens,
    ) -> Result<()> {
        for (i, node) in tree.nodes.iter().enumerate() {
            let drawn_above = node.parent.map(|p| rows[p].drawn.map(|d| d.token));
            let is_drawn = drawn_above.is_none_or(|drawn| drawn == Some(node.token));
            let is_end = i > 0 && self.header.eos.contains(&node.token);
            if is_drawn && !is_end && node.depth < room.tokens {
                let row = LogitsRow {
                    index: of_pass.first + i,
                    of: of_pass.of,
                };
                let position = self.ids.len() + node.depth;
                rows[i].drawn = Some(of_pass.logits.draw(row, sampling, position)?);
            }
        }
        Ok(())
    }

    /// The last tokens of a node's own path: the penalty's window.
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
}

/// The answers by node: the distributions, and every draft token's score in its parent's
/// distribution (the root has none).
fn by_node(
    tree: &DraftTree,
    answered: Vec<Answered>,
) -> (Vec<NodeDistribution>, Vec<Option<TokenScore>>) {
    let (rows, of_children): (Vec<NodeDistribution>, Vec<Vec<TokenScore>>) =
        answered.into_iter().unzip();
    let mut of_children: Vec<_> = of_children.into_iter().map(Vec::into_iter).collect();
    let parents = tree.nodes.iter().filter_map(|node| node.parent);
    let scores = parents.map(|parent| of_children[parent].next());
    (rows, scores.collect())
}
