//! The themes there are: the bundled ones, and those of the configuration file.
//!
//! ```toml
//! [themes.night]
//! base = "dark"          # dark, light, colour-blind, 16-colours or no-colour
//! ground = "#000000"
//! accepted = "lightgreen"
//! ```

use ratatui::style::Color;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::present::palette::Palette;
use crate::present::theme::{Theme, ThemeName};
use crate::tui::keys::remap::{Mistake, table};
use crate::tui::look::contrast::{self, LEAST};

/// Which theme is shown, of those there are.
#[derive(Clone, Debug)]
pub struct Themes {
    all: Vec<(String, Theme)>,
    at: usize,
}

impl Default for Themes {
    fn default() -> Self {
        let bundled = |name: ThemeName| (name.name().to_string(), name.theme());
        Themes {
            all: ThemeName::ALL.map(bundled).to_vec(),
            at: 0,
        }
    }
}

impl From<ThemeName> for Themes {
    fn from(name: ThemeName) -> Self {
        let mut themes = Themes::default();
        themes.choose_bundled(name);
        themes
    }
}

impl Themes {
    pub fn theme(&self) -> Theme {
        self.all[self.at].1
    }

    pub fn name(&self) -> &str {
        &self.all[self.at].0
    }

    /// On to the next one.
    pub(crate) fn turn(&mut self) {
        self.at = (self.at + 1) % self.all.len();
    }

    /// # Errors
    /// Lists the names there are.
    pub(crate) fn choose(&mut self, name: &str) -> Result<(), String> {
        let found = self.all.iter().position(|(n, _)| n == name);
        self.at = found.ok_or_else(|| {
            let names: Vec<&str> = self.all.iter().map(|(n, _)| n.as_str()).collect();
            format!("theme `{name}`: must be one of {}", names.join(", "))
        })?;
        Ok(())
    }

    pub fn choose_bundled(&mut self, name: ThemeName) {
        let named = |(n, _): &(String, Theme)| n == name.name();
        self.at = self.all.iter().position(named).unwrap_or(0);
    }
}

/// The bundled themes and those under `[themes]` in a configuration file's text;
/// beside them what is hard to read in the latter.
///
/// # Errors
/// Names the line of what is unknown or cannot be read.
pub(crate) fn read(text: &str) -> Result<(Themes, Vec<String>), Mistake> {
    let file = DeTable::parse(text).map_err(|e| {
        let span = e.span().unwrap_or_default();
        Mistake::at(text, &span, e.message())
    })?;
    let mut themes = Themes::default();
    let mut warnings = Vec::new();
    for (name, value) in table(file.get_ref(), text, "themes")?.into_iter().flatten() {
        let wrong = |what: String| Mistake::at(text, &name.span(), what);
        let is_taken = themes.all.iter().any(|(n, _)| n == name.get_ref());
        if is_taken {
            let what = format!(
                "theme `{}` already exists; choose another name",
                name.get_ref()
            );
            return Err(wrong(what));
        }
        let colours = value.get_ref().as_table();
        let colours = colours.ok_or_else(|| wrong("a theme must be a table".into()))?;
        let theme = theme_of(colours, text)?;
        warnings.extend(hard_to_read(name.get_ref(), &theme.palette));
        themes.all.push((name.get_ref().to_string(), theme));
    }
    Ok((themes, warnings))
}

fn theme_of(colours: &DeTable<'_>, text: &str) -> Result<Theme, Mistake> {
    let base = match colours.get("base") {
        None => ThemeName::Dark,
        Some(name) => text_of(name)
            .and_then(|n| n.parse::<ThemeName>())
            .map_err(|what| Mistake::at(text, &name.span(), format!("base: {what}")))?,
    };
    let mut theme = base.theme();
    for (role, value) in colours.iter().filter(|(role, _)| role.get_ref() != "base") {
        let place = theme.palette.role_mut(role.get_ref()).ok_or_else(|| {
            let what = format!(
                "`{}` is not a colour of a theme; must be one of base, {}",
                role.get_ref(),
                Palette::ROLES.join(", ")
            );
            Mistake::at(text, &role.span(), what)
        })?;
        *place = text_of(value).and_then(|t| colour(&t)).map_err(|what| {
            Mistake::at(text, &value.span(), format!("{}: {what}", role.get_ref()))
        })?;
    }
    Ok(theme)
}

fn text_of(value: &Spanned<DeValue<'_>>) -> Result<String, String> {
    let text = value.get_ref().as_str().map(str::to_string);
    text.ok_or_else(|| "must be a string".into())
}

fn colour(text: &str) -> Result<Color, String> {
    text.parse().map_err(|_| {
        format!(
            "`{text}` is not a colour; write \"#5fd3e8\", a name such as \"lightcyan\", or \
            \"reset\""
        )
    })
}

fn hard_to_read(name: &str, palette: &Palette) -> Vec<String> {
    let poor = contrast::poor_pairs(palette).into_iter();
    poor.map(|p| {
        format!(
            "theme {name}: {} on {} has a contrast of {:.1}, below {LEAST}",
            p.text, p.ground, p.ratio
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_themes_lie_over_a_bundled_one_and_take_their_turn() {
        let text = "[themes.night]\nbase = \"light\"\ntext = \"#010203\"\n";
        let (mut themes, warnings) = read(text).unwrap();
        assert_eq!(warnings, Vec::<String>::new());
        let mut names = Vec::new();
        for _ in 0..6 {
            names.push(themes.name().to_string());
            themes.turn();
        }
        assert_eq!(names[5], "night");
        assert_eq!(themes.name(), "dark");
        themes.choose("night").unwrap();
        let palette = themes.theme().palette;
        assert_eq!(palette.text, Color::Rgb(1, 2, 3));
        assert_eq!(palette.ground, ThemeName::Light.theme().palette.ground);
        assert!(themes.choose("pink").unwrap_err().contains("night"));
    }

    #[test]
    fn what_is_hard_to_read_is_said() {
        let (_, warnings) = read("[themes.fog]\nground = \"#808080\"").unwrap();
        assert!(
            warnings
                .iter()
                .any(|w| w.starts_with("theme fog: rejected on ground")),
            "{warnings:#?}"
        );
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let says = |text: &str, line: usize, word: &str| {
            let mistake = read(text).expect_err(text);
            assert_eq!(mistake.line, line, "{mistake}");
            assert!(mistake.what.contains(word), "{mistake}");
        };
        says("[themes.a]\n\nbase = \"pink\"", 3, "colour-blind");
        says("[themes.a]\nink = \"red\"", 2, "accent");
        says("[themes.a]\ntext = \"reddish\"", 2, "reddish");
        says("[themes.a]\ntext = 3", 2, "text");
        says("\n[themes.dark]\ntext = \"red\"", 2, "already");
        says("[themes]\na = 1", 2, "table");
    }
}
