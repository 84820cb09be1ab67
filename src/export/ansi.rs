//! Changed cells as the escape sequences that draw them (ECMA-48, with the usual 24-bit
//! colours).

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::console::visible;

const MODIFIERS: [(Modifier, u8); 6] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::REVERSED, 7),
    (Modifier::CROSSED_OUT, 9),
];

/// Escape sequences that turn the screen `before` into `after`, which has the same size.
pub(crate) fn update(before: &Buffer, after: &Buffer) -> String {
    let mut out = String::new();
    let mut style = None;
    let mut next = None;
    for (x, y, cell) in before.diff(after) {
        if next != Some((x, y)) {
            let _ = write!(out, "\x1b[{};{}H", y + 1, x + 1);
        }
        if style != Some(cell.style()) {
            out.push_str(&select(cell));
            style = Some(cell.style());
        }
        out.push_str(&visible::row(cell.symbol()));
        let columns = crate::present::token_text::columns(cell.symbol()).max(1) as u16;
        next = Some((x + columns, y));
    }
    out
}

fn select(cell: &Cell) -> String {
    let mut codes = String::from("0");
    for (modifier, code) in MODIFIERS {
        if cell.modifier.contains(modifier) {
            let _ = write!(codes, ";{code}");
        }
    }
    colour(cell.fg, 30, &mut codes);
    colour(cell.bg, 40, &mut codes);
    format!("\x1b[{codes}m")
}

/// `base` is 30 for the foreground, 40 for the background.
fn colour(colour: Color, base: u8, codes: &mut String) {
    let named = match colour {
        Color::Reset => return,
        Color::Rgb(r, g, b) => {
            let _ = write!(codes, ";{};2;{r};{g};{b}", base + 8);
            return;
        }
        Color::Indexed(n) => {
            let _ = write!(codes, ";{};5;{n}", base + 8);
            return;
        }
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
    };
    let _ = write!(codes, ";{}", base + named);
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn only_what_changed_is_drawn() {
        let before = Buffer::empty(Rect::new(0, 0, 6, 2));
        let mut after = before.clone();
        after.set_string(2, 1, "ab", Style::new().fg(Color::Red));
        assert_eq!(update(&before, &after), "\x1b[2;3H\x1b[0;31mab");
        assert_eq!(update(&after, &after), "");
    }

    #[test]
    fn wide_letters_move_the_cursor_by_two() {
        let before = Buffer::empty(Rect::new(0, 0, 6, 1));
        let mut after = before.clone();
        after.set_string(0, 0, "日x", Style::new());
        assert_eq!(update(&before, &after), "\x1b[1;1H\x1b[0m日x");
    }
}
