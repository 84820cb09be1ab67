//! Colours and styles by meaning: every view asks for a fate or a role, none
//! names a colour. The palettes themselves are in `palette.rs`.

use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};

use super::palette::{self, Palette};
use crate::speculate::verify::Fate;

/// The themes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ThemeName {
    #[default]
    Dark,
    Light,
    /// Okabe and Ito's palette, told apart with any kind of colour vision.
    ColourBlind,
    /// The terminal's own 16 colours.
    Ansi,
    /// No colours at all (<https://no-color.org>).
    Plain,
}

impl ThemeName {
    pub const ALL: [ThemeName; 5] = [
        ThemeName::Dark,
        ThemeName::Light,
        ThemeName::ColourBlind,
        ThemeName::Ansi,
        ThemeName::Plain,
    ];

    pub fn name(self) -> &'static str {
        match self {
            ThemeName::Dark => "dark",
            ThemeName::Light => "light",
            ThemeName::ColourBlind => "colour-blind",
            ThemeName::Ansi => "16-colours",
            ThemeName::Plain => "no-colour",
        }
    }

    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|&t| t == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// What the environment asks for: `NO_COLOR`, then whether the terminal says
    /// that it shows 24-bit colours.
    pub fn detect() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let says = |name, what: &[&str]| {
            std::env::var(name).is_ok_and(|v| what.iter().any(|w| v.contains(w)))
        };
        if set("NO_COLOR") {
            ThemeName::Plain
        } else if says("COLORTERM", &["truecolor", "24bit"]) || says("TERM", &["direct", "kitty"]) {
            ThemeName::Dark
        } else {
            ThemeName::Ansi
        }
    }

    pub fn theme(self) -> Theme {
        let palette = match self {
            ThemeName::Dark => &palette::DARK,
            ThemeName::Light => &palette::LIGHT,
            ThemeName::ColourBlind => &palette::OKABE_ITO,
            ThemeName::Ansi => &palette::ANSI,
            ThemeName::Plain => &palette::PLAIN,
        };
        Theme {
            name: self,
            palette,
        }
    }
}

impl FromStr for ThemeName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|t| t.name() == text);
        known.ok_or_else(|| {
            let names = Self::ALL.map(ThemeName::name).join(", ");
            format!("theme `{text}`: there is {names}")
        })
    }
}

/// What became of a token, the model's own included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Fate(Fate),
    /// The model's own next token.
    Bonus,
}

impl Mark {
    /// Of a committed token, whose fate is `None` for the bonus token.
    pub fn of(fate: Option<Fate>) -> Self {
        fate.map_or(Mark::Bonus, Mark::Fate)
    }

    pub fn glyph(self) -> &'static str {
        match self {
            Mark::Fate(Fate::Accepted) => "✓",
            Mark::Fate(Fate::Relaxed) => "≈",
            Mark::Fate(Fate::Rejected) => "✗",
            Mark::Fate(Fate::Lost) => "⇄",
            Mark::Fate(Fate::Unreached) => "·",
            Mark::Bonus => "+",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Mark::Fate(Fate::Accepted) => "accepted",
            Mark::Fate(Fate::Relaxed) => "relaxed",
            Mark::Fate(Fate::Rejected) => "rejected",
            Mark::Fate(Fate::Lost) => "lost",
            Mark::Fate(Fate::Unreached) => "unreached",
            Mark::Bonus => "bonus",
        }
    }

    /// In the order in which legends and bars list them.
    pub const ALL: [Mark; 6] = [
        Mark::Fate(Fate::Accepted),
        Mark::Fate(Fate::Relaxed),
        Mark::Bonus,
        Mark::Fate(Fate::Rejected),
        Mark::Fate(Fate::Lost),
        Mark::Fate(Fate::Unreached),
    ];
}

/// How strongly a place is marked by the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emphasis {
    None,
    /// In the cursor's step.
    Step,
    /// The selected token, node or row.
    Selected,
}

/// A palette and the styles made of it.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub name: ThemeName,
    palette: &'static Palette,
}

impl Theme {
    fn fg(&self, color: Color) -> Style {
        Style::new().fg(color)
    }

    /// The canvas: text on the background.
    pub fn base(&self) -> Style {
        Style::new().fg(self.palette.text).bg(self.palette.ground)
    }

    /// The bars at the top and the bottom.
    pub fn bar(&self) -> Style {
        Style::new().fg(self.palette.text).bg(self.palette.bar)
    }

    pub fn text(&self) -> Style {
        self.fg(self.palette.text)
    }

    pub fn strong(&self) -> Style {
        self.fg(self.palette.strong).add_modifier(Modifier::BOLD)
    }

    pub fn dim(&self) -> Style {
        self.fg(self.palette.dim)
    }

    /// Names of keys, titles in focus, what can be acted upon.
    pub fn accent(&self) -> Style {
        self.fg(self.palette.accent)
    }

    pub fn border(&self, focused: bool) -> Style {
        self.fg(if focused {
            self.palette.accent
        } else {
            self.palette.line
        })
    }

    /// Lines that only guide the eye.
    pub fn line(&self) -> Style {
        self.fg(self.palette.line)
    }

    pub fn title(&self, focused: bool) -> Style {
        let style = if focused { self.accent() } else { self.text() };
        style.add_modifier(Modifier::BOLD)
    }

