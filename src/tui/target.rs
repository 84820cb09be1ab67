//! What can be clicked or scrolled.

use crate::present::selection::TreeSelection;
use crate::recsys::SubjectKind;
use crate::speculate::compare::Side;
use crate::tui::screens::decode::state::Pane;
use crate::tui::screens::pool::state::{PoolPane, PoolTab};
use crate::tui::screens::{Screen, tune};

/// Something that can be clicked or scrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Screen(Screen),
    Tab(SubjectKind),
    /// A row of the catalog's list, counted from the first that matches.
    Row(usize),
    Detail,
    Pane(Pane),
    Token {
        step: usize,
        selection: TreeSelection,
    },
    Node(TreeSelection),
    Step(usize),
    Pool(PoolTarget),
    Compare(CompareTarget),
    /// A setting of the Tune screen.
    Slider(usize),
    /// A cell of the sweep's heat map.
    Cell {
        row: usize,
        column: usize,
    },
    TuneSide(tune::state::Side),
    /// A line of a dialog.
    Line(usize),
    Nothing,
}

/// Something on the Pool screen; rows are counted from the first there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolTarget {
    Pool(Option<usize>),
    Document(Option<usize>),
    Tab(PoolTab),
    View(Option<usize>),
}

impl PoolTarget {
    pub fn pane(self) -> PoolPane {
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
    Side(Side),
    /// A token of a text, by its cell.
    Token(Side, usize),
    Figures,
}
