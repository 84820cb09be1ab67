//! How a draft token's branch goes on: what a rule that looks ahead asks for before it
//! accepts a token that is not the model's own choice. Knows neither rules nor rows.

use super::TokenId;
use super::draft::DraftTree;

/// A draft token's place on its branch, as far as the model's own choices are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OnBranch {
    /// How many of the next draft tokens, up to the first that is not, are the model's
    /// own choice: at least and at most.
    pub(crate) followed: (usize, usize),
    /// How many own choices a token before it still waits for.
    pub(crate) owed: Option<usize>,
}

impl OnBranch {
    /// Nothing is recorded, or it was not drafted.
    pub(crate) const UNKNOWN: OnBranch = OnBranch {
        followed: (0, usize::MAX),
        owed: None,
    };
    /// The model goes on with it, however far is asked.
    pub(crate) const CONFIRMED: OnBranch = OnBranch {
        followed: (usize::MAX, usize::MAX),
        owed: Some(0),
    };
}

/// A tree and the model's own choices in it.
#[derive(Clone, Copy)]
pub(crate) struct OwnChoices<'a> {
    pub(crate) tree: &'a DraftTree,
    /// The model's own choice after a node; `None`: not recorded.
    pub(crate) after: &'a dyn Fn(usize) -> Option<TokenId>,
    /// Whether a node can be committed once its parent is.
    pub(crate) counts: &'a dyn Fn(usize) -> bool,
}

impl OwnChoices<'_> {
    /// The place of a draft token whose window has so many tokens.
    pub(crate) fn on_branch(&self, node: usize, window: usize) -> OnBranch {
        OnBranch {
            followed: self.followed(node, window),
            owed: self.owed(node, window),
        }
    }

    fn followed(&self, node: usize, window: usize) -> (usize, usize) {
        if window == 0 {
            return (0, 0);
        }
        let choice = (self.after)(node);
        let children = self.tree.children(node).filter(|&c| (self.counts)(c));
        let each = children.filter_map(|child| {
            let (least, most) = match choice {
                Some(choice) if choice != self.tree.nodes[child].token => return None,
                Some(_) => self.followed(child, window - 1),
                None => return Some((0, 1 + self.followed(child, window - 1).1)),
            };
            Some((1 + least, 1 + most))
        });
        each.fold((0, 0), |a, b| (a.0.max(b.0), a.1.max(b.1)))
    }

    /// Each token before it that is not an own choice waits for a whole window.
    fn owed(&self, node: usize, window: usize) -> Option<usize> {
        let path = self.tree.path(node);
        let mut before = path.windows(2).take(path.len().saturating_sub(2));
        before.try_fold(0, |owed: usize, step| {
            let is_choice = (self.after)(step[0])? == self.tree.nodes[step[1]].token;
            Some(match is_choice {
                true => owed.saturating_sub(1),
                false => window,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1-2-3-4 and, beside 2, 5-6; the model always says 7.
    fn tree() -> DraftTree {
        let mut tree = DraftTree::root_only(0);
        for (parent, token) in [(0, 8), (1, 7), (2, 7), (3, 9), (1, 9), (5, 7)] {
            tree.push(parent, token, 0.5, Vec::new());
        }
        tree
    }

    fn on_branch(known: &[usize], counts: impl Fn(usize) -> bool, node: usize) -> OnBranch {
        let after = |node: usize| known.contains(&node).then_some(7);
        let choices = OwnChoices {
            tree: &tree(),
            after: &after,
            counts: &counts,
        };
        choices.on_branch(node, 3)
    }

    const ALL: [usize; 7] = [0, 1, 2, 3, 4, 5, 6];

    #[test]
    fn own_choices_are_counted_up_to_the_first_other_token() {
        let whole = |node| on_branch(&ALL, |_| true, node);
        assert_eq!(whole(1).followed, (2, 2));
        assert_eq!(whole(2).followed, (1, 1));
        assert_eq!(whole(5).followed, (1, 1));
        assert_eq!(whole(4).followed, (0, 0));
        assert_eq!(on_branch(&ALL, |n| n < 3, 1).followed, (1, 1));
    }

    #[test]
    fn what_is_not_recorded_may_be_an_own_choice() {
        assert_eq!(on_branch(&[0, 1], |_| true, 1).followed, (1, 3));
        assert_eq!(on_branch(&[0], |_| true, 1).followed, (0, 3));
        assert_eq!(on_branch(&[0, 1, 5], |_| true, 5).followed, (1, 1));
        assert_eq!(on_branch(&[1], |_| true, 2).owed, None);
    }

    #[test]
    fn a_token_waits_for_its_window() {
        let owed = |node| on_branch(&ALL, |_| true, node).owed;
        assert_eq!([1, 2, 3, 4].map(owed), [0, 3, 2, 1].map(Some));
        assert_eq!([5, 6].map(owed), [3, 3].map(Some));
    }
}
