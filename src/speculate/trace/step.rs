//! One forward pass: what was retrieved, drafted, verified and committed.

use serde::{Deserialize, Serialize};

use super::offered::OfferSummary;
use super::token_bytes::TokenBytes;
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::learned::Learned;
use crate::speculate::params::{Params, Source};
use crate::speculate::row::{NodeDistribution, TokenScore};
use crate::speculate::subject::{DocId, GroupKey};
use crate::speculate::verify::{RemainingTokens, ScoredTree, Verdict};

/// What one source contributed to a step's retrieval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceHit {
    /// Which source.
    pub source: Source,
    /// Longest suffix of the context found there, in tokens.
    pub matched: usize,
    /// How often it occurs there.
    pub count: usize,
}

/// Milliseconds of a step, by part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Looking up the context in the sources.
    pub retrieve: f64,
    /// Making the tree.
    pub draft: f64,
    /// The model's pass over the tree's rows.
    pub forward: f64,
    /// Distributions and the rule.
    pub verify: f64,
    /// Moving the accepted rows into the cache.
    pub commit: f64,
}

impl Timing {
    /// Milliseconds of all phases.
    pub fn total(&self) -> f64 {
        self.retrieve + self.draft + self.forward + self.verify + self.commit
    }

    /// The mean of `n` steps that took this together.
    pub(crate) fn over(&self, n: usize) -> Timing {
        let mean = |ms: f64| ms / n.max(1) as f64;
        Timing {
            retrieve: mean(self.retrieve),
            draft: mean(self.draft),
            forward: mean(self.forward),
            verify: mean(self.verify),
            commit: mean(self.commit),
        }
    }

    /// Adds another step's times, phase by phase.
    pub fn add(&mut self, other: &Timing) {
        self.retrieve += other.retrieve;
        self.draft += other.draft;
        self.forward += other.forward;
        self.verify += other.verify;
        self.commit += other.commit;
    }
}

/// One forward pass: retrieve, draft, verify, commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// From 0.
    pub index: usize,
    /// Tokens of the context before this step, the root (the last) included.
    pub context_len: usize,
    /// What could still be committed.
    pub room: RemainingTokens,
    /// The parameters from this step on, if they changed on the fly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Params>,
    /// Per source with a match.
    pub retrieval: Vec<SourceHit>,
    /// The drafts; node 0 is the last committed token.
    pub tree: DraftTree,
    /// Rows drafted before the automatic budget cut the tree.
    pub n_offered: usize,
    /// Where the tokens that the rule wanted stood among all that retrieval could draft.
    /// `None`: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<OfferSummary>,
    /// The distribution at each node; `None`: not recorded.
    pub rows: Vec<Option<NodeDistribution>>,
    /// Node i's score in its parent's row, at index i - 1; `None`: not recorded.
    pub judged: Vec<Option<TokenScore>>,
    /// Fates and committed tokens.
    pub verdict: Verdict,
    /// Milliseconds by phase; `None`: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// Bytes of token ids seen for the first time in this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<(TokenId, TokenBytes)>,
    /// Titles of pool documents seen for the first time: (id, title).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<(DocId, String)>,
    /// Stretches of pool documents around places where drafts were found, each
    /// recorded once in a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excerpts: Vec<Excerpt>,
    /// The changed weights of the current calibration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learned: Vec<Learned>,
}

/// A stretch of a pool document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// Which document.
    pub doc: DocId,
    /// The pool it is in.
    pub group: GroupKey,
    /// Position of its first token in the document.
    pub from: u32,
    /// Its tokens.
    pub ids: Vec<TokenId>,
}

impl Excerpt {
    /// Tokens wanted before and after a position.
    pub(crate) const BEFORE: usize = 8;
    pub(crate) const BEHIND: usize = 11;

    /// Whether the token at a position is in it.
    pub(super) fn holds(&self, at: u32) -> bool {
        let end = self.from + self.ids.len() as u32;
        (self.from..end).contains(&at)
    }
}

impl Step {
    /// The tree and the model's results, as far as they are recorded.
    pub fn scored(&self) -> ScoredTree<'_> {
        ScoredTree {
            verdict: Some(&self.verdict),
            limit: self.room.tokens,
            ..ScoredTree::new(&self.tree, &self.rows, &self.judged)
        }
    }

    /// The distribution at a node; `None`: not recorded.
    pub fn row(&self, node: usize) -> Option<&NodeDistribution> {
        self.rows.get(node)?.as_ref()
    }

    /// The distribution that a draft token was judged by.
    pub(crate) fn row_above(&self, node: usize) -> Option<&NodeDistribution> {
        self.row(self.tree.nodes.get(node)?.parent.unwrap_or(0))
    }

    /// A draft token's score; `None`: not recorded, or the root.
    pub fn score(&self, node: usize) -> Option<TokenScore> {
        *self.judged.get(node.checked_sub(1)?)?
    }

    /// The distribution that the bonus token is from: that of the last committed node.
    pub(crate) fn bonus_row(&self) -> Option<&NodeDistribution> {
        self.row(self.verdict.stop())
    }

    /// The bonus token's score; `None`: not recorded.
    pub(crate) fn bonus_score(&self) -> Option<TokenScore> {
        let row = self.bonus_row()?;
        let bonus = self.verdict.bonus?;
        match row.choice() {
            Some(choice) if choice == bonus => row.choice_score(),
            _ => row.score(bonus),
        }
    }

    /// The committed tokens' scores in order; `None`: not recorded.
    pub(crate) fn committed_scores(&self) -> impl Iterator<Item = Option<TokenScore>> + '_ {
        let drafts = self.verdict.path.iter().map(|&node| self.score(node));
        let bonus = self.verdict.bonus.map(|_| self.bonus_score());
        drafts.chain(bonus)
    }

    /// Every node's distribution, every score and the times are recorded.
    pub(crate) fn is_whole(&self) -> bool {
        let is_whole = |row: &NodeDistribution| {
            let is_ranked = row.drawn.is_none_or(|drawn| drawn.rank.is_some());
            !row.top.is_empty() && row.entropy.is_some() && is_ranked
        };
        let mut scores = self.judged.iter();
        self.timing.is_some()
            && self
                .rows
                .iter()
                .all(|row| row.as_ref().is_some_and(is_whole))
            && scores.all(|score| score.is_some_and(|score| score.rank.is_some()))
    }

    /// Retrieval found at least one draft token.
    pub(crate) fn is_hit(&self) -> bool {
        self.n_offered > 1
    }

    /// The source a draft token is credited to.
    pub(crate) fn credited(&self, node: usize) -> Option<Source> {
        self.tree.nodes[node].origins.first().map(|o| o.source)
    }
}
