//! The longest of the accepted paths, while they are looked through, and whether it wins
//! whatever is not recorded.

use super::draft::DraftTree;

/// An accepted path.
#[derive(Clone, Copy)]
pub(super) struct AcceptedPath {
    pub(super) end: usize,
    pub(super) depth: usize,
    /// Sum of the log probabilities; `None`: not recorded.
    pub(super) log_p: Option<f64>,
}

impl AcceptedPath {
    pub(super) const ROOT: AcceptedPath = AcceptedPath {
        end: 0,
        depth: 0,
        log_p: Some(0.0),
    };
}

/// The longest path so far.
pub(super) struct Longest {
    pub(super) path: AcceptedPath,
    /// Another one is as long, and the probabilities that decide are not recorded.
    pub(super) is_tied: bool,
}

impl Longest {
    pub(super) const ROOT: Longest = Longest {
        path: AcceptedPath::ROOT,
        is_tied: false,
    };

    /// Whether it wins however the rule decides on these nodes, and their fates do not
    /// depend on that: their parents lost, and what follows them is shorter.
    pub(super) fn beats(&self, unknown: &[usize], tree: &DraftTree, room: usize) -> bool {
        let path = tree.path(self.path.end);
        unknown.iter().all(|&node| {
            let parent = tree.nodes[node].parent.unwrap_or(0);
            !path.contains(&parent) && deepest_below(tree, node).min(room) < self.path.depth
        })
    }

    pub(super) fn see(&mut self, here: AcceptedPath) {
        if here.depth > self.path.depth {
            *self = Longest {
                path: here,
                is_tied: false,
            };
        } else if here.depth == self.path.depth {
            match here.log_p.zip(self.path.log_p) {
                Some((here_p, longest_p)) if here_p > longest_p => self.path = here,
                Some(_) => {}
                None => self.is_tied = true,
            }
        }
    }
}

/// The depth of the deepest node below a node, or its own.
pub(super) fn deepest_below(tree: &DraftTree, node: usize) -> usize {
    let mut below = vec![false; tree.n_rows()];
    below[node] = true;
    let mut deepest = tree.nodes[node].depth;
    for at in node + 1..tree.n_rows() {
        below[at] = tree.nodes[at].parent.is_some_and(|parent| below[parent]);
        if below[at] {
            deepest = deepest.max(tree.nodes[at].depth);
        }
    }
    deepest
}
