//! The model's part of a step: one forward pass over the tree, the rows read, the verdict.

use color_eyre::eyre::Result;

use super::{Run, timed, to_micros};
use crate::model::decoder::TreeBatch;
use crate::model::logits::{Asked, Logits, Row};
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::params::Sampling;
use crate::speculate::row::{NodeDistribution, TokenScore};
use crate::speculate::trace::Timing;
use crate::speculate::verify::{RemainingTokens, ScoredTree, Verdict, verify};

/// What a forward pass over a tree came to.
pub(in crate::engine) struct Passed {
    pub(crate) rows: Vec<NodeDistribution>,
    pub(crate) standings: Vec<TokenScore>,
    pub(crate) verdict: Verdict,
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
        let (read, judging) = timed(|| self.judge(tree, logits, room));
        let (rows, standings) = read?;
        let eos = self.engine.model.codec.eos_ids();
        let rule = self.params.verify;
        let scored = ScoredTree::new(tree, &rows, &standings);
        let (verdict, verifying) = timed(|| verify(scored, rule, eos, room));
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

    fn forward(&mut self, tree: &DraftTree) -> Result<Logits> {
        let tokens: Vec<TokenId> = tree.nodes.iter().map(|n| n.token).collect();
        let parents: Vec<Option<usize>> = tree.nodes.iter().map(|n| n.parent).collect();
        self.engine.model.decoder.forward_tree(TreeBatch {
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
        room: RemainingTokens,
    ) -> Result<(Vec<NodeDistribution>, Vec<TokenScore>)> {
        let children: Vec<Vec<usize>> = (0..tree.n_rows())
            .map(|node| tree.children(node).collect())
            .collect();
        let ask = |(node, children): (usize, &Vec<usize>)| Asked {
            recent: self.recent(tree, node),
            children: children.iter().map(|&c| tree.nodes[c].token).collect(),
        };
        let asked: Vec<Asked> = children.iter().enumerate().map(ask).collect();
        let penalty = self.params.repeat_penalty;
        let answered = self
            .engine
            .model
            .decoder
            .score_rows(&mut logits, &asked, penalty)?;
        let unread = TokenScore {
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
        self.engine.model.decoder.recycle(logits);
        Ok((rows, judged))
    }

    /// Draws the token that follows the root, and that which follows each draft
    /// token that was drawn: each by its own position.
    fn draw(
        &self,
        tree: &DraftTree,
        logits: &Logits,
        rows: &mut [NodeDistribution],
        sampling: &Sampling,
        room: RemainingTokens,
    ) -> Result<()> {
        let eos = self.engine.model.codec.eos_ids();
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
}
