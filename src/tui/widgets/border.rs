//! The borders between panes that can be moved, as they lie on the screen.

use ratatui::layout::{Margin, Rect};

/// A border that can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Splitter {
    /// At the right of the catalog's list, or of the board.
    List,
    /// At the right of Decode's text.
    Left,
    /// Above Decode's lower panes.
    Lower,
    /// At the right of Tune's settings.
    Settings,
    /// At the right of the sweep's heat map, where the plot stands beside it.
    Heat,
    /// Between the compared texts.
    Texts,
    /// At the left of Compare's figures, where they stand beside the texts.
    FiguresBeside,
    /// Above Compare's figures, where they stand below the texts.
    FiguresBelow,
    /// At the right of the Pool screen's lists.
    PoolLists,
    /// Below the list of pools.
    Pools,
    /// At the right of the Batch screen's left panes.
    BatchLeft,
    /// Below the lanes.
    Lanes,
    /// Above the Batch screen's lowest panes.
    BatchLowest,
}

impl Splitter {
    /// 1 where what it belongs to grows when it goes to the right or down, else -1.
    pub(crate) fn grows(self) -> i32 {
        match self {
            Splitter::Lower
            | Splitter::FiguresBeside
            | Splitter::FiguresBelow
            | Splitter::BatchLowest => -1,
            _ => 1,
        }
    }
}

/// Which keys move a border, besides the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BorderKeys {
    /// Those for a pane's width.
    Width,
    /// Those for a pane's height.
    Height,
    /// None, with the focus where it is.
    None,
}

/// A border as it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Border {
    /// Which one.
    pub splitter: Splitter,
    /// Its cells, without those that it shares with other borders.
    pub line: Rect,
    /// The keys that move it.
    pub keys: BorderKeys,
}

impl Border {
    /// The right side of a pane's frame.
    pub(crate) fn right_of(pane: Rect, splitter: Splitter, keys: BorderKeys) -> Self {
        let line = Rect {
            x: pane.right().saturating_sub(1),
            width: 1,
            ..pane.inner(Margin::new(0, 1))
        };
        Border {
            splitter,
            line,
            keys,
        }
    }

    /// The upper side of a pane's frame, on which its title stands.
    pub(crate) fn above(pane: Rect, splitter: Splitter, keys: BorderKeys) -> Self {
        let line = Rect {
            height: 1,
            ..pane.inner(Margin::new(1, 0))
        };
        Border {
            splitter,
            line,
            keys,
        }
    }

    /// Whether it moves to the sides.
    pub fn is_upright(&self) -> bool {
        self.line.width == 1
    }

    /// Its column, or its row.
    pub fn position(&self) -> u16 {
        match self.is_upright() {
            true => self.line.x,
            false => self.line.y,
        }
    }
}
