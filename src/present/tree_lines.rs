//! A draft tree as lines of text: the committed path first at every fork, an
//! only child straight below its parent, the bonus token where the path ends.
//!
//! Knows no colours and no widths.

use crate::present::selection::TreeSelection;
use crate::speculate::draft::DraftTree;
use crate::speculate::trace::Step;
use crate::speculate::verify::end_of;

/// One line of the drawn tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeLine {
    pub(crate) selection: TreeSelection,
    /// The branches drawn before the glyph, three columns a fork.
    pub(crate) stem: String,
    /// Whether the token was committed (the root counts).
    pub(crate) on_path: bool,
}

const FORK: &str = "├─";
const LAST: &str = "└─";
const PASS: &str = "│ ";
const NONE: &str = "  ";

/// The step's tree from top to bottom.
pub(crate) fn tree_lines(step: &Step) -> Vec<TreeLine> {
    lines(&step.tree, &step.verdict.path, step.verdict.bonus.is_some())
}

/// A tree that nobody has judged yet.
pub(crate) fn draft_lines(tree: &DraftTree) -> Vec<TreeLine> {
    lines(tree, &[], false)
}

fn lines(tree: &DraftTree, path: &[usize], has_bonus: bool) -> Vec<TreeLine> {
    let mut drawing = Drawing {
        path,
        children: children(tree, path, has_bonus),
        lines: vec![TreeLine {
            selection: TreeSelection::Root,
            stem: String::new(),
            on_path: true,
        }],
    };
    drawing.below(0, "");
    drawing.lines
}

struct Drawing<'a> {
    path: &'a [usize],
    /// Per node, what hangs below it, in drawing order.
    children: Vec<Vec<TreeSelection>>,
    lines: Vec<TreeLine>,
}

impl Drawing<'_> {
    fn below(&mut self, node: usize, margin: &str) {
        let children = std::mem::take(&mut self.children[node]);
        let straight = node != 0 && children.len() == 1;
        for (i, &selection) in children.iter().enumerate() {
            let last = i + 1 == children.len();
            let (branch, pass) = match (straight, last) {
                (true, _) => ("", ""),
                (false, true) => (LAST, NONE),
                (false, false) => (FORK, PASS),
            };
            self.lines.push(TreeLine {
                selection,
                stem: format!("{margin}{branch}"),
                on_path: on_path(self.path, selection),
            });
            if let TreeSelection::Draft(child) = selection {
                self.below(child, &format!("{margin}{pass}"));
            }
        }
    }
}

fn on_path(path: &[usize], selection: TreeSelection) -> bool {
    match selection {
        TreeSelection::Root | TreeSelection::Bonus => true,
        TreeSelection::Draft(node) => path.contains(&node),
    }
}

fn children(tree: &DraftTree, path: &[usize], has_bonus: bool) -> Vec<Vec<TreeSelection>> {
    let mut children = vec![Vec::new(); tree.n_rows()];
    for (i, node) in tree.nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            children[parent].push(TreeSelection::Draft(i));
        }
    }
    for below in &mut children {
        below.sort_by_key(|&selection| !on_path(path, selection));
    }
    if has_bonus {
        children[end_of(path)].insert(0, TreeSelection::Bonus);
    }
    children
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::trace::Timing;
    use crate::speculate::verify::{Fate, Finish, RemainingTokens, Verdict};

    fn step(parents: &[usize], path: &[usize], bonus: bool) -> Step {
        let mut tree = DraftTree::root_only(0);
        for (i, &parent) in parents.iter().enumerate() {
            tree.push(parent, i as u32 + 1, 0.5, Vec::new());
        }
        Step {
            index: 0,
            context_len: 1,
            params: None,
            retrieval: Vec::new(),
            n_offered: parents.len() + 1,
            offered: None,
            room: RemainingTokens {
                tokens: 99,
                then: Finish::Length,
            },
            rows: Vec::new(),
            judged: Vec::new(),
            verdict: Verdict {
                fates: vec![Fate::Rejected; parents.len()],
                path: path.to_vec(),
                bonus: bonus.then_some(9),
                finish: None,
            },
            timing: Some(Timing::default()),
            tokens: Vec::new(),
            documents: Vec::new(),
            excerpts: Vec::new(),
            learned: Vec::new(),
            tree,
        }
    }

    fn drawn(step: &Step) -> Vec<String> {
        let name = |selection| match selection {
            TreeSelection::Root => "root".to_string(),
            TreeSelection::Draft(node) => node.to_string(),
            TreeSelection::Bonus => "bonus".to_string(),
        };
        let lines = tree_lines(step);
        lines
            .iter()
            .map(|l| format!("{}{}", l.stem, name(l.selection)))
            .collect()
    }

    #[test]
    fn the_committed_path_comes_first_and_only_children_go_straight_down() {
        let step = step(&[0, 0, 2, 2, 4, 1], &[2, 4], true);
        let want = [
            "root",
            "├─2",
            "│ ├─4",
            "│ │ ├─bonus",
            "│ │ └─5",
            "│ └─3",
            "└─1",
            "  6",
        ];
        assert_eq!(drawn(&step), want);
    }

    #[test]
    fn a_step_without_drafts_has_its_bonus() {
        assert_eq!(drawn(&step(&[], &[], true)), ["root", "└─bonus"]);
        assert_eq!(drawn(&step(&[0], &[1], false)), ["root", "└─1"]);
    }
}
