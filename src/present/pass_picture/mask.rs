//! The rows of a pass, and what each attends to: the whole prefix, its ancestors in the
//! tree, and itself. That is the tree attention mask.

use crate::present::mark::Mark;
use crate::present::number::count;
use crate::present::record::Record;
use crate::present::selection::TreeSelection;
use crate::present::tree_lines::draft_lines;
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::trace::Step;

use crate::present::step_phase::StepPhase;

/// What a row does with another row of its pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskCell {
    /// The row's own keys and values, which it attends to.
    Itself,
    /// Those of a node before it on its path, which it attends to.
    Ancestor,
    /// Those of another branch or of a later token, which it does not see.
    Masked,
}

impl MaskCell {
    /// As pictures of text draw it: filled where the row attends.
    pub fn glyph(self) -> &'static str {
        match self {
            MaskCell::Itself => "◆",
            MaskCell::Ancestor => "■",
            MaskCell::Masked => "·",
        }
    }

    /// Whether the row attends to the column.
    pub fn attends(self) -> bool {
        self != MaskCell::Masked
    }
}

/// A row of the forward pass.
#[derive(Clone, Debug, PartialEq)]
pub struct PassRow {
    /// Its node in the tree, which is its place among the rows of the pass; 0 is the root.
    pub node: usize,
    /// Its token.
    pub token: TokenId,
    /// The token's text, in quotes.
    pub text: String,
    /// The branches to draw before it, two columns a fork; empty for the root.
    pub stem: String,
    /// Distance from the root.
    pub depth: usize,
    /// Its place in the text, as the model sees it: tokens before it on its path, from 0.
    /// Rows of different branches can share a position, never a cache row.
    pub position: usize,
    /// The rows of this pass that it attends to: its ancestors from the root on, itself
    /// last. Indices into [`super::PassPicture::rows`].
    pub attends_to: Vec<usize>,
    /// What became of it; `None` of the root, and before the verdict.
    pub(crate) mark: Option<Mark>,
}

impl PassRow {
    /// Its fate's sign and name, such as `✓` and `accepted`; `None` of the root, and before
    /// the verdict.
    pub fn fate(&self) -> Option<(&'static str, &'static str)> {
        self.mark.map(|mark| (mark.glyph(), mark.name()))
    }

    pub(super) fn attention_in_words(&self, prefix: usize) -> String {
        let n_ancestors = self.attends_to.len() - 1;
        let ancestors = match n_ancestors {
            0 => String::new(),
            n => format!(", {}", count(n, "ancestor")),
        };
        let all = prefix + self.attends_to.len();
        format!(
            "Row {} {} attends to the {} of the prefix{ancestors} and itself: {all} in all.",
            self.node,
            self.text,
            count(prefix, "row")
        )
    }
}

/// The rows that are known in a phase, in the tree's order.
pub(super) fn rows(record: &Record, step: &Step, phase: StepPhase) -> Vec<PassRow> {
    let root_only;
    let tree = match phase {
        StepPhase::Retrieve => {
            root_only = DraftTree::root_only(step.tree.nodes[0].token);
            &root_only
        }
        _ => &step.tree,
    };
    let is_judged = phase >= StepPhase::Verify;
    let mut place_of = vec![0; tree.n_rows()];
    let mut rows: Vec<PassRow> = Vec::with_capacity(tree.n_rows());
    for (place, line) in draft_lines(tree).into_iter().enumerate() {
        let node = match line.selection {
            TreeSelection::Draft(node) => node,
            TreeSelection::Root | TreeSelection::Bonus => 0,
        };
        place_of[node] = place;
        let path = tree.path(node);
        let draft = &tree.nodes[node];
        rows.push(PassRow {
            node,
            token: draft.token,
            text: record.quoted(draft.token),
            stem: line.stem,
            depth: draft.depth,
            position: step.context_len.saturating_sub(1) + draft.depth,
            attends_to: path.into_iter().map(|n| place_of[n]).collect(),
            mark: step
                .verdict
                .fate(node)
                .filter(|_| is_judged)
                .map(Mark::Fate),
        });
    }
    rows
}
