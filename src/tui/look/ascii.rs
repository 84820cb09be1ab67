//! Screens in ASCII: one pass over what was drawn turns every other character into
//! one of the same width, so that no view has to know.
//!
//! What is known here are the signs that the views draw and common typography.
//! Letters lose their accents; those of other scripts become `?`, since such a
//! terminal could not show them.

use ratatui::buffer::{Buffer, CellWidth};
use ratatui::style::Modifier;

/// Everything drawn, in ASCII.
pub(crate) fn to_ascii(buf: &mut Buffer) {
    let area = buf.area;
    for y in area.top()..area.bottom() {
        let mut x = area.left();
        while x < area.right() {
            let width = buf[(x, y)].cell_width().max(1);
            if !buf[(x, y)].symbol().is_ascii() {
                let stand_in = stand_in_for(buf[(x, y)].symbol());
                let sign = stand_in.unwrap_or_else(|| sign_for(buf[(x, y)].symbol()));
                for covered in x..(x + width).min(area.right()) {
                    buf[(covered, y)].set_char(sign);
                    if stand_in.is_some() {
                        buf[(covered, y)].modifier.toggle(Modifier::REVERSED);
                    }
                }
            }
            x += width;
        }
    }
}

/// Signs, and the character that stands for them.
const SIGNS: [(&str, char); 39] = [
    ("✓", 'v'),
    ("≈", '~'),
    ("✗", 'x'),
    ("⇄", '%'),
    ("·•", '.'),
    ("─━╌┄—–‐‑−╴╶‾", '-'),
    ("│┃┆╎┊║‖▌▐▏▎▍▕╵╷┇", '|'),
    ("┌┐└┘├┤┬┴┼╭╮╯╰╪╫╞╡", '+'),
    ("▁▂", '_'),
    ("▃▄", '='),
    ("▅▆", 'o'),
    ("▇█▉▊▋■▀◼▪", '#'),
    ("░", '.'),
    ("▒", ':'),
    ("▓", '@'),
    ("→►▸▶⟩›»▷↦≥⟶", '>'),
    ("←◄◂◀⟨‹«≤◁", '<'),
    ("↑▲⇧▴△", '^'),
    ("↓▼▾▽", 'V'),
    ("↔⇔≠≡", '='),
    ("◉●○◆◇◎★☆⚑", 'o'),
    ("×", 'x'),
    ("±∓", '+'),
    ("÷", '/'),
    ("²", '2'),
    ("³", '3'),
    ("½", '/'),
    ("Δ∆", 'd'),
    ("τ", 't'),
    ("ε", 'e'),
    ("δ", 'd'),
    ("∞", '8'),
    ("⚠", '!'),
    ("‘’‚′", '\''),
    ("“”„″", '"'),
    // The spinner turns.
    ("⠋⠴", '|'),
    ("⠙⠦", '/'),
    ("⠸⠧", '-'),
    ("⠼⠇", '\\'),
];

/// Signs that stand in a text for what is not shown: they are drawn reversed, so that
/// no letter of the text looks like one. None is a fate's sign.
const STAND_INS: [(&str, char); 3] = [("⏎↵", '\\'), ("⇥", '|'), ("…", '>')];

fn stand_in_for(symbol: &str) -> Option<char> {
    let first = symbol.chars().next()?;
    let known = STAND_INS.iter().find(|(signs, _)| signs.contains(first));
    known.map(|&(_, ascii)| ascii)
}

/// One ASCII character for what stands in a cell. What is told apart by its sign
/// (the six fates) stays apart.
pub(crate) fn sign_for(symbol: &str) -> char {
    let mut chars = symbol.chars();
    let Some(first) = chars.next() else {
        return ' ';
    };
    if symbol.is_ascii() {
        return first;
    }
    let known = SIGNS.iter().find(|(signs, _)| signs.contains(first));
    match (known, first) {
        (Some(&(_, ascii)), _) => ascii,
        (_, '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{2800}') => ' ',
        (_, '\u{2801}'..='\u{28ff}') => '*',
        (None, letter) => match nucleo_matcher::chars::normalize(letter) {
            plain if plain.is_ascii() => plain,
            _ => '?',
        },
    }
}

/// Whether the locale says that the terminal takes UTF-8; no locale at all says
/// nothing against it.
pub(crate) fn locale_takes_utf8(
    lc_all: Option<&str>,
    lc_ctype: Option<&str>,
    lang: Option<&str>,
) -> bool {
    let set = [lc_all, lc_ctype, lang];
    let Some(locale) = set.into_iter().flatten().find(|l| !l.is_empty()) else {
        return true;
    };
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;
    use crate::present::mark::Mark;

    #[test]
    fn fates_stay_apart() {
        let signs: Vec<char> = Mark::ALL.iter().map(|m| sign_for(m.glyph())).collect();
        for (i, sign) in signs.iter().enumerate() {
            assert!(sign.is_ascii() && !signs[i + 1..].contains(sign), "{sign}");
        }
    }

    #[test]
    fn cut_texts_and_newlines_are_no_fates_and_no_letters() {
        let fates: Vec<char> = Mark::ALL.iter().map(|m| sign_for(m.glyph())).collect();
        for (signs, ascii) in STAND_INS {
            assert!(ascii.is_ascii() && !fates.contains(&ascii), "{signs}");
        }
        let others = SIGNS
            .iter()
            .filter(|(signs, _)| !signs.contains(['✓', '✗', '≈', '⇄', '·', '×']));
        let alike: Vec<_> = others
            .filter(|(_, c)| fates.contains(c) && !"+.".contains(*c))
            .collect();
        assert!(alike.is_empty(), "{alike:?}");
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        buffer.set_string(0, 0, "a⏎>…", Style::new());
        to_ascii(&mut buffer);
        let text: String = buffer.content.iter().map(|c| c.symbol()).collect();
        let reversed = buffer
            .content
            .iter()
            .map(|c| c.modifier.contains(Modifier::REVERSED));
        assert_eq!(text, "a\\>>");
        assert_eq!(reversed.collect::<Vec<_>>(), [false, true, false, true]);
    }

    #[test]
    fn widths_stay() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "│日本é✓ x", Style::new());
        to_ascii(&mut buffer);
        let text: String = buffer.content.iter().map(|c| c.symbol()).collect();
        assert_eq!(text, "|????ev x   ");
    }

    #[test]
    fn the_first_locale_that_is_set_counts() {
        assert!(locale_takes_utf8(None, None, None));
        assert!(locale_takes_utf8(None, None, Some("de_DE.UTF-8")));
        assert!(locale_takes_utf8(Some(""), Some("C.utf8"), Some("C")));
        assert!(!locale_takes_utf8(Some("C"), None, Some("de_DE.UTF-8")));
        assert!(!locale_takes_utf8(None, None, Some("POSIX")));
    }
}