    pub fn warning(&self) -> Style {
        self.fg(self.palette.relaxed)
    }

    pub fn error(&self) -> Style {
        self.fg(self.palette.rejected)
    }

    pub fn good(&self) -> Style {
        self.fg(self.palette.accepted)
    }

    /// The part of a bar that is filled.
    pub fn gauge(&self) -> Style {
        self.fg(self.palette.accent)
    }

    /// The part of a bar that is not.
    pub fn track(&self) -> Style {
        self.fg(self.palette.line)
    }

    /// The colour alone, for glyphs and bars.
    pub fn mark(&self, mark: Mark) -> Style {
        self.fg(match mark {
            Mark::Fate(Fate::Accepted) => self.palette.accepted,
            Mark::Fate(Fate::Relaxed) => self.palette.relaxed,
            Mark::Fate(Fate::Rejected) => self.palette.rejected,
            Mark::Fate(Fate::Lost) => self.palette.lost,
            Mark::Fate(Fate::Unreached) => self.palette.dim,
            Mark::Bonus => self.palette.bonus,
        })
    }

    /// A token's text: never told by colour alone.
    pub fn token(&self, mark: Mark) -> Style {
        let modifier = match mark {
            Mark::Fate(Fate::Accepted) | Mark::Fate(Fate::Lost) => Modifier::empty(),
            Mark::Fate(Fate::Relaxed) => Modifier::UNDERLINED,
            Mark::Fate(Fate::Rejected) => Modifier::CROSSED_OUT,
            Mark::Fate(Fate::Unreached) => Modifier::empty(),
            Mark::Bonus => Modifier::ITALIC,
        };
        self.mark(mark).add_modifier(modifier)
    }

    /// A block of a bar that carries its glyph.
    pub fn block(&self, mark: Mark) -> Style {
        match (self.mark(mark), self.name) {
            (style, ThemeName::Plain) => style,
            (style, ThemeName::Ansi) => style.add_modifier(Modifier::REVERSED),
            (style, _) => Style::new()
                .fg(self.palette.ground)
                .bg(style.fg.unwrap_or(self.palette.text)),
        }
    }

    /// The prefilled opening of the answer.
    pub fn opening(&self) -> Style {
        self.dim()
    }

    /// What to lay over a style where the text searched stands.
    pub fn found(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What to lay over a style at the cursor.
    pub fn emphasis(&self, emphasis: Emphasis) -> Style {
        let palette = self.palette;
        match (emphasis, palette.cursor) {
            (Emphasis::None, _) => Style::new(),
            (Emphasis::Step, Some((step, _))) => Style::new().bg(step),
            (Emphasis::Selected, Some((_, selected))) => {
                Style::new().bg(selected).add_modifier(Modifier::BOLD)
            }
            (Emphasis::Step, None) => Style::new().add_modifier(Modifier::BOLD),
            // One colour for the whole row, lest its parts be reversed each in its own.
            (Emphasis::Selected, None) => Style::new()
                .fg(Color::Reset)
                .add_modifier(Modifier::REVERSED | Modifier::BOLD),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.1, relative luminance and contrast ratio.
    fn luminance(color: Color) -> f64 {
        let (r, g, b) = palette::rgb(color).expect("a colour with a value");
        let channel = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b)
    }

    fn contrast(a: Color, b: Color) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn everything_that_is_read_has_contrast() {
        let mut poor = Vec::new();
        for name in ThemeName::ALL {
            let p = name.theme().palette;
            let read = [
                p.text, p.strong, p.dim, p.accent, p.accepted, p.relaxed, p.rejected, p.lost,
                p.bonus,
            ];
            let mut grounds = vec![p.bar];
            // The 16 colours are read on the terminal's own background, black as a rule.
            grounds.push(if p.ground == Color::Reset {
                Color::Black
            } else {
                p.ground
            });
            grounds.extend(p.cursor.iter().flat_map(|&(a, b)| [a, b]));
            for ground in grounds.into_iter().filter(|&g| g != Color::Reset) {
                for color in read.into_iter().filter(|&c| c != Color::Reset) {
                    let ratio = contrast(color, ground);
                    if ratio < 4.5 {
                        poor.push(format!("{}: {color} on {ground} {ratio:.2}", name.name()));
                    }
                }
            }
        }
        assert!(poor.is_empty(), "{poor:#?}");
    }

    #[test]
    fn fates_differ_without_colour() {
        let theme = ThemeName::Plain.theme();
        let glyphs: Vec<&str> = Mark::ALL.iter().map(|m| m.glyph()).collect();
        for (i, glyph) in glyphs.iter().enumerate() {
            assert!(!glyphs[i + 1..].contains(glyph));
        }
        // What stands in the running text carries no glyph and differs by style.
        let in_text = [
            Mark::Fate(Fate::Accepted),
            Mark::Fate(Fate::Relaxed),
            Mark::Fate(Fate::Rejected),
            Mark::Bonus,
        ];
        for (i, &a) in in_text.iter().enumerate() {
            for &b in &in_text[i + 1..] {
                assert_ne!(theme.token(a).add_modifier, theme.token(b).add_modifier);
            }
        }
    }

    #[test]
    fn themes_are_found_by_name() {
        for name in ThemeName::ALL {
            assert_eq!(name.name().parse(), Ok(name));
        }
        assert!("pink".parse::<ThemeName>().is_err());
    }
}
