//! The verdict: which draft tokens are accepted. Pure; reads only recorded rows, so
//! that a run can be judged again with other parameters.

use serde::{Deserialize, Serialize};

use super::TokenId;
use super::draft::DraftTree;
use super::longest::{AcceptedPath, Longest};
use super::look_ahead::{OnBranch, OwnChoices};
use super::params::AcceptanceRule;
use super::row::{NodeDistribution, TokenScore};
use super::rule::{Ruling, Standing, rule};

/// The fate of a draft token; exactly one each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Committed, and the model's own choice there.
    Accepted,
    /// Committed only because of the relaxed rule.
    Relaxed,
    /// Child of a committed node, refused by the rule.
    Rejected,
    /// Child of a committed node that the rule would accept; another branch won.
    Lost,
    /// Not judged: below a node that was not committed, or cut off by an EOS or a limit.
    Unreached,
}

/// Why a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Finish {
    /// The model ended its answer.
    Eos,
    /// The limit on tokens was reached.
    Length,
    /// The context is full.
    Context,
    /// It was stopped.
    Cancelled,
}

impl Finish {
    pub(crate) fn name(&self) -> &'static str {
        self.into()
    }
}

/// How many more tokens may be committed (at least 1), and how the run ends when that
/// number is reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemainingTokens {
    /// At least 1.
    pub tokens: usize,
    /// Why the generation then ends.
    pub then: Finish,
}

/// A step's outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Fate of node i at index i - 1 (the root has none).
    pub fates: Vec<Fate>,
    /// The committed draft nodes, root excluded, by depth.
    pub path: Vec<usize>,
    /// The model's own next token after the path.
    pub bonus: Option<TokenId>,
    /// Set if the generation ended here.
    pub finish: Option<Finish>,
}

impl Verdict {
    /// `None` for the root.
    pub fn fate(&self, node: usize) -> Option<Fate> {
        node.checked_sub(1).and_then(|i| self.fates.get(i)).copied()
    }

    /// Draft tokens with this fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.fates.iter().filter(|&&f| f == fate).count()
    }

    /// The node at which the accepted path ends: the root, if nothing was accepted. The
    /// bonus token is chosen from its row.
    pub fn stop(&self) -> usize {
        end_of(&self.path)
    }

    /// Tokens committed: the path and the bonus token.
    pub fn n_committed(&self) -> usize {
        self.path.len() + usize::from(self.bonus.is_some())
    }

    /// The committed tokens in order, each with its fate (`None`: bonus).
    pub fn committed<'a>(
        &'a self,
        tree: &'a DraftTree,
    ) -> impl Iterator<Item = (TokenId, Option<Fate>)> + 'a {
        let drafts = self
            .path
            .iter()
            .map(|&n| (tree.nodes[n].token, self.fate(n)));
        drafts.chain(self.bonus.map(|id| (id, None)))
    }
}

/// The last node of a path from the root; the root, if it has none.
pub(crate) fn end_of(path: &[usize]) -> usize {
    path.last().copied().unwrap_or(0)
}

/// A draft tree and the model's results, as far as they are recorded.
#[derive(Clone, Copy, Debug)]
pub struct ScoredTree<'a> {
    pub(crate) tree: &'a DraftTree,
    /// The distribution at node i.
    pub(crate) rows: &'a [Option<NodeDistribution>],
    /// Node i's standing in its parent's row, at index i - 1.
    pub(crate) judged: &'a [Option<TokenScore>],
    /// What was committed: the model's own choices, even where no row is recorded.
    pub(crate) verdict: Option<&'a Verdict>,
    /// Draft tokens deeper than this cannot be committed.
    pub(crate) limit: usize,
}

impl<'a> ScoredTree<'a> {
    /// `rows` has a distribution per node, `judged` a score per draft token.
    pub fn new(
        tree: &'a DraftTree,
        rows: &'a [Option<NodeDistribution>],
        judged: &'a [Option<TokenScore>],
    ) -> Self {
        ScoredTree {
            tree,
            rows,
            judged,
            verdict: None,
            limit: usize::MAX,
        }
    }

