//! The attention mask beside the tree in the verify phase, where the pane has room for it: a
//! line of cells for every line of the tree.

use ratatui::text::Span;

use crate::present::pass_picture::MaskCell;
use crate::present::selection::TreeSelection;
use crate::present::step_phase::StepPhase;
use crate::present::theme::Theme;
use crate::present::tree_lines::TreeLine;
use crate::speculate::trace::Step;
use crate::tui::app::App;

/// Columns that the tree keeps.
const TREE: u16 = 60;
/// Columns between the tree and the mask.
const GAP: usize = 2;

/// The rows of the pass in the order of the tree's lines, the root's first.
pub(super) struct TreeMask {
    nodes: Vec<usize>,
}

impl TreeMask {
    /// `None`: another phase, or too little room.
    pub(super) fn of(app: &App, step: &Step, lines: &[TreeLine], width: u16) -> Option<Self> {
        let nodes = lines.iter().filter_map(|line| match line.selection {
            TreeSelection::Root => Some(0),
            TreeSelection::Draft(node) => Some(node),
            TreeSelection::Bonus => None,
        });
        let mask = TreeMask {
            nodes: nodes.collect(),
        };
        let fits = TREE + mask.width() <= width && step.tree.n_drafts() > 0;
        (app.decode.phase() == Some(StepPhase::Verify) && fits).then_some(mask)
    }

    /// Columns that it takes, the gap before it included.
    pub(super) fn width(&self) -> u16 {
        (GAP + self.nodes.len()) as u16
    }

    /// The cells of a line; the bonus token has no row.
    pub(super) fn cells(
        &self,
        step: &Step,
        selection: TreeSelection,
        is_lit: bool,
        theme: &Theme,
    ) -> Vec<Span<'static>> {
        let node = match selection {
            TreeSelection::Root => 0,
            TreeSelection::Draft(node) => node,
            TreeSelection::Bonus => return Vec::new(),
        };
        let path = step.tree.path(node);
        let cell = |column: &usize| match path.contains(column) {
            true if *column == node => MaskCell::Itself,
            true => MaskCell::Ancestor,
            false => MaskCell::Masked,
        };
        let span = |column: &usize| {
            let cell = cell(column);
            let style = match (cell.attends(), is_lit) {
                (true, true) => theme.accent(),
                (true, false) => theme.text(),
                (false, _) => theme.dim(),
            };
            Span::styled(cell.glyph(), style)
        };
        let gap = Span::raw(" ".repeat(GAP));
        std::iter::once(gap)
            .chain(self.nodes.iter().map(span))
            .collect()
    }
}
