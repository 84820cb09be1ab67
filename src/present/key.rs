//! A key and what is held with it: how it is written in a file, how it is shown.
//!
//! Knows no actions.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key and what is held with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// Ctrl, Alt and Shift as held.
    pub modifiers: KeyModifiers,
}

/// How keys are shown: by a symbol, or in words where there is ASCII only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// `↑`, `⏎`.
    #[default]
    Symbols,
    /// `Up`, `Enter`.
    Words,
}

/// Keys with a name: as written in a file, and the symbol that is shown.
const NAMED: [(KeyCode, &str, &str); 16] = [
    (KeyCode::Char(' '), "space", "space"),
    (KeyCode::Enter, "enter", "⏎"),
    (KeyCode::Esc, "esc", "esc"),
    (KeyCode::Tab, "tab", "tab"),
    (KeyCode::BackTab, "shift-tab", "⇧tab"),
    (KeyCode::Up, "up", "↑"),
    (KeyCode::Down, "down", "↓"),
    (KeyCode::Left, "left", "←"),
    (KeyCode::Right, "right", "→"),
    (KeyCode::PageUp, "pgup", "pgup"),
    (KeyCode::PageDown, "pgdn", "pgdn"),
    (KeyCode::Home, "home", "home"),
    (KeyCode::End, "end", "end"),
    (KeyCode::Insert, "insert", "insert"),
    (KeyCode::Delete, "delete", "delete"),
    (KeyCode::Backspace, "backspace", "backspace"),
];
/// What can be held, in the order in which it is written.
const HELD: [(KeyModifiers, &str); 2] = [
    (KeyModifiers::CONTROL, "ctrl-"),
    (KeyModifiers::ALT, "alt-"),
];

impl Key {
    pub(crate) const fn plain(code: KeyCode) -> Self {
        Key {
            code,
            modifiers: KeyModifiers::NONE,
        }
    }

    pub(crate) const fn char(c: char) -> Self {
        Key::plain(KeyCode::Char(c))
    }

    pub(crate) const fn ctrl(c: char) -> Self {
        Key::held_ctrl(KeyCode::Char(c))
    }

    pub(crate) const fn held_ctrl(code: KeyCode) -> Self {
        Key {
            code,
            modifiers: KeyModifiers::CONTROL,
        }
    }

    /// Shift is part of a letter and of BackTab, and nowhere else told apart.
    pub(crate) fn of(event: &KeyEvent) -> Self {
        Key {
            code: event.code,
            modifiers: event.modifiers - KeyModifiers::SHIFT,
        }
    }

    /// As the screens show it.
    pub fn name(self, naming: Naming) -> String {
        match naming {
            Naming::Symbols => self.written(|(_, _, symbol)| symbol),
            Naming::Words => self.spelling(),
        }
    }

    /// As it is written in a file.
    pub fn spelling(self) -> String {
        self.written(|(_, word, _)| word)
    }

    fn written(self, form: fn((KeyCode, &'static str, &'static str)) -> &'static str) -> String {
        let mut text = String::new();
        for (modifier, prefix) in HELD {
            if self.modifiers.contains(modifier) {
                text.push_str(prefix);
            }
        }
        let named = NAMED.into_iter().find(|n| n.0 == self.code);
        match (named, self.code) {
            (Some(named), _) => text.push_str(form(named)),
            (None, KeyCode::Char(c)) => text.push(c),
            (None, KeyCode::F(n)) => text.push_str(&format!("f{n}")),
            (None, other) => text.push_str(&other.to_string().to_lowercase()),
        }
        text
    }

    /// A key as it is written in a file: `f`, `?`, `ctrl-x`, `alt-up`, `space`, `f5`.
    ///
    /// # Errors
    /// Says what can be written.
    pub(crate) fn parse(text: &str) -> Result<Key, String> {
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        for (modifier, prefix) in HELD {
            if let Some(after) = rest.strip_prefix(prefix)
                && !after.is_empty()
            {
                modifiers |= modifier;
                rest = after;
            }
        }
        let code = code_of(rest).ok_or_else(|| {
            let names: Vec<&str> = NAMED.iter().map(|n| n.1).collect();
            format!(
                "`{text}` is not a key; a key is one character, f1 to f12, or one of {}, \
                 optionally after ctrl- or alt-",
                names.join(", ")
            )
        })?;
        Ok(Key { code, modifiers })
    }

    /// Whether the key would be typed into a text.
    pub(crate) fn types(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && self.modifiers.is_empty()
    }
}

fn code_of(text: &str) -> Option<KeyCode> {
    let mut chars = text.chars();
    let lower = text.to_lowercase();
    match (chars.next(), chars.next()) {
        (Some(c), None) if !c.is_control() && c != ' ' => Some(KeyCode::Char(c)),
        _ => NAMED
            .into_iter()
            .find(|n| n.1 == lower)
            .map(|n| n.0)
            .or_else(|| {
                let n: u8 = lower.strip_prefix('f')?.parse().ok()?;
                (1..=12).contains(&n).then_some(KeyCode::F(n))
            }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        for text in [
            "f",
            "F",
            "?",
            "-",
            "ctrl-x",
            "alt-up",
            "ctrl-alt-q",
            "space",
            "f5",
            "shift-tab",
            "é",
        ] {
            assert_eq!(Key::parse(text).unwrap().spelling(), text);
        }
        assert_eq!(Key::parse("ctrl--"), Ok(Key::ctrl('-')));
        assert_eq!(Key::parse("ENTER"), Ok(Key::plain(KeyCode::Enter)));
        for text in [
            "", "ctrl-", "f13", "f0", "shift-f", "hyper-x", "ab", "\u{7}", " ",
        ] {
            assert!(Key::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn words_are_ascii() {
        for (code, word, _) in NAMED {
            assert!(word.is_ascii());
            assert_eq!(Key::plain(code).name(Naming::Words), word);
        }
        assert_eq!(Key::plain(KeyCode::Enter).name(Naming::Symbols), "⏎");
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_alike(text in "(ctrl-)?(alt-)?\\PC{0,6}") {
            if let Ok(key) = Key::parse(&text) {
                prop_assert_eq!(Key::parse(&key.spelling()), Ok(key));
            }
        }
    }
}