    /// What is recorded of a draft token and of the place where it was drafted.
    pub(crate) fn standing(&self, node: usize) -> Standing<'a> {
        let draft = &self.tree.nodes[node];
        let parent = draft.parent.unwrap_or(0);
        let row = self.rows.get(parent).and_then(Option::as_ref);
        let judged = self.judged.get(node.wrapping_sub(1));
        let judged = judged.copied().flatten();
        Standing {
            token: draft.token,
            score: judged.or_else(|| row?.score(draft.token)),
            row,
            choice: self.choice(parent),
            branch: OnBranch::UNKNOWN,
        }
    }

    /// The same with its place on its branch, if the rule looks ahead.
    pub(crate) fn standing_under(
        &self,
        node: usize,
        verify: AcceptanceRule,
        eos: &[TokenId],
        kept: &dyn Fn(usize) -> bool,
    ) -> Standing<'a> {
        let standing = self.standing(node);
        let AcceptanceRule::Deferred { w, .. } = verify else {
            return standing;
        };
        let choices = OwnChoices {
            tree: self.tree,
            after: &|node| self.choice(node),
            counts: &|node| self.counts(node, eos) && kept(node),
        };
        Standing {
            branch: choices.on_branch(node, w),
            ..standing
        }
    }

    /// Whether a node can be committed once its parent is: not beyond the limit, and not
    /// after the end of the text.
    fn counts(&self, node: usize, eos: &[TokenId]) -> bool {
        let parent = self.tree.nodes[node].parent.unwrap_or(0);
        let is_ended = parent != 0 && eos.contains(&self.tree.nodes[parent].token);
        self.tree.nodes[node].depth <= self.limit && !is_ended
    }

    /// The model's own choice after a node; `None`: not recorded.
    pub(crate) fn choice(&self, node: usize) -> Option<TokenId> {
        let row = self.rows.get(node).and_then(Option::as_ref);
        let choice = row.and_then(NodeDistribution::choice);
        choice.or_else(|| self.committed_after(node))
    }

    /// The token committed after a node, if it was the model's own choice.
    fn committed_after(&self, node: usize) -> Option<TokenId> {
        let verdict = self.verdict?;
        let after = match node {
            0 => 0,
            _ => 1 + verdict.path.iter().position(|&n| n == node)?,
        };
        match verdict.path.get(after) {
            Some(&next) if verdict.fate(next) == Some(Fate::Accepted) => {
                Some(self.tree.nodes[next].token)
            }
            Some(_) => None,
            None => verdict.bonus,
        }
    }
}

/// Judges a tree; `None`: what would decide is not recorded.
///
/// The longest accepted path wins; ties go to the higher product of model
/// probabilities, then to the path drafted first. An accepted EOS ends its
/// path. Nothing beyond `room` is committed. The window of an accepted token is part of
/// its path, so that the longest path never ends within one.
pub fn verify(
    scored: ScoredTree<'_>,
    verify: AcceptanceRule,
    eos: &[TokenId],
    room: RemainingTokens,
) -> Option<Verdict> {
    verify_kept(scored, verify, eos, room, |_| true)
}

/// As [`verify`], but as if the tree had only the `kept` nodes (ancestors included).
/// The verdict's nodes are the whole tree's; the others count as unreached.
pub(super) fn verify_kept(
    scored: ScoredTree<'_>,
    verify: AcceptanceRule,
    eos: &[TokenId],
    room: RemainingTokens,
    kept: impl Fn(usize) -> bool,
) -> Option<Verdict> {
    let tree = scored.tree;
    let scored = ScoredTree {
        limit: room.tokens,
        ..scored
    };
    let standing = |i: usize| scored.standing_under(i, verify, eos, &kept);
    let ruling = |i: usize| rule(standing(i), verify, eos);
    let (path, rulings) = longest_path(scored, ruling, &kept, eos)?;
    let last = end_of(&path);
    let ended = path
        .last()
        .is_some_and(|&n| eos.contains(&tree.nodes[n].token));
    let full = path.len() >= room.tokens;
    let bonus = match ended || full {
        true => None,
        false => Some(scored.choice(last)?),
    };
    let fates = fates(tree, &rulings, &path, ended || full);
    let mut verdict = Verdict {
        fates,
        path,
        bonus,
        finish: None,
    };
    verdict.finish = finish_of(&verdict, ended, eos, room);
    Some(verdict)
}

