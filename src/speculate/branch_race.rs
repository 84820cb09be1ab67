//! Competing branches: which one won where a draft token lost, and which refusal kept a
//! token from being reached.

use super::draft::DraftTree;
use super::trace::Step;
use super::verify::Fate;

/// A path that the rule accepts: its length and its probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reach {
    /// Its last node.
    pub(crate) end: usize,
    /// Draft tokens from the root on.
    pub(crate) len: usize,
    /// Product of the model's probabilities of its tokens; `None`: not recorded.
    pub(crate) p: Option<f64>,
}

/// The branch that was committed, and the best one through a node that lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BranchRace {
    pub(crate) won: Reach,
    pub(crate) lost: Reach,
}

/// Why a draft token was not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// This ancestor was not committed, with this fate.
    Ancestor(usize, Fate),
    /// The text ended above it, at an EOS or a limit.
    Ended,
}

/// Compares the committed branch with the longest one through `node` that the rule
/// accepts; `takes` says whether it accepts a node.
pub(crate) fn branch_race(step: &Step, node: usize, takes: impl Fn(usize) -> bool) -> BranchRace {
    let tree = &step.tree;
    let mut best = reach(step, node);
    let mut taken = vec![false; tree.n_rows()];
    taken[node] = true;
    for child in node + 1..tree.n_rows() {
        let parent = tree.nodes[child].parent.unwrap_or(0);
        taken[child] = taken[parent] && takes(child);
        if taken[child] {
            let here = reach(step, child);
            let is_likelier = here.p.zip(best.p).is_some_and(|(here, best)| here > best);
            if here.len > best.len || (here.len == best.len && is_likelier) {
                best = here;
            }
        }
    }
    let end = step.verdict.stop();
    BranchRace {
        won: reach(step, end),
        lost: best,
    }
}

fn reach(step: &Step, end: usize) -> Reach {
    let path = step.tree.path(end);
    let probs = path[1..].iter().map(|&n| Some(f64::from(step.score(n)?.p)));
    Reach {
        end,
        len: path.len() - 1,
        p: probs.product(),
    }
}

/// The nearest ancestor of an unreached node that was refused or lost.
pub(crate) fn cut(step: &Step, node: usize) -> Cut {
    let decided = |&n: &usize| step.verdict.fate(n) != Some(Fate::Unreached);
    match ancestors(&step.tree, node).find(decided) {
        Some(above) if !step.verdict.path.contains(&above) => {
            let fate = step.verdict.fate(above).unwrap_or(Fate::Rejected);
            Cut::Ancestor(above, fate)
        }
        _ => Cut::Ended,
    }
}

/// A node's ancestors, nearest first, without the root.
fn ancestors(tree: &DraftTree, node: usize) -> impl Iterator<Item = usize> + '_ {
    let parent = |&n: &usize| tree.nodes[n].parent.filter(|&p| p != 0);
    std::iter::successors(Some(node), parent).skip(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::row::TokenScore;
    use crate::speculate::test_support;
    use crate::speculate::verify::Verdict;

    /// 1-2-3 was committed; 4-5 lost beside it; 6 was refused, 7 hangs below it.
    fn step() -> Step {
        let mut tree = DraftTree::root_only(0);
        for parent in [0, 1, 2, 0, 4, 1, 6] {
            tree.push(parent, 9, 0.5, Vec::new());
        }
        let judged = [0.5, 0.8, 0.5, 0.4, 0.9, 0.1, 0.7];
        let verdict = Verdict {
            fates: vec![
                Fate::Accepted,
                Fate::Accepted,
                Fate::Relaxed,
                Fate::Lost,
                Fate::Unreached,
                Fate::Rejected,
                Fate::Unreached,
            ],
            path: vec![1, 2, 3],
            bonus: Some(7),
            finish: None,
        };
        Step {
            judged: judged.map(|p| Some(TokenScore::new(1, p))).to_vec(),
            ..test_support::step(tree, verdict)
        }
    }

    #[test]
    fn the_branch_that_won_is_longer_or_likelier() {
        let branch_race = branch_race(&step(), 4, |node| node == 5);
        assert_eq!((branch_race.won.end, branch_race.won.len), (3, 3));
        assert_eq!((branch_race.lost.end, branch_race.lost.len), (5, 2));
        let p = |reach: Reach| reach.p.expect("recorded");
        assert!((p(branch_race.won) - 0.2).abs() < 1e-6);
        assert!((p(branch_race.lost) - 0.36).abs() < 1e-6);
    }

    #[test]
    fn what_was_not_reached_hangs_below_what_was_refused() {
        let mut step = step();
        assert_eq!(cut(&step, 7), Cut::Ancestor(6, Fate::Rejected));
        assert_eq!(cut(&step, 5), Cut::Ancestor(4, Fate::Lost));
        // The path ended at 3 for another reason: nothing above 3 was refused.
        step.verdict.fates[5] = Fate::Unreached;
        assert_eq!(cut(&step, 7), Cut::Ended);
    }
}
