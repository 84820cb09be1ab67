//! Colours and styles by meaning: every view asks for a fate or a role, none
//! names a colour. The palettes themselves are in `palette.rs`.

use ratatui::style::{Color, Modifier, Style};

use super::heat_scale::HeatLevel;
use super::mark::Mark;
use crate::present::palette::{self, Palette};
use crate::speculate::verify::Fate;

/// The themes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case", parse_err_ty = String, parse_err_fn = unknown)]
pub enum ThemeName {
    /// For dark backgrounds.
    #[default]
    Dark,
    /// For light backgrounds.
    Light,
    /// Okabe and Ito's palette, told apart with any kind of colour vision.
    ColourBlind,
    /// The terminal's own 16 colours.
    #[strum(serialize = "16-colours")]
    Ansi,
    /// No colours at all (<https://no-color.org>).
    #[strum(serialize = "no-colour")]
    Plain,
}

impl ThemeName {
    /// In the order of the key that changes them.
    pub const ALL: [ThemeName; 5] = [
        ThemeName::Dark,
        ThemeName::Light,
        ThemeName::ColourBlind,
        ThemeName::Ansi,
        ThemeName::Plain,
    ];

    /// As `--theme` takes it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub(crate) fn theme(self) -> Theme {
        let palette = *match self {
            ThemeName::Dark => &palette::DARK,
            ThemeName::Light => &palette::LIGHT,
            ThemeName::ColourBlind => &palette::OKABE_ITO,
            ThemeName::Ansi => &palette::ANSI,
            ThemeName::Plain => &palette::PLAIN,
        };
        Theme {
            base: self,
            palette,
            strength: Strength::Plain,
        }
    }
}

fn unknown(text: &str) -> String {
    let names = ThemeName::ALL.map(ThemeName::name).join(", ");
    format!("theme `{text}`: must be one of {names}")
}

/// How strongly a place is marked by the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Emphasis {
    None,
    /// In the cursor's step.
    Step,
    /// The selected token, node or row.
    Selected,
}

/// A palette and the styles made of it.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// The bundled theme that it is or lies over.
    base: ThemeName,
    pub(crate) palette: Palette,
    strength: Strength,
}

/// How strongly the cursor stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strength {
    /// For the one who moves it.
    Plain,
    /// From the last row of a room, too.
    Strong,
}

impl Theme {
    /// The same with a cursor that is seen from afar.
    pub(crate) fn for_audience(self) -> Self {
        Theme {
            strength: Strength::Strong,
            ..self
        }
    }

    fn fg(&self, color: Color) -> Style {
        Style::new().fg(color)
    }

    /// The canvas: text on the background.
    pub(crate) fn base(&self) -> Style {
        Style::new().fg(self.palette.text).bg(self.palette.ground)
    }

    /// The bars at the top and the bottom.
    pub(crate) fn bar(&self) -> Style {
        Style::new().fg(self.palette.text).bg(self.palette.bar)
    }

    pub(crate) fn text(&self) -> Style {
        self.fg(self.palette.text)
    }

    pub(crate) fn strong(&self) -> Style {
        self.fg(self.palette.strong).add_modifier(Modifier::BOLD)
    }

    /// Secondary text.
    pub fn dim(&self) -> Style {
        self.fg(self.palette.dim)
    }

    /// Names of keys, titles in focus, what can be acted upon.
    pub(crate) fn accent(&self) -> Style {
        self.fg(self.palette.accent)
    }

    pub(crate) fn border(&self, focused: bool) -> Style {
        self.fg(if focused {
            self.palette.accent
        } else {
            self.palette.line
        })
    }

    /// Lines that only guide the eye.
    pub(crate) fn line(&self) -> Style {
        self.fg(self.palette.line)
    }

    pub(crate) fn title(&self, focused: bool) -> Style {
        let style = if focused { self.accent() } else { self.text() };
        style.add_modifier(Modifier::BOLD)
    }

    pub(crate) fn warning(&self) -> Style {
        self.fg(self.palette.relaxed)
    }

    pub(crate) fn error(&self) -> Style {
        self.fg(self.palette.rejected)
    }

    pub(crate) fn good(&self) -> Style {
        self.fg(self.palette.accepted)
    }

    /// The part of a bar that is filled.
    pub(crate) fn gauge(&self) -> Style {
        self.fg(self.palette.accent)
    }

    /// A value of a heat map, by how good it is.
    pub(crate) fn heat(&self, level: HeatLevel) -> Style {
        match level {
            HeatLevel::Worst => self.error().add_modifier(Modifier::BOLD),
            HeatLevel::Bad => self.error(),
            HeatLevel::Neutral => self.text(),
            HeatLevel::Good => self.good(),
            HeatLevel::Best => self.good().add_modifier(Modifier::BOLD),
        }
    }

    /// The part of a bar that is not.
    pub(crate) fn track(&self) -> Style {
        self.fg(self.palette.line)
    }

    /// The colour alone, for glyphs and bars.
    pub(crate) fn mark(&self, mark: Mark) -> Style {
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
    pub(crate) fn token(&self, mark: Mark) -> Style {
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
    pub(crate) fn block(&self, mark: Mark) -> Style {
        match (self.mark(mark), self.base) {
            (style, ThemeName::Plain) => style,
            (style, ThemeName::Ansi) => style.add_modifier(Modifier::REVERSED),
            (style, _) => Style::new()
                .fg(self.palette.ground)
                .bg(style.fg.unwrap_or(self.palette.text)),
        }
    }

    /// The prefilled opening of the answer.
    pub(crate) fn opening(&self) -> Style {
        self.dim()
    }

    /// What to lay over a style where the text searched stands.
    pub(crate) fn found(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What to lay over a style at the cursor.
    pub(crate) fn emphasis(&self, emphasis: Emphasis) -> Style {
        match (emphasis, self.palette.cursor) {
            (Emphasis::None, _) => Style::new(),
            (Emphasis::Step, Some((step, _))) => Style::new().bg(step),
            (Emphasis::Selected, Some(_)) if self.strength == Strength::Strong => Style::new()
                .fg(self.palette.ground)
                .bg(self.palette.accent)
                .add_modifier(Modifier::BOLD),
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