/// Whether the generation ends with this verdict, whose path `ended` in an EOS or not.
pub(super) fn finish_of(
    verdict: &Verdict,
    ended: bool,
    eos: &[TokenId],
    room: RemainingTokens,
) -> Option<Finish> {
    if ended || verdict.bonus.is_some_and(|id| eos.contains(&id)) {
        Some(Finish::Eos)
    } else if verdict.n_committed() >= room.tokens {
        Some(room.then)
    } else {
        None
    }
}

/// The accepted path of greatest length up to the limit, root excluded, and the rulings on
/// the nodes whose parents' paths are accepted: the others are not needed. Nodes come
/// after their parents, so one pass in order finds every path. `None`: a ruling that
/// matters, or the probability that breaks a tie, is not recorded.
fn longest_path(
    scored: ScoredTree<'_>,
    ruling: impl Fn(usize) -> Option<Ruling>,
    kept: impl Fn(usize) -> bool,
    eos: &[TokenId],
) -> Option<(Vec<usize>, Vec<Option<Ruling>>)> {
    let tree = scored.tree;
    // Per node: its path, if that is accepted and continues.
    let mut accepted: Vec<Option<AcceptedPath>> = vec![None; tree.n_rows()];
    accepted[0] = Some(AcceptedPath::ROOT);
    let mut rulings = vec![None; tree.n_drafts()];
    let mut unknown = Vec::new();
    let mut longest = Longest::ROOT;
    for (i, node) in tree.nodes.iter().enumerate().skip(1) {
        let parent = node.parent.unwrap_or(0);
        let Some(above) = accepted[parent].filter(|_| kept(i) && scored.counts(i, eos)) else {
            continue;
        };
        rulings[i - 1] = ruling(i);
        match rulings[i - 1] {
            None => unknown.push(i),
            Some(Ruling::Refused(_)) => {}
            Some(Ruling::Choice | Ruling::Relaxed) => {
                let here = extended(above, i, scored);
                accepted[i] = Some(here);
                longest.see(here);
            }
        }
    }
    let is_decided = !longest.is_tied && longest.beats(&unknown, tree, scored.limit);
    is_decided.then(|| (tree.path(longest.path.end)[1..].to_vec(), rulings))
}

/// A path and one more node.
fn extended(above: AcceptedPath, node: usize, scored: ScoredTree<'_>) -> AcceptedPath {
    let own = scored.standing(node).score;
    let own = own.map(|score| f64::from(score.p).ln());
    AcceptedPath {
        end: node,
        depth: scored.tree.nodes[node].depth,
        log_p: above.log_p.zip(own).map(|(above, own)| above + own),
    }
}

fn fates(tree: &DraftTree, rulings: &[Option<Ruling>], path: &[usize], cut_off: bool) -> Vec<Fate> {
    let last = end_of(path);
    (1..tree.n_rows())
        .map(|i| {
            let parent = tree.nodes[i].parent.unwrap_or(0);
            let parent_committed = parent == 0 || path.contains(&parent);
            let Some(ruling) = rulings[i - 1] else {
                return Fate::Unreached;
            };
            match ruling {
                Ruling::Choice if path.contains(&i) => Fate::Accepted,
                Ruling::Relaxed if path.contains(&i) => Fate::Relaxed,
                _ if !parent_committed || (cut_off && parent == last) => Fate::Unreached,
                Ruling::Refused(_) => Fate::Rejected,
                _ => Fate::Lost,
            }
        })
        .collect()
}

#[cfg(test)]
#[path = "verify_property_test.rs"]
mod properties;
#[cfg(test)]
#[path = "verify_test.rs"]
mod tests;
