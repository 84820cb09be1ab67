//! The axes of tokens per second over batch size; sizes that double are equally far apart.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::present::number::three;
use crate::present::theme::Theme;

/// The sizes that are named.
pub(super) const SIZES: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// Columns of the names at the left.
pub(super) const NAME: u16 = 7;
/// Columns of a figure below a size.
const FIGURE: u16 = 5;

/// Where the points go.
pub(super) struct SizePlot {
    /// Inside of the axes.
    pub(super) inside: Rect,
    /// The largest rate.
    most: f64,
}

impl SizePlot {
    /// Over the first rows of an area.
    pub(super) fn new(area: Rect, rows: u16, most: f64) -> Self {
        SizePlot {
            inside: Rect {
                x: area.x + NAME,
                width: area.width.saturating_sub(NAME),
                height: rows.min(area.height),
                ..area
            },
            most,
        }
    }

    /// The column of a batch size.
    pub(super) fn column(&self, size: f64) -> u16 {
        let last = SIZES[SIZES.len() - 1] as f64;
        let share = (size.log2() / last.log2()).clamp(0.0, 1.0);
        let room = self.inside.width.saturating_sub(FIGURE);
        self.inside.x + FIGURE / 2 + (share * f64::from(room)).round() as u16
    }

    fn row(&self, rate: f64) -> u16 {
        let share = (rate / self.most).clamp(0.0, 1.0);
        let last = self.inside.height.saturating_sub(1);
        self.inside.y + last - (share * f64::from(last)).round() as u16
    }

    pub(super) fn point(
        &self,
        (size, rate): (f64, f64),
        sign: &str,
        style: Style,
        buf: &mut Buffer,
    ) {
        if self.inside.height > 0 {
            buf.set_string(self.column(size), self.row(rate), sign, style);
        }
    }

    pub(super) fn axis(&self, theme: &Theme, buf: &mut Buffer) {
        for y in self.inside.y..self.inside.bottom() {
            buf.set_string(self.inside.x - 1, y, "│", theme.line());
        }
        if self.inside.height > 1 {
            for (rate, y) in [(self.most, self.inside.y), (0.0, self.inside.bottom() - 1)] {
                let name = match rate > 0.0 {
                    true => three(rate),
                    false => "0".into(),
                };
                let width = usize::from(NAME) - 2;
                buf.set_string(
                    self.inside.x - NAME,
                    y,
                    format!("{name:>width$}"),
                    theme.dim(),
                );
            }
        }
    }

    /// A row of figures below the sizes, with its name.
    pub(super) fn figures(
        &self,
        y: u16,
        name: &str,
        figures: impl IntoIterator<Item = (usize, String)>,
        (of_name, style): (Style, Style),
        buf: &mut Buffer,
    ) {
        let left = self.inside.x - NAME;
        buf.set_line(left, y, &Line::styled(name.to_string(), of_name), NAME);
        for (size, figure) in figures {
            let width = figure.chars().count() as u16;
            let x = self.column(size as f64).saturating_sub(width / 2);
            let room = self.inside.right().saturating_sub(x);
            buf.set_line(x, y, &Line::styled(figure, style), room);
        }
    }
}
