//! What can be clicked or scrolled.

use crate::present::selection::TreeSelection;
use crate::speculate::compare::Side;
use crate::tui::screens::batch::state::BatchPane;
use crate::tui::screens::catalog::tab::CatalogTab;
use crate::tui::screens::decode::state::Pane;
use crate::tui::screens::pool::state::{PoolPane, PoolTab};
use crate::tui::screens::{Screen, tune};
use crate::tui::widgets::border::Splitter;

/// Something that can be clicked or scrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A tab of the header.
    Screen(Screen),
    /// A tab of the Catalog screen.
    Tab(CatalogTab),
    /// A row of the catalog's list, counted from the first that matches.
    Row(usize),
    /// The Catalog screen's right pane.
    Detail,
    /// A pane of the Decode screen.
    Pane(Pane),
    /// A token of the running text.
    Token {
        /// Index of the step that committed it.
        step: usize,
        /// Which of its nodes.
        selection: TreeSelection,
    },
    /// A node of the draft tree.
    Node(TreeSelection),
    /// A step of the run.
    Step(usize),
    /// On the Pool screen.
    Pool(PoolTarget),
    /// On the Compare screen.
    Compare(CompareTarget),
    /// A setting of the Tune screen.
    Slider(usize),
    /// A cell of the sweep's heat map.
    Cell {
        /// From the top.
        row: usize,
        /// From the left.
        column: usize,
    },
    /// A half of the Tune screen.
    TuneSide(tune::state::Side),
    /// A lane of the Batch screen.
    Lane(usize),
    /// A pane of the Batch screen.
    BatchPane(BatchPane),
    /// The border between two panes.
    Splitter(Splitter),
    /// A line of a dialog.
    Line(usize),
    /// Covered: a click here does nothing.
    Nothing,
}

/// Something on the Pool screen; rows are counted from the first there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolTarget {
    /// A row of the pools; `None`: beside the rows.
    Pool(Option<usize>),
    /// A row of the documents; `None`: beside the rows.
    Document(Option<usize>),
    /// A tab of the right pane.
    Tab(PoolTab),
    /// A row of the right pane; `None`: beside the rows.
    View(Option<usize>),
}

impl PoolTarget {
    pub(crate) fn pane(self) -> PoolPane {
        match self {
            PoolTarget::Pool(_) => PoolPane::Pools,
            PoolTarget::Document(_) => PoolPane::Documents,
            PoolTarget::Tab(_) | PoolTarget::View(_) => PoolPane::View,
        }
    }
}

/// Something on the Compare screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareTarget {
    /// A text, beside its tokens.
    Side(Side),
    /// A token of a text, by its cell.
    Token(Side, usize),
    /// The figures below the texts.
    Figures,
}
