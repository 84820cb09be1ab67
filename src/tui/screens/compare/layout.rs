//! Where the texts and the figures of the Compare screen go.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::tui::app::App;
use crate::tui::remembered::Shift;
use crate::tui::screens::compare::figures;
use crate::tui::widgets::border::{Border, BorderKeys, Splitter};
use crate::tui::widgets::pane::{LEAST_HEIGHT, LEAST_WIDTH, beside, between, shifted};

/// Rows of the texts, at least, with their frame.
const TEXT_ROWS: u16 = 6;

/// From this size on the figures stand beside the texts.
const WIDE: (u16, u16) = (160, 34);
const FIGURES_WIDTH: u16 = 62;
/// Of the figures beside the texts, so that both runs' columns are there.
const LEAST_FIGURES: u16 = 40;

/// Where the panes go.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// Run A.
    pub left: Rect,
    /// Run B.
    pub right: Rect,
    /// Their figures side by side.
    pub figures: Rect,
}

/// Whether the figures have a place beside the texts.
pub(super) fn is_beside(body: Rect) -> bool {
    body.width >= WIDE.0 && body.height >= WIDE.1
}

/// The lower pane is as high as what it says. On a large screen it stands beside the
/// texts, whose lines would be too long to read.
pub fn places(app: &App, shift: Shift, body: Rect) -> Places {
    let (texts, figures) = match is_beside(body) {
        true => {
            let most = body.width + 1 - 2 * LEAST_WIDTH;
            let width = between(FIGURES_WIDTH, shift.compare.beside, LEAST_FIGURES, most);
            let widths = [Constraint::Fill(1), Constraint::Length(width)];
            let [texts, figures] = Layout::horizontal(widths).spacing(-1).areas(body);
            (texts, figures)
        }
        false => {
            let room = body.height.saturating_sub(TEXT_ROWS + 1);
            let natural = figures::n_rows(app, body.width.saturating_sub(4), room) + 2;
            let most = body.height + 1 - TEXT_ROWS;
            let rows = between(natural, shift.compare.below, LEAST_HEIGHT, most);
            let heights = [Constraint::Fill(1), Constraint::Length(rows)];
            let [texts, figures] = Layout::vertical(heights).spacing(-1).areas(body);
            (texts, figures)
        }
    };
    let natural = texts.width / 2 + 1;
    let width = shifted(natural, shift.compare.texts, LEAST_WIDTH, texts.width);
    let (left, right) = beside(texts, width);
    Places {
        left,
        right,
        figures,
    }
}

/// The borders that can be moved.
pub(crate) fn borders(app: &App, shift: Shift, body: Rect) -> Vec<Border> {
    let Places {
        left,
        right,
        figures,
    } = places(app, shift, body);
    let texts = Border::right_of(left, Splitter::Texts, BorderKeys::Width);
    let figures = match is_beside(body) {
        true => Border::right_of(right, Splitter::FiguresBeside, BorderKeys::Height),
        false => Border::above(figures, Splitter::FiguresBelow, BorderKeys::Height),
    };
    vec![texts, figures]
}
