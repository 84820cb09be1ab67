//! The verdict: which draft tokens are accepted. Pure; reads only recorded rows, so
//! that a run can be judged again with other parameters.

use serde::{Deserialize, Serialize};

use super::TokenId;
use super::draft::DraftTree;
use super::params::AcceptanceRule;
use super::row::{NodeDistribution, TokenScore};
use super::rule::{Ruling, rule};

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

/// A draft tree and the model's results.
#[derive(Clone, Copy, Debug)]
pub struct ScoredTree<'a> {
    pub(crate) tree: &'a DraftTree,
    /// The distribution at node i.
    pub(crate) rows: &'a [NodeDistribution],
    /// Node i's standing in its parent's row, at index i - 1.
    pub(crate) judged: &'a [TokenScore],
}

impl<'a> ScoredTree<'a> {
    /// `rows` has a distribution per node, `judged` a score per draft token.
    pub fn new(
        tree: &'a DraftTree,
        rows: &'a [NodeDistribution],
        judged: &'a [TokenScore],
    ) -> Self {
        ScoredTree { tree, rows, judged }
    }
}

/// Judges a tree.
///
/// The longest accepted path wins; ties go to the higher product of model
/// probabilities, then to the path drafted first. An accepted EOS ends its
/// path. Nothing beyond `room` is committed.
pub fn verify(
    scored: ScoredTree<'_>,
    verify: AcceptanceRule,
    eos: &[TokenId],
    room: RemainingTokens,
) -> Verdict {
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
) -> Verdict {
    let ScoredTree { tree, rows, judged } = scored;
    let ruling = |i: usize| {
        let node = &tree.nodes[i];
        let row = &rows[node.parent.unwrap_or(0)];
        kept(i).then(|| rule(node.token, judged[i - 1], row, verify, eos))
    };
    let (path, rulings) = longest_path(tree, ruling, judged, eos, room.tokens);
    let last = path.last().copied().unwrap_or(0);
    let ended = path
        .last()
        .is_some_and(|&n| eos.contains(&tree.nodes[n].token));
    let full = path.len() >= room.tokens;
    let bonus = (!ended && !full).then(|| rows[last].choice());
    let fates = fates(tree, &rulings, &path, ended || full);
    let mut verdict = Verdict {
        fates,
        path,
        bonus,
        finish: None,
    };
    verdict.finish = finish_of(&verdict, ended, eos, room);
    verdict
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

/// The accepted path of greatest length up to `room`, root excluded, and the rulings on
/// the nodes whose parents' paths are accepted: the others are not needed. Nodes come
/// after their parents, so one pass in order finds every path.
fn longest_path(
    tree: &DraftTree,
    ruling: impl Fn(usize) -> Option<Ruling>,
    judged: &[TokenScore],
    eos: &[TokenId],
    room: usize,
) -> (Vec<usize>, Vec<Option<Ruling>>) {
    // Per node: sum of log probabilities of its path, if that is accepted and continues.
    let mut log_p: Vec<Option<f64>> = vec![None; tree.n_rows()];
    log_p[0] = Some(0.0);
    let mut rulings = vec![None; tree.n_drafts()];
    let mut best = (0, 0, 0.0);
    for i in 1..tree.n_rows() {
        let node = &tree.nodes[i];
        let parent = node.parent.unwrap_or(0);
        let Some(above) = log_p[parent] else { continue };
        rulings[i - 1] = ruling(i);
        let taken = matches!(rulings[i - 1], Some(Ruling::Choice | Ruling::Relaxed));
        let parent_ended = parent != 0 && eos.contains(&tree.nodes[parent].token);
        if !taken || parent_ended || node.depth > room {
            continue;
        }
        let here = above + f64::from(judged[i - 1].p).ln();
        log_p[i] = Some(here);
        if node.depth > best.1 || (node.depth == best.1 && here > best.2) {
            best = (i, node.depth, here);
        }
    }
    (tree.path(best.0)[1..].to_vec(), rulings)
}

fn fates(tree: &DraftTree, rulings: &[Option<Ruling>], path: &[usize], cut_off: bool) -> Vec<Fate> {
    let last = path.last().copied().unwrap_or(0);
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
#[path = "verify_test.rs"]
mod tests;
