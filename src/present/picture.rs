//! A drawn buffer as an SVG picture and as plain text, for the README and for
//! looking at screens without a terminal.

use std::collections::HashMap;
use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::style::{Color, Modifier};

use crate::console::visible;
use crate::present::palette;

/// Size of a cell in the picture's units: a 14 point monospaced font.
const CELL_WIDTH: f64 = 8.43;
const CELL_HEIGHT: f64 = 17.0;
const FONT_SIZE: f64 = 14.0;
const BASELINE: f64 = 12.8;
const MARGIN: f64 = 12.0;
const FONTS: &str = "'DejaVu Sans Mono', 'JetBrains Mono', Menlo, Consolas, monospace";

/// What stands for the terminal's own colours.
const OWN_GROUND: (u8, u8, u8) = (16, 19, 26);
const OWN_TEXT: (u8, u8, u8) = (205, 213, 227);

/// Draws every cell: background, text, underlines and strikes.
pub fn svg(buffer: &Buffer) -> String {
    let (width, height) = (buffer.area.width, buffer.area.height);
    let (w, h) = (
        f64::from(width) * CELL_WIDTH + 2.0 * MARGIN,
        f64::from(height) * CELL_HEIGHT + 2.0 * MARGIN,
    );
    let ground = commonest_ground(buffer);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w:.0}\" height=\"{h:.0}\" \
         viewBox=\"0 0 {w:.0} {h:.0}\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n\
         <g font-family=\"{FONTS}\" font-size=\"{FONT_SIZE}\" xml:space=\"preserve\">\n",
        hex(ground)
    );
    for y in 0..height {
        row(buffer, y, ground, &mut out);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// The letters, row by row, without the spaces at their ends.
pub(crate) fn plain(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        let mut x = buffer.area.left();
        while x < buffer.area.right() {
            let cell = &buffer[(x, y)];
            line.push_str(&visible::row(cell.symbol()));
            x += cell.cell_width().max(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn commonest_ground(buffer: &Buffer) -> (u8, u8, u8) {
    let mut counts = HashMap::new();
    for cell in &buffer.content {
        *counts.entry(colours(cell).1).or_insert(0) += 1;
    }
    let commonest = counts.into_iter().max_by_key(|&(ground, n)| (n, ground));
    commonest.map_or(OWN_GROUND, |(ground, _)| ground)
}

fn row(buffer: &Buffer, y: u16, ground: (u8, u8, u8), out: &mut String) {
    let mut x = 0;
    let mut texts = String::new();
    while x < buffer.area.width {
        let cell = &buffer[(buffer.area.x + x, buffer.area.y + y)];
        let n = run_length(buffer, x, y);
        let columns = cell.cell_width().max(1) * n;
        let place = TextPlace {
            x: MARGIN + f64::from(x) * CELL_WIDTH,
            y: MARGIN + f64::from(y) * CELL_HEIGHT,
            width: f64::from(columns) * CELL_WIDTH,
        };
        place.background(cell, ground, out);
        let text: String = (x..x + n)
            .map(|x| buffer[(buffer.area.x + x, buffer.area.y + y)].symbol())
            .collect();
        place.text(cell, &text, &mut texts);
        x += columns;
    }
    out.push_str(&texts);
}

/// Plain letters in one style stand in one element; everything else alone, so
/// that a fallback font's widths move nothing.
fn run_length(buffer: &Buffer, x: u16, y: u16) -> u16 {
    let at = |x: u16| &buffer[(buffer.area.x + x, buffer.area.y + y)];
    let plain = |c: &Cell| c.symbol().is_ascii();
    if !plain(at(x)) {
        return 1;
    }
    let same = |c: &Cell| plain(c) && c.style() == at(x).style();
    (x..buffer.area.width).take_while(|&x| same(at(x))).count() as u16
}

/// What stands between wide gaps, each with its column: browsers drop spaces at
/// the ends and join several into one, and would stretch the letters instead.
fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split("  ").filter_map(move |piece| {
        let word = piece.trim_matches(' ');
        let from = at + piece.len() - piece.trim_start_matches(' ').len();
        at += piece.len() + 2;
        (!word.is_empty()).then_some((from, word))
    })
}

struct TextPlace {
    x: f64,
    y: f64,
    width: f64,
}

impl TextPlace {
    fn background(&self, cell: &Cell, ground: (u8, u8, u8), out: &mut String) {
        let (_, background) = colours(cell);
        if background != ground {
            let TextPlace { x, y, width } = self;
            let _ = writeln!(
                out,
                "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{CELL_HEIGHT}\" fill=\"{}\"/>",
                hex(background)
            );
        }
    }

    fn text(&self, cell: &Cell, text: &str, out: &mut String) {
        let has = |m| cell.modifier.contains(m);
        let fill = hex(colours(cell).0);
        if has(Modifier::UNDERLINED) {
            self.rule(BASELINE + 2.0, &fill, out);
        }
        if has(Modifier::CROSSED_OUT) {
            self.rule(BASELINE - 4.2, &fill, out);
        }
        let mut style = String::new();
        if has(Modifier::BOLD) {
            style.push_str(" font-weight=\"bold\"");
        }
        if has(Modifier::ITALIC) {
            style.push_str(" font-style=\"italic\"");
        }
        if has(Modifier::DIM) {
            style.push_str(" opacity=\"0.7\"");
        }
        for (at, piece) in pieces(text) {
            let n_columns = crate::present::token_text::columns(piece);
            let _ = writeln!(
                out,
                "<text x=\"{:.2}\" y=\"{:.2}\" textLength=\"{:.2}\" fill=\"{fill}\"{style}>{}</text>",
                self.x + at as f64 * CELL_WIDTH,
                self.y + BASELINE,
                n_columns as f64 * CELL_WIDTH,
                escape(piece)
            );
        }
    }

    fn rule(&self, below: f64, fill: &str, out: &mut String) {
        let y = self.y + below;
        let (x1, x2) = (self.x, self.x + self.width);
        let _ = writeln!(
            out,
            "<path d=\"M{x1:.2} {y:.2}H{x2:.2}\" stroke=\"{fill}\" stroke-width=\"1\"/>"
        );
    }
}

/// Text and background, swapped where the cell is reversed.
fn colours(cell: &Cell) -> ((u8, u8, u8), (u8, u8, u8)) {
    let rgb = |color: Color, own| palette::rgb(color).unwrap_or(own);
    let (text, ground) = (rgb(cell.fg, OWN_TEXT), rgb(cell.bg, OWN_GROUND));
    if cell.modifier.contains(Modifier::REVERSED) {
        (ground, text)
    } else {
        (text, ground)
    }
}

fn hex((r, g, b): (u8, u8, u8)) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escape(text: &str) -> String {
    visible::row(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_left_and_not_drawn() {
        let found: Vec<_> = pieces("  a b   cd  ").collect();
        assert_eq!(found, [(2, "a b"), (8, "cd")]);
        assert_eq!(pieces("   ").count(), 0);
        assert_eq!(pieces("日").collect::<Vec<_>>(), [(0, "日")]);
    }
}
