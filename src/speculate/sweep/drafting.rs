//! What a sweep varies besides the rule: budget, branch length and drafter.

use crate::speculate::params::{Budget, Drafter, Params};

/// How a cell drafts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SweptDrafting {
    pub(crate) budget: Budget,
    /// Longest branch of the draft tree, in tokens.
    pub(crate) branch: usize,
    pub(crate) drafter: Drafter,
}

/// Which of the settings differ between cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Varying {
    pub(crate) budget: bool,
    pub(crate) branch: bool,
    pub(crate) drafter: bool,
}

impl SweptDrafting {
    /// Every combination, the drafters innermost; where an axis names nothing, what `base`
    /// has.
    pub(super) fn all(
        base: &Params,
        budgets: &[Budget],
        branches: &[usize],
        drafters: &[Drafter],
    ) -> Vec<Self> {
        let budgets = or_shared(budgets, base.budget);
        let branches = or_shared(branches, base.branch);
        let drafters = or_shared(drafters, base.drafter);
        let mut all = Vec::new();
        for &budget in &budgets {
            for &branch in &branches {
                all.extend(drafters.iter().map(|&drafter| SweptDrafting {
                    budget,
                    branch,
                    drafter,
                }));
            }
        }
        all
    }

    /// Those of the settings that vary: `budget 8`, `branch 4`, `drafter laser`.
    pub(crate) fn named(self, varying: Varying) -> impl Iterator<Item = String> {
        let budget = format!("budget {}", self.budget.describe());
        let branch = format!("branch {}", self.branch);
        let drafter = format!("drafter {}", self.drafter.name());
        let named = [
            (varying.budget, budget),
            (varying.branch, branch),
            (varying.drafter, drafter),
        ];
        named
            .into_iter()
            .filter_map(|(varies, name)| varies.then_some(name))
    }
}

fn or_shared<T: Clone>(named: &[T], shared: T) -> Vec<T> {
    match named {
        [] => vec![shared],
        some => some.to_vec(),
    }
}

impl Varying {
    pub(super) fn among(mut all: impl Iterator<Item = SweptDrafting>) -> Self {
        let Some(first) = all.next() else {
            return Varying::default();
        };
        all.fold(Varying::default(), |found, other| Varying {
            budget: found.budget || other.budget != first.budget,
            branch: found.branch || other.branch != first.branch,
            drafter: found.drafter || other.drafter != first.drafter,
        })
    }
}
